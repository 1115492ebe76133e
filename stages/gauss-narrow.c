/* SPDX-License-Identifier: MIT */
/*
 * The kernel as it stands: a column of 2 radius + 1 rows, then a row of as many pixels, both as
 * symmetric pairs in 16-bit fixed point (fir.h). Cost grows with sigma.
 *
 * Either sum loses (radius + 1) / 2 samples of 1/128 level by cutting, as expected; the second one
 * gets both back. What remains of the error against the exact sums is below 0.15 levels before
 * rounding, most of it from noise in that loss, the rest from the weights' rounding to 1/65536 and
 * from what lies beyond 3.5 sigma, 0.05 % of the weight.
 */
#include <math.h>

#include "fir.h"
#include "gauss.h"

static uint16_t *padded_plane(const struct ivp_gauss *gauss, unsigned plane)
{
	const struct ivp_row_form *form = &gauss->form;
	size_t pad = (size_t)gauss->by.narrow.radius * form->step;

	return gauss->by.narrow.row + plane * (form->plane + 2 * pad) + pad;
}

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

void ivp_gauss_narrow_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma)
{
	struct ivp_gauss_narrow *narrow = &gauss->by.narrow;
	const struct ivp_row_form *form = &gauss->form;
	size_t pointers, pad;

	narrow->radius = (unsigned)ceil(3.5 * sigma);
	pointers = (narrow->radius + 1) * sizeof(uint16_t *);
	pad = (size_t)narrow->radius * form->step;
	narrow->weights = ivp_carve(carve, (narrow->radius + 1) * sizeof(uint16_t));
	narrow->left = ivp_carve(carve, pointers);
	narrow->right = ivp_carve(carve, pointers);
	narrow->row_left = ivp_carve(carve, pointers);
	narrow->row_right = ivp_carve(carve, pointers);
	narrow->ring = ivp_carve(carve, (2 * narrow->radius + 1) * form->samples * 2);
	narrow->row = ivp_carve(carve, (form->plane + 2 * pad) * form->planes * 2);
	narrow->out = ivp_carve(carve, form->samples * 2);
	if (!carve->base)
		return;
	fill_weights(narrow, sigma);
	for (unsigned k = 0; k <= narrow->radius; k++) {
		narrow->row_left[k] = padded_plane(gauss, 0) - (size_t)k * form->step;
		narrow->row_right[k] = padded_plane(gauss, 0) + (size_t)k * form->step;
	}
}

void ivp_gauss_narrow_start(struct ivp_gauss *gauss, uint32_t y)
{
	struct ivp_gauss_narrow *narrow = &gauss->by.narrow;

	narrow->rows_ready = y < narrow->radius ? 0 : y - narrow->radius;
	narrow->y = y;
}

/* A row of the ring. Every row within radius of y is there, and the borders map only to such. */
static uint16_t *ring_row(const struct ivp_gauss *gauss, int64_t y)
{
	const struct ivp_gauss_narrow *narrow = &gauss->by.narrow;
	int64_t row = ivp_border_index(y, gauss->height, gauss->border);

	return narrow->ring + (size_t)row % (2 * narrow->radius + 1) * gauss->form.samples;
}

const uint16_t *ivp_gauss_narrow_next(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	struct ivp_gauss_narrow *narrow = &gauss->by.narrow;
	const struct ivp_row_form *form = &gauss->form;
	const unsigned pairs = narrow->radius + 1;
	const size_t pad = (size_t)narrow->radius * form->step;
	const unsigned y = narrow->y++;

	while (narrow->rows_ready < gauss->height && narrow->rows_ready <= y + narrow->radius) {
		ivp_row_load(form, in->pixels + narrow->rows_ready * in->stride,
			     ring_row(gauss, narrow->rows_ready));
		narrow->rows_ready++;
	}
	for (unsigned k = 0; k < pairs; k++) {
		narrow->left[k] = ring_row(gauss, (int64_t)y - k);
		narrow->right[k] = ring_row(gauss, (int64_t)y + k);
	}
	for (unsigned p = 0; p < form->planes; p++) {
		uint16_t *plane = padded_plane(gauss, p);

		ivp_fir_pairs(narrow->left, narrow->right, p * form->plane, narrow->weights, pairs,
			      0, plane, form->plane);
		ivp_row_pad(plane, form->width, form->step * sizeof(uint16_t), narrow->radius,
			    gauss->border);
		ivp_fir_pairs(narrow->row_left, narrow->row_right, p * (form->plane + 2 * pad),
			      narrow->weights, pairs, (uint16_t)pairs,
			      narrow->out + p * form->plane, form->plane);
	}
	return narrow->out;
}
