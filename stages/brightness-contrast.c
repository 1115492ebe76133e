/* SPDX-License-Identifier: MIT */
/*
 * Brightness and contrast: middle + (level - middle) * contrast + brightness, with the middle and
 * the brightness as shares of the highest level.
 */
#include <ivpipe/filter.h>

#include "need.h"
#include "tone.h"

struct brightness_contrast {
	double brightness, contrast;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct brightness_contrast, brightness, .min = -100, .max = 100, .def = 0,
	      .unit = "%", .help = "what is added to every colour, of the highest level"),
    IVP_PARAM(struct brightness_contrast, contrast, .min = 0, .max = 100, .def = 1,
	      .help = "factor of the distance from mid-gray: 0 is gray, 1 changes nothing"),
    {0},
};

static double curve(const void *self, double share)
{
	const struct brightness_contrast *wanted = self;

	return 0.5 + (share - 0.5) * wanted->contrast + wanted->brightness / 100;
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

const struct ivp_filter ivp_filter_brightness_contrast = {
    .name = "brightness-contrast",
    .summary = "makes images lighter or darker, and differences larger or smaller",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct brightness_contrast),
    .params = params,
    .need = ivp_need_same_rows,
    .scratch_bytes = ivp_tone_scratch,
    .prepare = prepare,
    .apply = ivp_tone_apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
