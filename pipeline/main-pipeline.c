/* SPDX-License-Identifier: MIT */
/* pipeline: the supervisor and its tools, one command each. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/log.h"
#include "supervisor/commands.h"
#include "transport/fault.h"

static const struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "run a pipeline: guests, feeder, sink, to the end of the stream", ivp_command_run},
    {"check", "check a configuration", ivp_command_check},
    {"create", "create the links of a pipeline, for peers started by hand", ivp_command_create},
    {"destroy", "remove the links of a pipeline", ivp_command_destroy},
    {"stats", "what the links of a pipeline are doing", ivp_command_stats},
    {"filters", "list and describe the filters", ivp_command_filters},
    {"image", "make an initial root file system for guests", ivp_command_image},
    {"doorbell-server", "serve the doorbells of links, for machines of your own",
     ivp_command_doorbell_server},
    {"doctor", "check this machine, and say how to mend what is wrong", ivp_command_doctor},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct ivp_cli_option options[] = {{0}};

/* The usage text is the table. */
static const char *list_commands(void)
{
	static char text[1024];
	size_t used = (size_t)snprintf(text, sizeof(text), "Commands:\n");

	for (size_t i = 0; i < COMMANDS && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "  %-15s %s\n",
					 commands[i].name, commands[i].summary);
	if (used < sizeof(text))
		snprintf(text + used, sizeof(text) - used,
			 "\n'pipeline COMMAND --help' says more about each.\n");
	return text;
}

static int report_unknown(const struct ivp_cli *cli, const char *word)
{
	const char *names[COMMANDS + 1];
	const char *nearest;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	names[COMMANDS] = NULL;
	nearest = ivp_nearest_word(word, names);
	if (nearest)
		return ivp_cli_wrong(cli, "there is no command '%s'; did you mean '%s'?", word,
				     nearest);
	return ivp_cli_wrong(cli, "there is no command '%s'", word);
}

int main(int argc, char **argv)
{
	const struct ivp_cli_program program = {
	    .name = "pipeline",
	    .operands = "COMMAND [ARGUMENT]...",
	    .summary = "Runs chains of image filters in virtual machines that share memory.",
	    .options = options,
	    .notes = list_commands(),
	    .in_order = true,
	};
	struct ivp_cli cli;

	ivp_log_open("pipeline", NULL, IVP_LOG_INFO);
	ivp_cli_begin(&cli, &program, argc, argv);
	if (ivp_cli_next(&cli) != IVP_CLI_DONE)
		return cli.status;
	if (cli.operand_count == 0)
		return ivp_cli_wrong(&cli, "which command?");
	if (ivp_fault_catch("pipeline") != 0)
		return EX_OSERR;
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(cli.operands[0], commands[i].name) == 0)
			return commands[i].run(cli.operand_count, cli.operands);
	return report_unknown(&cli, cli.operands[0]);
}
