/* SPDX-License-Identifier: MIT */
/* Luma of rows of colours, in levels; see grayscale.c. */
#ifndef IVP_STAGES_LUMA_H
#define IVP_STAGES_LUMA_H

#include <stddef.h>
#include <stdint.h>

/* Of R, G and B, in 1/65536: Rec. 601 and Rec. 709. Each row's sum is 65536. */
extern const uint32_t ivp_luma_weights[2][3];

void ivp_luma_rgb(const uint8_t *in, uint8_t *out, size_t n, const uint32_t weights[3]);
void ivp_luma_rgba(const uint8_t *in, uint8_t *out, size_t n, const uint32_t weights[3]);

/* Of 16 bits, of 3 or 4 channels. */
void ivp_luma_16(const uint16_t *in, uint16_t *out, size_t n, unsigned channels,
		 const uint32_t weights[3]);

/* Adds to each colour of n pixels what result is more than luma, within the levels there are; alpha
 * stays as it is. A format of colours; luma and result have its samples. */
void ivp_luma_shift(uint32_t format, const uint8_t *luma, const uint8_t *result,
		    const uint8_t *from, uint8_t *to, size_t n);

#endif
