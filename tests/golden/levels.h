/* SPDX-License-Identifier: MIT */
/* Levels of 8 and 16 bits around a pixel, as the definitions of filters with a window see them. */
#ifndef IVP_TESTS_GOLDEN_LEVELS_H
#define IVP_TESTS_GOLDEN_LEVELS_H

#include "golden/reference.h"

#define RGBA(picture) ((picture)->channels == 4)

/* Widths and heights with which windows, vectors and bands come out uneven. */
static const uint32_t level_sizes[][2] = {{1, 1},   {1, 9},   {9, 1},   {2, 2},
					  {33, 17}, {64, 16}, {131, 40}};

static inline double most_level(const struct picture *picture)
{
	return ivp_format_pixel_bytes(picture->shape.format) > picture->channels ? 65535 : 255;
}

static inline double level_at(const struct picture *picture, int64_t x, int64_t y, size_t c)
{
	const uint8_t *at = picture_at(picture, x, y);

	return most_level(picture) > 255 ? at[2 * c] + 256.0 * at[2 * c + 1] : at[c];
}

/* -1: outside, where constant borders are. */
static inline int64_t level_index(int64_t index, int64_t count, const char *border)
{
	if (strcmp(border, "constant") == 0 && (index < 0 || index >= count))
		return -1;
	return border_index(index, count, strcmp(border, "reflect") == 0);
}

/* Premultiplied and rounded to a level, also outside the picture. */
static inline double seen_at(const struct picture *picture, int64_t x, int64_t y, size_t c,
			     const char *border)
{
	double alpha = 1;

	x = level_index(x, picture->shape.width, border);
	y = level_index(y, picture->shape.height, border);
	if (x < 0 || y < 0)
		return 0;
	if (RGBA(picture) && c < 3)
		alpha = level_at(picture, x, y, 3) / most_level(picture);
	return floor(level_at(picture, x, y, c) * alpha + 0.5);
}

/* A picture of noise; alpha of either size is 0, the most, and noise by turns. */
static inline struct picture picture_of_noise(const uint32_t size[2], uint32_t format,
					      uint64_t seed)
{
	struct picture picture = picture_make(size[0], size[1], format);

	picture_fill(&picture, seed % PATTERNS, seed);
	for (uint32_t y = 0; y < size[1] && format == IVP_FORMAT_RGBA16; y++)
		for (uint32_t x = 0; x < size[0]; x++)
			if ((x / 7 + y / 5) % 3 < 2)
				memset(picture_at(&picture, x, y) + 6,
				       (x / 7 + y / 5) % 3 ? 255 : 0, 2);
	return picture;
}

/* What a definition says of a channel: a level, not rounded. */
typedef double definition(const struct picture *in, int64_t x, int64_t y, size_t c,
			  const void *context);

/* Every level of out is at most error from the definition, clamped to the range of levels. */
static inline void assert_levels(const struct picture *in, const struct picture *out,
				 definition *define, const void *context, double error)
{
	for (int64_t y = 0; y < out->shape.height; y++)
		for (int64_t x = 0; x < out->shape.width; x++)
			for (size_t c = 0; c < out->channels; c++) {
				double wanted = define(in, x, y, c, context);
				double most = most_level(out);

				wanted = wanted < 0 ? 0 : wanted > most ? most : wanted;
				if (!(fabs(level_at(out, x, y, c) - wanted) <= error))
					fail_msg("%s %ux%u, pixel %d, %d, channel %d: %g, not %g",
						 ivp_format_name(in->shape.format), in->shape.width,
						 in->shape.height, (int)x, (int)y, (int)c,
						 level_at(out, x, y, c), wanted);
			}
}

#endif
