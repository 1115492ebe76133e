/* SPDX-License-Identifier: MIT */
/*
 * Box blur: every pixel becomes the mean of the (2 radius + 1)^2 pixels around it, rounded to
 * nearest, exactly. Outside the image its border pixels go on. RGBA8: alpha is the mean alpha,
 * colour the mean of the colours weighted by their alphas, 0 where all are transparent; both
 * rounded exactly too. Cost is free of radius: sums slide (box-sums.c).
 */
#include <ivpipe/filter.h>

#include "box-sums.h"
#include "need.h"

struct box_blur {
	int radius;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct box_blur, radius, .min = 1, .max = IVP_BOX_MAX_RADIUS, .def = 2, .unit = "px",
	      .help = "pixels on each side of the middle one"),
    {0},
};

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct box_blur *blur = self;

	(void)out;
	return ivp_need_around(in, end, (uint32_t)blur->radius);
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)self;
	(void)out;
	ivp_box_prepare(&carve, in);
	return carve.used;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct box_blur *blur = self;
	struct ivp_carve carve = {.base = scratch};
	struct ivp_box *box = ivp_box_prepare(&carve, &in->shape);

	if (!rows.go_on)
		ivp_box_start(box, (unsigned)blur->radius, in, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y += IVP_BAND)
		ivp_box_band(box, in, y, rows.end, out);
}

const struct ivp_filter ivp_filter_box_blur = {
    .name = "box-blur",
    .summary = "replaces each pixel by the mean of a square around it",
    .formats = IVP_FORMATS_8BIT,
    .private_bytes = sizeof(struct box_blur),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .apply = apply,
};
