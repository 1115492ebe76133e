/* SPDX-License-Identifier: MIT */
/*
 * The loops are written for the vectoriser: a fixed number of rows at a time, so that a partial
 * sum is loaded and stored once per group, and columns in blocks that stay in the first-level
 * cache between groups. GROUP pairs and the sum are 11 pointers: what fits x86-64's registers.
 */
#include "fir.h"

#include "compiler.h"

#define GROUP 5
#define BLOCK 2048 /* samples */

/* n is a constant wherever this is inlined: the inner loop vanishes. */
IVP_INLINE void add_pairs(unsigned n, const uint16_t *const *left, const uint16_t *const *right,
			  const uint16_t *weights, uint16_t *restrict out, size_t count)
{
	const uint16_t *restrict a[GROUP], *restrict b[GROUP];
	uint16_t w[GROUP];

	for (unsigned k = 0; k < n; k++) {
		a[k] = left[k];
		b[k] = right[k];
		w[k] = weights[k];
	}
	for (size_t i = 0; i < count; i++) {
		uint16_t sum = out[i];

		for (unsigned k = 0; k < n; k++) {
			uint16_t pair = (uint16_t)(a[k][i] + b[k][i]);

			sum = (uint16_t)(sum + (uint16_t)((uint32_t)pair * w[k] >> 16));
		}
		out[i] = sum;
	}
}

IVP_INLINE void add_pairs_float(unsigned n, const float *const *left, const float *const *right,
				const float *weights, float *restrict out, size_t count)
{
	const float *restrict a[GROUP], *restrict b[GROUP];
	float w[GROUP];

	for (unsigned k = 0; k < n; k++) {
		a[k] = left[k];
		b[k] = right[k];
		w[k] = weights[k];
	}
	for (size_t i = 0; i < count; i++) {
		float sum = out[i];

		for (unsigned k = 0; k < n; k++)
			sum += (a[k][i] + b[k][i]) * w[k];
		out[i] = sum;
	}
}

/* 1 to GROUP pairs. */
static void add_group(unsigned n, const uint16_t *const *left, const uint16_t *const *right,
		      const uint16_t *weights, uint16_t *out, size_t count)
{
	switch (n) {
	case 1:
		add_pairs(1, left, right, weights, out, count);
		break;
	case 2:
		add_pairs(2, left, right, weights, out, count);
		break;
	case 3:
		add_pairs(3, left, right, weights, out, count);
		break;
	case 4:
		add_pairs(4, left, right, weights, out, count);
		break;
	default:
		add_pairs(5, left, right, weights, out, count);
	}
}

static void add_group_float(unsigned n, const float *const *left, const float *const *right,
			    const float *weights, float *out, size_t count)
{
	switch (n) {
	case 1:
		add_pairs_float(1, left, right, weights, out, count);
		break;
	case 2:
		add_pairs_float(2, left, right, weights, out, count);
		break;
	case 3:
		add_pairs_float(3, left, right, weights, out, count);
		break;
	case 4:
		add_pairs_float(4, left, right, weights, out, count);
		break;
	default:
		add_pairs_float(5, left, right, weights, out, count);
	}
}

static unsigned group_of(unsigned pairs)
{
	/* 6 is 3 + 3, not 5 + 1. */
	return pairs <= GROUP ? pairs : pairs < 2 * GROUP ? (pairs + 1) / 2 : GROUP;
}

static void begin(const uint16_t *restrict middle, uint16_t bias, uint16_t *restrict out,
		  size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = middle[i] ? bias : 0;
}

void ivp_fir_pairs(const uint16_t *const *left, const uint16_t *const *right, size_t offset,
		   const uint16_t *weights, unsigned pairs, uint16_t bias, uint16_t *out,
		   size_t count)
{
	for (size_t i = 0; i < count; i += BLOCK) {
		size_t n = count - i < BLOCK ? count - i : BLOCK;

		begin(left[0] + offset + i, bias, out + i, n);
		for (unsigned k = 0, group; k < pairs; k += group) {
			const uint16_t *a[GROUP] = {NULL}, *b[GROUP] = {NULL};

			group = group_of(pairs - k);
			for (unsigned j = 0; j < group; j++) {
				a[j] = left[k + j] + offset + i;
				b[j] = right[k + j] + offset + i;
			}
			add_group(group, a, b, weights + k, out + i, n);
		}
	}
}

void ivp_fir_pairs_float(const float *const *left, const float *const *right, size_t offset,
			 const float *weights, unsigned pairs, float *out, size_t count)
{
	for (size_t i = 0; i < count; i += BLOCK) {
		size_t n = count - i < BLOCK ? count - i : BLOCK;

		for (size_t x = 0; x < n; x++)
			out[i + x] = 0;
		for (unsigned k = 0, group; k < pairs; k += group) {
			const float *a[GROUP] = {NULL}, *b[GROUP] = {NULL};

			group = group_of(pairs - k);
			for (unsigned j = 0; j < group; j++) {
				a[j] = left[k + j] + offset + i;
				b[j] = right[k + j] + offset + i;
			}
			add_group_float(group, a, b, weights + k, out + i, n);
		}
	}
}

void ivp_fir_add4(const float *const rows[4], const float weights[4], float *out, size_t count)
{
	const float *restrict a = rows[0], *restrict b = rows[1];
	const float *restrict c = rows[2], *restrict d = rows[3];
	const float wa = weights[0], wb = weights[1], wc = weights[2], wd = weights[3];
	float *restrict sum = out;

	for (size_t i = 0; i < count; i++)
		sum[i] += (a[i] * wa + b[i] * wb) + (c[i] * wc + d[i] * wd);
}

/* count is a constant wherever this is inlined. Two at a time: sums of sums wait less. */
IVP_INLINE void sum_rows(const float *const *rows, const float *weights, unsigned count,
			 float *restrict out, size_t samples)
{
	const float *restrict row[8];
	float by[8];

	for (unsigned k = 0; k < count; k++) {
		row[k] = rows[k];
		by[k] = weights[k];
	}
	for (size_t i = 0; i < samples; i++) {
		float sum = 0;

		for (unsigned k = 0; k < count; k += 2)
			sum += row[k][i] * by[k] + row[k + 1][i] * by[k + 1];
		out[i] = sum;
	}
}

void ivp_fir_sum(const float *const *rows, const float *weights, unsigned count, float *out,
		 size_t samples)
{
	if (count == 6)
		sum_rows(rows, weights, 6, out, samples);
	else
		sum_rows(rows, weights, 8, out, samples);
}
