/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <math.h>
#include <string.h>

/* How far, in parts of the largest weight, a real kernel may be from the product of its parts. */
#define SAME 1e-9

static void add_weight(struct ivp_kernel_part *part, bool whole, int dx, int dy, double weight)
{
	const unsigned i = part->count;

	if (weight == 0)
		return;
	part->dx[i] = (int8_t)dx;
	part->dy[i] = (int8_t)dy;
	if (whole)
		part->weights.whole[i] = (int32_t)weight;
	else
		part->weights.real[i] = (float)weight;
	part->count++;
}

static double common_divisor(double a, double b)
{
	while (b != 0) {
		double rest = fmod(a, b);

		a = b;
		b = rest;
	}
	return fabs(a);
}

/*
 * values[y][x] = column[y] * row[x], if that can be: then it can be with the column of the largest
 * weight, divided by that weight; or, to be whole, by what its numbers have in common. A whole
 * column that has nothing in common makes the row whole too.
 */
static bool factor(const struct ivp_kernel *kernel, const double *values, double *column,
		   double *row)
{
	const int width = kernel->width, height = kernel->height;
	int largest = 0, x, y;
	double divisor = 0;

	for (int i = 0; i < width * height; i++)
		if (fabs(values[i]) > fabs(values[largest]))
			largest = i;
	if (values[largest] == 0)
		return false;
	for (y = 0; y < height; y++) {
		column[y] = values[y * width + largest % width];
		divisor = common_divisor(divisor, kernel->whole ? column[y] : 0);
	}
	if (!kernel->whole)
		divisor = values[largest];
	for (y = 0; y < height; y++)
		column[y] /= divisor;
	for (x = 0; x < width; x++)
		row[x] = values[largest / width * width + x] / column[largest / width];
	for (int i = 0; i < width * height; i++) {
		const double off = fabs(column[i / width] * row[i % width] - values[i]);

		if (off > (kernel->whole ? 0 : SAME * fabs(values[largest])))
			return false;
	}
	return true;
}

void ivp_kernel_make(struct ivp_kernel *kernel, const double *values, int width, int height,
		     double most)
{
	double column[IVP_KERNEL_MOST_SIDE] = {0}, row[IVP_KERNEL_MOST_SIDE] = {0};

	memset(kernel, 0, sizeof(*kernel));
	kernel->width = width;
	kernel->height = height;
	kernel->whole = true;
	for (int i = 0; i < width * height; i++) {
		kernel->whole &= values[i] == floor(values[i]);
		kernel->sum += values[i];
		kernel->size += fabs(values[i]);
	}
	kernel->whole &= kernel->size * most <= INT32_MAX;
	for (int i = 0; i < width * height; i++)
		add_weight(&kernel->all, kernel->whole, i % width - width / 2,
			   i / width - height / 2, values[i]);
	if (!factor(kernel, values, column, row))
		return;
	for (int y = 0; y < height; y++)
		add_weight(&kernel->column, kernel->whole, 0, y - height / 2, column[y]);
	for (int x = 0; x < width; x++)
		add_weight(&kernel->row, kernel->whole, x - width / 2, 0, row[x]);
	kernel->separable = kernel->column.count + kernel->row.count < kernel->all.count;
}
