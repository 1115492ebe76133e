/* SPDX-License-Identifier: MIT */
/*
 * Laplacian: how far a pixel is from its neighbours, by one of the kernels
 *
 *      0  1  0        1  1  1        2  0  2
 *      1 -4  1        1 -8  1        0 -8  0
 *      0  1  0        1  1  1        2  0  2
 *      sides          all            corners
 *
 * times scale, rounded to nearest, clamped: as its size, or signed, where half the range, 128 or
 * 32768, stands for 0. Each channel by itself. With alpha: colours as seen on black, alpha stays.
 */
#include <math.h>

#include <ivpipe/filter.h>

#include "alpha.h"
#include "need.h"
#include "window.h"

struct laplacian {
	unsigned kernel, result, border;
	double scale;
};

struct weights {
	int side, corner, middle; /* middle is taken off */
};

enum { SIZE, SIGNED };

static const char *const kernels[] = {"sides", "all", "corners", NULL};
static const struct weights weights_of[] = {{1, 0, 4}, {1, 1, 8}, {0, 2, 8}};
static const char *const results[] = {"size", "signed", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct laplacian, kernel, .choices = kernels, .def = 0,
	      .help = "which of the eight neighbours count"),
    IVP_PARAM(struct laplacian, result, .choices = results, .def = SIZE,
	      .help = "what comes out, the size of the difference, or the difference with half the "
		      "range for 0"),
    IVP_PARAM(struct laplacian, scale, .min = 0.001, .max = 100, .def = 1,
	      .help = "factor of the result"),
    IVP_PARAM(struct laplacian, border, .choices = ivp_border_words, .def = IVP_BORDER_REPLICATE,
	      .help = IVP_BORDER_HELP),
    {0},
};

#define SAMPLE     uint8_t
#define WIDE       int16_t
#define MOST       255
#define MIDDLE     128
#define NAME(word) word##_8
#include "laplacian-rows.h"

#define SAMPLE     uint16_t
#define WIDE       int32_t
#define MOST       65535
#define MIDDLE     32768
#define NAME(word) word##_16
#include "laplacian-rows.h"

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	(void)self;
	(void)out;
	return ivp_need_around(in, end, 1);
}

static struct ivp_window wanted(const struct laplacian *laplacian, const struct ivp_shape *in)
{
	return (struct ivp_window){
	    .shape = *in, .border = laplacian->border, .reach_x = 1, .reach_y = 1};
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
	const struct laplacian *laplacian = self;
	const struct weights *weights = &weights_of[laplacian->kernel];
	const unsigned channels = ivp_format_channels(in->shape.format);
	const bool wide = ivp_format_pixel_bytes(in->shape.format) > channels;
	struct ivp_window *window = scratch;

	if (!rows.go_on)
		ivp_window_start(window, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const void *const *around = ivp_window_rows(window, in, y);
		uint8_t *to = out->pixels + y * out->stride;

		(wide ? make_row_16 : make_row_8)(around, to, (size_t)in->shape.width * channels,
						  channels, weights, laplacian->result,
						  (float)laplacian->scale);
		ivp_take_alpha(in->shape.format, around[1], to, in->shape.width);
	}
}

const struct ivp_filter ivp_filter_laplacian = {
    .name = "laplacian",
    .summary = "finds edges and spots by the second derivative",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct laplacian),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
