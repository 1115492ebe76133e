/* SPDX-License-Identifier: MIT */
/*
 * Sums of samples by weights, for any type of both: sums[i] += weights[k] * from[k][i] over all k.
 * Added in the order of k; whole numbers must not overflow, floats are the same everywhere.
 */
#ifndef IVP_STAGES_TAPS_H
#define IVP_STAGES_TAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ivp_taps {
	IVP_TAPS_BYTES_SHORT, /* uint8_t, sums int16_t */
	IVP_TAPS_BYTES,       /* uint8_t, sums int32_t */
	IVP_TAPS_WORDS,       /* uint16_t, sums int32_t */
	IVP_TAPS_FLOATS,      /* float, sums float */
	IVP_TAPS_SHORT,       /* int16_t, sums int16_t */
	IVP_TAPS_LONG,        /* int32_t, sums int32_t */
};

/* weights: int32_t, or float for sums of float. Sets the n sums. */
void ivp_taps_sum(enum ivp_taps type, const void *const *from, const void *weights, unsigned count,
		  void *sums, size_t n);

/*
 * Sums of samples of such a type, times factor, plus offset, to levels: rounded to nearest,
 * clamped; wide: of 16 bits. shift: of sums of int16_t, which are divided by 2^shift instead, and
 * offset is a whole number; -1: by factor.
 */
void ivp_taps_store(enum ivp_taps type, bool wide, int shift, const void *sums, void *to, size_t n,
		    float factor, float offset);

#endif
