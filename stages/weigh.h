/* SPDX-License-Identifier: MIT */
/*
 * Weighted sums of rows of bytes, in integers: weights are multiples of 2^-15 or 2^-16 that sum
 * up to 1 exactly. All levels of the processor compute the same sums, each in its own way.
 */
#ifndef IVP_STAGES_WEIGH_H
#define IVP_STAGES_WEIGH_H

#include <stddef.h>
#include <stdint.h>

/* Four rows and their weights, the same once more as 256 * high + low in bytes. */
struct ivp_weights {
	uint32_t row[4];
	int16_t weight[4];
	int8_t high[4], low[4];
};

/* Groups that count weights take at most. */
size_t ivp_weights_most(size_t count);

/*
 * Rounds the weights of rows first..first + count - 1, whose sum is 1, to multiples of 1 / one,
 * 32768 or 65536; then each must be below 0.996 or 0.498. One above that, but at most twice as
 * much, is split. Returns how many groups they are.
 */
size_t ivp_weights_make(const float *weights, uint32_t first, size_t count, int32_t one,
			struct ivp_weights *groups);

/* out[i] = sum of row[i] * weight * scale over all rows of the groups; rows lie stride apart. out
 * has room for n rounded up to 64. */
void ivp_weigh(const struct ivp_weights *groups, size_t count, const uint8_t *rows, size_t stride,
	       float scale, size_t n, float *out);

#endif
