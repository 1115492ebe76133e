/* SPDX-License-Identifier: MIT */
/*
 * Bilateral filter (Tomasi and Manduchi 1998): every pixel becomes the mean of those within radius
 * of it, weighted by exp(-(distance)^2 / (2 sigma^2)) * exp(-(difference)^2 / (2 range^2)), where
 * the difference of two colours is the root of the sum of the squares of their channels'. So it
 * smooths, but not across edges. Float, one order of additions; error below 0.51 levels.
 *
 * Alpha: pixels are premultiplied, alpha is one more channel, colour = C / A.
 */
#include <math.h>

#include <ivpipe/filter.h>

#include "alpha.h"
#include "fast-exp.h"
#include "format.h"
#include "need.h"
#include "window.h"

#define MOST_RADIUS 20
#define MOST_PAIRS  (2 * MOST_RADIUS * (MOST_RADIUS + 1))
#define CHUNK       256 /* pixels */

struct bilateral {
	int radius;
	double sigma, range;
	unsigned border;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct bilateral, radius, .min = 1, .max = MOST_RADIUS, .def = 4, .unit = "px",
	      .help = "how far away pixels still count"),
    IVP_PARAM(struct bilateral, sigma, .min = 0.3, .max = 200, .def = 2, .unit = "px",
	      .help = "standard deviation of the weights for distance"),
    IVP_PARAM(struct bilateral, range, .min = 0.5, .max = 1000, .def = 30,
	      .help = "standard deviation of the weights for difference, in levels of 255"),
    IVP_PARAM(struct bilateral, border, .choices = ivp_border_words, .def = IVP_BORDER_REPLICATE,
	      .help = IVP_BORDER_HELP),
    {0},
};

/* Pixels on opposite sides of the middle one. */
struct pair {
	int dx, dy;
	float exponent; /* -log2 of the weight for their distance */
};

struct bilateral_scratch {
	struct ivp_window *window;
	float exponent; /* -log2 of the weight for a difference of 1 */
	unsigned pairs;
	struct pair pair[MOST_PAIRS];
};

/* A plane of floats for each channel. */
static void load_planes(const struct ivp_shape *shape, const void *pixels, void *to, size_t plane)
{
	const size_t channels = ivp_format_channels(shape->format), width = shape->width;
	const float most = (float)ivp_most_level(shape->format);
	const uint8_t *restrict bytes = pixels;
	const uint16_t *restrict words = pixels;
	uint8_t *planes = to;

	for (size_t c = 0; c < channels; c++) {
		float *restrict out = (float *)(planes + c * plane);

		if (ivp_is_wide(shape->format))
			for (size_t x = 0; x < width; x++)
				out[x] = words[x * channels + c];
		else
			for (size_t x = 0; x < width; x++)
				out[x] = bytes[x * channels + c];
	}
	for (size_t c = 0; c < 3 && ivp_has_alpha(shape->format); c++) {
		const float *restrict alpha = (const float *)(planes + 3 * plane);
		float *restrict out = (float *)(planes + c * plane);

		for (size_t x = 0; x < width; x++)
			out[x] = out[x] * alpha[x] / most;
	}
}

static struct ivp_window wanted(const struct bilateral *bilateral, const struct ivp_shape *in)
{
	return (struct ivp_window){.shape = *in,
				   .border = bilateral->border,
				   .reach_x = (uint32_t)bilateral->radius,
				   .reach_y = (uint32_t)bilateral->radius,
				   .pixel_bytes = sizeof(float),
				   .planes = ivp_format_channels(in->format),
				   .load = load_planes};
}

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct bilateral *bilateral = self;

	(void)out;
	return ivp_need_around(in, end, (uint32_t)bilateral->radius);
}

static struct bilateral_scratch *lay_out(const struct bilateral *bilateral,
					 const struct ivp_shape *in, struct ivp_carve *carve)
{
	struct bilateral_scratch *all = ivp_carve(carve, sizeof(*all));
	const struct ivp_window window = wanted(bilateral, in);
	struct ivp_window *made = ivp_window_make(carve, &window);

	if (all)
		all->window = made;
	return all;
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	struct ivp_carve carve = {0};

	(void)out;
	lay_out(self, in, &carve);
	return carve.used;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	const struct bilateral *bilateral = self;
	const double range = bilateral->range * (ivp_is_wide(in->format) ? 257 : 1);
	const int radius = bilateral->radius;
	struct bilateral_scratch *all =
	    lay_out(bilateral, in, &(struct ivp_carve){.base = scratch});

	(void)out;
	all->exponent = (float)(IVP_LOG2_E / (2 * range * range));
	all->pairs = 0;
	for (int dy = 0; dy <= radius; dy++)
		for (int dx = dy ? -radius : 1; dx <= radius; dx++) {
			const int square = dx * dx + dy * dy;
			const double weight =
			    IVP_LOG2_E * square / (2 * bilateral->sigma * bilateral->sigma);

			if (square <= radius * radius)
				all->pair[all->pairs++] = (struct pair){dx, dy, (float)weight};
		}
}

