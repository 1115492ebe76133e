/* SPDX-License-Identifier: MIT */
/* Transpose: swaps rows and columns, over either diagonal. Pixels only move. */
#include <ivpipe/filter.h>

#include "turn.h"

struct transpose {
	unsigned diagonal;
};

static const char *const diagonals[] = {"main", "anti", NULL};
static const enum ivp_turn turns[] = {IVP_TURN_TRANSPOSE, IVP_TURN_TRANSVERSE};

static const struct ivp_param params[] = {
    IVP_PARAM(struct transpose, diagonal, .choices = diagonals, .def = 0,
	      .help = "the corners that stay: top left and bottom right, or the other two"),
    {0},
};

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	const struct transpose *transpose = self;

	(void)why;
	*out = ivp_turn_shape(in, turns[transpose->diagonal]);
	return 0;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct transpose *transpose = self;

	(void)scratch;
	ivp_turn_apply(in, out, rows, turns[transpose->diagonal]);
}

const struct ivp_filter ivp_filter_transpose = {
    .name = "transpose",
    .summary = "swaps rows and columns",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct transpose),
    .params = params,
    .shape = shape,
    .apply = apply,
};
