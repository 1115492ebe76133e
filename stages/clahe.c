/* SPDX-License-Identifier: MIT */
/*
 * CLAHE: contrast-limited adaptive histogram equalization (Zuiderveld, in "Graphics Gems IV",
 * 1994). The image is cut into tiles, and each gets a curve that equalizes it, from a histogram
 * cut off at clip times its mean; what is cut off is spread evenly over all levels. A pixel goes
 * through the curves of the four tiles whose middles are around it, weighted by its distance to
 * them. Of colours this is done to the luma (Rec. 601), and its change added to each.
 *
 * Along a row the weights down are the same: the curves are first mixed downwards, once for each
 * row, and a pixel finds those of its left and its right tile in one word.
 *
 * 16 bits: histograms have 256 bins too, and a curve goes straight from the lower end of a bin to
 * the upper one, as if the pixels in it were spread evenly over its levels.
 */
#include <ivpipe/filter.h>

#include "carve.h"
#include "format.h"
#include "luma.h"
#include "rows.h"

struct clahe {
	int columns, rows;
	double clip;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct clahe, columns, .min = 1, .max = 64, .def = 8, .help = "tiles in a row"),
    IVP_PARAM(struct clahe, rows, .min = 1, .max = 64, .def = 8, .help = "rows of tiles"),
    IVP_PARAM(struct clahe, clip, .min = 0, .max = 100, .def = 2,
	      .help = "where histograms are cut off, in means: more is more contrast, 0 no limit"),
    {0},
};

#define LEVELS 256
#define PARTS  4         /* tables to count in: neighbours are often the same level */
#define ONE    (1 << 14) /* weight of a tile */
#define PLACES 7         /* binary ones of curves that are mixed downwards; of 16 bits none */

/* Tiles along one side of the image, at most one for each pixel. */
struct cut {
	uint32_t side, tiles;
};

struct area {
	struct cut across, down;
	bool wide;
	size_t points;     /* of a curve: one for each level, or for the ends of bins */
	uint16_t *curves;  /* [row][column][point] */
	uint32_t *parts;   /* [column][part][level] of a row of tiles; later pairs[column][level]:
			    * this column's point or two and those of the next, 16 bits each */
	uint16_t *mixed;   /* [column][point] */
	uint32_t *weights; /* of the left tile, and of the right << 16 */
	void *picked;      /* the pairs of a row's pixels */
	uint8_t *bins;     /* the upper halves of 16 bits */
	uint8_t *luma, *result;
};

static struct cut cut(int tiles, uint32_t side)
{
	return (struct cut){side, (uint32_t)tiles < side ? (uint32_t)tiles : side};
}

static struct area lay_out(const struct clahe *clahe, struct ivp_carve *carve,
			   const struct ivp_shape *shape)
{
	struct area area = {.across = cut(clahe->columns, shape->width),
			    .down = cut(clahe->rows, shape->height)};
	const size_t columns = area.across.tiles, width = shape->width;
	size_t sample;

	area.wide = ivp_is_wide(shape->format);
	area.points = area.wide ? LEVELS + 1 : LEVELS;
	sample = ivp_sample_bytes(shape->format);
	area.curves = ivp_carve(carve, columns * area.down.tiles * area.points * sizeof(uint16_t));
	area.parts = ivp_carve(carve, columns * PARTS * LEVELS * sizeof(uint32_t));
	area.mixed = ivp_carve(carve, columns * area.points * sizeof(uint16_t));
	area.weights = ivp_carve(carve, width * sizeof(uint32_t));
	area.picked = ivp_carve(carve, width * sizeof(uint64_t));
	area.bins = ivp_carve(carve, width);
	area.luma = ivp_carve(carve, width * sample);
	area.result = ivp_carve(carve, width * sample);
	return area;
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)out;
	lay_out(self, &carve, in);
	return carve.used;
}

/* The first pixel of a tile; that of the tile behind the last is the side. */
static uint32_t start_of(struct cut cut, uint32_t tile)
{
	return (uint32_t)((uint64_t)cut.side * tile / cut.tiles);
}

/* The tile whose middle is at the pixel or in front of it, and the weight of the next one. */
static uint32_t tile_before(struct cut cut, uint32_t pixel, uint32_t *weight)
{
	/* Of tiles of the same size: (pixel + 1/2) tiles / side - 1/2. */
	const double at = (pixel + 0.5) * cut.tiles / cut.side - 0.5;
	uint32_t tile;

	*weight = 0;
	if (at <= 0)
		return 0;
	tile = (uint32_t)at;
	if (tile >= cut.tiles - 1)
		return cut.tiles - 1;
	*weight = (uint32_t)((at - tile) * ONE + 0.5);
	return tile;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	struct ivp_carve carve = ivp_carve_from(scratch);
	struct area area = lay_out(self, &carve, in);

	(void)out;
	for (uint32_t x = 0; x < in->width; x++) {
		uint32_t weight;

		tile_before(area.across, x, &weight);
		area.weights[x] = (ONE - weight) | weight << 16;
	}
}

