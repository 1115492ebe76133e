/* SPDX-License-Identifier: MIT */
/* Up to nine rows at a time, so that partial sums are loaded and stored once per group (fir.c). */
#include "taps.h"

#include <string.h>

#include "clamp.h"
#include "compiler.h"

#define GROUP 9

static unsigned group_of(unsigned count)
{
	return count <= GROUP ? count : count < 2 * GROUP ? (count + 1) / 2 : GROUP;
}

/* count and first are constants wherever name##_add is inlined: its inner loops vanish. first:
 * there are no sums yet. */
/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define TAPS(name, sample, weight, sum)                                                            \
	IVP_INLINE void name##_add(unsigned count, bool first, const void *const *from,            \
				   const weight *weights, sum *restrict sums, size_t n)            \
	{                                                                                          \
		const sample *restrict row[GROUP];                                                 \
		sum by[GROUP];                                                                     \
                                                                                                   \
		for (unsigned k = 0; k < count; k++) {                                             \
			row[k] = from[k];                                                          \
			by[k] = (sum)weights[k];                                                   \
		}                                                                                  \
		for (size_t i = 0; i < n; i++) {                                                   \
			sum total = first ? 0 : sums[i];                                           \
                                                                                                   \
			for (unsigned k = 0; k < count; k++)                                       \
				total = (sum)(total + (sum)((sum)row[k][i] * by[k]));              \
			sums[i] = total;                                                           \
		}                                                                                  \
	}                                                                                          \
                                                                                                   \
	IVP_INLINE void name##_group(unsigned count, bool first, const void *const *from,          \
				     const weight *by, sum *sums, size_t n)                        \
	{                                                                                          \
		switch (count) {                                                                   \
		case 0:                                                                            \
			name##_add(0, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 1:                                                                            \
			name##_add(1, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 2:                                                                            \
			name##_add(2, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 3:                                                                            \
			name##_add(3, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 4:                                                                            \
			name##_add(4, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 5:                                                                            \
			name##_add(5, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 6:                                                                            \
			name##_add(6, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 7:                                                                            \
			name##_add(7, first, from, by, sums, n);                                   \
			break;                                                                     \
		case 8:                                                                            \
			name##_add(8, first, from, by, sums, n);                                   \
			break;                                                                     \
		default:                                                                           \
			name##_add(9, first, from, by, sums, n);                                   \
		}                                                                                  \
	}                                                                                          \
                                                                                                   \
	static void name(const void *const *from, const void *weights, unsigned count, void *sums, \
			 size_t n)                                                                 \
	{                                                                                          \
		const weight *by = weights;                                                        \
		unsigned group = group_of(count);                                                  \
                                                                                                   \
		name##_group(group, true, from, by, sums, n);                                      \
		for (unsigned k = group; k < count; k += group) {                                  \
			group = group_of(count - k);                                               \
			name##_group(group, false, from + k, by + k, sums, n);                     \
		}                                                                                  \
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

/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define LEVELS(name, sum, level, most)                                                             \
	static void name(const void *from, void *to, size_t n, float factor, float offset)         \
	{                                                                                          \
		const sum *restrict sums = from;                                                   \
		level *restrict out = to;                                                          \
                                                                                                   \
		for (size_t i = 0; i < n; i++)                                                     \
			out[i] =                                                                   \
			    (level)(int32_t)(ivp_clamp((float)sums[i] * factor + offset, most) +   \
					     0.5f);                                                \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

LEVELS(levels8_of_shorts, int16_t, uint8_t, 255)
LEVELS(levels8_of_longs, int32_t, uint8_t, 255)
LEVELS(levels16_of_longs, int32_t, uint16_t, 65535)
LEVELS(levels8_of_floats, float, uint8_t, 255)
LEVELS(levels16_of_floats, float, uint16_t, 65535)

/* (s + 2^(shift - 1)) / 2^shift is half of s / 2^(shift - 1) and 1, each rounded down. */
static void levels8_by_shift(const void *from, void *to, size_t n, int shift, int16_t offset)
{
	const int16_t *restrict sums = from;
	uint8_t *restrict out = to;
	const int first = shift > 0 ? shift - 1 : 0, last = shift > 0;

	for (size_t i = 0; i < n; i++) {
		const int16_t part = (int16_t)(sums[i] >> first);
		const int16_t level = (int16_t)(((int16_t)(part + last) >> last) + offset);
		const int16_t least = (int16_t)(level < 0 ? 0 : level);

		out[i] = (uint8_t)(least > 255 ? 255 : least);
	}
}

void ivp_taps_store(enum ivp_taps type, bool wide, int shift, const void *sums, void *to, size_t n,
		    float factor, float offset)
{
	if (type == IVP_TAPS_FLOATS)
		(wide ? levels16_of_floats : levels8_of_floats)(sums, to, n, factor, offset);
	else if (shift >= 0)
		levels8_by_shift(sums, to, n, shift, (int16_t)offset);
	else if (type == IVP_TAPS_BYTES_SHORT)
		levels8_of_shorts(sums, to, n, factor, offset);
	else
		(wide ? levels16_of_longs : levels8_of_longs)(sums, to, n, factor, offset);
}
