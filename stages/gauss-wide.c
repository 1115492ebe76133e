/* SPDX-License-Identifier: MIT */
/*
 * For a large sigma the blurred image is so smooth that few of its rows hold all there is to
 * know. Gaussians compose: one of variance a, then one of b, then one of c is one of a + b + c.
 * So, with a grid row every D rows:
 *
 *     down   every D-th row of the image blurred by S D          5 input rows' work per row
 *     side   such a row blurred by sigma along itself            (7 sigma / D) per row of the image
 *     mid    grid rows blurred by what is left of the variance
 *     up     rows between grid rows, by weights of S D           5 grid rows' work per row
 *
 * As D = sigma / 1.4 rounded down, the cost does not depend on sigma. Aliases of the grid are
 * damped by exp(-2 pi^2 S^2), 4e-5 for S = 0.72, on the way down and again on the way up; the
 * weights of each sum are scaled to 1, so a constant stays what it is. The nearest comparison:
 * decimated recursive and pyramid Gaussians (Burt and Adelson 1983), here with kernels that are
 * Gaussian.
 *
 * All in float (floats.h), one order of additions. Error against the exact sums: below 0.2 levels
 * of 255 before rounding on noise of full contrast, mostly from the cut at 3.5 sigma; far less on
 * photographs. For 16 bits the grid is closer and the kernels are cut later: together the weights
 * are at most 1e-4 of their sum off. Memory: about 60 rows, whatever sigma.
 */
#include <math.h>
#include <string.h>

#include <ivpipe/filter.h>

#include "fir.h"
#include "floats.h"
#include "format.h"
#include "gauss.h"

struct quality {
	double spacing; /* sigma, in grid rows */
	double spread;  /* of down and up, in grid rows */
	double reach;   /* where they are cut, in grid rows */
	double cut;     /* where side and mid are, in deviations */
	int64_t ups;    /* grid rows within reach of a row */
};

static const struct quality coarse = {1.4, 0.72, 2.5, 3.5, 6};
static const struct quality fine = {1.8, 0.8, 3.5, 4, IVP_GAUSS_UPS};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return -floor_div(-a, b);
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
		double weight[IVP_GAUSS_UPS], total = 0;

		for (int64_t k = 0; k < wide->ups; k++) {
			int64_t away = (first + k) * wide->decimation - phase;

			weight[k] = away > wide->reach ? 0 : ivp_gauss_weight((double)away, spread);
			total += weight[k];
		}
		for (int64_t k = 0; k < wide->ups; k++)
			wide->up[phase * wide->ups + k] = (float)(weight[k] / total);
	}
}

/*
 * REPLICATE: rows outside are the border row, so its weight takes theirs in, and a grid row whose
 * rows all lie outside equals every further one: no more are computed (grid_row).
 * REFLECT: the rows outside are gone through like others, as far as the last row needs them.
 * CONSTANT: rows outside are black; grid rows that reach no others are too, and not computed.
 */
static void set_range(struct ivp_gauss *gauss)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	int64_t bottom = (int64_t)gauss->shape.height - 1;

	wide->row_first = 0;
	wide->row_last = bottom;
	if (gauss->border == IVP_BORDER_REPLICATE) {
		wide->first = -ceil_div(wide->reach, wide->decimation);
		wide->last = ceil_div(bottom + wide->reach, wide->decimation);
	} else if (gauss->border == IVP_BORDER_CONSTANT) {
		wide->first = -floor_div(wide->reach, wide->decimation);
		wide->last = floor_div(bottom + wide->reach, wide->decimation);
	} else {
		wide->first = up_first(wide, 0) - wide->mid_radius;
		wide->last = up_first(wide, bottom) + wide->ups - 1 + wide->mid_radius;
		wide->row_first = wide->first * wide->decimation - wide->reach;
		wide->row_last = wide->last * wide->decimation + wide->reach;
	}
}

/* Returns the samples in front of a finished row that the border takes. */
static size_t lay_out(struct ivp_gauss *gauss, struct ivp_carve *carve)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const size_t step = ivp_format_channels(gauss->shape.format);
	const size_t front = ivp_floats_room(wide->radius * step);
	size_t row_bytes;

	wide->samples = gauss->shape.width * step;
	wide->room = ivp_floats_room(wide->samples);
	row_bytes = wide->room * sizeof(float);
	wide->down = ivp_carve(carve, (size_t)(2 * wide->reach + 1) * sizeof(float));
	wide->down_total = ivp_carve(carve, (size_t)(2 * wide->reach + 1) * sizeof(float));
	wide->mid = ivp_carve(carve, ((size_t)wide->mid_radius + 1) * sizeof(float));
	wide->side = ivp_carve(carve, ((size_t)wide->radius + 1) * sizeof(float));
	wide->up = ivp_carve(carve, (size_t)(wide->decimation * wide->ups) * sizeof(float));
	wide->row_left = ivp_carve(carve, ((size_t)wide->radius + 1) * sizeof(float *));
	wide->row_right = ivp_carve(carve, ((size_t)wide->radius + 1) * sizeof(float *));
	wide->batch = ivp_carve(carve, 4 * row_bytes);
	wide->sums = ivp_carve(carve, IVP_GAUSS_SUMS * row_bytes);
	wide->row = ivp_carve(carve, row_bytes + 2 * front * sizeof(float));
	wide->grid = ivp_carve(carve, (2 * (size_t)wide->mid_radius + 1) * row_bytes);
	wide->mids = ivp_carve(carve, (size_t)wide->ups * row_bytes);
	wide->nothing = ivp_carve(carve, row_bytes);
	wide->out = ivp_carve(carve, row_bytes);
	return front;
}

