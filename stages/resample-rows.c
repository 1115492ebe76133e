/* SPDX-License-Identifier: MIT */
/*
 * Vertical sums, straight from the pixels: in integers for 8 bits without alpha (weigh.h), for
 * the others in float, one order of additions.
 */
#include <string.h>

#include "resample.h"

#define RGBA_GROUP 3 /* source rows that are summed in one go */
#define PLANE      ((size_t)IVP_BAND_CHUNK / 4)

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

static void sum_rows_rgba(const struct ivp_resample *resample, const struct ivp_input *in,
			  uint32_t y, size_t column, size_t n, float *out)
{
	const struct ivp_axis *axis = &resample->y;
	const float *weights = axis->weights + (size_t)y * axis->most;
	const uint8_t *pixels = in->pixels + (size_t)axis->first[y] * in->stride;
	const uint32_t count = axis->count[y];

	for (uint32_t k = 0, group; k < count; k += group) {
		group = count - k < RGBA_GROUP ? count - k : RGBA_GROUP;
		add_rgba(group, pixels + k * in->stride + column * 4, in->stride, weights + k,
			 k == 0, out, PLANE, n);
	}
}

static void add_loaded(const float *restrict loaded, float weight, float *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] += loaded[i] * weight;
}

static void sum_rows_loaded(const struct ivp_resample *resample, const struct ivp_input *in,
			    uint32_t y, size_t column, size_t n, float *out)
{
	const struct ivp_axis *axis = &resample->y;
	const float *weights = axis->weights + (size_t)y * axis->most;
	const bool planes = resample->from.planes == 4;

	memset(out, 0, IVP_BAND_CHUNK * sizeof(float));
	for (uint32_t k = 0; k < axis->count[y]; k++) {
		const uint8_t *from = in->pixels + (size_t)(axis->first[y] + k) * in->stride +
				      column * resample->depth * (planes ? 4 : 1);

		ivp_resample_load(resample, from, n, resample->loaded, PLANE);
		add_loaded(resample->loaded, weights[k], out, planes ? IVP_BAND_CHUNK : n);
	}
}

void ivp_resample_rows(const struct ivp_resample *resample, const struct ivp_input *in, uint32_t y,
		       size_t column, size_t n, float *out)
{
	if (resample->groups)
		ivp_weigh(resample->groups + y * ivp_weights_most(resample->y.most),
			  resample->group_count[y], in->pixels + column, in->stride,
			  resample->scale, n, out);
	else if (in->shape.format == IVP_FORMAT_RGBA8 && !resample->linear)
		sum_rows_rgba(resample, in, y, column, n, out);
	else
		sum_rows_loaded(resample, in, y, column, n, out);
}
