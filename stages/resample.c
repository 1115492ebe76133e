/* SPDX-License-Identifier: MIT */
/*
 * Vertical sums first, straight from the pixels, for 16 result rows; turned (bands.h); then
 * horizontal sums, 16 rows side by side, in float and one order of additions. The error before
 * rounding is below 0.03 levels, below 0.001 but for the integer weights of rows without alpha.
 * Pixels with alpha are summed premultiplied, as c * a and a.
 */
#include "resample.h"

#include <string.h>

#include "format.h"
#include "halve.h"
#include "turn.h"

/* The weights of rows as integers, in as fine steps as the largest lets them have. */
static void make_groups(struct ivp_resample *resample, struct ivp_carve *carve)
{
	const struct ivp_axis *axis = &resample->y;
	const size_t most = ivp_weights_most(axis->most);
	float largest = 0;
	int32_t one;

	resample->groups = ivp_carve(carve, axis->out * most * sizeof(struct ivp_weights));
	resample->group_count = ivp_carve(carve, axis->out * sizeof(uint32_t));
	if (!carve->base)
		return;
	for (uint32_t y = 0; y < axis->out; y++)
		for (uint32_t k = 0; k < axis->count[y]; k++) {
			const float weight = axis->weights[(size_t)y * axis->most + k];

			largest = weight > largest ? weight : largest;
		}
	one = largest < 0.49f ? 65536 : 32768;
	resample->scale = 1.0f / (float)one;
	for (uint32_t y = 0; y < axis->out; y++)
		resample->group_count[y] = (uint32_t)ivp_weights_make(
		    axis->weights + (size_t)y * axis->most, axis->first[y], axis->count[y], one,
		    resample->groups + y * most);
}

static bool halves(const struct ivp_axis *axis, bool linear)
{
	return axis->kernel == IVP_KERNEL_BOX && axis->in == 2 * (uint64_t)axis->whole && !linear;
}

static bool doubles(const struct ivp_axis *axis)
{
	return axis->kernel == IVP_KERNEL_BILINEAR && axis->whole == 2 * (uint64_t)axis->in &&
	       axis->out == axis->whole;
}

struct ivp_resample *ivp_resample_prepare(struct ivp_carve *carve, const struct ivp_axis *x,
					  const struct ivp_axis *y, const struct ivp_shape *in,
					  bool linear)
{
	struct ivp_resample measured;
	struct ivp_resample *made = ivp_carve(carve, sizeof(*made));
	struct ivp_resample *resample = made ? made : &measured;
	const size_t chunk_bytes = sizeof(float) * IVP_BAND * IVP_BAND_CHUNK;
	const size_t loaded_bytes = sizeof(float) * IVP_RESAMPLE_LOADED * IVP_BAND_CHUNK;

	resample->from = ivp_row_form(in);
	resample->depth = ivp_sample_bytes(in->format);
	resample->linear = linear;
	resample->x = *x;
	resample->y = *y;
	ivp_axis_prepare(&resample->x, carve);
	ivp_axis_prepare(&resample->y, carve);
	resample->groups = NULL;
	if (linear)
		ivp_light_prepare(&resample->light, resample->depth == 1 ? 255 : 65535, carve);
	resample->halves = halves(x, linear) && halves(y, linear);
	if (resample->halves)
		return made;
	resample->grows = x->kernel != IVP_KERNEL_NEAREST && x->in <= x->whole && y->in <= y->whole;
	resample->doubles = doubles(x) && doubles(y) && !linear && resample->from.planes == 1;
	if (resample->grows) {
		ivp_resample_grow_prepare(resample, carve);
		return made;
	}
	if (resample->depth == 1 && resample->from.planes == 1 && !linear)
		make_groups(resample, carve);
	resample->loaded = ivp_carve(carve, loaded_bytes);
	resample->chunk = ivp_carve(carve, chunk_bytes);
	resample->lanes = ivp_carve(carve, resample->from.samples * IVP_BAND * sizeof(float));
	resample->sums = ivp_carve(carve, chunk_bytes);
	resample->turned = ivp_carve(carve, chunk_bytes);
	/* What is not used stays a number. */
	if (made) {
		memset(resample->loaded, 0, loaded_bytes);
		memset(resample->chunk, 0, chunk_bytes);
	}
	return made;
}

/*
 * Asks for the bytes that the next chunk of columns reads: they lie in pieces too short for the
 * processor to see where they lead.
 */
static void fetch(const struct ivp_resample *resample, const struct ivp_input *in, uint32_t first,
		  uint32_t end, size_t byte, size_t bytes)
{
	const struct ivp_axis *axis = &resample->y;
	const uint32_t behind = axis->first[end - 1] + axis->count[end - 1];

	for (uint32_t y = axis->first[first]; y < behind; y++)
		for (size_t i = 0; i < bytes; i += 64)
			__builtin_prefetch(in->pixels + y * in->stride + byte + i);
}

