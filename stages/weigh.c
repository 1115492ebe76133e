/* SPDX-License-Identifier: MIT */
/*
 * Bytes of four rows come to lie side by side, and are multiplied and added four or two at a time:
 * by vpdpbusd, which takes weights of one byte, so the sums of high and low bytes are made apart;
 * or by pmaddwd. A sum is below 2^26: 255 * 65536, and kernels overshoot by less than half.
 */
#include "weigh.h"

#include <math.h>
#include <string.h>

#include "lanes.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

size_t ivp_weights_most(size_t count)
{
	return (count + 1 + 3) / 4; /* one may be split */
}

static void put(struct ivp_weights *groups, size_t index, uint32_t row, int32_t weight)
{
	struct ivp_weights *group = &groups[index / 4];
	const int32_t high = (weight + 128) >> 8;

	group->row[index % 4] = row;
	group->weight[index % 4] = (int16_t)weight;
	group->high[index % 4] = (int8_t)high;
	group->low[index % 4] = (int8_t)(weight - high * 256);
}

/* The largest weight that both forms hold: 127 * 256 + 127. */
#define LARGEST 32639

static int32_t rounded(float weight, int32_t one)
{
	return (int32_t)floor((double)weight * one + 0.5);
}

size_t ivp_weights_make(const float *weights, uint32_t first, size_t count, int32_t one,
			struct ivp_weights *groups)
{
	int32_t rest = one;
	size_t largest = 0, used = 0;

	for (size_t k = 0; k < count; k++) {
		rest -= rounded(weights[k], one);
		largest = weights[k] > weights[largest] ? k : largest;
	}
	for (size_t k = 0; k < count; k++) {
		int32_t weight = rounded(weights[k], one);

		/* What rounding leaves over goes where it weighs least. */
		if (k == largest)
			weight += rest;
		if (weight > LARGEST) {
			put(groups, used++, first + (uint32_t)k, weight / 2);
			weight -= weight / 2;
		}
		put(groups, used++, first + (uint32_t)k, weight);
	}
	while (used % 4)
		put(groups, used++, first, 0);
	return used / 4;
}

/* A block of bytes, zeros behind the first room ones. */
IVP_INLINE ivp_lanes8 load(const uint8_t *at, size_t room)
{
	ivp_lanes8 all = {0};

#ifdef __AVX512BW__
	if (room < IVP_LANE_BYTES)
		return (ivp_lanes8)_mm512_maskz_loadu_epi8(((__mmask64)1 << room) - 1, at);
#endif
	if (room < IVP_LANE_BYTES)
		memcpy(&all, at, room);
	else
		memcpy(&all, at, IVP_LANE_BYTES);
	return all;
}

typedef int32_t sums __attribute__((vector_size(IVP_LANE_BYTES)));
typedef float floats __attribute__((vector_size(IVP_LANE_BYTES)));

#if defined(__AVX512VNNI__)
/* Quarter q of each lane of four rows, times their weights. */
struct four {
	ivp_lanes8 quarter[4];
};

IVP_INLINE struct four interleave(const ivp_lanes8 row[4])
{
	const ivp_lanes8 low = IVP_LANES_LOW(ivp_lanes8, 8, row[0], row[1]);
	const ivp_lanes8 high = IVP_LANES_HIGH(ivp_lanes8, 8, row[0], row[1]);
	const ivp_lanes8 low2 = IVP_LANES_LOW(ivp_lanes8, 8, row[2], row[3]);
	const ivp_lanes8 high2 = IVP_LANES_HIGH(ivp_lanes8, 8, row[2], row[3]);

	return (struct four){{IVP_LANES_LOW(ivp_lanes16, 4, low, low2),
			      IVP_LANES_HIGH(ivp_lanes16, 4, low, low2),
			      IVP_LANES_LOW(ivp_lanes16, 4, high, high2),
			      IVP_LANES_HIGH(ivp_lanes16, 4, high, high2)}};
}

IVP_INLINE void weigh_block(const struct ivp_weights *groups, size_t count, const uint8_t *rows,
			    size_t stride, size_t room, sums out[4])
{
	sums high[4] = {{0}};

	for (size_t g = 0; g < count; g++) {
		ivp_lanes8 row[4];
		struct four four;
		int32_t weights[2];

		memcpy(&weights[0], groups[g].high, 4);
		memcpy(&weights[1], groups[g].low, 4);
		IVP_UNROLL
		for (size_t k = 0; k < 4; k++)
			row[k] = load(rows + groups[g].row[k] * stride, room);
		four = interleave(row);
		IVP_UNROLL
		for (size_t q = 0; q < 4; q++) {
			high[q] =
			    (sums)_mm512_dpbusd_epi32((__m512i)high[q], (__m512i)four.quarter[q],
						      _mm512_set1_epi32(weights[0]));
			out[q] =
			    (sums)_mm512_dpbusd_epi32((__m512i)out[q], (__m512i)four.quarter[q],
						      _mm512_set1_epi32(weights[1]));
		}
	}
	IVP_UNROLL
	for (size_t q = 0; q < 4; q++)
		out[q] += high[q] * 256;
}
#elif defined(__SSE2__)
#ifdef __AVX2__
#define MULTIPLY_ADD(a, b) ((sums)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#define PAIR(value)        ((ivp_lanes8)_mm256_set1_epi32(value))
#else
#define MULTIPLY_ADD(a, b) ((sums)_mm_madd_epi16((__m128i)(a), (__m128i)(b)))
#define PAIR(value)        ((ivp_lanes8)_mm_set1_epi32(value))
#endif

