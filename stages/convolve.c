/* SPDX-License-Identifier: MIT */
/*
 * Convolution: every level becomes the sum of those around it by the weights of a kernel, which is
 * laid over the image as it is written; divided by divisor, moved by offset, rounded to nearest,
 * clamped. Sums of whole weights are exact; with others, and for RGBA16, they are made in float,
 * one order of additions, with an error of some 2^-24 of the range for each weight.
 *
 * Alpha: colours are weighted by alpha; alpha is convolved too, colour = C / A. Where the weights
 * sum up to 0, as those that find edges do, alpha stays, and colours are as seen on black.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <ivpipe/filter.h>

#include "alpha.h"
#include "floats.h"
#include "format.h"
#include "kernel.h"
#include "need.h"
#include "taps.h"
#include "window.h"

#define CHUNK     1024 /* samples */
#define MOST_TAPS (IVP_KERNEL_MOST_SIDE * IVP_KERNEL_MOST_SIDE)

struct convolve {
	struct ivp_param_list kernel;
	int width;
	double divisor, offset;
	unsigned border;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct convolve, kernel, .min = -1e6, .max = 1e6, .def = 1,
	      .help = "the weights, row by row, in quotes"),
    IVP_PARAM(struct convolve, width, .min = 0, .max = IVP_KERNEL_MOST_SIDE, .def = 0,
	      .help = "weights in a row, an odd number; 0 if the kernel is square"),
    IVP_PARAM(struct convolve, divisor, .min = -1e9, .max = 1e9, .def = 0,
	      .help = "what sums are divided by; 0 for the sum of the weights, or 1 if that is 0"),
    IVP_PARAM(struct convolve, offset, .min = -65535, .max = 65535, .def = 0,
	      .help = "level that is added to the result"),
    IVP_PARAM(struct convolve, border, .choices = ivp_border_words, .def = IVP_BORDER_REPLICATE,
	      .help = IVP_BORDER_HELP),
    {0},
};

struct convolve_scratch {
	struct ivp_kernel kernel;
	enum ivp_taps taps, row_taps;             /* row_taps: along the row, when separable */
	enum ivp_taps plain_taps, plain_row_taps; /* the same where all is opaque */
	float factor, plain_factor;               /* from a sum to levels */
	int shift;                                /* division of 16-bit sums by 2^shift, or -1 */
	bool zero_sum;
	bool plain; /* what is opaque stays so, and needs no thought of alpha */
	struct ivp_window *window;
	uint8_t *mixed; /* rows of a chunk as the kernel takes them, premultiplied */
	uint8_t *line;  /* sums of columns of a chunk, with padding */
};

static int width_of(const struct convolve *convolve)
{
	return convolve->width ? convolve->width : (int)sqrt((double)convolve->kernel.count);
}

static int height_of(const struct convolve *convolve)
{
	return convolve->width ? (int)convolve->kernel.count / convolve->width : width_of(convolve);
}

static int check(const void *self, struct ivp_why *why)
{
	const struct convolve *convolve = self;
	const int width = width_of(convolve), height = height_of(convolve);

	if ((unsigned)(width * height) != convolve->kernel.count) {
		ivp_why_set(why,
			    convolve->width ? "a kernel of %u numbers has no rows of %d"
					    : "a kernel of %u numbers is no square; set width",
			    convolve->kernel.count, width);
		return -EINVAL;
	}
	if (width % 2 == 0 || height % 2 == 0 || height > IVP_KERNEL_MOST_SIDE) {
		ivp_why_set(why, "a kernel of %d x %d; its sides must be odd, and at most %d",
			    width, height, IVP_KERNEL_MOST_SIDE);
		return -EINVAL;
	}
	return 0;
}

/* The window has the pixels as they are. */
static void load(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	(void)plane;
	memcpy(to, pixels, (size_t)shape->width * ivp_format_pixel_bytes(shape->format));
}

static size_t sample_bytes(enum ivp_taps taps)
{
	static const uint8_t bytes[] = {
	    [IVP_TAPS_BYTES_SHORT] = 1, [IVP_TAPS_BYTES] = 1, [IVP_TAPS_WORDS] = 2,
	    [IVP_TAPS_FLOATS] = 4,      [IVP_TAPS_SHORT] = 2, [IVP_TAPS_LONG] = 4,
	};

	return bytes[taps];
}

