/* SPDX-License-Identifier: MIT */
#include "alpha.h"

#include <string.h>

#include "lanes.h"
#include "rows.h"

typedef uint64_t pixel16 __attribute__((aligned(1), may_alias));

#define ALPHA8  0xff000000u
#define ALPHA16 0xffff000000000000u
#define EACH8   ((uint64_t)ALPHA8 << 32 | ALPHA8) /* the alphas of two pixels */

/* Pixels are looked at in blocks of so many bytes: most images are opaque or empty for long
 * stretches, where there is nothing to compute. */
#define BLOCK   ((size_t)256)
#define VECTORS (BLOCK / IVP_LANE_BYTES)

#define AHEAD 2048 /* bytes that are asked for early */

enum kind { OPAQUE, EMPTY, MIXED };

/* alpha: the bits of alpha in eight bytes. */
IVP_INLINE enum kind kind_of(const ivp_lanes8 block[VECTORS], uint64_t alpha)
{
	ivp_lanes8 all = block[0], any = block[0];
	uint64_t in_all = alpha, in_any = 0;

	IVP_UNROLL
	for (size_t i = 1; i < VECTORS; i++) {
		all &= block[i];
		any |= block[i];
	}
	for (size_t i = 0; i < IVP_LANE_BYTES / 8; i++) {
		in_all &= ((ivp_lanes64)all)[i];
		in_any |= ((ivp_lanes64)any)[i];
	}
	return in_all == alpha ? OPAQUE : (in_any & alpha) == 0 ? EMPTY : MIXED;
}

/*
 * A pixel is seen as two halves, [R G] and [B A]; of each the lower and the upper level go by
 * themselves, alpha times the most. c a / most is rounded to nearest (Blinn 1995), and no sum
 * wraps: 255^2 + 128 + 254 < 2^16, 65535^2 + 32768 + 65534 < 2^32.
 */
IVP_INLINE ivp_lanes8 premultiplied_8(ivp_lanes8 pixels)
{
	const ivp_lanes16 low = (ivp_lanes16)pixels & 255, high = (ivp_lanes16)pixels >> 8;
	const ivp_lanes32 alpha = (ivp_lanes32)pixels >> 24, both = alpha | alpha << 16;
	ivp_lanes16 even = low * (ivp_lanes16)both + 128;
	ivp_lanes16 odd = high * (ivp_lanes16)(both | 255u << 16) + 128;

	even += even >> 8;
	odd += odd >> 8;
	return (ivp_lanes8)(even >> 8 | (odd & 0xff00));
}

IVP_INLINE ivp_lanes8 premultiplied_16(ivp_lanes8 pixels)
{
	const ivp_lanes32 low = (ivp_lanes32)pixels & 65535, high = (ivp_lanes32)pixels >> 16;
	const ivp_lanes64 alpha = (ivp_lanes64)pixels >> 48, both = alpha | alpha << 32;
	ivp_lanes32 even = low * (ivp_lanes32)both + 32768;
	ivp_lanes32 odd = high * (ivp_lanes32)(both | (uint64_t)65535 << 32) + 32768;

	even += even >> 16;
	odd += odd >> 16;
	return (ivp_lanes8)(even >> 16 | (odd & 0xffff0000));
}

typedef int32_t whole __attribute__((vector_size(IVP_LANE_BYTES)));
typedef float real __attribute__((vector_size(IVP_LANE_BYTES)));

/* level * inverse, rounded to nearest. A level no larger than its alpha cannot come out above
 * most, whichever way the quotient was rounded. */
IVP_INLINE ivp_lanes32 raised(ivp_lanes32 level, real inverse)
{
	const real product = __builtin_convertvector((whole)level, real) * inverse + 0.5f;

	return (ivp_lanes32) __builtin_convertvector(product, whole);
}

