/* SPDX-License-Identifier: MIT */
#include "tile-median.h"

#include <string.h>
#ifdef __AVX512BW__
#include <immintrin.h>
#endif

#include "need.h"
#include "totals.h"

#define BAND    64    /* rows of a result that are made at once; even */
#define SAMPLES 32768 /* of a tile */
#define WIDEST  255   /* pixels of a tile's row: place 255 is free */
#define MOST    128   /* samples of a bin */
#define NOWHERE 255

static const uint8_t empty[IVP_TOTALS];

/* A tile: its first pixel in the result, and its size there and with what lies around it. */
struct tile {
	size_t x, c, width, height, columns, lines;
};

struct ivp_tile_median *ivp_tile_median_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					     unsigned radius, unsigned border)
{
	struct ivp_tile_median measured, *made = ivp_carve(carve, sizeof(*made));
	struct ivp_tile_median *of = made ? made : &measured;

	of->shape = *shape;
	of->radius = radius;
	of->step = ivp_format_channels(shape->format);
	of->window = ivp_window_make(carve, &(struct ivp_window){.shape = *shape,
								 .border = border,
								 .reach_x = radius,
								 .reach_y = radius + BAND / 2});
	for (size_t i = 0; i < 2; i++)
		of->keys[i] = ivp_carve(carve, SAMPLES * sizeof(uint32_t));
	of->bins = ivp_carve(carve, SAMPLES);
	of->levels = ivp_carve(carve, SAMPLES * sizeof(uint16_t));
	of->xs = ivp_carve(carve, SAMPLES);
	of->ys = ivp_carve(carve, SAMPLES);
	of->columns = ivp_carve(carve, (size_t)WIDEST * IVP_TOTALS);
	of->result = ivp_carve(carve, BAND * shape->width * of->step * sizeof(uint16_t));
	return made;
}

static uint32_t band_of(uint32_t y)
{
	return y - y % BAND;
}

uint32_t ivp_tile_median_need(const struct ivp_shape *shape, unsigned radius, uint32_t end)
{
	const uint32_t behind = band_of(end - 1) + BAND;

	return ivp_need_around(shape, behind < shape->height ? behind : shape->height, radius + 1);
}

void ivp_tile_median_start(struct ivp_tile_median *of, uint32_t y)
{
	ivp_window_start(of->window, band_of(y) + BAND / 2);
	of->band = UINT32_MAX;
}

/* rows: of the window, from the tile's first line on. */
static void take_samples(const struct ivp_tile_median *of, const struct tile *tile,
			 const void *const *rows)
{
	uint32_t *restrict keys = of->keys[0];

	for (size_t y = 0; y < tile->lines; y++, keys += tile->columns) {
		const uint16_t *from = (const uint16_t *)rows[y] + tile->x * of->step + tile->c -
				       of->radius * of->step;

		for (size_t x = 0; x < tile->columns; x++)
			keys[x] = (uint32_t)from[x * of->step] << 16 | (uint32_t)(y << 8 | x);
	}
}

/* By the eight bits at shift; those with the same bits stay in their order. */
static void sort_by(const uint32_t *restrict from, uint32_t *restrict to, size_t n, unsigned shift)
{
	uint32_t counts[256] = {0}, place = 0;

	for (size_t i = 0; i < n; i++)
		counts[from[i] >> shift & 255]++;
	for (size_t i = 0; i < 256; i++) {
		const uint32_t count = counts[i];

		counts[i] = place;
		place += count;
	}
	for (size_t i = 0; i < n; i++)
		to[counts[from[i] >> shift & 255]++] = from[i];
}

static void fill_bins(const struct ivp_tile_median *of, const struct tile *tile)
{
	const size_t n = tile->columns * tile->lines, each = (n + IVP_TOTALS - 1) / IVP_TOTALS;
	const uint32_t *keys = of->keys[0];

	sort_by(of->keys[0], of->keys[1], n, 16);
	sort_by(of->keys[1], of->keys[0], n, 24);
	memset(of->xs, NOWHERE, SAMPLES);
	for (size_t i = 0, bin = 0; i < n; bin++)
		for (size_t k = bin * MOST, end = i + each; i < end && i < n; i++, k++) {
			const uint8_t x = (uint8_t)keys[i], y = (uint8_t)(keys[i] >> 8);

			of->levels[k] = (uint16_t)(keys[i] >> 16);
			of->xs[k] = x;
			of->ys[k] = y;
			of->bins[y * tile->columns + x] = (uint8_t)bin;
		}
}

/* The index of the sample in a bin, of those from x, y to x + reach, y + reach, with before of them
 * before it. There is one: totals were counted from these samples. */
