/* SPDX-License-Identifier: MIT */
#ifndef IVP_STAGES_CLAMP_H
#define IVP_STAGES_CLAMP_H

#include <string.h>

#include "compiler.h"

/* A float at least 0 and at most most: as integers, such floats are in the same order. */
IVP_INLINE float ivp_clamp(float value, float most)
{
	int32_t bits, limit;

	memcpy(&bits, &value, sizeof(bits));
	memcpy(&limit, &most, sizeof(limit));
	bits = bits > 0 ? bits : 0;
	bits = bits < limit ? bits : limit;
	memcpy(&value, &bits, sizeof(bits));
	return value;
}

#endif
