/* SPDX-License-Identifier: MIT */
/* Luma of rows of 8-bit colours, in levels; see grayscale.c. */
#ifndef IVP_STAGES_LUMA_H
#define IVP_STAGES_LUMA_H

#include <stddef.h>
#include <stdint.h>

/* Of R, G and B, in 1/65536: Rec. 601 and Rec. 709. Each row's sum is 65536. */
extern const uint32_t ivp_luma_weights[2][3];

void ivp_luma_rgb(const uint8_t *in, uint8_t *out, size_t n, const uint32_t weights[3]);
void ivp_luma_rgba(const uint8_t *in, uint8_t *out, size_t n, const uint32_t weights[3]);

#endif
