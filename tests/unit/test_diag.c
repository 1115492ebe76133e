/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "base/diag.h"

static const char *const words[] = {"slots", "frame", "metadata", "policy", "isolation", NULL};

static void a_finding_names_file_line_and_key(void **state)
{
	struct ivp_diag diag = {0};

	(void)state;
	ivp_diag_error(&diag, "blur.conf", 7, "sigma", "%d is too large", 900);
	assert_string_equal(diag.text, "blur.conf:7: sigma: 900 is too large\n");
	assert_int_equal(diag.errors, 1);
	assert_int_equal(diag.warnings, 0);
	assert_int_equal(diag.bytes, strlen(diag.text));
	ivp_diag_finish(&diag);
}

static void parts_that_are_not_known_are_left_out(void **state)
{
	struct ivp_diag diag = {0};

	(void)state;
	ivp_diag_error(&diag, "blur.conf", 0, NULL, "is empty");
	ivp_diag_error(&diag, NULL, 0, "sigma", "is missing");
	ivp_diag_error(&diag, NULL, 0, NULL, "all is lost");
	ivp_diag_error(&diag, "blur.conf", 3, NULL, "what is this?");
	assert_string_equal(diag.text, "blur.conf: is empty\n"
				       "sigma: is missing\n"
				       "all is lost\n"
				       "blur.conf:3: what is this?\n");
	assert_int_equal(diag.errors, 4);
	ivp_diag_finish(&diag);
}

static void a_warning_is_no_error(void **state)
{
	struct ivp_diag diag = {0};

	(void)state;
	ivp_diag_warn(&diag, "a.conf", 1, "frame", "is small");
	assert_string_equal(diag.text, "a.conf:1: frame: warning: is small\n");
	assert_int_equal(diag.errors, 0);
	assert_int_equal(diag.warnings, 1);
	ivp_diag_finish(&diag);
}

static void printing_gives_all_findings_in_their_order(void **state)
{
	struct ivp_diag diag = {0};
	char *text = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);

	(void)state;
	assert_non_null(to);
	ivp_diag_print(&diag, to);
	ivp_diag_error(&diag, "a", 1, NULL, "one");
	ivp_diag_warn(&diag, "a", 2, NULL, "two");
	ivp_diag_print(&diag, to);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, "a:1: one\na:2: warning: two\n");
	free(text);
	ivp_diag_finish(&diag);
	assert_null(diag.text);
	assert_int_equal(diag.errors + diag.warnings, 0);
	ivp_diag_finish(&diag);
}

static void slips_of_the_finger_find_the_word_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(ivp_nearest_word("slot", words), "slots");
	assert_string_equal(ivp_nearest_word("sltos", words), "slots");
	assert_string_equal(ivp_nearest_word("slotts", words), "slots");
	assert_string_equal(ivp_nearest_word("fname", words), "frame");
	assert_string_equal(ivp_nearest_word("polcy", words), "policy");
	assert_string_equal(ivp_nearest_word("meta-data", words), "metadata");
	assert_string_equal(ivp_nearest_word("isolatoin", words), "isolation");
}

static void what_is_too_far_off_finds_nothing(void **state)
{
	char monster[300];

	(void)state;
	memset(monster, 's', sizeof(monster) - 1);
	monster[sizeof(monster) - 1] = '\0';
	assert_null(ivp_nearest_word("zebra", words));
	assert_null(ivp_nearest_word("", words));
	assert_null(ivp_nearest_word("s", words));
	assert_null(ivp_nearest_word(monster, words));
	assert_null(ivp_nearest_word("slots", (const char *const[]){NULL}));
	assert_null(ivp_nearest_word("slots", (const char *const[]){monster, NULL}));
}

static void the_nearest_of_several_wins(void **state)
{
	static const char *const similar[] = {"max-pixels", "max-side", "max-sides", NULL};

	(void)state;
	assert_string_equal(ivp_nearest_word("max-sides", similar), "max-sides");
	assert_string_equal(ivp_nearest_word("max-sid", similar), "max-side");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_finding_names_file_line_and_key),
	    cmocka_unit_test(parts_that_are_not_known_are_left_out),
	    cmocka_unit_test(a_warning_is_no_error),
	    cmocka_unit_test(printing_gives_all_findings_in_their_order),
	    cmocka_unit_test(slips_of_the_finger_find_the_word_that_was_meant),
	    cmocka_unit_test(what_is_too_far_off_finds_nothing),
	    cmocka_unit_test(the_nearest_of_several_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
