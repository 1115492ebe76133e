/* SPDX-License-Identifier: MIT */
/*
 * Means of 2 x 2 pixels, rounded to nearest, halves up; exact but for 16 bits with alpha, where
 * colours times alpha are floats. Colours count by their alpha, and all is 0 where alpha rounds
 * to 0.
 */
#ifndef IVP_STAGES_HALVE_H
#define IVP_STAGES_HALVE_H

#include <stddef.h>
#include <stdint.h>

/* n pixels of a format, from 2 * n of each of two rows. */
void ivp_halve_row(uint32_t format, const uint8_t *above, const uint8_t *below, size_t n,
		   uint8_t *out);
/* The same for RGBA8 and RGBA16. */
void ivp_halve_alpha_row(uint32_t format, const uint8_t *above, const uint8_t *below, size_t n,
			 uint8_t *out);

#endif
