/* SPDX-License-Identifier: MIT */
/* pipeline check: all that can be said of a topology without starting it. */
#include <stdio.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/units.h"
#include "config/topology.h"
#include "supervisor/commands.h"

static const struct ivp_cli_option options[] = {{0}};

static const struct ivp_cli_program program = {
    .name = "pipeline check",
    .operands = "FILE",
    .summary = "Checks the configuration FILE: prints 'configuration OK', or all that is wrong "
	       "with it.\nA topology must be a whole chain; a file for one program alone may be "
	       "a part of one.",
    .options = options,
};

int ivp_command_check(int argc, char **argv)
{
	struct ivp_topology *topology = NULL;
	struct ivp_diag diag = {0};
	struct ivp_cli cli;
	int error;

	ivp_cli_begin(&cli, &program, argc, argv);
	if (ivp_cli_next(&cli) != IVP_CLI_DONE)
		return cli.status;
	if (cli.operand_count != 1)
		return ivp_cli_wrong(&cli, "which configuration? It takes one FILE");
	error = ivp_topology_read(cli.operands[0], &topology, &diag);
	/* A feeder or a sink makes it a description of the whole. */
	if (!error && (topology->feeder.declared || topology->sink.declared))
		error = ivp_topology_check_chain(topology, &diag);
	ivp_cli_print_diag(&cli, &diag);
	ivp_diag_finish(&diag);
	ivp_topology_destroy(topology);
	if (error)
		return ivp_exit_code(error);
	return puts("configuration OK") < 0 || fflush(stdout) != 0 ? EX_IOERR : EX_OK;
}
