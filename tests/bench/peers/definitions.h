/* SPDX-License-Identifier: MIT */
/*
 * Filters by their definitions, in double precision, for a part of the result: what the results of
 * all peers are compared with. Blur and resize are those of the golden tests.
 *
 * Levels are those of the format. Samples with alpha come premultiplied where definitions mix
 * pixels, unless alpha is taken for one more channel, as some peers do.
 */
#ifndef IVP_BENCH_DEFINITIONS_H
#define IVP_BENCH_DEFINITIONS_H

#include "golden/reference-resize.h"
#include "peer.h"

/* A part of the result. */
struct window {
	size_t x, y, width, height;
};

struct definition {
	const char *filter;
	enum {
		MIXES, /* pixels, premultiplied */
		TONES, /* colours; alpha stays */
		MOVES, /* pixels, as they are */
		PLAIN, /* defined here only where alpha, if any, is one more channel */
	} kind;
	/* What one level takes of work, for windows that shrink with it; NULL: little. */
	double (*cost)(const struct peer_job *job);
	/* Sets the samples of out, which has the window's size. Returns false if it has no
	 * definition for such settings. */
	bool (*define)(const struct samples *in, const struct peer_job *job, struct window window,
		       struct samples *out);
};

static inline double most_level(const struct peer_job *job)
{
	return job->in.bits == 16 ? 65535 : 255;
}

/* The level at a place, beyond the border that of the nearest pixel. */
static inline double level_near(const struct samples *in, int64_t x, int64_t y, size_t c)
{
	return sample(in, (size_t)border_index(x, (int64_t)in->width, false),
		      (size_t)border_index(y, (int64_t)in->height, false))[c];
}

/* Both directions of a symmetric kernel. */
static inline bool define_kernel(const struct samples *in, const double *weights, int64_t radius,
				 struct window window, struct samples *out)
{
	struct samples turned =
	    reference_kernel(in, weights, radius, false, window.x, window.width);

	free(out->at);
	*out = reference_kernel(&turned, weights, radius, false, window.y, window.height);
	free(turned.at);
	return true;
}

static inline bool define_gauss(const struct samples *in, const struct peer_job *job,
				struct window window, struct samples *out)
{
	int64_t radius;
	double *weights = reference_gauss_weights(peer_real(job, "sigma", 2), &radius);

	define_kernel(in, weights, radius, window, out);
	free(weights);
	return peer_is(job, "border", "replicate", "replicate");
}

static inline bool define_box(const struct samples *in, const struct peer_job *job,
			      struct window window, struct samples *out)
{
	const int radius = peer_int(job, "radius", 2);
	double *weights = calloc((size_t)radius + 1, sizeof(double));

	assert_non_null(weights);
	for (int k = 0; k <= radius; k++)
		weights[k] = 1;
	define_kernel(in, weights, radius, window, out);
	free(weights);
	return true;
}

/* x + amount * (x - blurred), of straight colours; alpha stays. */
static inline bool define_sharpen(const struct samples *in, const struct peer_job *job,
				  struct window window, struct samples *out)
{
	const double amount = peer_real(job, "amount", 1);

	if (job->in.channels == 4 || peer_real(job, "threshold", 0) != 0)
		return false;
	define_gauss(in, job, window, out);
	for (size_t y = 0; y < window.height; y++)
		for (size_t x = 0; x < window.width; x++)
			for (size_t c = 0; c < in->channels; c++) {
				double level = sample(in, window.x + x, window.y + y)[c];
				double *to = sample(out, x, y) + c;

				*to = level + amount * (level - *to);
			}
	return true;
}

static inline bool define_convolve(const struct samples *in, const struct peer_job *job,
				   struct window window, struct samples *out)
{
	double weights[32 * 32];
	const int count = peer_list(job, "kernel", weights, 32 * 32);
	const int width = peer_kernel_width(job, count), height = count / width;
	const double divisor = peer_divisor(job, weights, count);

