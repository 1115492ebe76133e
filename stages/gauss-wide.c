/* SPDX-License-Identifier: MIT */
/*
 * For a large sigma the blurred image is so smooth that few of its rows hold all there is to
 * know. Gaussians compose: one of variance a, then one of b, then one of c is one of a + b + c.
 * So, with a grid row every D rows:
 *
 *     down   every D-th row of the image blurred by 0.72 D       5 input rows' work per row
 *     side   such a row blurred by sigma along itself            (7 sigma / D) per row of the image
 *     mid    grid rows blurred by what is left of the variance
 *     up     rows between grid rows, by weights of 0.72 D        5 grid rows' work per row
 *
 * As D = sigma / 1.4 rounded down, the cost does not depend on sigma. Aliases of the grid are
 * damped by exp(-2 pi^2 0.72^2) = 4e-5 on the way down and again on the way up; the weights of
 * each sum are scaled to 1, so a constant stays what it is. The nearest comparison: decimated
 * recursive and pyramid Gaussians (Burt and Adelson 1983), here with kernels that are Gaussian.
 *
 * All in float, one order of additions. Error against the exact sums: below 0.2 levels before
 * rounding on noise of full contrast, mostly from the cut at 3.5 sigma; far less on photographs.
 * Memory: about 40 rows, whatever sigma.
 */
#include <math.h>
#include <string.h>

#include "fir.h"
#include "gauss.h"

#define SPREAD 0.72 /* of down and up, in grid rows */
#define REACH  2.5  /* where they are cut */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return -floor_div(-a, b);
}

/* One side of a symmetric kernel as pairs (fir.h), scaled to the sum 1. */
static void fill_pairs(float *weights, unsigned radius, double sigma)
{
	double total = 1;

	for (unsigned k = 1; k <= radius; k++)
		total += 2 * ivp_gauss_weight(k, sigma);
	weights[0] = (float)(0.5 / total);
	for (unsigned k = 1; k <= radius; k++)
		weights[k] = (float)(ivp_gauss_weight(k, sigma) / total);
}

static void fill_down(struct ivp_gauss_wide *wide, double spread)
{
	double total = 0, sum = 0;

	for (int64_t k = -wide->reach; k <= wide->reach; k++)
		total += ivp_gauss_weight((double)k, spread);
	for (int64_t k = -wide->reach; k <= wide->reach; k++) {
		double weight = ivp_gauss_weight((double)k, spread) / total;

		sum += weight;
		wide->down[k + wide->reach] = (float)weight;
		wide->down_total[k + wide->reach] = (float)sum;
	}
}

/* The first grid row that counts for row y, and for phase y mod D the weights from it on. */
static int64_t up_first(const struct ivp_gauss_wide *wide, int64_t y)
{
	return ceil_div(y - wide->reach, wide->decimation);
}

static void fill_up(struct ivp_gauss_wide *wide, double spread)
{
	for (int64_t phase = 0; phase < wide->decimation; phase++) {
		int64_t first = up_first(wide, phase);
		double weight[6], total = 0;

		for (int64_t k = 0; k < 6; k++) {
			int64_t away = (first + k) * wide->decimation - phase;

			weight[k] = away > wide->reach ? 0 : ivp_gauss_weight((double)away, spread);
			total += weight[k];
		}
		for (int64_t k = 0; k < 6; k++)
			wide->up[phase * 6 + k] = (float)(weight[k] / total);
	}
}

static float *padded_plane(const struct ivp_gauss *gauss, unsigned plane)
{
	const struct ivp_row_form *form = &gauss->form;
	size_t pad = (size_t)gauss->by.with_grid.radius * form->step;

	return gauss->by.with_grid.row + plane * (form->plane + 2 * pad) + pad;
}

/*
 * REPLICATE: rows outside are the border row, so its weight takes theirs in, and a grid row whose
 * rows all lie outside equals every further one: no more are computed (clamp_grid).
 * REFLECT: the rows outside are gone through like others, as far as the last row needs them.
 */
static void set_range(struct ivp_gauss *gauss)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	int64_t bottom = (int64_t)gauss->height - 1;

	if (gauss->border == IVP_BORDER_REPLICATE) {
		wide->first = -ceil_div(wide->reach, wide->decimation);
		wide->last = ceil_div(bottom + wide->reach, wide->decimation);
		wide->row_first = 0;
		wide->row_last = bottom;
	} else {
		wide->first = up_first(wide, 0) - wide->mid_radius;
		wide->last = up_first(wide, bottom) + 5 + wide->mid_radius;
		wide->row_first = wide->first * wide->decimation - wide->reach;
		wide->row_last = wide->last * wide->decimation + wide->reach;
	}
}

