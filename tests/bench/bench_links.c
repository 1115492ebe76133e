/* SPDX-License-Identifier: MIT */
/*
 * What a hand-over costs: 64-byte frames from one process to another, on cores 0 and 1, next to a
 * minimal ring that has no more than two positions; round trips of two links that sleep, next to
 * a bare futex. Every word of every message is verified.
 */
#include "bench/link.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#define SLOTS    1024u
#define WORDS    8u /* of a message */
#define MESSAGES 300000u
#define WARM_UP  20000u
#define TRIPS    1000u
#define THINK_NS 50000u /* before each answer: so that who waits for it has gone to sleep */

static struct bench bench = {.name = "links", .rounds = 11};

/* What the two processes of one sample share. */
struct sample {
	uint32_t ready;
	uint64_t bad, start_ns, end_ns;
};

static struct sample *sample;

/* Words of message n. Eight unlike words: a mixed-up message shows. */
static void fill(uint64_t *words, uint64_t n)
{
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = n * 0x9e3779b97f4a7c15u + i;
}

static bool is_wrong(const uint64_t *words, uint64_t n)
{
	uint64_t difference = 0;

	for (unsigned i = 0; i < WORDS; i++)
		difference |= words[i] ^ (n * 0x9e3779b97f4a7c15u + i);
	return difference != 0;
}

/* The reference: two positions on lines of their own, each side remembers the other's. */
struct plain_ring {
	uint64_t head, pad0[15];
	uint64_t tail, pad1[15];
	uint64_t slots[SLOTS][WORDS];
};

static struct plain_ring *plain;

static void plain_produce(uint64_t from, uint64_t to)
{
	uint64_t seen = 0;

	for (uint64_t n = from; n < to; n++) {
		while (n - seen >= SLOTS && n - (seen = ivp_load_acquire(&plain->tail)) >= SLOTS)
			bench_relax();
		fill(plain->slots[n % SLOTS], n);
		ivp_store_release(&plain->head, n + 1);
	}
}

static void plain_consume(uint64_t from, uint64_t to)
{
	uint64_t seen = from;

	for (uint64_t n = from; n < to; n++) {
		while (n >= seen && n >= (seen = ivp_load_acquire(&plain->head)))
			bench_relax();
		sample->bad += is_wrong(plain->slots[n % SLOTS], n);
		ivp_store_release(&plain->tail, n + 1);
	}
}

static struct bench_link link_at;
static struct ivp_producer producer;
static struct ivp_consumer consumer;

/* The ring of ring.h alone: the message in the slot, no descriptor, nobody sleeps. */
static inline void ring_fill(uint64_t from, uint64_t to, bool plain_stores)
{
	uint64_t(*slots)[WORDS] = (void *)(producer.data + producer.header.payload_offset);

	for (uint64_t n = from; n < to; n++) {
		int result;
		while ((result = ivp_ring_reserve(&producer.ring, NULL)) == IVP_FULL)
			bench_relax();
		if (result)
			_exit(EX_SOFTWARE);
		fill(slots[n % SLOTS], n);
		if (plain_stores)
			ivp_ring_commit_plain(&producer.ring, 1);
		else
			ivp_ring_commit(&producer.ring, 1);
	}
}

static void ring_produce(uint64_t from, uint64_t to)
{
	ring_fill(from, to, false);
}

static void ring_produce_plain(uint64_t from, uint64_t to)
{
	ring_fill(from, to, true);
}

static void ring_consume(uint64_t from, uint64_t to)
{
	const uint64_t(*slots)[WORDS] =
	    (const void *)(consumer.data + consumer.header.payload_offset);

	for (uint64_t n = from; n < to; n++) {
		int result;
		while ((result = ivp_ring_acquire(&consumer.ring)) == IVP_EMPTY)
			bench_relax();
		if (result)
			_exit(EX_SOFTWARE);
		sample->bad += is_wrong(slots[n % SLOTS], n);
		ivp_ring_release(&consumer.ring, 1);
	}
}

