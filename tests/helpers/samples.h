/* SPDX-License-Identifier: MIT */
/* The files of sample-images/ and the pixels that are in them. */
#ifndef IVP_TESTS_HELPERS_SAMPLES_H
#define IVP_TESTS_HELPERS_SAMPLES_H

#include <stdio.h>

#include "codec/codec.h"
#include "helpers/files.h"
#include "helpers/pictures.h"

struct sample {
	const char *name;
	struct ivp_shape stored; /* as in the file */
	painter *paint;          /* upright; NULL: a pattern, or discs if RGBA8 */
	unsigned points;         /* a side, for each pixel */
	double grain;
	enum ivp_encoding encoding;
	void (*other)(const struct ivp_input *image, FILE *to); /* instead of encoding */
	unsigned orientation;
	bool profile;
};

static const struct sample samples[] = {
    {.name = "landscape.jpg",
     .stored = {1280, 720, IVP_FORMAT_RGB8},
     .paint = paint_landscape,
     .points = 2,
     .grain = 0.012,
     .encoding = IVP_ENCODE_JPEG},
    {.name = "still-life.png",
     .stored = {640, 480, IVP_FORMAT_RGB8},
     .paint = paint_still_life,
     .points = 2},
    {.name = "dunes-gray.jpg",
     .stored = {800, 600, IVP_FORMAT_GRAY8},
     .paint = paint_dunes,
     .points = 2,
     .grain = 0.02,
     .encoding = IVP_ENCODE_JPEG},
    {.name = "chart.png", .stored = {640, 480, IVP_FORMAT_RGB8}, .paint = paint_chart, .points = 1},
    {.name = "page-gray.png",
     .stored = {520, 360, IVP_FORMAT_GRAY8},
     .paint = paint_page,
     .points = 1},
    {.name = "discs-alpha.png", .stored = {256, 256, IVP_FORMAT_RGBA8}},
    {.name = "card-orientation-6.jpg",
     .stored = {240, 320, IVP_FORMAT_RGB8},
     .paint = paint_card,
     .points = 1,
     .encoding = IVP_ENCODE_JPEG,
     .orientation = 6},
    {.name = "ramp-16bit.png", .stored = {256, 64, IVP_FORMAT_GRAY16}},
    {.name = "patches-profile.png",
     .stored = {192, 128, IVP_FORMAT_RGB8},
     .paint = paint_chart,
     .points = 1,
     .profile = true},
    {.name = "1x1.png", .stored = {1, 1, IVP_FORMAT_RGB8}},
    {.name = "37x91.png", .stored = {37, 91, IVP_FORMAT_RGB8}},
    {.name = "257x3.ppm", .stored = {257, 3, IVP_FORMAT_RGB8}, .encoding = IVP_ENCODE_PNM},
    {.name = "61x47.bmp", .stored = {61, 47, IVP_FORMAT_RGB8}, .other = write_bmp},
    {.name = "gray-47x61.gif", .stored = {47, 61, IVP_FORMAT_GRAY8}, .other = write_gif},
};

/* The pixel as it is stored: of a sample with an orientation, turned. */
static inline void sample_stored_pixel(const struct sample *sample, uint32_t x, uint32_t y,
				       uint8_t *pixel)
{
	const struct ivp_shape *shape = &sample->stored;

	if (sample->orientation == 6)
		/* Row 0 of the file is the right-hand side: shown at (height - 1 - y, x). */
		paint_bytes(sample->paint, shape->height - 1 - y, x, shape->height, shape->width,
			    sample->points, sample->grain, ivp_format_channels(shape->format),
			    pixel);
	else if (sample->paint)
		paint_bytes(sample->paint, x, y, shape->width, shape->height, sample->points,
			    sample->grain, ivp_format_channels(shape->format), pixel);
	else if (shape->format == IVP_FORMAT_RGBA8)
		paint_discs(x, y, shape->width, pixel);
	else if (shape->format == IVP_FORMAT_GRAY16) {
		/* Every 16-bit value in steps of 4. */
		const unsigned value = (y * 256 + x) * 4;

		pixel[0] = value & 255;
		pixel[1] = (uint8_t)(value >> 8);
	} else
		paint_pattern(x, y, shape->format, pixel);
}

#endif
