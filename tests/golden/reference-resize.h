/* SPDX-License-Identifier: MIT */
/* What resize is measured against: the definitions of its kernels, in double precision. */
#ifndef IVP_TESTS_GOLDEN_REFERENCE_RESIZE_H
#define IVP_TESTS_GOLDEN_REFERENCE_RESIZE_H

#include "golden/reference.h"

static const char *const reference_kernels[] = {"nearest",     "box",      "bilinear", "bicubic",
						"catmull-rom", "mitchell", "lanczos2", "lanczos3"};

static inline double sinc(double x)
{
	return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x);
}

static inline double kernel_at(size_t kernel, double x)
{
	x = fabs(x);
	if (kernel == 2)
		return fmax(0, 1 - x);
	if (kernel == 5)
		return x < 1   ? (7 * x * x * x - 12 * x * x + 16 / 3.0) / 6
		       : x < 2 ? (-7 / 3.0 * x * x * x + 12 * x * x - 20 * x + 32 / 3.0) / 6
			       : 0;
	if (kernel == 6)
		return x < 2 ? sinc(x) * sinc(x / 2) : 0;
	if (kernel == 3 || kernel == 4)
		return x < 1   ? 1.5 * x * x * x - 2.5 * x * x + 1
		       : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2
			       : 0;
	return x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

/* How much source pixel i of in counts for pixel o of whole, not scaled. */
static inline double weight(size_t kernel, size_t in, size_t whole, size_t o, size_t i)
{
	double ratio = (double)in / (double)whole, from = (double)o * ratio;
	double at = (double)i, centre = ((double)o + 0.5) * ratio;

	if (kernel == 0)
		return i == (size_t)centre;
	if (kernel == 1)
		return fmax(0, fmin(at + 1, from + ratio) - fmax(at, from));
	return kernel_at(kernel, (at + 0.5 - centre) / fmax(1, ratio));
}

/* in resampled along x to the window [offset, offset + width) of whole pixels, then turned. */
static inline struct samples reference_axis(const struct samples *in, size_t kernel, size_t whole,
					    size_t offset, size_t width)
{
	struct samples out = samples_make(in->height, width, in->channels);

	for (size_t o = 0; o < width; o++) {
		double total = 0;

		for (size_t i = 0; i < in->width; i++)
			total += weight(kernel, in->width, whole, o + offset, i);
		for (size_t i = 0; i < in->width; i++) {
			double w = weight(kernel, in->width, whole, o + offset, i) / total;

			for (size_t y = 0; w != 0 && y < in->height; y++)
				for (size_t c = 0; c < in->channels; c++)
					sample(&out, y, o)[c] += sample(in, i, y)[c] * w;
		}
	}
	return out;
}

#endif