/* The row's luma: for gray the row itself. */
static const uint8_t *luma_of(const struct ivp_input *in, uint32_t y, uint8_t *luma)
{
	const uint8_t *row = in->pixels + y * in->stride;
	const unsigned channels = ivp_format_channels(in->shape.format);

	if (channels == 1)
		return row;
	if (ivp_is_wide(in->shape.format))
		ivp_luma_16((const uint16_t *)row, (uint16_t *)luma, in->shape.width, channels,
			    ivp_luma_weights[0]);
	else if (channels == 3)
		ivp_luma_rgb(row, luma, in->shape.width, ivp_luma_weights[0]);
	else
		ivp_luma_rgba(row, luma, in->shape.width, ivp_luma_weights[0]);
	return luma;
}

/* The bins of a row of luma: for 8 bits the row itself. */
static const uint8_t *bins_of(const struct area *area, const uint8_t *luma)
{
	const ivp_level16 *levels = (const ivp_level16 *)luma;
	uint8_t *restrict bins = area->bins;

	if (!area->wide)
		return luma;
	for (size_t i = 0; i < area->across.side; i++)
		bins[i] = (uint8_t)(levels[i] >> 8);
	return bins;
}

static void count(const uint8_t *row, size_t n, uint32_t (*parts)[LEVELS])
{
	size_t i = 0;

	for (; i + PARTS <= n; i += PARTS)
		for (size_t k = 0; k < PARTS; k++)
			parts[k][row[i + k]]++;
	for (; i < n; i++)
		parts[0][row[i]]++;
}

/*
 * With c(v) the sum of the counts up to v, each at most limit, and e what was cut off:
 * most (c(v) + e (v + 1) / 256) / n, rounded to nearest. n is below 2^44 for any image. Points of 16
 * bits begin with the lower end of the first bin, 0.
 */
static void make_curve(uint32_t (*parts)[LEVELS], double clip, bool wide, uint16_t *curve)
{
	uint64_t counts[LEVELS], all = 0, limit = UINT64_MAX, excess = 0, sum = 0;

	for (size_t i = 0; i < LEVELS; i++) {
		counts[i] = 0;
		for (size_t k = 0; k < PARTS; k++)
			counts[i] += parts[k][i];
		all += counts[i];
	}
	if (clip > 0)
		limit = (uint64_t)(clip * (double)all / LEVELS);
	limit = limit > 0 ? limit : 1;
	for (size_t i = 0; i < LEVELS; i++)
		if (counts[i] > limit) {
			excess += counts[i] - limit;
			counts[i] = limit;
		}
	if (wide)
		*curve++ = 0;
	for (size_t i = 0; i < LEVELS; i++) {
		uint64_t share; /* of 256 all */

		sum += counts[i];
		share = LEVELS * sum + excess * (i + 1);
		/* 65535 * share may need more than 64 bits. */
		if (wide)
			curve[i] = (uint16_t)(65535 * (double)share / (double)(LEVELS * all) + 0.5);
		else
			curve[i] = (uint16_t)((255 * share + LEVELS / 2 * all) / (LEVELS * all));
	}
}

static void survey(const void *self, const struct ivp_input *in, void *scratch)
{
	const struct clahe *clahe = self;
	struct ivp_carve carve = ivp_carve_from(scratch);
	struct area area = lay_out(clahe, &carve, &in->shape);
	uint32_t(*parts)[PARTS][LEVELS] = (uint32_t(*)[PARTS][LEVELS])area.parts;
	uint16_t *curve = area.curves;

	for (uint32_t j = 0; j < area.down.tiles; j++) {
		for (size_t i = 0; i < (size_t)area.across.tiles * PARTS * LEVELS; i++)
			area.parts[i] = 0;
		for (uint32_t y = start_of(area.down, j); y < start_of(area.down, j + 1); y++) {
			const uint8_t *row = bins_of(&area, luma_of(in, y, area.luma));

			for (uint32_t i = 0; i < area.across.tiles; i++) {
				uint32_t start = start_of(area.across, i);

				count(row + start, start_of(area.across, i + 1) - start, parts[i]);
			}
		}
		for (uint32_t i = 0; i < area.across.tiles; i++, curve += area.points)
			make_curve(parts[i], clahe->clip, area.wide, curve);
	}
}

/* The curves for row y, those of a tile and of the next one side by side. */
static void mix_curves(const struct area *area, uint32_t y)
{
	const size_t count = area->across.tiles * area->points;
	uint32_t weight, tile = tile_before(area->down, y, &weight);
	const uint16_t *restrict upper = area->curves + tile * count;
	const uint16_t *restrict lower = weight > 0 ? upper + count : upper;
	const unsigned places = area->wide ? 14 : 14 - PLACES;
	uint16_t *restrict mixed = area->mixed;

	for (size_t i = 0; i < count; i++)
		mixed[i] = (uint16_t)((upper[i] * (ONE - weight) + lower[i] * weight +
				       (1u << places >> 1)) >>
				      places);
}

