/* SPDX-License-Identifier: MIT */
/*
 * Rows of Sobel results. Included once for each size of samples, with SAMPLE the type, WIDE a
 * signed one that holds eight times as much, MOST the largest level, NAME(word) a name of its own.
 */

struct NAME(gradient) {
	WIDE x, y;
};

/* rows: the first sample of the window's three rows for the first result; step to the next pixel. */
IVP_INLINE struct NAME(gradient)
    NAME(gradient_at)(const SAMPLE *a, const SAMPLE *b, const SAMPLE *c, size_t i, size_t step)
{
	const size_t r = i + 2 * step, m = i + step;
	struct NAME(gradient) g;

	g.x = (WIDE)((WIDE)(a[r] - a[i]) + 2 * (WIDE)(b[r] - b[i]) + (WIDE)(c[r] - c[i]));
	g.y = (WIDE)((WIDE)(c[i] - a[i]) + 2 * (WIDE)(c[m] - a[m]) + (WIDE)(c[r] - a[r]));
	return g;
}

IVP_INLINE WIDE NAME(size_of)(WIDE value)
{
	return (WIDE)(value < 0 ? -value : value);
}

/* Whole numbers: scale is 1. A sum of two sizes is at most 8 MOST. */
IVP_INLINE void NAME(whole)(const void *const *rows, SAMPLE *restrict out, size_t n, size_t step,
			    unsigned measure)
{
	const SAMPLE *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2];

	a -= step;
	b -= step;
	c -= step;
	for (size_t i = 0; i < n; i++) {
		struct NAME(gradient) g = NAME(gradient_at)(a, b, c, i, step);
		WIDE size = 0;

		if (measure != Y)
			size = NAME(size_of)(g.x);
		if (measure != X)
			size = (WIDE)(size + NAME(size_of)(g.y));
		out[i] = (SAMPLE)(size < MOST ? size : MOST);
	}
}

/* Scaled, or a root. Whole numbers below 2^24 are exact, so is a root rounded to a level < 256:
 * the nearest that a root comes to a half is 1 / 2048. */
IVP_INLINE void NAME(scaled)(const void *const *rows, SAMPLE *restrict out, size_t n, size_t step,
			     unsigned measure, float scale)
{
	const SAMPLE *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2];

	a -= step;
	b -= step;
	c -= step;
	for (size_t i = 0; i < n; i++) {
		struct NAME(gradient) g = NAME(gradient_at)(a, b, c, i, step);
		float x = (float)(int32_t)g.x, y = (float)(int32_t)g.y, size;
		int32_t level;

		if (measure == L2)
			size = sqrtf(x * x + y * y);
		else
			size = (measure != Y ? fabsf(x) : 0) + (measure != X ? fabsf(y) : 0);
		level = (int32_t)(size * scale + 0.5f);
		out[i] = (SAMPLE)(level < MOST ? level : MOST);
	}
}

static void NAME(make_row)(const void *const *rows, void *out, size_t n, size_t step,
			   unsigned measure, float scale)
{
	/* Each call is a loop of its own. */
	if (measure == L2)
		NAME(scaled)(rows, out, n, step, L2, scale);
	else if (measure == L1 && scale == 1)
		NAME(whole)(rows, out, n, step, L1);
	else if (measure == L1)
		NAME(scaled)(rows, out, n, step, L1, scale);
	else if (measure == X && scale == 1)
		NAME(whole)(rows, out, n, step, X);
	else if (measure == X)
		NAME(scaled)(rows, out, n, step, X, scale);
	else if (scale == 1)
		NAME(whole)(rows, out, n, step, Y);
	else
		NAME(scaled)(rows, out, n, step, Y, scale);
}

#undef SAMPLE
#undef WIDE
#undef MOST
#undef NAME
