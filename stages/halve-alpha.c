/* SPDX-License-Identifier: MIT */
/*
 * Where a vector of pixels is opaque, which most are, levels are added as they are: the same as
 * colours over alpha. The loops over single pixels do what is left of a row, and say what the
 * vectors compute.
 */
#include "halve.h"

#include <string.h>

#include <ivpipe/frame.h>

#include "compiler.h"

#ifdef __AVX2__
#include <immintrin.h>
#endif

typedef uint16_t words __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef uint32_t quads __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef uint64_t longs __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef float floats __attribute__((vector_size(IVP_VECTOR)));
typedef int32_t ints __attribute__((vector_size(IVP_VECTOR)));

/* Numbers below 2^31 to floats and back: processors convert signed ones. */
IVP_INLINE floats float_of(quads numbers)
{
	return __builtin_convertvector((ints)numbers, floats);
}

IVP_INLINE quads whole_of(floats numbers)
{
	return (quads) __builtin_convertvector(numbers, ints);
}

/*
 * floor((2 sum + alphas) / (2 alphas)) by a float quotient that is made a little too large: its
 * three roundings take off less than 1.5 / 2^23, 1 / 2^22 are added, and a quotient below a whole
 * number is 1 / 2040 below it at least, of at most 256.
 */
static void halve_pixel8(const uint8_t *above, const uint8_t *below, uint8_t *out)
{
	const uint8_t *pixels[4] = {above, above + 4, below, below + 4};
	uint32_t alphas = 0;
	float scale;

	for (size_t k = 0; k < 4; k++)
		alphas += pixels[k][3];
	memset(out, 0, 4);
	if (alphas < 2)
		return;
	scale = 1.00000024f / (float)(2 * alphas);
	out[3] = (uint8_t)((alphas + 2) / 4);
	for (size_t c = 0; c < 3; c++) {
		uint32_t sum = 0;

		for (size_t k = 0; k < 4; k++)
			sum += (uint32_t)pixels[k][c] * pixels[k][3];
		out[c] = (uint8_t)((float)(2 * sum + alphas) * scale);
	}
}

/* 65535 / 65535.0f is 1, and the sums of opaque pixels are exact: (sum + 2) / 4 is the same. */
static void halve_pixel16(const uint8_t *above, const uint8_t *below, uint8_t *out)
{
	uint16_t pixels[4][4], made[4] = {0};
	uint32_t alphas;
	float scale;

	memcpy(pixels[0], above, 16);
	memcpy(pixels[2], below, 16);
	alphas = (uint32_t)pixels[0][3] + pixels[1][3] + pixels[2][3] + pixels[3][3];
	if (alphas >= 2) {
		float share[4];

		scale = 65535 / (float)alphas;
		made[3] = (uint16_t)((alphas + 2) / 4);
		for (size_t k = 0; k < 4; k++)
			share[k] = (float)pixels[k][3] * (1 / 65535.0f);
		for (size_t c = 0; c < 3; c++) {
			const float sum =
			    ((float)pixels[0][c] * share[0] + (float)pixels[2][c] * share[2]) +
			    ((float)pixels[1][c] * share[1] + (float)pixels[3][c] * share[3]);
			const float level = sum * scale + 0.5f;

			made[c] = (uint16_t)(level < 65535 ? level : 65535);
		}
	}
	memcpy(out, made, sizeof(made));
}

