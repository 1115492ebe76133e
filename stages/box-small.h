/* SPDX-License-Identifier: MIT */
/*
 * Means over small squares, without alpha: sums fit 16 bits, so twice as many lie in a vector as
 * in box-sums.c, and the window along the row is added up anew for each pixel.
 */
#ifndef IVP_STAGES_BOX_SMALL_H
#define IVP_STAGES_BOX_SMALL_H

#include "window.h"

#define IVP_BOX_SMALL_RADIUS 7 /* 15^2 * 255, and half of 15^2, stay below 2^16 */

struct ivp_box_small {
	struct ivp_window *window; /* one row more above than the square has, and one below */
	uint32_t radius;
	uint16_t *columns; /* sums of 2 radius + 1 rows, with padding */
};

/* Lays out carve; with carve->base NULL only measures and returns NULL. */
struct ivp_box_small *ivp_box_small_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					 unsigned radius, unsigned border);
/* Begins an image with row y. */
void ivp_box_small_start(struct ivp_box_small *box, const struct ivp_input *in, uint32_t y);
/* Makes row y; it goes on where the last call was. */
void ivp_box_small_row(struct ivp_box_small *box, const struct ivp_input *in, uint32_t y,
		       uint8_t *to);

#endif
