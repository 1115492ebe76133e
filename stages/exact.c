/* SPDX-License-Identifier: MIT */
/* Taylor series after range reduction: more terms than a minimax polynomial, but nothing to trust. */
#include "exact.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

double ivp_exact_exp(double x)
{
	/* ln 2 in two parts; the first has 21 zero bits at its end, so n * high is exact. */
	static const double high = 0x1.62e42feep-1, low = 0x1.a39ef35793c76p-33;
	double n, r, sum = 1, two_to_n;
	uint64_t bits;

	if (x < -700)
		return 0;
	n = floor(x * 1.4426950408889634 + 0.5);
	r = (x - n * high) - n * low;
	/* |r| <= 0.35: the first term left out, r^15 / 15!, is below 2e-19. */
	for (int i = 14; i > 0; i--)
		sum = 1 + sum * r / i;
	bits = (uint64_t)((int64_t)n + 1023) << 52;
	memcpy(&two_to_n, &bits, sizeof(two_to_n));
	return sum * two_to_n;
}

double ivp_exact_log(double x)
{
	double mantissa, s, square, sum = 0;
	int64_t exponent;
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	exponent = (int64_t)(bits >> 52 & 0x7ff) - 1023;
	bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
	memcpy(&mantissa, &bits, sizeof(mantissa));
	if (mantissa > 1.4142135623730951) {
		mantissa /= 2;
		exponent++;
	}
	/* log m = 2 artanh s, |s| <= 0.172: the first term left out, s^26 / 27, is below 1e-21. */
	s = (mantissa - 1) / (mantissa + 1);
	square = s * s;
	for (int i = 25; i > 0; i -= 2)
		sum = sum * square + 1.0 / i;
	return (double)exponent * 0.6931471805599453 + 2 * s * sum;
}

double ivp_exact_power(double x, double y)
{
	return x > 0 ? ivp_exact_exp(y * ivp_exact_log(x)) : 0;
}

double ivp_exact_sinpi(double x)
{
	double turn = x - 2 * floor(x / 2), sign = 1, square, sum = 1;

	if (turn >= 1) {
		turn -= 1;
		sign = -1;
	}
	if (turn > 0.5)
		turn = 1 - turn;
	turn *= 3.141592653589793;
	square = turn * turn;
	/* turn <= pi / 2: the first term left out is below 1e-18. */
	for (int i = 20; i > 0; i -= 2)
		sum = 1 - sum * square / (i * (i + 1));
	return sign * sum * turn;
}

double ivp_exact_log2(double x)
{
	int exponent;
	double part = frexp(x, &exponent), z, square, sum = 0;

	if (part < 0.7071067811865476) {
		part *= 2;
		exponent--;
	}
	z = (part - 1) / (part + 1);
	square = z * z;
	/* ln part = 2 artanh z; |z| < 0.172: the first term left out, z^25 / 25, is below 1e-20. */
	for (int i = 23; i > 0; i -= 2)
		sum = sum * square + 1.0 / i;
	return exponent + 2 * z * sum * 1.4426950408889634;
}
