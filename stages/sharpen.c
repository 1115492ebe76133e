/* SPDX-License-Identifier: MIT */
/*
 * Unsharp mask: out = x + amount * (x - blurred), where the difference reaches threshold; else x.
 * blurred is a Gaussian blur of x (gauss.h, border pixels go on). Rounded to nearest, clamped.
 *
 * RGBA8: alpha stays as it is. blurred is the straight colour of the premultiplied blur, so
 * transparent neighbours have no say; where all around is transparent, the pixel stays.
 */
#include <ivpipe/filter.h>

#include "gauss.h"

struct sharpen {
	double sigma, amount;
	int threshold;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct sharpen, sigma, .min = IVP_GAUSS_MIN, .max = IVP_GAUSS_MAX, .def = 1,
	      .unit = "px", .help = "standard deviation of the blur that is subtracted"),
    IVP_PARAM(struct sharpen, amount, .min = 0, .max = 10, .def = 1,
	      .help = "how much of the difference is added"),
    IVP_PARAM(struct sharpen, threshold, .min = 0, .max = 255, .def = 0,
	      .help = "smallest difference, in levels of 255, that is sharpened"),
    {0},
};

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct sharpen *sharpen = self;

	(void)out;
	return ivp_gauss_need(sharpen->sigma, in->height, end);
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	const struct sharpen *sharpen = self;
	struct ivp_carve carve = {0};

	(void)out;
	ivp_gauss_prepare(&carve, sharpen->sigma, IVP_BORDER_REPLICATE, in);
	return carve.used;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	const struct sharpen *sharpen = self;
	struct ivp_carve carve = {.base = scratch};

	(void)out;
	ivp_gauss_prepare(&carve, sharpen->sigma, IVP_BORDER_REPLICATE, in);
}

/* level + amount * difference / 128; difference in samples (rows.h), threshold too. */
IVP_INLINE int32_t sharpened(int32_t level, int32_t difference, float amount, int32_t threshold)
{
	const float step = amount / IVP_SAMPLE_ONE;
	int32_t size = difference < 0 ? -difference : difference;
	int32_t wanted = (int32_t)((float)level + step * (float)difference + 0.5f);
	int32_t large = -(size >= threshold); /* all bits, or none: a branch would cost vectors */

	wanted = wanted < 0 ? 0 : wanted > 255 ? 255 : wanted;
	return (wanted & large) | (level & ~large);
}

static void sharpen_levels(const uint8_t *restrict in, const uint16_t *restrict blurred,
			   uint8_t *restrict out, size_t n, float amount, int32_t threshold)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)sharpened(in[i], in[i] * IVP_SAMPLE_ONE - blurred[i], amount,
					    threshold);
}

static void sharpen_rgba(const uint8_t *restrict in, const uint16_t *restrict blurred,
			 uint8_t *restrict out, size_t n, float amount, int32_t threshold)
{
	const ivp_pixel *restrict from = (const ivp_pixel *)in;
	ivp_pixel *restrict to = (ivp_pixel *)out;
	const uint16_t *alpha = blurred + 3 * n;

	for (size_t i = 0; i < n; i++) {
		uint32_t pixel = from[i], result = pixel & 0xff000000;
		int32_t opaque = -(alpha[i] > 0); /* all bits, or none */
		float scale = 255.0f * IVP_SAMPLE_ONE / (float)(alpha[i] + 1 + opaque);

		for (unsigned c = 0; c < 3; c++) {
			int32_t level = (int32_t)(pixel >> 8 * c & 255);
			int32_t mean = (int32_t)((float)blurred[c * n + i] * scale + 0.5f);
			int32_t difference = (level * IVP_SAMPLE_ONE - mean) & opaque;

			result |= (uint32_t)sharpened(level, difference, amount, threshold)
				  << 8 * c;
		}
		to[i] = result;
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct sharpen *sharpen = self;
	const float amount = (float)sharpen->amount;
	const int32_t threshold = sharpen->threshold * IVP_SAMPLE_ONE;
	struct ivp_gauss *gauss = scratch;

	if (!rows.go_on)
		ivp_gauss_start(gauss, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		const uint16_t *blurred = ivp_gauss_next(gauss, in);
		uint8_t *to = out->pixels + y * out->stride;

		if (in->shape.format == IVP_FORMAT_RGBA8)
			sharpen_rgba(from, blurred, to, in->shape.width, amount, threshold);
		else
			sharpen_levels(from, blurred, to, gauss->form.samples, amount, threshold);
	}
}

const struct ivp_filter ivp_filter_sharpen = {
    .name = "sharpen",
    .summary = "sharpens by an unsharp mask",
    .formats = IVP_FORMATS_8BIT,
    .private_bytes = sizeof(struct sharpen),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
