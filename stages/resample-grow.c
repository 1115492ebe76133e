/* SPDX-License-Identifier: MIT */
/*
 * Enlarging: each source row is stretched once, and the few stretched rows that a result row comes
 * from stay in a ring. In float, one order of additions.
 */
#include <string.h>

#include "double.h"
#include "pixels-pack.h"
#include "resample.h"

/* Samples of a row, of all planes, that are summed and rounded in one go. */
#define PIECE 1024

void ivp_resample_grow_prepare(struct ivp_resample *resample, struct ivp_carve *carve)
{
	const struct ivp_row_form *form = &resample->from;
	const size_t planes = form->planes;

	ivp_grow_prepare(&resample->grow, &resample->x, form->step, carve);
	resample->ring_rows =
	    resample->y.most < IVP_GROW_MOST_TAPS ? resample->y.most : IVP_GROW_MOST_TAPS;
	resample->ring_plane = ivp_grow_room(resample->x.out, form->step);
	resample->loaded_plane = ivp_grow_room(resample->x.in, form->step);
	resample->loaded = ivp_carve(carve, planes * resample->loaded_plane * sizeof(float));
	resample->ring =
	    ivp_carve(carve, resample->ring_rows * planes * resample->ring_plane * sizeof(float));
	resample->sums = ivp_carve(carve, (size_t)2 * PIECE * sizeof(float));
	if (!carve->base)
		return;
	memset(resample->loaded, 0, planes * resample->loaded_plane * sizeof(float));
	memset(resample->ring, 0,
	       resample->ring_rows * planes * resample->ring_plane * sizeof(float));
}

static float *ring_row(const struct ivp_resample *resample, uint32_t row)
{
	const size_t samples = resample->from.planes * resample->ring_plane;

	return resample->ring + row % resample->ring_rows * samples;
}

static void stretch(const struct ivp_resample *resample, const struct ivp_input *in, uint32_t row)
{
	ivp_resample_load(resample, in->pixels + row * in->stride,
			  resample->from.width *
			      (resample->from.planes == 4 ? 1 : resample->from.step),
			  resample->loaded, resample->loaded_plane);
	for (size_t p = 0; p < resample->from.planes; p++)
		ivp_grow_row(&resample->grow, resample->loaded + p * resample->loaded_plane,
			     ring_row(resample, row) + p * resample->ring_plane);
}

/* What becomes of sums: floats, levels of one or two bytes, or pixels of four such. */
enum kind { FLOATS, BYTES, WORDS, PIXELS8, PIXELS16 };

/* The sums of one or two result rows from the same source rows. */
struct pass {
	const float *row[IVP_GROW_MOST_TAPS];
	size_t plane; /* samples from a plane of them to the next */
	const float *weights[2];
	uint8_t *to[2];
};

IVP_INLINE void put(const ivp_floats *sum, enum kind kind, uint8_t *to)
{
	const struct ivp_sums pixels = {{sum[0], sum[1], sum[2], sum[3]}};

	if (kind == PIXELS8) {
		ivp_pixels_pack8(&pixels, 1, to);
	} else if (kind == PIXELS16) {
		ivp_pixels_pack16(&pixels, 65535, to);
	} else if (kind == BYTES) {
		ivp_levels_bytes(sum, to);
	} else if (kind == WORDS) {
		ivp_levels_words(sum, to);
		ivp_levels_words(sum + 2, to + (size_t)2 * IVP_VECTOR / 2);
	} else {
		memcpy(to, sum, 4 * sizeof(*sum));
	}
}

/* Four vectors at a time, of one plane or one of each; n: samples of a plane. results, kind, and
 * rows where they are few, are constants wherever this is inlined. */
IVP_INLINE void sum_rows(size_t rows, size_t results, enum kind kind, const struct pass *pass,
			 size_t n)
{
	const ivp_floats none = {0};
	const bool pixels = kind == PIXELS8 || kind == PIXELS16;
	const size_t sample = kind == BYTES || kind == PIXELS8 ? 1 : kind == FLOATS ? 4 : 2;
	const size_t apart = pixels ? pass->plane : IVP_FLOATS;

	for (size_t i = 0, to = 0; i < n; i += (pixels ? 1 : (size_t)4) * IVP_FLOATS) {
		ivp_floats sum[2][4] = {{none, none, none, none}, {none, none, none, none}};

		for (size_t k = 0; k < rows; k++) {
			const float *row = pass->row[k] + i;

			for (size_t q = 0; q < 4; q++)
				for (size_t r = 0; r < results; r++)
					sum[r][q] += *(const ivp_floats *)(row + q * apart) *
						     (none + pass->weights[r][k]);
		}
		for (size_t r = 0; r < results; r++)
			put(sum[r], kind, pass->to[r] + to);
		to += 4 * sample * IVP_FLOATS;
	}
}

IVP_INLINE void sum_kind(enum kind kind, size_t results, size_t rows, const struct pass *pass,
			 size_t n)
{
	if (results == 2 && rows == 2)
		sum_rows(2, 2, kind, pass, n);
	else if (results == 2 && rows == 4)
		sum_rows(4, 2, kind, pass, n);
	else if (results == 2)
		sum_rows(rows, 2, kind, pass, n);
	else
		sum_rows(rows, 1, kind, pass, n);
}

