/* SPDX-License-Identifier: MIT */
/*
 * Gaussian blur, row by row: what gaussian-blur and sharpen share.
 *
 * The kernel is exp(-x^2 / (2 sigma^2)) at whole x up to 3.5 sigma, 4 sigma for 16 bits, scaled to
 * the sum 1. Three algorithms make it, by sigma and by the size of samples: gauss-narrow.c,
 * gauss-fine.c and gauss-wide.c say how and how exactly.
 */
#ifndef IVP_STAGES_GAUSS_H
#define IVP_STAGES_GAUSS_H

#include "carve.h"
#include "rows.h"
#include "window.h"

#define IVP_GAUSS_MIN 0.3 /* px */
#define IVP_GAUSS_MAX 200

#define IVP_GAUSS_BATCH 8 /* rows that are filtered vertically at a time */

struct ivp_gauss_narrow {
	struct ivp_window *window;
	unsigned radius;
	uint32_t first, end; /* the batch */
	size_t apart;        /* samples from a row of it to the next */
	uint16_t full;       /* what alpha becomes where all is opaque */
	uint16_t *weights;   /* radius + 1: half of the middle's, then one side */
	uint16_t *rows;      /* the batch; radius pixels lie in front and behind each row */
	uint16_t *out;
	const uint16_t **left, **right; /* the vertical pairs of the row at work */
	const uint16_t **row_left, **row_right;
};

struct ivp_gauss_fine {
	struct ivp_window *window;
	unsigned radius;
	float *weights, *row, *out; /* as in narrow */
	const float **left, **right;
	const float **row_left, **row_right;
};

#define IVP_GAUSS_SUMS 11 /* grid rows that four input rows can reach */
#define IVP_GAUSS_UPS  8  /* grid rows between which a row lies, at most */

struct ivp_gauss_wide {
	int64_t decimation, reach;   /* rows from a grid row to the next; how far down and up go */
	int64_t ups;                 /* grid rows that make a row */
	int64_t first, last;         /* grid rows that are computed */
	int64_t row_first, row_last; /* rows, also outside, that make them */
	int64_t row_next, sum_next, grid_next, mid_next; /* progress: the next of each kind */
	size_t samples, room;                            /* of a row; floats it takes */
	unsigned mid_radius, radius;
	float *down;       /* 2 reach + 1 weights */
	float *down_total; /* their running sums */
	float *mid, *side; /* mid_radius + 1 and radius + 1 weights, as pairs */
	float *up;         /* ups weights for each of decimation phases */
	float *batch;      /* 4 rows */
	float *sums;       /* IVP_GAUSS_SUMS grid rows being added up */
	float *row;        /* a finished one; radius pixels lie in front and behind */
	float *grid;       /* ring of 2 mid_radius + 1 rows */
	float *mids;       /* ring of ups rows */
	float *nothing;    /* a row of zeros: grid rows that no row of the image reaches */
	float *out;
	const float **row_left, **row_right;
};

struct ivp_gauss {
	struct ivp_shape shape;
	unsigned border;
	bool wide;   /* the algorithm of the grid */
	bool floats; /* rows are floats (floats.h), not samples (rows.h) */
	union {
		struct ivp_gauss_narrow narrow;
		struct ivp_gauss_fine fine;
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

/* Blurred row y, which goes on where the last call was: uint16_t samples, or floats, premultiplied
 * and in the order of the pixels; the caller's until the next call. in is the same until the next
 * start. */
void *ivp_gauss_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y);

/* Such a row to pixels. Leaves rubbish in the row. */
void ivp_gauss_store(const struct ivp_gauss *gauss, void *row, uint8_t *pixels);

/* e^(-x^2 / (2 sigma^2)) */
double ivp_gauss_weight(double x, double sigma);

/* One side of a symmetric kernel as pairs (fir.h), scaled to the sum 1. */
void ivp_gauss_fill_pairs(float *weights, unsigned radius, double sigma);

/* The algorithms behind the above. gauss->shape and border are set. */
void ivp_gauss_narrow_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma);
void ivp_gauss_narrow_start(struct ivp_gauss *gauss, uint32_t y);
uint16_t *ivp_gauss_narrow_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y);
void ivp_gauss_fine_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma);
float *ivp_gauss_fine_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y);
void ivp_gauss_wide_prepare(struct ivp_gauss *gauss, struct ivp_carve *carve, double sigma);
void ivp_gauss_wide_start(struct ivp_gauss *gauss, uint32_t y);
float *ivp_gauss_wide_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y);

#endif
