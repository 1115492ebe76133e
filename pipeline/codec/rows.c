/* SPDX-License-Identifier: MIT */
/* See rows.h. */
#include "codec/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ivp_shape ivp_orient_shape(const struct ivp_shape *stored, unsigned orientation)
{
	struct ivp_shape shape = *stored;

	if (orientation >= 5) {
		shape.width = stored->height;
		shape.height = stored->width;
	}
	return shape;
}

int ivp_rows_init(struct ivp_rows *rows, const struct ivp_output *out,
		  const struct ivp_shape *stored, unsigned orientation)
{
	/* Orientations that swap the axes, and those that run them backwards in the file's terms
	 * (EXIF 2.32, 4.6.4 A: which side of the scene row 0 and column 0 are). */
	const bool swap = orientation >= 5;
	const bool back_x =
	    orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
	const bool back_y =
	    orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
	const unsigned pixel_bytes = ivp_format_pixel_bytes(stored->format);
	const ptrdiff_t across = pixel_bytes, down = (ptrdiff_t)out->stride;

	*rows = (struct ivp_rows){
	    .origin = out->pixels,
	    .step_x = swap ? down : across,
	    .step_y = swap ? across : down,
	    .width = stored->width,
	    .height = stored->height,
	    .pixel_bytes = pixel_bytes,
	};
	if (back_x) {
		rows->origin += (stored->width - 1) * rows->step_x;
		rows->step_x = -rows->step_x;
	}
	if (back_y) {
		rows->origin += (stored->height - 1) * rows->step_y;
		rows->step_y = -rows->step_y;
	}
	if (rows->step_x == across && !swap)
		return 0;
	/* A row's size fits 31 bits (ivp_shape_size), so 16 of them fit 64. */
	rows->strip_stride = (size_t)stored->width * pixel_bytes;
	rows->strip = malloc(rows->strip_stride * IVP_ROWS_STRIP);
	return rows->strip ? 0 : -ENOMEM;
}

void ivp_rows_finish(struct ivp_rows *rows)
{
	free(rows->strip);
	rows->strip = NULL;
}

uint8_t *ivp_rows_at(const struct ivp_rows *rows, uint32_t y)
{
	if (rows->strip)
		return rows->strip + y % IVP_ROWS_STRIP * rows->strip_stride;
	return rows->origin + y * rows->step_y;
}

uint32_t ivp_rows_room(const struct ivp_rows *rows, uint32_t y)
{
	const uint32_t room = IVP_ROWS_STRIP - y % IVP_ROWS_STRIP;

	return room < rows->height - y ? room : rows->height - y;
}

/*
 * Copies a block of columns x rows pixels, each with its own steps. bytes is a constant where this
 * is inlined, which turns the inner memcpy into a load and a store.
 */
static inline __attribute__((always_inline)) void
copy_block(uint8_t *to, ptrdiff_t to_x, ptrdiff_t to_y, const uint8_t *from, ptrdiff_t from_x,
	   ptrdiff_t from_y, uint32_t columns, uint32_t lines, unsigned bytes)
{
	for (uint32_t y = 0; y < lines; y++) {
		uint8_t *out = to + y * to_y;
		const uint8_t *in = from + y * from_y;

		for (uint32_t x = 0; x < columns; x++, out += to_x, in += from_x)
			memcpy(out, in, bytes);
	}
}

static void copy_pixels(uint8_t *to, ptrdiff_t to_x, ptrdiff_t to_y, const uint8_t *from,
			ptrdiff_t from_x, ptrdiff_t from_y, uint32_t columns, uint32_t lines,
			unsigned bytes)
{
	switch (bytes) {
	case 1:
		copy_block(to, to_x, to_y, from, from_x, from_y, columns, lines, 1);
		break;
	case 3:
		copy_block(to, to_x, to_y, from, from_x, from_y, columns, lines, 3);
		break;
	case 4:
		copy_block(to, to_x, to_y, from, from_x, from_y, columns, lines, 4);
		break;
	case 6:
		copy_block(to, to_x, to_y, from, from_x, from_y, columns, lines, 6);
		break;
	case 8:
		copy_block(to, to_x, to_y, from, from_x, from_y, columns, lines, 8);
		break;
	default:
		copy_block(to, to_x, to_y, from, from_x, from_y, columns, lines, bytes);
	}
}

void ivp_rows_done(struct ivp_rows *rows, uint32_t y)
{
	const uint32_t filled = y % IVP_ROWS_STRIP ? y % IVP_ROWS_STRIP : IVP_ROWS_STRIP;
	const ptrdiff_t across = rows->pixel_bytes, down = (ptrdiff_t)rows->strip_stride;
	uint8_t *to;

	if (!rows->strip || (y % IVP_ROWS_STRIP && y != rows->height))
		return;
	to = rows->origin + (ptrdiff_t)(y - filled) * rows->step_y;
	/* The inner loop runs along the slot's rows: writes to the slot stay side by side. */
	if (rows->step_x == -across)
		copy_pixels(to, rows->step_x, rows->step_y, rows->strip, across, down, rows->width,
			    filled, rows->pixel_bytes);
	else
		copy_pixels(to, rows->step_y, rows->step_x, rows->strip, down, across, filled,
			    rows->width, rows->pixel_bytes);
}

void ivp_rows_put(const struct ivp_rows *rows, uint32_t y, uint32_t first, uint32_t step,
		  const uint8_t *pixels, uint32_t count)
{
	copy_pixels(rows->origin + y * rows->step_y + first * rows->step_x, step * rows->step_x, 0,
		    pixels, rows->pixel_bytes, 0, count, 1, rows->pixel_bytes);
}