static void sum(enum kind kind, size_t results, size_t rows, const struct pass *pass, size_t n)
{
	switch (kind) {
	case BYTES:
		sum_kind(BYTES, results, rows, pass, n);
		break;
	case WORDS:
		sum_kind(WORDS, results, rows, pass, n);
		break;
	case PIXELS8:
		sum_kind(PIXELS8, results, rows, pass, n);
		break;
	case PIXELS16:
		sum_kind(PIXELS16, results, rows, pass, n);
		break;
	default:
		sum_kind(FLOATS, results, rows, pass, n);
	}
}

/* Samples x.. of plane p of the source rows of result row y, and the weights of results rows. */
static void set_pass(const struct ivp_resample *resample, uint32_t y, size_t results, size_t p,
		     size_t x, struct pass *pass)
{
	const struct ivp_axis *axis = &resample->y;

	for (uint32_t k = 0; k < axis->count[y]; k++)
		pass->row[k] =
		    ring_row(resample, axis->first[y] + k) + p * resample->ring_plane + x;
	for (size_t r = 0; r < results; r++)
		pass->weights[r] = axis->weights + (y + r) * axis->most;
}

/* Sums that are levels at once: whole vectors straight to the image, the rest by way of sums. */
static void make_levels(const struct ivp_resample *resample, uint32_t y, size_t results,
			const struct ivp_output *out)
{
	const bool pixels = resample->from.planes == 4;
	const enum kind kind = pixels                 ? (resample->depth == 1 ? PIXELS8 : PIXELS16)
			       : resample->depth == 1 ? BYTES
						      : WORDS;
	const size_t sample = (size_t)resample->depth * resample->from.planes;
	const size_t all = (size_t)resample->x.out * resample->from.step;
	const size_t some = (pixels ? 1 : (size_t)4) * IVP_FLOATS;
	const size_t whole = all / some * some;
	struct pass pass = {.plane = resample->ring_plane};

	for (size_t r = 0; r < results; r++)
		pass.to[r] = out->pixels + (y + r) * out->stride;
	set_pass(resample, y, results, 0, 0, &pass);
	sum(kind, results, resample->y.count[y], &pass, whole);
	if (whole == all)
		return;
	for (size_t r = 0; r < results; r++)
		pass.to[r] = (uint8_t *)(resample->sums + r * PIECE);
	set_pass(resample, y, results, 0, whole, &pass);
	sum(kind, results, resample->y.count[y], &pass, all - whole);
	for (size_t r = 0; r < results; r++)
		memcpy(out->pixels + (y + r) * out->stride + whole * sample,
		       resample->sums + r * PIECE, (all - whole) * sample);
}

static void make_sums(const struct ivp_resample *resample, uint32_t y, size_t results,
		      const struct ivp_output *out)
{
	const size_t planes = resample->from.planes;
	const size_t all = (size_t)resample->x.out * resample->from.step;
	const size_t most = PIECE / planes;
	struct pass pass = {.to = {NULL}};

	for (size_t x = 0; x < all; x += most) {
		const size_t n = all - x < most ? all - x : most;

		for (size_t p = 0; p < planes; p++) {
			set_pass(resample, y, results, p, x, &pass);
			for (size_t r = 0; r < results; r++)
				pass.to[r] = (uint8_t *)(resample->sums + r * PIECE + p * most);
			sum(FLOATS, results, resample->y.count[y], &pass, n);
		}
		for (size_t r = 0; r < results; r++)
			ivp_resample_round(resample, resample->sums + r * PIECE, most, n,
					   out->pixels + (y + r) * out->stride +
					       x * resample->depth * planes);
	}
}

/* Result rows lie a quarter of a pixel above and below the middle of a source row. */
static bool make_double(const struct ivp_resample *resample, const struct ivp_input *in,
			const struct ivp_output *out, uint32_t y)
{
	const uint32_t near = y / 2, above = near > 0 ? near - 1 : 0;
	const uint32_t below = near + 1 < in->shape.height ? near + 1 : near;

	return ivp_double_row(in->pixels + near * in->stride,
			      in->pixels + (y % 2 ? below : above) * in->stride, in->shape.width,
			      resample->from.step, resample->depth, out->pixels + y * out->stride);
}

void ivp_resample_grow(struct ivp_resample *resample, const struct ivp_input *in,
		       const struct ivp_output *out, struct ivp_rows rows)
{
	const struct ivp_axis *axis = &resample->y;
	size_t results;

	if (!rows.go_on)
		resample->stretched = 0;
	for (uint32_t y = rows.first; y < rows.end; y += (uint32_t)results) {
		const uint32_t first = axis->first[y], count = axis->count[y];

		results = 1;
		if (resample->doubles && make_double(resample, in, out, y))
			continue;
		results =
		    y + 1 < rows.end && axis->first[y + 1] == first && axis->count[y + 1] == count
			? 2
			: 1;
		if (resample->stretched < first)
			resample->stretched = first;
		for (; resample->stretched < first + count; resample->stretched++)
			stretch(resample, in, resample->stretched);
		if (resample->linear)
			make_sums(resample, y, results, out);
		else
			make_levels(resample, y, results, out);
	}
}
