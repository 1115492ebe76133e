/* SPDX-License-Identifier: MIT */
/* What the simplest filter does, for stages that are tested without the real ones. */
#ifndef IVP_TESTS_HELPERS_INVERTER_H
#define IVP_TESTS_HELPERS_INVERTER_H

#include <ivpipe/filter.h>

/* One byte a pixel. */
static inline void apply_invert(const void *self, const struct ivp_input *in,
				const struct ivp_output *out, struct ivp_rows rows, void *scratch)
{
	(void)self;
	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++)
		for (uint32_t x = 0; x < out->shape.width; x++)
			out->pixels[y * out->stride + x] = (uint8_t)~in->pixels[y * in->stride + x];
}

#endif
