/* SPDX-License-Identifier: MIT */
/* Gamma: level ^ (1 / gamma), of levels from 0 to 1. */
#include <ivpipe/filter.h>

#include "exact.h"
#include "need.h"
#include "tone.h"

struct gamma {
	double gamma;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct gamma, gamma, .min = 0.1, .max = 10, .def = 1,
	      .help = "above 1 what is between black and white gets lighter, below 1 darker"),
    {0},
};

static double curve(const void *self, double share)
{
	const struct gamma *wanted = self;

	return ivp_exact_power(share, 1 / wanted->gamma);
}

static unsigned table(const void *self, const struct ivp_shape *in, unsigned colour, void *table)
{
	(void)colour;
	if (table)
		ivp_tone_fill(in, table, curve, self);
	return 1;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	(void)out;
	ivp_tone_prepare(table, self, in, scratch);
}

const struct ivp_filter ivp_filter_gamma = {
    .name = "gamma",
    .summary = "makes what is between black and white lighter or darker",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct gamma),
    .params = params,
    .need = ivp_need_same_rows,
    .scratch_bytes = ivp_tone_scratch,
    .prepare = prepare,
    .apply = ivp_tone_apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
