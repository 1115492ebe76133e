/* SPDX-License-Identifier: MIT */
/*
 * A count that is stored and loaded again at once waits for the store: neighbours, which are often
 * the same level, count in different tables, PARTS for each colour of 8 bits.
 */
#include "histogram.h"

#include <string.h>

#include "rows.h"
#include "tone.h"

#define PARTS 8

/* Counts of 32 bits are added up before they could run over. */
#define MOST_PIXELS (1u << 31)

static size_t levels_of(uint32_t format)
{
	return (size_t)ivp_most_level(format) + 1;
}

static unsigned parts_of(uint32_t format)
{
	return ivp_is_wide(format) ? 1 : PARTS;
}

struct ivp_histogram ivp_histogram_carve(struct ivp_carve *carve, const struct ivp_shape *shape)
{
	const unsigned colours = ivp_tone_colours(shape->format);
	const size_t levels = levels_of(shape->format);
	struct ivp_histogram histogram = {0};

	for (unsigned i = 0; i < colours; i++)
		histogram.bins[i] = ivp_carve(carve, levels * sizeof(uint64_t));
	histogram.part =
	    ivp_carve(carve, (size_t)colours * parts_of(shape->format) * levels * sizeof(uint32_t));
	return histogram;
}

static void count_gray(const uint8_t *row, size_t width, uint32_t (*part)[256])
{
	size_t i = 0;

	for (; i + 8 <= width; i += 8) {
		uint64_t levels;

		memcpy(&levels, row + i, 8);
		part[0][levels & 255]++;
		part[1][levels >> 8 & 255]++;
		part[2][levels >> 16 & 255]++;
		part[3][levels >> 24 & 255]++;
		part[4][levels >> 32 & 255]++;
		part[5][levels >> 40 & 255]++;
		part[6][levels >> 48 & 255]++;
		part[7][levels >> 56]++;
	}
	for (; i < width; i++)
		part[0][row[i]]++;
}

/* The tables of a colour follow each other. */
IVP_INLINE void count_colours(const uint8_t *row, size_t width, const size_t channels,
			      uint32_t (*part)[256])
{
	for (size_t i = 0; i < width; i++, row += channels) {
		part[i % PARTS][row[0]]++;
		part[i % PARTS + PARTS][row[1]]++;
		part[i % PARTS + (size_t)2 * PARTS][row[2]]++;
	}
}

static void count_16(const ivp_level16 *row, size_t width, unsigned channels, unsigned colours,
		     uint32_t *part)
{
	for (size_t i = 0; i < width; i++, row += channels)
		for (unsigned c = 0; c < colours; c++)
			part[(size_t)c * 65536 + row[c]]++;
}

static void count_row(uint32_t format, const uint8_t *row, size_t width, uint32_t *part)
{
	if (format == IVP_FORMAT_GRAY8)
		count_gray(row, width, (uint32_t(*)[256])part);
	else if (format == IVP_FORMAT_RGB8)
		count_colours(row, width, 3, (uint32_t(*)[256])part);
	else if (format == IVP_FORMAT_RGBA8)
		count_colours(row, width, 4, (uint32_t(*)[256])part);
	else
		count_16((const ivp_level16 *)row, width, ivp_format_channels(format),
			 ivp_tone_colours(format), part);
}

static void add_up(const struct ivp_histogram *histogram, uint32_t format)
{
	const size_t levels = levels_of(format), parts = parts_of(format);
	const unsigned colours = ivp_tone_colours(format);

	for (size_t c = 0; c < colours; c++)
		for (size_t p = 0; p < parts; p++)
			for (size_t i = 0; i < levels; i++)
				histogram->bins[c][i] +=
				    histogram->part[(c * parts + p) * levels + i];
	memset(histogram->part, 0, colours * parts * levels * sizeof(uint32_t));
}

void ivp_histogram_count(const struct ivp_histogram *histogram, const struct ivp_input *in)
{
	const uint32_t format = in->shape.format;
	const unsigned colours = ivp_tone_colours(format);
	uint64_t pixels = 0;

	memset(histogram->part, 0,
	       (size_t)colours * parts_of(format) * levels_of(format) * sizeof(uint32_t));
	for (unsigned c = 0; c < colours; c++)
		memset(histogram->bins[c], 0, levels_of(format) * sizeof(uint64_t));
	for (uint32_t y = 0; y < in->shape.height; y++) {
		pixels += in->shape.width;
		if (pixels > MOST_PIXELS) {
			add_up(histogram, format);
			pixels = in->shape.width;
		}
		count_row(format, in->pixels + y * in->stride, in->shape.width, histogram->part);
	}
	add_up(histogram, format);
}
