/* SPDX-License-Identifier: MIT */
/*
 * Kernels of numbers, made ready: how to compute with them exactly, and whether they are the
 * product of a column and a row, which takes width + height products a pixel instead of
 * width * height. Whole numbers stay whole: their column and row are too, and the sums the same.
 */
#ifndef IVP_STAGES_KERNEL_H
#define IVP_STAGES_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#define IVP_KERNEL_MOST_SIDE 31

/* Weights that are not 0, and where they are. All numbers are whole, or all float. */
struct ivp_kernel_part {
	unsigned count;
	int8_t dx[IVP_KERNEL_MOST_SIDE * IVP_KERNEL_MOST_SIDE]; /* from the middle */
	int8_t dy[IVP_KERNEL_MOST_SIDE * IVP_KERNEL_MOST_SIDE];
	union {
		int32_t whole[IVP_KERNEL_MOST_SIDE * IVP_KERNEL_MOST_SIDE];
		float real[IVP_KERNEL_MOST_SIDE * IVP_KERNEL_MOST_SIDE];
	} weights;
};

struct ivp_kernel {
	int width, height; /* odd */
	bool whole;        /* all weights are whole numbers, no sum overflows 32 bits */
	double sum, size;  /* of the weights, and of their sizes */
	bool separable;    /* column and row together are what all is, and take less time */
	struct ivp_kernel_part all, column, row;
};

/* values: width * height weights, row by row, at most 2^20 in size each; most: the largest
 * sample. */
void ivp_kernel_make(struct ivp_kernel *kernel, const double *values, int width, int height,
		     double most);

#endif
