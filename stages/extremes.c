/* SPDX-License-Identifier: MIT */
#include "extremes.h"

#include <string.h>

#include "alpha.h"

/* Loops for either kind of extreme and either size of samples. to may begin where a does, if the
 * others do not begin before it: what is read is then not yet written. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define LOOPS(name, type, better)                                                                  \
	static void name##_of_2(void *to, const void *first, const void *second, size_t n)         \
	{                                                                                          \
		const type *a = first, *b = second;                                                \
		type *out = to;                                                                    \
                                                                                                   \
		IVP_INDEPENDENT                                                                    \
		for (size_t i = 0; i < n; i++)                                                     \
			out[i] = a[i] better b[i] ? a[i] : b[i];                                   \
	}                                                                                          \
                                                                                                   \
	static void name##_of_3(void *to, const void *first, const void *second,                   \
				const void *third, size_t n)                                       \
	{                                                                                          \
		const type *a = first, *b = second, *c = third;                                    \
		type *out = to;                                                                    \
                                                                                                   \
		IVP_INDEPENDENT                                                                    \
		for (size_t i = 0; i < n; i++) {                                                   \
			type best = a[i] better b[i] ? a[i] : b[i];                                \
                                                                                                   \
			out[i] = best better c[i] ? best : c[i];                                   \
		}                                                                                  \
	}                                                                                          \
                                                                                                   \
	static void name##_of_5(void *to, const void *const all[5], size_t n)                      \
	{                                                                                          \
		const type *a = all[0], *b = all[1], *c = all[2], *d = all[3], *e = all[4];        \
		type *out = to;                                                                    \
                                                                                                   \
		IVP_INDEPENDENT                                                                    \
		for (size_t i = 0; i < n; i++) {                                                   \
			const type first = a[i] better b[i] ? a[i] : b[i];                         \
			const type second = c[i] better d[i] ? c[i] : d[i];                        \
			const type best = first better second ? first : second;                    \
                                                                                                   \
			out[i] = best better e[i] ? best : e[i];                                   \
		}                                                                                  \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

LOOPS(least8, uint8_t, <)
LOOPS(most8, uint8_t, >)
LOOPS(least16, uint16_t, <)
LOOPS(most16, uint16_t, >)

static void of_2(const struct ivp_extremes *pass, void *to, const void *a, const void *b, size_t n)
{
	if (pass->wide)
		(pass->largest ? most16_of_2 : least16_of_2)(to, a, b, n);
	else
		(pass->largest ? most8_of_2 : least8_of_2)(to, a, b, n);
}

static void of_3(const struct ivp_extremes *pass, void *to, const void *a, const void *b,
		 const void *c, size_t n)
{
	if (pass->wide)
		(pass->largest ? most16_of_3 : least16_of_3)(to, a, b, c, n);
	else
		(pass->largest ? most8_of_3 : least8_of_3)(to, a, b, c, n);
}

#define FEW   5
#define PIECE ((size_t)2048) /* samples */

/* Of up to FEW. */
static void of_few(const struct ivp_extremes *pass, void *to, const uint8_t *const *rows,
		   size_t count, size_t n)
{
	/* The last one again where there are fewer. */
	const void *const five[] = {rows[0], rows[1], rows[2], rows[3], rows[count - 1]};

	if (count <= 2)
		of_2(pass, to, rows[0], rows[count - 1], n);
	else if (count == 3)
		of_3(pass, to, rows[0], rows[1], rows[2], n);
	else if (pass->wide)
		(pass->largest ? most16_of_5 : least16_of_5)(to, five, n);
	else
		(pass->largest ? most8_of_5 : least8_of_5)(to, five, n);
}

static int64_t height_of(const struct ivp_extremes *pass)
{
	return pass->above + 1 + pass->below;
}

/* Bytes of one pixel. */
static size_t pixel_bytes(const struct ivp_extremes *pass)
{
	return ivp_format_pixel_bytes(pass->shape.format);
}

static int64_t at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

void ivp_extremes_prepare(struct ivp_extremes *pass, struct ivp_carve *carve)
{
	const int64_t width = pass->shape.width, height = pass->shape.height;

	pass->left = at_most(pass->left, width - 1);
	pass->right = at_most(pass->right, width - 1);
	pass->above = at_most(pass->above, height - 1);
	pass->below = at_most(pass->below, height - 1);
	pass->step = ivp_format_channels(pass->shape.format);
	pass->wide = pixel_bytes(pass) > pass->step;
	pass->row = pass->shape.width * pixel_bytes(pass);
	pass->pitch = ivp_align(pass->row, 64);
	pass->ring = ivp_carve(carve, (size_t)height_of(pass) * pass->pitch);
	pass->begun = ivp_carve(carve, pass->pitch);
	pass->line =
	    ivp_carve(carve, pass->row + (size_t)(pass->left + pass->right) * pixel_bytes(pass));
}

void ivp_extremes_start(struct ivp_extremes *pass, uint32_t y)
{
	pass->at = (int64_t)y - pass->above;
	pass->index = 0;
	pass->fresh = true;
	if (pass->source)
		ivp_extremes_start(pass->source, pass->at > 0 ? (uint32_t)pass->at : 0);
}

static uint8_t *ring_row(const struct ivp_extremes *pass, int64_t index)
{
	return pass->ring + (size_t)index * pass->pitch;
}

