/* SPDX-License-Identifier: MIT */
/*
 * Medians of 3x3 and 5x5 samples by networks of comparisons (Batcher 1968): no branches, and
 * vectors of pixels side by side. What windows of 5x5 share is done once: each column is sorted,
 * and each pair of columns merged, for all windows that they are part of. Those of 3x3 are made
 * for two rows at once, which share two samples of each column.
 *
 * Included once for each size of samples, with SAMPLE the type and NAME(word) a name of its own.
 */

/* Samples at a time: what is shared stays in the first-level cache. All loops are whole vectors
 * long, those that make what is shared one and two vectors longer than the next one. */
#define VECTOR ((size_t)64)
#define CHUNK  (15 * VECTOR)
#define ROOM   (CHUNK + 2 * VECTOR)
/* Shows the compiler that nothing remains after the vectors. */
#define WHOLE(n) ((n) / VECTOR * VECTOR)

IVP_INLINE SAMPLE NAME(lower)(SAMPLE a, SAMPLE b)
{
	return a < b ? a : b;
}

IVP_INLINE SAMPLE NAME(upper)(SAMPLE a, SAMPLE b)
{
	return a < b ? b : a;
}

IVP_INLINE void NAME(order)(SAMPLE *a, SAMPLE *b)
{
	SAMPLE low = NAME(lower)(*a, *b);

	*b = NAME(upper)(*a, *b);
	*a = low;
}

IVP_INLINE SAMPLE NAME(middle)(SAMPLE a, SAMPLE b, SAMPLE c)
{
	return NAME(upper)(NAME(lower)(a, b), NAME(lower)(NAME(upper)(a, b), c));
}

#ifdef __AVX512VBMI__
IVP_INLINE __m512i NAME(least)(__m512i a, __m512i b)
{
	return sizeof(SAMPLE) == 1 ? _mm512_min_epu8(a, b) : _mm512_min_epu16(a, b);
}

IVP_INLINE __m512i NAME(most)(__m512i a, __m512i b)
{
	return sizeof(SAMPLE) == 1 ? _mm512_max_epu8(a, b) : _mm512_max_epu16(a, b);
}

IVP_INLINE __m512i NAME(middle_of)(__m512i a, __m512i b, __m512i c)
{
	return NAME(most)(NAME(least)(a, b), NAME(least)(NAME(most)(a, b), c));
}

/* Columns of both rows' windows, sorted: three of the upper one, three of the lower one. */
IVP_INLINE void NAME(sort_columns)(const SAMPLE *const rows[4], size_t i, __m512i sorted[6])
{
	const __m512i b = _mm512_loadu_si512(rows[1] + i), c = _mm512_loadu_si512(rows[2] + i);
	const __m512i less = NAME(least)(b, c), more = NAME(most)(b, c);

	for (size_t k = 0; k < 2; k++) {
		const __m512i other = _mm512_loadu_si512(rows[3 * k] + i);
		const __m512i upper = NAME(most)(less, other);

		sorted[3 * k] = NAME(least)(less, other);
		sorted[3 * k + 1] = NAME(least)(upper, more);
		sorted[3 * k + 2] = NAME(most)(upper, more);
	}
}

