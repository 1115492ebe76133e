/* SPDX-License-Identifier: MIT */
/*
 * Images of twice the sides by triangles: each sample is 9, 3, 3 and 1 sixteenths of four, exact,
 * halves rounded up. What lies outside is the border's samples.
 */
#ifndef IVP_STAGES_DOUBLE_H
#define IVP_STAGES_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A row of the result from the two rows next to it, of width pixels of channels (1 or 3) samples
 * of depth (1 or 2) bytes. Returns false, with nothing done, where other ways are faster. */
bool ivp_double_row(const uint8_t *near, const uint8_t *far, size_t width, size_t channels,
		    size_t depth, uint8_t *out);

#endif