IVP_INLINE void weigh_block(const struct ivp_weights *groups, size_t count, const uint8_t *rows,
			    size_t stride, size_t room, sums out[4])
{
	const ivp_lanes8 zero = {0};

	for (size_t i = 0; i < 2 * count; i++) {
		const struct ivp_weights *group = &groups[i / 2];
		const size_t k = i % 2 * 2;
		const ivp_lanes8 a = load(rows + group->row[k] * stride, room);
		const ivp_lanes8 b = load(rows + group->row[k + 1] * stride, room);
		const ivp_lanes8 low = IVP_LANES_LOW(ivp_lanes8, 8, a, b);
		const ivp_lanes8 high = IVP_LANES_HIGH(ivp_lanes8, 8, a, b);
		int32_t pair;

		memcpy(&pair, &group->weight[k], sizeof(pair));
		out[0] += MULTIPLY_ADD(IVP_LANES_LOW(ivp_lanes8, 8, low, zero), PAIR(pair));
		out[1] += MULTIPLY_ADD(IVP_LANES_HIGH(ivp_lanes8, 8, low, zero), PAIR(pair));
		out[2] += MULTIPLY_ADD(IVP_LANES_LOW(ivp_lanes8, 8, high, zero), PAIR(pair));
		out[3] += MULTIPLY_ADD(IVP_LANES_HIGH(ivp_lanes8, 8, high, zero), PAIR(pair));
	}
}
#else
IVP_INLINE void weigh_block(const struct ivp_weights *groups, size_t count, const uint8_t *rows,
			    size_t stride, size_t room, sums out[4])
{
	for (size_t i = 0; i < 4 * count; i++) {
		const ivp_lanes8 row = load(rows + groups[i / 4].row[i % 4] * stride, room);

		for (size_t k = 0; k < 16; k++)
			out[k / 4][k % 4] += row[k] * groups[i / 4].weight[i % 4];
	}
}
#endif

/* Lane l of quarter q is part q of lane l of the block: the matrix of lanes is turned. */
IVP_INLINE void store(const floats quarter[4], float *out)
{
#if defined(__AVX512BW__)
	const __m512 a = _mm512_shuffle_f32x4((__m512)quarter[0], (__m512)quarter[1], 0x44);
	const __m512 b = _mm512_shuffle_f32x4((__m512)quarter[2], (__m512)quarter[3], 0x44);
	const __m512 c = _mm512_shuffle_f32x4((__m512)quarter[0], (__m512)quarter[1], 0xee);
	const __m512 d = _mm512_shuffle_f32x4((__m512)quarter[2], (__m512)quarter[3], 0xee);

	_mm512_storeu_ps(out, _mm512_shuffle_f32x4(a, b, 0x88));
	_mm512_storeu_ps(out + 16, _mm512_shuffle_f32x4(a, b, 0xdd));
	_mm512_storeu_ps(out + 32, _mm512_shuffle_f32x4(c, d, 0x88));
	_mm512_storeu_ps(out + 48, _mm512_shuffle_f32x4(c, d, 0xdd));
#elif defined(__AVX2__)
	for (size_t q = 0; q < 4; q += 2) {
		const __m256 a = (__m256)quarter[q], b = (__m256)quarter[q + 1];

		_mm256_storeu_ps(out + 4 * q, _mm256_permute2f128_ps(a, b, 0x20));
		_mm256_storeu_ps(out + 16 + 4 * q, _mm256_permute2f128_ps(a, b, 0x31));
	}
#else
	memcpy(out, quarter, sizeof(floats) * 4);
#endif
}

void ivp_weigh(const struct ivp_weights *groups, size_t count, const uint8_t *rows, size_t stride,
	       float scale, size_t n, float *out)
{
	for (size_t i = 0; i < n; i += IVP_LANE_BYTES) {
		sums all[4] = {{0}};
		floats quarter[4];

		weigh_block(groups, count, rows + i, stride, n - i, all);
		IVP_UNROLL
		for (size_t q = 0; q < 4; q++)
			quarter[q] = __builtin_convertvector(all[q], floats) * scale;
		store(quarter, out + i);
	}
}
