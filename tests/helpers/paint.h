/* SPDX-License-Identifier: MIT */
/* What the computed pictures are made of: colours, ramps and noise. */
#ifndef IVP_TESTS_HELPERS_PAINT_H
#define IVP_TESTS_HELPERS_PAINT_H

#include <math.h>
#include <stdint.h>

struct colour {
	double r, g, b;
};

typedef struct colour painter(double x, double y, double width, double height);

static inline double clamp01(double value)
{
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* 0 below from, 1 above to, smooth between. */
static inline double ramp(double from, double to, double value)
{
	const double t = clamp01((value - from) / (to - from));

	return t * t * (3 - 2 * t);
}

static inline struct colour mix(struct colour a, struct colour b, double t)
{
	return (struct colour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

static inline struct colour scale(struct colour a, double by)
{
	return (struct colour){a.r * by, a.g * by, a.b * by};
}

static inline uint32_t scramble(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t h = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ seed * 0xc2b2ae3du;

	h = (h ^ h >> 15) * 0x2c1b3c6du;
	h = (h ^ h >> 12) * 0x297a2d39u;
	return h ^ h >> 15;
}

/* Random values on a grid, -1 to 1, smooth between. */
static inline double noise(double x, double y, uint32_t seed)
{
	const double fx = floor(x), fy = floor(y);
	const double tx = x - fx, ty = y - fy;
	const double sx = tx * tx * (3 - 2 * tx), sy = ty * ty * (3 - 2 * ty);
	double at[4];

	for (unsigned i = 0; i < 4; i++)
		at[i] = scramble((uint32_t)((int32_t)fx + (int)(i & 1)),
				 (uint32_t)((int32_t)fy + (int)(i >> 1)), seed) /
			    2147483648.0 -
			1;
	at[0] += (at[1] - at[0]) * sx;
	at[2] += (at[3] - at[2]) * sx;
	return at[0] + (at[2] - at[0]) * sy;
}

/* Noise over octaves, each twice as fine and half as strong. */
static inline double rough(double x, double y, unsigned octaves, uint32_t seed)
{
	double sum = 0, strength = 0.5;

	for (unsigned i = 0; i < octaves; i++) {
		sum += strength * noise(x, y, seed + i);
		x = 2 * x + 17.3;
		y = 2 * y + 9.1;
		strength /= 2;
	}
	return sum;
}

#endif