void ivp_gauss_wide_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const struct ivp_row_form *form = &gauss->form;
	size_t row_bytes = form->samples * sizeof(float), pad;
	double spread, left;

	wide->decimation = (int64_t)floor(sigma / 1.4);
	wide->reach = (int64_t)floor(REACH * (double)wide->decimation);
	spread = SPREAD * (double)wide->decimation;
	left = sqrt(sigma * sigma - 2 * spread * spread) / (double)wide->decimation;
	wide->mid_radius = (unsigned)ceil(3.5 * left);
	wide->radius = (unsigned)ceil(3.5 * sigma);
	pad = (size_t)wide->radius * form->step;
	wide->down = ivp_carve(carve, (size_t)(2 * wide->reach + 1) * sizeof(float));
	wide->down_total = ivp_carve(carve, (size_t)(2 * wide->reach + 1) * sizeof(float));
	wide->mid = ivp_carve(carve, (wide->mid_radius + 1) * sizeof(float));
	wide->side = ivp_carve(carve, (wide->radius + 1) * sizeof(float));
	wide->up = ivp_carve(carve, (size_t)wide->decimation * 6 * sizeof(float));
	wide->row_left = ivp_carve(carve, (wide->radius + 1) * sizeof(float *));
	wide->row_right = ivp_carve(carve, (wide->radius + 1) * sizeof(float *));
	wide->batch = ivp_carve(carve, 4 * row_bytes);
	wide->sums = ivp_carve(carve, IVP_GAUSS_SUMS * row_bytes);
	wide->row = ivp_carve(carve, (form->plane + 2 * pad) * form->planes * sizeof(float));
	wide->grid = ivp_carve(carve, (2 * wide->mid_radius + 1) * row_bytes);
	wide->mids = ivp_carve(carve, 6 * row_bytes);
	wide->out = ivp_carve(carve, form->samples * sizeof(uint16_t));
	if (!carve->base)
		return;
	set_range(gauss);
	fill_down(wide, spread);
	fill_pairs(wide->mid, wide->mid_radius, left);
	fill_pairs(wide->side, wide->radius, sigma);
	fill_up(wide, spread);
	for (unsigned k = 0; k <= wide->radius; k++) {
		wide->row_left[k] = padded_plane(gauss, 0) - (size_t)k * form->step;
		wide->row_right[k] = padded_plane(gauss, 0) + (size_t)k * form->step;
	}
}

/* Rows are taken in fours that begin where they would for the whole image: sums are then of the
 * same terms in the same order, wherever the rows begin. */
void ivp_gauss_wide_start(struct ivp_gauss *gauss, uint32_t y)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	int64_t grid, row;

	wide->y = y;
	wide->mid_next = up_first(wide, wide->y);
	grid = wide->mid_next - wide->mid_radius;
	grid = grid < wide->first ? wide->first : grid > wide->last ? wide->last : grid;
	wide->grid_next = grid;
	wide->sum_next = grid;
	row = grid * wide->decimation - wide->reach - wide->row_first;
	/* A grid row below the image is made of its last row. */
	if (row > wide->row_last - wide->row_first)
		row = wide->row_last - wide->row_first;
	row = row < 0 ? 0 : row - row % 4;
	wide->row_next = wide->row_first + row;
}

static size_t modulo(int64_t index, int64_t count)
{
	return (size_t)(index - floor_div(index, count) * count);
}

static float *sum_row(const struct ivp_gauss *gauss, int64_t index)
{
	const struct ivp_gauss_wide *wide = &gauss->by.with_grid;

	return wide->sums + modulo(index, IVP_GAUSS_SUMS) * gauss->form.samples;
}

static float *grid_row(const struct ivp_gauss *gauss, int64_t index)
{
	const struct ivp_gauss_wide *wide = &gauss->by.with_grid;

	index = index < wide->first ? wide->first : index > wide->last ? wide->last : index;
	return wide->grid + modulo(index, 2 * wide->mid_radius + 1) * gauss->form.samples;
}

