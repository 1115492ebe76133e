/* SPDX-License-Identifier: MIT */
#include "config/shrink.h"

#include "helpers/test.h"

/* What auto makes of an image of these sides, with this filter first. */
static unsigned choose(const char *filters, uint32_t width, uint32_t height)
{
	const struct ivp_shape shape = {width, height, IVP_FORMAT_RGB8, 0};
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};
	char text[1024];
	unsigned by;

	snprintf(text, sizeof(text),
		 "feeder { input = images output = raw jpeg-shrink = auto }\n"
		 "link raw { }\n"
		 "stage s { input = raw output = done %s }\n"
		 "link done { }\n"
		 "sink { input = done output = out }\n",
		 filters);
	if (ivp_topology_parse(text, "t.conf", &topology, &diag) != 0)
		fail_msg("%s", diag.text);
	assert_int_equal(ivp_shrink_factor(&topology->feeder), 0);
	by = ivp_shrink_choose(ivp_shrink_filter(topology, topology->feeder.output), &shape);
	assert_null(ivp_shrink_filter(topology, topology->sink.input));
	ivp_topology_destroy(topology);
	return by;
}

#define FIT "filter resize { mode = fit width = 400 height = 300 }"

static void the_filter_keeps_a_factor_of_two(void **state)
{
	(void)state;
	assert_int_equal(choose(FIT, 400 * 16, 300 * 16), 8);
	assert_int_equal(choose(FIT, 400 * 16 - 8, 300 * 16 - 8), 4);
	assert_int_equal(choose(FIT, 400 * 8, 300 * 8), 4);
	assert_int_equal(choose(FIT, 400 * 4, 300 * 4), 2);
	assert_int_equal(choose(FIT, 400 * 3, 300 * 3), 1);
	assert_int_equal(choose(FIT, 40, 30), 1);
	assert_int_equal(choose(FIT, 1, 1), 1);
}

static void the_side_that_shrinks_least_decides(void **state)
{
	(void)state;
	assert_int_equal(
	    choose("filter resize { mode = exact width = 100 height = 100 }", 6400, 400), 2);
	assert_int_equal(
	    choose("filter resize { mode = cover width = 100 height = 100 }", 6400, 400), 2);
}

/* 1021 x 767 at a quarter is 256 x 192: another ratio, which fit rounds to another result. */
static void results_keep_their_shape(void **state)
{
	const char *fit = "filter resize { mode = fit width = 101 height = 101 }";

	(void)state;
	for (uint32_t width = 1000; width < 1200; width++) {
		const unsigned by = choose(fit, width, 767);

		assert_true(by == 2 || by == 4 || by == 1);
	}
	assert_int_equal(choose("filter resize { mode = percent percent = 5 }", 8000, 8000), 1);
}

static void nothing_else_lets_the_feeder_shrink(void **state)
{
	(void)state;
	assert_int_equal(choose("", 8000, 8000), 1);
	assert_int_equal(choose("filter invert { } " FIT, 8000, 8000), 1);
	assert_int_equal(choose("filter crop { width = 100 height = 100 }", 8000, 8000), 1);
	assert_int_equal(
	    choose("filter resize { mode = fit width = 40 height = 30 linear = yes }", 8000, 8000),
	    1);
	assert_int_equal(choose(FIT " filter invert { }", 8000, 8000), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_filter_keeps_a_factor_of_two),
	    cmocka_unit_test(the_side_that_shrinks_least_decides),
	    cmocka_unit_test(results_keep_their_shape),
	    cmocka_unit_test(nothing_else_lets_the_feeder_shrink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
