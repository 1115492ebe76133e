/* SPDX-License-Identifier: MIT */
/*
 * Lut: colours through a table from a file (cube.h). One dimension: each colour through its own
 * curve, straight between values. Three: between the four of the cube's corners that span the
 * tetrahedron in which the colour lies (Kasson, Nin, Plouffe, Hafner, "Performing color space
 * conversions with three-dimensional linear interpolation", 1995). Gray images become the luma
 * (Rec. 601) of what their gray becomes, with the values on the cube's diagonal.
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "cube.h"
#include "need.h"
#include "rows.h"
#include "tone.h"

struct lut {
	struct ivp_param_file file;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct lut, file, .max = 64 << 20, .parse = ivp_cube_parse,
	      .help = "a .cube file, or a text of 256 or 65536 lines with one level or three; none "
		      "changes nothing"),
    {0},
};

/* Values by their bytes: the four of a node in one vector. */
typedef float four __attribute__((vector_size(16)));

/* Pixels at a time: places and weights are found for many at once. */
#define CHUNK 64

struct chunk {
	float colour[3][CHUNK]; /* levels; then where in their cell they are */
	float weight[4][CHUNK];
	uint32_t node[CHUNK], second[CHUNK], third[CHUNK];
	four result[CHUNK];
};

/* A level to the cell that it is in and its place there, 0 to 1. */
IVP_INLINE int32_t place(float *level, float scale, float offset, float top)
{
	float at = *level * scale + offset;
	int32_t cell;

	at = at > 0 ? at : 0;
	at = at < top ? at : top;
	cell = (int32_t)at;
	cell = cell < (int32_t)top - 1 ? cell : (int32_t)top - 1;
	*level = at - (float)cell;
	return cell;
}

/* The step along the axis with the greatest part, and with the least. */
IVP_INLINE int32_t greatest(float x, float y, float z, int32_t r, int32_t g, int32_t b)
{
	return x >= y ? (x >= z ? r : b) : (y >= z ? g : b);
}

IVP_INLINE int32_t least(float x, float y, float z, int32_t r, int32_t g, int32_t b)
{
	return x >= y ? (y >= z ? b : g) : (x >= z ? b : r);
}

/* From levels to nodes and weights: the corners are passed from the first to the last along one
 * axis after the other, that with the greatest part first. */
static void find_places(const struct ivp_cube *cube, float most, struct chunk *chunk)
{
	const int32_t side = (int32_t)cube->side, r = 1, g = side, b = side * side;
	const float top = (float)(side - 1);
	float scale[3], offset[3];

	for (unsigned c = 0; c < 3; c++) {
		scale[c] = cube->scale[c] / most;
		offset[c] = -cube->low[c] * cube->scale[c];
	}
	IVP_INDEPENDENT
	for (unsigned i = 0; i < CHUNK; i++) {
		float x = chunk->colour[0][i], y = chunk->colour[1][i], z = chunk->colour[2][i];
		const int32_t cell = place(&x, scale[0], offset[0], top) * r +
				     place(&y, scale[1], offset[1], top) * g +
				     place(&z, scale[2], offset[2], top) * b;
		const float upper = x > y ? x : y, lower = x > y ? y : x;
		const float high = upper > z ? upper : z, low = lower < z ? lower : z;
		const float rest = upper < z ? upper : z, middle = lower > rest ? lower : rest;
		const int32_t first = greatest(x, y, z, r, g, b);
		const int32_t last = least(x, y, z, r, g, b);

		chunk->node[i] = (uint32_t)cell;
		chunk->second[i] = (uint32_t)(cell + first);
		chunk->third[i] = (uint32_t)(cell + r + g + b - last);
		chunk->weight[0][i] = 1 - high;
		chunk->weight[1][i] = high - middle;
		chunk->weight[2][i] = middle - low;
		chunk->weight[3][i] = low;
	}
}

/* Inlined, since GCC 12 believes of the function that it does not write to chunk. */
IVP_INLINE void mix(const struct ivp_cube *cube, float most, struct chunk *chunk)
{
	const uint32_t last = 1 + cube->side + cube->side * cube->side;
	const four *values = (const four *)cube->values;

	for (unsigned i = 0; i < CHUNK; i++) {
		four sum = values[chunk->node[i]] * chunk->weight[0][i] +
			   values[chunk->second[i]] * chunk->weight[1][i] +
			   values[chunk->third[i]] * chunk->weight[2][i] +
			   values[chunk->node[i] + last] * chunk->weight[3][i];

		chunk->result[i] = sum * most + 0.5f;
	}
}

IVP_INLINE void load(const void *row, size_t n, const unsigned channels, const bool wide,
		     struct chunk *chunk)
{
	const ivp_level16 *levels_16 = row;
	const uint8_t *levels_8 = row;

