/* SPDX-License-Identifier: MIT */
/*
 * Horizontal sums of a band: 16 rows side by side, in float, one order of additions; and what they
 * become.
 */
#include "pixels-pack.h"
#include "resample.h"

#define PARTS (IVP_BAND / IVP_FLOATS) /* vectors of a column of a band */

/* Sums of a column of the result: for each channel, of 16 rows. */
struct column {
	ivp_floats of[4][PARTS];
};

/* Of one pixel: its channels lie apart in lanes, the next pixel step on. channels is a constant
 * wherever this is inlined. */
IVP_INLINE void sum_column(unsigned channels, const float *lanes, size_t step, size_t apart,
			   const float *weights, uint32_t count, struct column *column)
{
	const ivp_floats none = {0};

	IVP_UNROLL
	for (size_t p = 0; p < PARTS; p++) {
		ivp_floats sum[4] = {none, none, none, none};

		for (size_t k = 0; k < count; k++) {
			const float *at = lanes + k * step * IVP_BAND + p * IVP_FLOATS;
			const ivp_floats weight = none + weights[k];

			IVP_UNROLL
			for (size_t c = 0; c < channels; c++)
				sum[c] += *(const ivp_floats *)(at + c * apart * IVP_BAND) * weight;
		}
		IVP_UNROLL
		for (size_t c = 0; c < channels; c++)
			column->of[c][p] = sum[c];
	}
}

/* 16 levels of one or two bytes. */
IVP_INLINE void put_levels(const ivp_floats *sum, size_t depth, uint8_t *to)
{
#if defined(__AVX512BW__)
	const __m512i levels = _mm512_max_epi32(IVP_LEVELS(sum[0]), _mm512_setzero_si512());

	if (depth == 1)
		_mm_storeu_si128((__m128i *)to, _mm512_cvtusepi32_epi8(levels));
	else
		_mm256_storeu_si256((__m256i *)to, _mm512_cvtusepi32_epi16(levels));
#elif defined(__AVX2__)
	if (depth == 1) {
		const __m256i words = _mm256_permute4x64_epi64(
		    _mm256_packs_epi32(IVP_LEVELS(sum[0]), IVP_LEVELS(sum[1])), 0xd8);

		_mm_storeu_si128((__m128i *)to,
				 _mm_packus_epi16(_mm256_castsi256_si128(words),
						  _mm256_extracti128_si256(words, 1)));
	} else {
		ivp_levels_words(sum, to);
	}
#else
	if (depth == 1) {
		ivp_levels_bytes(sum, to);
	} else {
		ivp_levels_words(sum, to);
		ivp_levels_words(sum + 2, to + 16);
	}
#endif
}

IVP_INLINE void put_pixels(const struct column *column, size_t depth, uint8_t *to)
{
	IVP_UNROLL
	for (size_t p = 0; p < PARTS; p++, to += 4 * depth * IVP_FLOATS) {
		const struct ivp_sums sums = {
		    {column->of[0][p], column->of[1][p], column->of[2][p], column->of[3][p]}};

		if (depth == 1)
			ivp_pixels_pack8(&sums, 1, to);
		else
			ivp_pixels_pack16(&sums, 65535, to);
	}
}

/* Result pixels x..x+n-1 of a band. channels and depth are constants wherever this is inlined;
 * depth 0: sums of light stay what they are. */
IVP_INLINE void sum_pixels(const struct ivp_resample *resample, unsigned channels, size_t depth,
			   uint32_t x, uint32_t n)
{
	const struct ivp_axis *axis = &resample->x;
	const struct ivp_row_form *form = &resample->from;
	/* Channels of pixels with alpha are in planes. */
	const size_t step = channels == 3 ? 3 : 1, apart = channels == 4 ? form->plane : 1;
	struct column column;

	for (size_t i = 0; i < n; i++) {
		const float *weights = axis->weights + (x + i) * axis->most;

		sum_column(channels, resample->lanes + (size_t)axis->first[x + i] * step * IVP_BAND,
			   step, apart, weights, axis->count[x + i], &column);
		if (depth > 0 && channels == 4)
			put_pixels(&column, depth, resample->turned + i * 4 * depth * IVP_BAND);
		for (size_t c = 0; c < channels && depth > 0 && channels < 4; c++)
			put_levels(column.of[c], depth,
				   resample->turned + (i * channels + c) * depth * IVP_BAND);
		for (size_t c = 0; c < channels && depth == 0; c++)
			memcpy(resample->sums + (channels == 4
						     ? c * IVP_RESAMPLE_PLANE + i * IVP_BAND
						     : (i * channels + c) * IVP_BAND),
			       column.of[c], sizeof(column.of[c]));
	}
}

IVP_INLINE void sum_channels(const struct ivp_resample *resample, unsigned channels, uint32_t x,
			     uint32_t n)
{
	if (resample->linear)
		sum_pixels(resample, channels, 0, x, n);
	else if (resample->depth == 1)
		sum_pixels(resample, channels, 1, x, n);
	else
		sum_pixels(resample, channels, 2, x, n);
}

void ivp_resample_columns(const struct ivp_resample *resample, uint32_t x, uint32_t n)
{
	if (resample->from.planes == 4)
		sum_channels(resample, 4, x, n);
	else if (resample->from.step == 3)
		sum_channels(resample, 3, x, n);
	else
		sum_channels(resample, 1, x, n);
	if (resample->linear)
		ivp_resample_round(resample, resample->sums, IVP_RESAMPLE_PLANE,
				   (size_t)n * IVP_BAND * resample->from.step, resample->turned);
}