/* Types of samples and sums: those of pixels without alpha first. */
static void choose_taps(struct convolve_scratch *all, uint32_t format)
{
	const bool small = all->kernel.size * 255 <= INT16_MAX;

	if (!all->kernel.whole)
		all->plain_taps = all->plain_row_taps = IVP_TAPS_FLOATS;
	else if (ivp_is_wide(format) || !small)
		all->plain_taps = ivp_is_wide(format) ? IVP_TAPS_WORDS : IVP_TAPS_BYTES;
	else
		all->plain_taps = IVP_TAPS_BYTES_SHORT;
	if (all->kernel.whole)
		all->plain_row_taps =
		    all->plain_taps == IVP_TAPS_BYTES_SHORT ? IVP_TAPS_SHORT : IVP_TAPS_LONG;
	all->taps = all->plain_taps;
	all->row_taps = all->plain_row_taps;
	if (ivp_has_alpha(format) && all->kernel.whole) {
		all->taps = IVP_TAPS_WORDS;
		all->row_taps = IVP_TAPS_LONG;
	}
}

/* Sums by 2^shift, rounded, plus offset stay inside 16 bits, and are the same as in float. */
static int shift_of(const struct convolve_scratch *all, double divisor, double offset)
{
	int shift;
	const bool power = frexp(divisor, &shift) == 0.5;

	if (all->plain_taps != IVP_TAPS_BYTES_SHORT || !power || shift < 1 || shift > 15 ||
	    offset != floor(offset) || fabs(offset) > 127)
		return -1;
	return shift - 1;
}

static void choose(struct convolve_scratch *all, const struct convolve *convolve,
		   const struct ivp_shape *in)
{
	const bool alpha = ivp_has_alpha(in->format), wide = ivp_is_wide(in->format);
	const double most = !wide ? (alpha ? 255.0 * 255 : 255.0) : alpha ? INFINITY : 65535.0;
	double divisor = convolve->divisor, usual;

	ivp_kernel_make(&all->kernel, convolve->kernel.values, width_of(convolve),
			height_of(convolve), most);
	all->zero_sum = fabs(all->kernel.sum) <= 1e-6 * all->kernel.size;
	usual = all->zero_sum ? 1 : all->kernel.sum;
	divisor = divisor == 0 ? usual : divisor;
	all->plain = !alpha || all->zero_sum || divisor == all->kernel.sum;
	choose_taps(all, in->format);
	all->plain_factor = (float)(1 / divisor);
	/* Premultiplied samples are most times levels. */
	all->factor = (float)(1 / (divisor * (alpha ? ivp_most_level(in->format) : 1)));
	all->shift = shift_of(all, divisor, convolve->offset);
}

/* Samples of a chunk and around it. */
static size_t chunk_room(const struct convolve_scratch *all, uint32_t format)
{
	return ivp_floats_room(CHUNK +
			       2 * (size_t)(all->kernel.width / 2) * ivp_format_channels(format));
}

static void lay_out(const struct convolve *convolve, const struct ivp_shape *in,
		    struct ivp_carve *carve)
{
	struct convolve_scratch measured, *made = ivp_carve(carve, sizeof(*made));
	struct convolve_scratch *all = made ? made : &measured;
	size_t room;

