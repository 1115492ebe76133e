/* SPDX-License-Identifier: MIT */
#include "box-small.h"

#include <string.h>

/*
 * sum / area in whole numbers is sum * multiplier >> 16 >> shift, with 2^shift the power of two
 * below area and multiplier = 2^(16 + shift) / area rounded up: exact for every sum up to
 * 255 area + area / 2 of these areas (tried for all of them; Granlund and Montgomery 1994).
 */
struct division {
	uint16_t multiplier;
	unsigned shift;
};

static struct division division_by(uint32_t area)
{
	struct division by = {0, 0};

	while (2u << by.shift <= area)
		by.shift++;
	by.multiplier = (uint16_t)(((65536u << by.shift) + area - 1) / area);
	return by;
}

struct ivp_box_small *ivp_box_small_make(struct ivp_carve *carve, const struct ivp_shape *shape,
					 unsigned radius, unsigned border)
{
	struct ivp_box_small *box = ivp_carve(carve, sizeof(*box));
	struct ivp_window *window = ivp_window_make(
	    carve,
	    &(struct ivp_window){
		.shape = *shape, .border = border, .reach_x = radius, .reach_y = radius + 1});
	uint16_t *columns =
	    ivp_carve(carve, ((size_t)shape->width + 2 * (size_t)radius) *
				 ivp_format_channels(shape->format) * sizeof(uint16_t));

	if (box)
		*box = (struct ivp_box_small){window, radius, columns};
	return box;
}

static size_t padded(const struct ivp_box_small *box)
{
	const struct ivp_shape *shape = &box->window->shape;

	return ((size_t)shape->width + 2 * (size_t)box->radius) *
	       ivp_format_channels(shape->format);
}

/* The first sample of a row, in its padding. */
static const uint8_t *row_at(const struct ivp_box_small *box, const void *const *rows, size_t row)
{
	return (const uint8_t *)rows[row] -
	       (size_t)box->radius * ivp_format_channels(box->window->shape.format);
}

static void slide(uint16_t *restrict columns, const uint8_t *restrict more,
		  const uint8_t *restrict less, size_t n)
{
	for (size_t i = 0; i < n; i++)
		columns[i] = (uint16_t)(columns[i] + more[i] - less[i]);
}

static void add(uint16_t *restrict columns, const uint8_t *restrict more, size_t n)
{
	for (size_t i = 0; i < n; i++)
		columns[i] = (uint16_t)(columns[i] + more[i]);
}

/* The sums for the row before y: rows y - radius - 1 to y + radius - 1, the first of the window. */
void ivp_box_small_start(struct ivp_box_small *box, const struct ivp_input *in, uint32_t y)
{
	const void *const *rows;

	ivp_window_start(box->window, y);
	rows = ivp_window_rows(box->window, in, y);
	memset(box->columns, 0, padded(box) * sizeof(uint16_t));
	for (size_t row = 0; row < 2 * (size_t)box->radius + 1; row++)
		add(box->columns, row_at(box, rows, row), padded(box));
}

/* radius is a constant wherever this is inlined. */
IVP_INLINE void means(const uint16_t *restrict columns, uint8_t *restrict to, size_t n, size_t step,
		      unsigned radius)
{
	const uint32_t area = (2 * radius + 1) * (2 * radius + 1);
	const struct division by = division_by(area);
	const uint16_t multiplier = by.multiplier;

	for (size_t i = 0; i < n; i++) {
		uint16_t sum = (uint16_t)(area / 2);

		for (unsigned k = 0; k < 2 * radius + 1; k++)
			sum = (uint16_t)(sum + columns[i + k * step]);
		sum = (uint16_t)((uint32_t)sum * multiplier >> 16);
		to[i] = (uint8_t)(sum >> by.shift);
	}
}

void ivp_box_small_row(struct ivp_box_small *box, const struct ivp_input *in, uint32_t y,
		       uint8_t *to)
{
	const size_t step = ivp_format_channels(box->window->shape.format);
	const size_t n = box->window->shape.width * step;
	const void *const *rows = ivp_window_rows(box->window, in, y);

	slide(box->columns, row_at(box, rows, 2 * (size_t)box->radius + 1), row_at(box, rows, 0),
	      padded(box));
	switch (box->radius) {
	case 1:
		means(box->columns, to, n, step, 1);
		break;
	case 2:
		means(box->columns, to, n, step, 2);
		break;
	case 3:
		means(box->columns, to, n, step, 3);
		break;
	case 4:
		means(box->columns, to, n, step, 4);
		break;
	case 5:
		means(box->columns, to, n, step, 5);
		break;
	case 6:
		means(box->columns, to, n, step, 6);
		break;
	default:
		means(box->columns, to, n, step, 7);
	}
}
