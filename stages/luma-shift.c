/* SPDX-License-Identifier: MIT */
#include <ivpipe/frame.h>

#include "luma.h"
#include "rows.h"

IVP_INLINE uint32_t shifted(uint32_t level, int32_t change, const int32_t most)
{
	int32_t sum = (int32_t)level + change;

	sum = sum > 0 ? sum : 0;
	return (uint32_t)(sum < most ? sum : most);
}

static void shift_rgb(const uint8_t *restrict luma, const uint8_t *restrict result,
		      const uint8_t *restrict from, uint8_t *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int32_t change = (int32_t)result[i] - luma[i];
		uint32_t level[3];

		for (size_t c = 0; c < 3; c++)
			level[c] = shifted(from[3 * i + c], change, 255);
		for (size_t c = 0; c < 3; c++)
			to[3 * i + c] = (uint8_t)level[c];
	}
}

static void shift_rgba(const uint8_t *restrict luma, const uint8_t *restrict result,
		       const ivp_pixel *restrict from, ivp_pixel *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int32_t change = (int32_t)result[i] - luma[i];

		to[i] = shifted(from[i] & 255, change, 255) |
			shifted(from[i] >> 8 & 255, change, 255) << 8 |
			shifted(from[i] >> 16 & 255, change, 255) << 16 | (from[i] & 0xff000000);
	}
}

IVP_INLINE void shift_16(const ivp_level16 *restrict luma, const ivp_level16 *restrict result,
			 const ivp_level16 *restrict from, ivp_level16 *restrict to, size_t n,
			 const size_t channels)
{
	for (size_t i = 0; i < n; i++, from += channels, to += channels) {
		const int32_t change = (int32_t)result[i] - luma[i];

		for (size_t c = 0; c < channels; c++)
			to[c] = c < 3 ? (ivp_level16)shifted(from[c], change, 65535) : from[c];
	}
}

void ivp_luma_shift(uint32_t format, const uint8_t *luma, const uint8_t *result,
		    const uint8_t *from, uint8_t *to, size_t n)
{
	const ivp_level16 *luma_16 = (const ivp_level16 *)luma;
	const ivp_level16 *result_16 = (const ivp_level16 *)result;
	const ivp_level16 *from_16 = (const ivp_level16 *)from;

	if (format == IVP_FORMAT_RGB8)
		shift_rgb(luma, result, from, to, n);
	else if (format == IVP_FORMAT_RGBA8)
		shift_rgba(luma, result, (const ivp_pixel *)from, (ivp_pixel *)to, n);
	else if (format == IVP_FORMAT_RGB16)
		shift_16(luma_16, result_16, from_16, (ivp_level16 *)to, n, 3);
	else
		shift_16(luma_16, result_16, from_16, (ivp_level16 *)to, n, 4);
}
