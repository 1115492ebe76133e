/* SPDX-License-Identifier: MIT */
/*
 * A peer that changes samples while they are in a window makes totals that are no totals: the
 * result is then some number of levels, 0 to 256, and nothing is read or written elsewhere.
 */
#include "histograms.h"

#include <string.h>
#ifdef __AVX512BW__
#include <immintrin.h>
#endif

#include "alpha.h"

#define LEVELS 256
#define CHUNK  64 /* columns that move before they are used: 16 KiB */
#define PIECES (LEVELS / IVP_VECTOR)

typedef uint8_t bytes __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef uint64_t fours __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef int16_t words __attribute__((vector_size(IVP_VECTOR), may_alias));

static const uint8_t empty[LEVELS];

/* Totals of a square: of even levels, and of odd ones. */
struct square {
	words even[PIECES], odd[PIECES];
};

struct ivp_histograms *ivp_histograms_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					   unsigned radius, unsigned border)
{
	struct ivp_histograms measured, *made = ivp_carve(carve, sizeof(*made));
	struct ivp_histograms *of = made ? made : &measured;
	size_t row;

	of->shape = *shape;
	of->border = border;
	of->radius = radius;
	of->step = ivp_format_channels(shape->format);
	row = shape->width * of->step;
	of->columns = ivp_carve(carve, row * LEVELS);
	of->outside = ivp_carve(carve, LEVELS);
	of->come = ivp_carve(carve, shape->width);
	of->go = ivp_carve(carve, shape->width);
	of->premultiplied = ivp_carve(carve, row);
	of->black = ivp_carve(carve, row);
	of->result = ivp_carve(carve, row * IVP_HISTOGRAMS_BAND);
	if (!made)
		return NULL;
	memset(of->outside, (int)(2 * radius + 1), LEVELS);
	memset(of->black, 0, row);
	return made;
}

/* Channel c of row y, which may lie outside. */
static void take_row(struct ivp_histograms *of, const struct ivp_input *in, int64_t y, size_t c,
		     uint8_t *restrict to)
{
	const int64_t row = ivp_border_index(y, of->shape.height, of->border);
	const uint8_t *from = row < 0 ? of->black : in->pixels + (size_t)row * in->stride;
	const size_t width = of->shape.width, step = of->step;

	if (ivp_has_alpha(of->shape.format)) {
		ivp_premultiply(of->shape.format, from, of->premultiplied, width);
		from = of->premultiplied;
	}
	for (size_t x = 0; x < width; x++)
		to[x] = from[x * step + c];
}

/* A sample comes and one goes: totals from its level on are one more, or one less. */
static void move_column(uint8_t *restrict totals, uint8_t come, uint8_t go)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		uint8_t now = (uint8_t)level;

		totals[level] = (uint8_t)(totals[level] + (now >= come) - (now >= go));
	}
}

static uint8_t *column_at(const struct ivp_histograms *of, size_t c, int64_t x)
{
	const int64_t width = of->shape.width;

	if (x < 0 || x >= width)
		x = ivp_border_index(x, width, of->border);
	return x < 0 ? of->outside : of->columns + (c * (size_t)width + (size_t)x) * LEVELS;
}

/* Moves the columns from..to-1 by what take_row has put into come and go. */
static void move_columns(struct ivp_histograms *of, size_t c, size_t from, size_t to)
{
	for (size_t x = from; x < to; x++)
		move_column(column_at(of, c, (int64_t)x), of->come[x], of->go[x]);
}

/* The window of row y - 1. Samples of level 255 go out for those that come: that changes no total
 * but the last, which stays the number of rows. */
void ivp_histograms_start(struct ivp_histograms *of, const struct ivp_input *in, uint32_t y)
{
	const size_t width = of->shape.width;

	memset(of->columns, 0, width * of->step * LEVELS);
	for (size_t x = 0; x < width * of->step; x++)
		of->columns[x * LEVELS + LEVELS - 1] = (uint8_t)(2 * of->radius + 1);
	memset(of->go, 255, width);
	for (size_t c = 0; c < of->step; c++)
		for (int64_t k = -of->radius; k <= of->radius; k++) {
			take_row(of, in, (int64_t)y - 1 + k, c, of->come);
			move_columns(of, c, 0, width);
		}
}

