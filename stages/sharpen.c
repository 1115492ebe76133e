/* SPDX-License-Identifier: MIT */
/*
 * Unsharp mask: out = x + amount * (x - blurred), where the difference reaches threshold; else x.
 * blurred is a Gaussian blur of x (gauss.h, border pixels go on). Rounded to nearest, clamped.
 *
 * Alpha stays as it is. blurred is the straight colour of the premultiplied blur, so transparent
 * neighbours have no say; where all around is transparent, the pixel stays.
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "alpha.h"
#include "floats.h"
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

struct strength {
	float amount;
	int32_t threshold; /* in levels of 255 */
};

/* Levels of 8 bits and their blurred samples (rows.h). */
static void sharpen_samples(const uint8_t *restrict in, const uint16_t *restrict blurred,
			    uint8_t *restrict out, size_t n, struct strength by)
{
	const float step = by.amount / IVP_SAMPLE_ONE;
	const int32_t threshold = by.threshold * IVP_SAMPLE_ONE;

	for (size_t i = 0; i < n; i++) {
		const int32_t level = in[i], difference = level * IVP_SAMPLE_ONE - blurred[i];
		const int32_t size = difference < 0 ? -difference : difference;
		/* All bits, or none: a branch would cost vectors. */
		const int32_t large = -(size >= threshold);
		int32_t wanted = (int32_t)((float)level + step * (float)difference + 0.5f);

		wanted = wanted < 0 ? 0 : wanted > 255 ? 255 : wanted;
		out[i] = (uint8_t)((wanted & large) | (level & ~large));
	}
}

/* Levels in place; the difference is taken off bit by bit, for the same reason. */
static void sharpen_floats(float *restrict levels, const float *restrict blurred, size_t n,
			   float amount, float threshold)
{
	for (size_t i = 0; i < n; i++) {
		const float difference = levels[i] - blurred[i];
		const float size = __builtin_fabsf(difference), added = amount * difference;
		const int32_t large = -(size >= threshold);
		int32_t bits;
		float kept;

		memcpy(&bits, &added, sizeof(bits));
		bits &= large;
		memcpy(&kept, &bits, sizeof(kept));
		levels[i] += kept;
	}
}

/* A chunk of straight or, with alpha, premultiplied floats, that times unit are levels. */
static void sharpen_chunk(uint32_t format, const uint8_t *pixels, float *blurred, float unit,
			  uint8_t *out, size_t n, struct strength by)
{
	const float scale = IVP_FORMATS_16BIT & IVP_FORMAT_BIT(format) ? 257 : 1;
	float levels[IVP_ROW_CHUNK] __attribute__((aligned(64)));

	memset(levels + n, 0, sizeof(levels) - n * sizeof(float));
	ivp_floats_of_levels(format, pixels, levels, n);
	if (ivp_has_alpha(format))
		ivp_floats_straighten(format, blurred, n, unit, 0, levels);
	sharpen_floats(levels, blurred, n, by.amount, scale * (float)by.threshold);
	ivp_floats_store(format, levels, out, n, 1, 0);
}

static void sharpen_rgba(const uint8_t *in, const uint16_t *blurred, uint8_t *out, size_t n,
			 uint16_t full, struct strength by)
{
	float values[IVP_ROW_CHUNK] __attribute__((aligned(64)));

	if (ivp_row_opaque(blurred, n / 4, full)) {
		sharpen_samples(in, blurred, out, n, by);
		ivp_take_alpha(IVP_FORMAT_RGBA8, in, out, n / 4);
		return;
	}
	ivp_row_floats(blurred, values, n / 4, full);
	sharpen_chunk(IVP_FORMAT_RGBA8, in, values, 1.0f / IVP_SAMPLE_ONE, out, n, by);
}

static void sharpen_row(const struct ivp_gauss *gauss, const uint8_t *in, void *blurred,
			uint8_t *out, struct strength by)
{
	const uint32_t format = gauss->shape.format;
	const size_t samples = (size_t)gauss->shape.width * ivp_format_channels(format);
	const size_t bytes = ivp_format_pixel_bytes(format) / ivp_format_channels(format);

	if (!gauss->floats && format != IVP_FORMAT_RGBA8) {
		sharpen_samples(in, blurred, out, samples, by);
		return;
	}
	for (size_t i = 0; i < samples; i += IVP_ROW_CHUNK) {
		const size_t n = samples - i < IVP_ROW_CHUNK ? samples - i : IVP_ROW_CHUNK;

		if (gauss->floats)
			sharpen_chunk(format, in + i * bytes, (float *)blurred + i,
				      ivp_floats_unit(format), out + i * bytes, n, by);
		else
			sharpen_rgba(in + i, (const uint16_t *)blurred + i, out + i, n,
				     gauss->by.narrow.full, by);
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct sharpen *sharpen = self;
	const struct strength by = {(float)sharpen->amount, sharpen->threshold};
	struct ivp_gauss *gauss = scratch;

	if (!rows.go_on)
		ivp_gauss_start(gauss, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++)
		sharpen_row(gauss, in->pixels + y * in->stride, ivp_gauss_row(gauss, in, y),
			    out->pixels + y * out->stride, by);
}

const struct ivp_filter ivp_filter_sharpen = {
    .name = "sharpen",
    .summary = "sharpens by an unsharp mask",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct sharpen),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