struct sums {
	float weight[CHUNK], of[4][CHUNK];
};

/* Adds two pixels for each of n; channels is a constant wherever this is inlined. */
IVP_INLINE void add_pair(unsigned channels, const float *const *middle, const float *const *ahead,
			 const float *const *behind, float distance, float exponent,
			 struct sums *restrict sums, size_t n)
{
	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++) {
		float a = 0, b = 0;

		for (unsigned c = 0; c < channels; c++) {
			const float da = ahead[c][i] - middle[c][i];
			const float db = behind[c][i] - middle[c][i];

			a += da * da;
			b += db * db;
		}
		a = ivp_exp2_minus(a * exponent + distance);
		b = ivp_exp2_minus(b * exponent + distance);
		sums->weight[i] += a + b;
		for (unsigned c = 0; c < channels; c++)
			sums->of[c][i] += a * ahead[c][i] + b * behind[c][i];
	}
}

/* The n pixels from x on of the row in the middle of rows. */
static void sum_chunk(const struct bilateral_scratch *all, const void *const *rows, size_t x,
		      size_t n, struct sums *sums)
{
	const unsigned channels = all->window->planes;
	const float *middle[4], *ahead[4], *behind[4];

	IVP_ASSUME(channels == 1 || channels == 3 || channels == 4);
	for (size_t i = 0; i < n; i++)
		sums->weight[i] = 1;
	for (unsigned c = 0; c < channels; c++) {
		middle[c] = (const float *)((const uint8_t *)rows[0] + c * all->window->plane) + x;
		memcpy(sums->of[c], middle[c], n * sizeof(float));
	}
	for (unsigned k = 0; k < all->pairs; k++) {
		const struct pair *pair = &all->pair[k];

		for (unsigned c = 0; c < channels; c++) {
			const size_t plane = c * all->window->plane;

			ahead[c] =
			    (const float *)((const uint8_t *)rows[pair->dy] + plane) + x + pair->dx;
			behind[c] = (const float *)((const uint8_t *)rows[-pair->dy] + plane) + x -
				    pair->dx;
		}
		if (channels == 1)
			add_pair(1, middle, ahead, behind, pair->exponent, all->exponent, sums, n);
		else if (channels == 3)
			add_pair(3, middle, ahead, behind, pair->exponent, all->exponent, sums, n);
		else
			add_pair(4, middle, ahead, behind, pair->exponent, all->exponent, sums, n);
	}
}

/* sums to levels of most; what is divided is at most most times the divisor. */
static void store_chunk(struct sums *sums, size_t n, unsigned channels, bool wide, uint8_t *to)
{
	const float most = wide ? 65535 : 255;
	uint16_t *words = (uint16_t *)to;

	for (unsigned c = 0; c < channels; c++) {
		const bool colour = channels == 4 && c < 3;
		const float *divisor = colour ? sums->of[3] : sums->weight;
		int32_t levels[CHUNK];

		for (size_t i = 0; i < n; i++) {
			/* No alpha at all: any divisor will do, colours are 0. */
			const float by = divisor[i] + (float)(divisor[i] <= 0);
			const float level = sums->of[c][i] / by * (colour ? most : 1);
			const int32_t rounded = (int32_t)(level + 0.5f);

			levels[i] = rounded < (int32_t)most ? rounded : (int32_t)most;
		}
		for (size_t i = 0; i < n && colour; i++)
			levels[i] &= -(sums->of[3][i] >= 0.5f * sums->weight[i]);
		if (wide)
			for (size_t i = 0; i < n; i++)
				words[i * channels + c] = (uint16_t)levels[i];
		else
			for (size_t i = 0; i < n; i++)
				to[i * channels + c] = (uint8_t)levels[i];
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct bilateral *bilateral = self;
	const struct bilateral_scratch *all = scratch;
	const size_t width = in->shape.width, pixel = ivp_format_pixel_bytes(in->shape.format);

	if (!rows.go_on)
		ivp_window_start(all->window, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const void *const *around = ivp_window_rows(all->window, in, y) + bilateral->radius;

		for (size_t x = 0; x < width; x += CHUNK) {
			const size_t n = width - x < CHUNK ? width - x : CHUNK;
			struct sums sums;

			sum_chunk(all, around, x, n, &sums);
			store_chunk(&sums, n, all->window->planes, ivp_is_wide(in->shape.format),
				    out->pixels + y * out->stride + x * pixel);
		}
	}
}

const struct ivp_filter ivp_filter_bilateral = {
    .name = "bilateral",
    .summary = "smooths, but not across edges",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct bilateral),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
