/* SPDX-License-Identifier: MIT */
/* pipeline run: the command line of a run. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cli.h"
#include "supervisor/commands.h"
#include "supervisor/run.h"

enum { DRY_RUN = 1, JSON, KEEP, QEMU, KERNEL, IMAGE, ACCEL, RUN_DIR, LOG, USER };

static const struct ivp_cli_option options[] = {
    {'l', "local", NULL, "run every stage as a process of this host, none in a guest"},
    {'i', "input", "PATH", "a file, folder or pattern in place of the feeder's; may be repeated"},
    {'o', "output", "FOLDER", "where results go, in place of the sink's"},
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {DRY_RUN, "dry-run", NULL, "print the argument list of each stage, start nothing"},
    {JSON, "json", NULL, "print the summary as JSON"},
    {KEEP, "keep", NULL, "leave windows and the run's folder behind"},
    {LOG, "log", "FILE", "what the children print goes there"},
    {ACCEL, "accel", "HOW", "guests' processors: auto, kvm or tcg (default auto)"},
    {QEMU, "qemu", "PROGRAM", "QEMU (default qemu-system-x86_64)"},
    {KERNEL, "kernel", "FILE", "the guests' kernel"},
    {IMAGE, "image", "FILE", "the guests' initial root file system"},
    {USER, "user", "NAME", "whom QEMU runs as, if root runs this (default nobody)"},
    {RUN_DIR, "run-dir", "FOLDER", "a new folder for the run's own files"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline run",
    .operands = "FILE",
    .summary = "Runs the whole pipeline that FILE describes: creates its links, starts feeder, "
	       "stages\nand sink, and ends when all frames are through. Ctrl-C ends the stream "
	       "early; a second\none stops at once.",
    .options = options,
    .notes = "Exit status: 0 all delivered; 65 inputs were rejected or frames failed; 69 a child "
	     "failed;\n70 the account does not close; 75 stopped, or links in use; 78 the "
	     "configuration is wrong.\n",
};

static bool parse_accelerator(const char *word, enum ivp_accelerator *accelerator)
{
	static const char *const words[] = {"auto", "kvm", "tcg"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*accelerator = (enum ivp_accelerator)i;
			return true;
		}
	return false;
}

/* Stores one option. Returns 0, or the exit status of a wrong use. */
static int take(const struct ivp_cli *cli, int option, struct ivp_run_options *run)
{
	const char **const texts[] = {
	    ['o'] = &run->output,    ['n'] = &run->name,    [QEMU] = &run->qemu,
	    [KERNEL] = &run->kernel, [IMAGE] = &run->image, [RUN_DIR] = &run->folder,
	    [LOG] = &run->log,       [USER] = &run->user,
	};
	bool *const flags[] = {
	    ['l'] = &run->local,
	    [DRY_RUN] = &run->dry_run,
	    [JSON] = &run->json,
	    [KEEP] = &run->keep,
	};

	if (option == 'i')
		run->inputs[run->input_count++] = cli->value;
	else if (option == ACCEL)
		return parse_accelerator(cli->value, &run->accelerator)
			   ? EX_OK
			   : ivp_cli_wrong(cli, "--accel is auto, kvm or tcg, not '%s'",
					   cli->value);
	else if (cli->value)
		*texts[option] = cli->value;
	else
		*flags[option] = true;
	return EX_OK;
}

/* Returns EX_OK, or the status of a wrong use. */
static int examine(const struct ivp_cli *cli, struct ivp_run_options *run)
{
	if (cli->operand_count != 1)
		return ivp_cli_wrong(cli, cli->operand_count == 0
					      ? "which topology? FILE is missing"
					      : "one FILE at a time");
	if (run->name && !ivp_plan_name_valid(run->name))
		return ivp_cli_wrong(cli,
				     "--name '%s': a name has 1 to 31 of the characters a-z, 0-9 "
				     "and '-', and begins with a letter",
				     run->name);
	run->file = cli->operands[0];
	run->color = ivp_cli_color(cli, stderr);
	return EX_OK;
}

int ivp_command_run(int argc, char **argv)
{
	struct ivp_run_options run = {.inputs = calloc((size_t)argc + 1, sizeof(*run.inputs))};
	struct ivp_cli cli;
	int option, status = run.inputs ? EX_OK : EX_OSERR;

	ivp_cli_begin(&cli, &program, argc, argv);
	while (status == EX_OK && (option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT) {
			free(run.inputs);
			return cli.status;
		}
		status = take(&cli, option, &run);
	}
	if (status == EX_OK)
		status = examine(&cli, &run);
	if (status == EX_OK)
		status = ivp_run(&run);
	free(run.inputs);
	return status;
}
