/* SPDX-License-Identifier: MIT */
/* Invert: 255 minus the level, of every channel but alpha. */
#include <ivpipe/filter.h>

#include "need.h"
#include "rows.h"

static void invert_levels(const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)~in[i];
}

static void invert_rgba(const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
	const ivp_pixel *from = (const ivp_pixel *)in;
	ivp_pixel *to = (ivp_pixel *)out;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] ^ 0x00ffffff;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const size_t width = in->shape.width, channels = ivp_format_channels(in->shape.format);

	(void)self;
	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (in->shape.format == IVP_FORMAT_RGBA8)
			invert_rgba(from, to, width);
		else
			invert_levels(from, to, width * channels);
	}
}

const struct ivp_filter ivp_filter_invert = {
    .name = "invert",
    .summary = "turns every colour into its opposite, as in a negative",
    .formats = IVP_FORMATS_8BIT,
    .need = ivp_need_same_rows,
    .apply = apply,
};
