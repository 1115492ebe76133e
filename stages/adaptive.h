/* SPDX-License-Identifier: MIT */
/*
 * Levels against the mean of a square around them, at a cost that is free of its size. A sum per
 * column slides down the image; along the row, sums of a window are differences of running sums,
 * modulo 2^32. Outside the image its border pixels go on.
 */
#ifndef IVP_STAGES_ADAPTIVE_H
#define IVP_STAGES_ADAPTIVE_H

#include <ivpipe/filter.h>

#include "carve.h"

/* 255^2 levels of 65535 stay below 2^32. */
#define IVP_ADAPTIVE_RADIUS 127

void ivp_adaptive_carve(struct ivp_carve *carve, const struct ivp_shape *shape);

/* The highest level where level + offset, limited to what levels there are, is at least the mean;
 * else, and where it would be below 0, 0. Alpha stays as it is. */
void ivp_adaptive_apply(const struct ivp_input *in, const struct ivp_output *out,
			struct ivp_rows rows, int radius, int32_t offset, void *scratch);

#endif
