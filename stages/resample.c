/* SPDX-License-Identifier: MIT */
/*
 * Vertical sums first, straight from the pixels, for 16 result rows; turned (bands.h); then
 * horizontal sums, 16 rows side by side. In float, one order of additions: the error before
 * rounding is below 0.001 levels. RGBA8 is summed premultiplied, as c * a and a.
 */
#include "resample.h"

#include <string.h>

#define GROUP      6 /* source rows that are summed in one go */
#define RGBA_GROUP 3

typedef float floats16 __attribute__((vector_size(64), may_alias));

struct ivp_resample *ivp_resample_prepare(struct ivp_carve *carve, const struct ivp_axis *x,
					  const struct ivp_axis *y, const struct ivp_shape *in)
{
	struct ivp_resample measured;
	struct ivp_resample *made = ivp_carve(carve, sizeof(*made));
	struct ivp_resample *resample = made ? made : &measured;
	const size_t chunk_bytes = sizeof(float) * IVP_BAND * IVP_BAND_CHUNK;

	resample->from = ivp_row_form(in);
	resample->x = *x;
	resample->y = *y;
	ivp_axis_prepare(&resample->x, carve);
	ivp_axis_prepare(&resample->y, carve);
	resample->chunk = ivp_carve(carve, chunk_bytes);
	resample->lanes = ivp_carve(carve, resample->from.samples * IVP_BAND * sizeof(float));
	resample->sums = ivp_carve(carve, chunk_bytes);
	resample->turned = ivp_carve(carve, chunk_bytes);
	return made;
}

/* n is a constant wherever this is inlined. */
IVP_INLINE void sum_levels(unsigned n, const uint8_t *pixels, size_t stride, const float *weights,
			   bool begin, float *restrict out, size_t count)
{
	const uint8_t *restrict row[GROUP];
	float w[GROUP];

	for (unsigned k = 0; k < n; k++) {
		row[k] = pixels + k * stride;
		w[k] = weights[k];
	}
	for (size_t i = 0; i < count; i++) {
		float sum = begin ? 0 : out[i];

		for (unsigned k = 0; k < n; k++)
			sum += (float)row[k][i] * w[k];
		out[i] = sum;
	}
}

/* A group of source rows; with begin a sum begins, else it goes on. */
static void add_levels(unsigned n, const uint8_t *pixels, size_t stride, const float *weights,
		       bool begin, float *out, size_t count)
{
	switch (n) {
	case 1:
		sum_levels(1, pixels, stride, weights, begin, out, count);
		break;
	case 2:
		sum_levels(2, pixels, stride, weights, begin, out, count);
		break;
	case 3:
		sum_levels(3, pixels, stride, weights, begin, out, count);
		break;
	case 4:
		sum_levels(4, pixels, stride, weights, begin, out, count);
		break;
	case 5:
		sum_levels(5, pixels, stride, weights, begin, out, count);
		break;
	default:
		sum_levels(6, pixels, stride, weights, begin, out, count);
	}
}

IVP_INLINE void add_pixel(uint32_t pixel, float weight, float *red, float *green, float *blue,
			  float *opaque)
{
	int32_t colour = (int32_t)(pixel & 0xffffff), alpha = (int32_t)(pixel >> 24);

	*red += (float)((colour & 255) * alpha) * weight;
	*green += (float)((colour >> 8 & 255) * alpha) * weight;
	*blue += (float)((colour >> 16) * alpha) * weight;
	*opaque += (float)alpha * weight;
}

