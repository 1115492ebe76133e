/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/units.h"
#include "transport/notify.h"

#define KERNEL 5
#define LONG   60000000000ull /* longer than any test here takes */

/* The live words of two peers, and scratch, in memory that children share. */
struct shared {
	struct ivp_wire_owner mine, yours;
	uint32_t scratch;
	uint64_t returned;
	uint32_t stop;
};

static void ring(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer, uint64_t before,
		 uint64_t after, uint64_t kernel_id)
{
	const struct ivp_attach self = {.kernel_id = kernel_id};

	ivp_notify_ring(own, peer, before, after, &self, IVP_VECTOR_PRODUCER);
}

static int set_up(void **state)
{
	struct shared *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(shared != MAP_FAILED);
	shared->mine.kernel_id = shared->yours.kernel_id = KERNEL;
	*state = shared;
	return 0;
}

static int tear_down(void **state)
{
	return munmap(*state, sizeof(struct shared));
}

static long futex(uint32_t *word, int operation, uint32_t value, uintptr_t value2, uint32_t *other,
		  uint32_t value3)
{
	return syscall(SYS_futex, word, operation, value, value2, other, value3);
}

/* How many sleep on this position: moves them to another word and back, which wakes nobody. */
static long sleepers(struct shared *shared, struct ivp_wire_owner *owner)
{
	uint32_t *word = (uint32_t *)&owner->position;
	long count = futex(word, FUTEX_CMP_REQUEUE, 0, 100, &shared->scratch, *word);

	futex(&shared->scratch, FUTEX_CMP_REQUEUE, 0, 100, word, shared->scratch);
	return count;
}

/* Waits for yours to pass 0, as often as it takes. */
static void wait_for_yours(struct shared *shared, uint64_t kernel_id)
{
	struct ivp_backoff backoff = {.sleep_ns = 1000};
	struct ivp_wait wait = {.own = &shared->mine,
				.peer = &shared->yours,
				.seen = 0,
				.enough = 1,
				.kernel_id = kernel_id};

	while (ivp_load_acquire(&shared->yours.position) == 0)
		ivp_notify_wait(&wait, LONG, &backoff);
	ivp_store_release(&shared->returned, 1);
}

static void *wait_in_thread(void *shared)
{
	wait_for_yours(shared, KERNEL);
	return NULL;
}

/* Moves yours when the other side is asleep, and proves that it was the ring that woke it: at
 * once nobody sleeps there any more, where a waiter that was not rung stays for its time. */
static void move_and_prove_the_wake(struct shared *shared)
{
	while (sleepers(shared, &shared->yours) != 1)
		sched_yield();
	ivp_store_release(&shared->yours.position, 1);
	ivp_ring_moved();
	ring(&shared->yours, &shared->mine, 0, 1, KERNEL);
	assert_int_equal(sleepers(shared, &shared->yours), 0);
	assert_int_equal(shared->yours.wakeups, 1);
}

static void a_ring_wakes_a_sleeping_thread(void **state)
{
	struct shared *shared = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, wait_in_thread, shared), 0);
	move_and_prove_the_wake(shared);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(shared->returned, 1);
	assert_true(shared->mine.sleeps > 0);
}

static void a_ring_wakes_a_sleeping_process(void **state)
{
	struct shared *shared = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		wait_for_yours(shared, KERNEL);
		_exit(0);
	}
	move_and_prove_the_wake(shared);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(shared->returned, 1);
}

/* On a one-way link the waiter may only read the word it sleeps on, and so may the ringer read
 * the flag it looks at. */
static void a_ring_works_through_read_only_mappings(void **state)
{
	struct shared *memory, *view;
	int fd, status;

	(void)state;
	memory = make_memory(sizeof(*memory), &fd);
	memory->mine.kernel_id = memory->yours.kernel_id = KERNEL;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ivp_backoff backoff = {.sleep_ns = 1000};
		view = map_memory(fd, sizeof(*view), PROT_READ);
		struct ivp_wait wait = {
		    .own = &memory->mine, .peer = &view->yours, .enough = 1, .kernel_id = KERNEL};
		while (ivp_load_acquire(&view->yours.position) == 0)
			ivp_notify_wait(&wait, LONG, &backoff);
		_exit(0);
	}
	view = map_memory(fd, sizeof(*view), PROT_READ);
	while (sleepers(memory, &memory->yours) != 1)
		sched_yield();
	ivp_store_release(&memory->yours.position, 1);
	ivp_ring_moved();
	ring(&memory->yours, &view->mine, 0, 1, KERNEL);
	assert_int_equal(sleepers(memory, &memory->yours), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	munmap(view, sizeof(*view));
	munmap(memory, sizeof(*memory));
	close(fd);
}

