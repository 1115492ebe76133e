/* SPDX-License-Identifier: MIT */
/*
 * Pictures computed from nothing: those of sample-images/, and patterns for tests. Each is a
 * function of place and size, so a test can ask for a pixel of a sample and get the original.
 * Colours are display values, 0 to 1.
 */
#ifndef IVP_TESTS_HELPERS_PICTURES_H
#define IVP_TESTS_HELPERS_PICTURES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <ivpipe/frame.h>

#include "helpers/font.h"
#include "helpers/paint.h"
#include "helpers/still-life.h"

/* Mountains in the evening. u and v are in units of the picture's height. */
static inline struct colour sky_and_mountains(double u, double v)
{
	const struct colour zenith = {0.15, 0.27, 0.50}, horizon = {0.99, 0.76, 0.56};
	const struct colour glow = {1.0, 0.62, 0.30}, cloud = {1.0, 0.70, 0.58};
	const double sun = hypot(u - 1.23, (v - 0.50) * 1.1);
	struct colour c = mix(zenith, horizon, pow(clamp01(v / 0.60), 1.4));
	double veil = rough(u * 2.2 + 3, v * 9 - u, 5, 11);

	veil = ramp(0.02, 0.42, veil) * ramp(0.55, 0.30, v) * ramp(-0.05, 0.15, v);
	c = mix(c, cloud, 0.75 * veil);
	c = mix(c, glow, 0.85 * exp(-5.5 * sun));
	c = mix(c, (struct colour){1, 0.96, 0.80}, ramp(0.052, 0.046, sun));
	for (unsigned i = 0; i < 5; i++) {
		const double near = i / 4.0;
		const double crest =
		    0.53 + 0.058 * i + 0.013 * i * near -
		    (0.19 - 0.025 * i) * rough(u * (1.3 + 0.55 * i) + 7.7 * i, 0.5, 7, 40 + 10 * i);
		const struct colour far_rock = {0.80, 0.60, 0.58}, rock = {0.09, 0.12, 0.19};
		const double below = v - crest;
		struct colour hill = mix(far_rock, rock, pow(near, 0.62) * 0.92 + 0.08);

		if (below < 0)
			continue;
		hill = scale(hill, 1 + 0.28 * rough(u * 26, v * 40 + u * 9, 4, 70 + i));
		/* Mist gathers in front of the next ridge. */
		hill = mix(hill, horizon, (1 - near) * 0.55 * ramp(0.0, 0.17, below));
		c = mix(c, hill, ramp(0, 0.0022, below));
	}
	return c;
}

static inline struct colour balloon(struct colour behind, double u, double v, double at_u,
				    double at_v, double size, unsigned which)
{
	static const struct colour cloths[3][2] = {{{0.86, 0.16, 0.15}, {0.98, 0.90, 0.74}},
						   {{0.10, 0.46, 0.62}, {0.98, 0.76, 0.22}},
						   {{0.93, 0.48, 0.12}, {0.42, 0.14, 0.36}}};
	const double x = (u - at_u) / size, y = (v - at_v) / size;
	const double half = y < 0.2 ? sqrt(fmax(0, 1 - y * y)) : 0.98 - 0.62 * (y - 0.2);
	const double edge = 0.0016 / size;
	struct colour c;

	if (y > 1.62 && y < 1.86)
		return mix(behind, (struct colour){0.28, 0.17, 0.10},
			   ramp(0.17 + edge, 0.17 - edge, fabs(x)));
	if (y > 1.25 && y <= 1.62)
		return mix(behind, (struct colour){0.25, 0.18, 0.14},
			   0.8 * ramp(0.035, 0.01, fabs(fabs(x) - 0.15 - 0.3 * (1.62 - y))));
	if (y < -1 || y > 1.25)
		return behind;
	c = cloths[which][(int)floor(asin(fmax(-1, fmin(1, x / half))) * 3.2 + 8.5) & 1];
	c = scale(c, 0.62 + 0.48 * ramp(-1.1, 0.9, x * 0.8 + y * 0.25));
	c = mix(c, (struct colour){1, 0.95, 0.85},
		0.35 * exp(-9 * ((x - 0.42) * (x - 0.42) + y * y)));
	return mix(behind, c, ramp(half + edge, half - edge, fabs(x)));
}

static inline struct colour paint_landscape(double x, double y, double width, double height)
{
	const double u = x / height, v = y / height, shore = 0.775;
	const double grass = 0.985 - 0.05 * rough(u * 3, 1.5, 4, 300) -
			     0.045 * fabs(noise(u * 95, 4, 310)) -
			     0.05 * fabs(noise(u * 31, 8, 311));
	struct colour c;

	if (v < shore) {
		c = sky_and_mountains(u, v);
	} else {
		/* Water: the picture upside down, torn by ripples that grow towards the viewer. */
		const double depth = v - shore;
		const double ripple =
		    rough(u * 9 / (0.25 + depth * 3), depth * 160 / (0.4 + depth * 5), 3, 200);
		const double bent = shore - depth * 1.25 - ripple * (0.006 + 0.16 * depth);

		c = sky_and_mountains(u + ripple * 0.03 * depth, bent);
		c = mix(scale(c, 0.86), (struct colour){0.10, 0.17, 0.27}, 0.20 + 0.9 * depth);
		c = mix(c, (struct colour){0.98, 0.84, 0.70},
			0.5 * ramp(0.004, 0, fabs(depth - 0.001)));
	}
	c = balloon(c, u, v, 0.40, 0.27, 0.105, 0);
	c = balloon(c, u, v, 0.83, 0.15, 0.058, 1);
	c = balloon(c, u, v, 1.50, 0.31, 0.040, 2);
	if (v > grass)
		c = mix(c, (struct colour){0.045, 0.055, 0.05}, ramp(0, 0.006, v - grass));
	c = scale(c, 1 - 0.22 * pow(hypot(x / width - 0.5, y / height - 0.5) * 1.3, 3));
	return c;
}

