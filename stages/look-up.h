/* SPDX-License-Identifier: MIT */
/*
 * Rows of bytes through tables of 256 bytes. AVX-512 holds a table in four registers, and two
 * vpermi2b look up 64 bytes in its two halves. AVX2 asks each 16 bytes of the table by pshufb,
 * which gives 0 for those bytes whose place is in another sixteenth. Tables need no alignment.
 */
#ifndef IVP_STAGES_LOOK_UP_H
#define IVP_STAGES_LOOK_UP_H

#include <stddef.h>
#include <stdint.h>

void ivp_look_up(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n);
/* n: pixels; a table for each colour. */
void ivp_look_up_rgb(const uint8_t *r, const uint8_t *g, const uint8_t *b, const uint8_t *from,
		     uint8_t *to, size_t n);
void ivp_look_up_rgba(const uint8_t *r, const uint8_t *g, const uint8_t *b, const uint8_t *from,
		      uint8_t *to, size_t n);

#endif
