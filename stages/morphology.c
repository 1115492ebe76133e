/* SPDX-License-Identifier: MIT */
/*
 * Erode, dilate, open, close: each channel becomes its smallest or largest level in a rectangle
 * around the pixel (extremes.h); open is erode, then dilate, close the other way round. Outside
 * the image there is nothing that counts. Exact.
 *
 * Of even sides the larger half is right and below for the smallest, left and above for the
 * largest: so open and close move nothing. Alpha: levels are premultiplied (alpha.h).
 */
#include <ivpipe/filter.h>

#include "alpha.h"
#include "extremes.h"
#include "need.h"

#define MOST_SIDE 999

struct morphology {
	int width, height;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct morphology, width, .min = 1, .max = MOST_SIDE, .def = 3, .unit = "px",
	      .help = "width of the rectangle"),
    IVP_PARAM(struct morphology, height, .min = 1, .max = MOST_SIDE, .def = 3, .unit = "px",
	      .help = "height of the rectangle"),
    {0},
};

struct passes {
	struct ivp_extremes first, second;
	struct ivp_extremes *last; /* of them */
	uint8_t *row;              /* a result that is still premultiplied */
};

static struct ivp_extremes pass_of(const struct morphology *morphology,
				   const struct ivp_shape *shape, bool largest)
{
	const int across = morphology->width - 1, down = morphology->height - 1;

	return (struct ivp_extremes){.shape = *shape,
				     .largest = largest,
				     .left = (across + largest) / 2,
				     .right = (across + !largest) / 2,
				     .above = (down + largest) / 2,
				     .below = (down + !largest) / 2};
}

static void lay_out(const struct morphology *morphology, const struct ivp_shape *in,
		    struct ivp_carve *carve, bool largest_first, bool twice)
{
	struct passes measured, *made = ivp_carve(carve, sizeof(*made));
	struct passes *passes = made ? made : &measured;

	passes->first = pass_of(morphology, in, largest_first);
	passes->last = &passes->first;
	ivp_extremes_prepare(&passes->first, carve);
	if (twice) {
		passes->second = pass_of(morphology, in, !largest_first);
		passes->second.source = &passes->first;
		passes->last = &passes->second;
		ivp_extremes_prepare(&passes->second, carve);
	}
	passes->row = ivp_carve(carve, (size_t)in->width * ivp_format_pixel_bytes(in->format));
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct morphology *morphology = self;

	(void)out;
	return ivp_need_around(in, end, (uint32_t)morphology->height / 2);
}

static uint32_t need_twice(const void *self, const struct ivp_shape *in,
			   const struct ivp_shape *out, uint32_t end)
{
	const struct morphology *morphology = self;

	(void)out;
	/* The larger half below, and the smaller one. */
	return ivp_need_around(in, end, (uint32_t)morphology->height - 1);
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)out;
	lay_out(self, in, &carve, false, false);
	return carve.used;
}

static size_t scratch_bytes_twice(const void *self, const struct ivp_shape *in,
				  const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)out;
	lay_out(self, in, &carve, false, true);
	return carve.used;
}

static void prepare_erode(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
			  void *scratch)
{
	(void)out;
	lay_out(self, in, &(struct ivp_carve){.base = scratch}, false, false);
}

static void prepare_dilate(const void *self, const struct ivp_shape *in,
			   const struct ivp_shape *out, void *scratch)
{
	(void)out;
	lay_out(self, in, &(struct ivp_carve){.base = scratch}, true, false);
}

static void prepare_open(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
			 void *scratch)
{
	(void)out;
	lay_out(self, in, &(struct ivp_carve){.base = scratch}, false, true);
}

static void prepare_close(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
			  void *scratch)
{
	(void)out;
	lay_out(self, in, &(struct ivp_carve){.base = scratch}, true, true);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const uint32_t format = in->shape.format;
	struct passes *passes = scratch;

	(void)self;
	if (!rows.go_on)
		ivp_extremes_start(passes->last, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		uint8_t *to = out->pixels + y * out->stride;

		if (ivp_has_alpha(format)) {
			ivp_extremes_next(passes->last, in, passes->row);
			ivp_unpremultiply(format, passes->row, to, in->shape.width);
		} else {
			ivp_extremes_next(passes->last, in, to);
		}
	}
}

const struct ivp_filter ivp_filter_erode = {
    .name = "erode",
    .summary = "shrinks what is bright: the smallest levels of a rectangle",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct morphology),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare_erode,
    .apply = apply,
};

const struct ivp_filter ivp_filter_dilate = {
    .name = "dilate",
    .summary = "grows what is bright: the largest levels of a rectangle",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct morphology),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare_dilate,
    .apply = apply,
};

const struct ivp_filter ivp_filter_open = {
    .name = "open",
    .summary = "removes bright spots that a rectangle does not fit into: erode, then dilate",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct morphology),
    .params = params,
    .need = need_twice,
    .scratch_bytes = scratch_bytes_twice,
    .prepare = prepare_open,
    .apply = apply,
};

const struct ivp_filter ivp_filter_close = {
    .name = "close",
    .summary = "fills dark spots that a rectangle does not fit into: dilate, then erode",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct morphology),
    .params = params,
    .need = need_twice,
    .scratch_bytes = scratch_bytes_twice,
    .prepare = prepare_close,
    .apply = apply,
};
