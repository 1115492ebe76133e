/* SPDX-License-Identifier: MIT */
/*
 * The eight ways to lay a rectangle on its place: flips, quarter turns and both. Pixels only move,
 * of any format.
 */
#ifndef IVP_STAGES_TURN_H
#define IVP_STAGES_TURN_H

#include <ivpipe/filter.h>

/* The numbers are those of the EXIF orientation (CIPA DC-008, tag 274) of an image that stands
 * upright after this. Those from TRANSPOSE on swap width and height. */
enum ivp_turn {
	IVP_TURN_NONE = 1,
	IVP_TURN_MIRROR,     /* left becomes right */
	IVP_TURN_HALF,       /* by 180 degrees */
	IVP_TURN_FLIP,       /* top becomes bottom */
	IVP_TURN_TRANSPOSE,  /* over the diagonal from the top left */
	IVP_TURN_RIGHT,      /* by 90 degrees, clockwise */
	IVP_TURN_TRANSVERSE, /* over the diagonal from the top right */
	IVP_TURN_LEFT,       /* by 90 degrees, counter-clockwise */
};

struct ivp_shape ivp_turn_shape(const struct ivp_shape *in, enum ivp_turn turn);
void ivp_turn_apply(const struct ivp_input *in, const struct ivp_output *out, struct ivp_rows rows,
		    enum ivp_turn turn);

/* out[j * out_step + i * pixel] = in[i * in_step + j * pixel] for i < rows and j < columns. */
struct ivp_tiles {
	const uint8_t *in;
	uint8_t *out;
	ptrdiff_t in_step, out_step; /* bytes, may be negative */
	size_t rows, columns;
	size_t before, after; /* pixels of in that lie left and right of the columns */
};

void ivp_tiles_turn(const struct ivp_tiles *tiles, unsigned pixel);

#endif
