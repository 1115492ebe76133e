/* SPDX-License-Identifier: MIT */
#include "turn.h"

#include <string.h>

#include "compiler.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

struct ivp_shape ivp_turn_shape(const struct ivp_shape *in, enum ivp_turn turn)
{
	struct ivp_shape out = *in;

	if (turn >= IVP_TURN_TRANSPOSE) {
		out.width = in->height;
		out.height = in->width;
	}
	return out;
}

#ifdef __AVX2__
#ifdef __AVX512VBMI__
#define VECTOR 64
typedef __m512i vector;

static vector reorder(const uint8_t *bytes, vector index)
{
	return _mm512_permutexvar_epi8(index, _mm512_loadu_si512(bytes));
}
#else
#define VECTOR 16
typedef __m128i vector;

static vector reorder(const uint8_t *bytes, vector index)
{
	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), index);
}
#endif

/*
 * Vector by vector. Bytes of a vector that hold no whole pixel are written as they come, and then
 * overwritten. Returns how many pixels of out are done.
 */
IVP_INLINE size_t mirror_vectors(const uint8_t *in, uint8_t *out, size_t width, size_t pixel)
{
	const size_t n = VECTOR / pixel, bytes = width * pixel;
	uint8_t from[VECTOR];
	vector index;
	size_t x = 0;

	for (size_t i = 0; i < VECTOR; i++)
		from[i] =
		    (uint8_t)(i < n * pixel ? VECTOR - (i / pixel + 1) * pixel + i % pixel : 0);
	memcpy(&index, from, VECTOR);
	for (; x * pixel + VECTOR <= bytes; x += n) {
		const vector all = reorder(in + bytes - x * pixel - VECTOR, index);

		memcpy(out + x * pixel, &all, VECTOR);
	}
	return x;
}
#else
IVP_INLINE size_t mirror_vectors(const uint8_t *in, uint8_t *out, size_t width, size_t pixel)
{
	(void)in;
	(void)out;
	(void)width;
	(void)pixel;
	return 0;
}
#endif

/* pixel is a constant wherever this is inlined. */
IVP_INLINE void mirror(const uint8_t *restrict in, uint8_t *restrict out, size_t width,
		       size_t pixel)
{
	for (size_t x = mirror_vectors(in, out, width, pixel); x < width; x++)
		for (size_t i = 0; i < pixel; i++)
			out[x * pixel + i] = in[(width - 1 - x) * pixel + i];
}

static void mirror_row(const uint8_t *in, uint8_t *out, size_t width, unsigned pixel)
{
	switch (pixel) {
	case 1:
		mirror(in, out, width, 1);
		break;
	case 2:
		mirror(in, out, width, 2);
		break;
	case 3:
		mirror(in, out, width, 3);
		break;
	case 4:
		mirror(in, out, width, 4);
		break;
	case 6:
		mirror(in, out, width, 6);
		break;
	default:
		mirror(in, out, width, 8);
	}
}

static void keep_axes(const struct ivp_input *in, const struct ivp_output *out,
		      struct ivp_rows rows, enum ivp_turn turn)
{
	const unsigned pixel = ivp_format_pixel_bytes(in->shape.format);
	const bool up = turn == IVP_TURN_HALF || turn == IVP_TURN_FLIP;
	const bool back = turn == IVP_TURN_HALF || turn == IVP_TURN_MIRROR;

	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint32_t row = up ? in->shape.height - 1 - y : y;
		const uint8_t *from = in->pixels + row * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (back)
			mirror_row(from, to, in->shape.width, pixel);
		else
			memcpy(to, from, (size_t)in->shape.width * pixel);
	}
}

static void swap_axes(const struct ivp_input *in, const struct ivp_output *out,
		      struct ivp_rows rows, enum ivp_turn turn)
{
	const unsigned pixel = ivp_format_pixel_bytes(in->shape.format);
	const uint32_t height = in->shape.height, width = in->shape.width;
	/* Source rows from the bottom up; source columns from the right to the left. */
	const bool up = turn == IVP_TURN_RIGHT || turn == IVP_TURN_TRANSVERSE;
	const bool back = turn == IVP_TURN_LEFT || turn == IVP_TURN_TRANSVERSE;
	const uint32_t column = back ? width - rows.end : rows.first;
	struct ivp_tiles tiles = {.in = in->pixels + (size_t)column * pixel,
				  .out = out->pixels + rows.first * out->stride,
				  .in_step = (ptrdiff_t)in->stride,
				  .out_step = (ptrdiff_t)out->stride,
				  .rows = height,
				  .columns = rows.end - rows.first,
				  .before = column};

	tiles.after = width - column - tiles.columns;
	if (up) {
		tiles.in += (height - 1) * in->stride;
		tiles.in_step = -tiles.in_step;
	}
	if (back) {
		tiles.out += (tiles.columns - 1) * out->stride;
		tiles.out_step = -tiles.out_step;
	}
	ivp_tiles_turn(&tiles, pixel);
}

void ivp_turn_apply(const struct ivp_input *in, const struct ivp_output *out, struct ivp_rows rows,
		    enum ivp_turn turn)
{
	if (turn >= IVP_TURN_TRANSPOSE)
		swap_axes(in, out, rows, turn);
	else
		keep_axes(in, out, rows, turn);
}
