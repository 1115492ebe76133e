/* SPDX-License-Identifier: MIT */
#include "config/isa.h"

#include "helpers/test.h"

#include "config/registry.h"

static void every_level_has_the_filters_in_the_same_order(void **state)
{
	(void)state;
	for (const struct ivp_isa *isa = ivp_isas; isa->name; isa++)
		for (size_t i = 0;; i++) {
			if (ivp_filters[i] == NULL) {
				assert_null(isa->filters[i]);
				break;
			}
			assert_non_null(isa->filters[i]);
			assert_string_equal(isa->filters[i]->name, ivp_filters[i]->name);
			assert_ptr_equal(ivp_isa_filter(isa, ivp_filters[i]), isa->filters[i]);
		}
}

static void levels_are_code_of_their_own(void **state)
{
	(void)state;
	for (const struct ivp_isa *isa = ivp_isas; isa[1].name; isa++)
		for (size_t i = 0; ivp_filters[i]; i++)
			assert_ptr_not_equal(isa[0].filters[i]->apply, isa[1].filters[i]->apply);
}

static void the_baseline_is_the_last_and_runs_everywhere(void **state)
{
	const struct ivp_isa *isa = ivp_isas;

	(void)state;
	while (isa[1].name)
		isa++;
	assert_string_equal(isa->name, "baseline");
	assert_ptr_equal(isa->filters, ivp_filters);
	assert_true(isa->runs_here());
	assert_ptr_equal(ivp_isa_find("baseline", NULL), isa);
}

static void auto_is_the_first_that_runs(void **state)
{
	const struct ivp_isa *best = ivp_isa_find("auto", NULL);

	(void)state;
	assert_ptr_equal(best, ivp_isa_best());
	assert_true(best->runs_here());
	for (const struct ivp_isa *isa = ivp_isas; isa != best; isa++)
		assert_false(isa->runs_here());
}

static void every_level_has_a_word_and_what_is_missing_a_reason(void **state)
{
	struct ivp_why why = {""};

	(void)state;
	for (const struct ivp_isa *isa = ivp_isas; isa->name; isa++) {
		bool found = false;

		for (size_t i = 0; ivp_isa_words[i]; i++)
			found |= strcmp(ivp_isa_words[i], isa->name) == 0;
		assert_true(found);
		assert_ptr_equal(ivp_isa_find(isa->name, NULL), isa->runs_here() ? isa : NULL);
	}
	assert_null(ivp_isa_find("mmx", &why));
	assert_non_null(strstr(why.text, "'mmx'"));
	assert_non_null(strstr(why.text, ivp_isa_best()->name));
}

static void a_filter_goes_from_any_level_to_any_other(void **state)
{
	(void)state;
	for (const struct ivp_isa *from = ivp_isas; from->name; from++)
		for (const struct ivp_isa *to = ivp_isas; to->name; to++)
			for (size_t i = 0; ivp_filters[i]; i++)
				assert_ptr_equal(ivp_isa_filter(to, from->filters[i]),
						 to->filters[i]);
}

static void a_strange_filter_is_itself_at_every_level(void **state)
{
	static const struct ivp_filter strange = {.name = "strange"};

	(void)state;
	for (const struct ivp_isa *isa = ivp_isas; isa->name; isa++)
		assert_ptr_equal(ivp_isa_filter(isa, &strange), &strange);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_level_has_the_filters_in_the_same_order),
	    cmocka_unit_test(levels_are_code_of_their_own),
	    cmocka_unit_test(the_baseline_is_the_last_and_runs_everywhere),
	    cmocka_unit_test(auto_is_the_first_that_runs),
	    cmocka_unit_test(every_level_has_a_word_and_what_is_missing_a_reason),
	    cmocka_unit_test(a_filter_goes_from_any_level_to_any_other),
	    cmocka_unit_test(a_strange_filter_is_itself_at_every_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