/* Row y of the image, or of what lies above and below it. */
static void take_row(struct ivp_extremes *pass, const struct ivp_input *in, int64_t y, uint8_t *to)
{
	if (y < 0 || y >= pass->shape.height)
		memset(to, pass->largest ? 0 : 255, pass->row);
	else if (pass->source)
		ivp_extremes_next(pass->source, in, to);
	else
		ivp_premultiply(pass->shape.format, in->pixels + (size_t)y * in->stride, to,
				pass->shape.width);
}

/* Extremes of wide spans of the line, which is lost, to the first width pixels of to. */
static void along_line(const struct ivp_extremes *pass, uint8_t *to)
{
	const size_t wanted = (size_t)(pass->left + 1 + pass->right), pixel = pixel_bytes(pass);
	const size_t samples = pass->shape.width * pass->step;
	uint8_t *line = pass->line;
	size_t span = 1;

	for (; 3 * span < wanted; span *= 3)
		/* Every span that ends inside the line. */
		of_3(pass, line, line, line + span * pixel, line + 2 * span * pixel,
		     samples + (wanted - 3 * span) * pass->step);
	if (wanted <= 2 * span)
		of_2(pass, to, line, line + (wanted - span) * pixel, samples);
	else
		of_3(pass, to, line, line + span * pixel, line + (wanted - span) * pixel, samples);
}

/* Of the columns that count rows make, to the line: samples first..end-1. */
static void down_to_line(const struct ivp_extremes *pass, const uint8_t *const *rows, size_t count,
			 size_t first, size_t end)
{
	const size_t size = pass->wide ? 2 : 1;
	const uint8_t *from[FEW];

	for (size_t k = 0; k < FEW; k++)
		from[k] = rows[k < count ? k : 0] + first * size;
	of_few(pass, pass->line + (size_t)pass->left * pixel_bytes(pass) + first * size, from,
	       count, end - first);
}

/* Extremes of count rows, and along them, to to. Of few columns, piece by piece: what the line holds
 * is then still in the first-level cache. */
static void spread(const struct ivp_extremes *pass, const uint8_t *const *rows, size_t count,
		   uint8_t *to)
{
	const size_t pixel = pixel_bytes(pass), size = pass->wide ? 2 : 1;
	const size_t samples = pass->shape.width * pass->step;
	const size_t wanted = (size_t)(pass->left + 1 + pass->right);
	const size_t right = (size_t)pass->right * pass->step;
	const int nothing = pass->largest ? 0 : 255;
	size_t done = 0;

	memset(pass->line, nothing, (size_t)pass->left * pixel);
	memset(pass->line + (size_t)pass->left * pixel + pass->row, nothing, right * size);
	if (wanted > FEW) {
		down_to_line(pass, rows, count, 0, samples);
		along_line(pass, to);
		return;
	}
	for (size_t first = 0, end; first < samples; first = end) {
		size_t ready;
		const uint8_t *from[FEW];

		end = samples - first < PIECE ? samples : first + PIECE;
		down_to_line(pass, rows, count, first, end);
		ready = end == samples ? end : end - right;
		for (size_t k = 0; k < FEW; k++)
			from[k] = pass->line + done * size + (k < wanted ? k : 0) * pixel;
		of_few(pass, to + done * size, from, wanted, ready - done);
		done = ready;
	}
}

/* Rectangles of few rows: of all of them, once more for each row. */
static void next_of_few(struct ivp_extremes *pass, const struct ivp_input *in, uint8_t *to)
{
	const int64_t count = height_of(pass);
	const uint8_t *rows[FEW];

	for (int64_t k = pass->fresh ? 0 : count - 1; k < count; k++)
		take_row(pass, in, pass->at + k, ring_row(pass, (pass->index + k) % count));
	for (int64_t k = 0; k < count; k++)
		rows[k] = ring_row(pass, k);
	spread(pass, rows, (size_t)count, to);
}

/*
 * The rectangle begins at row index of the block. The ring holds, from there on, extremes to the
 * block's end; the places before have the rows of the next block, which the rectangle reaches
 * into by index rows.
 */
static void next_of_block(struct ivp_extremes *pass, const struct ivp_input *in, uint8_t *to)
{
	const size_t samples = pass->shape.width * pass->step;
	const int64_t count = height_of(pass), index = pass->index;

	if (index == 0) {
		/* All of the first block, later its last row. */
		const int64_t first = pass->fresh ? 0 : count - 1;

		for (int64_t k = first; k < count; k++)
			take_row(pass, in, pass->at + k, ring_row(pass, k));
		for (int64_t k = count - 2; k >= 0; k--)
			of_2(pass, ring_row(pass, k), ring_row(pass, k), ring_row(pass, k + 1),
			     samples);
		spread(pass, (const uint8_t *[]){ring_row(pass, 0)}, 1, to);
	} else {
		take_row(pass, in, pass->at + count - 1, ring_row(pass, index - 1));
		if (index == 1)
			memcpy(pass->begun, ring_row(pass, 0), pass->row);
		else
			of_2(pass, pass->begun, pass->begun, ring_row(pass, index - 1), samples);
		spread(pass, (const uint8_t *[]){pass->begun, ring_row(pass, index)}, 2, to);
	}
}

/* More than three only if they stay in the first-level cache, with what is made of them. */
static bool few_rows(const struct ivp_extremes *pass)
{
	const size_t count = (size_t)height_of(pass);

	return count <= 3 || (count <= FEW && count * pass->row <= 20 << 10);
}

void ivp_extremes_next(struct ivp_extremes *pass, const struct ivp_input *in, void *to)
{
	(few_rows(pass) ? next_of_few : next_of_block)(pass, in, to);
	pass->index = (pass->index + 1) % height_of(pass);
	pass->fresh = false;
	pass->at++;
}