/* Columns are sorted once, and those of the next pixels cut out of two vectors of them. */
static void NAME(median_3)(const SAMPLE *const rows[4], SAMPLE *upper, SAMPLE *lower, size_t n,
			   size_t step)
{
	const size_t vector = 64 / sizeof(SAMPLE);
	__m512i places[2], sorted[6], next[6];

	for (size_t k = 0; k < 2; k++) {
		uint8_t from[64];

		for (size_t i = 0; i < 64; i++)
			from[i] = (uint8_t)(i + (k + 1) * step * sizeof(SAMPLE));
		places[k] = _mm512_loadu_si512(from);
	}
	NAME(sort_columns)(rows, 0, sorted);
	for (size_t i = 0; i < n; i += vector) {
		NAME(sort_columns)(rows, i + vector, next);
		for (size_t k = 0; k < 2; k++) {
			__m512i at[3][3];

			for (size_t r = 0; r < 3; r++) {
				const __m512i *of = sorted + 3 * k + r, *on = next + 3 * k + r;

				at[r][0] = *of;
				at[r][1] = _mm512_permutex2var_epi8(*of, places[0], *on);
				at[r][2] = _mm512_permutex2var_epi8(*of, places[1], *on);
			}
			/* Of the least the largest, the middle, of the largest the least. */
			at[0][0] = NAME(most)(NAME(most)(at[0][0], at[0][1]), at[0][2]);
			at[1][0] = NAME(middle_of)(at[1][0], at[1][1], at[1][2]);
			at[2][0] = NAME(least)(NAME(least)(at[2][0], at[2][1]), at[2][2]);
			_mm512_storeu_si512((k ? lower : upper) + i,
					    NAME(middle_of)(at[0][0], at[1][0], at[2][0]));
		}
		for (size_t r = 0; r < 6; r++)
			sorted[r] = next[r];
	}
}

#else

/* Three samples a step apart of sorted columns: of the least the largest, the middle, of the
 * largest the least; and of these the middle. */
IVP_INLINE SAMPLE NAME(middle_9)(const SAMPLE low[3], const SAMPLE mid[3], const SAMPLE high[3])
{
	return NAME(middle)(NAME(upper)(NAME(upper)(low[0], low[1]), low[2]),
			    NAME(middle)(mid[0], mid[1], mid[2]),
			    NAME(lower)(NAME(lower)(high[0], high[1]), high[2]));
}

/* rows: the first sample of the windows' rows, those of the upper result from the first on, of the
 * lower one from the second. n: samples of each result, whole vectors. Columns are sorted three
 * times: that takes less time than to store them and load them three times. */
static void NAME(median_3)(const SAMPLE *const rows[4], SAMPLE *restrict upper,
			   SAMPLE *restrict lower, size_t n, size_t step)
{
	const SAMPLE *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2];
	const SAMPLE *restrict d = rows[3];

	for (size_t i = 0; i < WHOLE(n); i++) {
		SAMPLE low[2][3], mid[2][3], high[2][3];

		for (size_t k = 0; k < 3; k++) {
			const size_t j = i + k * step;
			const SAMPLE less = NAME(lower)(b[j], c[j]), more = NAME(upper)(b[j], c[j]);

			low[0][k] = NAME(lower)(less, a[j]);
			mid[0][k] = NAME(lower)(NAME(upper)(less, a[j]), more);
			high[0][k] = NAME(upper)(more, a[j]);
			low[1][k] = NAME(lower)(less, d[j]);
			mid[1][k] = NAME(lower)(NAME(upper)(less, d[j]), more);
			high[1][k] = NAME(upper)(more, d[j]);
		}
		upper[i] = NAME(middle_9)(low[0], mid[0], high[0]);
		lower[i] = NAME(middle_9)(low[1], mid[1], high[1]);
	}
}
#endif

/* Columns of five, sorted. */
static void NAME(sort_5)(const SAMPLE *const rows[5], SAMPLE sorted[5][ROOM], size_t n)
{
	const SAMPLE *restrict p = rows[0], *restrict q = rows[1], *restrict r = rows[2];
	const SAMPLE *restrict s = rows[3], *restrict t = rows[4];

	IVP_INDEPENDENT
	for (size_t i = 0; i < WHOLE(n); i++) {
		SAMPLE a = p[i], b = q[i], c = r[i], d = s[i], e = t[i];

		NAME(order)(&a, &d);
		NAME(order)(&b, &e);
		NAME(order)(&a, &c);
		NAME(order)(&b, &d);
		NAME(order)(&a, &b);
		NAME(order)(&c, &e);
		NAME(order)(&b, &c);
		NAME(order)(&d, &e);
		NAME(order)(&c, &d);
		sorted[0][i] = a;
		sorted[1][i] = b;
		sorted[2][i] = c;
		sorted[3][i] = d;
		sorted[4][i] = e;
	}
}

