/* SPDX-License-Identifier: MIT */
/* Where a box lies in another: at a corner, at the middle of a side, or in the centre. */
#ifndef IVP_STAGES_GRAVITY_H
#define IVP_STAGES_GRAVITY_H

#include <stdint.h>

/* The words of a gravity parameter, row by row; ended by NULL. Number / 3: row, number % 3:
 * column. */
#define IVP_GRAVITIES                                                                              \
	{                                                                                          \
		"north-west", "north", "north-east", "west", "centre", "east", "south-west",       \
		    "south", "south-east", NULL                                                    \
	}

enum { IVP_GRAVITY_NORTH_WEST, IVP_GRAVITY_CENTRE = 4 };

/*
 * The place along one side of a box of inner pixels in one of outer, which may be the smaller.
 * third: 0 at the beginning, 1 in the middle, rounded down, 2 at the end. offset leads away from
 * there: towards the middle, and from the middle right or down. Sides are below 2^31 and offsets
 * below 2^17, so nothing wraps.
 */
static inline int64_t ivp_gravity_place(unsigned third, int64_t outer, int64_t inner,
					int64_t offset)
{
	if (third == 0)
		return offset;
	if (third == 2)
		return outer - inner - offset;
	/* An arithmetic shift: down, also below 0. */
	return ((outer - inner) >> 1) + offset;
}

#endif
