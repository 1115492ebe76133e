/* SPDX-License-Identifier: MIT */
/*
 * Turning a matrix in registers: each round interleaves row i with the row half a matrix further
 * on, so that after log2(n) rounds element (i, j) stands at (j, i). 16-byte vectors: every
 * processor has their interleaving instructions.
 */
#include "bands.h"

#include <string.h>

#include "lanes.h"

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint32_t words4 __attribute__((vector_size(16)));

IVP_INLINE void turn4(words4 m[4])
{
	words4 a = __builtin_shufflevector(m[0], m[2], 0, 4, 1, 5);
	words4 b = __builtin_shufflevector(m[0], m[2], 2, 6, 3, 7);
	words4 c = __builtin_shufflevector(m[1], m[3], 0, 4, 1, 5);
	words4 d = __builtin_shufflevector(m[1], m[3], 2, 6, 3, 7);

	m[0] = __builtin_shufflevector(a, c, 0, 4, 1, 5);
	m[1] = __builtin_shufflevector(a, c, 2, 6, 3, 7);
	m[2] = __builtin_shufflevector(b, d, 0, 4, 1, 5);
	m[3] = __builtin_shufflevector(b, d, 2, 6, 3, 7);
}

IVP_INLINE void turn16(bytes16 m[16])
{
	bytes16 t[16];

	for (unsigned round = 0; round < 4; round++) {
		for (size_t i = 0; i < 8; i++) {
			t[2 * i] = __builtin_shufflevector(m[i], m[i + 8], 0, 16, 1, 17, 2, 18, 3,
							   19, 4, 20, 5, 21, 6, 22, 7, 23);
			t[2 * i + 1] =
			    __builtin_shufflevector(m[i], m[i + 8], 8, 24, 9, 25, 10, 26, 11, 27,
						    12, 28, 13, 29, 14, 30, 15, 31);
		}
		for (size_t i = 0; i < 16; i++)
			m[i] = t[i];
	}
}

void ivp_band_turn(const void *rows, size_t count, void *lanes)
{
	const uint8_t *from = rows;
	uint8_t *to = lanes;
	size_t x = 0;

	for (; x + 4 <= count; x += 4) {
		for (size_t r = 0; r < IVP_BAND; r += (size_t)4 * IVP_LANES) {
			const uint8_t *tile = from + 4 * (r * IVP_BAND_CHUNK + x);
			ivp_lanes8 m[4];

			IVP_UNROLL
			for (size_t i = 0; i < 4; i++)
				m[i] = ivp_lanes_load(tile + 4 * i * IVP_BAND_CHUNK,
						      (ptrdiff_t)16 * IVP_BAND_CHUNK);
			ivp_lanes_turn(m, 4);
			IVP_UNROLL
			for (size_t i = 0; i < 4; i++)
				memcpy(to + 4 * ((x + i) * (size_t)IVP_BAND + r), &m[i],
				       IVP_LANE_BYTES);
		}
	}
	for (; x < count; x++)
		for (size_t r = 0; r < IVP_BAND; r++)
			memcpy(to + 4 * (x * IVP_BAND + r), from + 4 * (r * IVP_BAND_CHUNK + x), 4);
}

void ivp_band_store8(const uint8_t *lanes, size_t count, uint8_t *out, size_t stride, size_t rows)
{
	for (size_t x = 0; x < count; x += 16) {
		size_t n = count - x < 16 ? count - x : 16;
		bytes16 m[16] = {{0}};

		for (size_t i = 0; i < n; i++)
			memcpy(&m[i], lanes + (x + i) * IVP_BAND, 16);
		turn16(m);
		if (n == 16) {
			for (size_t r = 0; r < rows; r++)
				memcpy(out + r * stride + x, &m[r], 16);
		} else {
			for (size_t r = 0; r < rows; r++)
				memcpy(out + r * stride + x, &m[r], n);
		}
	}
}

void ivp_band_store32(const uint32_t *lanes, size_t count, uint8_t *out, size_t stride, size_t rows)
{
	size_t x = 0;

	for (; x + 4 <= count; x += 4) {
		for (size_t r = 0; r < rows; r += 4) {
			words4 m[4];

			for (size_t i = 0; i < 4; i++)
				memcpy(&m[i], lanes + (x + i) * IVP_BAND + r, 16);
			turn4(m);
			for (size_t i = 0; i < 4 && r + i < rows; i++)
				memcpy(out + (r + i) * stride + x * 4, &m[i], 16);
		}
	}
	for (; x < count; x++)
		for (size_t r = 0; r < rows; r++)
			memcpy(out + r * stride + x * 4, lanes + x * IVP_BAND + r, 4);
}
