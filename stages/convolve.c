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
#include "kernel.h"
#include "need.h"
#include "taps.h"
#include "window.h"

#define CHUNK     1024 /* samples; whole pixels of four */
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
	enum ivp_taps taps, row_taps; /* row_taps: along the row, when separable */
	size_t sample_bytes, sum_bytes;
	float factor; /* from a sum to levels */
	bool zero_sum;
	struct ivp_window *window;
	uint8_t *line; /* sums of columns, with padding */
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

static bool is_wide(uint32_t format)
{
	return ivp_format_pixel_bytes(format) > ivp_format_channels(format);
}

static float most_level(uint32_t format)
{
	return is_wide(format) ? 65535 : 255;
}

/* c a and 255 a: exact, 255 times premultiplied levels. */
static void load_products(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	const ivp_pixel *restrict from = pixels;
	uint16_t *restrict out = to;

	(void)plane;
	for (size_t x = 0; x < shape->width; x++) {
		const uint32_t a = from[x] >> 24;

		out[4 * x] = (uint16_t)((from[x] & 255) * a);
		out[4 * x + 1] = (uint16_t)((from[x] >> 8 & 255) * a);
		out[4 * x + 2] = (uint16_t)((from[x] >> 16 & 255) * a);
		out[4 * x + 3] = (uint16_t)(255 * a);
	}
}

/* Floats of pixels of four, as many as a vector holds. */
typedef float floats __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef int32_t ints __attribute__((vector_size(IVP_VECTOR)));

#define LANES (IVP_VECTOR / sizeof(float))
#if IVP_VECTOR == 64
#define ALPHAS(v)                                                                                  \
	__builtin_shufflevector(v, v, 3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15)
static const ints colours = {-1, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, 0};
#elif IVP_VECTOR == 32
#define ALPHAS(v) __builtin_shufflevector(v, v, 3, 3, 3, 3, 7, 7, 7, 7)
static const ints colours = {-1, -1, -1, 0, -1, -1, -1, 0};
#else
#define ALPHAS(v) __builtin_shufflevector(v, v, 3, 3, 3, 3)
static const ints colours = {-1, -1, -1, 0};
#endif

/* The lanes of one where the mask is set, of the other where it is not. */
IVP_INLINE void pick(const ints *mask, const floats *one, const floats *other, floats *result)
{
	*result = (floats)(((ints)*one & *mask) | ((ints)*other & ~*mask));
}

/* Goes on to the end of a vector: rows of a window begin and end on 64-byte boundaries. */
static void multiply_by_alpha(floats *values, size_t samples, float most)
{
	for (size_t i = 0; i < (samples + LANES - 1) / LANES; i++) {
		const floats pixels = values[i], mixed = pixels * (ALPHAS(pixels) / most);

		pick(&colours, &mixed, &pixels, &values[i]);
	}
}

static void load_floats(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	const size_t samples = (size_t)shape->width * ivp_format_channels(shape->format);
	const uint8_t *restrict bytes = pixels;
	const uint16_t *restrict words = pixels;
	float *restrict out = to;

	(void)plane;
	if (is_wide(shape->format))
		for (size_t i = 0; i < samples; i++)
			out[i] = words[i];
	else
		for (size_t i = 0; i < samples; i++)
			out[i] = bytes[i];
	if (ivp_has_alpha(shape->format))
		multiply_by_alpha(to, samples, most_level(shape->format));
}