/* Grey dunes under a grey sky. */
static inline struct colour paint_dunes(double x, double y, double width, double height)
{
	const double u = x / height, v = y / height;
	double c = 0.86 - 0.25 * v + 0.10 * rough(u * 1.7, v * 6, 4, 700);

	(void)width;
	for (unsigned i = 0; i < 6; i++) {
		const double bend = u * (0.9 + 0.15 * i) + 3.1 * i;
		const double crest = 0.34 + 0.115 * i - 0.13 * noise(bend, 3, 710 + i) -
				     0.02 * noise(bend * 4, 5, 720 + i);
		const double below = v - crest;
		const double lee =
		    ramp(-0.03, 0.05,
			 noise(bend + 0.12, 3, 710 + i) - noise(bend, 3, 710 + i) + 0.4 * below);
		double sand = 0.42 + 0.42 * lee - 0.05 * i;

		if (below < 0)
			continue;
		sand += 0.05 *
			sin(260 * (below + 0.02 * noise(u * 7, v * 9, 730)) / (0.6 + i * 0.4)) *
			ramp(0.0, 0.05, below);
		sand *= 1 + 0.10 * rough(u * 60, v * 60, 3, 740);
		c += (sand - c) * ramp(0, 0.004, below);
	}
	return (struct colour){c, c, c};
}

/* A test chart: rings and rays of every frequency, bars, ramps, colour patches. */
static inline struct colour paint_chart(double x, double y, double width, double height)
{
	static const struct colour patches[] = {
	    {0.75, 0.75, 0.75}, {0.75, 0.75, 0}, {0, 0.75, 0.75}, {0, 0.75, 0},
	    {0.75, 0, 0.75},    {0.75, 0, 0},    {0, 0, 0.75},    {0, 0, 0}};
	const double size = height * 0.60, left = width * 0.30, right = width * 0.79;
	const double mid = height * 0.36;
	double value = 0.94;

	if (y > height * 0.90) {
		value = floor(x / width * 16) / 15;
	} else if (y > height * 0.82) {
		value = x / (width - 1);
	} else if (y > height * 0.72) {
		return patches[(int)(x / width * 8) & 7];
	} else if (fabs(x - left) < size / 2 && fabs(y - mid) < size / 2) {
		/* Zone plate: the local frequency grows with the radius, to half a cycle a pixel
		 * at the middle of each side. */
		const double r2 = (x - left) * (x - left) + (y - mid) * (y - mid);

		value = 0.5 + 0.5 * cos(3.14159265358979 * r2 / size);
	} else if (hypot(x - right, y - mid) < size * 0.36) {
		const double r = hypot(x - right, y - mid);
		const double wave = cos(atan2(y - mid, x - right) * 36);
		/* Edges of about a pixel, down to where a ray is one. */
		const double slope = r * 3.14159265358979 / 36;

		value = r < 6 ? 0.5 : 0.5 + 0.5 * fmax(-1, fmin(1, wave * slope));
	} else if (x < width * 0.045 && x > width * 0.01 && y < height * 0.68 &&
		   y > height * 0.04) {
		value = (int)(y / (1 + (int)(y / height * 9))) & 1;
	}
	return (struct colour){value, value, value};
}

/* A page of text. */
static inline struct colour paint_page(double x, double y, double width, double height)
{
	static const char *const lines[] = {
	    "A picture, passed on",
	    "",
	    "A picture enters here and is handed",
	    "from guest to guest. No one carries it:",
	    "each finds it in the same memory, does",
	    "its work, and leaves the result where",
	    "the next will look. What a guest may",
	    "not see is not there for it at all.",
	    "",
	    "Sphinx of black quartz, judge my vow.",
	    "The five boxing wizards jump quickly.",
	    "0123456789   (6 x 7 = 42)   50% + 1/2",
	    "",
	    "1. Blur it.  2. Shrink it.  3. Keep it.",
	};
	const double unit = width / 260;
	const int column = (int)((x - 12 * unit) / unit), line = (int)((y - 14 * unit) / unit);
	double ink = 0;

	(void)height;
	if (x >= 12 * unit && y >= 14 * unit) {
		/* The title is twice as large and takes two lines' height. */
		const int big = line < 20;
		const int cell = big ? 12 : 6, pitch = big ? 24 : 11;
		const int row = big ? 0 : 1 + (line - 20) / pitch;
		const int in_y = big ? line / 2 : (line - 20) % pitch;
		const int in_x = (big ? column / 2 : column) % 6;

		if (row < (int)(sizeof(lines) / sizeof(lines[0])) &&
		    column / cell < (int)strlen(lines[row]) && in_y < 7)
			ink = font_dot(lines[row][column / cell], in_x, in_y);
	}
	return mix((struct colour){0.965, 0.965, 0.965}, (struct colour){0.11, 0.11, 0.11}, ink);
}

