/* SPDX-License-Identifier: MIT */
/*
 * exp, log and sin for the weights of kernels and for curves, made of IEEE double additions and multiplications in a
 * fixed order. The C library's own may differ in the last bit from version to version and from
 * processor to processor; these do not, so weights and with them results are the same everywhere.
 */
#ifndef IVP_STAGES_EXACT_H
#define IVP_STAGES_EXACT_H

/* e^x for -700 <= x <= 700, relative error below 1e-15; 0 below -700. */
double ivp_exact_exp(double x);
/* The natural logarithm of x > 0, neither infinite nor denormal, error below 1e-15 of the result
 * or of 1. */
double ivp_exact_log(double x);
/* x^y for 0 <= x <= 1 and y > 0, relative error below 1e-13. */
double ivp_exact_power(double x, double y);
/* sin(pi x) for |x| < 1e9, absolute error below 1e-15. */
double ivp_exact_sinpi(double x);
/* log2 of 0 < x < 2^1000, not subnormal; absolute error below 1e-15 or one part in 2^52. */
double ivp_exact_log2(double x);

#endif
