/* SPDX-License-Identifier: MIT */
#include "helpers/capture.h"

#include <sysexits.h>

#include "base/cli.h"

static const struct ivp_cli_option options[] = {
    {'c', "config", "FILE", "the configuration"},
    {'v', "verbose", NULL, "say more"},
    {1, "check", NULL, "only check"},
    {2, "a-very-long-option-name-indeed", "ARGUMENT", "has a line of its own"},
    {0, NULL, NULL, NULL},
};

static const struct ivp_cli_program without_operands = {
    .name = "program",
    .summary = "Does what it does.",
    .options = options,
};

static const struct ivp_cli_program with_operands = {
    .name = "program",
    .operands = "[PATH]...",
    .summary = "Does what it does.",
    .options = options,
    .notes = "A last word.\n",
};

static const struct ivp_cli_program in_order = {
    .name = "program",
    .operands = "COMMAND",
    .summary = "Has commands.",
    .options = options,
    .in_order = true,
};

#define arguments_of(...)                                                                          \
	(char *[])                                                                                 \
	{                                                                                          \
		"program", __VA_ARGS__, NULL                                                       \
	}

static int count_words(char **words)
{
	int count = 0;

	while (words[count])
		count++;
	return count;
}

static void begin(struct ivp_cli *cli, const struct ivp_cli_program *program, char **words)
{
	ivp_cli_begin(cli, program, count_words(words), words);
}

/* What is printed when the command line ends the program, and with which status. */
static const char *ending(const struct ivp_cli_program *program, FILE *stream, char **words,
			  int status)
{
	struct capture capture;
	const char *text;
	struct ivp_cli cli;
	int option;

	begin(&cli, program, words);
	begin_capture(&capture, stream);
	do {
		option = ivp_cli_next(&cli);
	} while (option != IVP_CLI_DONE && option != IVP_CLI_EXIT);
	text = end_capture(&capture);
	assert_int_equal(option, IVP_CLI_EXIT);
	assert_int_equal(cli.status, status);
	return text;
}

static void options_and_operands_come_in_any_order(void **state)
{
	char **words = arguments_of("one", "-c", "a.conf", "two", "--check", "--config=b.conf");
	struct ivp_cli cli;

	(void)state;
	begin(&cli, &with_operands, words);
	assert_int_equal(ivp_cli_next(&cli), 'c');
	assert_string_equal(cli.value, "a.conf");
	assert_int_equal(ivp_cli_next(&cli), 1);
	assert_null(cli.value);
	assert_int_equal(ivp_cli_next(&cli), 'c');
	assert_string_equal(cli.value, "b.conf");
	assert_int_equal(ivp_cli_next(&cli), IVP_CLI_DONE);
	assert_int_equal(cli.operand_count, 2);
	assert_string_equal(cli.operands[0], "one");
	assert_string_equal(cli.operands[1], "two");
}

static void options_of_a_command_are_left_alone(void **state)
{
	char **words = arguments_of("-v", "run", "--foreign");
	struct ivp_cli cli;

	(void)state;
	begin(&cli, &in_order, words);
	assert_int_equal(ivp_cli_next(&cli), 'v');
	assert_int_equal(ivp_cli_next(&cli), IVP_CLI_DONE);
	assert_int_equal(cli.operand_count, 2);
	assert_string_equal(cli.operands[0], "run");
}

static void an_unknown_option_names_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(
	    ending(&without_operands, stderr, arguments_of("--confg", "x"), EX_USAGE),
	    "program: unknown option '--confg'; did you mean '--config'? (see program --help)\n");
	assert_string_equal(ending(&without_operands, stderr, arguments_of("-v", "-x"), EX_USAGE),
			    "program: unknown option '-x' (see program --help)\n");
	assert_string_equal(
	    ending(&without_operands, stderr, arguments_of("--zzzzzzzz=1"), EX_USAGE),
	    "program: unknown or ambiguous option '--zzzzzzzz' (see program --help)\n");
}

static void a_missing_or_superfluous_argument_is_an_error(void **state)
{
	(void)state;
	assert_string_equal(ending(&without_operands, stderr, arguments_of("--config"), EX_USAGE),
			    "program: option '--config' needs an argument (see program --help)\n");
	assert_string_equal(
	    ending(&without_operands, stderr, arguments_of("--verbose=yes"), EX_USAGE),
	    "program: option '--verbose' takes no argument (see program --help)\n");
}

static void an_operand_is_refused_where_there_are_none(void **state)
{
	(void)state;
	assert_string_equal(ending(&without_operands, stderr, arguments_of("file"), EX_USAGE),
			    "program: unexpected argument 'file' (see program --help)\n");
}

