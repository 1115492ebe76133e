/* SPDX-License-Identifier: MIT */
/*
 * Frames of a window that is not cached: a filter that loads each pixel a few times would go to
 * memory each time. They are loaded once, from the first byte to the last, into private memory that
 * is kept from frame to frame. One thread at a time.
 */
#ifndef IVP_STAGE_FETCH_H
#define IVP_STAGE_FETCH_H

#include <ivpipe/frame.h>

struct ivp_fetch {
	uint8_t *memory;
	size_t held;
	/* Of the frame at hand: */
	const uint8_t *from;
	size_t bytes, done;
};

/* Where the frame's payload will be, with nothing fetched yet; NULL if there is no memory. */
const uint8_t *ivp_fetch_begin(struct ivp_fetch *fetch, const struct ivp_frame *frame);
/* Fetches what is missing of its first bytes, or of all that it has. */
void ivp_fetch_until(struct ivp_fetch *fetch, uint64_t bytes);
/* Copies the payload of a frame, by the way of memory that stays in the cache. */
void ivp_fetch_copy(struct ivp_fetch *fetch, const struct ivp_frame *frame, uint8_t *to,
		    enum ivp_stores stores);
void ivp_fetch_finish(struct ivp_fetch *fetch); /* a zeroed one is fine */

#endif
