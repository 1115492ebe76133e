/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "host/rejects.h"

static char path[600];
static char taken[400];

static int begin(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/ivpipe-rejects-XXXXXX");
	int fd = mkstemp(path);

	return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static int take(void *context, size_t input, const char *reason)
{
	size_t used = strlen(taken);

	(void)context;
	snprintf(taken + used, sizeof(taken) - used, "%zu=%s;", input, reason);
	return 0;
}

static int open_at(uint64_t epoch, size_t first)
{
	struct ivp_why why;
	int fd;

	taken[0] = '\0';
	fd = ivp_rejects_open(path, epoch, first, take, NULL, &why);
	assert_true(fd >= 0);
	return fd;
}

static void rejects_before_the_first_input_are_told_the_others_forgotten(void **state)
{
	int fd = open_at(5, 0);

	(void)state;
	assert_int_equal(ivp_rejects_add(fd, 2, "no image"), 0);
	assert_int_equal(ivp_rejects_add(fd, 4, "two\nlines"), 0);
	assert_int_equal(ivp_rejects_add(fd, 7, "cut off"), 0);
	close(fd);
	fd = open_at(5, 7);
	assert_string_equal(taken, "2=no image;4=two lines;");
	assert_int_equal(ivp_rejects_add(fd, 8, "again"), 0);
	close(fd);
	fd = open_at(5, 9);
	assert_string_equal(taken, "2=no image;4=two lines;8=again;");
	close(fd);
}

static void a_line_that_a_kill_cut_off_is_none(void **state)
{
	int fd = open_at(5, 0);

	(void)state;
	assert_int_equal(ivp_rejects_add(fd, 1, "whole"), 0);
	assert_int_equal(write(fd, "2 ha", 4), 4);
	close(fd);
	fd = open_at(5, 9);
	assert_string_equal(taken, "1=whole;");
	assert_int_equal(ivp_rejects_add(fd, 3, "next"), 0);
	close(fd);
	fd = open_at(5, 9);
	assert_string_equal(taken, "1=whole;3=next;");
	close(fd);
}

static void those_of_another_link_are_forgotten(void **state)
{
	int fd = open_at(5, 0);

	(void)state;
	assert_int_equal(ivp_rejects_add(fd, 1, "old"), 0);
	close(fd);
	fd = open_at(6, 9);
	assert_string_equal(taken, "");
	close(fd);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	    test(rejects_before_the_first_input_are_told_the_others_forgotten),
	    test(a_line_that_a_kill_cut_off_is_none),
	    test(those_of_another_link_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