/* A card that says which way is up. */
static inline struct colour paint_card(double x, double y, double width, double height)
{
	static const char word[] = "THIS SIDE UP";
	const struct colour paper =
	    mix((struct colour){0.96, 0.90, 0.76}, (struct colour){0.62, 0.76, 0.84}, y / height);
	const double middle = fabs(x - width / 2) / width, v = y / height;
	const int unit = (int)(width / 84);
	const int column = ((int)x - (int)(width * 0.5) + unit * 36) / (unit ? unit : 1);
	const int line = ((int)y - (int)(height * 0.78)) / (unit ? unit : 1);
	const bool head = v > 0.12 && v < 0.38 && middle < (v - 0.12) * 1.15;
	const bool shaft = v >= 0.38 && v < 0.68 && middle < 0.10;

	if (head || shaft)
		return (struct colour){0.80, 0.22, 0.14};
	if (v > 0.78 && x > width * 0.5 - unit * 36 && column < 72 && line < 7 &&
	    font_dot(word[column / 6], column % 6, line))
		return (struct colour){0.12, 0.14, 0.30};
	return paper;
}

static inline uint8_t to_byte(double value)
{
	return (uint8_t)(clamp01(value) * 255 + 0.5);
}

/* Pixel (x, y) of a picture, from samples x samples points of it. */
static inline struct colour paint_pixel(painter *paint, uint32_t x, uint32_t y, uint32_t width,
					uint32_t height, unsigned samples)
{
	struct colour sum = {0, 0, 0};

	for (unsigned i = 0; i < samples * samples; i++) {
		const unsigned column = i % samples, line = i / samples;
		const struct colour c = paint(x + (column + 0.5) / samples - 0.5,
					      y + (line + 0.5) / samples - 0.5, width, height);

		sum.r += clamp01(c.r);
		sum.g += clamp01(c.g);
		sum.b += clamp01(c.b);
	}
	return scale(sum, 1.0 / (samples * samples));
}

/* Grain as of a sensor: the same for all channels of a pixel. */
static inline double grain(uint32_t x, uint32_t y, double strength)
{
	return (scramble(x, y, 901) / 4294967296.0 + scramble(x, y, 902) / 4294967296.0 - 1) *
	       strength;
}

/* The sample's bytes at a pixel: 1 or 3 of them. */
static inline void paint_bytes(painter *paint, uint32_t x, uint32_t y, uint32_t width,
			       uint32_t height, unsigned samples, double strength,
			       unsigned channels, uint8_t *pixel)
{
	const struct colour c = paint_pixel(paint, x, y, width, height, samples);
	const double g = grain(x, y, strength);

	pixel[0] = to_byte(c.r + g);
	if (channels == 3) {
		pixel[1] = to_byte(c.g + g);
		pixel[2] = to_byte(c.b + g);
	}
}

/* Discs that overlap, with soft edges: every alpha from 0 to 255. */
static inline void paint_discs(uint32_t x, uint32_t y, uint32_t size, uint8_t rgba[4])
{
	static const struct colour colours[] = {
	    {0.92, 0.26, 0.21}, {0.20, 0.66, 0.33}, {0.26, 0.52, 0.96}};
	double left = 1;
	struct colour sum = {0, 0, 0};

	for (unsigned i = 0; i < 3; i++) {
		const double angle = 2.0943951 * i - 1.5707963;
		const double r = hypot(x + 0.5 - size * (0.5 + 0.19 * cos(angle)),
				       y + 0.5 - size * (0.53 + 0.19 * sin(angle))) /
				 size;
		const double alpha = 0.82 * ramp(0.30, 0.30 - 0.02 - 0.09 * i, r);

		sum.r += left * alpha * colours[i].r;
		sum.g += left * alpha * colours[i].g;
		sum.b += left * alpha * colours[i].b;
		left *= 1 - alpha;
	}
	if (left < 1)
		sum = scale(sum, 1 / (1 - left));
	rgba[0] = to_byte(sum.r);
	rgba[1] = to_byte(sum.g);
	rgba[2] = to_byte(sum.b);
	rgba[3] = to_byte(1 - left);
}

/* A smooth pattern that differs at every place and channel, of any format. */
static inline void paint_pattern(uint32_t x, uint32_t y, uint32_t format, uint8_t *pixel)
{
	const unsigned bytes = ivp_format_pixel_bytes(format);

	for (unsigned i = 0; i < bytes; i++)
		pixel[i] = (uint8_t)(128 + 60 * sin(x * 0.11 + i * 1.9) + 60 * cos(y * 0.07 + i));
}

#endif
