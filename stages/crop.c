/* SPDX-License-Identifier: MIT */
/*
 * Crop: the part of an image inside a rectangle. What of the rectangle lies outside the image is
 * left out; a rectangle that lies outside altogether makes no image, and the frame is refused.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <ivpipe/filter.h>

#include "gravity.h"

#define MAX_SIDE 65535

struct crop {
	int x, y, width, height;
	double percent;
	unsigned gravity;
};

static const char *const gravities[] = IVP_GRAVITIES;

static const struct ivp_param params[] = {
    IVP_PARAM(struct crop, x, .min = -MAX_SIDE, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "columns from the place that gravity names, inwards, or right of the centre"),
    IVP_PARAM(struct crop, y, .min = -MAX_SIDE, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "rows from the place that gravity names, inwards, or below the centre"),
    IVP_PARAM(struct crop, width, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "width of the part, 0 for that of the image"),
    IVP_PARAM(struct crop, height, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "height of the part, 0 for that of the image"),
    IVP_PARAM(struct crop, percent, .min = 0.1, .max = 100, .def = 100, .unit = "%",
	      .help = "sides of the part where width or height is 0, of those of the image"),
    IVP_PARAM(struct crop, gravity, .choices = gravities, .def = IVP_GRAVITY_NORTH_WEST,
	      .help = "the part of the image where the rectangle lies"),
    {0},
};

/* The rectangle inside the image; empty if end <= first. */
struct span {
	int64_t first, end;
};

static struct span find_span(unsigned third, uint32_t image, int side, int offset, double percent)
{
	const int64_t relative = (int64_t)floor(image * percent / 100 + 0.5);
	const int64_t size = side > 0 ? side : relative > 0 ? relative : 1;
	struct span span = {.first = ivp_gravity_place(third, image, size, offset)};

	span.end = span.first + size < image ? span.first + size : image;
	span.first = span.first > 0 ? span.first : 0;
	return span;
}

static struct span columns(const struct crop *crop, const struct ivp_shape *in)
{
	return find_span(crop->gravity % 3, in->width, crop->width, crop->x, crop->percent);
}

static struct span lines(const struct crop *crop, const struct ivp_shape *in)
{
	return find_span(crop->gravity / 3, in->height, crop->height, crop->y, crop->percent);
}

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	const struct span x = columns(self, in), y = lines(self, in);

	if (x.end <= x.first || y.end <= y.first) {
		ivp_why_set(why, "the rectangle lies outside of its %u x %u pixels", in->width,
			    in->height);
		return -EINVAL;
	}
	*out = *in;
	out->width = (uint32_t)(x.end - x.first);
	out->height = (uint32_t)(y.end - y.first);
	return 0;
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	(void)out;
	return (uint32_t)lines(self, in).first + end;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const size_t pixel = ivp_format_pixel_bytes(in->shape.format);
	const uint8_t *from = in->pixels + (size_t)columns(self, &in->shape).first * pixel +
			      (size_t)lines(self, &in->shape).first * in->stride;

	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++)
		memcpy(out->pixels + y * out->stride, from + y * in->stride,
		       out->shape.width * pixel);
}

const struct ivp_filter ivp_filter_crop = {
    .name = "crop",
    .summary = "cuts a rectangle out",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct crop),
    .params = params,
    .shape = shape,
    .need = need,
    .apply = apply,
};
