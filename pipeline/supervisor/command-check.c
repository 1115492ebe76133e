/* SPDX-License-Identifier: MIT */
/* pipeline check: all that can be said of a topology without starting it: what pipeline run looks
 * at before anything starts, and nothing else. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/units.h"
#include "config/topology.h"
#include "supervisor/commands.h"
#include "supervisor/plan.h"

static const struct ivp_cli_option options[] = {
    {'t', "text", NULL, "look at the text alone, not for inputs, QEMU, kernel and memory"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline check",
    .operands = "FILE",
    .summary = "Checks the configuration FILE: prints 'configuration OK', or all that is wrong "
	       "with it.\nA topology must be a whole chain; a file for one program alone may be "
	       "a part of one.",
    .options = options,
};

/* Windows that the configuration places are made by hand, and run would refuse them. */
static bool has_places(const struct ivp_topology *topology)
{
	for (unsigned i = 0; i < topology->link_count; i++)
		if (strcmp(topology->links[i]->data, "auto") != 0 ||
		    strcmp(topology->links[i]->credit, "auto") != 0)
			return true;
	return false;
}

static int check(const char *file, bool text_only, struct ivp_diag *diag)
{
	const struct ivp_run_options run = {.file = file};
	struct ivp_topology *topology = NULL;
	struct ivp_plan plan;
	int error = ivp_topology_read(file, &topology, diag);

	/* A feeder or a sink makes it a description of the whole. */
	if (!error && (topology->feeder.declared || topology->sink.declared)) {
		if (text_only || has_places(topology)) {
			error = ivp_topology_check_chain(topology, diag);
		} else {
			ivp_diag_finish(diag); /* the plan finds the same again, and more */
			error = ivp_plan_make(&plan, &run, diag);
			ivp_plan_finish(&plan);
		}
	}
	ivp_topology_destroy(topology);
	return error;
}

int ivp_command_check(int argc, char **argv)
{
	struct ivp_diag diag = {0};
	bool text_only = false;
	struct ivp_cli cli;
	int option, error;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		text_only = true;
	}
	if (cli.operand_count != 1)
		return ivp_cli_wrong(&cli, "which configuration? It takes one FILE");
	error = check(cli.operands[0], text_only, &diag);
	ivp_cli_print_diag(&cli, &diag);
	ivp_diag_finish(&diag);
	if (error)
		return ivp_exit_code(error);
	return puts("configuration OK") < 0 || fflush(stdout) != 0 ? EX_IOERR : EX_OK;
}
