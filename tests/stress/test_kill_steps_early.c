/* SPDX-License-Identifier: MIT */
/*
 * As test_kill_steps.c, on links with early start: the feeder shows its frames third by third, each
 * life others; stage and sink begin on them. What they have made of a frame that did not come to be
 * must never be seen.
 */
#define EARLY_START true

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
