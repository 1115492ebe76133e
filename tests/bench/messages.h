/* SPDX-License-Identifier: MIT */
/*
 * Messages of 64 bytes from one process to another: through a link's ring alone, as frames of a
 * link, and through what else there is on any machine. Every word of every message is verified.
 */
#ifndef IVP_TESTS_BENCH_MESSAGES_H
#define IVP_TESTS_BENCH_MESSAGES_H

#include <sys/socket.h>

#include "bench/link.h"

#define MESSAGE_SLOTS 1024u
#define MESSAGE_WORDS 8u
#define MESSAGE_BYTES (MESSAGE_WORDS * sizeof(uint64_t))
#define MESSAGES      300000u
#define MESSAGES_WARM 20000u
#define MESSAGES_SLOW 20000u /* of those that go through the kernel */

struct flow {
	void (*produce)(const struct flow *flow, uint64_t from, uint64_t to);
	void (*consume)(const struct flow *flow, uint64_t from, uint64_t to);
	unsigned batch;     /* published, and given back, together at most */
	bool plain;         /* ring.h: stores that need no fence */
	uint64_t kernel_id; /* link.h: 0: polling */
	int (*open)(int fds[2]);
};

/* The reference: two positions on lines of their own, each side remembers the other's. */
struct plain_ring {
	uint64_t head, pad0[15];
	uint64_t tail, pad1[15];
	uint64_t slots[MESSAGE_SLOTS][MESSAGE_WORDS];
};

/* What the two processes of one sample share. */
static struct messages {
	struct plain_ring plain;
	uint32_t ready;
	uint64_t bad, start_ns, end_ns;
} * messages;

static struct bench_link message_link;
static struct ivp_producer message_producer;
static struct ivp_consumer message_consumer;
static int message_fds[2];

/* Words of message n. Eight unlike words: a mixed-up message shows. */
static inline void message_fill(uint64_t *words, uint64_t n, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		words[i] = n * 0x9e3779b97f4a7c15u + i;
}

static inline void message_check(const uint64_t *words, uint64_t n, unsigned count)
{
	uint64_t difference = 0;

	for (unsigned i = 0; i < count; i++)
		difference |= words[i] ^ (n * 0x9e3779b97f4a7c15u + i);
	messages->bad += difference != 0;
}

static void plain_produce(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct plain_ring *ring = &messages->plain;
	uint64_t seen = 0;

	for (uint64_t n = from; n < to; n++) {
		while (n - seen >= MESSAGE_SLOTS &&
		       n - (seen = ivp_load_acquire(&ring->tail)) >= MESSAGE_SLOTS)
			bench_relax();
		message_fill(ring->slots[n % MESSAGE_SLOTS], n, MESSAGE_WORDS);
		if ((n + 1) % flow->batch == 0 || n + 1 == to)
			ivp_store_release(&ring->head, n + 1);
	}
}

static void plain_consume(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct plain_ring *ring = &messages->plain;
	uint64_t seen = from;

	for (uint64_t n = from; n < to; n++) {
		while (n >= seen && n >= (seen = ivp_load_acquire(&ring->head)))
			bench_relax();
		message_check(ring->slots[n % MESSAGE_SLOTS], n, MESSAGE_WORDS);
		if ((n + 1) % flow->batch == 0 || n + 1 == to)
			ivp_store_release(&ring->tail, n + 1);
	}
}

/* Another way to publish: the last word of each slot says which message is in it. */
static void sequence_produce(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct plain_ring *ring = &messages->plain;
	uint64_t seen = 0;

	(void)flow;
	for (uint64_t n = from; n < to; n++) {
		uint64_t *slot = ring->slots[n % MESSAGE_SLOTS];

		while (n - seen >= MESSAGE_SLOTS &&
		       n - (seen = ivp_load_acquire(&ring->tail)) >= MESSAGE_SLOTS)
			bench_relax();
		message_fill(slot, n, MESSAGE_WORDS - 1);
		ivp_store_release(&slot[MESSAGE_WORDS - 1], n + 1);
	}
}

static void sequence_consume(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct plain_ring *ring = &messages->plain;

	(void)flow;
	for (uint64_t n = from; n < to; n++) {
		const uint64_t *slot = ring->slots[n % MESSAGE_SLOTS];

		while (ivp_load_acquire(&slot[MESSAGE_WORDS - 1]) != n + 1)
			bench_relax();
		message_check(slot, n, MESSAGE_WORDS - 1);
		ivp_store_release(&ring->tail, n + 1);
	}
}

static inline uint64_t message_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The ring of ring.h alone: the message in the slot, no descriptor, nobody sleeps. */
static void ring_produce(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct ivp_ring_producer *ring = &message_producer.ring;
	uint64_t(*slots)[MESSAGE_WORDS] =
	    (void *)(message_producer.data + message_producer.header.payload_offset);

	while (from < to) {
		int result;
		while ((result = ivp_ring_reserve(ring, NULL)) == IVP_FULL)
			bench_relax();
		if (result)
			_exit(EX_SOFTWARE);
		const uint64_t count =
		    message_least(message_least(ivp_ring_room(ring), flow->batch), to - from);
		for (const uint64_t end = from + count; from < end; from++)
			message_fill(slots[from & (message_producer.header.slots - 1)], from,
				     MESSAGE_WORDS);
		if (flow->plain)
			ivp_ring_commit_plain(ring, count);
		else
			ivp_ring_commit(ring, count);
	}
}

