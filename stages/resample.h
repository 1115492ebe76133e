/* SPDX-License-Identifier: MIT */
/*
 * Resampling: each pixel of the result is a weighted mean of pixels near its place in the source.
 * Pixel i covers [i, i + 1); centres map to centres. When shrinking, the kernel is widened by the
 * ratio, so nothing aliases beyond what the kernel lets through. Source pixels outside the image
 * are left out and the others weigh 1 together.
 */
#ifndef IVP_STAGES_RESAMPLE_H
#define IVP_STAGES_RESAMPLE_H

#include <ivpipe/filter.h>

#include "bands.h"
#include "carve.h"
#include "grow.h"
#include "light.h"
#include "rows.h"
#include "weigh.h"

enum ivp_kernel {
	IVP_KERNEL_NEAREST,  /* the pixel below the centre, no mean */
	IVP_KERNEL_BOX,      /* mean over the area that the pixel covers in the source */
	IVP_KERNEL_BILINEAR, /* triangle, radius 1 */
	IVP_KERNEL_BICUBIC,  /* Keys 1981, a = -1/2, which is Catmull-Rom; radius 2 */
	IVP_KERNEL_MITCHELL, /* Mitchell and Netravali 1988, B = C = 1/3, radius 2 */
	IVP_KERNEL_LANCZOS2, /* sinc(x) sinc(x / 2), radius 2 */
	IVP_KERNEL_LANCZOS3, /* sinc(x) sinc(x / 3), radius 3 */
};

/* One direction: the window [offset, offset + out) of a source of in pixels scaled to whole. */
struct ivp_axis {
	uint32_t in, whole, offset, out;
	unsigned kernel;
	uint32_t most;   /* weights of one result pixel at most */
	uint32_t *first; /* source pixel of the first weight, for each result pixel */
	uint32_t *count; /* of weights */
	float *weights;  /* most for each result pixel */
};

/* The end of the source pixels that the result pixels before end come from. Needs no arrays. */
uint32_t ivp_axis_need(const struct ivp_axis *axis, uint32_t end);
/* Lays out the arrays; fills them if carve->base is not NULL. in to offset and kernel are set. */
void ivp_axis_prepare(struct ivp_axis *axis, struct ivp_carve *carve);

#define IVP_RESAMPLE_LOADED 16 /* source rows that are floats at a time */
/* Samples from a plane of sums to the next. */
#define IVP_RESAMPLE_PLANE ((size_t)IVP_BAND_CHUNK / 4 * IVP_BAND)

struct ivp_resample {
	struct ivp_row_form from; /* of the source; the result has the same format */
	unsigned depth;           /* bytes of a sample */
	bool linear;              /* means of light, not of levels */
	struct ivp_light light;
	struct ivp_axis x, y;
	struct ivp_weights *groups; /* those of y, for 8 bits without alpha */
	uint32_t *group_count;
	float scale; /* of sums by groups */
	float
	    *loaded;  /* IVP_BAND_CHUNK samples of each of some rows; or a whole row, if it grows */
	float *chunk; /* IVP_BAND rows of vertical sums, IVP_BAND_CHUNK apart */
	float *lanes; /* a band of them, turned */
	float *sums;  /* IVP_BAND_CHUNK columns of a band of results, turned */
	uint8_t *turned; /* the same as pixels or samples */
	bool halves;     /* means of 2 x 2 pixels: halve.c */
	bool doubles;    /* by triangles: double.c, if it does */
	bool grows;      /* both axes, or keep their size: resample-grow.c */
	struct ivp_grow grow;
	float *ring;         /* source rows as wide as the result, those of a result row */
	uint32_t ring_rows;  /* how many */
	size_t ring_plane;   /* samples from a plane of such a row to the next */
	size_t loaded_plane; /* the same of the row that is loaded */
	uint32_t stretched;  /* rows up to here have been in the ring */
};

/* Lays out carve, and fills it if carve->base is not NULL; else returns NULL. */
struct ivp_resample *ivp_resample_prepare(struct ivp_carve *carve, const struct ivp_axis *x,
					  const struct ivp_axis *y, const struct ivp_shape *in,
					  bool linear);
void ivp_resample_apply(struct ivp_resample *resample, const struct ivp_input *in,
			const struct ivp_output *out, struct ivp_rows rows);

/* What these share. n: samples, or pixels with alpha, which are in four planes, plane apart. */
void ivp_resample_load(const struct ivp_resample *resample, const uint8_t *from, size_t n,
		       float *to, size_t plane);
void ivp_resample_round(const struct ivp_resample *resample, const float *sums, size_t plane,
			size_t n, uint8_t *to);
/* The part of a resampling where no axis shrinks. */
void ivp_resample_grow_prepare(struct ivp_resample *resample, struct ivp_carve *carve);
void ivp_resample_grow(struct ivp_resample *resample, const struct ivp_input *in,
		       const struct ivp_output *out, struct ivp_rows rows);

/* Vertical sums into chunk for the result rows first..end-1, at most IVP_BAND, of n samples (or
 * pixels with alpha) from column on. */
void ivp_resample_rows(const struct ivp_resample *resample, const struct ivp_input *in,
		       uint32_t first, uint32_t end, size_t column, size_t n);

/* Horizontal sums of a band, of the result pixels x..x+n-1, as levels or pixels into turned. */
void ivp_resample_columns(const struct ivp_resample *resample, uint32_t x, uint32_t n);

#endif
