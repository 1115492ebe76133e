/* SPDX-License-Identifier: MIT */
/*
 * The weights of a resampling along one direction, in double, rounded to float at the end.
 * Memory: 2 * radius * ratio weights for each result pixel, or 2 * radius for each source pixel.
 */
#include <math.h>

#include "exact.h"
#include "resample.h"

/* Of the kernel at ratio 1. Box is not sampled but integrated: radius is half a pixel of each. */
static double radius_of(unsigned kernel)
{
	static const double radius[] = {
	    [IVP_KERNEL_NEAREST] = 0, [IVP_KERNEL_BOX] = 0.5,    [IVP_KERNEL_BILINEAR] = 1,
	    [IVP_KERNEL_BICUBIC] = 2, [IVP_KERNEL_MITCHELL] = 2, [IVP_KERNEL_LANCZOS2] = 2,
	    [IVP_KERNEL_LANCZOS3] = 3};

	return radius[kernel];
}

static double sinc(double x)
{
	return x == 0 ? 1 : ivp_exact_sinpi(x) / (3.141592653589793 * x);
}

static double kernel_at(unsigned kernel, double x)
{
	x = fabs(x);
	switch (kernel) {
	case IVP_KERNEL_BILINEAR:
		return x < 1 ? 1 - x : 0;
	case IVP_KERNEL_BICUBIC:
		if (x < 1)
			return (1.5 * x - 2.5) * x * x + 1;
		return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
	case IVP_KERNEL_MITCHELL:
		if (x < 1)
			return ((7 * x - 12) * x * x + 16.0 / 3) / 6;
		return x < 2 ? (((-7.0 / 3 * x + 12) * x - 20) * x + 32.0 / 3) / 6 : 0;
	case IVP_KERNEL_LANCZOS2:
		return x < 2 ? sinc(x) * sinc(x / 2) : 0;
	default:
		return x < 3 ? sinc(x) * sinc(x / 3) : 0;
	}
}

/* The length that [i, i + 1) and [low, high) share. */
static double overlap(double i, double low, double high)
{
	double from = i > low ? i : low, to = i + 1 < high ? i + 1 : high;

	return to > from ? to - from : 0;
}

/* The first source pixel that counts for a result pixel, and the one behind the last. */
static void find_span(const struct ivp_axis *axis, uint32_t index, double *first, double *end)
{
	const double ratio = (double)axis->in / axis->whole;
	const double place = (double)index + axis->offset, centre = (place + 0.5) * ratio;
	const double radius = radius_of(axis->kernel) * (ratio > 1 ? ratio : 1);
	double low = ceil(centre - radius - 0.5), high = floor(centre + radius - 0.5) + 1;

	if (axis->kernel == IVP_KERNEL_BOX) {
		low = floor(place * ratio);
		high = ceil((place + 1) * ratio);
	}
	low = low < 0 ? 0 : low > axis->in - 1.0 ? axis->in - 1.0 : low;
	high = high > axis->in ? axis->in : high < low + 1 ? low + 1 : high;
	if (axis->kernel == IVP_KERNEL_NEAREST) {
		low = floor(centre) > axis->in - 1.0 ? axis->in - 1.0 : floor(centre);
		high = low + 1;
	}
	*first = low;
	*end = high;
}

uint32_t ivp_axis_need(const struct ivp_axis *axis, uint32_t end)
{
	double low, high;

	find_span(axis, end - 1, &low, &high);
	return (uint32_t)high;
}

static void fill_pixel(const struct ivp_axis *axis, uint32_t index)
{
	const double ratio = (double)axis->in / axis->whole;
	const double widen = ratio > 1 ? ratio : 1;
	const double place = (double)index + axis->offset, centre = (place + 0.5) * ratio;
	double low, high, total = 0;
	float *weights = axis->weights + (size_t)index * axis->most;
	uint32_t first, count;

	find_span(axis, index, &low, &high);
	first = (uint32_t)low;
	count = (uint32_t)(high - low);
	count = count > axis->most ? axis->most : count;
	for (unsigned pass = 0; pass < 2; pass++) {
		double sum = 0;

		for (uint32_t k = 0; k < count; k++) {
			double at = low + k, weight;

			if (count == 1)
				weight = 1;
			else if (axis->kernel == IVP_KERNEL_BOX)
				weight = overlap(at, place * ratio, (place + 1) * ratio);
			else
				weight = kernel_at(axis->kernel, (at + 0.5 - centre) / widen);
			sum += weight;
			weights[k] = pass ? (float)(weight / total) : 0;
		}
		total = sum;
	}
	axis->first[index] = first;
	axis->count[index] = count;
}

void ivp_axis_prepare(struct ivp_axis *axis, struct ivp_carve *carve)
{
	double ratio = (double)axis->in / axis->whole;
	double most = 2 * radius_of(axis->kernel) * (ratio > 1 ? ratio : 1) + 2;

	axis->most = most < axis->in ? (uint32_t)ceil(most) : axis->in;
	axis->first = ivp_carve(carve, axis->out * sizeof(uint32_t));
	axis->count = ivp_carve(carve, axis->out * sizeof(uint32_t));
	axis->weights = ivp_carve(carve, (size_t)axis->out * axis->most * sizeof(float));
	if (!carve->base)
		return;
	for (uint32_t i = 0; i < axis->out; i++)
		fill_pixel(axis, i);
}
