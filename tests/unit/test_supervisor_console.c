/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <fcntl.h>

#include "supervisor/console.h"

/* Joins the lines that come out by '|'. */
static void join(void *context, const char *line)
{
	char *all = context;
	const size_t used = strlen(all);

	snprintf(all + used, 256 - used, "%s|", line);
}

static void add(struct ivp_console *console, const char *text, char *all)
{
	ivp_console_add(console, text, strlen(text), join, all);
}

static void pieces_become_lines(void **state)
{
	struct ivp_console console = {0};
	char all[256] = "";

	(void)state;
	add(&console, "one\r\ntw", all);
	assert_string_equal(all, "one|");
	add(&console, "o\n\nthree", all);
	assert_string_equal(all, "one|two|");
	ivp_console_end(&console, join, all);
	ivp_console_end(&console, join, all);
	assert_string_equal(all, "one|two|three|");
	assert_int_equal(console.lines, 3);
}

static void nothing_a_guest_prints_moves_the_cursor(void **state)
{
	struct ivp_console console = {0};
	char all[256] = "";

	(void)state;
	add(&console, "\033[2J\033[1;31mred\033[0m\tx\a\b\177\302\233y\033c.\n", all);
	assert_string_equal(all, "red x?????y.|");
	all[0] = '\0';
	add(&console, "cut \033[3\nnext\n", all);
	assert_string_equal(all, "cut|next|");
}

static void programs_of_this_host_may_use_utf_8(void **state)
{
	struct ivp_console console = {.trusted = true};
	char all[256] = "";

	(void)state;
	add(&console, "B\303\244r.png\033[K\n", all);
	assert_string_equal(all, "B\303\244r.png|");
}

static void count_line(void *context, const char *line)
{
	assert_true(strlen(line) < IVP_CONSOLE_LINE);
	*(size_t *)context += strlen(line);
}

static void a_line_without_end_comes_in_pieces(void **state)
{
	struct ivp_console console = {0};
	size_t letters = 0;

	(void)state;
	for (int i = 0; i < 5000; i++)
		ivp_console_add(&console, "x", 1, count_line, &letters);
	ivp_console_end(&console, count_line, &letters);
	assert_int_equal(letters, 5000);
	assert_int_equal(console.lines, (5000 + IVP_CONSOLE_LINE - 2) / (IVP_CONSOLE_LINE - 1));
}

static void add_numbers(struct ivp_console *console, int first, int end)
{
	char text[16];

	for (int i = first; i < end; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		ivp_console_add(console, text, strlen(text), NULL, NULL);
	}
}

static void expect_numbers(const char *all, int first, int end)
{
	char expected[256] = "", text[16];

	for (int i = first; i < end; i++) {
		snprintf(text, sizeof(text), "%d", i);
		join(expected, text);
	}
	assert_string_equal(all, expected);
}

static void the_last_lines_are_kept(void **state)
{
	struct ivp_console console = {0};
	char all[256] = "";

	(void)state;
	ivp_console_last(&console, NULL, join, all);
	assert_string_equal(all, "");
	add_numbers(&console, 0, 3);
	ivp_console_last(&console, "none of them", join, all);
	expect_numbers(all, 0, 3);
	add_numbers(&console, 3, 200);
	all[0] = '\0';
	ivp_console_last(&console, NULL, join, all);
	expect_numbers(all, 200 - IVP_CONSOLE_SHOWN, 200);
}

static void what_comes_behind_the_end_is_not_shown(void **state)
{
	struct ivp_console console = {0};
	char all[256] = "";

	(void)state;
	add_numbers(&console, 100, 190);
	ivp_console_last(&console, "155", join, all);
	expect_numbers(all, 156 - IVP_CONSOLE_SHOWN, 156);
	/* The first line that is kept: those before it are gone. */
	all[0] = '\0';
	ivp_console_last(&console, "126", join, all);
	expect_numbers(all, 126, 127);
}

static void reading_ends_where_the_pipe_does(void **state)
{
	struct ivp_console console = {0};
	char all[256] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(ivp_console_read(&console, ends[0], join, all), 1);
	assert_int_equal(write(ends[1], "a\nb", 3), 3);
	assert_int_equal(ivp_console_read(&console, ends[0], join, all), 1);
	assert_string_equal(all, "a|");
	close(ends[1]);
	assert_int_equal(ivp_console_read(&console, ends[0], join, all), 0);
	assert_string_equal(all, "a|b|");
	close(ends[0]);
	assert_int_equal(ivp_console_read(&console, ends[0], join, all), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_become_lines),
	    cmocka_unit_test(nothing_a_guest_prints_moves_the_cursor),
	    cmocka_unit_test(programs_of_this_host_may_use_utf_8),
	    cmocka_unit_test(a_line_without_end_comes_in_pieces),
	    cmocka_unit_test(the_last_lines_are_kept),
	    cmocka_unit_test(what_comes_behind_the_end_is_not_shown),
	    cmocka_unit_test(reading_ends_where_the_pipe_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
