/* SPDX-License-Identifier: MIT */
#include "stage/workers.h"

#include "helpers/test.h"

struct sums {
	unsigned parts[IVP_MAX_THREADS]; /* how often each part was done */
	pthread_t by[IVP_MAX_THREADS];
};

static void add_one(void *context, unsigned part)
{
	struct sums *sums = context;

	sums->parts[part]++;
	sums->by[part] = pthread_self();
}

static void every_part_is_done_once_a_round(void **state)
{
	struct ivp_workers workers;
	struct sums sums = {0};

	(void)state;
	for (unsigned count = 1; count <= 5; count++) {
		memset(&sums, 0, sizeof(sums));
		assert_int_equal(ivp_workers_init(&workers, count), 0);
		for (unsigned round = 1; round <= 500; round++) {
			ivp_workers_run(&workers, add_one, &sums);
			for (unsigned part = 0; part < count; part++)
				assert_int_equal(sums.parts[part], round);
		}
		assert_int_equal(sums.parts[count], 0);
		ivp_workers_finish(&workers);
	}
}

static void each_part_has_a_thread_and_the_first_is_the_callers(void **state)
{
	struct ivp_workers workers;
	struct sums sums = {0};

	(void)state;
	assert_int_equal(ivp_workers_init(&workers, 3), 0);
	ivp_workers_run(&workers, add_one, &sums);
	assert_true(pthread_equal(sums.by[0], pthread_self()));
	for (unsigned part = 1; part < 3; part++)
		assert_false(pthread_equal(sums.by[part], pthread_self()));
	assert_false(pthread_equal(sums.by[1], sums.by[2]));
	ivp_workers_finish(&workers);
}

static void workers_that_never_worked_may_be_finished(void **state)
{
	struct ivp_workers workers;

	(void)state;
	assert_int_equal(ivp_workers_init(&workers, 4), 0);
	ivp_workers_finish(&workers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_part_is_done_once_a_round),
	    cmocka_unit_test(each_part_has_a_thread_and_the_first_is_the_callers),
	    cmocka_unit_test(workers_that_never_worked_may_be_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