/* The same for RGBA8, at most 3 rows; planes lie plane apart. */
IVP_INLINE void sum_rgba(unsigned n, const uint8_t *pixels, size_t stride, const float *weights,
			 float *out, size_t plane, size_t count)
{
	const ivp_pixel *restrict first = (const ivp_pixel *)pixels;
	const ivp_pixel *restrict second = (const ivp_pixel *)(pixels + (n > 1 ? stride : 0));
	const ivp_pixel *restrict third = (const ivp_pixel *)(pixels + (n > 2 ? 2 * stride : 0));
	const float w[3] = {weights[0], n > 1 ? weights[1] : 0, n > 2 ? weights[2] : 0};
	float *restrict r = out, *restrict g = out + plane;
	float *restrict b = out + 2 * plane, *restrict a = out + 3 * plane;

	IVP_INDEPENDENT
	for (size_t i = 0; i < count; i++) {
		float red = r[i], green = g[i], blue = b[i], opaque = a[i];

		add_pixel(first[i], w[0], &red, &green, &blue, &opaque);
		if (n > 1)
			add_pixel(second[i], w[1], &red, &green, &blue, &opaque);
		if (n > 2)
			add_pixel(third[i], w[2], &red, &green, &blue, &opaque);
		r[i] = red;
		g[i] = green;
		b[i] = blue;
		a[i] = opaque;
	}
}

/* 1 to RGBA_GROUP rows; with begin a sum begins, else it goes on. */
static void add_rgba(unsigned n, const uint8_t *pixels, size_t stride, const float *weights,
		     bool begin, float *out, size_t plane, size_t count)
{
	if (begin)
		memset(out, 0, IVP_BAND_CHUNK * sizeof(float));
	switch (n) {
	case 1:
		sum_rgba(1, pixels, stride, weights, out, plane, count);
		break;
	case 2:
		sum_rgba(2, pixels, stride, weights, out, plane, count);
		break;
	default:
		sum_rgba(3, pixels, stride, weights, out, plane, count);
	}
}

/* Vertical sums for result row y, of n samples (or RGBA8 pixels) from column on. */
static void sum_rows(const struct ivp_resample *resample, const struct ivp_input *in, uint32_t y,
		     size_t column, size_t n, float *out)
{
	const struct ivp_axis *axis = &resample->y;
	const float *weights = axis->weights + (size_t)y * axis->most;
	const uint8_t *pixels = in->pixels + (size_t)axis->first[y] * in->stride;
	const uint32_t count = axis->count[y];
	const bool rgba = resample->from.planes == 4;
	const uint32_t most = rgba ? RGBA_GROUP : GROUP;

	for (uint32_t k = 0, group; k < count; k += group) {
		const uint8_t *rows = pixels + k * in->stride + column * (rgba ? 4 : 1);

		group = count - k < most ? count - k : most;
		if (rgba)
			add_rgba(group, rows, in->stride, weights + k, k == 0, out,
				 IVP_BAND_CHUNK / 4, n);
		else
			add_levels(group, rows, in->stride, weights + k, k == 0, out, n);
	}
}

/* Rows beyond the last are made like the last, and not stored. */
static void turn_rows(struct ivp_resample *resample, const struct ivp_input *in, uint32_t y,
		      uint32_t end)
{
	const struct ivp_row_form *form = &resample->from;
	const size_t most = IVP_BAND_CHUNK / form->planes;

	for (size_t x = 0; x < form->plane; x += most) {
		size_t n = form->plane - x < most ? form->plane - x : most;

		for (uint32_t r = 0; r < IVP_BAND; r++)
			sum_rows(resample, in, y + r < end ? y + r : end - 1, x, n,
				 resample->chunk + (size_t)r * IVP_BAND_CHUNK);
		for (unsigned p = 0; p < form->planes; p++)
			ivp_band_turn(resample->chunk + p * most, n,
				      resample->lanes + (p * form->plane + x) * IVP_BAND);
	}
}

/* Horizontal sums of one pixel: channels lie apart in lanes, and side by side in out. */
IVP_INLINE void sum_columns(unsigned channels, const floats16 *lanes, size_t step, size_t apart,
			    const float *weights, uint32_t count, floats16 *out, size_t out_apart)
{
	floats16 sum[4] = {{0}};

	for (uint32_t k = 0; k < count; k++)
		for (unsigned c = 0; c < channels; c++)
			sum[c] += lanes[k * step + c * apart] * weights[k];
	for (unsigned c = 0; c < channels; c++)
		out[c * out_apart] = sum[c];
}

