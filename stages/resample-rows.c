/* SPDX-License-Identifier: MIT */
/*
 * Vertical sums: in integers for 8 bits without alpha (weigh.h), for the others in float, one
 * order of additions. Then some source rows become floats at once and are added to each result
 * row that they count for, before the next come.
 */
#include "levels-pack.h"
#include "resample.h"

#define PLANE ((size_t)IVP_BAND_CHUNK / 4)

/* out += the sum of count rows times their weights; with begin, a sum begins. Four vectors at a
 * time: there is room for that. */
static void add_rows(const float *rows, const float *weights, size_t count, bool begin, float *out,
		     size_t n)
{
	const ivp_floats none = {0};

	for (size_t i = 0; i < n; i += (size_t)4 * IVP_FLOATS) {
		ivp_floats *to = (ivp_floats *)(out + i);
		ivp_floats sum[4] = {none, none, none, none};

		IVP_UNROLL
		for (size_t q = 0; q < 4; q++)
			sum[q] = begin ? none : to[q];
		for (size_t k = 0; k < count; k++) {
			const ivp_floats *row = (const ivp_floats *)(rows + k * IVP_BAND_CHUNK + i);
			const ivp_floats weight = none + weights[k];

			IVP_UNROLL
			for (size_t q = 0; q < 4; q++)
				sum[q] += row[q] * weight;
		}
		IVP_UNROLL
		for (size_t q = 0; q < 4; q++)
			to[q] = sum[q];
	}
}

/* Adds the loaded source rows low..high-1 to those of the result rows that they count for. */
static void add_loaded(const struct ivp_resample *resample, uint32_t low, uint32_t high,
		       uint32_t first, uint32_t end, size_t n)
{
	const struct ivp_axis *axis = &resample->y;

	for (uint32_t y = first; y < end; y++) {
		const uint32_t begin = axis->first[y], behind = begin + axis->count[y];
		const uint32_t from = begin > low ? begin : low, to = behind < high ? behind : high;

		if (from < to)
			add_rows(resample->loaded + (size_t)(from - low) * IVP_BAND_CHUNK,
				 axis->weights + (size_t)y * axis->most + (from - begin), to - from,
				 from == begin,
				 resample->chunk + (size_t)(y - first) * IVP_BAND_CHUNK, n);
	}
}

void ivp_resample_rows(const struct ivp_resample *resample, const struct ivp_input *in,
		       uint32_t first, uint32_t end, size_t column, size_t n)
{
	const struct ivp_axis *axis = &resample->y;
	const bool planes = resample->from.planes == 4;
	const size_t sample = (size_t)resample->depth * (planes ? 4 : 1);
	const uint32_t behind = axis->first[end - 1] + axis->count[end - 1];

	for (uint32_t y = first; resample->groups && y < end; y++)
		ivp_weigh(resample->groups + y * ivp_weights_most(axis->most),
			  resample->group_count[y], in->pixels + column, in->stride,
			  resample->scale, n,
			  resample->chunk + (size_t)(y - first) * IVP_BAND_CHUNK);
	for (uint32_t low = axis->first[first], high; !resample->groups && low < behind;
	     low = high) {
		high = behind - low < IVP_RESAMPLE_LOADED ? behind : low + IVP_RESAMPLE_LOADED;
		for (uint32_t row = low; row < high; row++)
			ivp_resample_load(
			    resample, in->pixels + row * in->stride + column * sample, n,
			    resample->loaded + (size_t)(row - low) * IVP_BAND_CHUNK, PLANE);
		add_loaded(resample, low, high, first, end, planes ? IVP_BAND_CHUNK : n);
	}
}
