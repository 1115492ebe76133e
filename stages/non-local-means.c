/* SPDX-License-Identifier: MIT */
/*
 * Non-local means (Buades, Coll and Morel 2005): every pixel becomes the mean of those of a square
 * around it, weighted by exp(-d / strength^2), where d is the mean squared difference of the
 * levels in the patches around the two. Outside the image no pixels count, but patches go on with
 * its border pixels.
 *
 * Patches are not compared one by one: for one offset all their sums are sums over a sliding
 * square of squared differences. An offset and its opposite have the same weights, which are added
 * to both pixels. Weights are whole numbers of 14 bits: sums are the same in any order.
 *
 * Alpha: pixels are premultiplied, alpha is one more channel, colour = C / A.
 *
 * 16 bits: distances are taken of the upper 11, eighths of what 8 bits have, so that they fit the
 * same words; sums have an upper and a lower half, each of whole numbers too.
 */
#include <ivpipe/filter.h>

#include "alpha.h"
#include "fast-exp.h"
#include "format.h"
#include "need.h"
#include "window.h"

#define MOST_PATCH  5
#define MOST_SEARCH 15
#define ONE         16383 /* weight of the pixel itself: 31^2 * 16383 * 255 < 2^32 */
#define BAND        16    /* rows at a time */
#define TILE        256   /* pixels of a row at a time: what is summed up stays in the cache */
#define ROOM        (TILE + 2 * MOST_PATCH)
#define PLACES      5 /* of 16 bits, not looked at for distances: 121 * 4 * 2047^2 < 2^31 */

struct non_local_means {
	double strength;
	int patch, search;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct non_local_means, strength, .min = 0.5, .max = 200, .def = 10,
	      .help = "difference of patches, in levels of 0..255, at which weights are 1 / e"),
    IVP_PARAM(struct non_local_means, patch, .min = 1, .max = MOST_PATCH, .def = 3, .unit = "px",
	      .help = "pixels on each side of the middle of a patch"),
    IVP_PARAM(struct non_local_means, search, .min = 1, .max = MOST_SEARCH, .def = 10, .unit = "px",
	      .help = "how far on each side like patches are looked for"),
    {0},
};

struct nlm_scratch {
	struct ivp_window *window;
	size_t width, height, channels, patch, search;
	bool wide;      /* samples of 16 bits */
	size_t planes;  /* of sums */
	float exponent; /* -log2 of the weight for a sum of squared differences of 1 */
	uint32_t first; /* sums of rows before are not wanted */
	/* Ring of BAND + search rows: a plane of weights, one for each channel; 16 bits: two, of the
	 * upper halves of products and of the lower ones. */
	uint32_t *sums;
};

/* A row of sums. */
static uint32_t *sums_at(const struct nlm_scratch *all, size_t y, size_t plane)
{
	return all->sums + (y % (BAND + all->search) * all->planes + plane) * all->width;
}

static void load_planes(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	const size_t channels = ivp_format_channels(shape->format);
	const bool wide = ivp_is_wide(shape->format);
	const uint8_t *restrict from_8 = pixels;
	const ivp_level16 *restrict from_16 = pixels;

	for (size_t c = 0; c < channels; c++) {
		uint8_t *restrict to_8 = (uint8_t *)to + c * plane;
		uint16_t *restrict to_16 = (uint16_t *)to_8;
		const bool colour = channels == 4 && c < 3;

		for (size_t x = 0; x < shape->width; x++) {
			const size_t i = x * channels;
			uint32_t level = wide ? from_16[i + c] : from_8[i + c];

			if (colour && wide)
				level = (level * from_16[i + 3] + 32767) / 65535;
			else if (colour)
				level = (level * from_8[i + 3] + 127) / 255;
			if (wide)
				to_16[x] = (uint16_t)level;
			else
				to_8[x] = (uint8_t)level;
		}
	}
}

