/* SPDX-License-Identifier: MIT */
/*
 * getopt_long(3) behind a table. Its own messages are off: ours name the nearest option. It keeps
 * state in globals, so there is one command line at a time.
 */
#include "base/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define HELP_COLUMN 24

/* Ids of the common options: outside of what a table may use. */
enum { OPTION_HELP = 0x100, OPTION_VERSION, OPTION_COLOR };

static const struct ivp_cli_option common[] = {
    {OPTION_COLOR, "color", "WHEN", "colours: auto, always or never (default auto)"},
    {OPTION_HELP, "help", NULL, "print this text and exit"},
    {OPTION_VERSION, "version", NULL, "print the version and exit"},
    {0, NULL, NULL, NULL},
};

volatile sig_atomic_t ivp_signal_level;

static bool has_letter(const struct ivp_cli_option *option)
{
	return option->id > ' ' && option->id < 0x7f;
}

static size_t add_options(struct ivp_cli *cli, size_t count, const struct ivp_cli_option *option)
{
	char *letters = cli->letters + strlen(cli->letters);

	for (; option->name && count < IVP_CLI_MAX_OPTIONS + 3; option++, count++) {
		cli->options[count] = (struct option){
		    .name = option->name,
		    .has_arg = option->argument ? required_argument : no_argument,
		    .val = option->id,
		};
		if (!has_letter(option))
			continue;
		*letters++ = (char)option->id;
		if (option->argument)
			*letters++ = ':';
		*letters = '\0';
	}
	return count;
}

void ivp_cli_begin(struct ivp_cli *cli, const struct ivp_cli_program *program, int argc,
		   char **argv)
{
	size_t count;

	*cli = (struct ivp_cli){.program = program, .argc = argc, .argv = argv, .color = 'a'};
	/* ':' makes getopt tell a missing argument from an unknown option. */
	snprintf(cli->letters, sizeof(cli->letters), "%s", program->in_order ? "+:" : ":");
	count = add_options(cli, 0, program->options);
	add_options(cli, count, common);
	optind = 0; /* GNU: begin anew */
	opterr = 0;
}

static const char *option_nearest(const struct ivp_cli *cli, const char *word)
{
	const char *names[IVP_CLI_MAX_OPTIONS + 4];
	size_t count = 0;

	for (const struct option *option = cli->options; option->name; option++)
		names[count++] = option->name;
	names[count] = NULL;
	return ivp_nearest_word(word, names);
}

int ivp_cli_wrong(const struct ivp_cli *cli, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", cli->program->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, " (see %s --help)\n", cli->program->name);
	return EX_USAGE;
}

static bool is_known(const struct ivp_cli *cli, int id)
{
	for (const struct option *option = cli->options; option->name; option++)
		if (option->val == id)
			return true;
	return false;
}

/* getopt leaves in optopt: an unknown letter; the id of a long option with an argument that it
 * does not take; or 0 for an unknown or ambiguous long option. */
