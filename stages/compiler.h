/* SPDX-License-Identifier: MIT */
/*
 * IVP_CLONES in front of a function makes the compiler emit it for several levels of x86-64 and
 * choose by the processor when the program starts, also in static programs. The source is the
 * same for all, its arithmetic integer or float in fixed order (-ffp-contract=off), so all give
 * the same bits.
 *
 * It needs GCC, and a C library with indirect functions: glibc. ThreadSanitizer instruments the
 * code that chooses, which runs before the sanitizer is ready: off there. Elsewhere it is nothing.
 */
#ifndef IVP_STAGES_CLONES_H
#define IVP_STAGES_CLONES_H

#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) &&       \
    !defined(__SANITIZE_THREAD__)
#define IVP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define IVP_CLONES
#endif

/* In front of a loop: what one round writes no other round reads. GCC does not see it from
 * restrict where the pointers are local to an inlined function. */
#if defined(__GNUC__) && !defined(__clang__)
#define IVP_INDEPENDENT _Pragma("GCC ivdep")
#else
#define IVP_INDEPENDENT
#endif

#if defined(__GNUC__)
#define IVP_INLINE static inline __attribute__((always_inline))
#else
#define IVP_INLINE static inline
#endif

#endif
