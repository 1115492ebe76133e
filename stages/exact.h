/* SPDX-License-Identifier: MIT */
/*
 * exp and sin for the weights of kernels, made of IEEE double additions and multiplications in a
 * fixed order. The C library's own may differ in the last bit from version to version and from
 * processor to processor; these do not, so weights and with them results are the same everywhere.
 */
#ifndef IVP_STAGES_EXACT_H
#define IVP_STAGES_EXACT_H

/* e^x for -700 <= x <= 700, relative error below 1e-15; 0 below -700. */
double ivp_exact_exp(double x);
/* sin(pi x) for |x| < 1e9, absolute error below 1e-15. */
double ivp_exact_sinpi(double x);

#endif
