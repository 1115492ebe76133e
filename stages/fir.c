/* SPDX-License-Identifier: MIT */
/*
 * The loops are written for the vectoriser: a fixed number of rows at a time, so that a partial
 * sum is loaded and stored once per group, and columns in blocks that stay in the first-level
 * cache between groups. More rows than x86-64 has registers for: their addresses come from the
 * stack, which takes less time than sums that go there and back.
 */
#include "fir.h"

#include <stdbool.h>

#include "compiler.h"

#define GROUP 8
#define BLOCK 2048 /* samples */

/* n and first are constants wherever this is inlined: the inner loop vanishes. first: there are no
 * sums yet. */
IVP_INLINE void add_pairs(unsigned n, bool first, uint16_t bias, const uint16_t *const *left,
			  const uint16_t *const *right, const uint16_t *weights,
			  uint16_t *restrict out, size_t count)
{
	const uint16_t *restrict a[GROUP], *restrict b[GROUP];
	uint16_t w[GROUP];

	for (unsigned k = 0; k < n; k++) {
		a[k] = left[k];
		b[k] = right[k];
		w[k] = weights[k];
	}
	for (size_t i = 0; i < count; i++) {
		uint16_t sum = first ? (a[0][i] ? bias : 0) : out[i];

		for (unsigned k = 0; k < n; k++) {
			uint16_t pair = (uint16_t)(a[k][i] + b[k][i]);

			sum = (uint16_t)(sum + (uint16_t)((uint32_t)pair * w[k] >> 16));
		}
		out[i] = sum;
	}
}

IVP_INLINE void add_pairs_float(unsigned n, bool first, const float *const *left,
				const float *const *right, const float *weights,
				float *restrict out, size_t count)
{
	const float *restrict a[GROUP], *restrict b[GROUP];
	float w[GROUP];

	for (unsigned k = 0; k < n; k++) {
		a[k] = left[k];
		b[k] = right[k];
		w[k] = weights[k];
	}
	for (size_t i = 0; i < count; i++) {
		float sum = first ? 0 : out[i];

		for (unsigned k = 0; k < n; k++)
			sum += (a[k][i] + b[k][i]) * w[k];
		out[i] = sum;
	}
}

/* 1 to GROUP pairs, by a constant number for each. */
#define BY_NUMBER(add, ...)                                                                        \
	switch (n) {                                                                               \
	case 1:                                                                                    \
		add(1, __VA_ARGS__);                                                               \
		break;                                                                             \
	case 2:                                                                                    \
		add(2, __VA_ARGS__);                                                               \
		break;                                                                             \
	case 3:                                                                                    \
		add(3, __VA_ARGS__);                                                               \
		break;                                                                             \
	case 4:                                                                                    \
		add(4, __VA_ARGS__);                                                               \
		break;                                                                             \
	case 5:                                                                                    \
		add(5, __VA_ARGS__);                                                               \
		break;                                                                             \
	case 6:                                                                                    \
		add(6, __VA_ARGS__);                                                               \
		break;                                                                             \
	case 7:                                                                                    \
		add(7, __VA_ARGS__);                                                               \
		break;                                                                             \
	default:                                                                                   \
		add(8, __VA_ARGS__);                                                               \
	}

static void begin(unsigned n, uint16_t bias, const uint16_t *const *left,
		  const uint16_t *const *right, const uint16_t *weights, uint16_t *out,
		  size_t count)
{
	BY_NUMBER(add_pairs, true, bias, left, right, weights, out, count)
}

static void go_on(unsigned n, const uint16_t *const *left, const uint16_t *const *right,
		  const uint16_t *weights, uint16_t *out, size_t count)
{
	BY_NUMBER(add_pairs, false, 0, left, right, weights, out, count)
}

static void begin_float(unsigned n, const float *const *left, const float *const *right,
			const float *weights, float *out, size_t count)
{
	BY_NUMBER(add_pairs_float, true, left, right, weights, out, count)
}

static void go_on_float(unsigned n, const float *const *left, const float *const *right,
			const float *weights, float *out, size_t count)
{
	BY_NUMBER(add_pairs_float, false, left, right, weights, out, count)
}

static unsigned group_of(unsigned pairs)
{
	/* 9 is 5 + 4, not 8 + 1. */
	return pairs <= GROUP ? pairs : pairs < 2 * GROUP ? (pairs + 1) / 2 : GROUP;
}

void ivp_fir_pairs(const uint16_t *const *left, const uint16_t *const *right, size_t offset,
		   const uint16_t *weights, unsigned pairs, uint16_t bias, uint16_t *out,
		   size_t count)
{
	for (size_t i = 0; i < count; i += BLOCK) {
		size_t n = count - i < BLOCK ? count - i : BLOCK;

		for (unsigned k = 0, group; k < pairs; k += group) {
			const uint16_t *a[GROUP] = {NULL}, *b[GROUP] = {NULL};

			group = group_of(pairs - k);
			for (unsigned j = 0; j < group; j++) {
				a[j] = left[k + j] + offset + i;
				b[j] = right[k + j] + offset + i;
			}
			if (k == 0)
				begin(group, bias, a, b, weights, out + i, n);
			else
				go_on(group, a, b, weights + k, out + i, n);
		}
	}
}

void ivp_fir_pairs_float(const float *const *left, const float *const *right, size_t offset,
			 const float *weights, unsigned pairs, float *out, size_t count)
{
	for (size_t i = 0; i < count; i += BLOCK) {
		size_t n = count - i < BLOCK ? count - i : BLOCK;

		for (unsigned k = 0, group; k < pairs; k += group) {
			const float *a[GROUP] = {NULL}, *b[GROUP] = {NULL};

			group = group_of(pairs - k);
			for (unsigned j = 0; j < group; j++) {
				a[j] = left[k + j] + offset + i;
				b[j] = right[k + j] + offset + i;
			}
			if (k == 0)
				begin_float(group, a, b, weights, out + i, n);
			else
				go_on_float(group, a, b, weights + k, out + i, n);
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
