/* SPDX-License-Identifier: MIT */
/*
 * Look-up tables as files: .cube (Adobe, "Cube LUT Specification 1.0", 2013) of one or three
 * dimensions, and plain text of 256 or 65536 lines, a level or three of 0..255 or 0..65535 each.
 */
#ifndef IVP_STAGES_CUBE_H
#define IVP_STAGES_CUBE_H

#include <ivpipe/filter.h>

#define IVP_CUBE_SIDE 129 /* the longest of three dimensions: 33 MiB of values */

struct ivp_cube {
	uint32_t dimensions; /* 1 or 3 */
	uint32_t side;       /* values along each, at least 2 */
	bool one;            /* 1 dimension: the same for all colours */
	float low[3];        /* (share - low) * scale: the place of a share of the highest level */
	float scale[3];
	/* Red, green, blue, 0; shares, from -100 to 100. Three dimensions: red runs fastest. */
	float values[][4] __attribute__((aligned(64)));
};

/* As struct ivp_param has it; parsed becomes a struct ivp_cube. */
size_t ivp_cube_parse(const uint8_t *bytes, size_t size, void *parsed, struct ivp_why *why);

#endif