/* Frames with descriptors, as programs use a link, waiting included. */
static void link_produce(uint64_t from, uint64_t to)
{
	struct ivp_frame frame = {.kind = IVP_KIND_BYTES,
				  .flags = IVP_FLAG_LAST,
				  .payload_bytes = WORDS * sizeof(uint64_t)};
	struct ivp_slot slot;

	for (uint64_t n = from; n < to; n++) {
		int result;
		while ((result = ivp_producer_reserve(&producer, &slot, NULL)) == IVP_FULL)
			ivp_producer_wait(&producer, 100000000);
		if (result)
			_exit(EX_SOFTWARE);
		fill((uint64_t *)(void *)slot.payload, n);
		frame.id = n;
		frame.origin_position = n;
		ivp_producer_commit(&producer, &frame);
	}
}

static void link_consume(uint64_t from, uint64_t to)
{
	struct ivp_frame frame;

	for (uint64_t n = from; n < to; n++) {
		int result;
		while ((result = ivp_consumer_acquire(&consumer, &frame, NULL)) == IVP_EMPTY)
			ivp_consumer_wait(&consumer, 100000000);
		if (result)
			_exit(EX_SOFTWARE);
		sample->bad += frame.id != n || frame.payload_bytes != WORDS * sizeof(uint64_t) ||
			       is_wrong((const uint64_t *)(const void *)frame.payload, n);
		ivp_consumer_release(&consumer);
	}
}

struct flow {
	void (*produce)(uint64_t from, uint64_t to);
	void (*consume)(uint64_t from, uint64_t to);
	uint64_t kernel_id;
};

static void reset(struct bench_link *link)
{
	bench_link_destroy(link);
	*link = bench_link_create("bench", SLOTS, WORDS * sizeof(uint64_t));
}

static _Noreturn void consume_sample(const struct flow *flow)
{
	bench_consume_from(&link_at, flow->kernel_id, &consumer);
	__atomic_store_n(&sample->ready, 1, __ATOMIC_RELEASE);
	flow->consume(0, WARM_UP);
	sample->start_ns = ivp_now_ns();
	flow->consume(WARM_UP, WARM_UP + MESSAGES);
	sample->end_ns = ivp_now_ns();
	_exit(EX_OK);
}

