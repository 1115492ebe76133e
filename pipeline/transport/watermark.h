/* SPDX-License-Identifier: MIT */
/*
 * Early start (wire.h, section 9): what commit has to do for it, and the word in which the rows
 * are. Internal to the transport.
 */
#ifndef IVP_TRANSPORT_WATERMARK_H
#define IVP_TRANSPORT_WATERMARK_H

#include <ivpipe/link.h>

/* The lower half of rows: 1 + finished rows, 0 if nothing is shown. */
static inline uint32_t ivp_rows_low(uint64_t word)
{
	return (uint32_t)word;
}

static inline bool ivp_rows_same_serial(uint64_t a, uint64_t b)
{
	return a >> 32 == b >> 32;
}

/* Has the word come to enough, a lower half, or away from the showing that was seen? */
static inline bool ivp_rows_moved(uint64_t word, uint64_t seen, uint32_t enough)
{
	return !ivp_rows_same_serial(word, seen) || ivp_rows_low(word) >= enough;
}

/*
 * Before *raw is committed into the shared descriptor of this position, on a link with early start:
 * sets raw->rows so that it says whether this is the frame that is shown. What is not is withdrawn.
 */
void ivp_watermark_commit(struct ivp_producer *producer, uint64_t position,
			  struct ivp_wire_descriptor *raw);

#endif
