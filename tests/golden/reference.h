/* SPDX-License-Identifier: MIT */
/*
 * What filters are measured against: their definitions, written down in double precision with no
 * thought for speed, and pictures with guard bytes all around to run filters on.
 *
 * Reference results are samples in levels, not rounded. Those with alpha are premultiplied:
 * c * a / 255 and a; of 16 bits c * a / 65535.
 */
#ifndef IVP_TESTS_GOLDEN_REFERENCE_H
#define IVP_TESTS_GOLDEN_REFERENCE_H

#include <math.h>

#include "helpers/test.h"

#include "helpers/filter.h"

#include "config/isa.h"
#include "config/params.h"
#include "config/registry.h"

#define GUARD      ((size_t)256)
#define GUARD_BYTE 0xA5

struct picture {
	struct ivp_shape shape;
	size_t channels, stride, bytes; /* bytes: of the rows; GUARD more lie before and behind */
	uint8_t *memory, *pixels;
};

static inline struct picture picture_make(uint32_t width, uint32_t height, uint32_t format)
{
	struct picture picture = {.shape = {width, height, format},
				  .channels = ivp_format_channels(format)};
	uint64_t bytes;

	assert_int_equal(ivp_shape_size(&picture.shape, &picture.stride, &bytes), 0);
	picture.bytes = bytes;
	picture.memory = aligned_alloc(64, picture.bytes + 2 * GUARD);
	assert_non_null(picture.memory);
	memset(picture.memory, GUARD_BYTE, picture.bytes + 2 * GUARD);
	picture.pixels = picture.memory + GUARD;
	return picture;
}

static inline void picture_free(struct picture *picture)
{
	free(picture->memory);
}

static inline uint8_t *picture_at(const struct picture *picture, int64_t x, int64_t y)
{
	return picture->pixels + (size_t)y * picture->stride +
	       (size_t)x * ivp_format_pixel_bytes(picture->shape.format);
}

/* Nothing but the rows' pixels may have changed. */
static inline void picture_assert_guards(const struct picture *picture)
{
	const size_t row =
	    picture->shape.width * (size_t)ivp_format_pixel_bytes(picture->shape.format);

	for (size_t i = 0; i < GUARD; i++) {
		assert_int_equal(picture->memory[i], GUARD_BYTE);
		assert_int_equal(picture->pixels[picture->bytes + i], GUARD_BYTE);
	}
	for (size_t y = 0; y < picture->shape.height; y++)
		for (size_t i = row; i < picture->stride; i++)
			assert_int_equal(picture->pixels[y * picture->stride + i], GUARD_BYTE);
}

/* The same numbers on every machine (Knuth's MMIX generator, upper bits). */
static inline uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

enum pattern { NOISE, BLACK_AND_WHITE, SMOOTH, PATTERNS };

static inline uint8_t pattern_level(enum pattern pattern, uint32_t x, uint32_t y, uint32_t i,
				    uint64_t *state)
{
	uint32_t value = random_next(state) >> 8 & 255;

	if (pattern == BLACK_AND_WHITE)
		value = value < 128 ? 0 : 255;
	if (pattern == SMOOTH)
		value = ((x * 3 + y * 2 + i * 40) & 127) + value / 8;
	return (uint8_t)value;
}

/* Fills the pixels; alpha is 0, 255 and the pattern's by turns of 7 x 5 pixels. */
static inline void picture_fill(struct picture *picture, enum pattern pattern, uint64_t seed)
{
	const uint32_t bytes = ivp_format_pixel_bytes(picture->shape.format);
	uint64_t state = seed;

	for (uint32_t y = 0; y < picture->shape.height; y++)
		for (uint32_t x = 0; x < picture->shape.width; x++) {
			const uint32_t part = (x / 7 + y / 5) % 3;
			uint8_t *at = picture_at(picture, x, y);

			for (uint32_t i = 0; i < bytes; i++)
				at[i] = pattern_level(pattern, x, y, i, &state);
			if (picture->shape.format == IVP_FORMAT_RGBA8 && part < 2)
				at[3] = part ? 255 : 0;
		}
}

