/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <string.h>

/* Pixels of four samples, as many as a vector holds. */
typedef uint8_t bytes __attribute__((vector_size(IVP_VECTOR / 2)));
typedef uint16_t words __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef uint64_t pixels __attribute__((vector_size(IVP_VECTOR)));

#define PIXELS (IVP_VECTOR / sizeof(uint64_t))

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

/*
 * c a 128 / 255 without a division: floor(p 32897 / 65536) for p = c a is at most 1 too small, and
 * exactly 128 c where a = 255, because 255 * 32897 / 65536 = 128.0019 and 255 * 0.0019 < 1. As
 * 32897 = 2^15 + 2^7 + 1, and floors of floors are floors, it takes shifts of 16 bits only.
 */
#define SCALED(p) (((p) + (((p) + ((p) >> 7)) >> 8)) >> 1)

/* scaled is a constant wherever this is inlined. */
IVP_INLINE void multiply_rgba(const uint8_t *restrict from, uint16_t *restrict to, size_t width,
			      bool scaled)
{
	size_t x = 0;

	for (; x + PIXELS <= width; x += PIXELS) {
		bytes levels;
		words product;
		pixels all, factor;

		memcpy(&levels, from + 4 * x, sizeof(levels));
		product = __builtin_convertvector(levels, words);
		all = (pixels)product;
		/* Alpha three times, and 255 for itself. */
		factor = all >> 48 | (all >> 32 & 0xffff0000u) | (all >> 16 & 0xffff00000000u) |
			 0x00ff000000000000u;
		product *= (words)factor;
		if (scaled)
			product = SCALED(product);
		memcpy(to + 4 * x, &product, sizeof(product));
	}
	for (; x < width; x++)
		for (size_t c = 0; c < 4; c++) {
			const uint32_t p = from[4 * x + c] * (c < 3 ? from[4 * x + 3] : 255u);

			to[4 * x + c] = (uint16_t)(scaled ? SCALED(p) : p);
		}
}

void ivp_row_products(const uint8_t *from, uint16_t *to, size_t width)
{
	multiply_rgba(from, to, width, false);
}

void ivp_row_load(uint32_t format, const uint8_t *from, uint16_t *samples, size_t width)
{
	if (format == IVP_FORMAT_RGBA8)
		multiply_rgba(from, samples, width, true);
	else
		load_levels(from, samples, width * ivp_format_channels(format));
}

/* Samples are at most 32767 - 64, so no sum wraps and no result exceeds 255. */
static void store_levels(const uint16_t *restrict from, uint8_t *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)((uint16_t)(from[i] + IVP_SAMPLE_ONE / 2) / IVP_SAMPLE_ONE);
}

/* full in the lanes of alpha, 0 in all others: no sample is less. */
IVP_INLINE void alpha_limits(uint16_t full, words *limits)
{
	*limits = (words)((pixels){0} + ((uint64_t)full << 48));
}

bool ivp_row_opaque(const uint16_t *samples, size_t width, uint16_t full)
{
	words limits, less = {0};
	uint64_t any = 0;
	size_t x = 0;

	alpha_limits(full, &limits);
	for (; x + PIXELS <= width; x += PIXELS) {
		words all;

		memcpy(&all, samples + 4 * x, sizeof(all));
		less |= (words)(all < limits);
	}
	for (; x < width; x++)
		any |= samples[4 * x + 3] < full;
	for (size_t i = 0; i < PIXELS; i++)
		any |= ((pixels)less)[i];
	return any == 0;
}

static void store_mixed(const uint16_t *restrict from, uint8_t *restrict to, size_t width,
			uint32_t full)
{
	const ivp_samples2 *restrict pairs = (const ivp_samples2 *)from;
	ivp_pixel *restrict out = (ivp_pixel *)to;

	for (size_t x = 0; x < width; x++) {
		const uint32_t rg = pairs[2 * x], ba = pairs[2 * x + 1];
		const float alpha = (float)(int32_t)ivp_row_alpha(ba >> 16, full);

		out[x] = ivp_pixel_pack((float)(int32_t)(rg & 65535), (float)(int32_t)(rg >> 16),
					(float)(int32_t)(ba & 65535), alpha / IVP_SAMPLE_ONE,
					255.0f / IVP_SAMPLE_ONE);
	}
}

static void store_rgba(const uint16_t *from, uint8_t *to, size_t width, uint16_t full)
{
	for (size_t x = 0; x < width; x += IVP_ROW_CHUNK) {
		const size_t n = width - x < IVP_ROW_CHUNK ? width - x : IVP_ROW_CHUNK;

		if (ivp_row_opaque(from + 4 * x, n, full))
			store_levels(from + 4 * x, to + 4 * x, 4 * n);
		else
			store_mixed(from + 4 * x, to + 4 * x, n, full);
	}
}

void ivp_row_store(uint32_t format, const uint16_t *samples, uint8_t *to, size_t width,
		   uint16_t full)
{
	if (format == IVP_FORMAT_RGBA8)
		store_rgba(samples, to, width, full);
	else
		store_levels(samples, to, width * ivp_format_channels(format));
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
