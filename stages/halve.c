/* SPDX-License-Identifier: MIT */
/* Sums of whole numbers that lie side by side in twice their width. */
#include "halve.h"

#include <string.h>

#include <ivpipe/frame.h>

#include "compiler.h"
#include "format.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

typedef uint8_t bytes __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef uint16_t words __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef uint32_t quads __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef uint64_t longs __attribute__((vector_size(IVP_VECTOR), aligned(1), may_alias));
typedef uint8_t half_bytes __attribute__((vector_size(IVP_VECTOR / 2), aligned(1), may_alias));
typedef uint16_t half_words __attribute__((vector_size(IVP_VECTOR / 2), aligned(1), may_alias));

IVP_INLINE uint32_t level_at(const uint8_t *at, size_t depth)
{
	uint16_t level = at[0];

	if (depth == 2)
		memcpy(&level, at, sizeof(level));
	return level;
}

IVP_INLINE void put_level(uint8_t *at, size_t depth, uint32_t level)
{
	const uint16_t word = (uint16_t)level;

	if (depth == 2)
		memcpy(at, &word, sizeof(word));
	else
		at[0] = (uint8_t)level;
}

/* The two pixels of each row are next to each other. */
IVP_INLINE void halve_pixel(const uint8_t *above, const uint8_t *below, size_t pixel, size_t depth,
			    uint8_t *out)
{
	for (size_t c = 0; c < pixel; c += depth) {
		const uint32_t sum =
		    level_at(above + c, depth) + level_at(above + c + pixel, depth) +
		    level_at(below + c, depth) + level_at(below + c + pixel, depth);

		put_level(out + c, depth, (sum + 2) / 4);
	}
}

/* The sums of neighbours, of one row: each number of a vector has two. */
IVP_INLINE words pairs_of_bytes(const uint8_t *at)
{
	const words both = *(const words *)at;

	return (both & 255) + (both >> 8);
}

IVP_INLINE quads pairs_of_words(const uint8_t *at)
{
	const quads both = *(const quads *)at;

	return (both & 65535) + (both >> 16);
}

/* These return how many pixels they have made. */
static size_t halve_gray8(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	size_t i = 0;

	for (; i + IVP_VECTOR / 2 <= n; i += IVP_VECTOR / 2) {
		const words sum = pairs_of_bytes(above + 2 * i) + pairs_of_bytes(below + 2 * i);

		*(half_bytes *)(out + i) = __builtin_convertvector((sum + 2) >> 2, half_bytes);
	}
	return i;
}

static size_t halve_gray16(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	size_t i = 0;

	for (; i + IVP_VECTOR / 4 <= n; i += IVP_VECTOR / 4) {
		const quads sum = pairs_of_words(above + 4 * i) + pairs_of_words(below + 4 * i);

		*(half_words *)(out + 2 * i) = __builtin_convertvector((sum + 2) >> 2, half_words);
	}
	return i;
}

#ifdef __AVX512BW__
IVP_INLINE words widened(const uint8_t *at)
{
	return __builtin_convertvector(*(const half_bytes *)at, words);
}

IVP_INLINE quads widened16(const uint8_t *at)
{
	return __builtin_convertvector(*(const half_words *)at, quads);
}

/* Sums of two rows, of pixels of three: the first ones of each pair and the second ones. */
static size_t halve_rgb8(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	uint16_t where[2][32];
	size_t i = 0;

	for (size_t k = 0; k < 32; k++) {
		where[0][k] = (uint16_t)(k < 30 ? k / 3 * 6 + k % 3 : 0);
		where[1][k] = (uint16_t)(where[0][k] + 3);
	}
	const __m512i first = _mm512_loadu_si512(where[0]), second = _mm512_loadu_si512(where[1]);

	/* 10 pixels from 60 bytes of each row; 64 are read, and 32 written. */
	for (; i + 11 <= n; i += 10) {
		const __m512i low = (__m512i)(widened(above + 6 * i) + widened(below + 6 * i));
		const __m512i high =
		    (__m512i)(widened(above + 6 * i + 32) + widened(below + 6 * i + 32));
		const words sum = (words)_mm512_permutex2var_epi16(low, first, high) +
				  (words)_mm512_permutex2var_epi16(low, second, high);

		*(half_bytes *)(out + 3 * i) = __builtin_convertvector((sum + 2) >> 2, half_bytes);
	}
	return i;
}