static void who_is_not_concerned_is_not_rung(void **state)
{
	struct shared *shared = *state;

	/* Nobody waits. */
	ring(&shared->yours, &shared->mine, 0, 1, KERNEL);
	shared->mine.wake_at = 5;
	ring(&shared->yours, &shared->mine, 3, 4, KERNEL);
	ring(&shared->yours, &shared->mine, 5, 6, KERNEL);
	/* Another kernel, or one that is not known. */
	ring(&shared->yours, &shared->mine, 4, 5, KERNEL + 1);
	ring(&shared->yours, &shared->mine, 4, 5, 0);
	shared->mine.kernel_id = 0;
	ring(&shared->yours, &shared->mine, 4, 5, KERNEL);
	ring(&shared->yours, &shared->mine, 4, 5, 0);
	assert_int_equal(shared->yours.wakeups, 0);
	shared->mine.kernel_id = KERNEL;
	ring(&shared->yours, &shared->mine, 4, 5, KERNEL);
	assert_int_equal(shared->yours.wakeups, 1);
}

static void a_position_that_moved_already_is_not_waited_for(void **state)
{
	struct shared *shared = *state;
	struct ivp_backoff backoff = {.sleep_ns = 1000};
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .kernel_id = KERNEL};

	/* One that fell has moved too: the caller finds out what to think of it. */
	wait.seen = 8;
	wait.enough = 9;
	shared->yours.position = 7;
	ivp_notify_wait(&wait, LONG, &backoff);
	/* Low half as seen, high half not. */
	shared->yours.position = 8 + (1ull << 32);
	ivp_notify_wait(&wait, LONG, &backoff);
	wait.kernel_id = 0;
	ivp_notify_wait(&wait, LONG, &backoff);
}

static void a_wait_ends_with_its_time(void **state)
{
	struct shared *shared = *state;
	struct ivp_backoff backoff;
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .enough = 1};

	ivp_backoff_init(&backoff);
	for (uint64_t kernel = 0; kernel <= KERNEL; kernel += KERNEL)
		for (uint64_t timeout = 0; timeout < 3000000; timeout += 999999) {
			uint64_t start = ivp_now_ns();

			wait.kernel_id = kernel;
			ivp_notify_wait(&wait, timeout, &backoff);
			assert_true(ivp_now_ns() - start >= timeout);
		}
}

static void naps_grow_while_nothing_comes_and_shrink_with_news(void **state)
{
	struct shared *shared = *state;
	struct ivp_backoff backoff, first;
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .enough = 1};

	ivp_backoff_init(&backoff);
	first = backoff;
	ivp_notify_wait(&wait, 10000000, &backoff);
	uint64_t after_10_ms = backoff.sleep_ns;
	assert_true(after_10_ms > first.sleep_ns);
	for (int i = 0; i < 20; i++)
		ivp_notify_wait(&wait, 10000000, &backoff);
	assert_true(backoff.sleep_ns > after_10_ms);
	/* No nap is so long that a peer would be kept waiting for it. */
	assert_true(backoff.sleep_ns <= 50000000);
	shared->yours.position = 1;
	ivp_notify_wait(&wait, 10000000, &backoff);
	assert_int_equal(backoff.sleep_ns, first.sleep_ns);
}

