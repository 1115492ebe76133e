/* SPDX-License-Identifier: MIT */
/*
 * Weighted sums of rows. A horizontal kernel is one too: its rows are one row, shifted.
 * Symmetric kernels are given as pairs: out = sum over k of weight[k] * (left[k] + right[k]),
 * where the middle row is its own partner with half of its weight. out overlaps no row.
 */
#ifndef IVP_STAGES_FIR_H
#define IVP_STAGES_FIR_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sums samples (rows.h) offset..offset+count-1 of the rows. Weights in 1/65536; all together
 * weigh 1. Each product is cut to a whole sample: the result is 0 to pairs samples too small,
 * pairs / 2 expected. bias, at most 100, is added where the middle sample, left[0], is not 0: it
 * makes up for expected losses, but black stays black.
 */
void ivp_fir_pairs(const uint16_t *const *left, const uint16_t *const *right, size_t offset,
		   const uint16_t *weights, unsigned pairs, uint16_t bias, uint16_t *out,
		   size_t count);

/* The same in float, added in the order of k. */
void ivp_fir_pairs_float(const float *const *left, const float *const *right, size_t offset,
			 const float *weights, unsigned pairs, float *out, size_t count);

/* out += the sum of four rows by their weights. */
void ivp_fir_add4(const float *const rows[4], const float weights[4], float *out, size_t count);

/* The sum of six or eight rows by their weights. */
void ivp_fir_sum(const float *const *rows, const float *weights, unsigned count, float *out,
		 size_t samples);

#endif
