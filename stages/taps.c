/* SPDX-License-Identifier: MIT */
/* A few rows at a time, so that partial sums are loaded and stored once per group (fir.c). */
#include "taps.h"

#include <string.h>

#include "compiler.h"

#define GROUP 6

/* count is a constant wherever name##_add is inlined: its inner loops vanish. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define TAPS(name, sample, weight, sum)                                                            \
	IVP_INLINE void name##_add(unsigned count, const void *const *from, const weight *weights, \
				   sum *restrict sums, size_t n)                                   \
	{                                                                                          \
		const sample *restrict row[GROUP];                                                 \
		sum by[GROUP];                                                                     \
                                                                                                   \
		for (unsigned k = 0; k < count; k++) {                                             \
			row[k] = from[k];                                                          \
			by[k] = (sum)weights[k];                                                   \
		}                                                                                  \
		for (size_t i = 0; i < n; i++) {                                                   \
			sum total = sums[i];                                                       \
                                                                                                   \
			for (unsigned k = 0; k < count; k++)                                       \
				total = (sum)(total + (sum)((sum)row[k][i] * by[k]));              \
			sums[i] = total;                                                           \
		}                                                                                  \
	}                                                                                          \
                                                                                                   \
	static void name(const void *const *from, const void *weights, unsigned count, void *sums, \
			 size_t n)                                                                 \
	{                                                                                          \
		const weight *by = weights;                                                        \
                                                                                                   \
		memset(sums, 0, n * sizeof(sum));                                                  \
		for (; count >= GROUP; count -= GROUP, from += GROUP, by += GROUP)                 \
			name##_add(GROUP, from, by, sums, n);                                      \
		for (; count >= 3; count -= 3, from += 3, by += 3)                                 \
			name##_add(3, from, by, sums, n);                                          \
		for (; count > 0; count--, from++, by++)                                           \
			name##_add(1, from, by, sums, n);                                          \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

TAPS(bytes_short, uint8_t, int32_t, int16_t)
TAPS(bytes, uint8_t, int32_t, int32_t)
TAPS(words, uint16_t, int32_t, int32_t)
TAPS(floats, float, float, float)
TAPS(shorts, int16_t, int32_t, int16_t)
TAPS(longs, int32_t, int32_t, int32_t)

void ivp_taps_sum(enum ivp_taps type, const void *const *from, const void *weights, unsigned count,
		  void *sums, size_t n)
{
	typedef void summer(const void *const *, const void *, unsigned, void *, size_t);
	static summer *const summers[] = {
	    [IVP_TAPS_BYTES_SHORT] = bytes_short,
	    [IVP_TAPS_BYTES] = bytes,
	    [IVP_TAPS_WORDS] = words,
	    [IVP_TAPS_FLOATS] = floats,
	    [IVP_TAPS_SHORT] = shorts,
	    [IVP_TAPS_LONG] = longs,
	};

	summers[type](from, weights, count, sums, n);
}
