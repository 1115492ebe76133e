/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "host/latency.h"

static struct ivp_latency latency;

static int begin_empty(void **state)
{
	(void)state;
	memset(&latency, 0, sizeof(latency));
	return 0;
}

static void nothing_measured_is_zero(void **state)
{
	(void)state;
	assert_int_equal(ivp_latency_percentile(&latency, 50), 0);
	assert_int_equal(ivp_latency_percentile(&latency, 99), 0);
}

static void short_durations_are_exact(void **state)
{
	(void)state;
	for (uint64_t ns = 1; ns <= 100; ns++)
		ivp_latency_add(&latency, ns);
	for (unsigned percent = 1; percent <= 100; percent++)
		assert_int_equal(ivp_latency_percentile(&latency, percent), percent);
	assert_int_equal(ivp_latency_percentile(&latency, 0), 1);
}

static void every_size_is_right_within_one_percent(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		for (uint64_t step = 0; step < 7; step++) {
			const uint64_t ns = (1ull << bit) + ((1ull << bit) / 7) * step;
			uint64_t answer, error;

			begin_empty(NULL);
			ivp_latency_add(&latency, ns);
			/* A larger one, so that the answer is not simply the largest. */
			ivp_latency_add(&latency, UINT64_MAX);
			answer = ivp_latency_percentile(&latency, 50);
			error = answer > ns ? answer - ns : ns - answer;
			assert_true(error <= ns / 100);
		}
}

static void no_percentile_is_above_the_largest(void **state)
{
	(void)state;
	ivp_latency_add(&latency, 1000001);
	assert_int_equal(latency.max_ns, 1000001);
	assert_true(ivp_latency_percentile(&latency, 100) <= 1000001);
}

static void rare_slow_frames_show_in_p99_only_beyond_one_percent(void **state)
{
	(void)state;
	for (int i = 0; i < 990; i++)
		ivp_latency_add(&latency, 50);
	for (int i = 0; i < 10; i++)
		ivp_latency_add(&latency, 5000);
	assert_int_equal(ivp_latency_percentile(&latency, 99), 50);
	ivp_latency_add(&latency, 5000);
	assert_true(ivp_latency_percentile(&latency, 99) > 4900);
	assert_int_equal(ivp_latency_percentile(&latency, 50), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(nothing_measured_is_zero, begin_empty),
	    cmocka_unit_test_setup(short_durations_are_exact, begin_empty),
	    cmocka_unit_test_setup(every_size_is_right_within_one_percent, begin_empty),
	    cmocka_unit_test_setup(no_percentile_is_above_the_largest, begin_empty),
	    cmocka_unit_test_setup(rare_slow_frames_show_in_p99_only_beyond_one_percent,
				   begin_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
