/* SPDX-License-Identifier: MIT */
/*
 * Round trips of a message of 64 bytes: by two rings and by two links that spin, to be seen beside
 * one cache line; by two links that sleep, beside a bare futex.
 */
#ifndef IVP_TESTS_BENCH_TRIPS_H
#define IVP_TESTS_BENCH_TRIPS_H

#include "bench/messages.h"

#define TRIPS       4000u
#define TRIPS_SLEEP 1000u  /* of those that sleep */
#define TRIP_SLOTS  16u    /* as in a link in use: each has been used before */
#define THINK_NS    50000u /* before each answer: so that who waits for it has gone to sleep */

static struct bench_link trip_links[2]; /* there and back */

/* Microseconds. */
static inline double trips_of_futex(const struct bench *bench)
{
	static double trips[TRIPS_SLEEP];
	uint32_t *word = &messages->ready;

	memset(messages, 0, sizeof(*messages));
	pid_t child = bench_fork(bench, 1);
	if (child == 0) {
		for (uint32_t i = 0; i < TRIPS_SLEEP; i++) {
			bench_sleep_until(word, 2 * i + 1);
			bench_think(THINK_NS);
			bench_set(word, 2 * i + 2);
		}
		_exit(EX_OK);
	}
	for (uint32_t i = 0; i < TRIPS_SLEEP; i++) {
		bench_think(THINK_NS);
		uint64_t start = ivp_now_ns();
		bench_set(word, 2 * i + 1);
		bench_sleep_until(word, 2 * i + 2);
		trips[i] = (double)(ivp_now_ns() - start - THINK_NS) / 1e3;
	}
	bench_reap(child);
	return bench_median(trips, TRIPS_SLEEP);
}

/* flow: what a message goes by. asleep: neither spins before it sleeps. Microseconds. */
static inline double trips_of(const struct bench *bench, const struct flow *flow, bool asleep)
{
	const uint64_t think_ns = asleep ? THINK_NS : 0;
	const unsigned count = asleep ? TRIPS_SLEEP : TRIPS;
	static double trips[TRIPS];

	memset(messages, 0, sizeof(*messages));
	for (unsigned i = 0; i < 2; i++)
		message_reset(&trip_links[i], TRIP_SLOTS);
	pid_t child = bench_fork(bench, 1);
	bench_produce_on(&trip_links[child == 0], BENCH_KERNEL, &message_producer);
	bench_consume_from(&trip_links[child != 0], BENCH_KERNEL, &message_consumer);
	if (asleep)
		message_consumer.backoff.spin_ns = 0;
	if (child == 0) {
		bench_set(&messages->ready, 1);
		for (uint64_t n = 0; n < count; n++) {
			flow->consume(flow, n, n + 1);
			bench_think(think_ns);
			flow->produce(flow, n, n + 1);
		}
		_exit(EX_OK);
	}
	bench_sleep_until(&messages->ready, 1);
	for (uint64_t n = 0; n < count; n++) {
		bench_think(think_ns);
		uint64_t start = ivp_now_ns();
		flow->produce(flow, n, n + 1);
		flow->consume(flow, n, n + 1);
		trips[n] = (double)(ivp_now_ns() - start - think_ns) / 1e3;
	}
	bench_reap(child);
	return bench_median(trips, count);
}

#endif