/* Which samples and sums the kernel takes, and the window that has such samples. */
static struct ivp_window choose(struct convolve_scratch *all, const struct convolve *convolve,
				const struct ivp_shape *in)
{
	const bool alpha = ivp_has_alpha(in->format), wide = is_wide(in->format);
	const double most = !wide ? (alpha ? 255.0 * 255 : 255.0) : alpha ? INFINITY : 65535.0;
	struct ivp_window window = {.shape = *in,
				    .border = convolve->border,
				    .reach_x = (uint32_t)width_of(convolve) / 2,
				    .reach_y = (uint32_t)height_of(convolve) / 2,
				    .planes = 1};
	double divisor = convolve->divisor;

	ivp_kernel_make(&all->kernel, convolve->kernel.values, width_of(convolve),
			height_of(convolve), most);
	all->zero_sum = fabs(all->kernel.sum) <= 1e-6 * all->kernel.size;
	if (divisor == 0)
		divisor = all->zero_sum ? 1 : all->kernel.sum;
	if (!all->kernel.whole) {
		all->taps = all->row_taps = IVP_TAPS_FLOATS;
		all->sample_bytes = sizeof(float);
		window.load = load_floats;
	} else if (wide || alpha) {
		all->taps = IVP_TAPS_WORDS;
		all->row_taps = IVP_TAPS_LONG;
		all->sample_bytes = sizeof(uint16_t);
		window.load = alpha ? load_products : NULL;
		divisor *= alpha ? 255 : 1;
	} else {
		const bool small = all->kernel.size * 255 <= INT16_MAX;

		all->taps = small ? IVP_TAPS_BYTES_SHORT : IVP_TAPS_BYTES;
		all->row_taps = small ? IVP_TAPS_SHORT : IVP_TAPS_LONG;
		all->sample_bytes = sizeof(uint8_t);
	}
	all->sum_bytes = all->row_taps == IVP_TAPS_SHORT ? sizeof(int16_t) : sizeof(int32_t);
	all->factor = (float)(1 / divisor);
	window.pixel_bytes = all->sample_bytes * ivp_format_channels(in->format);
	return window;
}

static void lay_out(const struct convolve *convolve, const struct ivp_shape *in,
		    struct ivp_carve *carve)
{
	struct convolve_scratch measured, *made = ivp_carve(carve, sizeof(*made));
	struct convolve_scratch *all = made ? made : &measured;
	const struct ivp_window window = choose(all, convolve, in);

	all->window = ivp_window_make(carve, &window);
	all->line = ivp_carve(carve, ((size_t)in->width + 2 * (size_t)window.reach_x) *
					 ivp_format_channels(in->format) * all->sum_bytes);
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
		     const void *const *rows, size_t sample_bytes, size_t step, int64_t first,
		     void *sums, size_t n)
{
	const void *from[MOST_TAPS];

	for (unsigned k = 0; k < part->count; k++)
		from[k] = (const uint8_t *)rows[part->dy[k]] +
			  (first + part->dx[k] * (int64_t)step) * (int64_t)sample_bytes;
	ivp_taps_sum(taps, from, &part->weights, part->count, sums, n);
}