/* Rows beyond the last are what they were, and not stored. */
static void turn_rows(struct ivp_resample *resample, const struct ivp_input *in, uint32_t y,
		      uint32_t end)
{
	const struct ivp_row_form *form = &resample->from;
	const size_t most = IVP_BAND_CHUNK / form->planes;
	const size_t sample =
	    (size_t)resample->depth * form->planes; /* bytes: of a pixel with alpha */

	for (size_t x = 0; x < form->plane; x += most) {
		size_t n = form->plane - x < most ? form->plane - x : most;
		size_t next = form->plane - x - n < most ? form->plane - x - n : most;

		fetch(resample, in, y, end - y < IVP_BAND ? end : y + IVP_BAND, (x + n) * sample,
		      next * sample);
		ivp_resample_rows(resample, in, y, end - y < IVP_BAND ? end : y + IVP_BAND, x, n);
		for (unsigned p = 0; p < form->planes; p++)
			ivp_band_turn(resample->chunk + p * most, n,
				      resample->lanes + (p * form->plane + x) * IVP_BAND);
	}
}

/* A constant number of bytes becomes one or two moves. */
IVP_INLINE void pick_pixels(const uint8_t *restrict from, const uint32_t *restrict first, size_t n,
			    size_t bytes, uint8_t *restrict to)
{
	for (size_t x = 0; x < n; x++)
		memcpy(to + x * bytes, from + first[x] * bytes, bytes);
}

static void pick_row(const uint8_t *from, const uint32_t *first, size_t n, size_t bytes,
		     uint8_t *to)
{
	switch (bytes) {
	case 1:
		pick_pixels(from, first, n, 1, to);
		break;
	case 2:
		pick_pixels(from, first, n, 2, to);
		break;
	case 3:
		pick_pixels(from, first, n, 3, to);
		break;
	case 4:
		pick_pixels(from, first, n, 4, to);
		break;
	case 6:
		pick_pixels(from, first, n, 6, to);
		break;
	default:
		pick_pixels(from, first, n, 8, to);
	}
}

static void nearest(const struct ivp_resample *resample, const struct ivp_input *in,
		    const struct ivp_output *out, struct ivp_rows rows)
{
	const size_t bytes = ivp_format_pixel_bytes(in->shape.format);

	for (uint32_t y = rows.first; y < rows.end; y++)
		pick_row(in->pixels + (size_t)resample->y.first[y] * in->stride, resample->x.first,
			 out->shape.width, bytes, out->pixels + (size_t)y * out->stride);
}

static void halve(const struct ivp_resample *resample, const struct ivp_input *in,
		  const struct ivp_output *out, struct ivp_rows rows)
{
	const size_t left =
	    (size_t)2 * resample->x.offset * ivp_format_pixel_bytes(in->shape.format);

	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *above =
		    in->pixels + (size_t)2 * (resample->y.offset + y) * in->stride + left;

		ivp_halve_row(in->shape.format, above, above + in->stride, out->shape.width,
			      out->pixels + y * out->stride);
	}
}

void ivp_resample_apply(struct ivp_resample *resample, const struct ivp_input *in,
			const struct ivp_output *out, struct ivp_rows rows)
{
	const uint32_t width = out->shape.width;
	const unsigned channels = ivp_format_channels(out->shape.format);
	const uint32_t most = IVP_BAND_CHUNK / (channels == 3 ? 4 : channels);
	const unsigned pixel = ivp_format_pixel_bytes(out->shape.format);
	/* What is turned as one: pixels with alpha, samples of others. */
	const unsigned unit = channels == 4 ? pixel : pixel / channels;

	if (resample->x.kernel == IVP_KERNEL_NEAREST) {
		nearest(resample, in, out, rows);
		return;
	}
	if (resample->halves) {
		halve(resample, in, out, rows);
		return;
	}
	if (resample->grows) {
		ivp_resample_grow(resample, in, out, rows);
		return;
	}
	for (uint32_t y = rows.first; y < rows.end; y += IVP_BAND) {
		const unsigned count = rows.end - y < IVP_BAND ? rows.end - y : IVP_BAND;

		turn_rows(resample, in, y, rows.end);
		for (uint32_t x = 0; x < width; x += most) {
			const uint32_t n = width - x < most ? width - x : most;

			ivp_resample_columns(resample, x, n);
			ivp_tiles_turn(&(struct ivp_tiles){.in = resample->turned,
							   .out = out->pixels +
								  (size_t)y * out->stride +
								  (size_t)x * pixel,
							   .in_step = (ptrdiff_t)IVP_BAND * unit,
							   .out_step = (ptrdiff_t)out->stride,
							   .rows = (size_t)n * (pixel / unit),
							   .columns = count},
				       unit);
		}
	}
}
