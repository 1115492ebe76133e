/* SPDX-License-Identifier: MIT */
/* Sums to the nearest levels. With alpha: colours over alpha, and all is 0 where that is. */
#include <string.h>

#include "resample.h"

/* Pixels whose levels of light are looked up in one go. */
#define GROUP 16

static void round_bytes(const float *restrict sums, uint8_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int32_t level = (int32_t)(sums[i] + 0.5f);

		out[i] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
	}
}

static void round_words(const float *restrict sums, uint16_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int32_t level = (int32_t)(sums[i] + 0.5f);

		out[i] = (uint16_t)(level < 0 ? 0 : level > 65535 ? 65535 : level);
	}
}

static void round_rgba8(const float *sums, size_t plane, uint32_t *restrict out, size_t n)
{
	const float *restrict r = sums, *restrict g = r + plane;
	const float *restrict b = g + plane, *restrict a = b + plane;

	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++)
		out[i] = ivp_pixel_pack(r[i], g[i], b[i], a[i], 1);
}

IVP_INLINE uint32_t to_word(float sum)
{
	const int32_t level = (int32_t)(sum + 0.5f);

	return (uint32_t)(level < 0 ? 0 : level > 65535 ? 65535 : level);
}

static void round_rgba16(const float *sums, size_t plane, uint32_t *restrict out, size_t n)
{
	const float *restrict r = sums, *restrict g = r + plane;
	const float *restrict b = g + plane, *restrict a = b + plane;

	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++) {
		/* Where alpha is below half a level the quotient is not used: keep it finite. */
		const float inverse = 65535 / (a[i] > 0.5f ? a[i] : 0.5f);
		const uint32_t alpha = to_word(a[i]), seen = -(uint32_t)(alpha > 0);

		out[2 * i] = (to_word(r[i] * inverse) | to_word(g[i] * inverse) << 16) & seen;
		out[2 * i + 1] = (to_word(b[i] * inverse) | alpha << 16) & seen;
	}
}

static void put_words(const uint16_t *levels, size_t n, unsigned depth, uint8_t *to)
{
	for (size_t i = 0; i < n; i++)
		if (depth == 1)
			to[i] = (uint8_t)levels[i];
		else
			memcpy(to + 2 * i, &levels[i], 2);
}

static void round_light(const struct ivp_resample *resample, const float *sums, size_t n,
			uint8_t *to)
{
	uint16_t levels[GROUP];

	for (size_t i = 0; i < n; i += GROUP) {
		const size_t some = n - i < GROUP ? n - i : GROUP;

		ivp_light_levels(&resample->light, sums + i, levels, some);
		put_words(levels, some, resample->depth, to + i * resample->depth);
	}
}

static void round_rgba_light(const struct ivp_resample *resample, const float *sums, size_t plane,
			     size_t n, uint8_t *to)
{
	const float top = resample->depth == 1 ? 255 : 65535;
	const float *alpha = sums + 3 * plane;
	float colour[GROUP];
	uint16_t levels[GROUP], pixels[GROUP][4];

	for (size_t x = 0; x < n; x += GROUP) {
		const size_t some = n - x < GROUP ? n - x : GROUP;

		round_words(alpha + x, levels, some);
		for (size_t i = 0; i < some; i++)
			pixels[i][3] = levels[i] < top ? levels[i] : (uint16_t)top;
		for (size_t c = 0; c < 3; c++) {
			for (size_t i = 0; i < some; i++)
				colour[i] = sums[c * plane + x + i] *
					    (top / (alpha[x + i] > 0.5f ? alpha[x + i] : 0.5f));
			ivp_light_levels(&resample->light, colour, levels, some);
			for (size_t i = 0; i < some; i++)
				pixels[i][c] = pixels[i][3] > 0 ? levels[i] : 0;
		}
		put_words(pixels[0], 4 * some, resample->depth, to + x * 4 * resample->depth);
	}
}

void ivp_resample_round(const struct ivp_resample *resample, const float *sums, size_t plane,
			size_t n, uint8_t *to)
{
	if (resample->from.planes == 4 && resample->linear)
		round_rgba_light(resample, sums, plane, n, to);
	else if (resample->from.planes == 4 && resample->depth == 2)
		round_rgba16(sums, plane, (uint32_t *)to, n);
	else if (resample->from.planes == 4)
		round_rgba8(sums, plane, (uint32_t *)to, n);
	else if (resample->linear)
		round_light(resample, sums, n, to);
	else if (resample->depth == 2)
		round_words(sums, (uint16_t *)to, n);
	else
		round_bytes(sums, to, n);
}