/* As it is: filter_run also looks at other levels of the processor. */
static inline struct picture filter_run_once(const struct ivp_filter *filter, const void *self,
					     const struct picture *in)
{
	struct ivp_shape out_shape = in->shape;
	struct ivp_why why = {""};
	struct picture out;
	size_t scratch_bytes = 0;
	uint8_t *scratch;

	if (filter->shape)
		assert_int_equal(filter->shape(self, &in->shape, &out_shape, &why), 0);
	out = picture_make(out_shape.width, out_shape.height, out_shape.format);
	if (filter->scratch_bytes)
		scratch_bytes = filter->scratch_bytes(self, &in->shape, &out_shape);
	scratch_bytes = ivp_align(scratch_bytes, 64);
	scratch = aligned_alloc(64, scratch_bytes + 64);
	assert_non_null(scratch);
	memset(scratch, GUARD_BYTE, scratch_bytes + 64);
	if (filter->prepare)
		filter->prepare(self, &in->shape, &out_shape, scratch);
	/* Twice: nothing may be left of the first image. */
	for (unsigned i = 0; i < 2; i++)
		filter_whole(filter, self, &(struct ivp_input){in->shape, in->stride, in->pixels},
			     &(struct ivp_output){out.shape, out.stride, out.pixels}, scratch);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(scratch[scratch_bytes + i], GUARD_BYTE);
	free(scratch);
	picture_assert_guards(in);
	picture_assert_guards(&out);
	return out;
}

/* Runs the filter as a stage does, in scratch memory that holds rubbish and is guarded too, at
 * every level that this processor has: all must give the same bits. */
static inline struct picture filter_run(const struct ivp_filter *filter, const void *self,
					const struct picture *in)
{
	struct picture out = filter_run_once(filter, self, in);

	for (const struct ivp_isa *isa = ivp_isas; isa->name; isa++) {
		const struct ivp_filter *other = ivp_isa_filter(isa, filter);
		struct picture same;

		if (other == filter || !isa->runs_here())
			continue;
		same = filter_run_once(other, self, in);
		if (memcmp(out.pixels, same.pixels, out.bytes) != 0)
			fail_msg("%s differs at level %s", filter->name, isa->name);
		picture_free(&same);
	}
	return out;
}

/* The filter's private struct from "key=value" texts, ended by NULL; the caller frees it. */
static inline void *filter_configure(const struct ivp_filter *filter, ...)
{
	/* At least a byte: malloc(0) may be NULL. */
	void *self = calloc(1, filter->private_bytes + 1);
	const char *text;
	va_list settings;

	assert_non_null(self);
	ivp_params_default(filter, self);
	va_start(settings, filter);
	while ((text = va_arg(settings, const char *)) != NULL) {
		const char *equals = strchr(text, '=');
		struct ivp_why why = {""};
		char key[32] = "";

		memcpy(key, text, (size_t)(equals - text));
		if (!ivp_param_find(filter, key) ||
		    ivp_param_set(ivp_param_find(filter, key), self, equals + 1, &why))
			fail_msg("%s: %s", text, why.text);
	}
	va_end(settings);
	return self;
}

struct samples {
	size_t width, height, channels;
	double *at;
};

static inline struct samples samples_make(size_t width, size_t height, size_t channels)
{
	struct samples samples = {width, height, channels,
				  calloc(width * height * channels, sizeof(double))};

	assert_non_null(samples.at);
	return samples;
}

static inline double *sample(const struct samples *samples, size_t x, size_t y)
{
	return samples->at + (y * samples->width + x) * samples->channels;
}

static inline double largest_level(const struct picture *picture)
{
	return ivp_format_pixel_bytes(picture->shape.format) > picture->channels ? 65535 : 255;
}

static inline double level_in(const struct picture *picture, size_t x, size_t y, size_t c)
{
	const uint8_t *at = picture_at(picture, (int64_t)x, (int64_t)y);

	return largest_level(picture) > 255 ? at[2 * c] + 256.0 * at[2 * c + 1] : at[c];
}

static inline struct samples samples_of(const struct picture *picture)
{
	struct samples samples =
	    samples_make(picture->shape.width, picture->shape.height, picture->channels);

	for (size_t y = 0; y < samples.height; y++)
		for (size_t x = 0; x < samples.width; x++)
			for (size_t c = 0; c < samples.channels; c++) {
				double level = level_in(picture, x, y, c);

				if (samples.channels == 4 && c < 3)
					level *=
					    level_in(picture, x, y, 3) / largest_level(picture);
				sample(&samples, x, y)[c] = level;
			}
	return samples;
}

static inline int64_t border_index(int64_t index, int64_t count, bool reflect)
{
	while (reflect && (index < 0 || index >= count))
		index = index < 0 ? -1 - index : 2 * count - 1 - index;
	return index < 0 ? 0 : index >= count ? count - 1 : index;
}