/* A float at least 0 and at most most: as integers, such floats are in the same order. */
IVP_INLINE float clamped(float value, float most)
{
	int32_t bits, limit;

	memcpy(&bits, &value, sizeof(bits));
	memcpy(&limit, &most, sizeof(limit));
	bits = bits > 0 ? bits : 0;
	bits = bits < limit ? bits : limit;
	memcpy(&value, &bits, sizeof(bits));
	return value;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define LEVELS(name, sum, level, most)                                                             \
	static void name(const void *from, void *to, size_t n, float factor, float offset)         \
	{                                                                                          \
		const sum *restrict sums = from;                                                   \
		level *restrict out = to;                                                          \
                                                                                                   \
		for (size_t i = 0; i < n; i++)                                                     \
			out[i] =                                                                   \
			    (level)(int32_t)(clamped((float)sums[i] * factor + offset, most) +     \
					     0.5f);                                                \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

LEVELS(levels8_of_shorts, int16_t, uint8_t, 255)
LEVELS(levels8_of_longs, int32_t, uint8_t, 255)
LEVELS(levels8_of_floats, float, uint8_t, 255)
LEVELS(levels16_of_longs, int32_t, uint16_t, 65535)
LEVELS(levels16_of_floats, float, uint16_t, 65535)

static void store_levels(const struct convolve_scratch *all, uint32_t format, const void *sums,
			 uint8_t *to, size_t n, float offset)
{
	const bool wide = is_wide(format);

	if (all->taps == IVP_TAPS_BYTES_SHORT)
		levels8_of_shorts(sums, to, n, all->factor, offset);
	else if (all->taps == IVP_TAPS_FLOATS)
		(wide ? levels16_of_floats : levels8_of_floats)(sums, to, n, all->factor, offset);
	else
		(wide ? levels16_of_longs : levels8_of_longs)(sums, to, n, all->factor, offset);
}

/* Straight pixels of sums of premultiplied ones. */
static void divide_by_alpha(floats *values, size_t n, float most, float offset)
{
	const floats one = (floats){0} + 1;

	for (size_t i = 0; i < (n + LANES - 1) / LANES; i++) {
		const floats pixels = values[i], alphas = ALPHAS(pixels);
		const ints seen = alphas >= 0.5f;
		floats divisor, straight;

		pick(&seen, &alphas, &one, &divisor);
		straight = pixels * (most / divisor) + offset;
		straight = (floats)((ints)straight & seen);
		pick(&colours, &straight, &pixels, &values[i]);
	}
}

/* Pixels with alpha; pixels: those that go in. */
static void store_pixels(const struct convolve_scratch *all, uint32_t format, const void *sums,
			 const uint8_t *pixels, uint8_t *to, size_t n, float offset)
{
	const int32_t *longs = sums;
	float values[CHUNK] __attribute__((aligned(64))) = {0};

	if (all->taps == IVP_TAPS_FLOATS)
		memcpy(values, sums, n * sizeof(float));
	else
		for (size_t i = 0; i < n; i++)
			values[i] = (float)longs[i];
	for (size_t i = 0; i < n; i++)
		values[i] *= all->factor;
	if (!all->zero_sum)
		divide_by_alpha((floats *)values, n, most_level(format), offset);
	(is_wide(format) ? levels16_of_floats : levels8_of_floats)(values, to, n, 1,
								   all->zero_sum ? offset : 0);
	if (all->zero_sum)
		ivp_take_alpha(format, pixels, to, n / 4);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct convolve *convolve = self;
	const struct convolve_scratch *all = scratch;
	const uint32_t format = in->shape.format, reach_x = all->window->reach_x;
	const size_t step = ivp_format_channels(format), n = in->shape.width * step;
	const size_t level_bytes = is_wide(format) ? 2 : 1;
	const void *line = all->line + reach_x * step * all->sum_bytes;

	if (!rows.go_on)
		ivp_window_start(all->window, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const void *const *around =
		    ivp_window_rows(all->window, in, y) + all->window->reach_y;

		if (all->kernel.separable)
			sum_part(&all->kernel.column, all->taps, around, all->sample_bytes, step,
				 -(int64_t)(reach_x * step), all->line,
				 n + 2 * (size_t)reach_x * step);
		for (size_t x = 0; x < n; x += CHUNK) {
			const size_t count = n - x < CHUNK ? n - x : CHUNK;
			const size_t at = x * level_bytes;
			uint8_t *to = out->pixels + y * out->stride + at;
			int32_t sums[CHUNK];

			if (all->kernel.separable)
				sum_part(&all->kernel.row, all->row_taps, &line, all->sum_bytes,
					 step, (int64_t)x, sums, count);
			else
				sum_part(&all->kernel.all, all->taps, around, all->sample_bytes,
					 step, (int64_t)x, sums, count);
			if (ivp_has_alpha(format))
				store_pixels(all, format, sums, in->pixels + y * in->stride + at,
					     to, count, (float)convolve->offset);
			else
				store_levels(all, format, sums, to, count, (float)convolve->offset);
		}
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
