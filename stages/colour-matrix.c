/* SPDX-License-Identifier: MIT */
/*
 * Colour matrix: each colour of the result is a weighted sum of the three that were, and a
 * constant. The weights given come first, then saturation, hue and sepia, each a matrix of its own
 * (W3C, "Filter Effects Module Level 1", saturate, hue-rotate and sepia; luma by Rec. 709): the
 * product of all is one matrix, in single precision, and the result is limited and rounded once.
 * A gray image has three equal colours and becomes one of three.
 */
#include <ivpipe/filter.h>

#include "exact.h"
#include "need.h"
#include "rows.h"
#include "tone.h"

struct colour_matrix {
	double rr, rg, rb, r, gr, gg, gb, g, br, bg, bb, b;
	double saturation, hue, sepia;
};

#define WEIGHT(field, value, text)                                                                 \
	IVP_PARAM(struct colour_matrix, field, .min = -8, .max = 8, .def = (value), .help = (text))
#define CONSTANT(field, text)                                                                      \
	IVP_PARAM(struct colour_matrix, field, .min = -100, .max = 100, .unit = "%", .help = (text))

static const struct ivp_param params[] = {
    IVP_PARAM(struct colour_matrix, saturation, .min = 0, .max = 10, .def = 1,
	      .help = "factor of colourfulness: 0 is gray, 1 changes nothing"),
    IVP_PARAM(struct colour_matrix, hue, .min = -360, .max = 360, .def = 0, .unit = "deg",
	      .help = "turns all hues, red towards green"),
    IVP_PARAM(struct colour_matrix, sepia, .min = 0, .max = 100, .def = 0, .unit = "%",
	      .help = "how much of the brown of old photographs"),
    WEIGHT(rr, 1, "how much red of the result is of red"),
    WEIGHT(rg, 0, "how much red is of green"),
    WEIGHT(rb, 0, "how much red is of blue"),
    CONSTANT(r, "what is added to red"),
    WEIGHT(gr, 0, "how much green is of red"),
    WEIGHT(gg, 1, "how much green is of green"),
    WEIGHT(gb, 0, "how much green is of blue"),
    CONSTANT(g, "what is added to green"),
    WEIGHT(br, 0, "how much blue is of red"),
    WEIGHT(bg, 0, "how much blue is of green"),
    WEIGHT(bb, 1, "how much blue is of blue"),
    CONSTANT(b, "what is added to blue"),
    {0},
};

static const double luma[3] = {0.2126, 0.7152, 0.0722};

/* to = by * to; the fourth column of by is 0. */
static void multiply(double by[3][3], double to[3][4])
{
	double product[3][4];

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 4; j++)
			product[i][j] =
			    by[i][0] * to[0][j] + by[i][1] * to[1][j] + by[i][2] * to[2][j];
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 4; j++)
			to[i][j] = product[i][j];
}

static void saturate(double factor, double matrix[3][4])
{
	double by[3][3];

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			by[i][j] = luma[j] * (1 - factor) + (i == j ? factor : 0);
	multiply(by, matrix);
}

static void turn_hue(double degrees, double matrix[3][4])
{
	static const double across[3][3] = {
	    {-0.2126, -0.7152, 0.9278}, {0.143, 0.140, -0.283}, {-0.7874, 0.7152, 0.0722}};
	const double sine = ivp_exact_sinpi(degrees / 180);
	const double cosine = ivp_exact_sinpi(degrees / 180 + 0.5);
	double by[3][3];

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			by[i][j] =
			    luma[j] + cosine * ((i == j ? 1 : 0) - luma[j]) + sine * across[i][j];
	multiply(by, matrix);
}

static void tint(double share, double matrix[3][4])
{
	static const double brown[3][3] = {
	    {0.393, 0.769, 0.189}, {0.349, 0.686, 0.168}, {0.272, 0.534, 0.131}};
	double by[3][3];

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			by[i][j] = brown[i][j] * share + (i == j ? 1 - share : 0);
	multiply(by, matrix);
}

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	(void)self;
	(void)why;
	*out = *in;
	if (in->format == IVP_FORMAT_GRAY8)
		out->format = IVP_FORMAT_RGB8;
	else if (in->format == IVP_FORMAT_GRAY16)
		out->format = IVP_FORMAT_RGB16;
	return 0;
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	(void)self;
	(void)in;
	(void)out;
	return 12 * sizeof(float);
}

