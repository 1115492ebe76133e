/* SPDX-License-Identifier: MIT */
/*
 * Where a peer's processor is: near, behind a cache that both share, or far. Told by how long it
 * takes to load a line that the peer has just stored: some 30 ns near and 120 ns far where it was
 * measured, a quarter of a round trip. Costs nothing but a look at the clock around loads that have to be done anyway, and
 * follows virtual processors as they move. One thread per object.
 */
#ifndef IVP_TRANSPORT_PLACEMENT_H
#define IVP_TRANSPORT_PLACEMENT_H

#include <ivpipe/link.h>

#define IVP_PLACEMENT_FAR_NS 80 /* a line that takes longer comes from afar */

/* Nothing is known: near. */
void ivp_placement_init(struct ivp_placement *placement);
/* A load of such a line, timed by two looks at ivp_now_ns, took so long. */
void ivp_placement_add(struct ivp_placement *placement, uint64_t took_ns);

/* Is it worth knowing for this producer? And how is it to store the payload of its next slot? */
bool ivp_placement_wanted(const struct ivp_producer *producer);
enum ivp_stores ivp_placement_stores(const struct ivp_producer *producer);

#endif
