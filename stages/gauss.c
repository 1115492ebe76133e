/* SPDX-License-Identifier: MIT */
#include "gauss.h"

#include "exact.h"

/* Where both algorithms cost the same; gauss-wide.c needs at least 4.2. */
#define WIDE_FROM 5.0

double ivp_gauss_weight(double x, double sigma)
{
	return ivp_exact_exp(-x * x / (2 * sigma * sigma));
}

struct ivp_gauss *ivp_gauss_prepare(struct ivp_carve *carve, double sigma, unsigned border,
				    const struct ivp_shape *shape)
{
	struct ivp_gauss measured;
	struct ivp_gauss *made = ivp_carve(carve, sizeof(*made));
	struct ivp_gauss *gauss = made ? made : &measured;

	gauss->form = ivp_row_form(shape);
	gauss->height = shape->height;
	gauss->border = border;
	gauss->wide = sigma >= WIDE_FROM;
	if (gauss->wide)
		ivp_gauss_wide_prepare(gauss, carve, sigma);
	else
		ivp_gauss_narrow_prepare(gauss, carve, sigma);
	return made;
}

/*
 * Either kernel reaches 3.5 sigma, rounded up. The wide one is made of grid rows: of 2.5 + 2.5
 * decimations down and up, of 3.5 sqrt(sigma^2 - 2 (0.72 D)^2) between, and of 4 rows at a time;
 * with D <= sigma / 1.4 all this is less than 8 sigma + 16. A mirror image at the top needs as
 * many rows as its reach, whatever end is.
 */
uint32_t ivp_gauss_need(double sigma, uint32_t height, uint32_t end)
{
	double reach = sigma >= WIDE_FROM ? 8 * sigma + 16 : 3.5 * sigma + 1;
	double rows = end + reach;

	return rows < height ? (uint32_t)rows : height;
}

void ivp_gauss_start(struct ivp_gauss *gauss, uint32_t y)
{
	if (gauss->wide)
		ivp_gauss_wide_start(gauss, y);
	else
		ivp_gauss_narrow_start(gauss, y);
}

const uint16_t *ivp_gauss_next(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	return gauss->wide ? ivp_gauss_wide_next(gauss, in) : ivp_gauss_narrow_next(gauss, in);
}
