/* SPDX-License-Identifier: MIT */
/*
 * The kernel as it stands, in float, for samples of 16 bits: a column of 2 radius + 1 rows, then a
 * row of as many pixels, both as symmetric pairs (fir.h). Cost grows with sigma.
 *
 * Error against the exact sums: what lies beyond 4 sigma, 0.006 % of the weight; some units in the
 * last place of 24 bits besides.
 */
#include <math.h>

#include "alpha.h"
#include "fir.h"
#include "floats.h"
#include "gauss.h"

#define CUT 4 /* deviations */

void ivp_gauss_fine_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma)
{
	struct ivp_gauss_fine *fine = &gauss->by.fine;
	const size_t step = ivp_format_channels(gauss->shape.format);
	const size_t samples = gauss->shape.width * step;
	size_t pointers, front;

	fine->radius = (unsigned)ceil(CUT * sigma);
	pointers = ((size_t)fine->radius + 1) * sizeof(float *);
	front = ivp_floats_room(fine->radius * step);
	fine->window =
	    ivp_window_make(carve, &(struct ivp_window){.shape = gauss->shape,
							.border = gauss->border,
							.reach_y = fine->radius,
							.pixel_bytes = step * sizeof(float),
							.planes = 1,
							.load = ivp_floats_load});
	fine->weights = ivp_carve(carve, ((size_t)fine->radius + 1) * sizeof(float));
	fine->left = ivp_carve(carve, pointers);
	fine->right = ivp_carve(carve, pointers);
	fine->row_left = ivp_carve(carve, pointers);
	fine->row_right = ivp_carve(carve, pointers);
	fine->row = ivp_carve(carve, (2 * front + samples) * sizeof(float));
	fine->out = ivp_carve(carve, ivp_floats_room(samples) * sizeof(float));
	if (!carve->base)
		return;
	fine->row += front;
	ivp_gauss_fill_pairs(fine->weights, fine->radius, sigma);
	for (unsigned k = 0; k <= fine->radius; k++) {
		fine->row_left[k] = fine->row - k * step;
		fine->row_right[k] = fine->row + k * step;
	}
}

float *ivp_gauss_fine_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y)
{
	struct ivp_gauss_fine *fine = &gauss->by.fine;
	const size_t step = ivp_format_channels(gauss->shape.format);
	const size_t samples = gauss->shape.width * step;
	const void *const *rows = ivp_window_rows(fine->window, in, y);
	const unsigned radius = fine->radius;

	for (unsigned k = 0; k <= radius; k++) {
		fine->left[k] = rows[radius - k];
		fine->right[k] = rows[radius + k];
	}
	ivp_fir_pairs_float(fine->left, fine->right, 0, fine->weights, radius + 1, fine->row,
			    samples);
	ivp_row_pad(fine->row, gauss->shape.width, step * sizeof(float), radius, gauss->border);
	ivp_fir_pairs_float(fine->row_left, fine->row_right, 0, fine->weights, radius + 1,
			    fine->out, samples);
	return fine->out;
}
