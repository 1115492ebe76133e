/* SPDX-License-Identifier: MIT */
#include "host/crew.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>

#include "helpers/test.h"

#define PIECES 1000

struct work {
	struct ivp_crew crew;
	uint64_t square[IVP_CREW_PLACES];
	pthread_t by[IVP_CREW_PLACES];
	uint64_t value[IVP_CREW_PLACES];
	unsigned stuck; /* place whose piece waits until another was done after it; or UINT_MAX */
	bool others_done;
};

/* Pieces that take different times. */
static void square(void *context, unsigned place)
{
	struct work *work = context;

	if (place == work->stuck)
		while (!__atomic_load_n(&work->others_done, __ATOMIC_ACQUIRE))
			sched_yield();
	for (uint64_t i = 0; i < work->value[place] * 2654435761u % 1000; i++)
		__asm__ __volatile__("");
	work->square[place] = work->value[place] * work->value[place];
	work->by[place] = pthread_self();
	if (work->stuck < UINT_MAX && place != work->stuck)
		__atomic_store_n(&work->others_done, true, __ATOMIC_RELEASE);
}

/* All pieces, as many in hand as there are places for. */
static void do_all(struct work *work)
{
	uint64_t given = 0, taken = 0;

	while (taken < PIECES) {
		while (given < PIECES && ivp_crew_count(&work->crew) < work->crew.places) {
			const unsigned place =
			    ivp_crew_place(&work->crew, ivp_crew_count(&work->crew));

			work->value[place] = given++;
			ivp_crew_give(&work->crew);
		}
		if (!ivp_crew_wait(&work->crew, 1000000000))
			continue;
		const unsigned oldest = ivp_crew_place(&work->crew, 0);

		assert_int_equal(work->value[oldest], taken);
		assert_int_equal(work->square[oldest], taken * taken);
		ivp_crew_take(&work->crew);
		taken++;
	}
	assert_int_equal(ivp_crew_count(&work->crew), 0);
}

static void pieces_come_back_in_their_order(void **state)
{
	static struct work work;

	(void)state;
	work.stuck = UINT_MAX;
	for (unsigned threads = 0; threads <= 5; threads++)
		for (unsigned most = 1; most <= 12; most++) {
			ivp_crew_init(&work.crew, threads, most, square, &work);
			assert_in_range(work.crew.places, 1, most);
			do_all(&work);
			ivp_crew_finish(&work.crew);
		}
}

static void one_thread_is_the_callers_own(void **state)
{
	static struct work work;

	(void)state;
	work.stuck = UINT_MAX;
	ivp_crew_init(&work.crew, 1, 100, square, &work);
	assert_int_equal(work.crew.threads, 0);
	assert_int_equal(work.crew.places, 1);
	work.value[0] = 7;
	ivp_crew_give(&work.crew);
	assert_int_equal(work.square[0], 49);
	assert_true(pthread_equal(work.by[0], pthread_self()));
	assert_true(ivp_crew_wait(&work.crew, 0));
	ivp_crew_finish(&work.crew);
}

static void a_piece_that_takes_long_keeps_no_other_from_being_done(void **state)
{
	static struct work work;

	(void)state;
	work.stuck = 0;
	ivp_crew_init(&work.crew, 2, 4, square, &work);
	ivp_crew_give(&work.crew);
	assert_false(ivp_crew_wait(&work.crew, 1000000));
	ivp_crew_give(&work.crew);
	while (!ivp_crew_wait(&work.crew, 1000000000))
		continue;
	ivp_crew_finish(&work.crew);
}

static void it_ends_with_pieces_in_hand(void **state)
{
	static struct work work;

	(void)state;
	work.stuck = UINT_MAX;
	for (unsigned round = 0; round < 100; round++) {
		ivp_crew_init(&work.crew, 3, 6, square, &work);
		for (unsigned i = 0; i < 6; i++)
			ivp_crew_give(&work.crew);
		ivp_crew_finish(&work.crew);
	}
	memset(&work.crew, 0, sizeof(work.crew));
	ivp_crew_finish(&work.crew);
}

static sigset_t seen;

static void look_at_signals(void *context, unsigned place)
{
	(void)context;
	(void)place;
	(void)pthread_sigmask(SIG_BLOCK, NULL, &seen);
}

static void its_threads_leave_signals_to_the_program(void **state)
{
	struct ivp_crew crew;
	sigset_t mine;

	(void)state;
	ivp_crew_init(&crew, 2, 2, look_at_signals, NULL);
	ivp_crew_give(&crew);
	while (!ivp_crew_wait(&crew, 1000000000))
		continue;
	ivp_crew_finish(&crew);
	assert_int_equal(sigismember(&seen, SIGTERM), 1);
	assert_int_equal(sigismember(&seen, SIGBUS), 0);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mine), 0);
	assert_int_equal(sigismember(&mine, SIGTERM), 0);
}

static void there_is_a_processor(void **state)
{
	(void)state;
	assert_in_range(ivp_crew_processors(), 1, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_come_back_in_their_order),
	    cmocka_unit_test(one_thread_is_the_callers_own),
	    cmocka_unit_test(a_piece_that_takes_long_keeps_no_other_from_being_done),
	    cmocka_unit_test(it_ends_with_pieces_in_hand),
	    cmocka_unit_test(its_threads_leave_signals_to_the_program),
	    cmocka_unit_test(there_is_a_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
