/* SPDX-License-Identifier: MIT */
#include <ivpipe/filter.h>

#include "alpha.h"
#include "exact.h"
#include "floats.h"
#include "format.h"
#include "gauss.h"

/* Where both algorithms cost the same; gauss-wide.c needs at least 4.2, for 16 bits 5.4. */
#define WIDE_FROM      5.0
#define FINE_WIDE_FROM 5.4

double ivp_gauss_weight(double x, double sigma)
{
	return ivp_exact_exp(-x * x / (2 * sigma * sigma));
}

void ivp_gauss_fill_pairs(float *weights, unsigned radius, double sigma)
{
	double total = 1;

	for (unsigned k = 1; k <= radius; k++)
		total += 2 * ivp_gauss_weight(k, sigma);
	weights[0] = (float)(0.5 / total);
	for (unsigned k = 1; k <= radius; k++)
		weights[k] = (float)(ivp_gauss_weight(k, sigma) / total);
}

static bool is_fine(const struct ivp_shape *shape)
{
	return ivp_is_wide(shape->format);
}

struct ivp_gauss *ivp_gauss_prepare(struct ivp_carve *carve, double sigma, unsigned border,
				    const struct ivp_shape *shape)
{
	struct ivp_gauss measured;
	struct ivp_gauss *made = ivp_carve(carve, sizeof(*made));
	struct ivp_gauss *gauss = made ? made : &measured;
	const bool fine = is_fine(shape);

	gauss->shape = *shape;
	gauss->border = border;
	gauss->wide = sigma >= (fine ? FINE_WIDE_FROM : WIDE_FROM);
	gauss->floats = gauss->wide || fine;
	if (gauss->wide)
		ivp_gauss_wide_prepare(gauss, carve, sigma);
	else if (fine)
		ivp_gauss_fine_prepare(gauss, carve, sigma);
	else
		ivp_gauss_narrow_prepare(gauss, carve, sigma);
	return made;
}

/*
 * The kernels as they stand reach 4 sigma, rounded up, for all rows of a batch. The wide one is made of grid rows: of 2.5
 * to 4.5 decimations D down and up each, of 3.5 or 4 deviations between, and of 4 rows at a time; with
 * D <= sigma / 1.4, or sigma / 1.8 for 16 bits, all this is less than 9 sigma + 16. A mirror image
 * at the top needs as many rows as its reach, whatever end is.
 */
uint32_t ivp_gauss_need(double sigma, uint32_t height, uint32_t end)
{
	double reach = sigma >= WIDE_FROM ? 9 * sigma + 16 : 4 * sigma + IVP_GAUSS_BATCH;
	double rows = end + reach;

	return rows < height ? (uint32_t)rows : height;
}

void ivp_gauss_start(struct ivp_gauss *gauss, uint32_t y)
{
	if (gauss->wide)
		ivp_gauss_wide_start(gauss, y);
	else if (gauss->floats)
		ivp_window_start(gauss->by.fine.window, y);
	else
		ivp_gauss_narrow_start(gauss, y);
}

void *ivp_gauss_row(struct ivp_gauss *gauss, const struct ivp_input *in, uint32_t y)
{
	if (gauss->wide)
		return ivp_gauss_wide_row(gauss, in, y);
	if (gauss->floats)
		return ivp_gauss_fine_row(gauss, in, y);
	return ivp_gauss_narrow_row(gauss, in, y);
}

void ivp_gauss_store(const struct ivp_gauss *gauss, void *row, uint8_t *pixels)
{
	const uint32_t format = gauss->shape.format;
	const size_t samples = (size_t)gauss->shape.width * ivp_format_channels(format);

	if (!gauss->floats) {
		ivp_row_store(format, row, pixels, gauss->shape.width, gauss->by.narrow.full);
		return;
	}
	if (ivp_has_alpha(format))
		ivp_floats_straighten(format, row, samples, ivp_floats_unit(format), 0, NULL);
	ivp_floats_store(format, row, pixels, samples, 1, 0);
}
