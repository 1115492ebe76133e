/* SPDX-License-Identifier: MIT */
/*
 * Rows of samples: what the small blurs compute on instead of pixels.
 *
 * A sample is a level 0..255 with seven binary places, 0..32640: two of them add up in 16 bits.
 * Rows keep the order of the pixels. RGBA8 is premultiplied: colour = c * a / 255. So the colour of
 * a transparent pixel weighs nothing and cannot bleed. On the way back colour = 255 * C / A, rounded
 * to nearest, and a pixel whose alpha rounds to 0 becomes 0, 0, 0, 0.
 */
#ifndef IVP_STAGES_ROWS_H
#define IVP_STAGES_ROWS_H

#include <ivpipe/frame.h>

#include "compiler.h"

#define IVP_SAMPLE_ONE 128 /* a level, in samples */

enum ivp_border { IVP_BORDER_REPLICATE, IVP_BORDER_REFLECT, IVP_BORDER_CONSTANT };
/* Their words, for a parameter of a filter that knows all three. */
extern const char *const ivp_border_words[];
#define IVP_BORDER_HELP                                                                            \
	"what goes on outside the image: its border pixels, its mirror image, or black"

struct ivp_row_form {
	uint32_t format;
	size_t width;
	unsigned planes; /* that follow each other */
	unsigned step;   /* samples from a pixel to the next in a plane */
	size_t plane;    /* samples of a plane */
	size_t samples;  /* of all planes */
};

struct ivp_row_form ivp_row_form(const struct ivp_shape *shape);

/* Pixels of 8 bits to samples and back. Neither needs alignment. An alpha of full or more, what a
 * filter makes of 255 all around, is 255: where all is opaque colours are C / 128 exactly. */
void ivp_row_load(uint32_t format, const uint8_t *pixels, uint16_t *samples, size_t width);
void ivp_row_store(uint32_t format, const uint16_t *samples, uint8_t *pixels, size_t width,
		   uint16_t full);

/* c a and 255 a of RGBA8 pixels: exact, 255 times premultiplied levels. */
void ivp_row_products(const uint8_t *pixels, uint16_t *products, size_t width);

#define IVP_ROW_CHUNK ((size_t)64) /* pixels that are looked at together for that */

/* Whether width RGBA8 pixels have such an alpha. */
bool ivp_row_opaque(const uint16_t *samples, size_t width, uint16_t full);

/* Samples of RGBA8 by twos: red and green, blue and alpha. */
typedef uint32_t ivp_samples2 __attribute__((aligned(2), may_alias));

/* An alpha as it counts: 255 levels where it is full. Masks: a branch would cost vectors. */
IVP_INLINE uint32_t ivp_row_alpha(uint32_t alpha, uint32_t full)
{
	const uint32_t opaque = -(uint32_t)(alpha >= full);

	return (alpha & ~opaque) | (255 * IVP_SAMPLE_ONE & opaque);
}

/*
 * The index inside 0..count-1 that stands for index, which may be any. REPLICATE: the nearest;
 * REFLECT: the mirror image, the border itself repeated (dcba|abcd|dcba). CONSTANT: -1, for none;
 * there all samples are 0, black and transparent.
 */
int64_t ivp_border_index(int64_t index, int64_t count, unsigned border);

/*
 * Fills pad pixels in front of and behind a plane of width pixels of pixel_bytes each, which has
 * room for them on both sides.
 */
void ivp_row_pad(void *plane, size_t width, size_t pixel_bytes, size_t pad, unsigned border);

/* Four bytes R, G, B, A as one word, and pixels anywhere in memory read as such words. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "RGBA8 pixels are read as words");
typedef uint32_t ivp_pixel __attribute__((aligned(1), may_alias));
/* The same of 16 bits, and single levels of 16 bits. */
typedef uint64_t ivp_pixel16 __attribute__((aligned(2), may_alias));
typedef uint16_t ivp_level16 __attribute__((may_alias));

/*
 * One RGBA8 pixel of premultiplied colour: alpha in levels, colour * scale / alpha in levels.
 * Rounds to nearest and clamps; all zero if alpha rounds to 0.
 */
IVP_INLINE uint32_t ivp_pixel_pack(float red, float green, float blue, float alpha, float scale)
{
	/* Where alpha is below half a level the quotient is not used: keep it finite. */
	float inverse = scale / (alpha > 0.5f ? alpha : 0.5f);
	int32_t r = (int32_t)(red * inverse + 0.5f);
	int32_t g = (int32_t)(green * inverse + 0.5f);
	int32_t b = (int32_t)(blue * inverse + 0.5f);
	int32_t a = (int32_t)(alpha + 0.5f);
	uint32_t pixel;

	r = r < 0 ? 0 : r > 255 ? 255 : r;
	g = g < 0 ? 0 : g > 255 ? 255 : g;
	b = b < 0 ? 0 : b > 255 ? 255 : b;
	a = a < 0 ? 0 : a > 255 ? 255 : a;
	pixel = (uint32_t)r | (uint32_t)g << 8 | (uint32_t)b << 16 | (uint32_t)a << 24;
	return pixel & -(uint32_t)(a > 0);
}

#endif
