/* SPDX-License-Identifier: MIT */
/* Plain integer sums: no result depends on the order of additions. */
#include "box-bands.h"

#include <string.h>

/* Some lanes of a band of 16. */
#define LANES (IVP_VECTOR / 4)
#define PARTS (IVP_BAND / LANES)
typedef uint32_t words __attribute__((vector_size(IVP_VECTOR), may_alias));
typedef int32_t ints __attribute__((vector_size(IVP_VECTOR)));
typedef float floats __attribute__((vector_size(IVP_VECTOR)));
typedef uint8_t bytes __attribute__((vector_size(LANES), may_alias));

struct ivp_box_bands *ivp_box_bands_make(struct ivp_carve *carve, const struct ivp_shape *shape)
{
	struct ivp_box_bands measured;
	struct ivp_box_bands *made = ivp_carve(carve, sizeof(*made));
	struct ivp_box_bands *box = made ? made : &measured;

	box->form = ivp_row_form(shape);
	box->height = shape->height;
	box->black = ivp_carve(carve, box->form.samples);
	box->columns = ivp_carve(carve, box->form.samples * sizeof(uint32_t));
	box->chunk = ivp_carve(carve, sizeof(uint32_t) * IVP_BAND * IVP_BAND_CHUNK);
	box->lanes = ivp_carve(carve, box->form.samples * IVP_BAND * sizeof(uint32_t));
	box->result = ivp_carve(carve, box->form.samples * IVP_BAND);
	return made;
}

static void slide_levels(const uint8_t *restrict add, const uint8_t *restrict drop,
			 uint32_t *restrict sums, uint32_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sums[i] += (uint32_t)add[i] - drop[i];
		out[i] = sums[i];
	}
}

/* The four planes of sums lie plane apart, those of out step apart. */
static void slide_rgba(const uint8_t *add, const uint8_t *drop, uint32_t *sums, size_t plane,
		       uint32_t *out, size_t step, size_t n)
{
	const ivp_pixel *more = (const ivp_pixel *)add, *less = (const ivp_pixel *)drop;

	for (unsigned p = 0; p < 3; p++) {
		uint32_t *restrict sum = sums + p * plane, *restrict to = out + p * step;

		for (size_t i = 0; i < n; i++) {
			uint32_t new = more[i], old = less[i];

			sum[i] +=
			    (new >> 8 * p & 255) * (new >> 24) - (old >> 8 * p & 255) * (old >> 24);
			to[i] = sum[i];
		}
	}
	uint32_t *restrict sum = sums + 3 * plane, *restrict to = out + 3 * step;

	for (size_t i = 0; i < n; i++) {
		sum[i] += (more[i] >> 24) - (less[i] >> 24);
		to[i] = sum[i];
	}
}

/* Columns that box->chunk has room for, and how far its planes are apart. */
static size_t chunk_columns(const struct ivp_box_bands *box)
{
	return IVP_BAND_CHUNK / box->form.planes;
}

/* Adds a row to n column sums and takes another off; leaves them in the chunk's row r too. */
static void slide(const struct ivp_box_bands *box, const uint8_t *add, const uint8_t *drop,
		  size_t column, size_t n, unsigned r)
{
	uint32_t *out = box->chunk + (size_t)r * IVP_BAND_CHUNK;

	if (box->form.format == IVP_FORMAT_RGBA8)
		slide_rgba(add + 4 * column, drop + 4 * column, box->columns + column,
			   box->form.plane, out, chunk_columns(box), n);
	else
		slide_levels(add + column, drop + column, box->columns + column, out, n);
}

static const uint8_t *border_row(const struct ivp_box_bands *box, const struct ivp_input *in,
				 int64_t y)
{
	int64_t row = ivp_border_index(y, box->height, box->border);

	return row < 0 ? box->black : in->pixels + (size_t)row * in->stride;
}

/* The sums of the row before, so that every row begins with a step. */
void ivp_box_bands_start(struct ivp_box_bands *box, unsigned radius, unsigned border,
			 const struct ivp_input *in, int64_t y)
{
	const struct ivp_row_form *form = &box->form;
	const size_t most = chunk_columns(box);

	box->radius = radius;
	box->border = border;
	memset(box->black, 0, form->samples);
	memset(box->columns, 0, form->samples * sizeof(uint32_t));
	memset(box->chunk, 0, sizeof(uint32_t) * IVP_BAND * IVP_BAND_CHUNK);
	for (size_t x = 0; x < form->plane; x += most)
		for (int64_t k = y - 1 - box->radius; k < y + box->radius; k++)
			slide(box, border_row(box, in, k), box->black, x,
			      form->plane - x < most ? form->plane - x : most, 0);
}

/*
 * dividend / divisor in whole numbers, by way of a float quotient that is made a little too small
 * (slightly_less = 1 / divisor * (1 - 2^-20)): below 256 it is then at most 1 short, which the
 * remainder shows.
 */
IVP_INLINE void divide(const words *dividend, const words *divisor, const floats *slightly_less,
		       words *quotient)
{
	floats about = __builtin_convertvector(*dividend, floats) * *slightly_less;
	words q = (words) __builtin_convertvector(about, ints);

	*quotient = q - (words)(*dividend - q * *divisor >= *divisor);
}

