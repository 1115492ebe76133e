/* SPDX-License-Identifier: MIT */
/*
 * Rows of pixels as floats, in the order of the pixels, and back: for filters that weigh by real
 * numbers. Levels stay what they are. Pixels with alpha become products c a, and most * a (most:
 * 255 or 65535), that is most times premultiplied levels: exact for 8 bits. On the way back
 * colour = most * C / A, and 0 where alpha is below half a level.
 *
 * All float rows begin on 64-byte boundaries, and have room for ivp_floats_room samples: loops go on
 * to the end of a group of vectors.
 */
#ifndef IVP_STAGES_FLOATS_H
#define IVP_STAGES_FLOATS_H

#include <ivpipe/frame.h>

/* Samples that a row of so many needs room for. */
static inline size_t ivp_floats_room(size_t samples)
{
	return (samples + 63) & ~(size_t)63;
}

/* What a sample is times this is in levels. */
float ivp_floats_unit(uint32_t format);

/* shape->width pixels of a row; a load of window.h, but without planes. */
void ivp_floats_load(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane);

/*
 * Premultiplied samples, times factor in levels, to straight levels; offset is added to colours.
 * For formats with alpha. instead: levels to take for alpha, and for colours where nothing is seen;
 * NULL: alpha stays what it is, and such colours become 0.
 */
void ivp_floats_straighten(uint32_t format, float *values, size_t samples, float factor,
			   float offset, const float *instead);

/* The levels themselves, not premultiplied. */
void ivp_floats_of_levels(uint32_t format, const void *pixels, float *to, size_t samples);

/* Levels times factor, plus offset, to samples of pixels: rounded to nearest, clamped. */
void ivp_floats_store(uint32_t format, const float *levels, void *to, size_t samples, float factor,
		      float offset);

#endif