/* Rows that the window has on each side of the first of a band. */
static uint32_t reach_of(const struct non_local_means *means)
{
	return (uint32_t)(BAND + means->search + means->patch);
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	(void)out;
	return ivp_need_around(in, end, reach_of(self));
}

static void lay_out(const struct non_local_means *means, const struct ivp_shape *in,
		    struct ivp_carve *carve)
{
	struct nlm_scratch measured, *made = ivp_carve(carve, sizeof(*made));
	struct nlm_scratch *all = made ? made : &measured;
	const int side = 2 * means->patch + 1;
	double strength = means->strength;

	all->width = in->width;
	all->height = in->height;
	all->channels = ivp_format_channels(in->format);
	all->patch = (size_t)means->patch;
	all->search = (size_t)means->search;
	all->wide = ivp_is_wide(in->format);
	all->planes = 1 + (all->wide ? 2 : 1) * all->channels;
	if (all->wide)
		strength *= 257.0 / (1 << PLACES);
	all->exponent =
	    (float)(IVP_LOG2_E / (strength * strength * side * side * (double)all->channels));
	all->window = ivp_window_make(carve, &(struct ivp_window){.shape = *in,
								  .border = IVP_BORDER_REPLICATE,
								  .reach_x = (uint32_t)means->patch,
								  .reach_y = reach_of(means),
								  .pixel_bytes = all->wide ? 2 : 1,
								  .planes = (unsigned)all->channels,
								  .load = load_planes});
	all->sums =
	    ivp_carve(carve, (BAND + all->search) * all->planes * all->width * sizeof(uint32_t));
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

/* Adds (sign 1) or takes off (-1) squared differences; channels and wide are constants where
 * inlined. */
IVP_INLINE void add_squares(const unsigned channels, const bool wide, const uint8_t *row,
			    const uint8_t *other, size_t plane, int32_t sign,
			    int32_t *restrict columns, size_t n)
{
	const uint16_t *wide_row = (const uint16_t *)row, *wide_other = (const uint16_t *)other;

	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++) {
		int32_t sum = 0;

		for (unsigned c = 0; c < channels; c++) {
			const size_t k = c * (wide ? plane / 2 : plane) + i;
			int16_t d =
			    (int16_t)(wide ? (wide_row[k] >> PLACES) - (wide_other[k] >> PLACES)
					   : row[k] - other[k]);

			sum += d * d;
		}
		columns[i] += sign * sum;
	}
}

/* The sample x of a row of the window. */
static const uint8_t *sample_at(const struct nlm_scratch *all, const void *row, int64_t x)
{
	return (const uint8_t *)row + x * (all->wide ? 2 : 1);
}

/* Of pixels from x on of the given row, and of those dx, dy further on. */
static void slide(const struct nlm_scratch *all, const void *const *rows, int64_t row, int64_t x,
		  int dx, int dy, int32_t sign, int32_t *columns, size_t n)
{
	const size_t plane = all->window->plane;
	const uint8_t *from = sample_at(all, rows[row], x);
	const uint8_t *other = sample_at(all, rows[row + dy], x + dx);

	if (all->wide && all->channels == 1)
		add_squares(1, true, from, other, plane, sign, columns, n);
	else if (all->wide && all->channels == 3)
		add_squares(3, true, from, other, plane, sign, columns, n);
	else if (all->wide)
		add_squares(4, true, from, other, plane, sign, columns, n);
	else if (all->channels == 1)
		add_squares(1, false, from, other, plane, sign, columns, n);
	else if (all->channels == 3)
		add_squares(3, false, from, other, plane, sign, columns, n);
	else
		add_squares(4, false, from, other, plane, sign, columns, n);
}