static void report_unknown(const struct ivp_cli *cli)
{
	/* It has moved on past a long option, but not past a group of letters. */
	const char *word = cli->argv[optind > 0 ? optind - 1 : 0];
	const char *nearest;
	char name[64];

	if (optopt && !is_known(cli, optopt)) {
		ivp_cli_wrong(cli, "unknown option '-%c'", optopt);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	if (optopt) {
		ivp_cli_wrong(cli, "option '%s' takes no argument", name);
		return;
	}
	nearest = option_nearest(cli, name + strspn(name, "-"));
	if (nearest)
		ivp_cli_wrong(cli, "unknown option '%s'; did you mean '--%s'?", name, nearest);
	else
		ivp_cli_wrong(cli, "unknown or ambiguous option '%s'", name);
}

static int leave(struct ivp_cli *cli, int status)
{
	cli->status = status;
	return IVP_CLI_EXIT;
}

static int set_color(struct ivp_cli *cli, const char *when)
{
	if (strcmp(when, "auto") == 0)
		cli->color = 'a';
	else if (strcmp(when, "always") == 0)
		cli->color = 'y';
	else if (strcmp(when, "never") == 0)
		cli->color = 'n';
	else
		return ivp_cli_wrong(cli, "--color is auto, always or never, not '%s'", when);
	return 0;
}

static int end_of_options(struct ivp_cli *cli)
{
	cli->operand_count = cli->argc - optind;
	cli->operands = cli->argv + optind;
	if (cli->operand_count > 0 && !cli->program->operands)
		return leave(cli, ivp_cli_wrong(cli, "unexpected argument '%s'", cli->operands[0]));
	return IVP_CLI_DONE;
}

/* Output that did not get to where it should is a failure: "--help >/dev/full". */
static int flushed(FILE *to)
{
	return fflush(to) == 0 && !ferror(to) ? EX_OK : EX_IOERR;
}

int ivp_cli_next(struct ivp_cli *cli)
{
	for (;;) {
		int option = getopt_long(cli->argc, cli->argv, cli->letters, cli->options, NULL);

		cli->value = optarg;
		switch (option) {
		case -1:
			return end_of_options(cli);
		case OPTION_COLOR:
			if (set_color(cli, optarg) != 0)
				return leave(cli, EX_USAGE);
			continue;
		case OPTION_HELP:
			ivp_cli_help(cli, stdout);
			return leave(cli, flushed(stdout));
		case OPTION_VERSION:
			printf("%s (ivpipe) %s\n", cli->program->name, IVP_VERSION);
			return leave(cli, flushed(stdout));
		case ':':
			ivp_cli_wrong(cli, "option '%s' needs an argument", cli->argv[optind - 1]);
			return leave(cli, EX_USAGE);
		case '?':
			report_unknown(cli);
			return leave(cli, EX_USAGE);
		default:
			return option;
		}
	}
}

int ivp_cli_print_ok(void)
{
	puts("configuration OK");
	return flushed(stdout);
}

static void print_options(const struct ivp_cli_option *option, FILE *to)
{
	for (; option->name; option++) {
		char left[64];
		int n =
		    snprintf(left, sizeof(left), "%s%s%s", option->name,
			     option->argument ? " " : "", option->argument ? option->argument : "");

		if (has_letter(option))
			fprintf(to, "  -%c, --%s", option->id, left);
		else
			fprintf(to, "      --%s", left);
		/* What is too long for its column gets a line of its own. */
		n += 8;
		if (n >= HELP_COLUMN + 6)
			fprintf(to, "\n%*s%s\n", HELP_COLUMN + 6, "", option->help);
		else
			fprintf(to, "%*s%s\n", HELP_COLUMN + 6 - n, "", option->help);
	}
}

void ivp_cli_help(const struct ivp_cli *cli, FILE *to)
{
	const struct ivp_cli_program *program = cli->program;
	const bool color = ivp_cli_color(cli, to);
	const char *on = color ? "\033[1m" : "", *off = color ? "\033[0m" : "";

	fprintf(to, "%sUsage:%s %s [OPTION]...%s%s\n\n%s\n\n%sOptions:%s\n", on, off, program->name,
		program->operands ? " " : "", program->operands ? program->operands : "",
		program->summary, on, off);
	print_options(program->options, to);
	print_options(common, to);
	if (program->notes)
		fprintf(to, "\n%s", program->notes);
}

bool ivp_cli_color(const struct ivp_cli *cli, FILE *to)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (cli->color != 'a')
		return cli->color == 'y';
	if (no_color && *no_color)
		return false;
	return term && strcmp(term, "dumb") != 0 && isatty(fileno(to));
}

void ivp_cli_print_diag(const struct ivp_cli *cli, const struct ivp_diag *diag)
{
	static const char word[] = " warning: ";
	const char *text = diag->text, *found;

	if (!text)
		return;
	if (!ivp_cli_color(cli, stderr)) {
		ivp_diag_print(diag, stderr);
		return;
	}
	while ((found = strstr(text, word)) != NULL) {
		fprintf(stderr, "%.*s \033[33mwarning:\033[0m ", (int)(found - text), text);
		text = found + sizeof(word) - 1;
	}
	fputs(text, stderr);
}

static void note_signal(int number)
{
	(void)number;
	if (ivp_signal_level == 0) {
		ivp_signal_level = 1;
		return;
	}
	ivp_signal_level = 2;
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
}

int ivp_signals_catch(void)
{
	/* No SA_RESTART: a wait must notice. */
	struct sigaction action = {.sa_handler = note_signal};

	ivp_signal_level = 0;
	sigemptyset(&action.sa_mask);
	/* One handler runs at a time, so that two different signals count as two. */
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGINT);
	if (sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
		return -errno;
	action.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &action, NULL) < 0)
		return -errno;
	return 0;
}
