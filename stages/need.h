/* SPDX-License-Identifier: MIT */
/* What filters answer when asked how much of an image they need (struct ivp_filter, need). */
#ifndef IVP_STAGES_NEED_H
#define IVP_STAGES_NEED_H

#include <ivpipe/frame.h>

/* A row of the result needs rows up to reach further down. */
static inline uint32_t ivp_need_around(const struct ivp_shape *in, uint32_t end, uint32_t reach)
{
	return in->height - end < reach ? in->height : end + reach;
}

/* A row of the result needs the row in its place. For a filter that keeps the height. */
static inline uint32_t ivp_need_same_rows(const void *self, const struct ivp_shape *in,
					  const struct ivp_shape *out, uint32_t end)
{
	(void)self;
	(void)in;
	(void)out;
	return end;
}

#endif
