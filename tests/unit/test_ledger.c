/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "host/ledger.h"

static char path[600];

static int begin(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/ivpipe-ledger-XXXXXX");
	int fd = mkstemp(path);

	return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static uint64_t delivered_at(uint64_t epoch, uint64_t position)
{
	struct ivp_ledger ledger;
	struct ivp_tally tally;
	struct ivp_why why;

	assert_int_equal(ivp_ledger_open(&ledger, path, epoch, position, &tally, &why), 0);
	ivp_ledger_close(&ledger);
	return tally.delivered;
}

/* The sink dies on either side of a release: the position in its window tells which. */
static void the_position_says_which_tally_holds(void **state)
{
	struct ivp_tally tally;
	struct ivp_ledger ledger;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_ledger_open(&ledger, path, 9, 0, &tally, &why), 0);
	for (uint64_t position = 1; position <= 5; position++) {
		tally.delivered += 10;
		ivp_ledger_note(&ledger, position, &tally);
	}
	ivp_ledger_close(&ledger);
	assert_int_equal(delivered_at(9, 5), 50);
	assert_int_equal(delivered_at(9, 4), 40);
}

static void another_link_or_position_begins_with_zeros(void **state)
{
	struct ivp_tally tally;
	struct ivp_ledger ledger;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_ledger_open(&ledger, path, 9, 6, &tally, &why), 0);
	tally.delivered = 7;
	ivp_ledger_note(&ledger, 7, &tally);
	ivp_ledger_close(&ledger);
	assert_int_equal(delivered_at(9, 7), 7);
	assert_int_equal(delivered_at(9, 9), 0);
	assert_int_equal(delivered_at(9, 7), 0);
	assert_int_equal(delivered_at(8, 9), 0);
}

/* On a link that overwrites the next frame may be anywhere. */
static void positions_may_be_jumped_over(void **state)
{
	struct ivp_tally tally;
	struct ivp_ledger ledger;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_ledger_open(&ledger, path, 9, 0, &tally, &why), 0);
	for (uint64_t position = 2; position <= 10; position += 2) {
		tally.delivered++;
		ivp_ledger_note(&ledger, position, &tally);
	}
	ivp_ledger_close(&ledger);
	assert_int_equal(delivered_at(9, 8), 4);
	assert_int_equal(delivered_at(9, 10), 5);
	/* A life that begins at 8 must not take the page of 8 for its first note. */
	assert_int_equal(ivp_ledger_open(&ledger, path, 9, 8, &tally, &why), 0);
	tally.delivered += 100;
	ivp_ledger_note(&ledger, 12, &tally);
	ivp_ledger_close(&ledger);
	assert_int_equal(delivered_at(9, 8), 4);
	assert_int_equal(delivered_at(9, 12), 104);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct ivp_tally tally;
	struct ivp_ledger ledger;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_ledger_open(&ledger, "/nowhere/ledger", 9, 0, &tally, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/nowhere/ledger"));
	ivp_ledger_close(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_position_says_which_tally_holds, begin, end),
	    cmocka_unit_test_setup_teardown(another_link_or_position_begins_with_zeros, begin, end),
	    cmocka_unit_test_setup_teardown(positions_may_be_jumped_over, begin, end),
	    cmocka_unit_test(a_folder_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