static void ring_consume(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct ivp_ring_consumer *ring = &message_consumer.ring;
	const uint64_t(*slots)[MESSAGE_WORDS] =
	    (const void *)(message_consumer.data + message_consumer.header.payload_offset);

	while (from < to) {
		int result;
		while ((result = ivp_ring_acquire(ring)) == IVP_EMPTY)
			bench_relax();
		if (result)
			_exit(EX_SOFTWARE);
		const uint64_t count =
		    message_least(message_least(ivp_ring_ready(ring), flow->batch), to - from);
		for (const uint64_t end = from + count; from < end; from++)
			message_check(slots[from & (message_consumer.header.slots - 1)], from,
				      MESSAGE_WORDS);
		ivp_ring_release(ring, count);
	}
}

/* Frames with descriptors, as programs use a link, waiting included. */
static void link_produce(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct ivp_frame frame = {
	    .kind = IVP_KIND_BYTES, .flags = IVP_FLAG_LAST, .payload_bytes = MESSAGE_BYTES};
	struct ivp_slot slot;

	(void)flow;
	for (uint64_t n = from; n < to; n++) {
		int result;
		while ((result = ivp_producer_reserve(&message_producer, &slot, NULL)) == IVP_FULL)
			ivp_producer_wait(&message_producer, 100000000);
		if (result)
			_exit(EX_SOFTWARE);
		message_fill((uint64_t *)(void *)slot.payload, n, MESSAGE_WORDS);
		frame.id = n;
		frame.origin_position = n;
		ivp_producer_commit(&message_producer, &frame);
	}
}

static void link_consume(const struct flow *flow, uint64_t from, uint64_t to)
{
	struct ivp_frame frame;

	(void)flow;
	for (uint64_t n = from; n < to; n++) {
		int result;
		while ((result = ivp_consumer_acquire(&message_consumer, &frame, NULL)) ==
		       IVP_EMPTY)
			ivp_consumer_wait(&message_consumer, 100000000);
		if (result)
			_exit(EX_SOFTWARE);
		messages->bad += frame.id != n || frame.payload_bytes != MESSAGE_BYTES;
		message_check((const uint64_t *)(const void *)frame.payload, n, MESSAGE_WORDS);
		ivp_consumer_release(&message_consumer);
	}
}

/* Through the kernel: one call for each message on either side. */
static void kernel_produce(const struct flow *flow, uint64_t from, uint64_t to)
{
	uint64_t words[MESSAGE_WORDS];

	(void)flow;
	for (uint64_t n = from; n < to; n++) {
		message_fill(words, n, MESSAGE_WORDS);
		if (write(message_fds[1], words, sizeof(words)) != sizeof(words))
			bench_die("write");
	}
}

static void kernel_consume(const struct flow *flow, uint64_t from, uint64_t to)
{
	uint64_t words[MESSAGE_WORDS];

	(void)flow;
	for (uint64_t n = from; n < to; n++) {
		if (read(message_fds[0], words, sizeof(words)) != sizeof(words))
			_exit(EX_OSERR);
		message_check(words, n, MESSAGE_WORDS);
	}
}

static int open_sockets(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
}

static inline void message_reset(struct bench_link *link, uint32_t slots)
{
	if (link->data.base)
		bench_link_destroy(link);
	*link = bench_link_create("bench", slots, MESSAGE_BYTES);
}

static inline uint64_t message_count(const struct flow *flow)
{
	return flow->open ? MESSAGES_SLOW : MESSAGES;
}

static _Noreturn void messages_consume(const struct flow *flow)
{
	bench_touch(&message_link, false);
	bench_consume_from(&message_link, flow->kernel_id, &message_consumer);
	bench_set(&messages->ready, 1);
	flow->consume(flow, 0, MESSAGES_WARM);
	messages->start_ns = ivp_now_ns();
	flow->consume(flow, MESSAGES_WARM, MESSAGES_WARM + message_count(flow));
	messages->end_ns = ivp_now_ns();
	_exit(EX_OK);
}

/* Returns a sample in million messages per second. */
static inline double messages_measure(const struct bench *bench, const struct flow *flow)
{
	memset(messages, 0, sizeof(*messages));
	message_reset(&message_link, MESSAGE_SLOTS);
	if (flow->open && flow->open(message_fds) != 0)
		bench_die("a pipe or socket");
	pid_t child = bench_fork(bench, 1);
	if (child == 0)
		messages_consume(flow);
	bench_touch(&message_link, true);
	bench_produce_on(&message_link, flow->kernel_id, &message_producer);
	bench_sleep_until(&messages->ready, 1);
	flow->produce(flow, 0, MESSAGES_WARM + message_count(flow));
	bench_reap(child);
	for (unsigned i = 0; flow->open && i < 2; i++)
		close(message_fds[i]);
	if (messages->bad) {
		fprintf(stderr, "bench: %llu messages arrived wrong\n",
			(unsigned long long)messages->bad);
		exit(EX_SOFTWARE);
	}
	return (double)message_count(flow) * 1e3 / (double)(messages->end_ns - messages->start_ns);
}

#endif
