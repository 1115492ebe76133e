/* SPDX-License-Identifier: MIT */
/*
 * How long frames took: a histogram of durations with a relative error below 1 %, in constant
 * memory. Pure functions over the caller's struct.
 */
#ifndef IVP_HOST_LATENCY_H
#define IVP_HOST_LATENCY_H

#include <stdint.h>

/* Each power of two is cut into this many equal parts; below it, durations are exact. */
#define IVP_LATENCY_PARTS 64

struct ivp_latency {
	uint64_t count;
	uint64_t max_ns; /* exact */
	uint64_t parts[(64 - 6 + 1) * IVP_LATENCY_PARTS];
};

void ivp_latency_add(struct ivp_latency *latency, uint64_t ns);
/* The duration that percent (0..100) of all do not exceed, by nearest rank; 0 if there are none. */
uint64_t ivp_latency_percentile(const struct ivp_latency *latency, unsigned percent);

#endif
