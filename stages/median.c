/* SPDX-License-Identifier: MIT */
/*
 * Median: each channel becomes the middle one, by size, of its levels in the square around the
 * pixel. Up to radius 2 by networks of comparisons (median-network.h), above by histograms: of
 * levels for 8 bits (histograms.h), of the order of levels for 16 (tile-median.h). Exact. Alpha:
 * levels are premultiplied (alpha.h).
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "alpha.h"
#include "format.h"
#include "histograms.h"
#include "need.h"
#include "tile-median.h"
#include "window.h"

#ifdef __AVX512VBMI__
#include <immintrin.h>
#endif

#define NETWORK_RADIUS 2

struct median {
	int radius;
	unsigned border;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct median, radius, .min = 1, .max = IVP_HISTOGRAMS_MAX_RADIUS, .def = 1,
	      .unit = "px", .help = "pixels on each side of the middle one"),
    IVP_PARAM(struct median, border, .choices = ivp_border_words, .def = IVP_BORDER_REPLICATE,
	      .help = IVP_BORDER_HELP),
    {0},
};

#define SAMPLE     uint8_t
#define NAME(word) word##_8
#include "median-network.h"

#define SAMPLE     uint16_t
#define NAME(word) word##_16
#include "median-network.h"

struct median_scratch {
	struct ivp_window *window; /* one of these three */
	struct ivp_histograms *histograms;
	struct ivp_tile_median *tiles;
	uint8_t *rows[2]; /* results that are still premultiplied, or not wanted */
};

static bool by_tiles(const struct median *median, const struct ivp_shape *in)
{
	return ivp_is_wide(in->format) && median->radius > NETWORK_RADIUS;
}

/* Squares of 3x3 are looked at for two rows at once. */
static uint32_t rows_around(const struct median *median)
{
	return median->radius == 1 ? 2 : (uint32_t)median->radius;
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct median *median = self;

	(void)out;
	if (by_tiles(median, in))
		return ivp_tile_median_need(in, (unsigned)median->radius, end);
	return ivp_need_around(in, end, rows_around(median));
}

static void lay_out(const struct median *median, const struct ivp_shape *in,
		    struct ivp_carve *carve)
{
	struct median_scratch *made = ivp_carve(carve, sizeof(*made)), all = {0};
	const uint32_t radius = (uint32_t)median->radius;

	if (radius <= NETWORK_RADIUS)
		all.window =
		    ivp_window_make(carve, &(struct ivp_window){.shape = *in,
								.border = median->border,
								.reach_x = radius,
								.reach_y = rows_around(median)});
	else if (by_tiles(median, in))
		all.tiles = ivp_tile_median_make(carve, in, radius, median->border);
	else
		all.histograms = ivp_histograms_make(carve, in, radius, median->border);
	for (size_t i = 0; i < 2; i++)
		all.rows[i] =
		    ivp_carve(carve, (size_t)in->width * ivp_format_pixel_bytes(in->format));
	if (made)
		*made = all;
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)out;
	lay_out(self, in, &carve);
	return carve.used;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	(void)out;
	lay_out(self, in, &(struct ivp_carve){.base = scratch});
}

/* Into the row itself, or into one that is still premultiplied. */
static uint8_t *result_of(const struct ivp_output *out, uint32_t y, uint8_t *premultiplied)
{
	return ivp_has_alpha(out->shape.format) ? premultiplied : out->pixels + y * out->stride;
}

static void put_row(const struct ivp_output *out, uint32_t y, const uint8_t *premultiplied)
{
	if (ivp_has_alpha(out->shape.format))
		ivp_unpremultiply(out->shape.format, premultiplied, out->pixels + y * out->stride,
				  out->shape.width);
}

static void by_network_3(const struct ivp_input *in, const struct ivp_output *out,
			 struct ivp_rows rows, const struct median_scratch *all)
{
	const uint32_t format = in->shape.format;
	const size_t step = ivp_format_channels(format), samples = in->shape.width * step;

	for (uint32_t y = rows.first; y < rows.end; y += 2) {
		const void *const *around = ivp_window_rows(all->window, in, y) + 1;
		const bool both = y + 1 < rows.end;

		(ivp_is_wide(format) ? median_rows_3_16 : median_rows_3_8)(
		    around, result_of(out, y, all->rows[0]),
		    both ? result_of(out, y + 1, all->rows[1]) : all->rows[1], samples, step);
		put_row(out, y, all->rows[0]);
		if (both)
			put_row(out, y + 1, all->rows[1]);
	}
}

static void by_network_5(const struct ivp_input *in, const struct ivp_output *out,
			 struct ivp_rows rows, const struct median_scratch *all)
{
	const uint32_t format = in->shape.format;
	const size_t step = ivp_format_channels(format), samples = in->shape.width * step;

	for (uint32_t y = rows.first; y < rows.end; y++) {
		const void *const *around = ivp_window_rows(all->window, in, y);

		(ivp_is_wide(format) ? median_row_5_16 : median_row_5_8)(
		    around, result_of(out, y, all->rows[0]), samples, step);
		put_row(out, y, all->rows[0]);
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct median *median = self;
	const struct median_scratch *all = scratch;

	if (all->window) {
		if (!rows.go_on)
			ivp_window_start(all->window, rows.first);
		(median->radius == 1 ? by_network_3 : by_network_5)(in, out, rows, all);
		return;
	}
	if (all->tiles) {
		if (!rows.go_on)
			ivp_tile_median_start(all->tiles, rows.first);
		for (uint32_t y = rows.first; y < rows.end; y++)
			ivp_unpremultiply(in->shape.format, ivp_tile_median_row(all->tiles, in, y),
					  out->pixels + y * out->stride, in->shape.width);
		return;
	}
	if (!rows.go_on)
		ivp_histograms_start(all->histograms, in, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y += IVP_HISTOGRAMS_BAND)
		ivp_histograms_band(all->histograms, in, y, rows.end, out);
}

const struct ivp_filter ivp_filter_median = {
    .name = "median",
    .summary = "removes specks: the middle level of a square",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct median),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
