/* SPDX-License-Identifier: MIT */
/*
 * A histogram with logarithmic octaves and linear parts, as in HdrHistogram (Gil Tene): a value v
 * of bit length b > 6 lies in one of the 64 equal parts of its octave, each 1/64 of the octave's
 * start wide; answering with the middle of the part is wrong by at most 1/128 of the value.
 */
#include "host/latency.h"

#define PART_BITS 6 /* log2(IVP_LATENCY_PARTS) */

_Static_assert(1 << PART_BITS == IVP_LATENCY_PARTS, "parts");

static unsigned index_of(uint64_t ns)
{
	unsigned shift;

	if (ns < IVP_LATENCY_PARTS)
		return (unsigned)ns;
	shift = 63u - (unsigned)__builtin_clzll(ns) - PART_BITS;
	/* The leading bit of ns >> shift counts as one step of the octave's number. */
	return shift * IVP_LATENCY_PARTS + (unsigned)(ns >> shift);
}

static uint64_t middle_of(unsigned index)
{
	unsigned shift;
	uint64_t start;

	if (index < 2 * IVP_LATENCY_PARTS)
		return index;
	shift = index / IVP_LATENCY_PARTS - 1;
	start = (uint64_t)(index - shift * IVP_LATENCY_PARTS) << shift;
	return start + ((1ull << shift) >> 1);
}

void ivp_latency_add(struct ivp_latency *latency, uint64_t ns)
{
	latency->count++;
	latency->parts[index_of(ns)]++;
	if (ns > latency->max_ns)
		latency->max_ns = ns;
}

uint64_t ivp_latency_percentile(const struct ivp_latency *latency, unsigned percent)
{
	const unsigned parts = sizeof(latency->parts) / sizeof(latency->parts[0]);
	uint64_t rank, seen = 0;

	if (latency->count == 0)
		return 0;
	/* ceil(count * percent / 100), without overflow */
	rank = (uint64_t)(((unsigned __int128)latency->count * percent + 99) / 100);
	if (rank == 0)
		rank = 1;
	for (unsigned i = 0; i < parts; i++) {
		seen += latency->parts[i];
		if (seen >= rank)
			return middle_of(i) < latency->max_ns ? middle_of(i) : latency->max_ns;
	}
	return latency->max_ns;
}
