/* SPDX-License-Identifier: MIT */
/* Flip: a mirror image. Pixels only move. */
#include <ivpipe/filter.h>

#include "turn.h"

struct flip {
	unsigned direction;
};

static const char *const directions[] = {"horizontal", "vertical", "both", NULL};
static const enum ivp_turn turns[] = {IVP_TURN_MIRROR, IVP_TURN_FLIP, IVP_TURN_HALF};

static const struct ivp_param params[] = {
    IVP_PARAM(struct flip, direction, .choices = directions, .def = 0,
	      .help = "what changes places: left and right, top and bottom, or both"),
    {0},
};

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct flip *flip = self;

	(void)out;
	return turns[flip->direction] == IVP_TURN_MIRROR ? end : in->height;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct flip *flip = self;

	(void)scratch;
	ivp_turn_apply(in, out, rows, turns[flip->direction]);
}

const struct ivp_filter ivp_filter_flip = {
    .name = "flip",
    .summary = "mirrors, left to right or upside down",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct flip),
    .params = params,
    .need = need,
    .apply = apply,
};
