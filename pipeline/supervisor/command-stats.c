/* SPDX-License-Identifier: MIT */
/* pipeline stats: what the links of a pipeline are doing, by their windows. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/log.h"
#include "base/units.h"
#include "program.h"
#include "supervisor/commands.h"
#include "supervisor/plan.h"
#include "supervisor/stats.h"

#define LOOK_NS 50000000u /* between looks, until all that live have moved */

static const struct ivp_cli_option options[] = {
    {'j', "json", NULL, "print an object; with --watch one a line"},
    {'w', "watch", "TIME", "print again and again, after so many seconds each"},
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline stats",
    .operands = "FILE|NAME",
    .summary = "Prints for each link of the pipeline that FILE describes or that is called NAME\n"
	       "who is attached, what they have done, and what was dropped.",
    .options = options,
};

struct wish {
	bool json;
	uint64_t watch_ns; /* 0: once */
	const char *name;
};

static void sleep_ns(uint64_t ns)
{
	const struct timespec time = {.tv_sec = (time_t)(ns / 1000000000u),
				      .tv_nsec = (long)(ns % 1000000000u)};

	nanosleep(&time, NULL); /* a signal ends the program */
}

static int print(const struct ivp_stats *stats, const struct wish *wish)
{
	int error = 0;

	if (wish->json)
		error = ivp_stats_print_json(stats, wish->watch_ns > 0, stdout);
	else
		ivp_stats_print(stats, stdout);
	if (!error && (fflush(stdout) != 0 || ferror(stdout)))
		error = -EIO;
	return error;
}

/* A peer that lives beats within the patience; who has not by then is stalled. */
static int report(struct ivp_stats *stats, const struct wish *wish)
{
	const uint64_t begin = ivp_now_ns();
	int error;

	ivp_stats_look(stats, begin);
	while (!ivp_stats_settled(stats) &&
	       ivp_now_ns() - begin <= IVP_STATS_PATIENCE_NS + 2 * LOOK_NS) {
		sleep_ns(LOOK_NS);
		ivp_stats_look(stats, ivp_now_ns());
	}
	error = print(stats, wish);
	while (!error && wish->watch_ns > 0) {
		sleep_ns(wish->watch_ns);
		ivp_stats_look(stats, ivp_now_ns());
		error = print(stats, wish);
	}
	return error;
}

static int run(struct ivp_cli *cli, const struct wish *wish)
{
	const char *operand = cli->operands[0], *name = wish->name;
	struct ivp_topology *topology = NULL;
	struct ivp_stats stats;
	struct ivp_why why;
	int error, status;

	if (!ivp_plan_name_valid(operand) || access(operand, F_OK) == 0) {
		status = ivp_program_read(cli, operand, &topology);
		if (status != EX_OK)
			return status;
	}
	if (!name)
		name = topology ? topology->name : operand;
	error = ivp_stats_open(&stats, name, topology, &why);
	ivp_topology_destroy(topology);
	if (error) {
		ivp_log(IVP_LOG_ERROR, "%s", why.text);
		return error == -ENOENT ? EX_UNAVAILABLE : ivp_exit_code(error);
	}
	error = report(&stats, wish);
	status = ivp_stats_readable(&stats) ? EX_OK : EX_UNAVAILABLE;
	ivp_stats_close(&stats);
	if (error)
		ivp_log(IVP_LOG_ERROR, "cannot print: %s", strerror(-error));
	return error ? ivp_exit_code(error) : status;
}

int ivp_command_stats(int argc, char **argv)
{
	struct wish wish = {0};
	struct ivp_cli cli;
	int option;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE)
		switch (option) {
		case 'j':
			wish.json = true;
			break;
		case 'w':
			if (ivp_parse_duration(cli.value, &wish.watch_ns) != 0 ||
			    wish.watch_ns < LOOK_NS)
				return ivp_cli_wrong(
				    &cli, "--watch '%s' is no time of 0.05 s or more", cli.value);
			break;
		case 'n':
			wish.name = cli.value;
			break;
		default:
			return cli.status;
		}
	if (cli.operand_count != 1)
		return ivp_cli_wrong(&cli, "which pipeline? It takes one FILE or NAME");
	if (wish.name && !ivp_plan_name_valid(wish.name))
		return ivp_cli_wrong(&cli, "--name '%s' is no name for a pipeline", wish.name);
	return run(&cli, &wish);
}