/* Weights of sums over 2 patch + 1 columns; patch is a constant where inlined. */
IVP_INLINE void weigh(unsigned patch, const int32_t *restrict columns, float exponent,
		      uint32_t *restrict weights, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int32_t sum = 0;

		for (unsigned k = 0; k < 2 * patch + 1; k++)
			sum += columns[i + k];
		weights[i] =
		    (uint32_t)(int32_t)(ivp_exp2_minus((float)sum * exponent) * ONE + 0.5f);
	}
}

static void weigh_all(const struct nlm_scratch *all, const int32_t *columns, uint32_t *weights,
		      size_t n)
{
	switch (all->patch) {
	case 1:
		weigh(1, columns, all->exponent, weights, n);
		break;
	case 2:
		weigh(2, columns, all->exponent, weights, n);
		break;
	case 3:
		weigh(3, columns, all->exponent, weights, n);
		break;
	case 4:
		weigh(4, columns, all->exponent, weights, n);
		break;
	default:
		weigh(5, columns, all->exponent, weights, n);
	}
}

static void add_weighted(const uint32_t *restrict weights, const uint8_t *restrict levels,
			 uint32_t *restrict sums, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] += weights[i] * levels[i];
}

/* At most 961 halves of products: below 2^26. */
static void add_weighted_16(const uint32_t *restrict weights, const uint16_t *restrict levels,
			    uint32_t *restrict upper, uint32_t *restrict lower, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t product = weights[i] * levels[i];

		upper[i] += product >> 16;
		lower[i] += product & 65535;
	}
}

/* Adds n pixels of levels, by their weights, to the sums of row y from x on. */
static void add_pixels(const struct nlm_scratch *all, const uint32_t *weights,
		       const uint8_t *levels, int64_t x, int64_t y, size_t n)
{
	uint32_t *restrict total = sums_at(all, (size_t)y, 0) + x;

	if (y < all->first)
		return;
	for (size_t i = 0; i < n; i++)
		total[i] += weights[i];
	for (size_t c = 0; c < all->channels; c++, levels += all->window->plane)
		if (all->wide)
			add_weighted_16(weights, (const uint16_t *)levels,
					sums_at(all, (size_t)y, 1 + 2 * c) + x,
					sums_at(all, (size_t)y, 2 + 2 * c) + x, n);
		else
			add_weighted(weights, levels, sums_at(all, (size_t)y, 1 + c) + x, n);
}

/* One offset, for pixels from..to-1 of rows y..end-1; rows[0] is row middle. */
static void add_offset(const struct nlm_scratch *all, const void *const *rows, int64_t middle,
		       int64_t y, int64_t end, int64_t from, int64_t to, int dx, int dy)
{
	const int64_t patch = (int64_t)all->patch, width = (int64_t)all->width;
	int32_t columns[ROOM] = {0};
	uint32_t weights[TILE];
	size_t n, wide;

	from = from < -dx ? -dx : from;
	to = to > width - dx ? width - dx : to;
	end = end > (int64_t)all->height - dy ? (int64_t)all->height - dy : end;
	if (from >= to || y >= end)
		return;
	n = (size_t)(to - from);
	wide = n + 2 * all->patch;
	for (int64_t v = y - patch; v < y + patch; v++)
		slide(all, rows, v - middle, from - patch, dx, dy, 1, columns, wide);
	for (; y < end; y++) {
		const uint8_t *here = sample_at(all, rows[y - middle], from);
		const uint8_t *there = sample_at(all, rows[y - middle + dy], from + dx);

		slide(all, rows, y + patch - middle, from - patch, dx, dy, 1, columns, wide);
		weigh_all(all, columns, weights, n);
		add_pixels(all, weights, there, from, y, n);
		add_pixels(all, weights, here, from + dx, y + dy, n);
		slide(all, rows, y - patch - middle, from - patch, dx, dy, -1, columns, wide);
	}
}

