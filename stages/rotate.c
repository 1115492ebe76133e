/* SPDX-License-Identifier: MIT */
/* Rotate: by quarter turns, clockwise. Pixels only move. */
#include <ivpipe/filter.h>

#include "turn.h"

struct rotate {
	unsigned angle;
};

static const char *const angles[] = {"90", "180", "270", NULL};
static const enum ivp_turn turns[] = {IVP_TURN_RIGHT, IVP_TURN_HALF, IVP_TURN_LEFT};

static const struct ivp_param params[] = {
    IVP_PARAM(struct rotate, angle, .choices = angles, .def = 0,
	      .help = "degrees, clockwise; 270 is a quarter turn to the left"),
    {0},
};

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	const struct rotate *rotate = self;

	(void)why;
	*out = ivp_turn_shape(in, turns[rotate->angle]);
	return 0;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct rotate *rotate = self;

	(void)scratch;
	ivp_turn_apply(in, out, rows, turns[rotate->angle]);
}

const struct ivp_filter ivp_filter_rotate = {
    .name = "rotate",
    .summary = "turns by 90, 180 or 270 degrees",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct rotate),
    .params = params,
    .shape = shape,
    .apply = apply,
};
