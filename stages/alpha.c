/* SPDX-License-Identifier: MIT */
#include "alpha.h"

#include <string.h>

#include "rows.h"

typedef uint64_t pixel16 __attribute__((aligned(1), may_alias));

#define ALPHA16 0xffff000000000000u

static bool opaque8(const ivp_pixel *from, size_t width)
{
	uint32_t all = UINT32_MAX;

	for (size_t x = 0; x < width; x++)
		all &= from[x];
	return all >> 24 == 255;
}

static bool opaque16(const pixel16 *from, size_t width)
{
	uint64_t all = UINT64_MAX;

	for (size_t x = 0; x < width; x++)
		all &= from[x];
	return all >> 48 == 65535;
}

/* value / 255 and / 65535 rounded to nearest, for products of two levels (Blinn 1995). */
IVP_INLINE uint32_t by_255(uint32_t value)
{
	value += 128;
	return (value + (value >> 8)) >> 8;
}

static void premultiply8(const ivp_pixel *restrict from, ivp_pixel *restrict to, size_t width)
{
	for (size_t x = 0; x < width; x++) {
		uint32_t pixel = from[x], a = pixel >> 24;

		to[x] = by_255((pixel & 255) * a) | by_255((pixel >> 8 & 255) * a) << 8 |
			by_255((pixel >> 16 & 255) * a) << 16 | a << 24;
	}
}

/* In 64-bit lanes: a pixel is a word of its own, and alpha needs no shuffling. */
IVP_INLINE uint64_t wide_by_65535(uint64_t value)
{
	value += 32768;
	return (value + (value >> 16)) >> 16;
}

static void premultiply16(const pixel16 *restrict from, pixel16 *restrict to, size_t width)
{
	for (size_t x = 0; x < width; x++) {
		uint64_t pixel = from[x], a = pixel >> 48;

		to[x] = wide_by_65535((pixel & 65535) * a) |
			wide_by_65535((pixel >> 16 & 65535) * a) << 16 |
			wide_by_65535((pixel >> 32 & 65535) * a) << 32 | a << 48;
	}
}

static void unpremultiply8(const ivp_pixel *restrict from, ivp_pixel *restrict to, size_t width)
{
	for (size_t x = 0; x < width; x++) {
		uint32_t pixel = from[x];

		to[x] = ivp_pixel_pack(
		    (float)(int32_t)(pixel & 255), (float)(int32_t)(pixel >> 8 & 255),
		    (float)(int32_t)(pixel >> 16 & 255), (float)(int32_t)(pixel >> 24), 255);
	}
}

/* The quotient's relative error, below 2^-22, is at most 1/60 of a level. */
IVP_INLINE uint64_t quotient16(uint64_t level, float inverse)
{
	int32_t rounded = (int32_t)((float)(int32_t)(level & 65535) * inverse + 0.5f);

	return (uint32_t)(rounded < 65535 ? rounded : 65535);
}

static void unpremultiply16(const pixel16 *restrict from, pixel16 *restrict to, size_t width)
{
	for (size_t x = 0; x < width; x++) {
		uint64_t pixel = from[x], a = pixel >> 48;
		/* Colours are 0 where alpha is. */
		float inverse = 65535.0f / (float)(int32_t)(a + (a == 0));

		to[x] = quotient16(pixel, inverse) | quotient16(pixel >> 16, inverse) << 16 |
			quotient16(pixel >> 32, inverse) << 32 | a << 48;
	}
}

void ivp_premultiply(uint32_t format, const void *from, void *to, size_t width)
{
	if (format == IVP_FORMAT_RGBA8 && !opaque8(from, width))
		premultiply8(from, to, width);
	else if (format == IVP_FORMAT_RGBA16 && !opaque16(from, width))
		premultiply16(from, to, width);
	else
		memcpy(to, from, width * ivp_format_pixel_bytes(format));
}

void ivp_unpremultiply(uint32_t format, const void *from, void *to, size_t width)
{
	if (format == IVP_FORMAT_RGBA8 && !opaque8(from, width))
		unpremultiply8(from, to, width);
	else if (format == IVP_FORMAT_RGBA16 && !opaque16(from, width))
		unpremultiply16(from, to, width);
	else
		memcpy(to, from, width * ivp_format_pixel_bytes(format));
}

static void take_alpha8(const ivp_pixel *restrict from, ivp_pixel *restrict to, size_t width)
{
	for (size_t x = 0; x < width; x++)
		to[x] = (to[x] & 0x00ffffff) | (from[x] & 0xff000000);
}

static void take_alpha16(const pixel16 *restrict from, pixel16 *restrict to, size_t width)
{
	for (size_t x = 0; x < width; x++)
		to[x] = (to[x] & ~ALPHA16) | (from[x] & ALPHA16);
}

void ivp_take_alpha(uint32_t format, const void *from, void *to, size_t width)
{
	if (format == IVP_FORMAT_RGBA8)
		take_alpha8(from, to, width);
	else if (format == IVP_FORMAT_RGBA16)
		take_alpha16(from, to, width);
}