	for (size_t y = 0; y < window.height; y++)
		for (size_t x = 0; x < window.width; x++)
			for (size_t c = 0; c < in->channels; c++) {
				double sum = 0;

				for (int k = 0; k < count; k++)
					sum +=
					    weights[k] *
					    level_near(
						in, (int64_t)(window.x + x) + k % width - width / 2,
						(int64_t)(window.y + y) + k / width - height / 2,
						c);
				sample(out, x, y)[c] = sum / divisor + peer_real(job, "offset", 0);
			}
	return true;
}

/* Weights for distance and difference; colours differ by the root of the sum of squares. */
static inline bool define_bilateral(const struct samples *in, const struct peer_job *job,
				    struct window window, struct samples *out)
{
	const int radius = peer_int(job, "radius", 4);
	const double sigma = peer_real(job, "sigma", 2);
	const double range = peer_real(job, "range", 30) * most_level(job) / 255;

	for (size_t y = 0; y < window.height; y++)
		for (size_t x = 0; x < window.width; x++) {
			const int64_t at_x = (int64_t)(window.x + x),
				      at_y = (int64_t)(window.y + y);
			double total = 0, *to = sample(out, x, y);

			for (int v = -radius; v <= radius; v++)
				for (int u = -radius; u <= radius; u++) {
					double squares = 0, weight;

					for (size_t c = 0; c < in->channels; c++)
						squares +=
						    pow(level_near(in, at_x + u, at_y + v, c) -
							    level_near(in, at_x, at_y, c),
							2);
					weight = exp(-(u * u + v * v) / (2 * sigma * sigma) -
						     squares / (2 * range * range));
					if (u * u + v * v > radius * radius)
						continue;
					total += weight;
					for (size_t c = 0; c < in->channels; c++)
						to[c] +=
						    weight * level_near(in, at_x + u, at_y + v, c);
				}
			for (size_t c = 0; c < in->channels; c++)
				to[c] /= total;
		}
	return true;
}

static inline bool define_resize(const struct samples *in, const struct peer_job *job,
				 struct window window, struct samples *out)
{
	const char *word = peer_text(job, "kernel", "lanczos3");
	struct samples turned;
	size_t kernel = 0;

	while (strcmp(reference_kernels[kernel], word) != 0)
		if (++kernel == count_of(reference_kernels))
			return false;
	turned = reference_axis(in, kernel, job->out.width, window.x, window.width);
	free(out->at);
	*out = reference_axis(&turned, kernel, job->out.height, window.y, window.height);
	free(turned.at);
	return !peer_is(job, "mode", "", "fill") && !peer_is(job, "mode", "", "cover") &&
	       !peer_is(job, "linear", "no", "yes");
}

/* The definitions below say each level of the result by itself. */
typedef double level_of(const struct samples *in, const struct peer_job *job, int64_t x, int64_t y,
			size_t c);

static inline bool define_levels(const struct samples *in, const struct peer_job *job,
				 struct window window, struct samples *out, level_of *level)
{
	for (size_t y = 0; y < window.height; y++)
		for (size_t x = 0; x < window.width; x++)
			for (size_t c = 0; c < out->channels; c++)
				sample(out, x, y)[c] = level(in, job, (int64_t)(window.x + x),
							     (int64_t)(window.y + y), c);
	return true;
}

static inline double laplacian_level(const struct samples *in, const struct peer_job *job,
				     int64_t x, int64_t y, size_t c)
{
	const bool sides = !peer_is(job, "kernel", "sides", "corners");
	const bool corners = !peer_is(job, "kernel", "sides", "sides");
	double sum = 0;

	for (int v = -1; v <= 1; v++)
		for (int u = -1; u <= 1; u++) {
			const double weight = u && v ? (sides ? corners : 2) : sides;

			sum += weight * (level_near(in, x + u, y + v, c) - level_near(in, x, y, c));
		}
	return fabs(sum) * peer_real(job, "scale", 1);
}

