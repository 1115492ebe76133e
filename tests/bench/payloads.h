/* SPDX-License-Identifier: MIT */
/*
 * Payloads of many pages from one process to another: images that both ends touch word by word,
 * and a file of 1 GiB that is copied in and out. Through a link, and through a reference ring of
 * two positions, with either way of storing.
 */
#ifndef IVP_TESTS_BENCH_PAYLOAD_H
#define IVP_TESTS_BENCH_PAYLOAD_H

#include "bench/link.h"

#define PAYLOAD_IMAGE (1920u * 1080 * 3)
#define PAYLOAD_CHUNK (1u << 20)
#define PAYLOAD_FILE  (1ull << 30)
#define PAYLOAD_MIX   0x9e3779b97f4a7c15u

typedef uint64_t payload_words __attribute__((vector_size(64), may_alias));

/* Word i of image n is n * PAYLOAD_MIX + i. */
static inline void payload_fill(uint8_t *to, uint64_t n, enum ivp_stores stores)
{
	static uint64_t tile[512] __attribute__((aligned(64)));
	const size_t count = PAYLOAD_IMAGE / sizeof(uint64_t), per_tile = sizeof(tile) / 8;
	payload_words *words = (void *)(stores == IVP_STORES_STREAMING ? (uint8_t *)tile : to);
	payload_words next = {0, 1, 2, 3, 4, 5, 6, 7};

	next += n * PAYLOAD_MIX;
	for (size_t i = 0; i < count; i += per_tile) {
		const size_t part = count - i < per_tile ? count - i : per_tile;

		for (size_t j = 0; j < part / 8; j++, next += 8)
			words[j] = next;
		if (stores == IVP_STORES_STREAMING)
			ivp_store_bytes(to + i * 8, (uint8_t *)tile, part * 8, stores);
		else
			words += part / 8;
	}
}

/* Is image n not the one that was filled in? By the sum of its words. */
static inline bool payload_is_wrong(const uint8_t *from, uint64_t n)
{
	const uint64_t count = PAYLOAD_IMAGE / sizeof(uint64_t);
	const payload_words *words = (const void *)from;
	payload_words sums[4] = {0};
	uint64_t sum = 0;

	for (size_t i = 0; i + 4 <= count / 8; i += 4)
		for (unsigned j = 0; j < 4; j++)
			sums[j] += words[i + j];
	for (size_t i = count / 8 / 4 * 4; i < count / 8; i++)
		sums[0] += words[i];
	for (unsigned j = 0; j < 32; j++)
		sum += sums[j / 8][j % 8];
	return sum != count * (n * PAYLOAD_MIX) + count * (count - 1) / 2;
}

#endif
