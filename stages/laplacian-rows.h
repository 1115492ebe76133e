/* SPDX-License-Identifier: MIT */
/*
 * Rows of Laplacians. Included once for each size of samples, with SAMPLE the type, WIDE a signed
 * one that holds sixteen times as much, MOST the largest level, MIDDLE the one that stands for 0,
 * NAME(word) a name of its own.
 */

/* What the sum becomes in the image. */
IVP_INLINE SAMPLE NAME(level_of)(WIDE sum, unsigned result, bool scaled, float scale)
{
	int32_t level;

	if (scaled) {
		float value = (float)(int32_t)sum * scale;

		value = result == SIZE ? fabsf(value) : value + MIDDLE;
		level = (int32_t)floorf(value + 0.5f);
		level = level > 0 ? level : 0;
		return (SAMPLE)(level < MOST ? level : MOST);
	}
	if (result == SIZE)
		sum = (WIDE)(sum < 0 ? -sum : sum);
	else
		sum = (WIDE)(sum + MIDDLE);
	sum = (WIDE)(sum > 0 ? sum : 0);
	return (SAMPLE)(sum < MOST ? sum : MOST);
}

/* result is a constant wherever this is inlined, and scaled, which is false where scale is 1. */
IVP_INLINE void NAME(laplace)(const void *const *rows, SAMPLE *restrict out, size_t n, size_t step,
			      const struct weights *weights, unsigned result, bool scaled,
			      float scale)
{
	const SAMPLE *restrict a = rows[0], *restrict b = rows[1], *restrict c = rows[2];
	const WIDE side = (WIDE)weights->side, corner = (WIDE)weights->corner;
	const WIDE middle = (WIDE)weights->middle;

	a -= step;
	b -= step;
	c -= step;
	for (size_t i = 0; i < n; i++) {
		const size_t m = i + step, r = m + step;
		WIDE corners = (WIDE)(a[i] + a[r] + c[i] + c[r]);
		WIDE sides = (WIDE)(a[m] + b[i] + b[r] + c[m]);
		WIDE sum =
		    (WIDE)((WIDE)(corners * corner) + (WIDE)(sides * side) - (WIDE)(b[m] * middle));

		out[i] = NAME(level_of)(sum, result, scaled, scale);
	}
}

static void NAME(make_row)(const void *const *rows, void *out, size_t n, size_t step,
			   const struct weights *weights, unsigned result, float scale)
{
	/* Each call is a loop of its own. */
	if (result == SIZE && scale == 1)
		NAME(laplace)(rows, out, n, step, weights, SIZE, false, 1);
	else if (result == SIZE)
		NAME(laplace)(rows, out, n, step, weights, SIZE, true, scale);
	else if (scale == 1)
		NAME(laplace)(rows, out, n, step, weights, SIGNED, false, 1);
	else
		NAME(laplace)(rows, out, n, step, weights, SIGNED, true, scale);
}

#undef SAMPLE
#undef WIDE
#undef MOST
#undef MIDDLE
#undef NAME
