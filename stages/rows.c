/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <string.h>

struct ivp_row_form ivp_row_form(const struct ivp_shape *shape)
{
	struct ivp_row_form form = {.format = shape->format,
				    .width = shape->width,
				    .planes = 1,
				    .step = ivp_format_channels(shape->format)};

	if (shape->format == IVP_FORMAT_RGBA8 || shape->format == IVP_FORMAT_RGBA16) {
		form.planes = 4;
		form.step = 1;
	}
	form.plane = form.width * form.step;
	form.samples = form.plane * form.planes;
	return form;
}

static void load_levels(const uint8_t *restrict from, uint16_t *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint16_t)(from[i] * IVP_SAMPLE_ONE);
}

static void load_levels_float(const uint8_t *restrict from, float *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (float)(from[i] * IVP_SAMPLE_ONE);
}

/*
 * c a 128 / 255 without a division: floor(c a 32897 / 65536) is at most 1 too small, and exactly
 * 128 c where a = 255, because 255 * 32897 / 65536 = 128.0019 and 255 * 0.0019 < 1.
 */
IVP_INLINE uint16_t premultiply(uint32_t colour, uint32_t alpha)
{
	return (uint16_t)(((colour & 255) * alpha * 32897u) >> 16);
}

static void load_rgba(const uint8_t *restrict from, uint16_t *restrict to, size_t n)
{
	const ivp_pixel *pixels = (const ivp_pixel *)from;
	uint16_t *restrict r = to, *restrict g = to + n, *restrict b = to + 2 * n;
	uint16_t *restrict a = to + 3 * n;

	for (size_t i = 0; i < n; i++) {
		uint32_t pixel = pixels[i], alpha = pixel >> 24;

		r[i] = premultiply(pixel, alpha);
		g[i] = premultiply(pixel >> 8, alpha);
		b[i] = premultiply(pixel >> 16, alpha);
		a[i] = (uint16_t)(alpha * IVP_SAMPLE_ONE);
	}
}

static void load_rgba_float(const uint8_t *restrict from, float *restrict to, size_t n)
{
	const ivp_pixel *pixels = (const ivp_pixel *)from;
	float *restrict r = to, *restrict g = to + n, *restrict b = to + 2 * n;
	float *restrict a = to + 3 * n;
	const float scale = IVP_SAMPLE_ONE / 255.0f;

	for (size_t i = 0; i < n; i++) {
		uint32_t pixel = pixels[i], alpha = pixel >> 24;

		r[i] = (float)(int32_t)((pixel & 255) * alpha) * scale;
		g[i] = (float)(int32_t)((pixel >> 8 & 255) * alpha) * scale;
		b[i] = (float)(int32_t)((pixel >> 16 & 255) * alpha) * scale;
		a[i] = (float)(int32_t)(alpha * IVP_SAMPLE_ONE);
	}
}

void ivp_row_load(const struct ivp_row_form *form, const uint8_t *pixels, uint16_t *samples)
{
	if (form->format == IVP_FORMAT_RGBA8)
		load_rgba(pixels, samples, form->width);
	else
		load_levels(pixels, samples, form->samples);
}

void ivp_row_load_float(const struct ivp_row_form *form, const uint8_t *pixels, float *samples)
{
	if (form->format == IVP_FORMAT_RGBA8)
		load_rgba_float(pixels, samples, form->width);
	else
		load_levels_float(pixels, samples, form->samples);
}

/* Samples are at most 32767 - 64, so no sum wraps and no result exceeds 255. */
static void store_levels(const uint16_t *restrict from, uint8_t *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)((uint16_t)(from[i] + IVP_SAMPLE_ONE / 2) / IVP_SAMPLE_ONE);
}

static void store_rgba(const uint16_t *restrict from, uint8_t *restrict to, size_t n)
{
	ivp_pixel *restrict pixels = (ivp_pixel *)to;
	const uint16_t *r = from, *g = from + n, *b = from + 2 * n, *a = from + 3 * n;

	for (size_t i = 0; i < n; i++)
		pixels[i] = ivp_pixel_pack(r[i], g[i], b[i], (float)a[i] / IVP_SAMPLE_ONE,
					   255.0f / IVP_SAMPLE_ONE);
}

void ivp_row_store(const struct ivp_row_form *form, const uint16_t *samples, uint8_t *pixels)
{
	if (form->format == IVP_FORMAT_RGBA8)
		store_rgba(samples, pixels, form->width);
	else
		store_levels(samples, pixels, form->samples);
}

const char *const ivp_border_words[] = {"replicate", "reflect", "constant", NULL};

int64_t ivp_border_index(int64_t index, int64_t count, unsigned border)
{
	if (index >= 0 && index < count)
		return index;
	if (border == IVP_BORDER_REPLICATE)
		return index < 0 ? 0 : count - 1;
	if (border == IVP_BORDER_CONSTANT)
		return -1;
	index %= 2 * count;
	if (index < 0)
		index += 2 * count;
	return index < count ? index : 2 * count - 1 - index;
}

void ivp_row_pad(void *plane, size_t width, size_t pixel_bytes, size_t pad, unsigned border)
{
	uint8_t *first = plane;
	uint8_t *end = first + width * pixel_bytes;

	if (border == IVP_BORDER_CONSTANT) {
		memset(first - pad * pixel_bytes, 0, pad * pixel_bytes);
		memset(end, 0, pad * pixel_bytes);
		return;
	}
	for (size_t i = 0; i < pad; i++) {
		int64_t left = ivp_border_index(-1 - (int64_t)i, (int64_t)width, border);
		int64_t right = ivp_border_index((int64_t)(width + i), (int64_t)width, border);

		memcpy(first - (i + 1) * pixel_bytes, first + (size_t)left * pixel_bytes,
		       pixel_bytes);
		memcpy(end + i * pixel_bytes, first + (size_t)right * pixel_bytes, pixel_bytes);
	}
}
