/* SPDX-License-Identifier: MIT */
/*
 * Sums over sliding squares. A sum per column is kept for 2 radius + 1 rows; a row further down,
 * one row is added and one taken off. Along the row the same is done with these column sums, for
 * 16 rows side by side (bands.h).
 */
#ifndef IVP_STAGES_BOX_SUMS_H
#define IVP_STAGES_BOX_SUMS_H

#include "bands.h"
#include "carve.h"
#include "rows.h"

/* 201^2 squares of 255 * 255 (colour times alpha) and half a divisor stay below 2^32. */
#define IVP_BOX_MAX_RADIUS 100

struct ivp_box {
	struct ivp_row_form form;
	int64_t height, radius;
	unsigned border;
	uint8_t *black;    /* a row of zeros */
	uint32_t *columns; /* a sum per sample, for the row before the next band */
	uint32_t *chunk;   /* IVP_BAND rows of column sums, IVP_BAND_CHUNK apart */
	uint32_t *lanes;   /* the column sums of a band, turned */
	uint8_t *result;   /* a band of results, turned: samples, or RGBA8 pixels */
};

/* Lays out carve; with carve->base NULL only measures and returns NULL. */
struct ivp_box *ivp_box_prepare(struct ivp_carve *carve, const struct ivp_shape *shape);
/* Sums the columns for row y, the first to come. */
void ivp_box_start(struct ivp_box *box, unsigned radius, unsigned border,
		   const struct ivp_input *in, int64_t y);
/* Writes rows y..y+15 as far as they are before end; y goes on where the last call ended. */
void ivp_box_band(struct ivp_box *box, const struct ivp_input *in, int64_t y, int64_t end,
		  const struct ivp_output *out);

#endif
