/* SPDX-License-Identifier: MIT */
/* Vectors of sums to the nearest levels, side by side. Sums are below 2^31. */
#ifndef IVP_STAGES_LEVELS_PACK_H
#define IVP_STAGES_LEVELS_PACK_H

#include <string.h>

#include "compiler.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

#define IVP_FLOATS (IVP_VECTOR / 4)
/* Anywhere in memory. */
typedef float ivp_floats __attribute__((vector_size(IVP_VECTOR), aligned(4), may_alias));

#if defined(__AVX512BW__)
/* Two or four vectors to one of words or bytes: saturated lane by lane, then put in order. */
#define IVP_LEVELS(sum) _mm512_cvttps_epi32((__m512)((sum) + 0.5f))

IVP_INLINE void ivp_levels_words(const ivp_floats *sum, uint8_t *to)
{
	const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);

	_mm512_storeu_si512(
	    to, _mm512_permutexvar_epi64(
		    order, _mm512_packus_epi32(IVP_LEVELS(sum[0]), IVP_LEVELS(sum[1]))));
}

IVP_INLINE void ivp_levels_bytes(const ivp_floats *sum, uint8_t *to)
{
	const __m512i order =
	    _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
	const __m512i low = _mm512_packs_epi32(IVP_LEVELS(sum[0]), IVP_LEVELS(sum[1]));
	const __m512i high = _mm512_packs_epi32(IVP_LEVELS(sum[2]), IVP_LEVELS(sum[3]));

	_mm512_storeu_si512(to, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)));
}
#elif defined(__AVX2__)
#define IVP_LEVELS(sum) _mm256_cvttps_epi32((__m256)((sum) + 0.5f))

IVP_INLINE void ivp_levels_words(const ivp_floats *sum, uint8_t *to)
{
	const __m256i packed = _mm256_packus_epi32(IVP_LEVELS(sum[0]), IVP_LEVELS(sum[1]));

	_mm256_storeu_si256((__m256i *)to, _mm256_permute4x64_epi64(packed, 0xd8));
}

IVP_INLINE void ivp_levels_bytes(const ivp_floats *sum, uint8_t *to)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	const __m256i low = _mm256_packs_epi32(IVP_LEVELS(sum[0]), IVP_LEVELS(sum[1]));
	const __m256i high = _mm256_packs_epi32(IVP_LEVELS(sum[2]), IVP_LEVELS(sum[3]));

	_mm256_storeu_si256((__m256i *)to,
			    _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order));
}
#elif defined(__SSE2__)
#define IVP_LEVELS(sum) _mm_cvttps_epi32((__m128)((sum) + 0.5f))

/* There is only a signed saturation to words. */
IVP_INLINE __m128i ivp_words(ivp_floats low, ivp_floats high)
{
	const __m128i half = _mm_set1_epi32(32768);
	const __m128i packed = _mm_packs_epi32(_mm_sub_epi32(IVP_LEVELS(low), half),
					       _mm_sub_epi32(IVP_LEVELS(high), half));

	return _mm_xor_si128(packed, _mm_set1_epi16(-32768));
}

IVP_INLINE void ivp_levels_words(const ivp_floats *sum, uint8_t *to)
{
	_mm_storeu_si128((__m128i *)to, ivp_words(sum[0], sum[1]));
}

IVP_INLINE void ivp_levels_bytes(const ivp_floats *sum, uint8_t *to)
{
	const __m128i low = _mm_packs_epi32(IVP_LEVELS(sum[0]), IVP_LEVELS(sum[1]));
	const __m128i high = _mm_packs_epi32(IVP_LEVELS(sum[2]), IVP_LEVELS(sum[3]));

	_mm_storeu_si128((__m128i *)to, _mm_packus_epi16(low, high));
}
#else
IVP_INLINE void ivp_levels_words(const ivp_floats *sum, uint8_t *to)
{
	for (size_t i = 0; i < 2 * IVP_FLOATS; i++) {
		const int32_t level = (int32_t)(sum[i / IVP_FLOATS][i % IVP_FLOATS] + 0.5f);
		const uint16_t word = (uint16_t)(level < 0 ? 0 : level > 65535 ? 65535 : level);

		memcpy(to + 2 * i, &word, 2);
	}
}

IVP_INLINE void ivp_levels_bytes(const ivp_floats *sum, uint8_t *to)
{
	for (size_t i = 0; i < 4 * IVP_FLOATS; i++) {
		const int32_t level = (int32_t)(sum[i / IVP_FLOATS][i % IVP_FLOATS] + 0.5f);

		to[i] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
	}
}
#endif

#endif
