/* SPDX-License-Identifier: MIT */
/* Sums to the nearest levels. With alpha: colours over alpha, and all is 0 where that is. */
#include <string.h>

#include "pixels-pack.h"
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

static void load_sums(const float *sums, size_t plane, size_t n, struct ivp_sums *to)
{
	for (size_t p = 0; p < 4; p++) {
		to->of[p] = (ivp_floats){0};
		memcpy(&to->of[p], sums + p * plane, n * sizeof(float));
	}
}

/* depth is a constant wherever this is inlined. */
IVP_INLINE void round_rgba(const float *sums, size_t plane, size_t depth, uint8_t *out, size_t n)
{
	uint8_t rest[8 * IVP_FLOATS] = {0};
	struct ivp_sums all;

	for (size_t i = 0; i < n; i += IVP_FLOATS) {
		const bool whole = i + IVP_FLOATS <= n;
		uint8_t *to = whole ? out + 4 * depth * i : rest;

		if (whole)
			load_sums(sums + i, plane, IVP_FLOATS, &all);
		else
			load_sums(sums + i, plane, n - i, &all);
		if (depth == 1)
			ivp_pixels_pack8(&all, 1, to);
		else
			ivp_pixels_pack16(&all, 65535, to);
		if (!whole)
			memcpy(out + 4 * depth * i, rest, 4 * depth * (n - i));
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

static void take_colours(const float *sums, const float *alpha, float top, float *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = sums[i] * (top / (alpha[i] > 0.5f ? alpha[i] : 0.5f));
}

static void round_rgba_light(const struct ivp_resample *resample, const float *sums, size_t plane,
			     size_t n, uint8_t *to)
{
	const float top = resample->depth == 1 ? 255 : 65535;
	const uint16_t most = resample->depth == 1 ? 255 : 65535;
	const float *alpha = sums + 3 * plane;
	float colour[GROUP];
	uint16_t levels[GROUP], pixels[GROUP][4];

	for (size_t x = 0; x < n; x += GROUP) {
		const size_t some = n - x < GROUP ? n - x : GROUP;

		round_words(alpha + x, levels, some);
		for (size_t i = 0; i < some; i++)
			pixels[i][3] = levels[i] < most ? levels[i] : most;
		for (size_t c = 0; c < 3; c++) {
			take_colours(sums + c * plane + x, alpha + x, top, colour, some);
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
		round_rgba(sums, plane, 2, to, n);
	else if (resample->from.planes == 4)
		round_rgba(sums, plane, 1, to, n);
	else if (resample->linear)
		round_light(resample, sums, n, to);
	else if (resample->depth == 2)
		round_words(sums, (uint16_t *)to, n);
	else
		round_bytes(sums, to, n);
}
