/* SPDX-License-Identifier: MIT */
/*
 * Words to the compiler. Every file of this folder is compiled once for each level of the
 * processor (rules/isa.mk), from the same source; arithmetic is integer, or float in fixed order
 * (-ffp-contract=off), so all levels give the same bits.
 */
#ifndef IVP_STAGES_COMPILER_H
#define IVP_STAGES_COMPILER_H

#include <stdint.h>

/* In front of a loop: what one round writes no other round reads. GCC does not see it from
 * restrict where the pointers are local to an inlined function. */
#if defined(__GNUC__) && !defined(__clang__)
#define IVP_INDEPENDENT _Pragma("GCC ivdep")
#else
#define IVP_INDEPENDENT
#endif

/* Bytes of the processor's vectors. Types of other sizes are slow: they live in memory. */
#if defined(__AVX512F__)
#define IVP_VECTOR 64
#elif defined(__AVX2__)
#define IVP_VECTOR 32
#else
#define IVP_VECTOR 16
#endif

/* In front of a loop of few rounds, a constant number: no loop remains, and an array that it
 * indexes can live in registers. */
#if defined(__GNUC__) && !defined(__clang__)
#define IVP_UNROLL _Pragma("GCC unroll 16")
#else
#define IVP_UNROLL
#endif

/* What holds for every caller and cannot be seen where it is needed. */
#define IVP_ASSUME(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			__builtin_unreachable();                                                   \
	} while (0)

#if defined(__GNUC__)
#define IVP_INLINE static inline __attribute__((always_inline))
#else
#define IVP_INLINE static inline
#endif

#endif
