/* SPDX-License-Identifier: MIT */
/*
 * The upper quartile of the last samples decides. Many are too short: the line was there already,
 * fetched together with its neighbour, wake_at. Few are too long, by an interrupt. The clock's own
 * cost is taken off: under emulation it is the larger part.
 */
#include "transport/placement.h"

#include <string.h>

#include "base/units.h"

#define CLOCK_TRIES 16
#define LARGE       65536u /* payload bytes from which on it matters how they are stored */

void ivp_placement_init(struct ivp_placement *placement)
{
	uint64_t least = UINT64_MAX;

	memset(placement, 0, sizeof(*placement));
	for (unsigned i = 0; i < CLOCK_TRIES; i++) {
		const uint64_t before = ivp_now_ns(), took = ivp_now_ns() - before;

		least = took < least ? took : least;
	}
	placement->clock_ns = least;
}

static uint32_t upper_quartile(const uint32_t *values, unsigned count)
{
	uint32_t sorted[IVP_PLACEMENT_SAMPLES];

	for (unsigned i = 0; i < count; i++) {
		unsigned at = i;

		for (; at > 0 && sorted[at - 1] > values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = values[i];
	}
	return sorted[count * 3 / 4];
}

void ivp_placement_add(struct ivp_placement *placement, uint64_t took_ns)
{
	const uint64_t ns = took_ns > placement->clock_ns ? took_ns - placement->clock_ns : 0;

	placement->line_ns[placement->next] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
	placement->next = (placement->next + 1) % IVP_PLACEMENT_SAMPLES;
	placement->count += placement->count < IVP_PLACEMENT_SAMPLES;
	/* Of the first few one may be a page fault. */
	placement->far =
	    placement->count >= 5 &&
	    upper_quartile(placement->line_ns, placement->count) > IVP_PLACEMENT_FAR_NS;
}

/* Who reads its payload again for the checksum wants it in the cache; who overwrites relies on the
 * order of its stores within the slot, and streaming ones have none. */
bool ivp_placement_wanted(const struct ivp_producer *producer)
{
	return producer->stores == IVP_STORES_AUTO && !producer->self.checksum &&
	       producer->header.payload_bytes >= LARGE && producer->ring.peers == 1 &&
	       !producer->ring.overwrites;
}

enum ivp_stores ivp_placement_stores(const struct ivp_producer *producer)
{
	const bool forced =
	    producer->stores == IVP_STORES_ALWAYS_STREAMING && !producer->ring.overwrites;

	return forced || (ivp_placement_wanted(producer) && producer->placement.far)
		   ? IVP_STORES_STREAMING
		   : IVP_STORES_CACHED;
}
