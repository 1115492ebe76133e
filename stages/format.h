/* SPDX-License-Identifier: MIT */
/* What a pixel format says of its samples. */
#ifndef IVP_STAGES_FORMAT_H
#define IVP_STAGES_FORMAT_H

#include <ivpipe/filter.h>

/* Have samples 16 bits, not 8? */
static inline bool ivp_is_wide(uint32_t format)
{
	return IVP_FORMAT_BIT(format) & IVP_FORMATS_16BIT;
}

static inline unsigned ivp_sample_bytes(uint32_t format)
{
	return ivp_is_wide(format) ? 2 : 1;
}

/* The highest level. */
static inline unsigned ivp_most_level(uint32_t format)
{
	return ivp_is_wide(format) ? 65535 : 255;
}

#endif