/* Result pixels x..x+n-1 of a band: interleaved, or for RGBA8 in four planes of n pixels. */
static void sum_pixels(const struct ivp_resample *resample, uint32_t x, uint32_t n)
{
	const struct ivp_axis *axis = &resample->x;
	const struct ivp_row_form *form = &resample->from;
	floats16 *out = (floats16 *)resample->sums;

	for (uint32_t i = 0; i < n; i++) {
		const float *weights = axis->weights + (size_t)(x + i) * axis->most;
		const floats16 *lanes =
		    (const floats16 *)resample->lanes + (size_t)axis->first[x + i] * form->step;
		const uint32_t count = axis->count[x + i];

		if (form->planes == 4)
			sum_columns(4, lanes, 1, form->plane, weights, count, out + i,
				    IVP_BAND_CHUNK / 4);
		else if (form->step == 3)
			sum_columns(3, lanes, 3, 1, weights, count, out + (size_t)i * 3, 1);
		else
			sum_columns(1, lanes, 1, 0, weights, count, out + i, 0);
	}
}

static void round_levels(const float *restrict sums, uint8_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int32_t level = (int32_t)(sums[i] + 0.5f);

		out[i] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
	}
}

static void round_rgba(const float *restrict sums, uint32_t *restrict out, size_t n)
{
	const size_t plane = (size_t)IVP_BAND_CHUNK / 4 * IVP_BAND;
	const float *r = sums, *g = r + plane, *b = g + plane, *a = b + plane;

	for (size_t i = 0; i < n; i++)
		out[i] = ivp_pixel_pack(r[i], g[i], b[i], a[i], 1);
}

static void nearest(const struct ivp_resample *resample, const struct ivp_input *in,
		    const struct ivp_output *out, struct ivp_rows rows)
{
	const size_t bytes = ivp_format_pixel_bytes(in->shape.format);
	const uint32_t *first = resample->x.first;

	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + (size_t)resample->y.first[y] * in->stride;
		uint8_t *to = out->pixels + (size_t)y * out->stride;

		for (uint32_t x = 0; x < out->shape.width; x++)
			for (size_t i = 0; i < bytes; i++)
				to[x * bytes + i] = from[first[x] * bytes + i];
	}
}

void ivp_resample_apply(struct ivp_resample *resample, const struct ivp_input *in,
			const struct ivp_output *out, struct ivp_rows rows)
{
	const uint32_t width = out->shape.width;
	const unsigned channels = ivp_format_channels(out->shape.format);
	const uint32_t most = IVP_BAND_CHUNK / (channels == 3 ? 4 : channels);

	if (resample->x.kernel == IVP_KERNEL_NEAREST) {
		nearest(resample, in, out, rows);
		return;
	}
	for (uint32_t y = rows.first; y < rows.end; y += IVP_BAND) {
		const unsigned count = rows.end - y < IVP_BAND ? rows.end - y : IVP_BAND;
		uint8_t *to = out->pixels + (size_t)y * out->stride;

		turn_rows(resample, in, y, rows.end);
		for (uint32_t x = 0; x < width; x += most) {
			const uint32_t n = width - x < most ? width - x : most;

			sum_pixels(resample, x, n);
			if (channels == 4) {
				round_rgba(resample->sums, (uint32_t *)resample->turned,
					   (size_t)n * IVP_BAND);
				ivp_band_store32((const uint32_t *)resample->turned, n,
						 to + (size_t)x * 4, out->stride, count);
			} else {
				round_levels(resample->sums, resample->turned,
					     (size_t)n * channels * IVP_BAND);
				ivp_band_store8(resample->turned, (size_t)n * channels,
						to + (size_t)x * channels, out->stride, count);
			}
		}
	}
}