	for (unsigned c = 0; c < 3; c++)
		for (size_t i = 0; i < n; i++)
			chunk->colour[c][i] = wide ? (float)levels_16[i * channels + c]
						   : (float)levels_8[i * channels + c];
}

IVP_INLINE uint32_t limited(float value, float most)
{
	value = value > 0 ? value : 0;
	value = value < most ? value : most;
	return (uint32_t)(int32_t)value;
}

IVP_INLINE void store(const struct chunk *chunk, const void *from, void *row, size_t n,
		      const unsigned channels, const bool wide)
{
	const float most = wide ? 65535 : 255;
	const ivp_level16 *from_16 = from;
	const uint8_t *from_8 = from;
	ivp_level16 *to_16 = row;
	uint8_t *to_8 = row;

	for (size_t i = 0; i < n; i++)
		for (unsigned c = 0; c < channels; c++) {
			const size_t at = i * channels + c;
			uint32_t level = limited(chunk->result[i][c], most);

			if (wide)
				to_16[at] = c == 3 ? from_16[at] : (ivp_level16)level;
			else
				to_8[at] = c == 3 ? from_8[at] : (uint8_t)level;
		}
}

IVP_INLINE void convert_row(const struct ivp_cube *cube, const uint8_t *from, uint8_t *to, size_t n,
			    const unsigned channels, const bool wide)
{
	const size_t pixel = (size_t)channels << wide;
	const float most = wide ? 65535 : 255;
	struct chunk chunk;

	memset(&chunk, 0, sizeof(chunk));
	for (size_t i = 0; i < n; i += CHUNK) {
		const size_t count = n - i < CHUNK ? n - i : CHUNK;

		load(from + i * pixel, count, channels, wide, &chunk);
		find_places(cube, most, &chunk);
		mix(cube, most, &chunk);
		store(&chunk, from + i * pixel, to + i * pixel, count, channels, wide);
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct lut *lut = self;
	const struct ivp_cube *cube = lut->file.parsed;
	const size_t width = in->shape.width;

	if (!cube || cube->dimensions == 1 || ivp_format_channels(in->shape.format) == 1) {
		ivp_tone_apply(self, in, out, rows, scratch);
		return;
	}
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (in->shape.format == IVP_FORMAT_RGB8)
			convert_row(cube, from, to, width, 3, false);
		else if (in->shape.format == IVP_FORMAT_RGBA8)
			convert_row(cube, from, to, width, 4, false);
		else if (in->shape.format == IVP_FORMAT_RGB16)
			convert_row(cube, from, to, width, 3, true);
		else
			convert_row(cube, from, to, width, 4, true);
	}
}

/* A curve of one dimension, or the diagonal of three: a share to one of colour. */
static double curve_of(const struct ivp_cube *cube, double share, unsigned colour)
{
	const size_t step =
	    cube->dimensions == 1 ? 1 : 1 + (size_t)cube->side + (size_t)cube->side * cube->side;
	double at = (share - cube->low[colour]) * cube->scale[colour];
	size_t cell;

	at = at > 0 ? at : 0;
	at = at < cube->side - 1 ? at : cube->side - 1;
	cell = (size_t)at < cube->side - 1 ? (size_t)at : cube->side - 2;
	at -= (double)cell;
	return cube->values[cell * step][colour] * (1 - at) +
	       cube->values[(cell + 1) * step][colour] * at;
}

struct curve {
	const struct ivp_cube *cube;
	unsigned colour; /* 3: the luma of all */
};

static double curve(const void *self, double share)
{
	const struct curve *curve = self;

	if (!curve->cube)
		return share;
	if (curve->colour < 3)
		return curve_of(curve->cube, share, curve->colour);
	return 0.299 * curve_of(curve->cube, share, 0) + 0.587 * curve_of(curve->cube, share, 1) +
	       0.114 * curve_of(curve->cube, share, 2);
}

static unsigned table(const void *self, const struct ivp_shape *in, unsigned colour, void *table)
{
	const struct lut *lut = self;
	const struct ivp_cube *cube = lut->file.parsed;
	const bool gray = ivp_format_channels(in->format) == 1;
	const struct curve wanted = {cube, gray ? 3 : colour};

	if (cube && cube->dimensions == 3 && !gray)
		return 0;
	if (table)
		ivp_tone_fill(in, table, curve, &wanted);
	return !cube || gray || cube->one ? 1 : 3;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	(void)out;
	if (table(self, in, 0, NULL) > 0)
		ivp_tone_prepare(table, self, in, scratch);
}

const struct ivp_filter ivp_filter_lut = {
    .name = "lut",
    .summary = "takes colours through a look-up table from a file",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct lut),
    .params = params,
    .need = ivp_need_same_rows,
    .scratch_bytes = ivp_tone_scratch,
    .prepare = prepare,
    .apply = apply,
    .table = table,
    .look_up = ivp_tone_apply,
};
