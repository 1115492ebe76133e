/* SPDX-License-Identifier: MIT */
/*
 * Smallest or largest samples of rectangles, row by row, at a cost that does not grow with their
 * height: van Herk (1992), Gil and Werman (1993). Rows are taken in blocks as tall as the
 * rectangle. Of a block the extremes from each row to its end are made, of the next one those
 * from its beginning to each row as it comes; every rectangle is one of those and one of these.
 * Along a row extremes of ever wider spans are made of three narrower ones: about log3(width)
 * steps in vectors, which for any width are fewer than what a row costs otherwise. Of a few
 * rows, or columns, the extremes are made of all of them in one pass, which is faster.
 *
 * Pixels outside the image do not count.
 */
#ifndef IVP_STAGES_EXTREMES_H
#define IVP_STAGES_EXTREMES_H

#include "carve.h"
#include "rows.h"

struct ivp_extremes {
	struct ivp_shape shape;
	bool largest;
	int64_t left, right, above, below; /* pixels of the rectangle on each side of its middle */
	struct ivp_extremes *source;       /* takes its rows instead of the image's; or NULL */

	bool wide;         /* 16-bit samples */
	size_t step;       /* samples of a pixel */
	size_t row;        /* bytes of a row's pixels */
	size_t pitch;      /* bytes from a row of the ring to the next */
	uint8_t *ring;     /* above + 1 + below rows */
	uint8_t *begun;    /* extremes from the beginning of the block */
	uint8_t *line;     /* a row at work, left and right pixels around it */
	int64_t at, index; /* the top row of the rectangle, and its place in the block */
	bool fresh;        /* nothing is in the ring yet */
};

/* Completes pass, of which shape to source are set, and lays out its arrays. Rectangles that
 * reach beyond the whole image are cut to it. */
void ivp_extremes_prepare(struct ivp_extremes *pass, struct ivp_carve *carve);
/* Begins an image with row y. */
void ivp_extremes_start(struct ivp_extremes *pass, uint32_t y);
/* Writes the next row, premultiplied if the image has alpha. */
void ivp_extremes_next(struct ivp_extremes *pass, const struct ivp_input *in, void *to);

#endif
