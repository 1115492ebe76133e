/* SPDX-License-Identifier: MIT */
/*
 * The kernel as it stands: a column of 2 radius + 1 rows, then a row of as many pixels, both as
 * symmetric pairs in 16-bit fixed point (fir.h), for samples of 8 bits. Cost grows with sigma.
 * Columns are summed up for some rows at a time, so that what they share is read into the first-level
 * cache once.
 *
 * Either sum loses (radius + 1) / 2 samples of 1/128 level by cutting, as expected; the second one
 * gets both back. What remains of the error against the exact sums is below 0.15 levels before
 * rounding, most of it from noise in that loss, the rest from the weights' rounding to 1/65536 and
 * from what lies beyond 3.5 sigma, 0.05 % of the weight.
 */
#include <math.h>

#include "fir.h"
#include "gauss.h"

#define CUT   3.5  /* deviations */
#define BLOCK 1024 /* samples: what a batch needs of them stays near the first-level cache */

static void fill_weights(struct ivp_gauss_narrow *narrow, double sigma)
{
	double total = 1;
	unsigned side = 0;

	for (unsigned k = 1; k <= narrow->radius; k++)
		total += 2 * ivp_gauss_weight(k, sigma);
	for (unsigned k = 1; k <= narrow->radius; k++) {
		double weight = ivp_gauss_weight(k, sigma) / total;

		narrow->weights[k] = (uint16_t)(weight * 65536 + 0.5);
		side += narrow->weights[k];
	}
	/* The middle takes what rounding left: the sum is 1 exactly, and its half whole. */
	narrow->weights[0] = (uint16_t)((65536 - 2 * side) / 2);
}

/* What both sums make of a level of 255 that goes on in all directions. */
static uint16_t opaque_sum(const struct ivp_gauss_narrow *narrow)
{
	const unsigned pairs = narrow->radius + 1;
	uint16_t sample = 255 * IVP_SAMPLE_ONE, sum;

	for (unsigned pass = 0; pass < 2; pass++) {
		sum = pass ? (uint16_t)pairs : 0;
		for (unsigned k = 0; k < pairs; k++)
			sum = (uint16_t)(sum + (2u * sample * narrow->weights[k] >> 16));
		sample = sum;
	}
	return sample;
}

static void load(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	(void)plane;
	ivp_row_load(shape->format, pixels, to, shape->width);
}

void ivp_gauss_narrow_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma)
{
	struct ivp_gauss_narrow *narrow = &gauss->by.narrow;
	const size_t step = ivp_format_channels(gauss->shape.format);
	const size_t samples = gauss->shape.width * step;
	size_t pointers, front;

	narrow->radius = (unsigned)ceil(CUT * sigma);
	pointers = ((size_t)narrow->radius + 1) * sizeof(uint16_t *);
	front = (narrow->radius * step + 31) & ~(size_t)31;
	narrow->window = ivp_window_make(
	    carve, &(struct ivp_window){.shape = gauss->shape,
					.border = gauss->border,
					.reach_y = narrow->radius + IVP_GAUSS_BATCH - 1,
					.pixel_bytes = step * sizeof(uint16_t),
					.planes = 1,
					.load = load});
	narrow->weights = ivp_carve(carve, ((size_t)narrow->radius + 1) * sizeof(uint16_t));
	narrow->left = ivp_carve(carve, pointers);
	narrow->right = ivp_carve(carve, pointers);
	narrow->row_left = ivp_carve(carve, pointers);
	narrow->row_right = ivp_carve(carve, pointers);
	narrow->apart = (2 * front + samples + 31) & ~(size_t)31;
	narrow->rows = ivp_carve(carve, IVP_GAUSS_BATCH * narrow->apart * sizeof(uint16_t));
	narrow->out = ivp_carve(carve, samples * sizeof(uint16_t));
	if (!carve->base)
		return;
	narrow->rows += front;
	fill_weights(narrow, sigma);
	narrow->full = opaque_sum(narrow);
	for (unsigned k = 0; k <= narrow->radius; k++) {
		narrow->row_left[k] = narrow->rows - k * step;
		narrow->row_right[k] = narrow->rows + k * step;
	}
}

void ivp_gauss_narrow_start(struct ivp_gauss *gauss, uint32_t y)
{
	ivp_window_start(gauss->by.narrow.window, y);
	gauss->by.narrow.first = gauss->by.narrow.end = y;
}

/* The batch that begins with row y. */
static void sum_columns(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y)
{
	struct ivp_gauss_narrow *narrow = &gauss->by.narrow;
	const size_t step = ivp_format_channels(gauss->shape.format);
	const size_t samples = gauss->shape.width * step;
	const void *const *middle =
	    ivp_window_rows(narrow->window, in, y) + narrow->window->reach_y;
	const uint32_t left = gauss->shape.height - y;

	narrow->first = y;
	narrow->end = y + (left < IVP_GAUSS_BATCH ? left : IVP_GAUSS_BATCH);
	for (size_t i = 0; i < samples; i += BLOCK)
		for (uint32_t row = 0; row < narrow->end - y; row++) {
			for (unsigned k = 0; k <= narrow->radius; k++) {
				narrow->left[k] = middle[(int64_t)row - k];
				narrow->right[k] = middle[(int64_t)row + k];
			}
			ivp_fir_pairs(narrow->left, narrow->right, i, narrow->weights,
				      narrow->radius + 1, 0, narrow->rows + row * narrow->apart + i,
				      samples - i < BLOCK ? samples - i : BLOCK);
		}
	for (uint32_t row = 0; row < narrow->end - y; row++)
		ivp_row_pad(narrow->rows + row * narrow->apart, gauss->shape.width,
			    step * sizeof(uint16_t), narrow->radius, gauss->border);
}

uint16_t *ivp_gauss_narrow_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y)
{
	struct ivp_gauss_narrow *narrow = &gauss->by.narrow;
	const unsigned pairs = narrow->radius + 1;

	if (y >= narrow->end)
		sum_columns(gauss, in, y);
	ivp_fir_pairs(narrow->row_left, narrow->row_right, (y - narrow->first) * narrow->apart,
		      narrow->weights, pairs, (uint16_t)pairs, narrow->out,
		      (size_t)gauss->shape.width * ivp_format_channels(gauss->shape.format));
	return narrow->out;
}