static void pair_curves(const struct area *area)
{
	const size_t count = (size_t)area->across.tiles * LEVELS;
	const uint16_t *restrict mixed = area->mixed;
	uint32_t *restrict pairs = area->parts;

	for (size_t i = 0; i < count - LEVELS; i++)
		pairs[i] = mixed[i] | (uint32_t)mixed[i + LEVELS] << 16;
	for (size_t i = count - LEVELS; i < count; i++)
		pairs[i] = mixed[i];
}

/* Two points of each: where the bin begins, and where it ends. */
static void pair_curves_16(const struct area *area)
{
	const size_t tiles = area->across.tiles;
	uint64_t *restrict pairs = (uint64_t *)area->parts;

	for (size_t tile = 0; tile < tiles; tile++) {
		const uint16_t *restrict left = area->mixed + tile * area->points;
		const uint16_t *restrict right = tile + 1 < tiles ? left + area->points : left;

		for (size_t i = 0; i < LEVELS; i++)
			pairs[tile * LEVELS + i] = left[i] | (uint64_t)left[i + 1] << 16 |
						   (uint64_t)right[i] << 32 |
						   (uint64_t)right[i + 1] << 48;
	}
}

/* Where a pixel's left tile is the tile. Rounds as tile_before does. */
static uint32_t end_of_middle(struct cut cut, uint32_t tile, uint32_t from)
{
	uint32_t end = start_of(cut, tile + 1), weight;

	end = end > from ? end : from;
	while (end < cut.side && tile_before(cut, end, &weight) <= tile)
		end++;
	while (end > from && tile_before(cut, end - 1, &weight) > tile)
		end--;
	return end;
}

/* At most 255 * 128 * 2^14 + 2^20: fits 31 bits. */
static void mix_levels(const uint32_t *restrict picked, const uint32_t *restrict weights,
		       uint8_t *restrict result, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t sum = (picked[i] & 0xffff) * (weights[i] & 0xffff) +
			       (picked[i] >> 16) * (weights[i] >> 16);

		result[i] = (uint8_t)((sum + (1 << 20)) >> (14 + PLACES));
	}
}

/* 65535 * 2^8 * 2^14 < 2^38: in 64 bits. */
static void mix_levels_16(const uint64_t *restrict picked, const uint32_t *restrict weights,
			  const ivp_level16 *restrict luma, ivp_level16 *restrict result, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint64_t points = picked[i], share = (luma[i] & 255u) + 1;
		const uint64_t left =
		    (points & 65535) * (256 - share) + (points >> 16 & 65535) * share;
		const uint64_t right =
		    (points >> 32 & 65535) * (256 - share) + (points >> 48) * share;
		const uint64_t sum =
		    left * (weights[i] & 0xffff) + right * (uint64_t)(weights[i] >> 16);

		result[i] = (ivp_level16)((sum + (1 << 21)) >> 22);
	}
}

/* pairs: of 4 or 8 bytes; from tile to tile as far as each is the left one. */
static void equalize_row(const struct area *area, const uint32_t *ends, const uint8_t *luma,
			 uint8_t *result)
{
	const uint32_t(*pairs)[LEVELS] = (const uint32_t(*)[LEVELS])area->parts;
	const uint64_t(*wide_pairs)[LEVELS] = (const uint64_t(*)[LEVELS])area->parts;
	const uint8_t *bins = bins_of(area, luma);
	uint32_t *picked = area->picked;
	uint64_t *wide_picked = area->picked;
	uint32_t x = 0;

	for (uint32_t i = 0; i < area->across.tiles && area->wide; i++)
		for (; x < ends[i]; x++)
			wide_picked[x] = wide_pairs[i][bins[x]];
	for (uint32_t i = 0; i < area->across.tiles && !area->wide; i++)
		for (; x < ends[i]; x++)
			picked[x] = pairs[i][bins[x]];
	if (area->wide)
		mix_levels_16(wide_picked, area->weights, (const ivp_level16 *)luma,
			      (ivp_level16 *)result, area->across.side);
	else
		mix_levels(picked, area->weights, result, area->across.side);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	struct ivp_carve carve = ivp_carve_from(scratch);
	struct area area = lay_out(self, &carve, &in->shape);
	const bool gray = ivp_format_channels(in->shape.format) == 1;
	uint32_t ends[64];

	for (uint32_t i = 0; i < area.across.tiles; i++)
		ends[i] = i + 1 < area.across.tiles
			      ? end_of_middle(area.across, i, i > 0 ? ends[i - 1] : 0)
			      : area.across.side;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *luma = luma_of(in, y, area.luma);
		uint8_t *to = out->pixels + y * out->stride;

		mix_curves(&area, y);
		(area.wide ? pair_curves_16 : pair_curves)(&area);
		equalize_row(&area, ends, luma, gray ? to : area.result);
		if (!gray)
			ivp_luma_shift(in->shape.format, luma, area.result,
				       in->pixels + y * in->stride, to, in->shape.width);
	}
}

const struct ivp_filter ivp_filter_clahe = {
    .name = "clahe",
    .summary = "raises the contrast of each part of an image, within limits",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct clahe),
    .params = params,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .survey = survey,
    .apply = apply,
};
