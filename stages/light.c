/* SPDX-License-Identifier: MIT */
/*
 * By its square root a light tells its level to within less than one: the curve of the level over
 * the root is at most 1.45 times as steep as the diagonal, and there are four guesses a level.
 */
#include "light.h"

#include <math.h>

#include "exact.h"

#define LN2 0.6931471805599453

static double light_of(double level, double top)
{
	const double share = level / top;

	if (share <= 0.04045)
		return share / 12.92 * top;
	return ivp_exact_exp(2.4 * LN2 * ivp_exact_log2((share + 0.055) / 1.055)) * top;
}

void ivp_light_prepare(struct ivp_light *light, uint32_t top, struct ivp_carve *carve)
{
	const uint32_t guesses = 4 * (top + 1);
	uint32_t level = 0;

	light->top = top;
	light->of = ivp_carve(carve, (top + 1) * sizeof(float));
	light->least = ivp_carve(carve, (top + 2) * sizeof(float));
	light->guess = ivp_carve(carve, (guesses + 1) * sizeof(uint16_t));
	if (!carve->base)
		return;
	light->least[0] = 0;
	light->least[top + 1] = INFINITY;
	for (uint32_t i = 0; i <= top; i++) {
		light->of[i] = (float)light_of(i, top);
		if (i > 0)
			light->least[i] = (float)light_of(i - 0.5, top);
	}
	for (uint32_t i = 0; i <= guesses; i++) {
		/* Of one guess further down: the index may be rounded up. */
		const double root = i > 0 ? (double)(i - 1) / guesses : 0;

		while ((double)light->least[level + 1] <= root * root * top)
			level++;
		light->guess[i] = (uint16_t)level;
	}
}

void ivp_light_levels(const struct ivp_light *light, const float *in, uint16_t *out, size_t n)
{
	const float top = (float)light->top, scale = 4 * (top + 1);

	for (size_t i = 0; i < n; i++) {
		/* The order makes 0 of what is not a number. */
		const float value = in[i] > 0 ? (in[i] < top ? in[i] : top) : 0;
		const uint32_t level = light->guess[(uint32_t)(sqrtf(value / top) * scale)];

		out[i] = (uint16_t)(level + (light->least[level + 1] <= value));
	}
}
