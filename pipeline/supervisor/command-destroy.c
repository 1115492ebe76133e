/* SPDX-License-Identifier: MIT */
/* pipeline destroy: removes windows that nobody holds. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/units.h"
#include "doorbell/listener.h"
#include "program.h"
#include "supervisor/commands.h"
#include "supervisor/plan.h"
#include "transport/region.h"

static const struct ivp_cli_option options[] = {
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline destroy",
    .operands = "FILE|NAME",
    .summary =
	"Removes the windows of the pipeline that FILE describes or that is called\nNAME. What "
	"a program or guest still holds stays.",
    .options = options,
};

/* The socket of a doorbell server that died; that of a living one stays. */
static int destroy_bell(const char *path, struct ivp_why *why)
{
	pid_t process;
	int error = ivp_bell_listener_find(path, &process);

	if (error > 0) {
		ivp_why_set(why, "%s: process %d serves it; stop that one first", path,
			    (int)process);
		return -EBUSY;
	}
	if (!error && unlink(path) < 0)
		error = -errno;
	if (error)
		ivp_why_set(why, "cannot remove %s: %s", path, strerror(-error));
	return error;
}

static bool is_socket(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* Removes what can be removed. Returns 0, or -errno of the first that stays; count grows by what
 * was there. */
static int destroy_in(const char *folder, const char *name, size_t *count)
{
	char pattern[IVP_FOLDER_BYTES + 64];
	glob_t found = {0};
	int first = 0;

	snprintf(pattern, sizeof(pattern), "%s/ivpipe.%s.*", folder, name);
	if (glob(pattern, 0, NULL, &found) == 0)
		*count += found.gl_pathc;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct ivp_why why;
		const char *path = found.gl_pathv[i];
		int error =
		    is_socket(path) ? destroy_bell(path, &why) : ivp_region_destroy(path, &why);

		if (!error)
			printf("removed %s\n", found.gl_pathv[i]);
		else if (error != -ENOENT) /* somebody else was quicker */
			ivp_log(IVP_LOG_ERROR, "%s", why.text);
		if (error != -ENOENT && !first)
			first = error;
	}
	globfree(&found);
	return first;
}

static int destroy(const char *name)
{
	char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES];
	const unsigned folder_count = ivp_region_folders(folders);
	size_t count = 0;
	int first = 0;

	for (unsigned i = 0; i < folder_count; i++) {
		int error = destroy_in(folders[i], name, &count);

		first = first ? first : error;
	}
	if (count == 0)
		ivp_log(IVP_LOG_INFO, "there are no windows of a pipeline '%s'", name);
	return first;
}

/* Sets name to that of the operand: a file, or a name itself. */
static int find_name(const struct ivp_cli *cli, char name[IVP_NAME_BYTES])
{
	const char *operand = cli->operands[0];
	struct ivp_topology *topology;
	int status;

	if (ivp_plan_name_valid(operand) && access(operand, F_OK) < 0) {
		snprintf(name, IVP_NAME_BYTES, "%s", operand);
		return EX_OK;
	}
	status = ivp_program_read(cli, operand, &topology);
	if (status != EX_OK)
		return status;
	memcpy(name, topology->name, IVP_NAME_BYTES);
	ivp_topology_destroy(topology);
	return EX_OK;
}

int ivp_command_destroy(int argc, char **argv)
{
	char name[IVP_NAME_BYTES] = "";
	const char *wish = NULL;
	struct ivp_cli cli;
	int option, status;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		wish = cli.value;
	}
	if (cli.operand_count != 1)
		return ivp_cli_wrong(&cli, "which pipeline? It takes one FILE or NAME");
	if (wish && !ivp_plan_name_valid(wish))
		return ivp_cli_wrong(&cli, "--name '%s' is no name for a pipeline", wish);
	status = find_name(&cli, name);
	if (status != EX_OK)
		return status;
	status = ivp_exit_code(destroy(wish ? wish : name));
	return fflush(stdout) != 0 && status == EX_OK ? EX_IOERR : status;
}