/* Differences of two columns' totals fit signed bytes; of a word one is the low, one the high. */
IVP_INLINE void move_square(struct square *square, const uint8_t *come, const uint8_t *go)
{
	for (size_t i = 0; i < PIECES; i++) {
		bytes more, less;
		words by;

		memcpy(&more, come + IVP_VECTOR * i, IVP_VECTOR);
		memcpy(&less, go + IVP_VECTOR * i, IVP_VECTOR);
		by = (words)(more - less);
		square->even[i] += (words)((words)(by << 8) >> 8);
		square->odd[i] += by >> 8;
	}
}

/* How many totals are at most half. */
IVP_INLINE unsigned count_up_to(const struct square *square, int16_t half)
{
#ifdef __AVX512BW__
	const __m512i limit = _mm512_set1_epi16(half);
	unsigned count = 0;

	for (size_t i = 0; i < PIECES; i++) {
		__mmask32 even = _mm512_cmple_epi16_mask((__m512i)square->even[i], limit);
		__mmask32 odd = _mm512_cmple_epi16_mask((__m512i)square->odd[i], limit);

		count += (unsigned)_mm_popcnt_u64((uint64_t)even << 32 | odd);
	}
	return count;
#else
	const words limit = (words){0} + half;
	words count = {0};
	fours in_fours;
	uint64_t sum = 0;

	for (size_t i = 0; i < PIECES; i++)
		count -= (square->even[i] <= limit) + (square->odd[i] <= limit);
	/* Words that lie side by side in 64 bits do not carry: all together count 256 at most. */
	in_fours = (fours)count;
	for (size_t i = 0; i < IVP_VECTOR / 8; i++)
		sum += in_fours[i];
	return (unsigned)(sum * 0x0001000100010001u >> 48);
#endif
}

/* A channel of a row, to samples step apart. */
static void median_row(struct ivp_histograms *of, size_t c, uint8_t *to)
{
	const int64_t radius = of->radius, width = of->shape.width, side = 2 * radius + 1;
	const int16_t half = (int16_t)(side * side / 2);
	int64_t ready = radius < width ? radius : width;
	struct square square = {0};

	/* Columns are moved at the last moment, while they are about to be used. */
	move_columns(of, c, 0, (size_t)ready);
	/* Without the column that goes at x = 0: what stands for it may not have moved yet. */
	for (int64_t x = -radius; x < radius; x++)
		move_square(&square, column_at(of, c, x), empty);
	for (int64_t x = 0; x < width; x++) {
		if (x + radius >= ready && ready < width) {
			int64_t next = ready + CHUNK < width ? ready + CHUNK : width;

			move_columns(of, c, (size_t)ready, (size_t)next);
			ready = next;
		}
		move_square(&square, column_at(of, c, x + radius),
			    x > 0 ? column_at(of, c, x - radius - 1) : empty);
		to[(size_t)x * of->step + c] = (uint8_t)count_up_to(&square, half);
	}
}

void ivp_histograms_band(struct ivp_histograms *of, const struct ivp_input *in, uint32_t y,
			 uint32_t end, const struct ivp_output *out)
{
	const uint32_t rows = end - y < IVP_HISTOGRAMS_BAND ? end - y : IVP_HISTOGRAMS_BAND;
	const size_t row = of->shape.width * of->step;

	/* The columns of a channel stay in the second-level cache for all rows of the band. */
	for (size_t c = 0; c < of->step; c++)
		for (uint32_t r = 0; r < rows; r++) {
			take_row(of, in, (int64_t)y + r + of->radius, c, of->come);
			take_row(of, in, (int64_t)y + r - of->radius - 1, c, of->go);
			median_row(of, c, of->result + r * row);
		}
	for (uint32_t r = 0; r < rows; r++)
		ivp_unpremultiply(of->shape.format, of->result + r * row,
				  out->pixels + (y + r) * out->stride, of->shape.width);
}
