/* SPDX-License-Identifier: MIT */
/*
 * Pad: pixels all around an image. Either so many on each side, or as many as make it at least
 * width x height, gravity telling where the image then lies. No side is ever cut.
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "gravity.h"
#include "rows.h"

#define MAX_SIDE 65535

struct pad {
	int left, right, top, bottom, width, height;
	unsigned gravity, fill;
	int red, green, blue, alpha;
};

enum { FILL_COLOUR, FILL_REPLICATE, FILL_REFLECT };

static const char *const gravities[] = IVP_GRAVITIES;
static const char *const fills[] = {"colour", "replicate", "reflect", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct pad, left, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "columns on the left"),
    IVP_PARAM(struct pad, right, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "columns on the right"),
    IVP_PARAM(struct pad, top, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "rows above"),
    IVP_PARAM(struct pad, bottom, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "rows below"),
    IVP_PARAM(struct pad, width, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "the result is made at least so wide"),
    IVP_PARAM(struct pad, height, .min = 0, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "the result is made at least so high"),
    IVP_PARAM(struct pad, gravity, .choices = gravities, .def = IVP_GRAVITY_CENTRE,
	      .help = "where the image lies, sides included, in width x height"),
    IVP_PARAM(struct pad, fill, .choices = fills, .def = FILL_COLOUR,
	      .help = "one colour; the nearest pixels of the image; the image mirrored"),
    IVP_PARAM(struct pad, red, .min = 0, .max = 255, .def = 0, .help = "of the colour"),
    IVP_PARAM(struct pad, green, .min = 0, .max = 255, .def = 0, .help = "of the colour"),
    IVP_PARAM(struct pad, blue, .min = 0, .max = 255, .def = 0, .help = "of the colour"),
    IVP_PARAM(struct pad, alpha, .min = 0, .max = 255, .def = 255,
	      .help = "of the colour, where images have alpha; 0 is transparent"),
    {0},
};

/* Along one direction: pixels before the image, and of the whole result. */
struct side {
	uint32_t before, all;
};

static struct side find_side(unsigned third, uint32_t image, int before, int after, int least)
{
	/* Images have less than 2^31 pixels a side, and both pads less than 2^17. */
	const uint32_t own = (uint32_t)before + image + (uint32_t)after;
	struct side side = {(uint32_t)before, own};

	if (own < (uint32_t)least) {
		side.before += (uint32_t)ivp_gravity_place(third, least, own, 0);
		side.all = (uint32_t)least;
	}
	return side;
}

static struct side columns(const struct pad *pad, const struct ivp_shape *in)
{
	return find_side(pad->gravity % 3, in->width, pad->left, pad->right, pad->width);
}

static struct side lines(const struct pad *pad, const struct ivp_shape *in)
{
	return find_side(pad->gravity / 3, in->height, pad->top, pad->bottom, pad->height);
}

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	(void)why;
	*out = *in;
	out->width = columns(self, in).all;
	out->height = lines(self, in).all;
	return 0;
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct pad *pad = self;
	const uint32_t before = lines(pad, in).before;
	uint32_t last = end > before ? end - before : 1;

	(void)out;
	/* Above the image lie as many of its rows, upside down. */
	if (pad->fill == FILL_REFLECT && last < before)
		last = before;
	return last < in->height ? last : in->height;
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	(void)self;
	(void)in;
	return (size_t)out->width * ivp_format_pixel_bytes(out->format);
}

/* The first pixel, count times. */
static void repeat(uint8_t *row, size_t pixel, size_t count)
{
	for (size_t done = 1, step; done < count; done += step) {
		step = done < count - done ? done : count - done;
		memcpy(row + done * pixel, row, step * pixel);
	}
}

/* A row of nothing but the colour. Gray is its luma, by Rec. 601 as everywhere. */
static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	const struct pad *pad = self;
	const size_t pixel = ivp_format_pixel_bytes(out->format);
	const unsigned channels = ivp_format_channels(out->format);
	const int luma = (19595 * pad->red + 38470 * pad->green + 7471 * pad->blue + 32768) >> 16;
	const int levels[4] = {channels == 1 ? luma : pad->red, pad->green, pad->blue, pad->alpha};
	uint8_t *row = scratch;

	(void)in;
	/* A level of 16 bits is one of 8 twice: 65535 = 255 * 257. */
	for (size_t i = 0; i < pixel; i++)
		row[i] = (uint8_t)levels[i * channels / pixel];
	repeat(row, pixel, out->width);
}

/* The first count columns of a row, from the image's rows, from column index on. */
static void fill_pixels(const struct pad *pad, const uint8_t *from, uint8_t *to, size_t pixel,
			int64_t index, size_t count, int64_t width)
{
	const unsigned border =
	    pad->fill == FILL_REFLECT ? IVP_BORDER_REFLECT : IVP_BORDER_REPLICATE;

	if (count == 0)
		return;
	if (border == IVP_BORDER_REPLICATE) {
		memcpy(to, from + (size_t)ivp_border_index(index, width, border) * pixel, pixel);
		repeat(to, pixel, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		memcpy(to + i * pixel,
		       from + (size_t)ivp_border_index(index + (int64_t)i, width, border) * pixel,
		       pixel);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct pad *pad = self;
	const size_t pixel = ivp_format_pixel_bytes(in->shape.format), width = in->shape.width;
	const struct side x = columns(pad, &in->shape), y = lines(pad, &in->shape);
	const size_t before = x.before, after = x.all - before - width;

	for (uint32_t row = rows.first; row < rows.end; row++) {
		int64_t index = (int64_t)row - y.before;
		uint8_t *to = out->pixels + row * out->stride;
		const uint8_t *from;

		if (pad->fill == FILL_COLOUR && (index < 0 || index >= in->shape.height)) {
			memcpy(to, scratch, x.all * pixel);
			continue;
		}
		index = ivp_border_index(index, in->shape.height,
					 pad->fill == FILL_REFLECT ? IVP_BORDER_REFLECT
								   : IVP_BORDER_REPLICATE);
		from = in->pixels + (size_t)index * in->stride;
		if (pad->fill == FILL_COLOUR) {
			memcpy(to, scratch, before * pixel);
			memcpy(to + (before + width) * pixel, scratch, after * pixel);
		} else {
			fill_pixels(pad, from, to, pixel, -(int64_t)before, before, (int64_t)width);
			fill_pixels(pad, from, to + (before + width) * pixel, pixel, (int64_t)width,
				    after, (int64_t)width);
		}
		memcpy(to + before * pixel, from, width * pixel);
	}
}

const struct ivp_filter ivp_filter_pad = {
    .name = "pad",
    .summary = "adds pixels on the sides",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct pad),
    .params = params,
    .shape = shape,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
