/* SPDX-License-Identifier: MIT */
/*
 * Resize to a size, into a box, over a box, or by a percentage. resample.h says what the result
 * pixels are; RGBA8 is resampled premultiplied: colour = sum of w c a / sum of w a.
 */
#include <errno.h>
#include <math.h>

#include <ivpipe/filter.h>

#include "resample.h"

#define MAX_SIDE 65535

enum mode { EXACT, FIT, FILL, COVER, PERCENT };

struct resize {
	unsigned mode;
	int width, height;
	double percent;
	unsigned kernel;
	bool linear;
};

static const char *const modes[] = {"exact", "fit",     "fill",
				    "cover", "percent", NULL}; /* enum mode */
static const char *const kernels[] = {"nearest",  "box",      "bilinear", "bicubic", "catmull-rom",
				      "mitchell", "lanczos2", "lanczos3", NULL};
static const enum ivp_kernel numbers[] = {
    IVP_KERNEL_NEAREST, IVP_KERNEL_BOX,      IVP_KERNEL_BILINEAR, IVP_KERNEL_BICUBIC,
    IVP_KERNEL_BICUBIC, IVP_KERNEL_MITCHELL, IVP_KERNEL_LANCZOS2, IVP_KERNEL_LANCZOS3};

#define LANCZOS3 7

static const struct ivp_param params[] = {
    IVP_PARAM(
	struct resize, mode, .choices = modes, .def = PERCENT,
	.help = "meaning of the size: exactly width x height; within it; covering it, the rest cut "
		"off on both sides; covering it, whole; a percentage"),
    IVP_PARAM(struct resize, width, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "width of the result or of its box, 0 to follow from height"),
    IVP_PARAM(struct resize, height, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "height of the result or of its box, 0 to follow from width"),
    IVP_PARAM(struct resize, percent, .min = 0.1, .max = 10000, .def = 50, .unit = "%",
	      .help = "sides of the result in mode percent"),
    IVP_PARAM(struct resize, kernel, .choices = kernels, .def = LANCZOS3,
	      .help = "weights of the pixels; all but nearest avoid aliases when shrinking; "
		      "bicubic is catmull-rom"),
    IVP_PARAM(struct resize, linear, .def = 0,
	      .help = "mix light, not levels, by the curve of sRGB: dark and bright details keep "
		      "their weight"),
    {0},
};

static int check(const void *self, struct ivp_why *why)
{
	const struct resize *resize = self;

	if (resize->mode == PERCENT && (resize->width || resize->height)) {
		ivp_why_set(why, "width and height have no meaning in mode percent: set mode to "
				 "exact, fit, fill or cover, or leave them out");
		return -EINVAL;
	}
	if ((resize->mode == FILL || resize->mode == COVER) &&
	    (resize->width == 0 || resize->height == 0)) {
		ivp_why_set(why, "mode %s needs width and height: give both, at least 1 px",
			    modes[resize->mode]);
		return -EINVAL;
	}
	if (resize->mode != PERCENT && resize->width == 0 && resize->height == 0) {
		ivp_why_set(why, "mode %s needs width or height: give one of them, at least 1 px",
			    modes[resize->mode]);
		return -EINVAL;
	}
	return 0;
}

/* side * to / from, rounded to nearest, at least 1, at most MAX_SIDE. All are below 2^32. */
static uint32_t scaled(uint64_t side, uint64_t to, uint64_t from)
{
	uint64_t result = (side * to + from / 2) / from;

	return result < 1 ? 1 : result > MAX_SIDE ? MAX_SIDE : (uint32_t)result;
}

static uint32_t by_percent(uint32_t side, double percent)
{
	double result = floor(side * percent / 100 + 0.5);

	return result < 1 ? 1 : result > MAX_SIDE ? MAX_SIDE : (uint32_t)result;
}

/* The whole scaled image, which mode fill cuts the result from. */
static void scale_whole(const struct resize *resize, const struct ivp_shape *in,
			struct ivp_shape *whole)
{
	const uint32_t width = (uint32_t)resize->width, height = (uint32_t)resize->height;
	/* Is the box wider than the image, in proportion? A side of 0 does not bound. */
	const bool wide = (uint64_t)width * in->height > (uint64_t)height * in->width;

	*whole = *in;
	if (resize->mode == PERCENT) {
		whole->width = by_percent(in->width, resize->percent);
		whole->height = by_percent(in->height, resize->percent);
	} else if (resize->mode == EXACT && width && height) {
		whole->width = width;
		whole->height = height;
	} else if (height == 0 ||
		   (width && wide == (resize->mode == FILL || resize->mode == COVER))) {
		whole->width = width;
		whole->height = scaled(in->height, width, in->width);
	} else {
		whole->width = scaled(in->width, height, in->height);
		whole->height = height;
	}
}

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	const struct resize *resize = self;

	(void)why;
	scale_whole(resize, in, out);
	if (resize->mode == FILL) {
		out->width = (uint32_t)resize->width;
		out->height = (uint32_t)resize->height;
	}
	return 0;
}

static void set_axes(const struct resize *resize, const struct ivp_shape *in,
		     const struct ivp_shape *out, struct ivp_axis *x, struct ivp_axis *y)
{
	struct ivp_shape whole;

	scale_whole(resize, in, &whole);
	/* Rounding and MAX_SIDE may leave whole a little short of the box. */
	if (whole.width < out->width)
		whole.width = out->width;
	if (whole.height < out->height)
		whole.height = out->height;
	*x = (struct ivp_axis){.in = in->width,
			       .whole = whole.width,
			       .offset = (whole.width - out->width) / 2,
			       .out = out->width,
			       .kernel = numbers[resize->kernel]};
	*y = (struct ivp_axis){.in = in->height,
			       .whole = whole.height,
			       .offset = (whole.height - out->height) / 2,
			       .out = out->height,
			       .kernel = numbers[resize->kernel]};
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	struct ivp_axis x, y;

	set_axes(self, in, out, &x, &y);
	return ivp_axis_need(&y, end);
}

static struct ivp_resample *lay_out(const struct resize *resize, const struct ivp_shape *in,
				    const struct ivp_shape *out, struct ivp_carve *carve)
{
	struct ivp_axis x, y;

	set_axes(resize, in, out, &x, &y);
	return ivp_resample_prepare(carve, &x, &y, in, resize->linear);
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	lay_out(self, in, out, &carve);
	return carve.used;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	struct ivp_carve carve = {.base = scratch};

	lay_out(self, in, out, &carve);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	(void)self;
	ivp_resample_apply(scratch, in, out, rows);
}

const struct ivp_filter ivp_filter_resize = {
    .name = "resize",
    .summary = "scales to a size, into a box, over a box, or by a percentage",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct resize),
    .params = params,
    .check = check,
    .shape = shape,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
