/* SPDX-License-Identifier: MIT */
/*
 * The consumer of a link that overwrites (wire.h, section 8): which frame it takes, what it
 * missed, and how it goes on after a death. Internal to the transport.
 */
#ifndef IVP_TRANSPORT_OVERWRITE_H
#define IVP_TRANSPORT_OVERWRITE_H

#include <ivpipe/link.h>

/* Reads the sequence of the descriptor of position. */
typedef uint64_t ivp_overwrite_sequence(const struct ivp_consumer *consumer, uint64_t position);

/*
 * Lays hands on the next frame: tail becomes its position. Returns 0, the same frame until
 * release; IVP_EMPTY, also if the producer was quicker again and again; -EPROTO or -EBADMSG with
 * the reason. A bounded number of steps, whatever the producer does.
 */
int ivp_overwrite_acquire(struct ivp_consumer *consumer, ivp_overwrite_sequence *sequence,
			  struct ivp_why *why);
/* The frame at hand has this ordinal: counts what was missed. Returns 0, or -EBADMSG if that
 * cannot be. */
int ivp_overwrite_note(struct ivp_consumer *consumer, uint64_t ordinal, struct ivp_why *why);
/* After tail moved on: gives the slot back. */
void ivp_overwrite_release(struct ivp_consumer *consumer);
/* A new life finishes what the last one was at. tail and head are known. */
void ivp_overwrite_resume(struct ivp_ring_consumer *ring);

#endif
