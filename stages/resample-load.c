/* SPDX-License-Identifier: MIT */
/* Pixels to the floats that are summed: levels or light, premultiplied where there is alpha. */
#include <string.h>

#include "resample.h"

/* Samples of 8 or 16 bits as they are. */
static void load_samples(unsigned depth, const uint8_t *from, size_t n, float *restrict to)
{
	if (depth == 1) {
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint16_t sample;

		memcpy(&sample, from + 2 * i, sizeof(sample));
		to[i] = sample;
	}
}

static void load_light(const struct ivp_resample *resample, const uint8_t *from, size_t n,
		       float *restrict to)
{
	const float *light = resample->light.of;

	for (size_t i = 0; i < n; i++) {
		uint16_t sample = from[i];

		if (resample->depth == 2)
			memcpy(&sample, from + 2 * i, sizeof(sample));
		to[i] = light[sample];
	}
}

/* Colours times alpha: whole numbers below 2^16. */
static void load_rgba8(const uint8_t *from, size_t n, float *to, size_t plane)
{
	const ivp_pixel *restrict pixels = (const ivp_pixel *)from;
	float *restrict r = to, *restrict g = to + plane;
	float *restrict b = to + 2 * plane, *restrict a = to + 3 * plane;

	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++) {
		const int32_t colour = (int32_t)(pixels[i] & 0xffffff);
		const int32_t alpha = (int32_t)(pixels[i] >> 24);

		r[i] = (float)((colour & 255) * alpha);
		g[i] = (float)((colour >> 8 & 255) * alpha);
		b[i] = (float)((colour >> 16) * alpha);
		a[i] = (float)alpha;
	}
}

/* Colours times the share that alpha is of full alpha. */
static void load_rgba16(const uint8_t *from, size_t n, float *to, size_t plane)
{
	typedef uint64_t wide_pixel __attribute__((aligned(1), may_alias));
	const wide_pixel *restrict pixels = (const wide_pixel *)from;
	float *restrict r = to, *restrict g = to + plane;
	float *restrict b = to + 2 * plane, *restrict a = to + 3 * plane;

	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++) {
		const uint64_t pixel = pixels[i];
		const float alpha = (float)(int32_t)(pixel >> 48);
		const float share = alpha * (1 / 65535.0f);

		r[i] = (float)(int32_t)(pixel & 65535) * share;
		g[i] = (float)(int32_t)(pixel >> 16 & 65535) * share;
		b[i] = (float)(int32_t)(pixel >> 32 & 65535) * share;
		a[i] = alpha;
	}
}

static void load_rgba_light(const struct ivp_resample *resample, const uint8_t *from, size_t n,
			    float *to, size_t plane)
{
	const float top = resample->depth == 1 ? 255 : 65535;

	for (size_t i = 0; i < n; i++) {
		uint16_t pixel[4] = {0};

		if (resample->depth == 2)
			memcpy(pixel, from + 8 * i, sizeof(pixel));
		for (size_t c = 0; c < 4 && resample->depth == 1; c++)
			pixel[c] = from[4 * i + c];
		to[3 * plane + i] = pixel[3];
		for (size_t c = 0; c < 3; c++)
			to[c * plane + i] =
			    resample->light.of[pixel[c]] * ((float)pixel[3] * (1 / top));
	}
}

void ivp_resample_load(const struct ivp_resample *resample, const uint8_t *from, size_t n,
		       float *to, size_t plane)
{
	if (resample->from.planes == 4 && resample->linear)
		load_rgba_light(resample, from, n, to, plane);
	else if (resample->from.planes == 4 && resample->depth == 2)
		load_rgba16(from, n, to, plane);
	else if (resample->from.planes == 4)
		load_rgba8(from, n, to, plane);
	else if (resample->linear)
		load_light(resample, from, n, to);
	else
		load_samples(resample->depth, from, n, to);
}
