/* SPDX-License-Identifier: MIT */
/*
 * Gaussian blur: every pixel becomes the mean of its neighbours, weighted by
 * exp(-(dx^2 + dy^2) / (2 sigma^2)). Alpha is blurred too, and colours premultiplied, so what
 * is transparent lends no colour to its neighbours. gauss.h has the algorithms and their errors.
 */
#include <ivpipe/filter.h>

#include "gauss.h"

struct gaussian_blur {
	double sigma;
	unsigned border;
};

static const struct ivp_param params[] = {
    IVP_PARAM(struct gaussian_blur, sigma, .min = IVP_GAUSS_MIN, .max = IVP_GAUSS_MAX, .def = 2,
	      .unit = "px", .help = "standard deviation"),
    IVP_PARAM(struct gaussian_blur, border, .choices = ivp_border_words,
	      .def = IVP_BORDER_REPLICATE, .help = IVP_BORDER_HELP),
    {0},
};

static uint32_t need(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		     uint32_t end)
{
	const struct gaussian_blur *blur = self;

	(void)out;
	return ivp_gauss_need(blur->sigma, in->height, end);
}

static size_t scratch_bytes(const void *self, const struct ivp_shape *in,
			    const struct ivp_shape *out)
{
	const struct gaussian_blur *blur = self;
	struct ivp_carve carve = {0};

	(void)out;
	ivp_gauss_prepare(&carve, blur->sigma, blur->border, in);
	return carve.used;
}

static void prepare(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
		    void *scratch)
{
	const struct gaussian_blur *blur = self;
	struct ivp_carve carve = {.base = scratch};

	(void)out;
	ivp_gauss_prepare(&carve, blur->sigma, blur->border, in);
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	struct ivp_gauss *gauss = scratch;

	(void)self;
	if (!rows.go_on)
		ivp_gauss_start(gauss, rows.first);
	for (uint32_t y = rows.first; y < rows.end; y++)
		ivp_gauss_store(gauss, ivp_gauss_row(gauss, in, y), out->pixels + y * out->stride);
}

const struct ivp_filter ivp_filter_gaussian_blur = {
    .name = "gaussian-blur",
    .summary = "blurs by a Gaussian of any size",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct gaussian_blur),
    .params = params,
    .need = need,
    .scratch_bytes = scratch_bytes,
    .prepare = prepare,
    .apply = apply,
};