#define SLIGHTLY_LESS (1 - 0x1p-20f)

/* A window sliding over columns of lanes; from one to the next are step bands. */
struct window {
	const words *lanes;
	size_t step;
	int64_t last, radius; /* columns */
	unsigned border;
};

static const words nothing;

IVP_INLINE const words *column(const struct window *window, int64_t x)
{
	if (x < 0 || x > window->last)
		x = ivp_border_index(x, window->last + 1, window->border);
	return x < 0 ? &nothing : window->lanes + (size_t)x * window->step * PARTS;
}

IVP_INLINE void window_start(const struct window *window, words *sum)
{
	*sum = (words){0};
	for (int64_t x = -window->radius - 1; x < window->radius; x++)
		*sum += *column(window, x);
}

IVP_INLINE void window_step(const struct window *window, int64_t x, words *sum)
{
	*sum += *column(window, x + window->radius) - *column(window, x - window->radius - 1);
}

/* One channel of GRAY8 or RGB8. */
static void mean_levels(const struct window *all, uint32_t area, bytes *result)
{
	const struct window window = *all; /* kept in registers */
	const words divisor = (words){0} + area;
	const floats inverse = (floats){0} + SLIGHTLY_LESS / (float)area;
	words sum, mean;

	window_start(&window, &sum);
	for (int64_t x = 0; x <= window.last; x++) {
		words rounded;

		window_step(&window, x, &sum);
		rounded = sum + area / 2;
		divide(&rounded, &divisor, &inverse, &mean);
		result[(size_t)x * window.step * PARTS] = __builtin_convertvector(mean, bytes);
	}
}

/* All four planes, to pixels. */
static void mean_rgba(const struct window planes[4], uint32_t area, words *result)
{
	const words divisor = (words){0} + area;
	const floats inverse = (floats){0} + SLIGHTLY_LESS / (float)area;
	words sum[4];

	for (unsigned p = 0; p < 4; p++)
		window_start(&planes[p], &sum[p]);
	for (int64_t x = 0; x <= planes[0].last; x++) {
		words weight, pixel = {0}, value, rounded;
		floats by_weight;

		for (unsigned p = 0; p < 4; p++)
			window_step(&planes[p], x, &sum[p]);
		/* Where all alphas are 0 the colours' sums are 0 too: any divisor will do. */
		weight = sum[3] - (words)(sum[3] == 0);
		by_weight = SLIGHTLY_LESS / __builtin_convertvector(weight, floats);
		for (unsigned p = 0; p < 3; p++) {
			rounded = sum[p] + sum[3] / 2;
			divide(&rounded, &weight, &by_weight, &value);
			pixel |= (value & 255) << 8 * p;
		}
		rounded = sum[3] + area / 2;
		divide(&rounded, &divisor, &inverse, &value);
		result[(size_t)x * PARTS] = pixel | value << 24;
	}
}

/* The chunk's rows from the given number on stay what they were: they are not stored. */
static void turn_columns(struct ivp_box_bands *box, const struct ivp_input *in, int64_t y,
			 unsigned rows)
{
	const struct ivp_row_form *form = &box->form;
	const size_t most = chunk_columns(box);

	for (size_t x = 0; x < form->plane; x += most) {
		size_t n = form->plane - x < most ? form->plane - x : most;

		for (unsigned r = 0; r < rows; r++)
			slide(box, border_row(box, in, y + r + box->radius),
			      border_row(box, in, y + r - box->radius - 1), x, n, r);
		for (unsigned p = 0; p < form->planes; p++)
			ivp_band_turn(box->chunk + p * most, n,
				      box->lanes + (p * form->plane + x) * IVP_BAND);
	}
}

void ivp_box_bands_band(struct ivp_box_bands *box, const struct ivp_input *in, int64_t y,
			int64_t end, const struct ivp_output *out)
{
	const struct ivp_row_form *form = &box->form;
	const uint32_t side = (uint32_t)(2 * box->radius + 1);
	const unsigned rows = end - y < IVP_BAND ? (unsigned)(end - y) : IVP_BAND;
	const words *lanes = (const words *)box->lanes;
	uint8_t *to = out->pixels + (size_t)y * out->stride;
	struct window windows[4];

	turn_columns(box, in, y, rows);
	for (unsigned i = 0; i < 4; i++)
		windows[i] = (struct window){
		    .lanes = lanes + i * (form->planes > 1 ? form->plane : 1) * PARTS,
		    .step = form->step,
		    .last = (int64_t)form->width - 1,
		    .radius = box->radius,
		    .border = box->border};
	for (unsigned part = 0; part < PARTS; part++) {
		if (form->format == IVP_FORMAT_RGBA8)
			mean_rgba(windows, side * side, (words *)box->result + part);
		else
			for (unsigned c = 0; c < form->step; c++)
				mean_levels(&windows[c], side * side,
					    (bytes *)box->result + (size_t)c * PARTS + part);
		for (unsigned i = 0; i < 4; i++)
			windows[i].lanes++;
	}
	if (form->format == IVP_FORMAT_RGBA8)
		ivp_band_store32((const uint32_t *)box->result, form->width, to, out->stride, rows);
	else
		ivp_band_store8(box->result, form->samples, to, out->stride, rows);
}
