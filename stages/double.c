/* SPDX-License-Identifier: MIT */
/*
 * Pieces of rows: vertical sums first, 3 * near + far, then the same with the neighbours on the
 * left and on the right, which gives two results that are neighbours too.
 */
#include <stdbool.h>
#include <string.h>

#include "compiler.h"
#include "double.h"

#ifdef __AVX512VBMI__
#include <immintrin.h>
#define HAS_THREE true
#else
#define HAS_THREE false
#endif

#define PIECE       960 /* samples: whole pixels, and whole vectors of them */
#define MARGIN      3   /* samples of a pixel */
#define LANES(type) (IVP_VECTOR / sizeof(type))

typedef uint8_t bytes __attribute__((vector_size(IVP_VECTOR)));

/* Samples of two neighbours by turns to one pixel after the other. */
IVP_INLINE bytes in_pixels(bytes pairs, size_t channels, size_t depth)
{
#ifdef __AVX512VBMI__
	uint8_t from[64];

	if (channels == 1)
		return pairs;
	for (size_t i = 0; i < 64; i++) {
		const size_t sample = i / depth % 6, pixels = i / (6 * depth) * 6;

		from[i] = (uint8_t)((pixels + sample % 3 * 2 + sample / 3) * depth + i % depth);
	}
	return (bytes)_mm512_permutexvar_epi8(_mm512_loadu_si512(from), (__m512i)pairs);
#else
	(void)channels;
	(void)depth;
	return pairs;
#endif
}

#define ORDER(type, pairs, channels)                                                               \
	(__typeof__(pairs))in_pixels((bytes)(pairs), channels, sizeof(type) / 2)

#define NAME(what) what##8
#define LEVEL      uint8_t
#define SUM        uint16_t
#include "double-rows.h"

#define NAME(what) what##16
#define LEVEL      uint16_t
#define SUM        uint32_t
#include "double-rows.h"

bool ivp_double_row(const uint8_t *near, const uint8_t *far, size_t width, size_t channels,
		    size_t depth, uint8_t *out)
{
	if (channels == 1 && depth == 1)
		double_row8(near, far, width, 1, out);
	else if (channels == 1)
		double_row16((const level16 *)near, (const level16 *)far, width, 1, (level16 *)out);
	else if (!HAS_THREE)
		return false;
	else if (depth == 1)
		double_row8(near, far, 3 * width, 3, out);
	else
		double_row16((const level16 *)near, (const level16 *)far, 3 * width, 3,
			     (level16 *)out);
	return true;
}