/* Every second number of two vectors, as memory has them; and back, by turns. */
#if IVP_VECTOR == 64
#define EVEN(a, b)                                                                                 \
	__builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b)                                                                                  \
	__builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#define LOW(a, b)                                                                                  \
	__builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b)                                                                                 \
	__builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define EVEN_LONGS(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD_LONGS(a, b)  __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#elif IVP_VECTOR == 32
#define EVEN(a, b)       __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b)        __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define LOW(a, b)        __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b)       __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define EVEN_LONGS(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define ODD_LONGS(a, b)  __builtin_shufflevector(a, b, 1, 3, 5, 7)
#else
#define EVEN(a, b)       __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define ODD(a, b)        __builtin_shufflevector(a, b, 1, 3, 5, 7)
#define LOW(a, b)        __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b)       __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define EVEN_LONGS(a, b) __builtin_shufflevector(a, b, 0, 2)
#define ODD_LONGS(a, b)  __builtin_shufflevector(a, b, 1, 3)
#endif

/* Are these bits set in each number? */
IVP_INLINE bool all_set(quads all, uint32_t bits)
{
	const quads none = {0};
	const quads missing = ~all & (none + bits);

#if defined(__AVX512F__)
	return _mm512_test_epi32_mask((__m512i)missing, (__m512i)missing) == 0;
#elif defined(__AVX2__)
	return _mm256_testz_si256((__m256i)missing, (__m256i)missing);
#else
	uint64_t left = 0;

	for (size_t i = 0; i < IVP_VECTOR / 8; i++)
		left |= ((longs)missing)[i];
	return left == 0;
#endif
}

/* The four pixels of each pixel of the result, one in each vector. Every other byte is a level. */
IVP_INLINE quads halve_opaque8(const quads pixels[4])
{
	words even = {0}, odd = {0};

	IVP_UNROLL
	for (size_t k = 0; k < 4; k++) {
		even += (words)pixels[k] & 255;
		odd += (words)pixels[k] >> 8;
	}
	return (quads)((even + 2) >> 2 | (odd + 2) >> 2 << 8);
}

/* halve_pixel8 on vectors. */
IVP_INLINE quads halve_mixed8(const quads pixels[4])
{
	quads alphas = {0}, sums[3] = {{0}}, made, seen;
	floats scale;

	IVP_UNROLL
	for (size_t k = 0; k < 4; k++) {
		const quads alpha = pixels[k] >> 24;

		alphas += alpha;
		IVP_UNROLL
		for (size_t c = 0; c < 3; c++)
			/* A product has 16 bits. */
			sums[c] += (quads)((words)(pixels[k] >> 8 * c & 255) * (words)alpha);
	}
	seen = (quads)(alphas >= 2);
	/* Where alphas is below 2 the quotient is not used: keep it finite. */
	scale = 1.00000024f / float_of(2 * alphas | (~seen & 4));
	made = (alphas + 2) >> 2 << 24;
	IVP_UNROLL
	for (size_t c = 0; c < 3; c++)
		made |= whole_of(float_of(2 * sums[c] + alphas) * scale) << 8 * c;
	return made & seen;
}

/* Returns how many pixels it has made. */
static size_t halve_all8(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	size_t i = 0;

	for (; i + IVP_VECTOR / 4 <= n; i += IVP_VECTOR / 4) {
		const quads *a = (const quads *)(above + 8 * i);
		const quads *b = (const quads *)(below + 8 * i);
		const quads pixels[4] = {EVEN(a[0], a[1]), EVEN(b[0], b[1]), ODD(a[0], a[1]),
					 ODD(b[0], b[1])};

		*(quads *)(out + 4 * i) =
		    all_set(pixels[0] & pixels[1] & pixels[2] & pixels[3], 0xff000000)
			? halve_opaque8(pixels)
			: halve_mixed8(pixels);
	}
	return i;
}

/* Red and green, or blue and alpha. */
IVP_INLINE quads halve_opaque16(const quads pairs[4])
{
	quads even = {0}, odd = {0};

	IVP_UNROLL
	for (size_t k = 0; k < 4; k++) {
		even += pairs[k] & 65535;
		odd += pairs[k] >> 16;
	}
	return (even + 2) >> 2 | (odd + 2) >> 2 << 16;
}

IVP_INLINE quads mixed_level(floats sum, floats scale, quads seen)
{
	const quads level = whole_of(sum * scale + 0.5f);
	const quads over = (quads)(level > 65535);

	return ((level & ~over) | (over & 65535)) & seen;
}

/* halve_pixel16 on vectors: red and green, blue and alpha. */
IVP_INLINE void halve_mixed16(const quads red_green[4], const quads blue_alpha[4], quads made[2])
{
	floats share[4], sums[3], scale;
	quads alphas = {0}, seen;

	IVP_UNROLL
	for (size_t k = 0; k < 4; k++) {
		alphas += blue_alpha[k] >> 16;
		share[k] = float_of(blue_alpha[k] >> 16) * (1 / 65535.0f);
	}
	seen = (quads)(alphas >= 2);
	scale = 65535 / float_of(alphas | (~seen & 2));
	IVP_UNROLL
	for (size_t c = 0; c < 3; c++) {
		const quads *pairs = c < 2 ? red_green : blue_alpha;
		floats part[4];

		IVP_UNROLL
		for (size_t k = 0; k < 4; k++)
			part[k] = float_of(pairs[k] >> (c == 1 ? 16 : 0) & 65535) * share[k];
		sums[c] = (part[0] + part[1]) + (part[2] + part[3]);
	}
	made[0] = mixed_level(sums[0], scale, seen) | mixed_level(sums[1], scale, seen) << 16;
	made[1] = mixed_level(sums[2], scale, seen) | ((alphas + 2) >> 2 & seen) << 16;
}

static size_t halve_all16(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	size_t i = 0;

	for (; i + IVP_VECTOR / 4 <= n; i += IVP_VECTOR / 4) {
		const longs *a = (const longs *)(above + 16 * i);
		const longs *b = (const longs *)(below + 16 * i);
		quads red_green[4], blue_alpha[4], made[2];

		IVP_UNROLL
		for (size_t k = 0; k < 4; k++) {
			const longs *from = k % 2 ? b : a;
			const quads low = (quads)(k < 2 ? EVEN_LONGS(from[0], from[1])
							: ODD_LONGS(from[0], from[1]));
			const quads high = (quads)(k < 2 ? EVEN_LONGS(from[2], from[3])
							 : ODD_LONGS(from[2], from[3]));

			red_green[k] = EVEN(low, high);
			blue_alpha[k] = ODD(low, high);
		}
		if (all_set(blue_alpha[0] & blue_alpha[1] & blue_alpha[2] & blue_alpha[3],
			    0xffff0000)) {
			made[0] = halve_opaque16(red_green);
			made[1] = halve_opaque16(blue_alpha);
		} else {
			halve_mixed16(red_green, blue_alpha, made);
		}
		*(quads *)(out + 8 * i) = LOW(made[0], made[1]);
		*(quads *)(out + 8 * i + IVP_VECTOR) = HIGH(made[0], made[1]);
	}
	return i;
}

void ivp_halve_alpha_row(uint32_t format, const uint8_t *above, const uint8_t *below, size_t n,
			 uint8_t *out)
{
	if (format == IVP_FORMAT_RGBA8)
		for (size_t i = halve_all8(above, below, n, out); i < n; i++)
			halve_pixel8(above + 8 * i, below + 8 * i, out + 4 * i);
	else
		for (size_t i = halve_all16(above, below, n, out); i < n; i++)
			halve_pixel16(above + 16 * i, below + 16 * i, out + 8 * i);
}
