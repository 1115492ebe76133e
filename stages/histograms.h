/* SPDX-License-Identifier: MIT */
/*
 * Medians of large squares of 8-bit samples at a cost that does not grow with the square: a
 * histogram per column, of which one sample goes and one comes from row to row, and one of the
 * square, of which one column goes and one comes from pixel to pixel (Perreault and Hebert 2007).
 *
 * All histograms are running totals, of samples up to each level. So they move by whole vectors,
 * without a branch, and the median is how many levels have totals up to half the square. A
 * column's totals are at most 2 * 50 + 1: bytes; the square's 101^2: 16 bits.
 */
#ifndef IVP_STAGES_HISTOGRAMS_H
#define IVP_STAGES_HISTOGRAMS_H

#include "carve.h"
#include "rows.h"

#define IVP_HISTOGRAMS_MAX_RADIUS 50

struct ivp_histograms {
	struct ivp_shape shape;
	unsigned border;
	int64_t radius;
	size_t step;            /* samples of a pixel */
	uint8_t *columns;       /* for each channel, for each column, 256 totals */
	uint8_t *outside;       /* those of a column outside the image: all samples are 0 */
	uint8_t *come, *go;     /* a channel's samples of the rows that come and go */
	uint8_t *premultiplied; /* a row */
	uint8_t *black;         /* a row of zeros */
	uint8_t *result;        /* IVP_HISTOGRAMS_BAND rows */
};

#define IVP_HISTOGRAMS_BAND 16

/* Lays out carve; with carve->base NULL only measures and returns NULL. */
struct ivp_histograms *ivp_histograms_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					   unsigned radius, unsigned border);
/* Begins an image with row y. */
void ivp_histograms_start(struct ivp_histograms *of, const struct ivp_input *in, uint32_t y);
/* Writes rows y..y+15 as far as they are before end; y goes on where the last call ended. */
void ivp_histograms_band(struct ivp_histograms *of, const struct ivp_input *in, uint32_t y,
			 uint32_t end, const struct ivp_output *out);

#endif