/* Each column and the next one, merged: odd and even places by themselves, then neighbours. */
static void NAME(merge_5_5)(SAMPLE sorted[5][ROOM], SAMPLE pairs[10][ROOM], size_t n, size_t step)
{
	IVP_INDEPENDENT
	for (size_t i = 0; i < WHOLE(n); i++) {
		SAMPLE a0 = sorted[0][i], a1 = sorted[1][i], a2 = sorted[2][i];
		SAMPLE a3 = sorted[3][i], a4 = sorted[4][i];
		SAMPLE b0 = sorted[0][i + step], b1 = sorted[1][i + step];
		SAMPLE b2 = sorted[2][i + step], b3 = sorted[3][i + step];
		SAMPLE b4 = sorted[4][i + step];

		/* a0 a2 a4 with b0 b2 b4 becomes a0 b0 a2 b2 a4 b4. */
		NAME(order)(&a0, &b0);
		NAME(order)(&a4, &b4);
		NAME(order)(&b0, &a4);
		NAME(order)(&a2, &b2);
		NAME(order)(&b0, &a2);
		NAME(order)(&b2, &a4);
		/* a1 a3 with b1 b3 becomes a1 b1 a3 b3. */
		NAME(order)(&a1, &b1);
		NAME(order)(&a3, &b3);
		NAME(order)(&b1, &a3);
		NAME(order)(&a1, &b0);
		NAME(order)(&b1, &a2);
		NAME(order)(&a3, &b2);
		NAME(order)(&b3, &a4);
		pairs[0][i] = a0;
		pairs[1][i] = a1;
		pairs[2][i] = b0;
		pairs[3][i] = b1;
		pairs[4][i] = a2;
		pairs[5][i] = a3;
		pairs[6][i] = b2;
		pairs[7][i] = b3;
		pairs[8][i] = a4;
		pairs[9][i] = b4;
	}
}

/* The three largest of the five larger ones of a bitonic ten, in order. */
IVP_INLINE void NAME(top_3)(const SAMPLE ten[10], SAMPLE top[3])
{
	SAMPLE a = NAME(upper)(ten[0], ten[5]), b = NAME(upper)(ten[1], ten[6]);
	SAMPLE c = NAME(upper)(ten[2], ten[7]), d = NAME(upper)(ten[3], ten[8]);
	SAMPLE e = NAME(upper)(ten[4], ten[9]);

	NAME(order)(&a, &d);
	NAME(order)(&b, &e);
	NAME(order)(&a, &c);
	NAME(order)(&b, &d);
	b = NAME(upper)(a, b);
	NAME(order)(&c, &e);
	c = NAME(upper)(b, c);
	NAME(order)(&d, &e);
	NAME(order)(&c, &d);
	top[0] = c;
	top[1] = d;
	top[2] = e;
}

IVP_INLINE void NAME(bottom_3)(const SAMPLE ten[10], SAMPLE bottom[3])
{
	SAMPLE a = NAME(lower)(ten[0], ten[5]), b = NAME(lower)(ten[1], ten[6]);
	SAMPLE c = NAME(lower)(ten[2], ten[7]), d = NAME(lower)(ten[3], ten[8]);
	SAMPLE e = NAME(lower)(ten[4], ten[9]);

	NAME(order)(&a, &d);
	NAME(order)(&b, &e);
	NAME(order)(&c, &e);
	NAME(order)(&b, &d);
	d = NAME(lower)(d, e);
	NAME(order)(&a, &c);
	c = NAME(lower)(c, d);
	NAME(order)(&a, &b);
	NAME(order)(&b, &c);
	bottom[0] = a;
	bottom[1] = b;
	bottom[2] = c;
}