static void await_ready(void)
{
	while (!__atomic_load_n(&sample->ready, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* Returns a sample in million messages per second. */
static double measure_flow(const struct flow *flow)
{
	memset(sample, 0, sizeof(*sample));
	memset(plain, 0, sizeof(*plain));
	reset(&link_at);
	pid_t child = bench_fork(&bench, 1);
	if (child == 0)
		consume_sample(flow);
	bench_produce_on(&link_at, flow->kernel_id, &producer);
	await_ready();
	flow->produce(0, WARM_UP + MESSAGES);
	bench_reap(child);
	if (sample->bad) {
		fprintf(stderr, "bench: %llu messages arrived wrong\n",
			(unsigned long long)sample->bad);
		exit(EX_SOFTWARE);
	}
	return MESSAGES * 1e3 / (double)(sample->end_ns - sample->start_ns);
}

/* A word that two processes set in turn, and sleep on. */
static void futex_set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void futex_await(uint32_t *word, uint32_t wanted)
{
	uint32_t value;

	while ((value = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != wanted)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static double measure_futex(void)
{
	static double trips[TRIPS];
	uint32_t *word = &sample->ready;

	memset(sample, 0, sizeof(*sample));
	pid_t child = bench_fork(&bench, 1);
	if (child == 0) {
		for (uint32_t i = 0; i < TRIPS; i++) {
			futex_await(word, 2 * i + 1);
			bench_think(THINK_NS);
			futex_set(word, 2 * i + 2);
		}
		_exit(EX_OK);
	}
	for (uint32_t i = 0; i < TRIPS; i++) {
		bench_think(THINK_NS);
		uint64_t start = ivp_now_ns();
		futex_set(word, 2 * i + 1);
		futex_await(word, 2 * i + 2);
		trips[i] = (double)(ivp_now_ns() - start - THINK_NS) / 1e3;
	}
	bench_reap(child);
	return bench_median(trips, TRIPS);
}

static void send_one(uint64_t n)
{
	link_produce(n, n + 1);
}

static void take_one(uint64_t n)
{
	link_consume(n, n + 1);
}

/* A message there on one link and back on another. asleep: neither spins before it sleeps. */
static double measure_trip(struct bench_link *there, struct bench_link *back, bool asleep)
{
	const uint64_t think_ns = asleep ? THINK_NS : 0;
	static double trips[TRIPS];

	memset(sample, 0, sizeof(*sample));
	reset(there);
	reset(back);
	pid_t child = bench_fork(&bench, 1);
	bench_produce_on(child ? there : back, BENCH_KERNEL, &producer);
	bench_consume_from(child ? back : there, BENCH_KERNEL, &consumer);
	if (asleep)
		consumer.backoff.spin_ns = 0;
	if (child == 0) {
		__atomic_store_n(&sample->ready, 1, __ATOMIC_RELEASE);
		for (uint64_t n = 0; n < TRIPS; n++) {
			take_one(n);
			bench_think(think_ns);
			send_one(n);
		}
		_exit(EX_OK);
	}
	await_ready();
	for (uint64_t n = 0; n < TRIPS; n++) {
		bench_think(think_ns);
		uint64_t start = ivp_now_ns();
		send_one(n);
		take_one(n);
		trips[n] = (double)(ivp_now_ns() - start - think_ns) / 1e3;
	}
	bench_reap(child);
	return bench_median(trips, TRIPS);
}

enum { PLAIN, RING_PLAIN, RING, LINK, LINK_FUTEX, LINE, TRIP, FUTEX, TRIP_ASLEEP, SERIES };

static const struct flow flows[] = {
    [PLAIN] = {plain_produce, plain_consume, 0},
    [RING_PLAIN] = {ring_produce_plain, ring_consume, 0},
    [RING] = {ring_produce, ring_consume, 0},
    [LINK] = {link_produce, link_consume, 0},
    [LINK_FUTEX] = {link_produce, link_consume, BENCH_KERNEL},
};

static struct bench_series series[SERIES] = {
    [PLAIN] = {.name = "64-byte messages: reference ring", .unit = "million/s"},
    [RING_PLAIN] = {.name = "64-byte messages: ring.h, plain stores",
		    .unit = "million/s",
		    .reference = &series[PLAIN]},
    [RING] = {.name = "64-byte messages: ring.h", .unit = "million/s", .reference = &series[PLAIN]},
    [LINK] = {.name = "64-byte frames: link.h, polling",
	      .unit = "million/s",
	      .reference = &series[PLAIN]},
    [LINK_FUTEX] = {.name = "64-byte frames: link.h, futex",
		    .unit = "million/s",
		    .reference = &series[PLAIN]},
    [LINE] = {.name = "round trip: one cache line", .unit = "us"},
    [TRIP] = {.name = "round trip: two links, spinning", .unit = "us", .reference = &series[LINE]},
    [FUTEX] = {.name = "round trip: bare futex, asleep", .unit = "us"},
    [TRIP_ASLEEP] = {.name = "round trip: two links, asleep",
		     .unit = "us",
		     .reference = &series[FUTEX]},
};

static double measure(unsigned which, struct bench_link *back)
{
	switch (which) {
	case FUTEX:
		return measure_futex();
	case LINE:
		return bench.trip_ns / 1e3;
	case TRIP:
	case TRIP_ASLEEP:
		return measure_trip(&link_at, back, which == TRIP_ASLEEP);
	default:
		return measure_flow(&flows[which]);
	}
}

int main(int argc, char **argv)
{
	struct bench_link back;

	bench_options(&bench, argc, argv);
	bench_pin(0);
	sample = bench_map(sizeof(*sample));
	plain = bench_map(sizeof(*plain));
	link_at = bench_link_create("bench", SLOTS, WORDS * sizeof(uint64_t));
	back = bench_link_create("back", SLOTS, WORDS * sizeof(uint64_t));
	for (unsigned round = 0; round < bench.rounds; round++)
		for (unsigned i = 0; i < SERIES; i++) {
			enum bench_place before = bench_probe(&bench);
			bench_realtime(&bench, true);
			double value = measure(i, &back);
			bench_realtime(&bench, false);
			bench_add(&series[i], value, before, bench_probe(&bench));
		}
	return bench_report(&bench, series, SERIES);
}
