/* SPDX-License-Identifier: MIT */
/*
 * Levels: those from black to white are stretched to 0..1, bent by ^ (1 / gamma), and mapped to
 * darkest..lightest.
 */
#include <errno.h>

#include <ivpipe/filter.h>

#include "exact.h"
#include "need.h"
#include "tone.h"

struct levels {
	double black, white, gamma, darkest, lightest;
	unsigned channel;
};

enum { ALL, RED, GREEN, BLUE };

static const char *const channels[] = {"all", "red", "green", "blue", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct levels, black, .min = 0, .max = 100, .def = 0, .unit = "%",
	      .help = "level that becomes the darkest, as is all below it"),
    IVP_PARAM(struct levels, white, .min = 0, .max = 100, .def = 100, .unit = "%",
	      .help = "level that becomes the lightest, as is all above it"),
    IVP_PARAM(struct levels, gamma, .min = 0.1, .max = 10, .def = 1,
	      .help = "above 1 what is between gets lighter, below 1 darker"),
    IVP_PARAM(struct levels, darkest, .min = 0, .max = 100, .def = 0, .unit = "%",
	      .help = "level that black gets"),
    IVP_PARAM(struct levels, lightest, .min = 0, .max = 100, .def = 100, .unit = "%",
	      .help = "level that white gets; below darkest the image is inverted"),
    IVP_PARAM(struct levels, channel, .choices = channels, .def = ALL,
	      .help = "colour that this is for; gray images change with all only"),
    {0},
};

static int check(const void *self, struct ivp_why *why)
{
	const struct levels *levels = self;

	if (levels->black < levels->white)
		return 0;
	ivp_why_set(why, "black (%g %%) must be below white (%g %%)", levels->black, levels->white);
	return -EINVAL;
}

static double curve(const void *self, double share)
{
	const struct levels *levels = self;
	double black = levels->black / 100, white = levels->white / 100;
	double darkest = levels->darkest / 100, lightest = levels->lightest / 100;

	share = (share - black) / (white - black);
	share = share > 1 ? 1 : share > 0 ? share : 0;
	if (levels->gamma != 1)
		share = ivp_exact_power(share, 1 / levels->gamma);
	return darkest + share * (lightest - darkest);
}

static double same(const void *self, double share)
{
	(void)self;
	return share;
}

static unsigned table(const void *self, const struct ivp_shape *in, unsigned colour, void *table)
{
	const struct levels *levels = self;
	const bool gray = ivp_tone_colours(in->format) == 1;
	const bool meant = levels->channel == ALL || (!gray && levels->channel == colour + RED);

	if (table)
		ivp_tone_fill(in, table, meant ? curve : same, self);
	return levels->channel == ALL ? 1 : 3;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	(void)out;
	ivp_tone_prepare(table, self, in, scratch);
}

const struct ivp_filter ivp_filter_levels = {
    .name = "levels",
    .summary = "sets which levels are black and white, and what is between",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct levels),
    .params = params,
    .check = check,
    .need = ivp_need_same_rows,
    .scratch_bytes = ivp_tone_scratch,
    .prepare = prepare,
    .apply = ivp_tone_apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