static size_t halve_rgb16(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	uint32_t where[2][16];
	size_t i = 0;

	for (size_t k = 0; k < 16; k++) {
		where[0][k] = (uint32_t)(k < 15 ? k / 3 * 6 + k % 3 : 0);
		where[1][k] = where[0][k] + 3;
	}
	const __m512i first = _mm512_loadu_si512(where[0]), second = _mm512_loadu_si512(where[1]);

	/* 5 pixels from 30 words of each row; 32 are read, and 16 written. */
	for (; i + 6 <= n; i += 5) {
		const __m512i low =
		    (__m512i)(widened16(above + 12 * i) + widened16(below + 12 * i));
		const __m512i high =
		    (__m512i)(widened16(above + 12 * i + 32) + widened16(below + 12 * i + 32));
		const quads sum = (quads)_mm512_permutex2var_epi32(low, first, high) +
				  (quads)_mm512_permutex2var_epi32(low, second, high);

		*(half_words *)(out + 6 * i) = __builtin_convertvector((sum + 2) >> 2, half_words);
	}
	return i;
}
#elif defined(__SSE2__)
/* 4 pixels from 24 bytes of each row; 26 are read, and 16 written. */
IVP_INLINE __m128i sum_threes(const uint8_t *above, const uint8_t *below)
{
	const __m128i zero = _mm_setzero_si128();
	const __m128i a = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)above), zero);
	const __m128i b = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)below), zero);
	const __m128i sum = _mm_add_epi16(a, b);

	return _mm_add_epi16(sum, _mm_srli_si128(sum, 6));
}

static size_t halve_rgb8(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	const __m128i two = _mm_set1_epi16(2);
	size_t i = 0;

	for (; i + 6 <= n; i += 4) {
		const uint8_t *a = above + 6 * i, *b = below + 6 * i;
		const __m128i low = _mm_unpacklo_epi64(sum_threes(a, b), sum_threes(a + 6, b + 6));
		const __m128i high =
		    _mm_unpacklo_epi64(sum_threes(a + 12, b + 12), sum_threes(a + 18, b + 18));
		const __m128i four = _mm_packus_epi16(_mm_srli_epi16(_mm_add_epi16(low, two), 2),
						      _mm_srli_epi16(_mm_add_epi16(high, two), 2));
#ifdef __AVX2__
		const __m128i close =
		    _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);

		_mm_storeu_si128((__m128i *)(out + 3 * i), _mm_shuffle_epi8(four, close));
#else
		/* Each with a byte too many, which the next makes good. */
		IVP_UNROLL
		for (size_t k = 0; k < 4; k++)
			memcpy(out + 3 * (i + k), (const uint8_t *)&four + 4 * k, 4);
#endif
	}
	return i;
}

typedef uint32_t four __attribute__((vector_size(16)));
typedef uint16_t four_words __attribute__((vector_size(8), aligned(1), may_alias));

IVP_INLINE four load_four(const uint8_t *at)
{
	return __builtin_convertvector(*(const four_words *)at, four);
}

/* Pixel by pixel, each with a word too many, which the next makes good. */
static size_t halve_rgb16(const uint8_t *above, const uint8_t *below, size_t n, uint8_t *out)
{
	size_t i = 0;

	for (; i + 2 <= n; i++) {
		const uint8_t *a = above + 12 * i, *b = below + 12 * i;
		const four sum = load_four(a) + load_four(b) + load_four(a + 6) + load_four(b + 6);

		*(four_words *)(out + 6 * i) = __builtin_convertvector((sum + 2) >> 2, four_words);
	}
	return i;
}
#else
#define halve_rgb8(above, below, n, out)  0
#define halve_rgb16(above, below, n, out) 0
#endif

/* format is a constant wherever this is inlined. */
IVP_INLINE void halve(uint32_t format, const uint8_t *above, const uint8_t *below, size_t n,
		      uint8_t *out)
{
	const size_t pixel = ivp_format_pixel_bytes(format);
	const size_t depth = ivp_sample_bytes(format);
	size_t i = format == IVP_FORMAT_GRAY8    ? halve_gray8(above, below, n, out)
		   : format == IVP_FORMAT_GRAY16 ? halve_gray16(above, below, n, out)
		   : format == IVP_FORMAT_RGB8   ? halve_rgb8(above, below, n, out)
						 : halve_rgb16(above, below, n, out);

	for (; i < n; i++)
		halve_pixel(above + 2 * i * pixel, below + 2 * i * pixel, pixel, depth,
			    out + i * pixel);
}

void ivp_halve_row(uint32_t format, const uint8_t *above, const uint8_t *below, size_t n,
		   uint8_t *out)
{
	switch (format) {
	case IVP_FORMAT_GRAY8:
		halve(IVP_FORMAT_GRAY8, above, below, n, out);
		break;
	case IVP_FORMAT_RGB8:
		halve(IVP_FORMAT_RGB8, above, below, n, out);
		break;
	case IVP_FORMAT_GRAY16:
		halve(IVP_FORMAT_GRAY16, above, below, n, out);
		break;
	case IVP_FORMAT_RGB16:
		halve(IVP_FORMAT_RGB16, above, below, n, out);
		break;
	default:
		ivp_halve_alpha_row(format, above, below, n, out);
	}
}
