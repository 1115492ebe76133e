/* SPDX-License-Identifier: MIT */
/* pipeline doorbell-server: doorbells for virtual machines that somebody else starts. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/units.h"
#include "program.h"
#include "supervisor/bells.h"
#include "supervisor/commands.h"
#include "supervisor/plan.h"

#define FIRST_PASSED 3 /* sd_listen_fds(3): where passed descriptors begin */

static const struct ivp_cli_option options[] = {
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {'l', "link", "LINK", "serve this link only"},
    {'s', "socket", "PATH", "with --link: listen there (default /dev/shm/ivpipe.NAME.LINK.bell)"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline doorbell-server",
    .operands = "FILE",
    .summary =
	"Serves doorbells (QEMU's ivshmem-doorbell) for the links of the topology FILE, one "
	"socket\nfor each, until SIGTERM. 'pipeline run' needs no such server: it serves its "
	"own links.",
    .options = options,
    .notes = "Sockets that systemd passes (LISTEN_FDS) are used instead: FileDescriptorName= is "
	     "the link.\n"
	     "Exit status: 0 after SIGTERM; 75 if another server has the place; 78 the "
	     "configuration is wrong.\n",
};

struct choice {
	const char *name, *link, *socket;
};

/* How many sockets systemd has passed to this very process. */
static unsigned count_passed(void)
{
	const char *process = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	unsigned long n = count ? strtoul(count, NULL, 10) : 0;

	if (!process || strtol(process, NULL, 10) != getpid() || n > IVP_BELL_PEERS)
		return 0;
	return (unsigned)n;
}

/* The descriptor that was passed for this link: by its name, or the only one for the only link. */
static int find_passed(const char *link, unsigned passed, unsigned links)
{
	const char *at = getenv("LISTEN_FDNAMES");

	for (unsigned i = 0; at && i < passed; i++) {
		const size_t length = strcspn(at, ":");

		if (strlen(link) == length && strncmp(at, link, length) == 0)
			return FIRST_PASSED + (int)i;
		at += length + (at[length] == ':');
	}
	return passed == 1 && links == 1 ? FIRST_PASSED : -1;
}

static int add(struct ivp_bells *bells, const struct ivp_topology *topology,
	       const struct ivp_link_conf *link, const struct choice *choice, unsigned links,
	       struct ivp_why *why)
{
	const unsigned passed = count_passed();
	const int listener = find_passed(link->name, passed, links);
	char usual[128];
	int error;

	if (passed > 0 && listener < 0) {
		ivp_why_set(why,
			    "link %s: none of the %u sockets that were passed is for it; name one "
			    "by FileDescriptorName=%s in the socket unit",
			    link->name, passed, link->name);
		return -EINVAL;
	}
	error = ivp_bells_add(bells, topology, link, choice->socket, listener, why);
	if (error)
		return error;
	if (ivp_bell_path(usual, sizeof(usual), topology->name, link->name) < 0)
		usual[0] = '\0';
	printf("%s\t%s\n", link->name,
	       listener >= 0    ? "passed"
	       : choice->socket ? choice->socket
				: usual);
	return 0;
}

static int add_all(struct ivp_bells *bells, const struct ivp_topology *topology,
		   const struct choice *choice, struct ivp_why *why)
{
	const unsigned links = choice->link ? 1 : topology->link_count;
	int error = 0;

	if (choice->link && !ivp_topology_link(topology, choice->link)) {
		ivp_why_set(why, "%s: there is no link '%s'", topology->file, choice->link);
		return -EINVAL;
	}
	for (unsigned i = 0; !error && i < topology->link_count; i++)
		if (!choice->link || strcmp(topology->links[i]->name, choice->link) == 0)
			error = add(bells, topology, topology->links[i], choice, links, why);
	if (!error && bells->count == 0) {
		ivp_why_set(why, "%s: there is no link in it", topology->file);
		error = -EINVAL;
	}
	return error;
}

/* Until a signal. */
static int serve(const struct ivp_bells *bells, struct ivp_why *why)
{
	struct pollfd polled = {.fd = bells->ready, .events = POLLIN};

	while (ivp_signal_level == 0) {
		/* A signal between the look and the sleep is seen half a second late. */
		if (poll(&polled, 1, 500) < 0 && errno != EINTR) {
			ivp_why_set(why, "cannot wait: %s", strerror(errno));
			return -errno;
		}
		ivp_bells_serve(bells);
	}
	return 0;
}

static int work(struct ivp_topology *topology, const struct choice *choice, struct ivp_why *why)
{
	struct ivp_bells bells = {.ready = -1};
	int error = ivp_signals_catch();

	if (!error)
		error = add_all(&bells, topology, choice, why);
	if (!error && fflush(stdout) != 0) {
		ivp_why_set(why, "cannot write to standard output");
		error = -EIO;
	}
	if (!error) {
		ivp_log(IVP_LOG_INFO, "serving the doorbells of %u link%s", bells.count,
			bells.count == 1 ? "" : "s");
		error = serve(&bells, why);
	}
	ivp_bells_destroy(&bells);
	return error;
}

int ivp_command_doorbell_server(int argc, char **argv)
{
	struct ivp_topology *topology;
	struct choice choice = {0};
	struct ivp_why why = {""};
	struct ivp_cli cli;
	int option, error, status;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		*(option == 'n'   ? &choice.name
		  : option == 'l' ? &choice.link
				  : &choice.socket) = cli.value;
	}
	if (cli.operand_count != 1)
		return ivp_cli_wrong(&cli, "which topology? It takes one FILE");
	if (choice.socket && !choice.link)
		return ivp_cli_wrong(&cli, "--socket is for one link: name it with --link");
	if (choice.name && !ivp_plan_name_valid(choice.name))
		return ivp_cli_wrong(&cli, "--name '%s' is no name for a pipeline", choice.name);
	status = ivp_program_read(&cli, cli.operands[0], &topology);
	if (status != EX_OK)
		return status;
	if (choice.name)
		snprintf(topology->name, sizeof(topology->name), "%s", choice.name);
	error = work(topology, &choice, &why);
	if (error)
		ivp_log(IVP_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-error));
	ivp_topology_destroy(topology);
	return ivp_exit_code(error);
}
