/* SPDX-License-Identifier: MIT */
#include "floats.h"

#include <string.h>

#include "alpha.h"
#include "clamp.h"
#include "compiler.h"
#include "format.h"

/* Pixels of four, as many as a vector holds. */
typedef float floats __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef int32_t ints __attribute__((vector_size(IVP_VECTOR)));

#define LANES (IVP_VECTOR / sizeof(float))

/* ALPHAS: of each pixel, in all of its lanes. GATHER: of LANES pixels in four vectors, one lane
 * each. SPREAD: those of vector q of the four, in all lanes of their pixels. */
#define SHUFFLE __builtin_shufflevector
#if IVP_VECTOR == 64
#define ALPHAS(v)  SHUFFLE(v, v, 3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15)
#define HALF(a, b) SHUFFLE(a, b, 3, 7, 11, 15, 19, 23, 27, 31, 3, 7, 11, 15, 19, 23, 27, 31)
#define GATHER(a, b, c, d)                                                                         \
	SHUFFLE(HALF(a, b), HALF(c, d), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define SPREAD(v, q)                                                                               \
	SHUFFLE(v, v, 4 * (q), 4 * (q), 4 * (q), 4 * (q), 4 * (q) + 1, 4 * (q) + 1, 4 * (q) + 1,   \
		4 * (q) + 1, 4 * (q) + 2, 4 * (q) + 2, 4 * (q) + 2, 4 * (q) + 2, 4 * (q) + 3,      \
		4 * (q) + 3, 4 * (q) + 3, 4 * (q) + 3)
static const ints colours = {-1, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, 0, -1, -1, -1, 0};
#elif IVP_VECTOR == 32
#define ALPHAS(v)          SHUFFLE(v, v, 3, 3, 3, 3, 7, 7, 7, 7)
#define HALF(a, b)         SHUFFLE(a, b, 3, 7, 11, 15, 3, 7, 11, 15)
#define GATHER(a, b, c, d) SHUFFLE(HALF(a, b), HALF(c, d), 0, 1, 2, 3, 8, 9, 10, 11)
#define SPREAD(v, q)                                                                               \
	SHUFFLE(v, v, 2 * (q), 2 * (q), 2 * (q), 2 * (q), 2 * (q) + 1, 2 * (q) + 1, 2 * (q) + 1,   \
		2 * (q) + 1)
static const ints colours = {-1, -1, -1, 0, -1, -1, -1, 0};
#else
#define ALPHAS(v)          SHUFFLE(v, v, 3, 3, 3, 3)
#define HALF(a, b)         SHUFFLE(a, b, 3, 7, 3, 7)
#define GATHER(a, b, c, d) SHUFFLE(HALF(a, b), HALF(c, d), 0, 1, 4, 5)
#define SPREAD(v, q)       SHUFFLE(v, v, q, q, q, q)
static const ints colours = {-1, -1, -1, 0};
#endif

float ivp_floats_unit(uint32_t format)
{
	return ivp_has_alpha(format) ? 1 / (float)ivp_most_level(format) : 1;
}

/* The lanes of one where the mask is set, of the other where it is not. */
IVP_INLINE void pick(const ints *mask, const floats *one, const floats *other, floats *result)
{
	*result = (floats)(((ints)*one & *mask) | ((ints)*other & ~*mask));
}

static void multiply_by_alpha(float *samples, size_t n, float most)
{
	floats *vectors = (floats *)samples;
	const floats opaque = (floats){0} + most;

	for (size_t i = 0; i < (n + LANES - 1) / LANES; i++) {
		const floats pixels = vectors[i], alphas = ALPHAS(pixels);
		floats factor;

		pick(&colours, &alphas, &opaque, &factor);
		vectors[i] = pixels * factor;
	}
}

void ivp_floats_of_levels(uint32_t format, const void *pixels, float *to, size_t samples)
{
	const uint8_t *restrict bytes = pixels;
	const uint16_t *restrict words = pixels;
	float *restrict out = to;

	if (ivp_is_wide(format))
		for (size_t i = 0; i < samples; i++)
			out[i] = words[i];
	else
		for (size_t i = 0; i < samples; i++)
			out[i] = bytes[i];
}

void ivp_floats_load(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	const size_t samples = (size_t)shape->width * ivp_format_channels(shape->format);

	(void)plane;
	ivp_floats_of_levels(shape->format, pixels, to, samples);
	if (ivp_has_alpha(shape->format))
		multiply_by_alpha(to, samples, (float)ivp_most_level(shape->format));
}

/* Vector q of the group: LANES pixels of which inverses has most / alpha. */
#define DIVIDE(q)                                                                                  \
	do {                                                                                       \
		const floats other = instead ? others[q] : (floats)((ints)v[q] & ~colours);        \
		const ints mask = SPREAD(seen, q) & colours;                                       \
		const floats straight = v[q] * SPREAD(inverses, q) + added;                        \
                                                                                                   \
		pick(&mask, &straight, &other, &group[q]);                                         \
	} while (0)

void ivp_floats_straighten(uint32_t format, float *values, size_t samples, float factor,
			   float offset, const float *instead)
{
	const floats one = (floats){0} + 1, added = (floats){0} + offset;
	const float most = (float)ivp_most_level(format);

	for (size_t i = 0; i < samples; i += 4 * LANES) {
		const floats *others = (const floats *)(instead ? instead + i : NULL);
		floats *group = (floats *)(values + i), v[4], alphas, divisors, inverses;
		ints seen;

		for (size_t q = 0; q < 4; q++)
			v[q] = group[q] * factor;
		alphas = GATHER(v[0], v[1], v[2], v[3]);
		seen = alphas >= 0.5f;
		pick(&seen, &alphas, &one, &divisors);
		inverses = most / divisors;
		DIVIDE(0);
		DIVIDE(1);
		DIVIDE(2);
		DIVIDE(3);
	}
}

void ivp_floats_store(uint32_t format, const float *levels, void *to, size_t samples, float factor,
		      float offset)
{
	const float *restrict from = levels;
	uint8_t *restrict bytes = to;
	uint16_t *restrict words = to;

	if (ivp_is_wide(format))
		for (size_t i = 0; i < samples; i++)
			words[i] =
			    (uint16_t)(int32_t)(ivp_clamp(from[i] * factor + offset, 65535) + 0.5f);
	else
		for (size_t i = 0; i < samples; i++)
			bytes[i] =
			    (uint8_t)(int32_t)(ivp_clamp(from[i] * factor + offset, 255) + 0.5f);
}