void ivp_gauss_wide_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const bool words = ivp_is_wide(gauss->shape.format);
	const struct quality *quality = words ? &fine : &coarse;
	const size_t step = ivp_format_channels(gauss->shape.format);
	double spread, left;
	size_t front;

	wide->decimation = (int64_t)floor(sigma / quality->spacing);
	wide->reach = (int64_t)floor(quality->reach * (double)wide->decimation);
	wide->ups = quality->ups;
	spread = quality->spread * (double)wide->decimation;
	left = sqrt(sigma * sigma - 2 * spread * spread) / (double)wide->decimation;
	wide->mid_radius = (unsigned)ceil(quality->cut * left);
	wide->radius = (unsigned)ceil(quality->cut * sigma);
	front = lay_out(gauss, carve);
	if (!carve->base)
		return;
	wide->row += front;
	set_range(gauss);
	fill_down(wide, spread);
	ivp_gauss_fill_pairs(wide->mid, wide->mid_radius, left);
	ivp_gauss_fill_pairs(wide->side, wide->radius, sigma);
	fill_up(wide, spread);
	memset(wide->nothing, 0, wide->room * sizeof(float));
	for (unsigned k = 0; k <= wide->radius; k++) {
		wide->row_left[k] = wide->row - k * step;
		wide->row_right[k] = wide->row + k * step;
	}
}

/* Rows are taken in fours that begin where they would for the whole image: sums are then of the
 * same terms in the same order, wherever the rows begin. */
void ivp_gauss_wide_start(struct ivp_gauss *gauss, uint32_t y)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	int64_t grid, row;

	wide->mid_next = up_first(wide, y);
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

	return wide->sums + modulo(index, IVP_GAUSS_SUMS) * wide->room;
}

static float *grid_row(const struct ivp_gauss *gauss, int64_t index)
{
	const struct ivp_gauss_wide *wide = &gauss->by.with_grid;

	if (gauss->border == IVP_BORDER_CONSTANT && (index < wide->first || index > wide->last))
		return wide->nothing;
	index = index < wide->first ? wide->first : index > wide->last ? wide->last : index;
	return wide->grid + modulo(index, 2 * wide->mid_radius + 1) * wide->room;
}

static float *mid_row(const struct ivp_gauss *gauss, int64_t index)
{
	const struct ivp_gauss_wide *wide = &gauss->by.with_grid;

	return wide->mids + modulo(index, wide->ups) * wide->room;
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

/* Takes four more rows in. Those below the last weigh nothing: any row will do. */
static void add_rows(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const unsigned border =
	    gauss->border == IVP_BORDER_CONSTANT ? IVP_BORDER_REPLICATE : gauss->border;
	const int64_t y = wide->row_next;
	const float *rows[4];
	int64_t to;

	for (int64_t r = 0; r < 4; r++) {
		int64_t row = ivp_border_index(y + r, gauss->shape.height, border);

		rows[r] = wide->batch + (size_t)r * wide->room;
		ivp_floats_load(&gauss->shape, in->pixels + (size_t)row * in->stride,
				wide->batch + (size_t)r * wide->room, 0);
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
			memset(sum_row(gauss, g), 0, wide->samples * sizeof(float));
			wide->sum_next++;
		}
		ivp_fir_add4(rows, weights, sum_row(gauss, g), wide->samples);
	}
	wide->row_next += 4;
}

/* Makes the next grid row, of which every input row has been taken in. */
static void finish_grid_row(struct ivp_gauss *gauss)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const size_t pixel_bytes = ivp_format_channels(gauss->shape.format) * sizeof(float);
	const float *sums = sum_row(gauss, wide->grid_next);
	float *out = grid_row(gauss, wide->grid_next++);

	memcpy(wide->row, sums, wide->samples * sizeof(float));
	ivp_row_pad(wide->row, gauss->shape.width, pixel_bytes, wide->radius, gauss->border);
	ivp_fir_pairs_float(wide->row_left, wide->row_right, 0, wide->side, wide->radius + 1, out,
			    wide->samples);
}

static void finish_mid_row(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const int64_t index = wide->mid_next++;
	const float *left[12], *right[12]; /* mid_radius <= 4 * 2.2 rounded up */
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
			    wide->samples);
}

float *ivp_gauss_wide_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y)
{
	struct ivp_gauss_wide *wide = &gauss->by.with_grid;
	const int64_t first = up_first(wide, y);
	const float *rows[IVP_GAUSS_UPS];

	while (wide->mid_next < first + wide->ups)
		finish_mid_row(gauss, in);
	for (int64_t k = 0; k < wide->ups; k++)
		rows[k] = mid_row(gauss, first + k);
	ivp_fir_sum(rows, wide->up + modulo(y, wide->decimation) * (size_t)wide->ups,
		    (unsigned)wide->ups, wide->out, wide->samples);
	return wide->out;
}
