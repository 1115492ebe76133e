/* SPDX-License-Identifier: MIT */
/*
 * Cuts a scratch area into arrays. The same function lays out the area twice: with base NULL to
 * learn its size, then with the real base to get the pointers.
 */
#ifndef IVP_STAGES_CARVE_H
#define IVP_STAGES_CARVE_H

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* Rows are below 2^31 bytes and taken some hundred times at most: no product wraps 64 bits. */
_Static_assert(sizeof(size_t) >= 8, "scratch sizes are computed without overflow checks");

struct ivp_carve {
	uint8_t *base;
	size_t used;
};

/* The next bytes, on a 64-byte boundary; NULL while base is NULL. */
static inline void *ivp_carve(struct ivp_carve *carve, size_t bytes)
{
	void *at = carve->base ? carve->base + carve->used : NULL;

	carve->used += (bytes + 63) & ~(size_t)63;
	return at;
}

/* To get the pointers. A filter that has measured an area gets one. */
static inline struct ivp_carve ivp_carve_from(void *scratch)
{
	IVP_ASSUME(scratch);
	return (struct ivp_carve){.base = scratch};
}

#endif
