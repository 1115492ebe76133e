/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <string.h>

#include "alpha.h"

/* In front of a row: room for the padding, and the first pixel on a 64-byte boundary. */
static size_t front(const struct ivp_window *window)
{
	return ivp_align(window->reach_x * window->pixel_bytes, 64);
}

struct ivp_window *ivp_window_make(struct ivp_carve *carve, const struct ivp_window *wanted)
{
	const size_t count = 2 * (size_t)wanted->reach_y + 1;
	struct ivp_window *made = ivp_carve(carve, sizeof(*made));
	struct ivp_window window = *wanted;

	if (!window.load) {
		window.pixel_bytes = ivp_format_pixel_bytes(window.shape.format);
		window.planes = 1;
	}
	window.plane = ivp_align(front(&window) + ((size_t)window.shape.width + window.reach_x) *
						      window.pixel_bytes,
				 64);
	window.row = window.plane * window.planes;
	window.ring = ivp_carve(carve, count * window.row + IVP_WINDOW_SLACK);
	/* The slack of a row is the row behind it, so far as there is one. */
	window.outside = ivp_carve(carve, window.row + IVP_WINDOW_SLACK);
	window.rows = ivp_carve(carve, count * sizeof(void *));
	if (!made)
		return NULL;
	memset(window.ring, 0, count * window.row + IVP_WINDOW_SLACK);
	memset(window.outside, 0, window.row + IVP_WINDOW_SLACK);
	*made = window;
	return made;
}

size_t ivp_window_bytes(const struct ivp_window *wanted)
{
	struct ivp_carve carve = {0};

	ivp_window_make(&carve, wanted);
	return carve.used;
}

void ivp_window_start(struct ivp_window *window, uint32_t y)
{
	window->ready = y < window->reach_y ? 0 : y - window->reach_y;
}

/* Where a row of the image is while it lies within reach_y of the row at work; borders map to no
 * other. */
static uint8_t *ring_row(const struct ivp_window *window, int64_t y)
{
	int64_t row = ivp_border_index(y, window->shape.height, window->border);

	if (row < 0)
		return window->outside + front(window);
	return window->ring + (size_t)row % (2 * (size_t)window->reach_y + 1) * window->row +
	       front(window);
}

static void load_row(struct ivp_window *window, const struct ivp_input *in, uint32_t y)
{
	const uint8_t *pixels = in->pixels + y * in->stride;
	uint8_t *to = ring_row(window, y);

	if (window->load)
		window->load(&window->shape, pixels, to, window->plane);
	else
		ivp_premultiply(window->shape.format, pixels, to, window->shape.width);
	for (unsigned p = 0; p < window->planes; p++)
		ivp_row_pad(to + p * window->plane, window->shape.width, window->pixel_bytes,
			    window->reach_x, window->border);
}

const void *const *ivp_window_rows(struct ivp_window *window, const struct ivp_input *in,
				   uint32_t y)
{
	const int64_t reach = window->reach_y;

	while (window->ready < window->shape.height && window->ready <= y + reach)
		load_row(window, in, window->ready++);
	for (int64_t k = -reach; k <= reach; k++)
		window->rows[k + reach] = ring_row(window, y + k);
	return window->rows;
}
