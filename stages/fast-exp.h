/* SPDX-License-Identifier: MIT */
/*
 * 2 to the power -t for the weights of single pixels: a polynomial of the fraction, times a power
 * of two that goes into the exponent. Floats in one order, so the same everywhere; relative error
 * below 4e-6. Plain C that becomes vectors.
 */
#ifndef IVP_STAGES_FAST_EXP_H
#define IVP_STAGES_FAST_EXP_H

#include <string.h>

#include "compiler.h"

#define IVP_LOG2_E 1.4426950408889634

/* t >= 0; above 100 as for 100. */
IVP_INLINE float ivp_exp2_minus(float t)
{
	const float most = 100;
	int32_t bits, limit, whole;
	float part, power;

	/* Floats that are not negative are in the order of their bits as integers. */
	memcpy(&bits, &t, sizeof(bits));
	memcpy(&limit, &most, sizeof(limit));
	bits = bits < limit ? bits : limit;
	memcpy(&t, &bits, sizeof(bits));
	whole = (int32_t)t;
	part = t - (float)whole;
	power = 6.835154727e-03f;
	power = power * part + -5.321311779e-02f;
	power = power * part + 2.394306036e-01f;
	power = power * part + -6.930489339e-01f;
	power = power * part + 9.999980398e-01f;
	memcpy(&bits, &power, sizeof(bits));
	bits -= whole * (1 << 23);
	memcpy(&power, &bits, sizeof(bits));
	return power;
}

#endif
