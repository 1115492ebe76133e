/* SPDX-License-Identifier: MIT */
/*
 * Equalize: a level becomes the share of pixels that are not above it, so that all levels are used
 * alike. With c(v) the number of pixels up to level v, m that of the lowest level there is, and n
 * of all: most * (c(v) - m) / (n - m), rounded to nearest (Gonzalez and Woods, "Digital Image
 * Processing", 3.3.1, with black where the image is darkest). An image of one level stays.
 */
#include <ivpipe/filter.h>

#include "histogram.h"
#include "tone.h"

struct equalize {
	unsigned colours;
};

enum { TOGETHER, EACH };

static const char *const choices[] = {"together", "each", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct equalize, colours, .choices = choices, .def = TOGETHER,
	      .help = "whether all colours are counted into one curve, or get one each"),
    {0},
};

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {.used = ivp_tone_scratch(self, in, out)};

	ivp_histogram_carve(&carve, in);
	return carve.used;
}

/* Counts are below 2^62 / 65535: the shape's size is limited. */
static void fill(const uint64_t *bins, const struct ivp_shape *shape, void *table)
{
	const unsigned most = ivp_most_level(shape->format);
	uint64_t all = 0, lowest = 0, sum = 0;
	uint16_t *wide = table;
	uint8_t *narrow = table;

	for (unsigned level = 0; level <= most; level++) {
		if (all == 0)
			lowest = bins[level];
		all += bins[level];
	}
	for (unsigned level = 0; level <= most; level++) {
		uint64_t result = level;

		sum += bins[level];
		if (all > lowest)
			result = sum < lowest ? 0
					      : ((sum - lowest) * most + (all - lowest) / 2) /
						    (all - lowest);
		if (most == 255)
			narrow[level] = (uint8_t)result;
		else
			wide[level] = (uint16_t)result;
	}
}

static void survey(const void *self, const struct ivp_input *in, void *scratch)
{
	const struct equalize *equalize = self;
	const unsigned colours = ivp_tone_colours(in->shape.format);
	struct ivp_carve carve = {.base = scratch,
				  .used = ivp_tone_scratch(self, &in->shape, &in->shape)};
	struct ivp_histogram histogram = ivp_histogram_carve(&carve, &in->shape);
	const bool one = equalize->colours == TOGETHER;
	struct ivp_tables *tables = scratch;

	ivp_histogram_count(&histogram, in);
	for (unsigned c = 1; one && c < colours; c++)
		for (unsigned level = 0; level <= ivp_most_level(in->shape.format); level++)
			histogram.bins[0][level] += histogram.bins[c][level];
	for (unsigned c = 0; c < colours; c++) {
		tables->of[c] = ivp_tone_table(&in->shape, scratch, one ? 0 : c);
		if (c == 0 || !one)
			fill(histogram.bins[c], &in->shape, ivp_tone_table(&in->shape, scratch, c));
	}
}

const struct ivp_filter ivp_filter_equalize = {
    .name = "equalize",
    .summary = "spreads the levels so that all are used alike",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct equalize),
    .params = params,
    .scratch_bytes = scratch_bytes,
    .survey = survey,
    .apply = ivp_tone_apply,
};
