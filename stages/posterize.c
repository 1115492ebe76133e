/* SPDX-License-Identifier: MIT */
/* Posterize: of each colour as many levels, evenly spread, each for an equal share of the old. */
#include <ivpipe/filter.h>

#include "need.h"
#include "tone.h"

struct posterize {
	int levels;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct posterize, levels, .min = 2, .max = 256, .def = 4,
	      .help = "levels of each colour that remain"),
    {0},
};

/* The table is of whole numbers, so that no rounding decides between two of the old levels. */
static unsigned table(const void *self, const struct ivp_shape *in, unsigned colour, void *table)
{
	const struct posterize *posterize = self;
	const uint64_t most = ivp_most_level(in->format), levels = (uint64_t)posterize->levels;
	uint16_t *wide = table;
	uint8_t *narrow = table;

	(void)colour;
	for (uint64_t level = 0; table && level <= most; level++) {
		const uint64_t step = level * levels / (most + 1);
		const uint64_t result = (2 * step * most + levels - 1) / (2 * (levels - 1));

		if (most == 255)
			narrow[level] = (uint8_t)result;
		else
			wide[level] = (uint16_t)result;
	}
	return 1;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	(void)out;
	ivp_tone_prepare(table, self, in, scratch);
}

const struct ivp_filter ivp_filter_posterize = {
    .name = "posterize",
    .summary = "leaves a few levels of each colour",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct posterize),
    .params = params,
    .need = ivp_need_same_rows,
    .scratch_bytes = ivp_tone_scratch,
    .prepare = prepare,
    .apply = ivp_tone_apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
