/* SPDX-License-Identifier: MIT */
/*
 * Enlarging along a row: neighbours in the result come from neighbours in the source, no further
 * apart, so that a vector of results takes what weighs first for them from one vector of the
 * source, what weighs second from the one a pixel on, and so on, always in the same order.
 */
#ifndef IVP_STAGES_GROW_H
#define IVP_STAGES_GROW_H

#include <stddef.h>
#include <stdint.h>

#include "carve.h"

#define IVP_GROW_LANES     (IVP_VECTOR / 4)
#define IVP_GROW_MOST_TAPS 8 /* of a kernel of radius 3 at a ratio of 1 */

struct ivp_axis;

struct ivp_grow {
	unsigned step;   /* samples from a pixel to the next: 1 or 3 */
	unsigned taps;   /* weights of a result pixel */
	size_t blocks;   /* vectors of the result, each with as many whole pixels as fit */
	uint32_t *at;    /* of each block: the first source sample */
	uint32_t *which; /* of each block: its weights */
	struct ivp_grow_weights *weights; /* those that differ */
};

/* Lays out the arrays; fills them if carve->base is not NULL. axis is prepared and does not
 * shrink. */
void ivp_grow_prepare(struct ivp_grow *grow, const struct ivp_axis *axis, unsigned step,
		      struct ivp_carve *carve);

/* Samples that a row of so many pixels must have room for: behind those of a source row are zeros,
 * and what is behind those of a result row is overwritten. */
static inline size_t ivp_grow_room(size_t pixels, unsigned step)
{
	const size_t samples = (pixels + IVP_GROW_MOST_TAPS) * step + (size_t)5 * IVP_GROW_LANES;

	return samples / IVP_GROW_LANES * IVP_GROW_LANES;
}

/* A source row to a result row: sums in the order of the pixels. */
void ivp_grow_row(const struct ivp_grow *grow, const float *from, float *to);

#endif
