/* SPDX-License-Identifier: MIT */
/* Tables of levels: how they are filled, and how rows of pixels go through them. */
#include "tone.h"

#include <string.h>

#include "carve.h"
#include "look-up.h"
#include "rows.h"

static size_t table_bytes(uint32_t format)
{
	return ivp_most_level(format) == 255 ? 256 : 2 * 65536;
}

void ivp_tone_fill(const struct ivp_shape *shape, void *table,
		   double (*curve)(const void *self, double share), const void *self)
{
	const unsigned most = ivp_most_level(shape->format);
	uint16_t *wide = table;
	uint8_t *narrow = table;

	for (unsigned level = 0; level <= most; level++) {
		double share = curve(self, (double)level / most);
		unsigned result;

		share = share > 1 ? 1 : share > 0 ? share : 0;
		result = (unsigned)(share * most + 0.5);
		if (most == 255)
			narrow[level] = (uint8_t)result;
		else
			wide[level] = (uint16_t)result;
	}
}

size_t ivp_tone_scratch(const void *self, const struct ivp_shape *in, const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)self;
	(void)out;
	ivp_carve(&carve, sizeof(struct ivp_tables));
	ivp_carve(&carve, ivp_tone_colours(in->format) * table_bytes(in->format));
	return carve.used;
}

void *ivp_tone_table(const struct ivp_shape *shape, void *scratch, unsigned i)
{
	struct ivp_carve carve = {.base = scratch};
	uint8_t *first;

	ivp_carve(&carve, sizeof(struct ivp_tables));
	first = ivp_carve(&carve, 0);
	return first + i * table_bytes(shape->format);
}

void ivp_tone_prepare(unsigned (*table)(const void *self, const struct ivp_shape *in,
					unsigned colour, void *table),
		      const void *self, const struct ivp_shape *in, void *scratch)
{
	const bool one = table(self, in, 0, NULL) == 1;
	struct ivp_tables *tables = scratch;

	for (unsigned i = 0; i < ivp_tone_colours(in->format); i++) {
		tables->of[i] = ivp_tone_table(in, scratch, one ? 0 : i);
		if (i == 0 || !one)
			table(self, in, i, ivp_tone_table(in, scratch, i));
	}
}

static void keep_alpha_8(const ivp_pixel *restrict from, ivp_pixel *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (to[i] & 0x00ffffff) | (from[i] & 0xff000000);
}

static void keep_alpha_16(const ivp_pixel16 *restrict from, ivp_pixel16 *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (to[i] & 0x0000ffffffffffff) | (from[i] & 0xffff000000000000);
}

void ivp_tone_keep_alpha(uint32_t format, const uint8_t *from, uint8_t *to, size_t n)
{
	if (format == IVP_FORMAT_RGBA8)
		keep_alpha_8((const ivp_pixel *)from, (ivp_pixel *)to, n);
	else
		keep_alpha_16((const ivp_pixel16 *)from, (ivp_pixel16 *)to, n);
}

static void row_8(const struct ivp_tables *tables, uint32_t format, const uint8_t *from,
		  uint8_t *to, size_t width)
{
	const uint8_t *r = tables->of[0], *g = tables->of[1], *b = tables->of[2];

	if (format == IVP_FORMAT_GRAY8)
		ivp_look_up(r, from, to, width);
	else if (format == IVP_FORMAT_RGB8 && r == g && r == b)
		ivp_look_up(r, from, to, width * 3);
	else if (format == IVP_FORMAT_RGB8)
		ivp_look_up_rgb(r, g, b, from, to, width);
	else
		ivp_look_up_rgba(r, g, b, from, to, width);
}

static void row_16(const struct ivp_tables *tables, uint32_t format,
		   const ivp_level16 *restrict from, ivp_level16 *restrict to, size_t width)
{
	const uint16_t *r = tables->of[0], *g = tables->of[1], *b = tables->of[2];

	if (format == IVP_FORMAT_GRAY16)
		for (size_t i = 0; i < width; i++)
			to[i] = r[from[i]];
	else if (format == IVP_FORMAT_RGB16)
		for (size_t i = 0; i < width; i++, from += 3, to += 3) {
			to[0] = r[from[0]];
			to[1] = g[from[1]];
			to[2] = b[from[2]];
		}
	else
		for (size_t i = 0; i < width; i++, from += 4, to += 4) {
			to[0] = r[from[0]];
			to[1] = g[from[1]];
			to[2] = b[from[2]];
			to[3] = from[3];
		}
}

void ivp_tone_apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		    struct ivp_rows rows, void *scratch)
{
	const uint32_t format = in->shape.format;

	(void)self;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (ivp_most_level(format) == 255)
			row_8(scratch, format, from, to, in->shape.width);
		else
			row_16(scratch, format, (const ivp_level16 *)from, (ivp_level16 *)to,
			       in->shape.width);
	}
}