static inline double sobel_level(const struct samples *in, const struct peer_job *job, int64_t x,
				 int64_t y, size_t c)
{
	const char *measure = peer_text(job, "measure", "l2");
	double dx = 0, dy = 0, size;

	for (int k = -1; k <= 1; k++) {
		const int weight = 2 - abs(k);

		dx += weight * (level_near(in, x + 1, y + k, c) - level_near(in, x - 1, y + k, c));
		dy += weight * (level_near(in, x + k, y + 1, c) - level_near(in, x + k, y - 1, c));
	}
	size = strcmp(measure, "l2") == 0   ? hypot(dx, dy)
	       : strcmp(measure, "l1") == 0 ? fabs(dx) + fabs(dy)
	       : strcmp(measure, "x") == 0  ? fabs(dx)
					    : fabs(dy);
	return size * peer_real(job, "scale", 1);
}

/* The square of a median, the rectangle of erode and dilate. */
static inline void rank_sides(const struct peer_job *job, int *width, int *height)
{
	const bool median = strcmp(job->filter, "median") == 0;

	*width = *height = 2 * peer_int(job, "radius", 1) + 1;
	if (!median) {
		*width = peer_int(job, "width", 3);
		*height = peer_int(job, "height", 3);
	}
}

static inline double rank_cost(const struct peer_job *job)
{
	int width, height;

	rank_sides(job, &width, &height);
	return (double)width * height;
}

