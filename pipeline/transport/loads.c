/* SPDX-License-Identifier: MIT */
/*
 * From write-combined memory a streaming load fetches a whole line into a buffer, and the other
 * loads of that line take from there (Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 1, 12.10.3, and MOVNTDQA in volume 2); any other load fetches no more than it was asked
 * for, each time. From uncached memory all do so, and the widest are the best. From cached memory
 * they are loads like any other. They are not ordered as those are: hence the fence.
 *
 * Which instructions there are is asked when it is needed: this is no filter, whose level a user may
 * choose for its results' sake, and the bytes are the same.
 */
#include "transport/loads.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define LINE 64u

__attribute__((target("sse4.1"))) static void load_lines_sse41(uint8_t *to, const uint8_t *from,
							       size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(__m128i))
		_mm_storeu_si128((__m128i *)(void *)(to + i),
				 _mm_stream_load_si128((__m128i *)(uintptr_t)(from + i)));
}

__attribute__((target("avx2"))) static void load_lines_avx2(uint8_t *to, const uint8_t *from,
							    size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(__m256i))
		_mm256_storeu_si256(
		    (__m256i *)(void *)(to + i),
		    _mm256_stream_load_si256((const __m256i *)(const void *)(from + i)));
}

__attribute__((target("avx512f"))) static void load_lines_avx512(uint8_t *to, const uint8_t *from,
								 size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(__m512i))
		_mm512_storeu_si512(to + i,
				    _mm512_stream_load_si512((void *)(uintptr_t)(from + i)));
}

/* Whole lines, from the start of one. */
static void load_lines(uint8_t *to, const uint8_t *from, size_t bytes)
{
	if (__builtin_cpu_supports("avx512f"))
		load_lines_avx512(to, from, bytes);
	else if (__builtin_cpu_supports("avx2"))
		load_lines_avx2(to, from, bytes);
	else if (__builtin_cpu_supports("sse4.1"))
		load_lines_sse41(to, from, bytes);
	else
		memcpy(to, from, bytes);
}

void ivp_load_bytes(uint8_t *to, const uint8_t *from, size_t bytes)
{
	size_t head = -(uintptr_t)from & (LINE - 1);

	_mm_mfence();
	head = head < bytes ? head : bytes;
	memcpy(to, from, head);
	const size_t lines = (bytes - head) & ~(size_t)(LINE - 1);
	load_lines(to + head, from + head, lines);
	memcpy(to + head + lines, from + head + lines, bytes - head - lines);
}
#else
void ivp_load_bytes(uint8_t *to, const uint8_t *from, size_t bytes)
{
	memcpy(to, from, bytes);
}
#endif
