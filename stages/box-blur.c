/* SPDX-License-Identifier: MIT */
/*
 * Box blur: every pixel becomes the mean of the (2 radius + 1)^2 pixels around it, rounded to
 * nearest, exactly. With alpha: alpha is the mean alpha, colour the mean of the colours weighted by
 * their alphas, 0 where all are transparent; RGBA8 is rounded exactly too, RGBA16's premultiplied
 * colours to levels before they are summed up. Cost is nearly free of radius: sums slide.
 */
#include <ivpipe/filter.h>

#include "box-bands.h"
#include "box-small.h"
#include "box-sums.h"
#include "need.h"

struct box_blur {
	int radius;
	unsigned border;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct box_blur, radius, .min = 1, .max = IVP_BOX_MAX_RADIUS, .def = 2, .unit = "px",
	      .help = "pixels on each side of the middle one"),
    IVP_PARAM(struct box_blur, border, .choices = ivp_border_words, .def = IVP_BORDER_REPLICATE,
	      .help = IVP_BORDER_HELP),
    {0},
};

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct box_blur *blur = self;

	(void)out;
	/* box-small.c has a window of one row more. */
	return ivp_need_around(in, end, (uint32_t)blur->radius + 1);
}

static bool is_small(const struct box_blur *blur, const struct ivp_shape *in)
{
	return blur->radius <= IVP_BOX_SMALL_RADIUS &&
	       (in->format == IVP_FORMAT_GRAY8 || in->format == IVP_FORMAT_RGB8);
}

static void lay_out(const struct box_blur *blur, const struct ivp_shape *in,
		    struct ivp_carve *carve)
{
	if (is_small(blur, in))
		ivp_box_small_make(carve, in, (unsigned)blur->radius, blur->border);
	else if (ivp_box_bands_suit(in, (unsigned)blur->radius))
		ivp_box_bands_make(carve, in);
	else
		ivp_box_make(carve, in, (unsigned)blur->radius, blur->border);
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
	struct ivp_carve carve = {.base = scratch};

	(void)out;
	lay_out(self, in, &carve);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct box_blur *blur = self;

	if (is_small(blur, &in->shape)) {
		if (!rows.go_on)
			ivp_box_small_start(scratch, in, rows.first);
		for (uint32_t y = rows.first; y < rows.end; y++)
			ivp_box_small_row(scratch, in, y, out->pixels + y * out->stride);
		return;
	}
	if (ivp_box_bands_suit(&in->shape, (unsigned)blur->radius)) {
		if (!rows.go_on)
			ivp_box_bands_start(scratch, (unsigned)blur->radius, blur->border, in,
					    rows.first);
		for (uint32_t y = rows.first; y < rows.end; y += IVP_BAND)
			ivp_box_bands_band(scratch, in, y, rows.end, out);
		return;
	}
	if (!rows.go_on)
		ivp_box_start(scratch, in, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++)
		ivp_box_row(scratch, in, y, out->pixels + y * out->stride);
}

const struct ivp_filter ivp_filter_box_blur = {
    .name = "box-blur",
    .summary = "replaces each pixel by the mean of a square around it",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct box_blur),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