/* Adds what rows y..end-1 give to each other and to rows below. */
static void add_rows(const struct nlm_scratch *all, const void *const *rows, int64_t middle,
		     int64_t y, int64_t end)
{
	const int search = (int)all->search;

	for (int64_t x = 0; x < (int64_t)all->width; x += TILE)
		for (int dy = 0; dy <= search; dy++)
			for (int dx = dy ? -search : 1; dx <= search; dx++)
				add_offset(all, rows, middle, y, end, x,
					   x + TILE < (int64_t)all->width ? x + TILE
									  : (int64_t)all->width,
					   dx, dy);
}

/* The sum of a channel, with the pixel itself in it; 8 bits: halved, to the signed 32 bits that
 * every processor turns into floats. wide is a constant where inlined. */
IVP_INLINE float sum_of(const struct nlm_scratch *all, const uint8_t *row, uint32_t y, size_t c,
			size_t x, const bool wide)
{
	const uint8_t *levels = row + c * all->window->plane;
	uint32_t product;

	if (!wide)
		return (float)(int32_t)((sums_at(all, y, 1 + c)[x] + ONE * levels[x]) >> 1);
	product = ONE * ((const uint16_t *)levels)[x];
	return (float)(int32_t)(sums_at(all, y, 1 + 2 * c)[x] + (product >> 16)) * 65536 +
	       (float)(int32_t)(sums_at(all, y, 2 + 2 * c)[x] + (product & 65535));
}

/* Divides the sums of row y. */
IVP_INLINE void finish_row(const struct nlm_scratch *all, const uint8_t *row, uint32_t y,
			   uint8_t *to, const bool wide)
{
	const size_t width = all->width, channels = all->channels;
	const uint32_t *weights = sums_at(all, y, 0);
	ivp_level16 *to_16 = (ivp_level16 *)to;
	const float most = wide ? 65535 : 255;

	for (size_t c = 0; c < channels; c++) {
		const bool colour = channels == 4 && c < 3;

		for (size_t x = 0; x < width; x++) {
			const float sum = sum_of(all, row, y, c, x, wide);
			const float by = (float)(int32_t)((weights[x] + ONE) >> (wide ? 0 : 1));
			float level;

			if (colour) {
				const float alpha = sum_of(all, row, y, 3, x, wide);

				level = alpha >= 0.5f * by ? sum / alpha * most : 0;
			} else {
				level = sum / by;
			}
			level = level < most ? level + 0.5f : most;
			if (wide)
				to_16[x * channels + c] = (ivp_level16)level;
			else
				to[x * channels + c] = (uint8_t)level;
		}
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	struct nlm_scratch *all = scratch;
	const size_t row_bytes = all->planes * all->width * sizeof(uint32_t);
	const uint32_t reach = reach_of(self);

	if (!rows.go_on) {
		const int64_t first = (int64_t)rows.first - (int64_t)all->search;

		memset(all->sums, 0, (BAND + all->search) * row_bytes);
		ivp_window_start(all->window, rows.first);
		all->first = rows.first;
		/* Rows above give to rows below; their own sums are not wanted. */
		add_rows(all, ivp_window_rows(all->window, in, rows.first) + reach, rows.first,
			 first < 0 ? 0 : first, rows.first);
	}
	for (uint32_t y = rows.first; y < rows.end; y += BAND) {
		const uint32_t end = rows.end - y < BAND ? rows.end : y + BAND;
		const void *const *around = ivp_window_rows(all->window, in, y) + reach;

		add_rows(all, around, y, y, end);
		for (uint32_t r = y; r < end; r++) {
			uint8_t *to = out->pixels + r * out->stride;

			if (all->wide)
				finish_row(all, around[r - y], r, to, true);
			else
				finish_row(all, around[r - y], r, to, false);
			memset(sums_at(all, r, 0), 0, row_bytes);
		}
	}
}

const struct ivp_filter ivp_filter_non_local_means = {
    .name = "non-local-means",
    .summary = "removes noise, by the mean of pixels whose surroundings look alike",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct non_local_means),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