	choose(all, convolve, in);
	room = chunk_room(all, in->format);
	all->window = ivp_window_make(
	    carve, &(struct ivp_window){.shape = *in,
					.border = convolve->border,
					.reach_x = (uint32_t)all->kernel.width / 2,
					.reach_y = (uint32_t)all->kernel.height / 2,
					.pixel_bytes = ivp_format_pixel_bytes(in->format),
					.planes = 1,
					.load = load});
	all->mixed = ivp_carve(carve, (size_t)all->kernel.height * room * sizeof(float));
	all->line = ivp_carve(carve, room * sizeof(float));
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	(void)out;
	return ivp_need_around(in, end, (uint32_t)height_of(self) / 2);
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

/* Sums for n samples from sample first on; rows point to the window's, or all to one line. */
static void sum_part(const struct ivp_kernel_part *part, enum ivp_taps taps,
		     const void *const *rows, size_t step, int64_t first, void *sums, size_t n)
{
	const void *from[MOST_TAPS];

	for (unsigned k = 0; k < part->count; k++)
		from[k] = (const uint8_t *)rows[part->dy[k]] +
			  (first + part->dx[k] * (int64_t)step) * (int64_t)sample_bytes(taps);
	ivp_taps_sum(taps, from, &part->weights, part->count, sums, n);
}

/* Pixels with alpha; pixels: those that go in. sums are longs or floats, and become floats. */
static void store_pixels(const struct convolve_scratch *all, uint32_t format, int32_t *sums,
			 const uint8_t *pixels, uint8_t *to, size_t n, float offset)
{
	float values[CHUNK] __attribute__((aligned(64)));

	if (all->taps == IVP_TAPS_FLOATS)
		memcpy(values, sums, n * sizeof(float));
	else
		for (size_t i = 0; i < n; i++)
			values[i] = (float)sums[i];
	memset(values + n, 0, sizeof(values) - n * sizeof(float));
	if (all->zero_sum) {
		ivp_floats_store(format, values, to, n, all->factor, offset);
		ivp_take_alpha(format, pixels, to, n / 4);
	} else {
		ivp_floats_straighten(format, values, n, all->factor, offset, NULL);
		ivp_floats_store(format, values, to, n, 1, 0);
	}
}

/* Whether pixels of these rows are opaque: RGBA. */
static bool is_opaque(const struct ivp_shape *chunk, const void *const *rows, int height)
{
	uint64_t all = UINT64_MAX;

	for (int y = 0; y < height; y++) {
		const ivp_pixel *restrict narrow = rows[y];
		const ivp_pixel16 *restrict wide = rows[y];

		if (ivp_is_wide(chunk->format))
			for (size_t x = 0; x < chunk->width; x++)
				all &= wide[x];
		else
			for (size_t x = 0; x < chunk->width; x++)
				all &= (uint64_t)narrow[x] << 32;
	}
	return all >> (ivp_is_wide(chunk->format) ? 48 : 56) == ivp_most_level(chunk->format);
}

/* The rows of a chunk as samples that the kernel takes; chunk: the pixels in and around it. */
static void mix_rows(const struct convolve_scratch *all, const struct ivp_shape *chunk, bool plain,
		     const void **rows)
{
	const size_t samples = (size_t)chunk->width * ivp_format_channels(chunk->format);
	const size_t apart = chunk_room(all, chunk->format) * sizeof(float);

	for (int y = 0; y < all->kernel.height; y++) {
		uint8_t *to = all->mixed + (size_t)y * apart;

		if (all->taps != IVP_TAPS_FLOATS)
			ivp_row_products(rows[y], (uint16_t *)(void *)to, chunk->width);
		else if (plain)
			ivp_floats_of_levels(chunk->format, rows[y], (float *)(void *)to, samples);
		else
			ivp_floats_load(chunk, rows[y], to, 0);
		rows[y] = to;
	}
}

/* n samples from sample x on of row y; around: the rows of the window. */
static void convolve_chunk(const struct convolve_scratch *all, const struct ivp_shape *shape,
			   const void *const *around, size_t x, size_t n, const uint8_t *pixels,
			   uint8_t *to, float offset)
{
	const size_t step = ivp_format_channels(shape->format);
	const size_t level_bytes = ivp_format_pixel_bytes(shape->format) / step;
	const size_t side = (size_t)(all->kernel.width / 2) * step, taken = n + 2 * side;
	const struct ivp_shape chunk = {(uint32_t)(taken / step), 1, shape->format};
	const int height = all->kernel.height;
	const void *rows[IVP_KERNEL_MOST_SIDE], *line = all->line;
	const bool alpha = ivp_has_alpha(shape->format);
	enum ivp_taps taps = all->taps, row_taps = all->row_taps;
	int32_t sums[CHUNK] __attribute__((aligned(64)));
	bool plain;

	for (int row = 0; row < height; row++)
		rows[row] = (const uint8_t *)around[row] +
			    ((int64_t)x - (int64_t)side) * (int64_t)level_bytes;
	plain = !alpha || (all->plain && is_opaque(&chunk, rows, height));
	if (plain) {
		taps = all->plain_taps;
		row_taps = all->plain_row_taps;
	}
	if (taps == IVP_TAPS_FLOATS || !plain)
		mix_rows(all, &chunk, plain, rows);
	if (all->kernel.separable) {
		sum_part(&all->kernel.column, taps, rows + height / 2, step, 0, all->line, taken);
		sum_part(&all->kernel.row, row_taps, &line, step, (int64_t)side, sums, n);
	} else {
		sum_part(&all->kernel.all, taps, rows + height / 2, step, (int64_t)side, sums, n);
	}
	if (plain)
		ivp_taps_store(all->plain_taps, ivp_is_wide(shape->format), all->shift, sums, to, n,
			       all->plain_factor, offset);
	else
		store_pixels(all, shape->format, sums, pixels, to, n, offset);
	if (plain && alpha)
		ivp_take_alpha(shape->format, pixels, to, n / 4);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct convolve *convolve = self;
	const struct convolve_scratch *all = scratch;
	const size_t step = ivp_format_channels(in->shape.format), n = in->shape.width * step;
	const size_t level_bytes = ivp_sample_bytes(in->shape.format);
	/* Whole pixels and whole vectors. */
	const size_t most = CHUNK / (64 * step) * (64 * step);

	if (!rows.go_on)
		ivp_window_start(all->window, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const void *const *around = ivp_window_rows(all->window, in, y);

		for (size_t x = 0; x < n; x += most)
			convolve_chunk(all, &in->shape, around, x, n - x < most ? n - x : most,
				       in->pixels + y * in->stride + x * level_bytes,
				       out->pixels + y * out->stride + x * level_bytes,
				       (float)convolve->offset);
	}
}

const struct ivp_filter ivp_filter_convolve = {
    .name = "convolve",
    .summary = "sums up the pixels around each one by weights of your own",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct convolve),
    .params = params,
    .check = check,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
