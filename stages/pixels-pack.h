/* SPDX-License-Identifier: MIT */
/*
 * Vectors of sums of premultiplied colours and of alpha to pixels. Colours over alpha, times what
 * opaque pixels have of it; all is 0 where alpha rounds to 0. Sums are below 2^31.
 */
#ifndef IVP_STAGES_PIXELS_PACK_H
#define IVP_STAGES_PIXELS_PACK_H

#include "levels-pack.h"

/* Sums of so many pixels: red, green, blue, alpha. */
struct ivp_sums {
	ivp_floats of[4];
};

#ifdef __SSE2__
/* What colours are multiplied with: 0 where alpha is below half a level. */
IVP_INLINE ivp_floats ivp_over_alpha(ivp_floats alpha, float top)
{
#if defined(__AVX512F__)
	const __m512 half = _mm512_set1_ps(0.5f);

	return (ivp_floats)_mm512_maskz_div_ps(_mm512_cmp_ps_mask((__m512)alpha, half, _CMP_GE_OQ),
					       _mm512_set1_ps(top), (__m512)alpha);
#elif defined(__AVX2__)
	const __m256 half = _mm256_set1_ps(0.5f);

	return (ivp_floats)_mm256_and_ps(
	    _mm256_cmp_ps((__m256)alpha, half, _CMP_GE_OQ),
	    _mm256_div_ps(_mm256_set1_ps(top), _mm256_max_ps((__m256)alpha, half)));
#else
	const __m128 half = _mm_set1_ps(0.5f);

	return (ivp_floats)_mm_and_ps(
	    _mm_cmpge_ps((__m128)alpha, half),
	    _mm_div_ps(_mm_set1_ps(top), _mm_max_ps((__m128)alpha, half)));
#endif
}

/* top is 1 for colours times alpha of 0..255. */
IVP_INLINE void ivp_pixels_pack8(const struct ivp_sums *sums, float top, uint8_t *to)
{
	const ivp_floats over = ivp_over_alpha(sums->of[3], top);
	const ivp_floats red = sums->of[0] * over, green = sums->of[1] * over;
	const ivp_floats blue = sums->of[2] * over, alpha = sums->of[3];
	/* Four levels of each channel after each other in each lane; then pixel by pixel. */
#if defined(__AVX512BW__)
	const __m512i lanes =
	    _mm512_packus_epi16(_mm512_packs_epi32(IVP_LEVELS(red), IVP_LEVELS(green)),
				_mm512_packs_epi32(IVP_LEVELS(blue), IVP_LEVELS(alpha)));
	const __m512i order = _mm512_broadcast_i32x4(
	    _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

	_mm512_storeu_si512(to, _mm512_shuffle_epi8(lanes, order));
#elif defined(__AVX2__)
	const __m256i lanes =
	    _mm256_packus_epi16(_mm256_packs_epi32(IVP_LEVELS(red), IVP_LEVELS(green)),
				_mm256_packs_epi32(IVP_LEVELS(blue), IVP_LEVELS(alpha)));
	const __m256i order = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

	_mm256_storeu_si256((__m256i *)to, _mm256_shuffle_epi8(lanes, order));
#else
	__m128i lanes = _mm_packus_epi16(_mm_packs_epi32(IVP_LEVELS(red), IVP_LEVELS(green)),
					 _mm_packs_epi32(IVP_LEVELS(blue), IVP_LEVELS(alpha)));

	lanes = _mm_unpacklo_epi8(lanes, _mm_srli_si128(lanes, 8));
	lanes = _mm_unpacklo_epi8(lanes, _mm_srli_si128(lanes, 8));
	_mm_storeu_si128((__m128i *)to, lanes);
#endif
}

IVP_INLINE void ivp_pixels_pack16(const struct ivp_sums *sums, float top, uint8_t *to)
{
	const ivp_floats over = ivp_over_alpha(sums->of[3], top);
	const ivp_floats red = sums->of[0] * over, green = sums->of[1] * over;
	const ivp_floats blue = sums->of[2] * over, alpha = sums->of[3];
#if defined(__AVX512BW__)
	const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
	const __m512i first = _mm512_packus_epi32(IVP_LEVELS(red), IVP_LEVELS(green));
	const __m512i second = _mm512_packus_epi32(IVP_LEVELS(blue), IVP_LEVELS(alpha));
	const __m512i even = _mm512_unpacklo_epi16(first, second);
	const __m512i odd = _mm512_unpackhi_epi16(first, second);
	const __m512i two = _mm512_unpacklo_epi16(even, odd);
	const __m512i more = _mm512_unpackhi_epi16(even, odd);

	_mm512_storeu_si512(to, _mm512_permutex2var_epi64(two, low, more));
	_mm512_storeu_si512(to + 64, _mm512_permutex2var_epi64(two, high, more));
#elif defined(__AVX2__)
	const __m256i first = _mm256_packus_epi32(IVP_LEVELS(red), IVP_LEVELS(green));
	const __m256i second = _mm256_packus_epi32(IVP_LEVELS(blue), IVP_LEVELS(alpha));
	const __m256i even = _mm256_unpacklo_epi16(first, second);
	const __m256i odd = _mm256_unpackhi_epi16(first, second);
	const __m256i two = _mm256_unpacklo_epi16(even, odd);
	const __m256i more = _mm256_unpackhi_epi16(even, odd);

	_mm256_storeu_si256((__m256i *)to, _mm256_permute2x128_si256(two, more, 0x20));
	_mm256_storeu_si256((__m256i *)(to + 32), _mm256_permute2x128_si256(two, more, 0x31));
#else
	const __m128i first = ivp_words(red, green), second = ivp_words(blue, alpha);
	const __m128i even = _mm_unpacklo_epi16(first, second);
	const __m128i odd = _mm_unpackhi_epi16(first, second);

	_mm_storeu_si128((__m128i *)to, _mm_unpacklo_epi16(even, odd));
	_mm_storeu_si128((__m128i *)(to + 16), _mm_unpackhi_epi16(even, odd));
#endif
}
#else
IVP_INLINE void ivp_pixels_pack(const struct ivp_sums *sums, float top, size_t depth, uint8_t *to)
{
	const float most = depth == 1 ? 255 : 65535;

	for (size_t i = 0; i < IVP_FLOATS; i++)
		for (size_t c = 0; c < 4; c++, to += depth) {
			const float alpha = sums->of[3][i];
			const float over = c == 3 ? 1 : alpha >= 0.5f ? top / alpha : 0;
			const float sum = sums->of[c][i] * over + 0.5f;
			const uint16_t level = (uint16_t)(sum < 0 ? 0 : sum < most ? sum : most);

			if (depth == 1)
				*to = (uint8_t)level;
			else
				memcpy(to, &level, 2);
		}
}

IVP_INLINE void ivp_pixels_pack8(const struct ivp_sums *sums, float top, uint8_t *to)
{
	ivp_pixels_pack(sums, top, 1, to);
}

IVP_INLINE void ivp_pixels_pack16(const struct ivp_sums *sums, float top, uint8_t *to)
{
	ivp_pixels_pack(sums, top, 2, to);
}
#endif

#endif