/* Counted, not timed: a wait in slices spins before its first sleep only, whatever the slices. */
static void who_waits_in_vain_spins_once(void **state)
{
	struct shared *shared = *state;
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .enough = 1};
	struct ivp_backoff backoff;

	for (uint64_t kernel = 0; kernel <= KERNEL; kernel += KERNEL) {
		const uint64_t sleeps = shared->mine.sleeps;

		wait.kernel_id = kernel;
		ivp_backoff_set(&backoff, IVP_WAIT_BALANCED, 5000);
		for (int i = 0; i < 50; i++)
			ivp_notify_wait(&wait, 100000, &backoff);
		assert_int_equal(backoff.spins, 1);
		assert_int_equal(shared->mine.sleeps - sleeps, 50);
	}
	/* News make it spin again. */
	shared->yours.position = 1;
	ivp_notify_wait(&wait, 100000, &backoff);
	wait.seen = 1;
	ivp_notify_wait(&wait, 100000, &backoff);
	assert_int_equal(backoff.spins, 2);
}

static void the_mode_says_whether_to_spin_and_how_long_to_nap(void **state)
{
	struct shared *shared = *state;
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .enough = 1};
	struct ivp_backoff balanced, latency, idle, alone;

	ivp_backoff_set(&balanced, IVP_WAIT_BALANCED, 7000);
	ivp_backoff_set(&latency, IVP_WAIT_LATENCY, 7000);
	ivp_backoff_set(&idle, IVP_WAIT_IDLE, 7000);
	ivp_backoff_set(&alone, IVP_WAIT_LATENCY, 0);
	assert_int_equal(balanced.spin_ns, 7000);
	assert_true(latency.spin_ns > balanced.spin_ns);
	assert_int_equal(idle.spin_ns, 0);
	assert_int_equal(alone.spin_ns, 0);
	/* Until the naps of each are as long as they get. */
	for (int i = 0; i < 12; i++) {
		ivp_notify_wait(&wait, 20000000, &balanced);
		ivp_notify_wait(&wait, 2000000, &latency);
		ivp_notify_wait(&wait, 20000000, &idle);
	}
	assert_int_equal(idle.spins, 0);
	assert_true(latency.sleep_ns <= 1000000);
	assert_true(balanced.sleep_ns > latency.sleep_ns);
	assert_true(idle.sleep_ns > balanced.sleep_ns);
}

/* Counted, not timed: less than 1 % of a processor is 100 us in 10 ms, which is more than a nap of
 * so long costs. */
static void who_polls_in_vain_naps_seldom(void **state)
{
	struct shared *shared = *state;
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .enough = 1};
	struct ivp_backoff backoff;
	struct rusage before, after;

	ivp_backoff_set(&backoff, IVP_WAIT_BALANCED, 5000);
	ivp_notify_wait(&wait, 100000000, &backoff);
	assert_int_equal(getrusage(RUSAGE_THREAD, &before), 0);
	ivp_notify_wait(&wait, 320000000, &backoff);
	assert_int_equal(getrusage(RUSAGE_THREAD, &after), 0);
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 1, 32);
	assert_int_equal(backoff.spins, 1);
}

static void *poll_in_thread(void *shared)
{
	wait_for_yours(shared, 0);
	return NULL;
}

static void without_a_common_kernel_the_position_is_polled(void **state)
{
	struct shared *shared = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, poll_in_thread, shared), 0);
	while (ivp_load_relaxed(&shared->mine.sleeps) == 0)
		sched_yield();
	assert_int_equal(sleepers(shared, &shared->yours), 0);
	ivp_store_release(&shared->yours.position, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	/* It did not ask to be rung. */
	assert_int_equal(shared->mine.wake_at, 0);
}

static void on_signal(int number)
{
	(void)number;
}

struct target {
	pthread_t thread;
	uint32_t returned;
};

/* Again and again: the first one may come before the target is asleep. */
static void *send_signals(void *argument)
{
	struct target *target = argument;

	while (!ivp_load32_relaxed(&target->returned)) {
		pthread_kill(target->thread, SIGUSR1);
		sched_yield();
	}
	return NULL;
}