static float *mid_row(const struct ivp_gauss *gauss, int64_t index)
{
	return gauss->by.with_grid.mids + modulo(index, 6) * gauss->form.samples;
}

/* The weight of row y in a grid row. */
static float down_weight(const struct ivp_gauss *gauss, int64_t y, int64_t grid)
{
	const struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	int64_t k = y - grid * wide->decimation + wide->reach, end = 2 * wide->reach;
	float upto, before;

	if (y > wide->row_last)
		return 0;
	if (gauss->border != IVP_BORDER_REPLICATE || (y > 0 && y < wide->row_last))
		return k < 0 || k > end ? 0 : wide->down[k];
	upto = y == wide->row_last || k > end ? 1 : k < 0 ? 0 : wide->down_total[k];
	before = y == 0 || k < 1 ? 0 : k > end ? 1 : wide->down_total[k - 1];
	return upto - before;
}

/* Takes four more rows in. */
static void add_rows(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const size_t samples = gauss->form.samples;
	const int64_t y = wide->row_next;
	const float *rows[4];
	int64_t to;

	for (int64_t r = 0; r < 4; r++) {
		int64_t row = ivp_border_index(y + r, gauss->height, gauss->border);

		rows[r] = wide->batch + (size_t)r * samples;
		ivp_row_load_float(&gauss->form, in->pixels + (size_t)row * in->stride,
				   wide->batch + (size_t)r * samples);
	}
	/* All grid rows from the first unfinished one on: rows are added only while it needs them. */
	to = floor_div(y + 3 + wide->reach, wide->decimation);
	if (to > wide->last || y + 3 >= wide->row_last)
		to = wide->last;
	for (int64_t g = wide->grid_next; g <= to; g++) {
		float weights[4];

		for (int64_t r = 0; r < 4; r++)
			weights[r] = down_weight(gauss, y + r, g);
		if (g == wide->sum_next) {
			memset(sum_row(gauss, g), 0, samples * sizeof(float));
			wide->sum_next++;
		}
		ivp_fir_add4(rows, weights, sum_row(gauss, g), samples);
	}
	wide->row_next += 4;
}

/* Makes the next grid row, of which every input row has been taken in. */
static void finish_grid_row(struct ivp_gauss *gauss)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const struct ivp_row_form *form = &gauss->form;
	const size_t pad = (size_t)wide->radius * form->step;
	const float *sums = sum_row(gauss, wide->grid_next);
	float *out = grid_row(gauss, wide->grid_next++);

	for (unsigned p = 0; p < form->planes; p++) {
		float *plane = padded_plane(gauss, p);

		memcpy(plane, sums + p * form->plane, form->plane * sizeof(float));
		ivp_row_pad(plane, form->width, form->step * sizeof(float), wide->radius,
			    gauss->border);
		ivp_fir_pairs_float(wide->row_left, wide->row_right, p * (form->plane + 2 * pad),
				    wide->side, wide->radius + 1, out + p * form->plane,
				    form->plane);
	}
}

static void finish_mid_row(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const int64_t index = wide->mid_next++;
	const float *left[8], *right[8]; /* mid_radius <= 3.5 * 1.6 rounded up */
	int64_t need = index + wide->mid_radius;

	if (need > wide->last)
		need = wide->last;
	while (wide->grid_next <= need) {
		int64_t row_need = wide->grid_next * wide->decimation + wide->reach;

		if (row_need < wide->row_first)
			row_need = wide->row_first;
		while (wide->row_next <= wide->row_last && wide->row_next <= row_need)
			add_rows(gauss, in);
		finish_grid_row(gauss);
	}
	for (unsigned k = 0; k <= wide->mid_radius; k++) {
		left[k] = grid_row(gauss, index - k);
		right[k] = grid_row(gauss, index + k);
	}
	ivp_fir_pairs_float(left, right, 0, wide->mid, wide->mid_radius + 1, mid_row(gauss, index),
			    gauss->form.samples);
}

const uint16_t *ivp_gauss_wide_next(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const int64_t y = wide->y++, first = up_first(wide, y);
	const float *rows[6];

	while (wide->mid_next < first + 6)
		finish_mid_row(gauss, in);
	for (int64_t k = 0; k < 6; k++)
		rows[k] = mid_row(gauss, first + k);
	ivp_fir_sum6(rows, wide->up + modulo(y, wide->decimation) * 6, wide->out,
		     gauss->form.samples);
	return wide->out;
}
