/* SPDX-License-Identifier: MIT */
/*
 * Medians of large squares of 16-bit samples, at a cost that hardly grows with the square. The image
 * is cut into tiles of at most 32768 samples, what lies around them included. All samples of a tile
 * are put in order, those of one level in any order (the ordinal transform: Weiss 2006), and dealt
 * out in that order to 256 bins of the same size. Running totals of the bins (totals.h) tell in
 * which bin the median of a square is and how many of its samples there are before it; of the bin,
 * which has 128 at most, those inside the square are counted until it is found. Exact.
 *
 * Every row of the image is read once, into a window; results are made in bands of rows, whole
 * tiles of them.
 */
#ifndef IVP_STAGES_TILE_MEDIAN_H
#define IVP_STAGES_TILE_MEDIAN_H

#include "carve.h"
#include "window.h"

struct ivp_tile_median {
	struct ivp_window *window;
	struct ivp_shape shape;
	size_t radius, step; /* step: samples of a pixel */
	uint32_t *keys[2];   /* of the samples: level, y in the tile, x in the tile */
	uint8_t *bins;       /* the bin of each sample of the tile, row by row */
	uint16_t *levels;    /* of samples, bin by bin, and where they are in the tile */
	uint8_t *xs, *ys;
	uint8_t *columns; /* totals of a square's columns */
	uint16_t *result; /* a band */
	uint32_t band;    /* its first row; UINT32_MAX: none is made yet */
};

/* Lays out carve; with carve->base NULL only measures and returns NULL. */
struct ivp_tile_median *ivp_tile_median_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					     unsigned radius, unsigned border);
/* Rows of the image that the rows before end depend on. */
uint32_t ivp_tile_median_need(const struct ivp_shape *shape, unsigned radius, uint32_t end);
/* Begins an image with row y. */
void ivp_tile_median_start(struct ivp_tile_median *of, uint32_t y);
/* Row y, premultiplied; y goes on where the last call was. */
const void *ivp_tile_median_row(struct ivp_tile_median *of, const struct ivp_input *in, uint32_t y);

#endif
