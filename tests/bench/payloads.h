/* SPDX-License-Identifier: MIT */
/*
 * Payloads of many pages from one process to another, on cores 0 and 1: 1080p images that both
 * ends touch word by word, and 1 GiB that is copied in and out in chunks of 1 MiB. Through a link,
 * through a reference ring of two positions with either way of storing, and the 1 GiB also by the
 * algorithm that is known from a blog: two byte counters in front of 64 MiB, plain copies. Every
 * byte is verified.
 */
#ifndef IVP_TESTS_BENCH_PAYLOADS_H
#define IVP_TESTS_BENCH_PAYLOADS_H

#include "bench/link.h"
#include "transport/notify.h"

#define PAYLOAD_IMAGE   (1920u * 1080 * 3)
#define PAYLOAD_CHUNK   (1u << 20)
#define PAYLOAD_FILE    (1ull << 30)
#define PAYLOAD_WAKE_NS 50000u /* of a hundred times that, who waits spins */
#define PAYLOAD_MIX     0x9e3779b97f4a7c15u

/* Compiled for what the processor has: else the two ends would be what is measured. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&                \
    !defined(__SANITIZE_THREAD__)
#define PAYLOAD_FAST                                                                               \
	__attribute__((noinline, optimize("O3"), target_clones("avx512f", "avx2", "default")))
#else
#define PAYLOAD_FAST __attribute__((noinline))
#endif

PAYLOAD_FAST static void payload_count_up(uint64_t *words, uint64_t first, size_t count)
{
	for (size_t i = 0; i < count; i++)
		words[i] = first + i;
}

PAYLOAD_FAST static uint64_t payload_sum(const uint64_t *words, size_t count)
{
	uint64_t sums[32] = {0}, sum = 0;
	size_t i = 0;

	for (; i + 32 <= count; i += 32)
		for (unsigned j = 0; j < 32; j++)
			sums[j] += words[i + j];
	for (; i < count; i++)
		sum += words[i];
	for (unsigned j = 0; j < 32; j++)
		sum += sums[j];
	return sum;
}

/* Copies, and sums on the way, which costs a copy from memory nothing. */
PAYLOAD_FAST static uint64_t payload_copy_and_sum(uint64_t *restrict to,
						  const uint64_t *restrict from, size_t count)
{
	uint64_t sums[32] = {0}, sum = 0;

	for (size_t i = 0; i < count; i += 32)
		for (unsigned j = 0; j < 32; j++) {
			to[i + j] = from[i + j];
			sums[j] += from[i + j];
		}
	for (unsigned j = 0; j < 32; j++)
		sum += sums[j];
	return sum;
}

/* Word i of image n is n * PAYLOAD_MIX + i. */
static inline void payload_fill(uint8_t *to, uint64_t n, enum ivp_stores stores)
{
	static uint64_t tile[512] __attribute__((aligned(64)));
	const size_t count = PAYLOAD_IMAGE / sizeof(uint64_t), per_tile = sizeof(tile) / 8;

	if (stores == IVP_STORES_CACHED) {
		payload_count_up((uint64_t *)(void *)to, n * PAYLOAD_MIX, count);
		return;
	}
	for (size_t i = 0; i < count; i += per_tile) {
		const size_t part = count - i < per_tile ? count - i : per_tile;

		payload_count_up(tile, n * PAYLOAD_MIX + i, part);
		ivp_store_bytes(to + i * 8, (uint8_t *)tile, part * 8, stores);
	}
}

/* The sum of count words from first on, of numbers that follow each other by step. */
static inline uint64_t payload_expected(uint64_t first, uint64_t step, uint64_t count)
{
	return first * count + step * (count * (count - 1) / 2);
}

/* Is image n not the one that was filled in? By the sum of its words. */
static inline bool payload_is_wrong(const uint8_t *from, uint64_t n)
{
	const uint64_t count = PAYLOAD_IMAGE / sizeof(uint64_t);

	return payload_sum((const uint64_t *)(const void *)from, count) !=
	       payload_expected(n * PAYLOAD_MIX, 1, count);
}

/* Is what is copied out not chunk n? Word i of all is i * PAYLOAD_MIX. */
static inline bool payload_copy_is_wrong(uint8_t *to, const uint8_t *from, uint64_t n)
{
	const uint64_t count = PAYLOAD_CHUNK / sizeof(uint64_t);

	return payload_copy_and_sum((uint64_t *)(void *)to, (const uint64_t *)(const void *)from,
				    count) !=
	       payload_expected(n * count * PAYLOAD_MIX, PAYLOAD_MIX, count);
}

#define IMAGES        140u
#define IMAGES_WARM   20u
#define BLOG_BYTES    (64u * PAYLOAD_CHUNK)
#define BLOG_COUNTERS 16u

