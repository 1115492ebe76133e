/* SPDX-License-Identifier: MIT */
/*
 * Streaming stores go past the caches, line by line (Intel 64 and IA-32 Architectures Optimization
 * Reference Manual, "Memory Optimization Using Non-Temporal Stores"). Every x86-64 has those of
 * SSE2; wider ones fill the same buffers.
 */
#include <ivpipe/frame.h>

#include <string.h>

#define LINE  64u
#define WORTH 1024u /* bytes: below, head, tail and fence are most of it */

#if defined(__SSE2__)
#include <emmintrin.h>

static void stream(uint8_t *to, const uint8_t *from, size_t bytes)
{
	const size_t head = -(uintptr_t)to & (LINE - 1);

	memcpy(to, from, head);
	to += head;
	from += head;
	bytes -= head;
	for (; bytes >= LINE; bytes -= LINE, to += LINE, from += LINE)
		for (unsigned i = 0; i < LINE; i += sizeof(__m128i))
			_mm_stream_si128(
			    (__m128i *)(void *)(to + i),
			    _mm_loadu_si128((const __m128i *)(const void *)(from + i)));
	memcpy(to, from, bytes);
}
#else
static void stream(uint8_t *to, const uint8_t *from, size_t bytes)
{
	memcpy(to, from, bytes);
}
#endif

void ivp_store_bytes(uint8_t *to, const uint8_t *from, size_t bytes, enum ivp_stores stores)
{
	if (stores == IVP_STORES_STREAMING && bytes >= WORTH)
		stream(to, from, bytes);
	else
		memcpy(to, from, bytes);
}
