/* SPDX-License-Identifier: MIT */
/*
 * Gaussian blur, row by row: what gaussian-blur and sharpen share.
 *
 * The kernel is exp(-x^2 / (2 sigma^2)) at whole x up to 3.5 sigma, scaled to the sum 1. Two
 * algorithms make it, by sigma: gauss-narrow.c and gauss-wide.c say how and how exactly.
 */
#ifndef IVP_STAGES_GAUSS_H
#define IVP_STAGES_GAUSS_H

#include "carve.h"
#include "rows.h"

#define IVP_GAUSS_MIN 0.3 /* px */
#define IVP_GAUSS_MAX 200

struct ivp_gauss_narrow {
	unsigned radius, rows_ready, y;
	uint16_t *weights; /* radius + 1: half of the middle's, then one side */
	uint16_t *ring;    /* 2 * radius + 1 rows of samples */
	uint16_t *row;     /* vertically filtered, each plane padded by radius pixels */
	uint16_t *out;
	const uint16_t **left, **right; /* the vertical pairs of the row at work */
	const uint16_t **row_left, **row_right;
};

#define IVP_GAUSS_SUMS 9 /* grid rows that four input rows can reach, for decimation >= 3 */

struct ivp_gauss_wide {
	int64_t decimation, reach;   /* rows from a grid row to the next; 2.5 times that */
	int64_t first, last;         /* grid rows that are computed */
	int64_t row_first, row_last; /* rows, also outside, that make them */
	int64_t row_next, sum_next, grid_next, mid_next, y; /* progress: the next of each kind */
	unsigned mid_radius, radius;
	float *down;       /* 2 reach + 1 weights */
	float *down_total; /* their running sums */
	float *mid, *side; /* mid_radius + 1 and radius + 1 weights, as pairs */
	float *up;         /* 6 weights for each of decimation phases */
	float *batch;      /* 4 rows */
	float *sums;       /* IVP_GAUSS_SUMS grid rows being added up */
	float *row;        /* a finished one, each plane padded by radius pixels */
	float *grid;       /* ring of 2 mid_radius + 1 rows */
	float *mids;       /* ring of 6 rows */
	uint16_t *out;
	const float **row_left, **row_right;
};

struct ivp_gauss {
	struct ivp_row_form form;
	uint32_t height;
	unsigned border;
	bool wide;
	union {
		struct ivp_gauss_narrow narrow;
		struct ivp_gauss_wide with_grid;
	} by;
};

/* Lays out and fills carve with a struct ivp_gauss and its arrays; with carve->base NULL only
 * measures. Returns the struct, or NULL when measuring. */
struct ivp_gauss *ivp_gauss_prepare(struct ivp_carve *carve, double sigma, unsigned border,
				    const struct ivp_shape *shape);

/* Begins a new image of the prepared shape with row y, the first to come. */
void ivp_gauss_start(struct ivp_gauss *gauss, uint32_t y);

/* Rows of the image from its top that make the blurred rows before end. */
uint32_t ivp_gauss_need(double sigma, uint32_t height, uint32_t end);

/* The next blurred row: form.samples samples, valid until the next call. in is the same until
 * the next start. */
const uint16_t *ivp_gauss_next(struct ivp_gauss *gauss, const struct ivp_input *in);

/* e^(-x^2 / (2 sigma^2)) */
double ivp_gauss_weight(double x, double sigma);

/* The two algorithms behind the above. gauss->form, height and border are set. */
void ivp_gauss_narrow_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma);
void ivp_gauss_narrow_start(struct ivp_gauss *gauss, uint32_t y);
const uint16_t *ivp_gauss_narrow_next(struct ivp_gauss *gauss, const struct ivp_input *in);
void ivp_gauss_wide_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma);
void ivp_gauss_wide_start(struct ivp_gauss *gauss, uint32_t y);
const uint16_t *ivp_gauss_wide_next(struct ivp_gauss *gauss, const struct ivp_input *in);

#endif
