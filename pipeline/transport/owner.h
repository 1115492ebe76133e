/* SPDX-License-Identifier: MIT */
/* The live words of one's own window. Internal to the transport. */
#ifndef IVP_TRANSPORT_OWNER_H
#define IVP_TRANSPORT_OWNER_H

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

#endif