static void a_signal_ends_a_wait_early(void **state)
{
	struct shared *shared = *state;
	struct sigaction action = {.sa_handler = on_signal}, before;
	struct ivp_backoff backoff = {.sleep_ns = LONG};
	struct ivp_wait wait = {.own = &shared->mine, .peer = &shared->yours, .enough = 1};
	struct target target = {.thread = pthread_self()};
	uint64_t start = ivp_now_ns();
	pthread_t thread;

	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(pthread_create(&thread, NULL, send_signals, &target), 0);
	/* One nap of the whole time, if it were for the nap. */
	ivp_notify_wait(&wait, LONG, &backoff);
	ivp_store32_relaxed(&target.returned, 1);
	assert_true(ivp_now_ns() - start < LONG);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

#define ROUNDS     1000000 /* in all, or as many as fit ENOUGH_NS */
#define GAME       50000
#define ENOUGH_NS  8000000000ull
#define EXPIRED_NS 240000000ull /* a futex wait of this length was ended by its time */
#define TOO_MANY   10           /* fewer may come from a machine that stood still */

struct player {
	struct ivp_wire_owner *own;
	const struct ivp_wire_owner *peer;
	uint64_t lead; /* 1: begins, 0: answers */
	uint64_t start;
	uint64_t seed;
	uint64_t lost; /* waits that expired although the position had moved */
	uint32_t *stop;
};

static void move_to(struct player *player, uint64_t position)
{
	ivp_store_release(&player->own->position, position);
	ivp_ring_moved();
	ring(player->own, player->peer, position - 1, position, KERNEL);
}

/* Moves, waits for the other to move, and spins for a random time in between and hardly ever
 * before it sleeps, so that sleeps and rings meet at every distance. */
static void *play(void *argument)
{
	struct player *player = argument;
	struct ivp_backoff backoff = {.sleep_ns = 1000};

	for (uint64_t seen = player->start; seen < player->start + GAME; seen++) {
		struct ivp_wait wait = {.own = player->own,
					.peer = player->peer,
					.seen = seen,
					.enough = seen + 1,
					.kernel_id = KERNEL};

		if (player->lead)
			move_to(player, seen + 1);
		backoff.spin_ns = next_random(&player->seed) % 8 ? 1000 : 0;
		while (ivp_load_acquire(&player->peer->position) == seen) {
			uint64_t start = ivp_now_ns();
			ivp_notify_wait(&wait, LONG, &backoff);
			if (ivp_now_ns() - start > EXPIRED_NS &&
			    ivp_load_relaxed(&player->peer->position) != seen &&
			    ++player->lost == TOO_MANY)
				ivp_store32_relaxed(player->stop, 1);
			if (ivp_load32_relaxed(player->stop))
				return NULL;
		}
		for (uint64_t i = next_random(&player->seed) % 16; i > 0; i--)
			ivp_pause();
		if (!player->lead)
			move_to(player, seen + 1);
	}
	return NULL;
}

static void no_ring_is_lost_in_a_million_rounds(void **state)
{
	struct shared *shared = *state;
	struct player first = {&shared->mine, &shared->yours, 1, 0, 1, 0, &shared->stop};
	struct player second = {&shared->yours, &shared->mine, 0, 0, 2, 0, &shared->stop};
	uint64_t start = ivp_now_ns(), rounds = 0;
	pthread_t thread;

	while (rounds < ROUNDS && shared->stop == 0 && ivp_now_ns() - start < ENOUGH_NS) {
		first.start = second.start = rounds;
		assert_int_equal(pthread_create(&thread, NULL, play, &second), 0);
		play(&first);
		assert_int_equal(pthread_join(thread, NULL), 0);
		rounds += GAME;
	}
	assert_true(first.lost < TOO_MANY);
	assert_true(second.lost < TOO_MANY);
	/* It was a game with sleeping and ringing in it. */
	assert_true(shared->mine.wakeups > 0);
	assert_true(shared->yours.wakeups > 0);
}

int main(void)
{
#define with_peers(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    with_peers(a_ring_wakes_a_sleeping_thread),
	    with_peers(a_ring_wakes_a_sleeping_process),
	    with_peers(a_ring_works_through_read_only_mappings),
	    with_peers(who_is_not_concerned_is_not_rung),
	    with_peers(a_position_that_moved_already_is_not_waited_for),
	    with_peers(a_wait_ends_with_its_time),
	    with_peers(who_waits_in_vain_spins_once),
	    with_peers(the_mode_says_whether_to_spin_and_how_long_to_nap),
	    with_peers(who_polls_in_vain_naps_seldom),
	    with_peers(naps_grow_while_nothing_comes_and_shrink_with_news),
	    with_peers(without_a_common_kernel_the_position_is_polled),
	    with_peers(a_signal_ends_a_wait_early),
	    with_peers(no_ring_is_lost_in_a_million_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
