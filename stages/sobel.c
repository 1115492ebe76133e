/* SPDX-License-Identifier: MIT */
/*
 * Sobel: how much the levels rise, along x and along y, by the kernels
 *
 *     -1 0 1        -1 -2 -1
 *     -2 0 2   and   0  0  0
 *     -1 0 1         1  2  1
 *
 * as one number: the root of the sum of squares (l2), the sum of sizes (l1), or the size of one
 * (x, y); times scale, rounded to nearest, clamped. Each channel by itself, in one pass; for edges
 * of the picture as a whole put grayscale in front. With alpha: colours as seen on black, alpha
 * stays. 8 bits: exact if scale is 1.
 */
#include <math.h>

#include <ivpipe/filter.h>

#include "alpha.h"
#include "need.h"
#include "window.h"

struct sobel {
	unsigned measure, border;
	double scale;
};

enum { L2, L1, X, Y };

static const char *const measures[] = {"l2", "l1", "x", "y", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct sobel, measure, .choices = measures, .def = L2,
	      .help = "length of the gradient, sum of its two sizes, or the size along x or y"),
    IVP_PARAM(struct sobel, scale, .min = 0.001, .max = 100, .def = 1,
	      .help = "factor of the result; 0.25 keeps a step from black to white in range"),
    IVP_PARAM(struct sobel, border, .choices = ivp_border_words, .def = IVP_BORDER_REPLICATE,
	      .help = IVP_BORDER_HELP),
    {0},
};

#define SAMPLE     uint8_t
#define WIDE       int16_t
#define MOST       255
#define NAME(word) word##_8
#include "sobel-rows.h"

#define SAMPLE     uint16_t
#define WIDE       int32_t
#define MOST       65535
#define NAME(word) word##_16
#include "sobel-rows.h"

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	(void)self;
	(void)out;
	return ivp_need_around(in, end, 1);
}

static struct ivp_window wanted(const struct sobel *sobel, const struct ivp_shape *in)
{
	return (struct ivp_window){
	    .shape = *in, .border = sobel->border, .reach_x = 1, .reach_y = 1};
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	const struct ivp_window window = wanted(self, in);

	(void)out;
	return ivp_window_bytes(&window);
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	const struct ivp_window window = wanted(self, in);

	(void)out;
	ivp_window_make(&(struct ivp_carve){.base = scratch}, &window);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct sobel *sobel = self;
	const unsigned channels = ivp_format_channels(in->shape.format);
	const bool wide = ivp_format_pixel_bytes(in->shape.format) > channels;
	struct ivp_window *window = scratch;

	if (!rows.go_on)
		ivp_window_start(window, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const void *const *around = ivp_window_rows(window, in, y);
		uint8_t *to = out->pixels + y * out->stride;

		(wide ? make_row_16 : make_row_8)(around, to, (size_t)in->shape.width * channels,
						  channels, sobel->measure, (float)sobel->scale);
		ivp_take_alpha(in->shape.format, around[1], to, in->shape.width);
	}
}

const struct ivp_filter ivp_filter_sobel = {
    .name = "sobel",
    .summary = "finds edges by Sobel's gradient",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct sobel),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
