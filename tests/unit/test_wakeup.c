/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "transport/wakeup.h"

static void a_wake_up_has_a_price_where_there_are_two_processors(void **state)
{
	const uint64_t cost_ns = ivp_wakeup_cost_ns();

	(void)state;
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		assert_in_range(cost_ns, 5000, 200000);
	else
		assert_int_equal(cost_ns, 0);
	assert_int_equal(ivp_wakeup_cost_ns(), cost_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wake_up_has_a_price_where_there_are_two_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
