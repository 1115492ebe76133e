/* SPDX-License-Identifier: MIT */
#include "grow.h"

#include <string.h>

#include "resample.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

typedef float floats __attribute__((vector_size(IVP_VECTOR), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(IVP_VECTOR)));

struct ivp_grow_weights {
	ints pick; /* lanes of the source's vectors */
	float weights[IVP_GROW_MOST_TAPS][IVP_GROW_LANES];
};

/* How many of the last weights are searched for the same ones: those of ratios like 3 / 2 come by
 * turns. */
#define REMEMBERED 8

static size_t pixels_of_block(const struct ivp_grow *grow)
{
	return IVP_GROW_LANES / grow->step;
}

/* The weights of the block of pixels from x on, and which pixels they are for. */
static void fill(const struct ivp_grow *grow, const struct ivp_axis *axis, uint32_t x,
		 struct ivp_grow_weights *to)
{
	memset(to, 0, sizeof(*to));
	for (uint32_t i = 0; i < pixels_of_block(grow) && x + i < axis->out; i++)
		for (uint32_t c = 0; c < grow->step; c++) {
			const uint32_t lane = i * grow->step + c;
			const uint32_t pixel = axis->first[x + i] - axis->first[x];

			to->pick[lane] = (int32_t)(pixel * grow->step + c);
			for (uint32_t k = 0; k < axis->count[x + i]; k++)
				to->weights[k][lane] =
				    axis->weights[(size_t)(x + i) * axis->most + k];
		}
}

void ivp_grow_prepare(struct ivp_grow *grow, const struct ivp_axis *axis, unsigned step,
		      struct ivp_carve *carve)
{
	const size_t pixels = IVP_GROW_LANES / step;
	uint32_t made = 0;

	grow->step = step;
	grow->taps = axis->most < IVP_GROW_MOST_TAPS ? axis->most : IVP_GROW_MOST_TAPS;
	grow->blocks = (axis->out + pixels - 1) / pixels;
	grow->at = ivp_carve(carve, grow->blocks * sizeof(uint32_t));
	grow->which = ivp_carve(carve, grow->blocks * sizeof(uint32_t));
	grow->weights = ivp_carve(carve, grow->blocks * sizeof(struct ivp_grow_weights));
	if (!carve->base)
		return;
	grow->taps = 1;
	for (uint32_t x = 0; x < axis->out; x++)
		grow->taps = axis->count[x] > grow->taps ? axis->count[x] : grow->taps;
	for (size_t b = 0; b < grow->blocks; b++) {
		const uint32_t x = (uint32_t)(b * pixels);
		uint32_t same = made > REMEMBERED ? made - REMEMBERED : 0;

		fill(grow, axis, x, &grow->weights[made]);
		while (memcmp((const uint8_t *)&grow->weights[same],
			      (const uint8_t *)&grow->weights[made], sizeof(*grow->weights)) != 0)
			same++;
		made += same == made;
		grow->at[b] = axis->first[x] * step;
		grow->which[b] = same;
	}
}

/* The lanes of the vector at from that are picked, by numbers below IVP_GROW_LANES. */
IVP_INLINE floats choose(const float *from, ints pick)
{
#if defined(__AVX512F__)
	return (floats)_mm512_permutexvar_ps((__m512i)pick, _mm512_loadu_ps(from));
#elif defined(__AVX2__)
	return (floats)_mm256_permutevar8x32_ps(_mm256_loadu_ps(from), (__m256i)pick);
#else
	floats chosen;

	for (size_t i = 0; i < IVP_GROW_LANES; i++)
		chosen[i] = from[pick[i]];
	return chosen;
#endif
}

/* Pixels of 3 samples, one to a vector of 4, need not be picked. */
IVP_INLINE floats take(size_t step, const float *from, ints pick)
{
	if (step > IVP_GROW_LANES / 2)
		return *(const floats *)from;
	return choose(from, pick);
}

/* taps is a constant wherever this is inlined. */
IVP_INLINE void grow_row(const struct ivp_grow *grow, size_t taps, size_t step, const float *from,
			 float *to)
{
	const size_t samples = IVP_GROW_LANES / step * step;
	size_t b = 0;

	/* Blocks with the same weights mostly follow each other, but for an odd number of pixels
	 * in each: those stay in registers. */
	while (b < grow->blocks) {
		const uint32_t which = grow->which[b];
		const struct ivp_grow_weights *weights = &grow->weights[which];
		const ints pick = weights->pick;
		floats weight[IVP_GROW_MOST_TAPS];

		IVP_UNROLL
		for (size_t k = 0; k < taps; k++)
			weight[k] = *(const floats *)weights->weights[k];
		do {
			const float *at = from + grow->at[b];
			floats sum = take(step, at, pick) * weight[0];

			IVP_UNROLL
			for (size_t k = 1; k < taps; k++)
				sum += take(step, at + k * step, pick) * weight[k];
			*(floats *)(to + b * samples) = sum;
			b++;
		} while (step == 1 && b < grow->blocks && grow->which[b] == which);
	}
}

IVP_INLINE void grow_step(const struct ivp_grow *grow, size_t step, const float *from, float *to)
{
	switch (grow->taps) {
	case 1:
		grow_row(grow, 1, step, from, to);
		break;
	case 2:
		grow_row(grow, 2, step, from, to);
		break;
	case 3:
		grow_row(grow, 3, step, from, to);
		break;
	case 4:
		grow_row(grow, 4, step, from, to);
		break;
	case 5:
		grow_row(grow, 5, step, from, to);
		break;
	case 6:
		grow_row(grow, 6, step, from, to);
		break;
	case 7:
		grow_row(grow, 7, step, from, to);
		break;
	default:
		grow_row(grow, IVP_GROW_MOST_TAPS, step, from, to);
	}
}

void ivp_grow_row(const struct ivp_grow *grow, const float *from, float *to)
{
	if (grow->step == 3)
		grow_step(grow, 3, from, to);
	else
		grow_step(grow, 1, from, to);
}