/* What is outside. */
enum outside { REPLICATED, REFLECTED, BLACK };

/*
 * in along x by a symmetric kernel of weights 0..radius, scaled to the sum 1, for count places from
 * first on; then turned. Weights of places outside are those of the pixels that stand for them,
 * which are never farther away.
 */
static inline struct samples reference_kernel(const struct samples *in, const double *weights,
					      int64_t radius, enum outside outside, size_t first,
					      size_t count)
{
	struct samples out = samples_make(in->height, count, in->channels);
	double *folded = calloc(in->width, sizeof(double)), total = 0;

	assert_non_null(folded);
	for (int64_t k = -radius; k <= radius; k++)
		total += weights[llabs(k)];
	for (size_t o = 0; o < count; o++) {
		const int64_t x = (int64_t)(first + o), last = (int64_t)in->width - 1;
		const size_t from = (size_t)(x > radius ? x - radius : 0);
		const size_t to = (size_t)(x + radius < last ? x + radius : last);

		memset(folded, 0, in->width * sizeof(double));
		for (int64_t k = -radius; k <= radius; k++)
			if (outside != BLACK || (x + k >= 0 && x + k <= last))
				folded[border_index(x + k, last + 1, outside == REFLECTED)] +=
				    weights[llabs(k)] / total;
		for (size_t y = 0; y < in->height; y++)
			for (size_t i = from; i <= to; i++)
				for (size_t c = 0; c < in->channels; c++)
					sample(&out, y, o)[c] += sample(in, i, y)[c] * folded[i];
	}
	free(folded);
	return out;
}

/* exp(-x^2 / (2 sigma^2)), cut where it is 1e-8 of the middle. The caller frees. */
static inline double *reference_gauss_weights(double sigma, int64_t *radius)
{
	double *weights;

	*radius = (int64_t)ceil(6 * sigma);
	weights = calloc((size_t)*radius + 1, sizeof(double));
	assert_non_null(weights);
	for (int64_t k = 0; k <= *radius; k++)
		weights[k] = exp((double)(-k * k) / (2 * sigma * sigma));
	return weights;
}

static inline struct samples reference_gauss(const struct picture *picture, double sigma,
					     enum outside outside)
{
	struct samples in = samples_of(picture), turned, out;
	int64_t radius;
	double *weights = reference_gauss_weights(sigma, &radius);

	turned = reference_kernel(&in, weights, radius, outside, 0, in.width);
	out = reference_kernel(&turned, weights, radius, outside, 0, turned.width);
	free(weights);
	free(in.at);
	free(turned.at);
	return out;
}

static inline double limited(double level)
{
	return level < 0 ? 0 : level > 255 ? 255 : level;
}

static inline double limited_to(double level, double most)
{
	return level < 0 ? 0 : level > most ? most : level;
}

/* How far a result is from its reference, in levels. */
struct distance {
	double largest; /* to the reference before rounding: at best 0.5 */
	double mean;    /* to the reference rounded */
	size_t count;
};

/*
 * Colours count as much as they are seen: their distance is taken times alpha / 255 (65535).
 * Below half a level of alpha there is no colour.
 */
static inline void distance_add(struct distance *distance, const struct picture *picture,
				const struct samples *reference)
{
	double sum = distance->mean * (double)distance->count;
	const double most = largest_level(picture);

	assert_int_equal(reference->width, picture->shape.width);
	assert_int_equal(reference->height, picture->shape.height);
	assert_int_equal(reference->channels, picture->channels);
	for (size_t y = 0; y < reference->height; y++)
		for (size_t x = 0; x < reference->width; x++) {
			const double *wanted = sample(reference, x, y);

			for (size_t c = 0; c < reference->channels; c++) {
				bool colour = reference->channels == 4 && c < 3;
				const double got = level_in(picture, x, y, c);
				double level = limited_to(wanted[c], most), weight = 1;

				if (colour && wanted[3] < 0.5)
					continue;
				if (colour) {
					weight = limited_to(wanted[3], most) / most;
					level = limited_to(wanted[c] / wanted[3] * most, most);
				}
				sum += fabs(got - floor(level + 0.5)) * weight;
				distance->count++;
				if (fabs(got - level) * weight > distance->largest)
					distance->largest = fabs(got - level) * weight;
			}
		}
	distance->mean = sum / (double)distance->count;
}

#endif
