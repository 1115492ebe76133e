/* SPDX-License-Identifier: MIT */
/*
 * Convert: channels and bits. Levels keep their share of the highest level: 16 bits become 8 by
 * level / 257 rounded to nearest, 8 become 16 by level * 257. Gray to colours: three times the
 * same; colours to gray: luma by Rec. 601, as in grayscale, with 16 bits where either
 * side has them. Alpha that
 * is new is full; alpha that goes is not looked at, so colours stay as they are.
 */
#include <ivpipe/filter.h>

#include "copy-rows.h"
#include "format.h"
#include "need.h"
#include "rows.h"

struct convert {
	unsigned channels, depth;
};

enum { SAME, GRAY, RGB, RGBA };

static const char *const kinds[] = {"same", "gray", "rgb", "rgba", NULL};
static const char *const depths[] = {"same", "8", "16", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct convert, channels, .choices = kinds, .def = SAME,
	      .help = "what pixels are made of"),
    IVP_PARAM(struct convert, depth, .choices = depths, .def = 0, .help = "bits of each channel"),
    {0},
};

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	static const uint32_t formats[2][5] = {
	    {0, IVP_FORMAT_GRAY8, 0, IVP_FORMAT_RGB8, IVP_FORMAT_RGBA8},
	    {0, IVP_FORMAT_GRAY16, 0, IVP_FORMAT_RGB16, IVP_FORMAT_RGBA16},
	};
	const struct convert *convert = self;
	unsigned channels = ivp_format_channels(in->format);

	(void)why;
	if (convert->channels != SAME)
		channels = convert->channels == GRAY ? 1 : convert->channels == RGB ? 3 : 4;
	*out = *in;
	out->format =
	    formats[convert->depth == 0 ? ivp_is_wide(in->format) : convert->depth == 2][channels];
	return 0;
}

/* level / 257 rounded: 255 (level + 128) + 127 over 65536, exact for all of 16 bits. */
IVP_INLINE uint32_t narrowed(uint32_t level)
{
	return (level * 255 + 32895) >> 16;
}

/* What a pixel has of the four channels, and all there can be of alpha it has not. */
IVP_INLINE void read_levels(const uint8_t *in_8, const ivp_level16 *in_16, size_t i,
			    const unsigned channels, const bool wide, uint32_t level[4])
{
	for (size_t c = 0; c < 4; c++) {
		const size_t at = i * channels + (c < channels ? c : 0);

		level[c] = c == 3 && channels < 4 ? (wide ? 65535 : 255)
			   : wide                 ? in_16[at]
						  : in_8[at];
	}
}

/* One loop for every pair of formats: all but the pointers and n are constants. */
IVP_INLINE void convert_row(const void *restrict from, void *restrict to, size_t n,
			    const unsigned channels, const bool wide, const unsigned to_channels,
			    const bool to_wide)
{
	const uint8_t *restrict in_8 = from;
	const ivp_level16 *restrict in_16 = from;
	uint8_t *restrict out_8 = to;
	ivp_level16 *restrict out_16 = to;
	ivp_pixel *restrict pixels = to;
	ivp_pixel16 *restrict wide_pixels = to;

	for (size_t i = 0; i < n; i++) {
		uint32_t level[4];

		read_levels(in_8, in_16, i, channels, wide, level);
		for (size_t c = 0; !wide && to_wide && c < 4; c++)
			level[c] *= 257;
		if (channels > 1 && to_channels == 1)
			level[0] =
			    (level[0] * 19595 + level[1] * 38470 + level[2] * 7471 + 32768) >> 16;
		for (size_t c = 0; wide && !to_wide && c < 4; c++)
			level[c] = narrowed(level[c]);
		if (to_channels == 4 && !to_wide) {
			pixels[i] = level[0] | level[1] << 8 | level[2] << 16 | level[3] << 24;
			continue;
		}
		if (to_channels == 4 && channels < 4) {
			wide_pixels[i] = level[0] | (uint64_t)level[1] << 16 |
					 (uint64_t)level[2] << 32 | (uint64_t)level[3] << 48;
			continue;
		}
		for (size_t c = 0; c < to_channels; c++)
			if (to_wide)
				out_16[i * to_channels + c] = (ivp_level16)level[c];
			else
				out_8[i * to_channels + c] = (uint8_t)level[c];
	}
}

typedef void row_function(const void *from, void *to, size_t n);

#define ROW(channels, bits, to_channels, to_bits)                                                  \
	static void row_##channels##_##bits##_to_##to_channels##_##to_bits(const void *from,       \
									   void *to, size_t n)     \
	{                                                                                          \
		convert_row(from, to, n, channels, (bits) == 16, to_channels, (to_bits) == 16);    \
	}
#define ROWS_TO(channels, bits, to_bits)                                                           \
	ROW(channels, bits, 1, to_bits)                                                            \
	ROW(channels, bits, 3, to_bits)                                                            \
	ROW(channels, bits, 4, to_bits)
#define ROWS(channels)                                                                             \
	ROWS_TO(channels, 8, 8)                                                                    \
	ROWS_TO(channels, 8, 16)                                                                   \
	ROWS_TO(channels, 16, 8)                                                                   \
	ROWS_TO(channels, 16, 16)
ROWS(1)
ROWS(3)
ROWS(4)

#define NAMES_TO(channels, bits, to_bits)                                                          \
	{                                                                                          \
		NULL, row_##channels##_##bits##_to_1_##to_bits, NULL,                              \
		    row_##channels##_##bits##_to_3_##to_bits,                                      \
		    row_##channels##_##bits##_to_4_##to_bits                                       \
	}
#define NAMES(channels)                                                                            \
	{                                                                                          \
		{NAMES_TO(channels, 8, 8), NAMES_TO(channels, 8, 16)},                             \
		{                                                                                  \
			NAMES_TO(channels, 16, 8), NAMES_TO(channels, 16, 16)                      \
		}                                                                                  \
	}

/* By channels, whether wide, whether to wide, channels to. */
static row_function *const functions[5][2][2][5] = {[1] = NAMES(1), [3] = NAMES(3), [4] = NAMES(4)};

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const uint32_t from = in->shape.format, to = out->shape.format;
	row_function *convert = functions[ivp_format_channels(from)][ivp_is_wide(from)]
					 [ivp_is_wide(to)][ivp_format_channels(to)];

	(void)self;
	(void)scratch;
	if (from == to) {
		ivp_copy_rows(in, out, rows);
		return;
	}
	for (uint32_t y = rows.first; y < rows.end; y++)
		convert(in->pixels + y * in->stride, out->pixels + y * out->stride,
			in->shape.width);
}

const struct ivp_filter ivp_filter_convert = {
    .name = "convert",
    .summary = "changes the channels of pixels and their bits",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct convert),
    .params = params,
    .shape = shape,
    .need = ivp_need_same_rows,
    .apply = apply,
};
