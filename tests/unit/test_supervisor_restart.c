/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sysexits.h>

#include "supervisor/restart.h"

#define MS 1000000ull

static void the_delay_doubles_up_to_five_seconds(void **state)
{
	static const uint64_t delays[] = {400, 800, 1600, 3200, 5000, 5000};
	const struct ivp_restart_conf conf = {.limit = 6, .delay_ns = 400 * MS};
	struct ivp_restart restart = {0};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		assert_true(ivp_restart_schedule(&restart, &conf, 0, 1000 * MS));
		assert_int_equal(restart.due_ns, (1000 + delays[i]) * MS);
		assert_false(ivp_restart_take(&restart, restart.due_ns - 1));
		assert_true(ivp_restart_take(&restart, restart.due_ns));
		assert_false(ivp_restart_take(&restart, UINT64_MAX));
		assert_int_equal(restart.count, i + 1);
	}
	assert_false(ivp_restart_schedule(&restart, &conf, 0, 1000 * MS));
	assert_int_equal(restart.due_ns, 0);
}

static void a_frame_done_begins_a_new_row(void **state)
{
	const struct ivp_restart_conf conf = {.limit = 2, .delay_ns = 100 * MS};
	struct ivp_restart restart = {0};

	(void)state;
	for (uint64_t position = 1; position < 10; position++) {
		for (unsigned i = 0; i < 2; i++) {
			assert_true(ivp_restart_schedule(&restart, &conf, position, 1));
			assert_int_equal(restart.due_ns, 1 + (100 << i) * MS);
			assert_true(ivp_restart_take(&restart, UINT64_MAX));
		}
	}
	assert_int_equal(restart.count, 18);
	assert_false(ivp_restart_schedule(&restart, &conf, 9, 1));
}

static void nothing_is_started_again_if_the_policy_or_a_limit_of_zero_says_so(void **state)
{
	const struct ivp_restart_conf no = {.policy = IVP_RESTART_NO, .limit = 5, .delay_ns = MS};
	const struct ivp_restart_conf zero = {.limit = 0, .delay_ns = MS};
	struct ivp_restart restart = {0};

	(void)state;
	assert_false(ivp_restart_schedule(&restart, &no, 3, 1));
	assert_false(ivp_restart_schedule(&restart, &zero, 4, 1));
	assert_false(ivp_restart_take(&restart, UINT64_MAX));
}

static void a_status_that_would_come_again_is_no_reason_to_start_again(void **state)
{
	(void)state;
	assert_true(ivp_restart_is_useless(EX_CONFIG));
	assert_true(ivp_restart_is_useless(EX_CANTCREAT));
	assert_false(ivp_restart_is_useless(EX_TEMPFAIL));
	assert_false(ivp_restart_is_useless(EX_IOERR));
	assert_false(ivp_restart_is_useless(139));
}

static void only_a_frame_at_work_without_a_heartbeat_is_stuck(void **state)
{
	struct ivp_stall stall = {0};

	(void)state;
	assert_false(ivp_stall_look(&stall, true, 7, 10, 100));
	assert_false(ivp_stall_look(&stall, true, 7, 109, 100));
	assert_true(ivp_stall_look(&stall, true, 7, 110, 100));
	assert_false(ivp_stall_look(&stall, true, 7, 111, 100));
	assert_false(ivp_stall_look(&stall, true, 8, 300, 100));
	assert_false(ivp_stall_look(&stall, false, 8, 500, 100));
	assert_false(ivp_stall_look(&stall, true, 8, 599, 100));
	assert_true(ivp_stall_look(&stall, true, 8, 600, 100));
}

static void who_did_not_look_for_long_does_not_call_others_stuck(void **state)
{
	struct ivp_stall stall = {0};

	(void)state;
	assert_false(ivp_stall_look(&stall, true, 7, 1 * MS, 3000 * MS));
	assert_false(ivp_stall_look(&stall, true, 7, 90000 * MS, 3000 * MS));
	assert_false(ivp_stall_look(&stall, true, 7, 91000 * MS, 3000 * MS));
	assert_true(ivp_stall_look(&stall, true, 7, 92000 * MS, 3000 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_delay_doubles_up_to_five_seconds),
	    cmocka_unit_test(a_frame_done_begins_a_new_row),
	    cmocka_unit_test(nothing_is_started_again_if_the_policy_or_a_limit_of_zero_says_so),
	    cmocka_unit_test(a_status_that_would_come_again_is_no_reason_to_start_again),
	    cmocka_unit_test(who_did_not_look_for_long_does_not_call_others_stuck),
	    cmocka_unit_test(only_a_frame_at_work_without_a_heartbeat_is_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