/* What the two processes of one sample share. The positions have lines of their own. */
static struct payloads {
	uint64_t head, pad0[15];
	uint64_t tail, pad1[15];
	uint32_t ready;
	uint64_t bad, start_ns, end_ns;
	bool far; /* what the link's producer thought at its end */
} * payloads;

static struct bench_link payload_link;
static uint8_t *payload_slots, *payload_source, *payload_copy;

enum payload_way { WAY_REFERENCE, WAY_LINK, WAY_BLOG };

/* One quantity: a payload, a way, a way of storing. */
struct payload_flow {
	enum payload_way way;
	bool file;                     /* or images */
	enum ivp_stores stores;        /* of the reference */
	enum ivp_stores_choice choice; /* of the link */
	uint32_t slots;
};

static inline void payload_await(const uint64_t *word, uint64_t least)
{
	while (ivp_load_acquire(word) < least)
		bench_relax();
}

static inline void payload_put(const struct payload_flow *flow, uint8_t *slot, uint64_t n,
			       enum ivp_stores stores)
{
	if (flow->file)
		ivp_store_bytes(slot, payload_source + n * PAYLOAD_CHUNK, PAYLOAD_CHUNK, stores);
	else
		payload_fill(slot, n, stores);
}

static inline void payload_take(const struct payload_flow *flow, const uint8_t *slot, uint64_t n)
{
	payloads->bad +=
	    flow->file ? payload_copy_is_wrong(payload_copy, slot, n) : payload_is_wrong(slot, n);
}

static inline uint64_t payload_count(const struct payload_flow *flow)
{
	return flow->file ? PAYLOAD_FILE / PAYLOAD_CHUNK : IMAGES;
}

static inline uint64_t payload_bytes(const struct payload_flow *flow)
{
	return flow->file ? PAYLOAD_CHUNK : PAYLOAD_IMAGE;
}

/* The blog's: bytes written and read, big-endian, in the first line; copies that wrap. */
static inline uint64_t blog_load(unsigned which)
{
	return __builtin_bswap64(ivp_load_acquire((uint64_t *)(void *)payload_slots + which));
}

static inline void blog_store(unsigned which, uint64_t value)
{
	ivp_store_release((uint64_t *)(void *)payload_slots + which, __builtin_bswap64(value));
}

static inline void blog_put(uint64_t n)
{
	const uint64_t room = BLOG_BYTES - BLOG_COUNTERS, at = n * PAYLOAD_CHUNK % room;
	const uint64_t first = room - at < PAYLOAD_CHUNK ? room - at : PAYLOAD_CHUNK;
	const uint8_t *from = payload_source + n * PAYLOAD_CHUNK;

	while ((n + 1) * PAYLOAD_CHUNK - blog_load(1) > room)
		bench_relax();
	memcpy(payload_slots + BLOG_COUNTERS + at, from, first);
	memcpy(payload_slots + BLOG_COUNTERS, from + first, PAYLOAD_CHUNK - first);
	blog_store(0, (n + 1) * PAYLOAD_CHUNK);
}

static inline void blog_take(uint64_t n)
{
	const uint64_t room = BLOG_BYTES - BLOG_COUNTERS, at = n * PAYLOAD_CHUNK % room;
	const uint64_t first = room - at < PAYLOAD_CHUNK ? room - at : PAYLOAD_CHUNK;
	const uint64_t count = PAYLOAD_CHUNK / sizeof(uint64_t);

	while (blog_load(0) < (n + 1) * PAYLOAD_CHUNK)
		bench_relax();
	memcpy(payload_copy, payload_slots + BLOG_COUNTERS + at, first);
	memcpy(payload_copy + first, payload_slots + BLOG_COUNTERS, PAYLOAD_CHUNK - first);
	blog_store(1, (n + 1) * PAYLOAD_CHUNK);
	payloads->bad += payload_sum((const uint64_t *)(const void *)payload_copy, count) !=
			 payload_expected(n * count * PAYLOAD_MIX, PAYLOAD_MIX, count);
}