/* The constants have the half with them that rounding down needs. */
static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	const struct colour_matrix *wanted = self;
	const double most = ivp_most_level(in->format), part = most / 100;
	double matrix[3][4] = {{wanted->rr, wanted->rg, wanted->rb, wanted->r * part},
			       {wanted->gr, wanted->gg, wanted->gb, wanted->g * part},
			       {wanted->br, wanted->bg, wanted->bb, wanted->b * part}};
	float *weights = scratch;

	(void)out;
	if (wanted->saturation != 1)
		saturate(wanted->saturation, matrix);
	if (wanted->hue != 0)
		turn_hue(wanted->hue, matrix);
	if (wanted->sepia != 0)
		tint(wanted->sepia / 100, matrix);
	for (int i = 0; i < 12; i++)
		weights[i] = (float)(matrix[i / 4][i % 4] + (i % 4 == 3 ? 0.5 : 0));
}

IVP_INLINE uint32_t mix(float r, float g, float b, const float *weights, float most)
{
	float sum = r * weights[0] + g * weights[1] + b * weights[2] + weights[3];

	sum = sum > 0 ? sum : 0;
	sum = sum < most ? sum : most;
	return (uint32_t)(int32_t)sum;
}

/* Red, green and blue of pixel i: pixels, in_8 and in_16 are the same row. */
IVP_INLINE void read_colour(const ivp_pixel *pixels, const uint8_t *in_8, const ivp_level16 *in_16,
			    size_t i, const unsigned channels, const bool wide, float in[3])
{
	for (size_t c = 0; c < 3; c++) {
		const size_t at = i * channels + (channels > 1 ? c : 0);

		if (channels == 4 && !wide)
			in[c] = (float)(int32_t)(pixels[i] >> 8 * c & 255);
		else
			in[c] = (float)(int32_t)(wide ? in_16[at] : in_8[at]);
	}
}

IVP_INLINE void convert_row(const float weights[12], const void *restrict from, void *restrict to,
			    size_t n, const unsigned channels, const bool wide)
{
	const float most = wide ? 65535 : 255;
	const ivp_level16 *restrict in_16 = from;
	const ivp_pixel *restrict pixels = from;
	const uint8_t *restrict in_8 = from;
	const unsigned to_channels = channels == 1 ? 3 : channels;
	ivp_level16 *restrict out_16 = to;
	ivp_pixel *restrict results = to;
	uint8_t *restrict out_8 = to;
	float copy[12];

	for (int i = 0; i < 12; i++)
		copy[i] = weights[i];
	for (size_t i = 0; i < n; i++) {
		float in[3];
		uint32_t out[3];

		read_colour(pixels, in_8, in_16, i, channels, wide, in);
		for (size_t c = 0; c < 3; c++)
			out[c] = mix(in[0], in[1], in[2], copy + 4 * c, most);
		if (channels == 4 && !wide)
			results[i] = out[0] | out[1] << 8 | out[2] << 16 | (pixels[i] & 0xff000000);
		else
			for (size_t c = 0; c < 3; c++)
				if (wide)
					out_16[i * to_channels + c] = (ivp_level16)out[c];
				else
					out_8[i * to_channels + c] = (uint8_t)out[c];
		if (channels == 4 && wide)
			out_16[4 * i + 3] = in_16[4 * i + 3];
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const size_t width = in->shape.width;

	(void)self;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		switch (in->shape.format) {
		case IVP_FORMAT_GRAY8:
			convert_row(scratch, from, to, width, 1, false);
			break;
		case IVP_FORMAT_RGB8:
			convert_row(scratch, from, to, width, 3, false);
			break;
		case IVP_FORMAT_RGBA8:
			convert_row(scratch, from, to, width, 4, false);
			break;
		case IVP_FORMAT_GRAY16:
			convert_row(scratch, from, to, width, 1, true);
			break;
		case IVP_FORMAT_RGB16:
			convert_row(scratch, from, to, width, 3, true);
			break;
		default:
			convert_row(scratch, from, to, width, 4, true);
		}
	}
}

const struct ivp_filter ivp_filter_colour_matrix = {
    .name = "colour-matrix",
    .summary = "mixes the colours of each pixel: saturation, hue, sepia, weights of your own",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct colour_matrix),
    .params = params,
    .shape = shape,
    .need = ivp_need_same_rows,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
