/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "base/log.h"

/* Runs what logs with standard error going into text. */
static void capture(void (*what)(void), char *text, size_t bytes)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	what();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	n = fread(text, 1, bytes - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void log_one(void)
{
	ivp_log_open("pipeline-stage", "blur", IVP_LOG_INFO);
	errno = ENOENT;
	ivp_log(IVP_LOG_INFO, "frame %d", 7);
	assert_int_equal(errno, ENOENT);
}

static void log_levels(void)
{
	ivp_log_open("x", NULL, IVP_LOG_WARNING);
	ivp_log(IVP_LOG_ERROR, "error");
	ivp_log(IVP_LOG_WARNING, "warning");
	ivp_log(IVP_LOG_INFO, "info");
	ivp_log(IVP_LOG_DEBUG, "debug");
}

static void log_nasty(void)
{
	ivp_log_open("x", "", IVP_LOG_INFO);
	ivp_log(IVP_LOG_INFO, "%s",
		"a\nb\033[2Jc\rd\te\xc2\x9b"
		"2Jf\xc2\xa7\xc3\x9b\xc2");
}

static void log_long(void)
{
	char text[5000];

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ivp_log_open("x", "", IVP_LOG_INFO);
	ivp_log(IVP_LOG_INFO, "%s", text);
	ivp_log(IVP_LOG_INFO, "next");
}

static void a_line_begins_with_program_and_instance(void **state)
{
	char text[200];

	(void)state;
	capture(log_one, text, sizeof(text));
	assert_string_equal(text, "pipeline-stage[blur]: frame 7\n");
}

static void lines_above_the_level_are_dropped(void **state)
{
	char text[200];

	(void)state;
	capture(log_levels, text, sizeof(text));
	assert_string_equal(text, "x: error\nx: warning\n");
}

static void control_characters_never_reach_the_terminal(void **state)
{
	char text[200];

	(void)state;
	capture(log_nasty, text, sizeof(text));
	assert_string_equal(text, "x: a b?[2Jc?d e??2Jf\xc2\xa7\xc3\x9b\xc2\n");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char text[8000];

	(void)state;
	capture(log_long, text, sizeof(text));
	assert_true(strlen(text) < 4096);
	assert_string_equal(text + strlen(text) - 9, "\nx: next\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_begins_with_program_and_instance),
	    cmocka_unit_test(lines_above_the_level_are_dropped),
	    cmocka_unit_test(control_characters_never_reach_the_terminal),
	    cmocka_unit_test(a_long_line_is_cut_and_still_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
