/* SPDX-License-Identifier: MIT */
/*
 * feeder -> stage -> sink, each a process that is killed at each step of the protocol (step.h),
 * its first, second and third time there, whatever the order in which they start; each starts
 * again at once.
 */
#define EARLY_START false

#include "helpers/kill-steps.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		nothing_is_lost_or_repeated_at_whatever_step_a_peer_is_killed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		nothing_is_lost_or_repeated_when_peers_die_again_and_again, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
