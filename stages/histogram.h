/* SPDX-License-Identifier: MIT */
/* How often each level is there, for each colour of an image; alpha is not looked at. */
#ifndef IVP_STAGES_HISTOGRAM_H
#define IVP_STAGES_HISTOGRAM_H

#include <ivpipe/filter.h>

#include "carve.h"

struct ivp_histogram {
	uint64_t *bins[3]; /* 256 or 65536 for each colour; gray has the first only */
	uint32_t *part;    /* counts of some rows, in several tables */
};

/* Lays out carve; with carve->base NULL only measures. */
struct ivp_histogram ivp_histogram_carve(struct ivp_carve *carve, const struct ivp_shape *shape);
void ivp_histogram_count(const struct ivp_histogram *histogram, const struct ivp_input *in);

#endif
