/* SPDX-License-Identifier: MIT */
/*
 * Vectors of 16-byte lanes, as many as the level of the processor has: one, two or four. What
 * happens inside a lane is the same at all of them, so that one text serves them all; a lane
 * mostly holds part of a row, and its neighbours parts of other rows.
 */
#ifndef IVP_STAGES_LANES_H
#define IVP_STAGES_LANES_H

#include <stddef.h>
#include <string.h>

#include "compiler.h"

#if defined(__AVX512BW__)
#include <immintrin.h>
#define IVP_LANES 4
#elif defined(__AVX2__)
#include <immintrin.h>
#define IVP_LANES 2
#else
#define IVP_LANES 1
#endif

#define IVP_LANE_BYTES ((size_t)16 * IVP_LANES)

typedef uint8_t ivp_lane __attribute__((vector_size(16)));
typedef uint8_t ivp_lanes8 __attribute__((vector_size(IVP_LANE_BYTES)));
typedef uint16_t ivp_lanes16 __attribute__((vector_size(IVP_LANE_BYTES)));
typedef uint32_t ivp_lanes32 __attribute__((vector_size(IVP_LANE_BYTES)));
typedef uint64_t ivp_lanes64 __attribute__((vector_size(IVP_LANE_BYTES)));

IVP_INLINE ivp_lane ivp_lane_load(const uint8_t *at)
{
	ivp_lane lane;

	memcpy(&lane, at, sizeof(lane));
	return lane;
}

/* The lanes at at, at + apart and so on. */
IVP_INLINE ivp_lanes8 ivp_lanes_load(const uint8_t *at, ptrdiff_t apart)
{
#if defined(__AVX512BW__)
	__m512i all = _mm512_castsi128_si512((__m128i)ivp_lane_load(at));

	/* Masked broadcasts of memory need none of the ports that shuffle. */
	all = _mm512_mask_broadcast_i32x4(all, 0x00f0, (__m128i)ivp_lane_load(at + apart));
	all = _mm512_mask_broadcast_i32x4(all, 0x0f00, (__m128i)ivp_lane_load(at + 2 * apart));
	all = _mm512_mask_broadcast_i32x4(all, 0xf000, (__m128i)ivp_lane_load(at + 3 * apart));
	return (ivp_lanes8)all;
#elif defined(__AVX2__)
	__m256i all = _mm256_castsi128_si256((__m128i)ivp_lane_load(at));

	return (ivp_lanes8)_mm256_inserti128_si256(all, (__m128i)ivp_lane_load(at + apart), 1);
#else
	(void)apart;
	return ivp_lane_load(at);
#endif
}

/* n elements of a and of b by turns, from element i on; b's numbers begin at B. */
#define IVP_TURNS1(B, i) (i), (B) + (i)
#define IVP_TURNS2(B, i) IVP_TURNS1(B, i), IVP_TURNS1(B, (i) + 1)
#define IVP_TURNS4(B, i) IVP_TURNS2(B, i), IVP_TURNS2(B, (i) + 2)
#define IVP_TURNS8(B, i) IVP_TURNS4(B, i), IVP_TURNS4(B, (i) + 4)

/* n: elements of half a lane. */
#if IVP_LANES == 4
#define IVP_TURNS(n, i)                                                                            \
	IVP_TURNS##n(8 * (n), i), IVP_TURNS##n(8 * (n), (i) + 2 * (n)),                            \
	    IVP_TURNS##n(8 * (n), (i) + 4 * (n)), IVP_TURNS##n(8 * (n), (i) + 6 * (n))
#elif IVP_LANES == 2
#define IVP_TURNS(n, i) IVP_TURNS##n(4 * (n), i), IVP_TURNS##n(4 * (n), (i) + 2 * (n))
#else
#define IVP_TURNS(n, i) IVP_TURNS##n(2 * (n), i)
#endif

/* The lower or the upper halves of the lanes of a and b, elements of a type by turns. */
#define IVP_LANES_LOW(type, n, a, b)                                                               \
	((ivp_lanes8)__builtin_shufflevector((type)(a), (type)(b), IVP_TURNS(n, 0)))
#define IVP_LANES_HIGH(type, n, a, b)                                                              \
	((ivp_lanes8)__builtin_shufflevector((type)(a), (type)(b), IVP_TURNS(n, n)))

/*
 * Turns the n x n matrix in each lane, n = 16 / element: row i of lane l, of m[i], becomes column
 * i. Each round interleaves row i with the row half a matrix further on; after log2(n) rounds
 * element (i, j) stands at (j, i). element is a constant wherever this is inlined.
 */
IVP_INLINE void ivp_lanes_turn(ivp_lanes8 *m, size_t element)
{
	const size_t n = 16 / element;
	ivp_lanes8 t[16];

	IVP_UNROLL
	for (size_t round = n; round > 1; round /= 2) {
		IVP_UNROLL
		for (size_t i = 0; i < n / 2; i++) {
			const ivp_lanes8 a = m[i], b = m[i + n / 2];

			if (element == 1) {
				t[2 * i] = IVP_LANES_LOW(ivp_lanes8, 8, a, b);
				t[2 * i + 1] = IVP_LANES_HIGH(ivp_lanes8, 8, a, b);
			} else if (element == 2) {
				t[2 * i] = IVP_LANES_LOW(ivp_lanes16, 4, a, b);
				t[2 * i + 1] = IVP_LANES_HIGH(ivp_lanes16, 4, a, b);
			} else if (element == 4) {
				t[2 * i] = IVP_LANES_LOW(ivp_lanes32, 2, a, b);
				t[2 * i + 1] = IVP_LANES_HIGH(ivp_lanes32, 2, a, b);
			} else {
				t[2 * i] = IVP_LANES_LOW(ivp_lanes64, 1, a, b);
				t[2 * i + 1] = IVP_LANES_HIGH(ivp_lanes64, 1, a, b);
			}
		}
		IVP_UNROLL
		for (size_t i = 0; i < n; i++)
			m[i] = t[i];
	}
}

#endif
