/* SPDX-License-Identifier: MIT */
/* Invert: the highest level minus the level, of every channel but alpha. */
#include <ivpipe/filter.h>

#include "need.h"
#include "rows.h"
#include "tone.h"

static void invert_bytes(const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)~in[i];
}

static void invert_rgba8(const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
	const ivp_pixel *from = (const ivp_pixel *)in;
	ivp_pixel *to = (ivp_pixel *)out;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] ^ 0x00ffffff;
}

static void invert_rgba16(const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
	const ivp_pixel16 *from = (const ivp_pixel16 *)in;
	ivp_pixel16 *to = (ivp_pixel16 *)out;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] ^ 0x0000ffffffffffff;
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const size_t width = in->shape.width, bytes = ivp_format_pixel_bytes(in->shape.format);

	(void)self;
	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (in->shape.format == IVP_FORMAT_RGBA8)
			invert_rgba8(from, to, width);
		else if (in->shape.format == IVP_FORMAT_RGBA16)
			invert_rgba16(from, to, width);
		else
			invert_bytes(from, to, width * bytes);
	}
}

static double curve(const void *self, double share)
{
	(void)self;
	return 1 - share;
}

static unsigned table(const void *self, const struct ivp_shape *in, unsigned colour, void *table)
{
	(void)colour;
	if (table)
		ivp_tone_fill(in, table, curve, self);
	return 1;
}

const struct ivp_filter ivp_filter_invert = {
    .name = "invert",
    .summary = "turns every colour into its opposite, as in a negative",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .need = ivp_need_same_rows,
    .apply = apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
