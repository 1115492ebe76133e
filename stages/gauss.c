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

void ivp_gauss_start(struct ivp_gauss *gauss)
{
	if (gauss->wide)
		ivp_gauss_wide_start(gauss);
	else
		ivp_gauss_narrow_start(gauss);
}

const uint16_t *ivp_gauss_next(struct ivp_gauss *gauss, const struct ivp_input *in)
{
	return gauss->wide ? ivp_gauss_wide_next(gauss, in) : ivp_gauss_narrow_next(gauss, in);
}