static size_t find(const uint8_t *xs, const uint8_t *ys, size_t x, size_t y, size_t reach,
		   unsigned before)
{
	uint8_t inside[MOST];
	size_t i = 0;

#ifdef __AVX512BW__
	const __m512i most = _mm512_set1_epi8((char)reach);
	const __m512i left = _mm512_set1_epi8((char)x), top = _mm512_set1_epi8((char)y);

	for (; i < MOST; i += 64) {
		__m512i right = _mm512_sub_epi8(_mm512_loadu_si512(xs + i), left);
		__m512i below = _mm512_sub_epi8(_mm512_loadu_si512(ys + i), top);
		uint64_t in =
		    _mm512_mask_cmple_epu8_mask(_mm512_cmple_epu8_mask(right, most), below, most);
		const unsigned count = (unsigned)__builtin_popcountll(in);

		if (before < count)
			return i + (size_t)__builtin_ctzll(_pdep_u64((uint64_t)1 << before, in));
		before -= count;
	}
	(void)inside;
	return 0;
#else
	for (size_t k = 0; k < MOST; k++)
		inside[k] = ((uint8_t)(xs[k] - x) <= reach) & ((uint8_t)(ys[k] - y) <= reach);
	/* Eight at a time; the sum of eight bytes is the highest of their product. */
	for (; i + 8 < MOST; i += 8) {
		uint64_t eight;
		unsigned count;

		memcpy(&eight, inside + i, 8);
		count = (unsigned)(eight * 0x0101010101010101u >> 56);
		if (before < count)
			break;
		before -= count;
	}
	for (; i + 1 < MOST; i++) {
		if (inside[i] && before == 0)
			break;
		before -= inside[i];
	}
	return i;
#endif
}

/* How many samples are below a level. */
IVP_INLINE unsigned below(const struct ivp_square *square, unsigned level)
{
	const int16_t *of = (const int16_t *)(level & 1 ? square->even : square->odd);

	return level == 0 ? 0 : (unsigned)of[(level - 1) / 2];
}

/* Row y of the tile's result. */
static void median_row(const struct ivp_tile_median *of, const struct tile *tile, size_t y)
{
	const size_t reach = 2 * of->radius, side = reach + 1;
	const unsigned half = (unsigned)(side * side / 2);
	uint16_t *to = of->result + (y * of->shape.width + tile->x) * of->step + tile->c;
	struct ivp_square square = {0};

	for (size_t x = 0; x < reach; x++)
		ivp_square_move(&square, of->columns + x * IVP_TOTALS, empty);
	for (size_t x = 0; x < tile->width; x++) {
		unsigned bin;
		size_t first;

		ivp_square_move(&square, of->columns + (x + reach) * IVP_TOTALS,
				x > 0 ? of->columns + (x - 1) * IVP_TOTALS : empty);
		bin = ivp_square_level(&square, (int16_t)half);
		first = (size_t)bin * MOST;
		to[x * of->step] = of->levels[first + find(of->xs + first, of->ys + first, x, y,
							   reach, half - below(&square, bin))];
	}
}

static void make_tile(const struct ivp_tile_median *of, const struct tile *tile,
		      const void *const *rows)
{
	const size_t side = 2 * of->radius + 1;

	take_samples(of, tile, rows);
	fill_bins(of, tile);
	for (size_t x = 0; x < tile->columns; x++) {
		ivp_column_start(of->columns + x * IVP_TOTALS, side);
		for (size_t y = 0; y + 1 < side; y++)
			ivp_column_move(of->columns + x * IVP_TOTALS,
					of->bins[y * tile->columns + x], 255);
	}
	for (size_t y = 0; y < tile->height; y++) {
		const uint8_t *come = of->bins + (y + side - 1) * tile->columns;
		const uint8_t *go = y > 0 ? come - side * tile->columns : NULL;

		for (size_t x = 0; x < tile->columns; x++)
			ivp_column_move(of->columns + x * IVP_TOTALS, come[x], go ? go[x] : 255);
		median_row(of, tile, y);
	}
}

static void make_band(struct ivp_tile_median *of, const struct ivp_input *in)
{
	const void *const *rows = ivp_window_rows(of->window, in, of->band + BAND / 2);
	const uint32_t left = of->shape.height - of->band;
	struct tile tile = {.height = left < BAND ? left : BAND};
	size_t widest;

	tile.lines = tile.height + 2 * of->radius;
	widest = SAMPLES / tile.lines;
	widest = (widest < WIDEST ? widest : WIDEST) - 2 * of->radius;
	for (tile.x = 0; tile.x < of->shape.width; tile.x += tile.width) {
		const size_t rest = of->shape.width - tile.x;

		tile.width = rest < widest ? rest : widest;
		tile.columns = tile.width + 2 * of->radius;
		for (tile.c = 0; tile.c < of->step; tile.c++)
			make_tile(of, &tile, rows);
	}
}

const void *ivp_tile_median_row(struct ivp_tile_median *of, const struct ivp_input *in, uint32_t y)
{
	if (of->band != band_of(y)) {
		of->band = band_of(y);
		make_band(of, in);
	}
	return of->result + (y - of->band) * of->shape.width * of->step;
}
