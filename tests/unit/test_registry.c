/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "config/registry.h"

static bool is_name(const char *text)
{
	return text[0] >= 'a' && text[0] <= 'z' &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void every_filter_is_described_in_full(void **state)
{
	(void)state;
	assert_non_null(ivp_filters[0]);
	for (size_t i = 0; ivp_filters[i]; i++) {
		const struct ivp_filter *filter = ivp_filters[i];

		assert_true(is_name(filter->name));
		assert_in_range(filter->summary[0], 'a', 'z');
		assert_int_not_equal(filter->summary[strlen(filter->summary) - 1], '.');
		assert_int_not_equal(filter->formats, 0);
		assert_non_null(filter->apply);
		/* prepare fills scratch: without any there is nothing to fill. */
		assert_true(filter->scratch_bytes || !filter->prepare);
		assert_true(filter->private_bytes > 0 || !filter->params);
	}
}

static void no_name_is_there_twice(void **state)
{
	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++)
		for (size_t j = i + 1; ivp_filters[j]; j++)
			assert_string_not_equal(ivp_filters[i]->name, ivp_filters[j]->name);
}

static void filters_are_found_by_their_whole_names(void **state)
{
	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++)
		assert_ptr_equal(ivp_filter_find(ivp_filters[i]->name), ivp_filters[i]);
	assert_null(ivp_filter_find(""));
	assert_null(ivp_filter_find("gaussian"));
	assert_null(ivp_filter_find("gaussian-blurr"));
	assert_null(ivp_filter_find("Invert"));
}

static void the_nearest_name_is_suggested_if_it_is_near(void **state)
{
	(void)state;
	assert_string_equal(ivp_filter_nearest("gausian-blur"), "gaussian-blur");
	assert_string_equal(ivp_filter_nearest("gausian"), "gaussian-blur");
	assert_string_equal(ivp_filter_nearest("guassian"), "gaussian-blur");
	assert_string_equal(ivp_filter_nearest("resise"), "resize");
	assert_null(ivp_filter_nearest("xyzzy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_filter_is_described_in_full),
	    cmocka_unit_test(no_name_is_there_twice),
	    cmocka_unit_test(filters_are_found_by_their_whole_names),
	    cmocka_unit_test(the_nearest_name_is_suggested_if_it_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
