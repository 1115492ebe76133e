/* SPDX-License-Identifier: MIT */
/*
 * Means over sliding squares. A sum per column is kept for 2 radius + 1 rows; a row further down,
 * one row is added and one taken off. Along the row the same is done with these column sums, for
 * the samples of a pixel side by side; where a pixel has but one, sums of 2^j neighbours are made by
 * adding those of half as many, and the window is a sum of such sums.
 */
#ifndef IVP_STAGES_BOX_SUMS_H
#define IVP_STAGES_BOX_SUMS_H

#include "carve.h"
#include "rows.h"

/* 201^2 squares of 255 * 255 (colour times alpha), or of 65535, and half a divisor stay below
 * 2^32. */
#define IVP_BOX_MAX_RADIUS 100

struct ivp_box {
	struct ivp_shape shape;
	int64_t radius;
	unsigned border;
	uint8_t *black;        /* a row of zeros */
	uint16_t *more, *less; /* with alpha: rows premultiplied */
	uint32_t *columns;     /* a sum per sample; radius pixels lie in front and behind */
	uint32_t *doubled;     /* of a block: sums of 1, 2, 4 and so on */
	uint32_t *sums;        /* of a block: of the whole window */
};

/* Lays out carve; with carve->base NULL only measures and returns NULL. */
struct ivp_box *ivp_box_make(struct ivp_carve *carve, const struct ivp_shape *shape,
			     unsigned radius, unsigned border);
/* Sums the columns for row y, the first to come. */
void ivp_box_start(struct ivp_box *box, const struct ivp_input *in, uint32_t y);
/* Writes row y; it goes on where the last call was. */
void ivp_box_row(struct ivp_box *box, const struct ivp_input *in, uint32_t y, uint8_t *to);

#endif
