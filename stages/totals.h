/* SPDX-License-Identifier: MIT */
/*
 * Histograms of 256 levels as running totals, of samples up to each level: of columns that one
 * sample leaves and one enters, and of squares that one column leaves and one enters (Perreault and
 * Hebert 2007). Both move by whole vectors, without a branch.
 *
 * A column has at most 127 samples: totals are bytes, and differences of two of them signed bytes.
 * A square's are words.
 */
#ifndef IVP_STAGES_TOTALS_H
#define IVP_STAGES_TOTALS_H

#include <stddef.h>
#include <string.h>
#ifdef __AVX512BW__
#include <immintrin.h>
#endif

#include "compiler.h"

#define IVP_TOTALS        256
#define IVP_TOTALS_PIECES (IVP_TOTALS / IVP_VECTOR)

typedef uint8_t ivp_totals_bytes __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef uint64_t ivp_totals_fours __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef int16_t ivp_totals_words __attribute__((vector_size(IVP_VECTOR), may_alias));

/* Of a square: totals of even levels, and of odd ones. */
struct ivp_square {
	ivp_totals_words even[IVP_TOTALS_PIECES], odd[IVP_TOTALS_PIECES];
};

/*
 * A column of count samples before any has come: samples of level 255 go out for those that come.
 * That changes no total but the last, which stays the number of samples.
 */
IVP_INLINE void ivp_column_start(uint8_t *totals, size_t count)
{
	memset(totals, 0, IVP_TOTALS - 1);
	totals[IVP_TOTALS - 1] = (uint8_t)count;
}

/* A sample comes and one goes: totals from its level on are one more, or one less. */
IVP_INLINE void ivp_column_move(uint8_t *restrict totals, uint8_t come, uint8_t go)
{
	for (unsigned level = 0; level < IVP_TOTALS; level++) {
		const uint8_t now = (uint8_t)level;

		totals[level] = (uint8_t)(totals[level] + (now >= come) - (now >= go));
	}
}

/* A column comes and one goes. Of a word of differences one is the low byte, one the high. */
IVP_INLINE void ivp_square_move(struct ivp_square *square, const uint8_t *come, const uint8_t *go)
{
	for (size_t i = 0; i < IVP_TOTALS_PIECES; i++) {
		ivp_totals_bytes more, less;
		ivp_totals_words by;

		memcpy(&more, come + IVP_VECTOR * i, IVP_VECTOR);
		memcpy(&less, go + IVP_VECTOR * i, IVP_VECTOR);
		by = (ivp_totals_words)(more - less);
		square->even[i] += (ivp_totals_words)((ivp_totals_words)(by << 8) >> 8);
		square->odd[i] += by >> 8;
	}
}

/* How many totals are at most half: the level of the sample that has half before it. */
IVP_INLINE unsigned ivp_square_level(const struct ivp_square *square, int16_t half)
{
#ifdef __AVX512BW__
	const __m512i limit = _mm512_set1_epi16(half);
	unsigned count = 0;

	for (size_t i = 0; i < IVP_TOTALS_PIECES; i++) {
		__mmask32 even = _mm512_cmple_epi16_mask((__m512i)square->even[i], limit);
		__mmask32 odd = _mm512_cmple_epi16_mask((__m512i)square->odd[i], limit);

		count += (unsigned)_mm_popcnt_u64((uint64_t)even << 32 | odd);
	}
	return count;
#else
	const ivp_totals_words limit = (ivp_totals_words){0} + half;
	ivp_totals_words count = {0};
	ivp_totals_fours in_fours;
	uint64_t sum = 0;

	for (size_t i = 0; i < IVP_TOTALS_PIECES; i++)
		count -= (square->even[i] <= limit) + (square->odd[i] <= limit);
	/* Words that lie side by side in 64 bits do not carry: all together count 256 at most. */
	in_fours = (ivp_totals_fours)count;
	for (size_t i = 0; i < IVP_VECTOR / 8; i++)
		sum += in_fours[i];
	return (unsigned)(sum * 0x0001000100010001u >> 48);
#endif
}

#endif