/* most / alpha; where alpha is 0 so are the colours, and any number will do. */
IVP_INLINE real inverse_of(ivp_lanes32 alpha, float most)
{
	return most / __builtin_convertvector((whole)alpha - (whole)(alpha == 0), real);
}

IVP_INLINE ivp_lanes8 unpremultiplied_8(ivp_lanes8 pixels)
{
	const ivp_lanes32 pixel = (ivp_lanes32)pixels;
	const real inverse = inverse_of(pixel >> 24, 255);

	return (ivp_lanes8)(raised(pixel & 255, inverse) | raised(pixel >> 8 & 255, inverse) << 8 |
			    raised(pixel >> 16 & 255, inverse) << 16 | (pixel & ALPHA8));
}

/* The quotient's relative error, below 2^-22, is at most 1/60 of a level. */
IVP_INLINE ivp_lanes8 unpremultiplied_16(ivp_lanes8 pixels)
{
	const ivp_lanes32 low = (ivp_lanes32)pixels & 65535, high = (ivp_lanes32)pixels >> 16;
	const ivp_lanes64 alpha = (ivp_lanes64)pixels >> 48, both = alpha | alpha << 32;
	const real inverse = inverse_of((ivp_lanes32)both, 65535);
	const ivp_lanes32 colours = raised(low, inverse) | raised(high, inverse) << 16;

	return (ivp_lanes8)(((ivp_lanes64)colours & ~ALPHA16) | ((ivp_lanes64)pixels & ALPHA16));
}

/* Pixels are read once: colours stay below their alpha also if a peer changes them meanwhile. */
IVP_INLINE void do_block(const uint8_t *from, uint8_t *to, uint64_t alpha,
			 ivp_lanes8 (*change)(ivp_lanes8 pixels))
{
	ivp_lanes8 block[VECTORS];
	enum kind kind;

	/* One by one: they stay in registers. */
	IVP_UNROLL
	for (size_t i = 0; i < VECTORS; i++)
		memcpy(&block[i], from + i * IVP_LANE_BYTES, IVP_LANE_BYTES);
	kind = kind_of(block, alpha);
	IVP_UNROLL
	for (size_t i = 0; i < VECTORS; i++) {
		if (kind == MIXED)
			block[i] = change(block[i]);
		else if (kind == EMPTY)
			block[i] = (ivp_lanes8){0};
		memcpy(to + i * IVP_LANE_BYTES, &block[i], IVP_LANE_BYTES);
	}
}

IVP_INLINE void do_row(const uint8_t *from, uint8_t *to, size_t bytes, uint64_t alpha,
		       ivp_lanes8 (*change)(ivp_lanes8 pixels))
{
	uint8_t last[BLOCK] = {0};
	size_t i = 0;

	for (; i + BLOCK <= bytes; i += BLOCK) {
		/* The branch on what a block is keeps loads from running far ahead by themselves. */
		for (size_t k = 0; k < BLOCK; k += 64)
			__builtin_prefetch(from + i + AHEAD + k);
		do_block(from + i, to + i, alpha, change);
	}
	if (i < bytes) {
		memcpy(last, from + i, bytes - i);
		do_block(last, last, alpha, change);
		memcpy(to + i, last, bytes - i);
	}
}

void ivp_premultiply(uint32_t format, const void *from, void *to, size_t width)
{
	if (format == IVP_FORMAT_RGBA8)
		do_row(from, to, 4 * width, EACH8, premultiplied_8);
	else if (format == IVP_FORMAT_RGBA16)
		do_row(from, to, 8 * width, ALPHA16, premultiplied_16);
	else
		memcpy(to, from, width * ivp_format_pixel_bytes(format));
}

void ivp_unpremultiply(uint32_t format, const void *from, void *to, size_t width)
{
	if (format == IVP_FORMAT_RGBA8)
		do_row(from, to, 4 * width, EACH8, unpremultiplied_8);
	else if (format == IVP_FORMAT_RGBA16)
		do_row(from, to, 8 * width, ALPHA16, unpremultiplied_16);
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
