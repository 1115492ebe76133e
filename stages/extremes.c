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

/* Extremes of spans of the line, to the first width pixels of to. */
static void along_line(struct ivp_extremes *pass, uint8_t *to)
{
	const size_t wanted = (size_t)(pass->left + 1 + pass->right), pixel = pixel_bytes(pass);
	const size_t samples = pass->shape.width * pass->step;
	uint8_t *line = pass->line;
	size_t span = 1;

	for (; 3 * span < wanted; span *= 3)
		/* Every span that ends inside the line. */
		of_3(pass, line, line, line + span * pixel, line + 2 * span * pixel,
		     samples + (wanted - 3 * span) * pass->step);
	if (wanted == 1)
		memcpy(to, line, pass->row);
	else if (wanted <= 2 * span)
		of_2(pass, to, line, line + (wanted - span) * pixel, samples);
	else
		of_3(pass, to, line, line + span * pixel, line + (wanted - span) * pixel, samples);
}

/* Row y of the image, or of what lies above and below it, with extremes along itself. */
static void take_row(struct ivp_extremes *pass, const struct ivp_input *in, int64_t y, uint8_t *to)
{
	const int nothing = pass->largest ? 0 : 255;
	const size_t left = (size_t)pass->left * pixel_bytes(pass);
	const size_t right = (size_t)pass->right * pixel_bytes(pass);

	if (y < 0 || y >= pass->shape.height) {
		memset(to, nothing, pass->row);
		return;
	}
	memset(pass->line, nothing, left);
	memset(pass->line + left + pass->row, nothing, right);
	if (pass->source)
		ivp_extremes_next(pass->source, in, pass->line + left);
	else
		ivp_premultiply(pass->shape.format, in->pixels + (size_t)y * in->stride,
				pass->line + left, pass->shape.width);
	along_line(pass, to);
}

/*
 * The rectangle begins at row index of the block. The ring holds, from there on, extremes to the
 * block's end; the places before have the rows of the next block, which the rectangle reaches
 * into by index rows.
 */
void ivp_extremes_next(struct ivp_extremes *pass, const struct ivp_input *in, void *to)
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
		memcpy(to, ring_row(pass, 0), pass->row);
	} else {
		take_row(pass, in, pass->at + count - 1, ring_row(pass, index - 1));
		if (index == 1)
			memcpy(pass->begun, ring_row(pass, 0), pass->row);
		else
			of_2(pass, pass->begun, pass->begun, ring_row(pass, index - 1), samples);
		of_2(pass, to, pass->begun, ring_row(pass, index), samples);
	}
	pass->fresh = false;
	pass->at++;
	pass->index = (index + 1) % count;
}
