/* SPDX-License-Identifier: MIT */
/*
 * Two threads wake each other in turn: a round trip is two wake-ups. The median counts, since the
 * machine may be busy. A virtual processor that has been idle for long takes longer to wake (65 to
 * 75 us, where one that is just idle takes 8 to 10); the answer lies between, as use does.
 */
#include "transport/wakeup.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#define TRIPS      15
#define DEFAULT_NS 20000u /* if it cannot be measured */
#define LEAST_NS   5000u
#define MOST_NS    200000u
#define LONGEST_NS 10000000u /* of the whole measurement, but for one sleep more */

static uint64_t cost_ns;

static void set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void await(uint32_t *word, uint32_t old)
{
	static const struct timespec longest = {.tv_nsec = LONGEST_NS};

	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == old)
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, &longest, NULL, 0);
}

/* Answers every odd number with the next even one; 0 is the end. */
static void *answer(void *context)
{
	uint32_t *word = context;

	for (uint32_t seen = 2;;) {
		await(word, seen);
		seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		if (seen == 0)
			return NULL;
		set(word, ++seen);
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(void)
{
	uint64_t trips[TRIPS], begin_ns = ivp_now_ns();
	uint32_t word = 2;
	unsigned count = 0;
	pthread_t thread;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	cost_ns = DEFAULT_NS;
	if (pthread_create(&thread, NULL, answer, &word) != 0)
		return;
	while (count < TRIPS && ivp_now_ns() - begin_ns < LONGEST_NS) {
		const uint64_t start_ns = ivp_now_ns();
		const uint32_t odd = 2 * count + 3;

		set(&word, odd);
		await(&word, odd);
		trips[count++] = ivp_now_ns() - start_ns;
	}
	set(&word, 0);
	(void)pthread_join(thread, NULL);
	qsort(trips, count, sizeof(trips[0]), compare);
	cost_ns = trips[count / 2] / 2;
	cost_ns = cost_ns < LEAST_NS ? LEAST_NS : cost_ns > MOST_NS ? MOST_NS : cost_ns;
}

uint64_t ivp_wakeup_cost_ns(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, measure);
	return cost_ns;
}
