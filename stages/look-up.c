/* SPDX-License-Identifier: MIT */
#include "look-up.h"

#include <string.h>

#include "rows.h"

#if defined(__AVX512VBMI__)
#include <immintrin.h>

struct table {
	__m512i part[4];
};

IVP_INLINE struct table load_table(const uint8_t *levels)
{
	struct table table;

	for (int i = 0; i < 4; i++)
		table.part[i] = _mm512_loadu_si512(levels + (size_t)64 * i);
	return table;
}

IVP_INLINE __m512i look_up(const struct table *table, __m512i level)
{
	__m512i low = _mm512_permutex2var_epi8(table->part[0], level, table->part[1]);
	__m512i high = _mm512_permutex2var_epi8(table->part[2], level, table->part[3]);

	return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(level), high);
}

IVP_INLINE __mmask64 first_bytes(size_t n)
{
	return n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1;
}

void ivp_look_up(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n)
{
	const struct table t = load_table(table);
	const __mmask64 rest = first_bytes(n % 64);
	size_t i = 0;

	for (; i + 256 <= n; i += 256)
		for (size_t k = i; k < i + 256; k += 64)
			_mm512_storeu_si512(to + k, look_up(&t, _mm512_loadu_si512(from + k)));
	for (; i + 64 <= n; i += 64)
		_mm512_storeu_si512(to + i, look_up(&t, _mm512_loadu_si512(from + i)));
	_mm512_mask_storeu_epi8(to + i, rest, look_up(&t, _mm512_maskz_loadu_epi8(rest, from + i)));
}

/*
 * A vector whose first byte is of the colour first, by three tables. 64 is 1 more than 63: the
 * next vector begins one colour further on.
 */
/* Every third byte, from the first, the second, the third on. */
#define THIRDS 0x9249249249249249ull

IVP_INLINE __m512i look_up_rgb(const struct table table[3], unsigned first, __m512i level)
{
	const __mmask64 red = first == 0 ? THIRDS : first == 1 ? THIRDS << 2 : THIRDS << 1;
	const __mmask64 green = red << 1 | red >> 2;
	__m512i result = look_up(&table[2], level);

	result = _mm512_mask_mov_epi8(result, green, look_up(&table[1], level));
	return _mm512_mask_mov_epi8(result, red, look_up(&table[0], level));
}

void ivp_look_up_rgb(const uint8_t *r, const uint8_t *g, const uint8_t *b, const uint8_t *from,
		     uint8_t *to, size_t n)
{
	const struct table table[3] = {load_table(r), load_table(g), load_table(b)};
	unsigned first = 0;
	size_t i = 0;

	n *= 3;
	for (; i + 192 <= n; i += 192)
		for (unsigned k = 0; k < 3; k++)
			_mm512_storeu_si512(
			    to + i + (size_t)64 * k,
			    look_up_rgb(table, k, _mm512_loadu_si512(from + i + (size_t)64 * k)));
	for (; i < n; i += 64, first++) {
		const __mmask64 rest = first_bytes(n - i);
		__m512i level = _mm512_maskz_loadu_epi8(rest, from + i);

		_mm512_mask_storeu_epi8(to + i, rest, look_up_rgb(table, first, level));
	}
}

#define FOURTHS 0x1111111111111111ull

IVP_INLINE __m512i look_up_rgba(const struct table table[3], bool same, __m512i level)
{
	__m512i result = look_up(&table[0], level);

	if (!same) {
		result = _mm512_mask_mov_epi8(result, FOURTHS << 1, look_up(&table[1], level));
		result = _mm512_mask_mov_epi8(result, FOURTHS << 2, look_up(&table[2], level));
	}
	return _mm512_mask_mov_epi8(result, FOURTHS << 3, level);
}

IVP_INLINE void look_up_rgba_row(const struct table table[3], bool same, const uint8_t *from,
				 uint8_t *to, size_t n)
{
	const __mmask64 rest = first_bytes(n % 64);
	size_t i = 0;

	for (; i + 128 <= n; i += 128)
		for (size_t k = i; k < i + 128; k += 64)
			_mm512_storeu_si512(
			    to + k, look_up_rgba(table, same, _mm512_loadu_si512(from + k)));
	for (; i + 64 <= n; i += 64)
		_mm512_storeu_si512(to + i,
				    look_up_rgba(table, same, _mm512_loadu_si512(from + i)));
	_mm512_mask_storeu_epi8(to + i, rest,
				look_up_rgba(table, same, _mm512_maskz_loadu_epi8(rest, from + i)));
}

