/* SPDX-License-Identifier: MIT */
/* pipeline create: the links of a topology, for peers that are started by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/units.h"
#include "program.h"
#include "supervisor/commands.h"
#include "supervisor/memory.h"
#include "supervisor/plan.h"
#include "supervisor/windows.h"

static const struct ivp_cli_option options[] = {
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline create",
    .operands = "FILE",
    .summary =
	"Creates the windows of all links of the topology FILE, in /dev/shm or where its "
	"huge\npages are, and prints them. Peers that are started by hand, in any order, find "
	"them by\ntheir names.",
    .options = options,
};

static void print_object(const struct ivp_region *region, const struct ivp_link_conf *link)
{
	char size[24], uuid[37];

	if (region->base)
		printf("%s\t%s\tuuid %s\n", region->source, ivp_format_size(region->bytes, size),
		       ivp_uuid_format(link->uuid, uuid));
}

/* Only links that have a section: of others the size is not known. */
static int create(struct ivp_topology *topology, struct ivp_diag *diag, struct ivp_why *why)
{
	struct ivp_windows windows;
	int error;

	for (unsigned i = 0; i < topology->link_count; i++)
		if (!topology->links[i]->declared) {
			ivp_why_set(why,
				    "%s: link %s is used, but there is no section link %s that "
				    "says how large it is",
				    topology->file, topology->links[i]->name,
				    topology->links[i]->name);
			return -EINVAL;
		}
	if (topology->link_count == 0) {
		ivp_why_set(why, "%s: there is no link in it", topology->file);
		return -EINVAL;
	}
	error = ivp_memory_place(topology, diag);
	if (error)
		return error;
	ivp_windows_identify(topology);
	error = ivp_windows_create(&windows, topology, false, why);
	if (error)
		return error;
	for (unsigned i = 0; i < windows.count; i++) {
		print_object(&windows.links[i].data, windows.links[i].link);
		print_object(&windows.links[i].credit, windows.links[i].link);
	}
	if (fflush(stdout) == 0) {
		ivp_windows_close(&windows);
		return 0;
	}
	ivp_why_set(why, "cannot write to standard output");
	ivp_windows_destroy(&windows, NULL);
	return -EIO;
}

int ivp_command_create(int argc, char **argv)
{
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};
	struct ivp_why why = {""};
	const char *name = NULL;
	struct ivp_cli cli;
	int option, error, status;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		name = cli.value;
	}
	if (cli.operand_count != 1)
		return ivp_cli_wrong(&cli, "which topology? It takes one FILE");
	if (name && !ivp_plan_name_valid(name))
		return ivp_cli_wrong(&cli, "--name '%s' is no name for a pipeline", name);
	status = ivp_program_read(&cli, cli.operands[0], &topology);
	if (status != EX_OK)
		return status;
	if (name)
		snprintf(topology->name, sizeof(topology->name), "%s", name);
	error = create(topology, &diag, &why);
	ivp_cli_print_diag(&cli, &diag);
	ivp_diag_finish(&diag);
	if (error && why.text[0])
		ivp_log(IVP_LOG_ERROR, "%s%s", why.text,
			error == -EEXIST ? "; 'pipeline destroy' removes it" : "");
	ivp_topology_destroy(topology);
	return ivp_exit_code(error);
}
