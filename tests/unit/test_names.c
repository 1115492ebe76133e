/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <fcntl.h>

#include "host/names.h"

static char folder[256];
static int folder_fd;

static int begin_folder(void **state)
{
	(void)state;
	make_test_folder(folder);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
	return folder_fd < 0;
}

static int end_folder(void **state)
{
	(void)state;
	close(folder_fd);
	remove_test_folder(folder);
	return 0;
}

static void open_names(struct ivp_names *names, uint64_t epoch, uint64_t position)
{
	struct ivp_why why;

	assert_int_equal(ivp_names_open(names, folder_fd, "out", epoch, position, &why), 0);
}

/* What the frame at position is named. */
static const char *give(struct ivp_names *names, const char *stem, const char *suffix,
			uint64_t position)
{
	static char name[NAME_MAX + 1];
	bool taken;

	assert_int_equal(ivp_names_give(names, stem, suffix, position, name, &taken), 0);
	assert_int_equal(taken, strncmp(name, stem, strlen(stem)) != 0 ||
				    strcmp(name + strlen(stem), suffix) != 0);
	return name;
}

static void equal_names_get_numbers(void **state)
{
	struct ivp_names names;

	(void)state;
	open_names(&names, 1, 0);
	assert_string_equal(give(&names, "a", ".png", 0), "a.png");
	assert_string_equal(give(&names, "a", ".png", 1), "a-2.png");
	assert_string_equal(give(&names, "a", ".jpg", 2), "a.jpg");
	assert_string_equal(give(&names, "a", ".png", 3), "a-3.png");
	assert_string_equal(give(&names, "b", ".png", 4), "b.png");
	ivp_names_close(&names, true);
}

static void a_number_that_a_file_has_by_nature_is_passed_over(void **state)
{
	struct ivp_names names;

	(void)state;
	open_names(&names, 1, 0);
	assert_string_equal(give(&names, "a-2", ".png", 0), "a-2.png");
	assert_string_equal(give(&names, "a", ".png", 1), "a.png");
	assert_string_equal(give(&names, "a", ".png", 2), "a-3.png");
	assert_string_equal(give(&names, "a-2", ".png", 3), "a-2-2.png");
	ivp_names_close(&names, true);
}

static void a_restart_goes_on_with_the_same_names(void **state)
{
	struct ivp_names names;

	(void)state;
	open_names(&names, 1, 0);
	give(&names, "a", ".png", 0);
	give(&names, " spaced name", ".png", 1);
	give(&names, "a", ".png", 2);
	ivp_names_close(&names, false);

	open_names(&names, 1, 3);
	assert_string_equal(give(&names, " spaced name", ".png", 3), " spaced name-2.png");
	assert_string_equal(give(&names, "a", ".png", 4), "a-3.png");
	ivp_names_close(&names, true);
}

static void the_frame_that_a_sink_died_on_gets_its_name_again(void **state)
{
	struct ivp_names names;

	(void)state;
	open_names(&names, 1, 0);
	give(&names, "a", ".png", 0);
	assert_string_equal(give(&names, "a", ".png", 1), "a-2.png");
	ivp_names_close(&names, false);

	open_names(&names, 1, 1);
	assert_string_equal(give(&names, "a", ".png", 1), "a-2.png");
	ivp_names_close(&names, false);
	open_names(&names, 1, 2);
	assert_string_equal(give(&names, "a", ".png", 2), "a-3.png");
	ivp_names_close(&names, true);
}

static void another_link_or_creation_begins_anew(void **state)
{
	struct ivp_names names;

	(void)state;
	open_names(&names, 1, 0);
	give(&names, "a", ".png", 0);
	ivp_names_close(&names, false);
	open_names(&names, 2, 1);
	assert_string_equal(give(&names, "a", ".png", 1), "a.png");
	ivp_names_close(&names, true);
}

static void a_line_cut_off_is_not_a_name(void **state)
{
	struct ivp_names names;
	int fd;

	(void)state;
	open_names(&names, 1, 0);
	give(&names, "a", ".png", 0);
	fd = openat(folder_fd, names.file, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "1 b.pn", 6), 6);
	close(fd);
	ivp_names_close(&names, false);

	open_names(&names, 1, 1);
	assert_string_equal(give(&names, "b", ".png", 1), "b.png");
	ivp_names_close(&names, false);
	open_names(&names, 1, 2);
	assert_string_equal(give(&names, "b", ".png", 2), "b-2.png");
	assert_string_equal(give(&names, "a", ".png", 3), "a-2.png");
	ivp_names_close(&names, true);
}

static void the_ledger_goes_with_the_run(void **state)
{
	struct ivp_names names;
	char file[NAME_MAX + 1];

	(void)state;
	open_names(&names, 1, 0);
	snprintf(file, sizeof(file), "%s", names.file);
	assert_int_equal(file[0], '.');
	ivp_names_close(&names, false);
	assert_int_equal(faccessat(folder_fd, file, F_OK, 0), 0);
	open_names(&names, 1, 0);
	ivp_names_close(&names, true);
	assert_int_equal(faccessat(folder_fd, file, F_OK, 0), -1);
}

static void thousands_of_one_name_stay_apart(void **state)
{
	struct ivp_names names;
	char wanted[32];

	(void)state;
	open_names(&names, 1, 0);
	give(&names, "a", ".png", 0);
	for (unsigned i = 1; i < 5000; i++) {
		snprintf(wanted, sizeof(wanted), "a-%u.png", i + 1);
		assert_string_equal(give(&names, "a", ".png", i), wanted);
	}
	ivp_names_close(&names, false);
	open_names(&names, 1, 5000);
	assert_string_equal(give(&names, "a", ".png", 5000), "a-5001.png");
	ivp_names_close(&names, true);
}

static void a_ledger_that_cannot_be_made_is_an_error_with_its_name(void **state)
{
	struct ivp_names names;
	struct ivp_why why;

	(void)state;
	assert_int_equal(mkdirat(folder_fd, ".ivpipe-out.names", 0700), 0);
	assert_int_equal(ivp_names_open(&names, folder_fd, "out", 1, 0, &why), -EISDIR);
	assert_non_null(strstr(why.text, ".ivpipe-out.names"));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin_folder, end_folder)
	const struct CMUnitTest tests[] = {
	    test(equal_names_get_numbers),
	    test(a_number_that_a_file_has_by_nature_is_passed_over),
	    test(a_restart_goes_on_with_the_same_names),
	    test(the_frame_that_a_sink_died_on_gets_its_name_again),
	    test(another_link_or_creation_begins_anew),
	    test(a_line_cut_off_is_not_a_name),
	    test(the_ledger_goes_with_the_run),
	    test(thousands_of_one_name_stay_apart),
	    test(a_ledger_that_cannot_be_made_is_an_error_with_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