void ivp_look_up_rgba(const uint8_t *r, const uint8_t *g, const uint8_t *b, const uint8_t *from,
		      uint8_t *to, size_t n)
{
	const struct table table[3] = {load_table(r), load_table(g), load_table(b)};

	if (r == g && r == b)
		look_up_rgba_row(table, true, from, to, 4 * n);
	else
		look_up_rgba_row(table, false, from, to, 4 * n);
}

#else

/* Eight bytes in one word: loads are what this takes, so there must be few others. */
static size_t look_up_words(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t levels, result;

		memcpy(&levels, from + i, 8);
		result = (uint64_t)table[levels & 255] | (uint64_t)table[levels >> 8 & 255] << 8 |
			 (uint64_t)table[levels >> 16 & 255] << 16 |
			 (uint64_t)table[levels >> 24 & 255] << 24 |
			 (uint64_t)table[levels >> 32 & 255] << 32 |
			 (uint64_t)table[levels >> 40 & 255] << 40 |
			 (uint64_t)table[levels >> 48 & 255] << 48 |
			 (uint64_t)table[levels >> 56] << 56;
		memcpy(to + i, &result, 8);
	}
	return i;
}

#ifdef __AVX2__
#include <immintrin.h>

struct table {
	__m256i part[16]; /* 16 levels, twice */
};

IVP_INLINE struct table load_table(const uint8_t *levels)
{
	struct table table;

	for (size_t i = 0; i < 16; i++)
		table.part[i] = _mm256_broadcastsi128_si256(
		    _mm_loadu_si128((const __m128i *)(levels + 16 * i)));
	return table;
}

/* Places in the sixteenth at hand are 0..15; adding 0x70 makes those in others negative. */
IVP_INLINE __m256i look_up(const struct table *table, __m256i level)
{
	const __m256i sixteen = _mm256_set1_epi8(16), bias = _mm256_set1_epi8(0x70);
	__m256i result = _mm256_shuffle_epi8(table->part[0], _mm256_adds_epu8(level, bias));

	for (size_t i = 1; i < 16; i++) {
		level = _mm256_sub_epi8(level, sixteen);
		result = _mm256_or_si256(
		    result, _mm256_shuffle_epi8(table->part[i], _mm256_adds_epu8(level, bias)));
	}
	return result;
}

static size_t look_up_vectors(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n)
{
	const struct table t = load_table(table);
	size_t i = 0;

	for (; i + 32 <= n; i += 32)
		_mm256_storeu_si256((__m256i *)(to + i),
				    look_up(&t, _mm256_loadu_si256((const __m256i *)(from + i))));
	return i;
}

/* With alpha as it was. */
static size_t look_up_vectors_rgba(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n)
{
	const __m256i alpha = _mm256_set1_epi32((int)0xff000000);
	const struct table t = load_table(table);
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		__m256i level = _mm256_loadu_si256((const __m256i *)(from + 4 * i));

		_mm256_storeu_si256((__m256i *)(to + 4 * i),
				    _mm256_blendv_epi8(look_up(&t, level), level, alpha));
	}
	return i;
}
#else
#define look_up_vectors look_up_words

static size_t look_up_vectors_rgba(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n)
{
	(void)table;
	(void)from;
	(void)to;
	(void)n;
	return 0;
}
#endif

void ivp_look_up(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t n)
{
	size_t i = look_up_vectors(table, from, to, n);

	i += look_up_words(table, from + i, to + i, n - i);
	for (; i < n; i++)
		to[i] = table[from[i]];
}

void ivp_look_up_rgb(const uint8_t *r, const uint8_t *g, const uint8_t *b, const uint8_t *from,
		     uint8_t *to, size_t n)
{
	for (size_t i = 0; i < 3 * n; i += 3) {
		to[i] = r[from[i]];
		to[i + 1] = g[from[i + 1]];
		to[i + 2] = b[from[i + 2]];
	}
}

void ivp_look_up_rgba(const uint8_t *r, const uint8_t *g, const uint8_t *b, const uint8_t *from,
		      uint8_t *to, size_t n)
{
	const ivp_pixel *pixels = (const ivp_pixel *)from;
	ivp_pixel *results = (ivp_pixel *)to;
	size_t i = 0;

	if (r == g && r == b)
		i = look_up_vectors_rgba(r, from, to, n);
	for (; i < n; i++) {
		const uint32_t pixel = pixels[i];

		results[i] = (pixel & 0xff000000) | r[pixel & 255] |
			     (uint32_t)g[pixel >> 8 & 255] << 8 |
			     (uint32_t)b[pixel >> 16 & 255] << 16;
	}
}
#endif
