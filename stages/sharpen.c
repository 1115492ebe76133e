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
#include "format.h"
#include "gauss.h"

#define CHUNK ((size_t)256) /* samples */

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

/*
 * The amount in 16 bits: weight / 2^15 of a difference in samples (rows.h), rounded, is what is
 * added, with fraction binary places less: at most 2^14 in size, as the level with so many
 * places is. So nothing overflows, and the error is below 1/64 level, or amount / 32 where
 * that is more.
 */
struct strength {
	float amount;
	int16_t weight;
	int16_t fraction;  /* 2 to 6 */
	int32_t threshold; /* in levels of 255 */
};

static struct strength strength_of(const struct sharpen *sharpen)
{
	struct strength by = {
	    .amount = (float)sharpen->amount, .fraction = 6, .threshold = sharpen->threshold};

	while (by.fraction > 2 && sharpen->amount > 1 << (6 - by.fraction))
		by.fraction--;
	by.weight = (int16_t)(sharpen->amount * (1 << (8 + by.fraction)) + 0.5);
	return by;
}

/* threshold and difference in samples. */
IVP_INLINE int16_t sharpened(int16_t level, int16_t difference, struct strength by,
			     int16_t threshold)
{
	const int16_t size = (int16_t)(difference < 0 ? -difference : difference);
	const int16_t added = (int16_t)((((int32_t)difference * by.weight >> 14) + 1) >> 1);
	const int16_t half = (int16_t)(1 << (by.fraction - 1));
	const int16_t wanted =
	    (int16_t)((int16_t)((level << by.fraction) + added + half) >> by.fraction);
	const int16_t least = (int16_t)(wanted < 0 ? 0 : wanted);
	const int16_t limited = (int16_t)(least > 255 ? 255 : least);

	return (int16_t)(size >= threshold ? limited : level);
}

/* Levels of 8 bits and their blurred samples. */
static void sharpen_samples(const uint8_t *restrict in, const uint16_t *restrict blurred,
			    uint8_t *restrict out, size_t n, struct strength by)
{
	const int16_t threshold = (int16_t)(by.threshold * IVP_SAMPLE_ONE);

	for (size_t i = 0; i < n; i++) {
		const int16_t difference = (int16_t)(in[i] * IVP_SAMPLE_ONE - blurred[i]);

		out[i] = (uint8_t)sharpened(in[i], difference, by, threshold);
	}
}

/* A pixel of which nothing around is seen keeps its colour. */
static void sharpen_mixed(const uint8_t *restrict in, const uint16_t *restrict blurred,
			  uint8_t *restrict out, size_t width, uint32_t full, struct strength by)
{
	const ivp_pixel *restrict from = (const ivp_pixel *)in;
	const ivp_samples2 *restrict pairs = (const ivp_samples2 *)blurred;
	ivp_pixel *restrict to = (ivp_pixel *)out;
	const int16_t threshold = (int16_t)(by.threshold * IVP_SAMPLE_ONE);

	for (size_t x = 0; x < width; x++) {
		const uint32_t samples[2] = {pairs[2 * x], pairs[2 * x + 1]}, pixel = from[x];
		const int32_t alpha = (int32_t)ivp_row_alpha(samples[1] >> 16, full);
		const int32_t seen = -(alpha > 0); /* all bits, or none */
		const float scale = 255.0f * IVP_SAMPLE_ONE / (float)(alpha + 1 + seen);
		uint32_t result = pixel & 0xff000000;

		for (unsigned c = 0; c < 3; c++) {
			const int32_t level = (int32_t)(pixel >> 8 * c & 255);
			const int32_t sum = (int32_t)(samples[c / 2] >> 16 * (c % 2) & 65535);
			const int32_t about = (int32_t)((float)sum * scale + 0.5f);
			const int32_t most = 255 * IVP_SAMPLE_ONE;
			const int32_t mean = about < most ? about : most;
			const int32_t difference = (level * IVP_SAMPLE_ONE - mean) & seen;

			result |=
			    (uint32_t)sharpened((int16_t)level, (int16_t)difference, by, threshold)
			    << 8 * c;
		}
		to[x] = result;
	}
}

static void sharpen_rgba(const uint8_t *in, const uint16_t *blurred, uint8_t *out, size_t width,
			 uint16_t full, struct strength by)
{
	for (size_t x = 0; x < width; x += IVP_ROW_CHUNK) {
		const size_t n = width - x < IVP_ROW_CHUNK ? width - x : IVP_ROW_CHUNK;

		if (ivp_row_opaque(blurred + 4 * x, n, full)) {
			sharpen_samples(in + 4 * x, blurred + 4 * x, out + 4 * x, 4 * n, by);
			ivp_take_alpha(IVP_FORMAT_RGBA8, in + 4 * x, out + 4 * x, n);
		} else {
			sharpen_mixed(in + 4 * x, blurred + 4 * x, out + 4 * x, n, full, by);
		}
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

static void sharpen_chunk(uint32_t format, const uint8_t *pixels, float *blurred, uint8_t *out,
			  size_t n, struct strength by)
{
	const float scale = ivp_is_wide(format) ? 257 : 1;
	float levels[CHUNK] __attribute__((aligned(64)));

	memset(levels + n, 0, sizeof(levels) - n * sizeof(float));
	ivp_floats_of_levels(format, pixels, levels, n);
	if (ivp_has_alpha(format))
		ivp_floats_straighten(format, blurred, n, ivp_floats_unit(format), 0, levels);
	sharpen_floats(levels, blurred, n, by.amount, scale * (float)by.threshold);
	ivp_floats_store(format, levels, out, n, 1, 0);
}

static void sharpen_row(const struct ivp_gauss *gauss, const uint8_t *in, void *blurred,
			uint8_t *out, struct strength by)
{
	const uint32_t format = gauss->shape.format;
	const size_t samples = (size_t)gauss->shape.width * ivp_format_channels(format);
	const size_t bytes = ivp_sample_bytes(format);

	if (gauss->floats)
		for (size_t i = 0; i < samples; i += CHUNK)
			sharpen_chunk(format, in + i * bytes, (float *)blurred + i, out + i * bytes,
				      samples - i < CHUNK ? samples - i : CHUNK, by);
	else if (format == IVP_FORMAT_RGBA8)
		sharpen_rgba(in, blurred, out, gauss->shape.width, gauss->by.narrow.full, by);
	else
		sharpen_samples(in, blurred, out, samples, by);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct sharpen *sharpen = self;
	const struct strength by = strength_of(sharpen);
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