static inline void payloads_produce(const struct bench *bench, const struct payload_flow *flow)
{
	struct ivp_frame frame = {
	    .kind = IVP_KIND_BYTES, .flags = IVP_FLAG_LAST, .payload_bytes = payload_bytes(flow)};
	struct ivp_producer producer;
	struct ivp_slot slot;

	if (flow->way == WAY_LINK) {
		bench_produce_on(&payload_link, 0, &producer);
		producer.stores = flow->choice;
		ivp_backoff_set(&producer.backoff, IVP_WAIT_LATENCY, PAYLOAD_WAKE_NS);
	}
	bench_realtime(bench, true);
	bench_sleep_until(&payloads->ready, 1);
	for (uint64_t n = 0; n < payload_count(flow); n++) {
		if (flow->way == WAY_BLOG) {
			blog_put(n);
		} else if (flow->way == WAY_REFERENCE) {
			if (n >= flow->slots)
				payload_await(&payloads->tail, n - flow->slots + 1);
			/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): all flows have slots */
			payload_put(flow, payload_slots + n % flow->slots * payload_bytes(flow), n,
				    flow->stores);
			ivp_store_fence();
			ivp_store_release(&payloads->head, n + 1);
		} else {
			while (ivp_producer_reserve(&producer, &slot, NULL) == IVP_FULL)
				ivp_producer_wait(&producer, 100000000);
			payload_put(flow, slot.payload, n, slot.stores);
			frame.id = n;
			ivp_producer_commit(&producer, &frame);
		}
	}
	if (flow->way == WAY_LINK)
		payloads->far = producer.placement.far;
}

static _Noreturn void payloads_consume(const struct bench *bench, const struct payload_flow *flow)
{
	const uint64_t first = flow->file ? 0 : IMAGES_WARM;
	struct ivp_consumer consumer;
	struct ivp_frame frame;

	if (flow->way == WAY_LINK) {
		bench_consume_from(&payload_link, 0, &consumer);
		ivp_backoff_set(&consumer.backoff, IVP_WAIT_LATENCY, PAYLOAD_WAKE_NS);
	}
	bench_realtime(bench, true);
	bench_set(&payloads->ready, 1);
	payloads->start_ns = ivp_now_ns();
	for (uint64_t n = 0; n < payload_count(flow); n++) {
		if (n == first)
			payloads->start_ns = ivp_now_ns();
		if (flow->way == WAY_BLOG) {
			blog_take(n);
		} else if (flow->way == WAY_REFERENCE) {
			payload_await(&payloads->head, n + 1);
			payload_take(flow, payload_slots + n % flow->slots * payload_bytes(flow),
				     n);
			ivp_store_release(&payloads->tail, n + 1);
		} else {
			while (ivp_consumer_acquire(&consumer, &frame, NULL) == IVP_EMPTY)
				ivp_consumer_wait(&consumer, 100000000);
			payload_take(flow, frame.payload, n);
			ivp_consumer_release(&consumer);
		}
	}
	payloads->end_ns = ivp_now_ns();
	_exit(EX_OK);
}

static inline void payloads_init(void)
{
	payloads = bench_map(sizeof(*payloads));
	payload_slots = bench_map(BLOG_BYTES);
	payload_copy = bench_map(PAYLOAD_CHUNK);
	payload_source = mmap(NULL, PAYLOAD_FILE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (payload_source == MAP_FAILED)
		bench_die("mmap");
	/* Huge pages made copies from here five times slower where it was tried. */
	(void)madvise(payload_source, PAYLOAD_FILE, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < PAYLOAD_FILE / 8; i++)
		((uint64_t *)(void *)payload_source)[i] = i * PAYLOAD_MIX;
	payload_link = bench_link_create("bench", 4, PAYLOAD_IMAGE);
}

static inline void payloads_touch(uint8_t *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += IVP_PAGE) {
		volatile uint8_t *byte = memory + i;
		const uint8_t value = *byte;
		*byte = value;
	}
}

/* Returns a sample in GB/s. */
static inline double payloads_measure(const struct bench *bench, const struct payload_flow *flow)
{
	const uint64_t timed = payload_count(flow) - (flow->file ? 0 : IMAGES_WARM);

	memset(payloads, 0, sizeof(*payloads));
	memset(payload_slots, 0, BLOG_COUNTERS);
	bench_link_destroy(&payload_link);
	payload_link = bench_link_create("bench", flow->slots, payload_bytes(flow));
	bench_realtime(bench, false);
	bench_touch(&payload_link, true);
	pid_t child = bench_fork(bench, 1);
	if (child == 0) {
		/* Page faults take longer than real-time priority lasts. */
		bench_realtime(bench, false);
		bench_touch(&payload_link, false);
		payloads_touch(payload_slots, BLOG_BYTES);
		payloads_touch(payload_copy, PAYLOAD_CHUNK);
		payloads_consume(bench, flow);
	}
	payloads_produce(bench, flow);
	bench_realtime(bench, false);
	bench_reap(child);
	if (payloads->bad) {
		fprintf(stderr, "bench: %llu payloads arrived wrong\n",
			(unsigned long long)payloads->bad);
		exit(EX_SOFTWARE);
	}
	return (double)(timed * payload_bytes(flow)) /
	       (double)(payloads->end_ns - payloads->start_ns);
}

#endif
