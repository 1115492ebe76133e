/* SPDX-License-Identifier: MIT */
/* The live words of one's own window. */
#ifndef IVP_TRANSPORT_OWNER_H
#define IVP_TRANSPORT_OWNER_H

#include <ivpipe/frame.h>
#include <ivpipe/ring.h>

/* Adds to a counter of our own window: we are its only writer, monitors read it. */
static inline void ivp_owner_count(uint64_t *counter, uint64_t by)
{
	ivp_store_relaxed(counter, *counter + by);
}

/* A sign of life. */
static inline void ivp_owner_beat(struct ivp_wire_owner *own)
{
	ivp_owner_count(&own->heartbeat, 1);
}

/*
 * Is our window as we left it? Not if this program, or the guest that it runs in, was restored
 * from a snapshot, or if somebody attached in our place. Both words are on lines that we write.
 * Returns 0, or -ESTALE with the reason.
 */
int ivp_owner_check(const struct ivp_wire_owner *own, uint64_t position, uint32_t generation,
		    const char *link, struct ivp_why *why);

#endif
