/* SPDX-License-Identifier: MIT */
/*
 * The metadata of a frame as filters deal with them: what they are told of an image, and what they
 * tell. Input slots may change at any time; output slots are the runner's own.
 */
#ifndef IVP_STAGE_RECORDS_H
#define IVP_STAGE_RECORDS_H

#include "stage/chain.h"
#include "transport/port.h"

/* The EXIF orientation 1..8 that a frame's metadata tell; 0 if they do not. */
uint32_t ivp_records_orientation(const struct ivp_frame *frame);

/* Appends the frame's metadata from offset on: all, or the records that fit. Values are only moved,
 * never looked into. */
void ivp_records_copy(const struct ivp_frame *from, uint32_t offset, const struct ivp_slot *slot,
		      uint32_t *used);

/* Makes every orientation in the slot's metadata 1. */
void ivp_records_turn_upright(const struct ivp_slot *slot, uint32_t used);

/* Appends what the chain's filters note of the image; what finds no room is left out. */
void ivp_records_add_notes(const struct ivp_slot *slot, uint32_t *used,
			   const struct ivp_chain *chain);

#endif