static void help_is_made_from_the_table(void **state)
{
	(void)state;
	assert_string_equal(
	    ending(&with_operands, stdout, arguments_of("--help"), EX_OK),
	    "Usage: program [OPTION]... [PATH]...\n"
	    "\n"
	    "Does what it does.\n"
	    "\n"
	    "Options:\n"
	    "  -c, --config FILE           the configuration\n"
	    "  -v, --verbose               say more\n"
	    "      --check                 only check\n"
	    "      --a-very-long-option-name-indeed ARGUMENT\n"
	    "                              has a line of its own\n"
	    "      --color WHEN            colours: auto, always or never (default auto)\n"
	    "      --help                  print this text and exit\n"
	    "      --version               print the version and exit\n"
	    "\n"
	    "A last word.\n");
}

static void version_names_program_and_project(void **state)
{
	(void)state;
	assert_string_equal(ending(&with_operands, stdout, arguments_of("--version"), EX_OK),
			    "program (ivpipe) " IVP_VERSION "\n");
}

static void color_follows_option_then_environment_then_terminal(void **state)
{
	struct ivp_cli cli;

	(void)state;
	unsetenv("NO_COLOR");
	begin(&cli, &with_operands, arguments_of("--color=always"));
	assert_int_equal(ivp_cli_next(&cli), IVP_CLI_DONE);
	setenv("NO_COLOR", "1", 1);
	assert_true(ivp_cli_color(&cli, stdout));
	unsetenv("NO_COLOR");
	begin(&cli, &with_operands, arguments_of("--color=auto"));
	assert_int_equal(ivp_cli_next(&cli), IVP_CLI_DONE);
	struct capture capture; /* a file is no terminal */
	begin_capture(&capture, stdout);
	bool color = ivp_cli_color(&cli, stdout);
	end_capture(&capture);
	assert_false(color);
	assert_string_equal(ending(&with_operands, stderr, arguments_of("--color=red"), EX_USAGE),
			    "program: --color is auto, always or never, not 'red' (see program "
			    "--help)\n");
}

static void findings_are_printed_plain_or_in_colour(void **state)
{
	struct ivp_diag diag = {0};
	struct capture capture;
	struct ivp_cli cli;

	(void)state;
	ivp_diag_warn(&diag, "a.conf", 3, "sigma", "large");
	ivp_diag_error(&diag, "a.conf", 4, "sigma", "too large");
	begin(&cli, &with_operands, arguments_of("--color=never"));
	assert_int_equal(ivp_cli_next(&cli), IVP_CLI_DONE);
	begin_capture(&capture, stderr);
	ivp_cli_print_diag(&cli, &diag);
	assert_string_equal(end_capture(&capture), "a.conf:3: sigma: warning: large\n"
						   "a.conf:4: sigma: too large\n");
	begin(&cli, &with_operands, arguments_of("--color=always"));
	assert_int_equal(ivp_cli_next(&cli), IVP_CLI_DONE);
	begin_capture(&capture, stderr);
	ivp_cli_print_diag(&cli, &diag);
	assert_string_equal(end_capture(&capture),
			    "a.conf:3: sigma: \033[33mwarning:\033[0m large\n"
			    "a.conf:4: sigma: too large\n");
	ivp_diag_finish(&diag);
}

static void the_first_signal_drains_and_the_second_stops(void **state)
{
	struct sigaction action;

	(void)state;
	assert_int_equal(ivp_signals_catch(), 0);
	assert_int_equal(ivp_signal_level, 0);
	raise(SIGINT);
	assert_int_equal(ivp_signal_level, 1);
	raise(SIGTERM);
	assert_int_equal(ivp_signal_level, 2);
	assert_int_equal(sigaction(SIGTERM, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_DFL);
	assert_int_equal(sigaction(SIGINT, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_and_operands_come_in_any_order),
	    cmocka_unit_test(options_of_a_command_are_left_alone),
	    cmocka_unit_test(an_unknown_option_names_the_nearest),
	    cmocka_unit_test(a_missing_or_superfluous_argument_is_an_error),
	    cmocka_unit_test(an_operand_is_refused_where_there_are_none),
	    cmocka_unit_test(help_is_made_from_the_table),
	    cmocka_unit_test(version_names_program_and_project),
	    cmocka_unit_test(color_follows_option_then_environment_then_terminal),
	    cmocka_unit_test(findings_are_printed_plain_or_in_colour),
	    cmocka_unit_test(the_first_signal_drains_and_the_second_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
