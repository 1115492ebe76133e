/* SPDX-License-Identifier: MIT */
/*
 * The rows around a row, for filters that look at a window around each pixel: copies in a ring in
 * scratch memory, padded on both sides, so that inner loops know no borders. Every row of the
 * image is read once, from one end to the other, in the order of the rows.
 *
 * The copies are premultiplied (alpha.h), or whatever the filter's own load makes of a row.
 */
#ifndef IVP_STAGES_WINDOW_H
#define IVP_STAGES_WINDOW_H

#include "carve.h"
#include "rows.h"

/* Behind the padding so many bytes more may be read; what they are means nothing. */
#define IVP_WINDOW_SLACK 512

struct ivp_window {
	struct ivp_shape shape;
	unsigned border;
	uint32_t reach_x, reach_y; /* pixels on each side, rows above and below */
	size_t pixel_bytes;        /* in a plane of the ring */
	unsigned planes;
	size_t plane, row; /* bytes from a plane, a row of the ring to the next */
	uint8_t *ring;     /* 2 reach_y + 1 rows */
	uint8_t *outside;  /* a row of zeros */
	const void **rows; /* pointers to the rows around the row at work */
	uint32_t ready;    /* the next row to load */
	/* Makes width pixels, planes lying plane bytes apart; NULL: ivp_premultiply. */
	void (*load)(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane);
};

/* Makes a window in scratch, with what is set in wanted: shape, border, reach, and pixel_bytes and
 * planes if load is set. With carve->base NULL only measures and returns NULL. */
struct ivp_window *ivp_window_make(struct ivp_carve *carve, const struct ivp_window *wanted);
/* Scratch bytes of a filter that needs such a window and nothing else. */
size_t ivp_window_bytes(const struct ivp_window *wanted);

/* Begins an image with row y. */
void ivp_window_start(struct ivp_window *window, uint32_t y);

/*
 * The rows around y, 2 reach_y + 1 pointers to their first pixels; reach_x pixels lie in front and
 * behind. y goes on where the last call was.
 */
const void *const *ivp_window_rows(struct ivp_window *window, const struct ivp_input *in,
				   uint32_t y);

#endif
