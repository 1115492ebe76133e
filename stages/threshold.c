/* SPDX-License-Identifier: MIT */
/*
 * Threshold: each colour becomes its highest level or 0, by one of three borders.
 *
 * fixed: the highest from a share of it on. otsu: above the level that parts the histogram into
 * two classes with the greatest variance between them, per image and colour (Otsu, "A threshold
 * selection method from gray-level histograms", 1979). adaptive: where the level is not more than
 * an offset below the mean of the square around the pixel (see adaptive.h).
 */
#include <ivpipe/filter.h>

#include "adaptive.h"
#include "histogram.h"
#include "lanes.h"
#include "need.h"
#include "rows.h"
#include "tone.h"

struct threshold {
	unsigned method;
	double level, offset;
	int radius;
};

enum { FIXED, OTSU, ADAPTIVE };

static const char *const methods[] = {"fixed", "otsu", "adaptive", NULL};

static const struct ivp_param params[] = {
    IVP_PARAM(struct threshold, method, .choices = methods, .def = FIXED,
	      .help = "the same level everywhere; a level that fits the image; one that fits what "
		      "is around"),
    IVP_PARAM(struct threshold, level, .min = 0, .max = 100, .def = 50, .unit = "%",
	      .help = "fixed: the lowest level that becomes white"),
    IVP_PARAM(struct threshold, radius, .min = 1, .max = IVP_ADAPTIVE_RADIUS, .def = 15,
	      .unit = "px", .help = "adaptive: pixels on each side that count as around"),
    IVP_PARAM(struct threshold, offset, .min = -100, .max = 100, .def = 5, .unit = "%",
	      .help = "adaptive: how far below the mean a level may be to become white"),
    {0},
};

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct threshold *threshold = self;

	(void)out;
	if (threshold->method == OTSU)
		return in->height;
	return threshold->method == FIXED ? end
					  : ivp_need_around(in, end, (uint32_t)threshold->radius);
}

/* Levels from first on become white. */
static void fill(const struct ivp_shape *shape, unsigned first, void *table)
{
	const unsigned most = ivp_most_level(shape->format);
	uint16_t *wide = table;
	uint8_t *narrow = table;

	for (unsigned level = 0; level <= most; level++)
		if (most == 255)
			narrow[level] = level < first ? 0 : 255;
		else
			wide[level] = level < first ? 0 : 65535;
}

/* The lowest level that is not below the share, at most the highest: from a guess on, which may be
 * one too low. */
static unsigned first_white(const struct threshold *threshold, unsigned most)
{
	unsigned first = (unsigned)(threshold->level * most / 100 * 0.99999);

	while (first < most && first * 100.0 < threshold->level * most)
		first++;
	return first;
}

static unsigned table(const void *self, const struct ivp_shape *in, unsigned colour, void *table)
{
	const struct threshold *threshold = self;

	(void)colour;
	if (threshold->method != FIXED)
		return 0;
	if (table)
		fill(in, first_white(threshold, ivp_most_level(in->format)), table);
	return 1;
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	const struct threshold *threshold = self;
	struct ivp_carve carve = {0};

	if (threshold->method == ADAPTIVE) {
		ivp_adaptive_carve(&carve, in);
		return carve.used;
	}
	if (threshold->method == OTSU) {
		carve.used = ivp_tone_scratch(self, in, out);
		ivp_histogram_carve(&carve, in);
	}
	return carve.used;
}

/* The first level of the upper class. Of several borders that part alike, the lowest. */
static unsigned part(const uint64_t *bins, unsigned most)
{
	double all = 0, sum = 0, below = 0, below_sum = 0, best = -1;
	unsigned first = most;

	for (unsigned level = 0; level <= most; level++) {
		all += (double)bins[level];
		sum += (double)bins[level] * level;
	}
	for (unsigned level = 0; level < most; level++) {
		double above, distance, between;

		below += (double)bins[level];
		below_sum += (double)bins[level] * level;
		above = all - below;
		if (below == 0 || above == 0)
			continue;
		distance = below_sum / below - (sum - below_sum) / above;
		between = below * above * distance * distance;
		if (between > best) {
			best = between;
			first = level + 1;
		}
	}
	return first;
}

