/* SPDX-License-Identifier: MIT */
/*
 * Filters of single levels: a table says what becomes of each. What such a filter has of its own
 * are its parameters and its curve; its scratch memory is a struct ivp_tables and the tables.
 */
#ifndef IVP_STAGES_TONE_H
#define IVP_STAGES_TONE_H

#include "format.h"

/* How many colours have tables. */
static inline unsigned ivp_tone_colours(uint32_t format)
{
	return ivp_format_channels(format) == 1 ? 1 : 3;
}

/* Fills a table from a curve: shares of the highest level, from 0 to 1, in and out. The result is
 * limited and rounded to nearest. */
void ivp_tone_fill(const struct ivp_shape *shape, void *table,
		   double (*curve)(const void *self, double share), const void *self);

/* The functions of a filter: scratch_bytes, prepare (for its function table), apply and look_up. */
size_t ivp_tone_scratch(const void *self, const struct ivp_shape *in, const struct ivp_shape *out);
void ivp_tone_prepare(unsigned (*table)(const void *self, const struct ivp_shape *in,
					unsigned colour, void *table),
		      const void *self, const struct ivp_shape *in, void *scratch);
void ivp_tone_apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		    struct ivp_rows rows, void *scratch);

/* Puts the alpha of n RGBA pixels back to what it was. */
void ivp_tone_keep_alpha(uint32_t format, const uint8_t *from, uint8_t *to, size_t n);

/* Table i of those behind the struct ivp_tables at scratch. */
void *ivp_tone_table(const struct ivp_shape *shape, void *scratch, unsigned i);

#endif