static inline int by_level(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The level of a rank, 0 to 1, in the rectangle of odd sides around a pixel. */
static inline double rank_level(const struct samples *in, const struct peer_job *job, int64_t x,
				int64_t y, size_t c, double rank)
{
	const size_t count = (size_t)rank_cost(job);
	static double *levels;
	int width, height;
	size_t n = 0;

	rank_sides(job, &width, &height);
	levels = realloc(levels, count * sizeof(*levels));
	assert_non_null(levels);
	for (int v = -(height / 2); v <= height / 2; v++)
		for (int u = -(width / 2); u <= width / 2; u++)
			levels[n++] = level_near(in, x + u, y + v, c);
	qsort(levels, count, sizeof(*levels), by_level);
	return levels[(size_t)((double)(count - 1) * rank)];
}

static inline double median_level(const struct samples *in, const struct peer_job *job, int64_t x,
				  int64_t y, size_t c)
{
	return rank_level(in, job, x, y, c, 0.5);
}

static inline double least_level(const struct samples *in, const struct peer_job *job, int64_t x,
				 int64_t y, size_t c)
{
	return rank_level(in, job, x, y, c, 0);
}

static inline double greatest_level(const struct samples *in, const struct peer_job *job, int64_t x,
				    int64_t y, size_t c)
{
	return rank_level(in, job, x, y, c, 1);
}

static inline double gray_level(const struct samples *in, const struct peer_job *job, int64_t x,
				int64_t y, size_t c)
{
	const bool bt709 = peer_is(job, "luma", "rec601", "rec709");
	const double *pixel = sample(in, (size_t)x, (size_t)y);

	if (c == 3 || in->channels < 3)
		return pixel[c];
	return pixel[0] * (bt709 ? 0.2126 : 0.299) + pixel[1] * (bt709 ? 0.7152 : 0.587) +
	       pixel[2] * (bt709 ? 0.0722 : 0.114);
}

static inline double inverted_level(const struct samples *in, const struct peer_job *job, int64_t x,
				    int64_t y, size_t c)
{
	return most_level(job) - sample(in, (size_t)x, (size_t)y)[c];
}

static inline double gamma_level(const struct samples *in, const struct peer_job *job, int64_t x,
				 int64_t y, size_t c)
{
	const double most = most_level(job);

	return most *
	       pow(sample(in, (size_t)x, (size_t)y)[c] / most, 1 / peer_real(job, "gamma", 1));
}

static inline double contrast_level(const struct samples *in, const struct peer_job *job, int64_t x,
				    int64_t y, size_t c)
{
	const double most = most_level(job), level = sample(in, (size_t)x, (size_t)y)[c];

	return (level - most / 2) * peer_real(job, "contrast", 1) + most / 2 +
	       most * peer_real(job, "brightness", 0) / 100;
}

static inline double threshold_level(const struct samples *in, const struct peer_job *job,
				     int64_t x, int64_t y, size_t c)
{
	const double most = most_level(job);

	return sample(in, (size_t)x, (size_t)y)[c] * 100 >= peer_real(job, "level", 50) * most
		   ? most
		   : 0;
}

/* Where the pixel at x, y of the result comes from. */
static inline double moved_level(const struct samples *in, const struct peer_job *job, int64_t x,
				 int64_t y, size_t c)
{
	const int64_t right = (int64_t)in->width - 1, bottom = (int64_t)in->height - 1;
	const char *angle = peer_text(job, "angle", "90");
	const char *direction = peer_text(job, "direction", "horizontal");
	int64_t u = x, v = y;

	if (strcmp(job->filter, "flip") == 0) {
		u = strcmp(direction, "vertical") != 0 ? right - x : x;
		v = strcmp(direction, "horizontal") != 0 ? bottom - y : y;
	} else if (strcmp(job->filter, "transpose") == 0) {
		const bool main = peer_is(job, "diagonal", "main", "main");

		u = main ? y : right - y;
		v = main ? x : bottom - x;
	} else if (strcmp(job->filter, "rotate") == 0) {
		u = strcmp(angle, "90") == 0    ? y
		    : strcmp(angle, "180") == 0 ? right - x
						: right - y;
		v = strcmp(angle, "90") == 0    ? bottom - x
		    : strcmp(angle, "180") == 0 ? bottom - y
						: x;
	} else if (strcmp(job->filter, "crop") == 0) {
		/* With gravity in the centre, which is what is measured. */
		u += ((int64_t)in->width - (int64_t)job->out.width) / 2;
		v += ((int64_t)in->height - (int64_t)job->out.height) / 2;
	}
	return sample(in, (size_t)u, (size_t)v)[c];
}

#define DEFINE(name)                                                                               \
	static inline bool define_##name(const struct samples *in, const struct peer_job *job,     \
					 struct window window, struct samples *out)                \
	{                                                                                          \
		return define_levels(in, job, window, out, name##_level);                          \
	}
DEFINE(laplacian)
DEFINE(sobel)
DEFINE(median)
DEFINE(least)
DEFINE(greatest)
DEFINE(gray)
DEFINE(inverted)
DEFINE(gamma)
DEFINE(contrast)
DEFINE(moved)

static inline bool define_threshold(const struct samples *in, const struct peer_job *job,
				    struct window window, struct samples *out)
{
	return peer_is(job, "method", "fixed", "fixed") &&
	       define_levels(in, job, window, out, threshold_level);
}

static const struct definition definitions[] = {
    {"gaussian-blur", MIXES, NULL, define_gauss},
    {"box-blur", MIXES, NULL, define_box},
    {"sharpen", MIXES, NULL, define_sharpen},
    {"resize", MIXES, NULL, define_resize},
    {"laplacian", PLAIN, NULL, define_laplacian},
    {"convolve", PLAIN, NULL, define_convolve},
    {"bilateral", PLAIN, NULL, define_bilateral},
    {"sobel", PLAIN, NULL, define_sobel},
    {"median", PLAIN, rank_cost, define_median},
    {"erode", PLAIN, rank_cost, define_least},
    {"dilate", PLAIN, rank_cost, define_greatest},
    {"grayscale", TONES, NULL, define_gray},
    {"invert", TONES, NULL, define_inverted},
    {"gamma", TONES, NULL, define_gamma},
    {"brightness-contrast", TONES, NULL, define_contrast},
    {"threshold", TONES, NULL, define_threshold},
    {"copy", MOVES, NULL, define_moved},
    {"crop", MOVES, NULL, define_moved},
    {"flip", MOVES, NULL, define_moved},
    {"rotate", MOVES, NULL, define_moved},
    {"transpose", MOVES, NULL, define_moved},
};

#endif
