/* SPDX-License-Identifier: MIT */
/*
 * Where the rows of a file go in the pixels of a slot. Stored pixel (x, y) lands at
 * origin + x * step_x + y * step_y; the eight EXIF orientations are eight choices of these three.
 * Where that keeps pixels of a row side by side, a decoder writes the row in place; else it
 * writes into a strip of a few rows, which are then spread over the slot. The slot is never read.
 */
#ifndef IVP_CODEC_ROWS_H
#define IVP_CODEC_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include <ivpipe/frame.h>

#define IVP_ROWS_STRIP 16u /* rows: 48 bytes side by side of a turned RGB8 image, a cache line */

struct ivp_rows {
	uint8_t *origin;
	ptrdiff_t step_x, step_y; /* bytes */
	uint32_t width, height;   /* of the file */
	unsigned pixel_bytes;
	uint8_t *strip; /* NULL: rows are written in place */
	size_t strip_stride;
};

/* The shape of the image turned upright. */
struct ivp_shape ivp_orient_shape(const struct ivp_shape *stored, unsigned orientation);

/* out has the shape that ivp_orient_shape gives. Returns 0 or -ENOMEM. */
int ivp_rows_init(struct ivp_rows *rows, const struct ivp_output *out,
		  const struct ivp_shape *stored, unsigned orientation);
void ivp_rows_finish(struct ivp_rows *rows);

/* Where to write row y, and how many rows from y on may be written before they are done. */
uint8_t *ivp_rows_at(const struct ivp_rows *rows, uint32_t y);
uint32_t ivp_rows_room(const struct ivp_rows *rows, uint32_t y);
/* Rows in order only: those up to y, not y itself, are written. */
void ivp_rows_done(struct ivp_rows *rows, uint32_t y);

/* Places count pixels of row y: those of columns first, first + step, ... */
void ivp_rows_put(const struct ivp_rows *rows, uint32_t y, uint32_t first, uint32_t step,
		  const uint8_t *pixels, uint32_t count);

#endif
