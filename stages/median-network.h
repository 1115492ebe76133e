/* SPDX-License-Identifier: MIT */
/*
 * Medians of 3x3 and 5x5 samples by networks of comparisons (Batcher 1968): no branches, and
 * vectors of pixels side by side. What windows of 5x5 share is done once: each column is sorted,
 * and each pair of columns merged, for all windows that they are part of.
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

/* rows: the first sample of the windows' rows. n: samples of the result, whole vectors. Columns
 * are sorted three times: that takes less time than to store them and load them three times. */
static void NAME(median_3)(const SAMPLE *const rows[3], SAMPLE *restrict out, size_t n, size_t step)
{
	const SAMPLE *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2];

	for (size_t i = 0; i < WHOLE(n); i++) {
		SAMPLE low[3], mid[3], high[3];

		for (size_t k = 0; k < 3; k++) {
			const size_t j = i + k * step;
			SAMPLE less = NAME(lower)(a[j], b[j]), more = NAME(upper)(a[j], b[j]);

			low[k] = NAME(lower)(less, c[j]);
			high[k] = NAME(upper)(more, c[j]);
			mid[k] = NAME(upper)(less, NAME(lower)(more, c[j]));
		}
		/* The largest of the least, the middle of the middle, the least of the largest. */
		low[0] = NAME(upper)(NAME(upper)(low[0], low[1]), low[2]);
		mid[0] = NAME(middle)(mid[0], mid[1], mid[2]);
		high[0] = NAME(lower)(NAME(lower)(high[0], high[1]), high[2]);
		out[i] = NAME(middle)(low[0], mid[0], high[0]);
	}
}

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

/* A row of n samples; rows: 2 radius + 1 of a window, radius 1 or 2. Reads up to 3 vectors - 1
 * samples behind the padding. */
static void NAME(median_row)(const void *const *rows, void *to, size_t n, size_t step,
			     unsigned radius)
{
	SAMPLE *out = to, last[CHUNK];

	IVP_ASSUME(radius == 1 || radius == 2);
	for (size_t x = 0; x < n; x += CHUNK) {
		const size_t count = n - x < CHUNK ? n - x : CHUNK;
		const size_t whole = ivp_align(count, VECTOR);
		SAMPLE *result = whole == count ? out + x : last;
		const SAMPLE *from[5];

		for (size_t r = 0; r < 2 * radius + 1; r++)
			from[r] = (const SAMPLE *)rows[r] - radius * step + x;
		if (radius == 1)
			NAME(median_3)(from, result, whole, step);
		else
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