/*
 * The windows are a pair of columns, a column, and another pair. Of the twenty samples of both
 * pairs only the middle six can be the median of 25, the sixth of these six and the column.
 */
static void NAME(middle_25)(SAMPLE sorted[5][ROOM], SAMPLE pairs[10][ROOM], SAMPLE *restrict out,
			    size_t n, size_t step)
{
	IVP_INDEPENDENT
	for (size_t i = 0; i < WHOLE(n); i++) {
		const size_t j = i + 2 * step, k = i + 3 * step;
		SAMPLE low[10], high[10], x[3], y[3], median;

		/* The lower and the upper ten of both pairs (Batcher's bitonic merge). */
		for (size_t r = 0; r < 10; r++) {
			low[r] = NAME(lower)(pairs[r][i], pairs[9 - r][k]);
			high[r] = NAME(upper)(pairs[r][i], pairs[9 - r][k]);
		}
		NAME(top_3)(low, x);
		NAME(bottom_3)(high, y);
		median = NAME(lower)(y[2], NAME(upper)(y[1], sorted[0][j]));
		median = NAME(lower)(median, NAME(upper)(y[0], sorted[1][j]));
		median = NAME(lower)(median, NAME(upper)(x[2], sorted[2][j]));
		median = NAME(lower)(median, NAME(upper)(x[1], sorted[3][j]));
		out[i] = NAME(lower)(median, NAME(upper)(x[0], sorted[4][j]));
	}
}

static void NAME(median_5)(const SAMPLE *const rows[5], SAMPLE *out, size_t n, size_t step)
{
	SAMPLE sorted[5][ROOM], pairs[10][ROOM];

	NAME(sort_5)(rows, sorted, n + 2 * VECTOR);
	NAME(merge_5_5)(sorted, pairs, n + VECTOR, step);
	NAME(middle_25)(sorted, pairs, out, n, step);
}

/* Two rows of n samples; rows: the four around and between them. Reads up to 2 vectors - 1 samples
 * behind the padding. */
static void NAME(median_rows_3)(const void *const *rows, void *upper, void *lower, size_t n,
				size_t step)
{
	const size_t whole = WHOLE(n), rest = n - whole;
	SAMPLE *above = upper, *below = lower, last[2][VECTOR];
	const SAMPLE *from[4];

	for (size_t r = 0; r < 4; r++)
		from[r] = (const SAMPLE *)rows[r] - step;
	NAME(median_3)(from, above, below, whole, step);
	if (rest == 0)
		return;
	for (size_t r = 0; r < 4; r++)
		from[r] += whole;
	NAME(median_3)(from, last[0], last[1], VECTOR, step);
	memcpy(above + whole, last[0], rest * sizeof(SAMPLE));
	memcpy(below + whole, last[1], rest * sizeof(SAMPLE));
}

/* A row of n samples; rows: the five around it. Reads up to 3 vectors - 1 samples behind the
 * padding. */
static void NAME(median_row_5)(const void *const *rows, void *to, size_t n, size_t step)
{
	SAMPLE *out = to, last[CHUNK];

	for (size_t x = 0; x < n; x += CHUNK) {
		const size_t count = n - x < CHUNK ? n - x : CHUNK;
		const size_t whole = ivp_align(count, VECTOR);
		SAMPLE *result = whole == count ? out + x : last;
		const SAMPLE *from[5];

		for (size_t r = 0; r < 5; r++)
			from[r] = (const SAMPLE *)rows[r] - 2 * step + x;
		NAME(median_5)(from, result, whole, step);
		if (result == last)
			memcpy(out + x, last, count * sizeof(SAMPLE));
	}
}

#undef SAMPLE
#undef NAME
#undef VECTOR
#undef WHOLE
#undef CHUNK
#undef ROOM
