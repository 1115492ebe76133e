/* SPDX-License-Identifier: MIT */
/*
 * Levels to linear light and back, by the curve of sRGB (IEC 61966-2-1). Light is scaled to the
 * levels' range: 0..255 or 0..65535.
 */
#ifndef IVP_STAGES_LIGHT_H
#define IVP_STAGES_LIGHT_H

#include <stdint.h>

#include "carve.h"

struct ivp_light {
	uint32_t top;    /* 255 or 65535 */
	float *of;       /* light of each level */
	float *least;    /* that is nearest to each level, not to the one below */
	uint16_t *guess; /* level, or one below, by the root of the light */
};

/* Lays out the tables; fills them if carve->base is not NULL. */
void ivp_light_prepare(struct ivp_light *light, uint32_t top, struct ivp_carve *carve);

/* n lights, whatever they are, to the nearest levels. */
void ivp_light_levels(const struct ivp_light *light, const float *in, uint16_t *out, size_t n);

#endif
