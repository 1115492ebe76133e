/* SPDX-License-Identifier: MIT */
/*
 * A peer that changes samples while they are in a window makes totals that are no totals: the
 * result is then some number of levels, 0 to 256, and nothing is read or written elsewhere.
 */
#include "histograms.h"

#include <string.h>

#include "alpha.h"
#include "totals.h"

#define LEVELS IVP_TOTALS
#define CHUNK  64 /* columns that move before they are used: 16 KiB */

static const uint8_t empty[LEVELS];

struct ivp_histograms *ivp_histograms_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					   unsigned radius, unsigned border)
{
	struct ivp_histograms measured, *made = ivp_carve(carve, sizeof(*made));
	struct ivp_histograms *of = made ? made : &measured;
	size_t row;

	of->shape = *shape;
	of->border = border;
	of->radius = radius;
	of->step = ivp_format_channels(shape->format);
	row = shape->width * of->step;
	of->columns = ivp_carve(carve, row * LEVELS);
	of->outside = ivp_carve(carve, LEVELS);
	of->come = ivp_carve(carve, shape->width);
	of->go = ivp_carve(carve, shape->width);
	of->premultiplied = ivp_carve(carve, row);
	of->black = ivp_carve(carve, row);
	of->result = ivp_carve(carve, row * IVP_HISTOGRAMS_BAND);
	if (!made)
		return NULL;
	memset(of->outside, (int)(2 * radius + 1), LEVELS);
	memset(of->black, 0, row);
	return made;
}

/* Channel c of row y, which may lie outside. */
static void take_row(struct ivp_histograms *of, const struct ivp_input *in, int64_t y, size_t c,
		     uint8_t *restrict to)
{
	const int64_t row = ivp_border_index(y, of->shape.height, of->border);
	const uint8_t *from = row < 0 ? of->black : in->pixels + (size_t)row * in->stride;
	const size_t width = of->shape.width, step = of->step;

	if (ivp_has_alpha(of->shape.format)) {
		ivp_premultiply(of->shape.format, from, of->premultiplied, width);
		from = of->premultiplied;
	}
	for (size_t x = 0; x < width; x++)
		to[x] = from[x * step + c];
}

static uint8_t *column_at(const struct ivp_histograms *of, size_t c, int64_t x)
{
	const int64_t width = of->shape.width;

	if (x < 0 || x >= width)
		x = ivp_border_index(x, width, of->border);
	return x < 0 ? of->outside : of->columns + (c * (size_t)width + (size_t)x) * LEVELS;
}

/* Moves the columns from..to-1 by what take_row has put into come and go. */
static void move_columns(struct ivp_histograms *of, size_t c, size_t from, size_t to)
{
	for (size_t x = from; x < to; x++)
		ivp_column_move(column_at(of, c, (int64_t)x), of->come[x], of->go[x]);
}

/* The window of row y - 1. */
void ivp_histograms_start(struct ivp_histograms *of, const struct ivp_input *in, uint32_t y)
{
	const size_t width = of->shape.width;

	for (size_t x = 0; x < width * of->step; x++)
		ivp_column_start(of->columns + x * LEVELS, (size_t)(2 * of->radius + 1));
	memset(of->go, 255, width);
	for (size_t c = 0; c < of->step; c++)
		for (int64_t k = -of->radius; k <= of->radius; k++) {
			take_row(of, in, (int64_t)y - 1 + k, c, of->come);
			move_columns(of, c, 0, width);
		}
}

/* A channel of a row, to samples step apart. */
static void median_row(struct ivp_histograms *of, size_t c, uint8_t *to)
{
	const int64_t radius = of->radius, width = of->shape.width, side = 2 * radius + 1;
	const int16_t half = (int16_t)(side * side / 2);
	int64_t ready = radius < width ? radius : width;
	struct ivp_square square = {0};

	/* Columns are moved at the last moment, while they are about to be used. */
	move_columns(of, c, 0, (size_t)ready);
	/* Without the column that goes at x = 0: what stands for it may not have moved yet. */
	for (int64_t x = -radius; x < radius; x++)
		ivp_square_move(&square, column_at(of, c, x), empty);
	for (int64_t x = 0; x < width; x++) {
		if (x + radius >= ready && ready < width) {
			int64_t next = ready + CHUNK < width ? ready + CHUNK : width;

			move_columns(of, c, (size_t)ready, (size_t)next);
			ready = next;
		}
		ivp_square_move(&square, column_at(of, c, x + radius),
				x > 0 ? column_at(of, c, x - radius - 1) : empty);
		to[(size_t)x * of->step + c] = (uint8_t)ivp_square_level(&square, half);
	}
}

void ivp_histograms_band(struct ivp_histograms *of, const struct ivp_input *in, uint32_t y,
			 uint32_t end, const struct ivp_output *out)
{
	const uint32_t rows = end - y < IVP_HISTOGRAMS_BAND ? end - y : IVP_HISTOGRAMS_BAND;
	const size_t row = of->shape.width * of->step;

	/* The columns of a channel stay in the second-level cache for all rows of the band. */
	for (size_t c = 0; c < of->step; c++)
		for (uint32_t r = 0; r < rows; r++) {
			take_row(of, in, (int64_t)y + r + of->radius, c, of->come);
			take_row(of, in, (int64_t)y + r - of->radius - 1, c, of->go);
			median_row(of, c, of->result + r * row);
		}
	for (uint32_t r = 0; r < rows; r++)
		ivp_unpremultiply(of->shape.format, of->result + r * row,
				  out->pixels + (y + r) * out->stride, of->shape.width);
}
