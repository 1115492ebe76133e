/* SPDX-License-Identifier: MIT */
/*
 * Stat: for each channel the mean, least and greatest value and the entropy, -sum p log2 p over
 * the values' shares p, in bits a value. The image stays as it is; the numbers go with its frame
 * as metadata: "stat.red.mean=101.3125" and so on. Values count as they are, 0..255 or 0..65535,
 * also where alpha is 0.
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "compiler.h"
#include "copy-rows.h"
#include "exact.h"
#include "format.h"

/* Values that are alike follow each other, and a counter cannot be added to again at once: several
 * tables take turns. Those of 16 bits are too large for that. */
#define TABLES8 4

/* Of a channel. */
struct keys {
	const char *mean, *least, *most, *entropy;
};

#define KEYS(name)                                                                                 \
	{                                                                                          \
		"stat." name ".mean", "stat." name ".min", "stat." name ".max",                    \
		    "stat." name ".entropy"                                                        \
	}

static const struct keys gray_keys[] = {KEYS("gray")};
static const struct keys colour_keys[] = {KEYS("red"), KEYS("green"), KEYS("blue"), KEYS("alpha")};

static size_t levels_of(const struct ivp_shape *shape)
{
	return ivp_is_wide(shape->format) ? 65536 : 256;
}

/* uint64_t counts[channels][levels], for 8 bits TABLES8 times; the first holds the sums. */
static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	(void)self;
	(void)out;
	return sizeof(uint64_t) * ivp_format_channels(in->format) * levels_of(in) *
	       (ivp_is_wide(in->format) ? 1 : TABLES8);
}

/* channels is a constant wherever these are inlined. */
IVP_INLINE void count8(const uint8_t *row, size_t width, unsigned channels, uint64_t *counts)
{
	size_t x = 0;

	for (; x + TABLES8 <= width; x += TABLES8)
		for (size_t t = 0; t < TABLES8; t++)
			for (size_t c = 0; c < channels; c++)
				counts[(t * channels + c) * 256 + row[(x + t) * channels + c]]++;
	for (; x < width; x++)
		for (size_t c = 0; c < channels; c++)
			counts[c * 256 + row[x * channels + c]]++;
}

IVP_INLINE void count16(const uint8_t *row, size_t width, unsigned channels, uint64_t *counts)
{
	for (size_t x = 0; x < width; x++)
		for (size_t c = 0; c < channels; c++) {
			uint16_t value;

			memcpy(&value, row + 2 * (x * channels + c), sizeof(value));
			counts[c * 65536 + value]++;
		}
}

static void count_row(const uint8_t *row, const struct ivp_shape *shape, uint64_t *counts)
{
	switch (shape->format) {
	case IVP_FORMAT_GRAY8:
		count8(row, shape->width, 1, counts);
		break;
	case IVP_FORMAT_RGB8:
		count8(row, shape->width, 3, counts);
		break;
	case IVP_FORMAT_RGBA8:
		count8(row, shape->width, 4, counts);
		break;
	case IVP_FORMAT_GRAY16:
		count16(row, shape->width, 1, counts);
		break;
	case IVP_FORMAT_RGB16:
		count16(row, shape->width, 3, counts);
		break;
	default:
		count16(row, shape->width, 4, counts);
	}
}

static void survey(const void *self, const struct ivp_input *in, void *scratch)
{
	const size_t all = ivp_format_channels(in->shape.format) * levels_of(&in->shape);
	uint64_t *counts = scratch;

	memset(counts, 0, scratch_bytes(self, &in->shape, &in->shape));
	for (uint32_t y = 0; y < in->shape.height; y++)
		count_row(in->pixels + y * in->stride, &in->shape, counts);
	for (size_t t = 1; t < TABLES8 && !ivp_is_wide(in->shape.format); t++)
		for (size_t i = 0; i < all; i++)
			counts[i] += counts[t * all + i];
}

static void note_channel(const struct keys *keys, const uint64_t *counts, size_t levels,
			 ivp_filter_note *put, void *context)
{
	uint64_t total = 0, sum = 0;
	double bits = 0;
	size_t least = levels, most = 0;

	for (size_t i = 0; i < levels; i++) {
		if (counts[i] == 0)
			continue;
		least = least < i ? least : i;
		most = i;
		total += counts[i];
		sum += counts[i] * i; /* fewer than 2^47 pixels: it does not wrap */
		bits += (double)counts[i] * ivp_exact_log2((double)counts[i]);
	}
	bits = ivp_exact_log2((double)total) - bits / (double)total;
	put(context, keys->mean, (double)sum / (double)total);
	put(context, keys->least, (double)least);
	put(context, keys->most, (double)most);
	/* Roundings may leave something below 0 of nothing. */
	put(context, keys->entropy, bits > 0 ? bits : 0);
}

static void note(const void *self, const struct ivp_shape *in, const void *scratch,
		 ivp_filter_note *put, void *context)
{
	const unsigned channels = ivp_format_channels(in->format);
	const uint64_t *counts = scratch;

	(void)self;
	for (unsigned c = 0; c < channels; c++)
		note_channel(channels == 1 ? gray_keys : colour_keys + c,
			     counts + c * levels_of(in), levels_of(in), put, context);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	(void)self;
	(void)scratch;
	ivp_copy_rows(in, out, rows);
}

const struct ivp_filter ivp_filter_stat = {
    .name = "stat",
    .summary = "measures mean, extremes and entropy of each channel, into the metadata",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .scratch_bytes = scratch_bytes,
    .survey = survey,
    .note = note,
    .apply = apply,
};
