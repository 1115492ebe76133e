/* SPDX-License-Identifier: MIT */
/*
 * Grayscale: luma, the weighted sum of the R, G, B levels as they are (gamma-coded), by Rec. 601
 * or Rec. 709; weights in 1/65536, rounded to nearest. Result: GRAY8; from RGBA8 with
 * alpha = keep RGBA8 with R = G = B = luma, so that nothing transparent turns opaque.
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "need.h"
#include "rows.h"

struct grayscale {
	unsigned luma, alpha;
};

enum { KEEP, DROP };

static const char *const lumas[] = {"rec601", "rec709", NULL};
static const char *const alphas[] = {"keep", "drop", NULL};

/* 0.299, 0.587, 0.114 and 0.2126, 0.7152, 0.0722; each row's sum is 65536. */
static const uint32_t weights[][3] = {{19595, 38470, 7471}, {13933, 46871, 4732}};

static const struct ivp_param params[] = {
    IVP_PARAM(struct grayscale, luma, .choices = lumas, .def = 0,
	      .help = "weights of the colours, those of JPEG and television or of HDTV and sRGB"),
    IVP_PARAM(struct grayscale, alpha, .choices = alphas, .def = KEEP,
	      .help = "what RGBA8 becomes: gray RGBA8, or GRAY8 without regard to alpha"),
    {0},
};

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	const struct grayscale *grayscale = self;

	(void)why;
	*out = *in;
	if (in->format != IVP_FORMAT_RGBA8 || grayscale->alpha == DROP)
		out->format = IVP_FORMAT_GRAY8;
	return 0;
}

static void luma_rgb(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
		     const uint32_t w[3])
{
	const uint32_t r = w[0], g = w[1], b = w[2];

	for (size_t i = 0; i < n; i++)
		out[i] =
		    (uint8_t)((in[3 * i] * r + in[3 * i + 1] * g + in[3 * i + 2] * b + 32768) >>
			      16);
}

IVP_INLINE uint32_t luma_of(uint32_t pixel, uint32_t r, uint32_t g, uint32_t b)
{
	return ((pixel & 255) * r + (pixel >> 8 & 255) * g + (pixel >> 16 & 255) * b + 32768) >> 16;
}

static void luma_rgba(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
		      const uint32_t w[3])
{
	const ivp_pixel *pixels = (const ivp_pixel *)in;
	const uint32_t r = w[0], g = w[1], b = w[2];

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)luma_of(pixels[i], r, g, b);
}

static void luma_rgba_keep(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
			   const uint32_t w[3])
{
	const ivp_pixel *pixels = (const ivp_pixel *)in;
	ivp_pixel *to = (ivp_pixel *)out;
	const uint32_t r = w[0], g = w[1], b = w[2];

	for (size_t i = 0; i < n; i++) {
		uint32_t pixel = pixels[i];

		to[i] = (pixel & 0xff000000) | luma_of(pixel, r, g, b) * 0x010101;
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct grayscale *grayscale = self;
	const uint32_t *w = weights[grayscale->luma];
	const size_t width = in->shape.width;

	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (in->shape.format == IVP_FORMAT_GRAY8)
			memcpy(to, from, width);
		else if (in->shape.format == IVP_FORMAT_RGB8)
			luma_rgb(from, to, width, w);
		else if (grayscale->alpha == DROP)
			luma_rgba(from, to, width, w);
		else
			luma_rgba_keep(from, to, width, w);
	}
}

const struct ivp_filter ivp_filter_grayscale = {
    .name = "grayscale",
    .summary = "turns colours into shades of gray",
    .formats = IVP_FORMATS_8BIT,
    .private_bytes = sizeof(struct grayscale),
    .params = params,
    .shape = shape,
    .need = ivp_need_same_rows,
    .apply = apply,
};
