/* SPDX-License-Identifier: MIT */
/*
 * Bands: 16 rows at a time, turned so that the 16 samples of a column lie together ("lanes").
 * What is serial along a row (a sliding sum) or irregular (weights that change from pixel to
 * pixel) then runs on 16 rows side by side, in vectors, for any number of channels.
 */
#ifndef IVP_STAGES_BANDS_H
#define IVP_STAGES_BANDS_H

#include <stddef.h>
#include <stdint.h>

#define IVP_BAND       16  /* rows */
#define IVP_BAND_CHUNK 256 /* columns turned at once: 16 KiB of 32-bit samples */

/* 16 rows, IVP_BAND_CHUNK apart, of count samples to lanes[count][16]. Samples are any 32 bits. */
void ivp_band_turn(const void *rows, size_t count, void *lanes);

/* lanes[count][16] of bytes to the first rows <= 16 rows of count bytes, stride apart. */
void ivp_band_store8(const uint8_t *lanes, size_t count, uint8_t *out, size_t stride, size_t rows);
/* The same with 32-bit pixels. */
void ivp_band_store32(const uint32_t *lanes, size_t count, uint8_t *out, size_t stride,
		      size_t rows);

#endif
