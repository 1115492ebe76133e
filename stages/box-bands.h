/* SPDX-License-Identifier: MIT */
/*
 * Means over sliding squares, of images of 8 bits. A sum per column is kept for 2 radius + 1 rows;
 * a row further down, one row is added and one taken off. Along the row the same is done with these
 * column sums, for 16 rows side by side (bands.h).
 */
#ifndef IVP_STAGES_BOX_BANDS_H
#define IVP_STAGES_BOX_BANDS_H

#include <stdbool.h>

#include "bands.h"
#include "carve.h"
#include "compiler.h"
#include "rows.h"

/* Are bands the faster way? With alpha, where the processor narrows 32-bit lanes to bytes at once, and
 * there for gray of a large radius too, which box-sums.h doubles up to in more steps. That one gives
 * the same bits, and is the only one for 16 bits. */
static inline bool ivp_box_bands_suit(const struct ivp_shape *shape, unsigned radius)
{
	return IVP_VECTOR == 64 && (shape->format == IVP_FORMAT_RGBA8 ||
				    (shape->format == IVP_FORMAT_GRAY8 && radius > 31));
}

struct ivp_box_bands {
	struct ivp_row_form form;
	int64_t height, radius;
	unsigned border;
	uint8_t *black;    /* a row of zeros */
	uint32_t *columns; /* a sum per sample, for the row before the next band */
	uint32_t *chunk;   /* IVP_BAND rows of column sums, IVP_BAND_CHUNK apart */
	uint32_t *lanes;   /* the column sums of a band, turned */
	uint8_t *result;   /* a band of results, turned: samples, or RGBA8 pixels */
};

/* Lays out carve; with carve->base NULL only measures and returns NULL. */
struct ivp_box_bands *ivp_box_bands_make(struct ivp_carve *carve, const struct ivp_shape *shape);
/* Sums the columns for row y, the first to come. */
void ivp_box_bands_start(struct ivp_box_bands *box, unsigned radius, unsigned border,
			 const struct ivp_input *in, int64_t y);
/* Writes rows y..y+15 as far as they are before end; y goes on where the last call ended. */
void ivp_box_bands_band(struct ivp_box_bands *box, const struct ivp_input *in, int64_t y,
			int64_t end, const struct ivp_output *out);

#endif