static void survey(const void *self, const struct ivp_input *in, void *scratch)
{
	const struct threshold *threshold = self;
	struct ivp_carve carve = {.base = scratch,
				  .used = ivp_tone_scratch(self, &in->shape, &in->shape)};
	struct ivp_histogram histogram;
	struct ivp_tables *tables = scratch;

	if (threshold->method != OTSU)
		return;
	histogram = ivp_histogram_carve(&carve, &in->shape);
	ivp_histogram_count(&histogram, in);
	for (unsigned c = 0; c < ivp_tone_colours(in->shape.format); c++) {
		void *table = ivp_tone_table(&in->shape, scratch, c);

		fill(&in->shape, part(histogram.bins[c], ivp_most_level(in->shape.format)), table);
		tables->of[c] = table;
	}
}

/* What is at least first becomes all ones; bits of alpha, of eight bytes, stay. */
IVP_INLINE ivp_lanes8 parted(ivp_lanes8 levels, uint16_t first, uint64_t alpha, const bool wide)
{
	const ivp_lanes8 kept = (ivp_lanes8)((ivp_lanes64){0} + alpha);
	const ivp_lanes8 narrow = (ivp_lanes8){0} + (uint8_t)first;
	const ivp_lanes8 white =
	    wide ? (ivp_lanes8)((ivp_lanes16)levels >= first) : (ivp_lanes8)(levels >= narrow);

	return (white & ~kept) | (levels & kept);
}

/* alpha and wide are constants where inlined. */
IVP_INLINE void part_row(const uint8_t *restrict in, uint8_t *restrict out, size_t bytes,
			 uint16_t first, uint64_t alpha, const bool wide)
{
	ivp_lanes8 levels = {0};
	size_t i = 0;

	for (; i + IVP_LANE_BYTES <= bytes; i += IVP_LANE_BYTES) {
		memcpy(&levels, in + i, IVP_LANE_BYTES);
		levels = parted(levels, first, alpha, wide);
		memcpy(out + i, &levels, IVP_LANE_BYTES);
	}
	if (i < bytes) {
		memcpy(&levels, in + i, bytes - i);
		levels = parted(levels, first, alpha, wide);
		memcpy(out + i, &levels, bytes - i);
	}
}

static void apply_fixed(const struct threshold *threshold, const struct ivp_input *in,
			const struct ivp_output *out, struct ivp_rows rows)
{
	const uint32_t format = in->shape.format;
	const size_t bytes = (size_t)in->shape.width * ivp_format_pixel_bytes(format);
	const unsigned most = ivp_most_level(format);
	const uint16_t first = (uint16_t)first_white(threshold, most);

	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (format == IVP_FORMAT_RGBA8)
			part_row(from, to, bytes, first, 0xff000000ff000000, false);
		else if (format == IVP_FORMAT_RGBA16)
			part_row(from, to, bytes, first, 0xffff000000000000, true);
		else if (most == 255)
			part_row(from, to, bytes, first, 0, false);
		else
			part_row(from, to, bytes, first, 0, true);
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct threshold *threshold = self;
	const double most = ivp_most_level(in->shape.format);
	const double offset = threshold->offset / 100 * most;

	if (threshold->method == FIXED)
		apply_fixed(threshold, in, out, rows);
	else if (threshold->method == OTSU)
		ivp_tone_apply(self, in, out, rows, scratch);
	else
		ivp_adaptive_apply(in, out, rows, threshold->radius,
				   (int32_t)(offset < 0 ? offset - 0.5 : offset + 0.5), scratch);
}

const struct ivp_filter ivp_filter_threshold = {
    .name = "threshold",
    .summary = "turns each colour on or off, gray images into black and white",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct threshold),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .survey = survey,
    .apply = apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
