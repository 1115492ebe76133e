/* SPDX-License-Identifier: MIT */
/*
 * Auto-orient: turns an image upright as the EXIF orientation of its frame says, which is 1 from
 * then on. The feeder does the same while it decodes unless it is told "orient = no".
 */
#include <ivpipe/filter.h>

#include "turn.h"

static enum ivp_turn turn_of(const struct ivp_shape *in)
{
	return in->orientation >= 1 && in->orientation <= 8 ? (enum ivp_turn)in->orientation
							    : IVP_TURN_NONE;
}

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	(void)self;
	(void)why;
	*out = ivp_turn_shape(in, turn_of(in));
	if (turn_of(in) != IVP_TURN_NONE)
		out->orientation = IVP_TURN_NONE;
	return 0;
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	(void)self;
	(void)out;
	return turn_of(in) <= IVP_TURN_MIRROR ? end : in->height;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	(void)self;
	(void)scratch;
	ivp_turn_apply(in, out, rows, turn_of(&in->shape));
}

const struct ivp_filter ivp_filter_auto_orient = {
    .name = "auto-orient",
    .summary = "turns upright as the EXIF orientation of the image says",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .shape = shape,
    .need = need,
    .apply = apply,
};
