/* SPDX-License-Identifier: MIT */
/* pipeline filters: what the filters' tables say. */
#include <stdio.h>
#include <sysexits.h>

#include "base/cli.h"
#include "base/log.h"
#include "config/params.h"
#include "config/registry.h"
#include "supervisor/commands.h"

enum { JSON = 1, MANUAL };

static const struct ivp_cli_option options[] = {
    {'d', "describe", "NAME", "what this filter does and its parameters"},
    {'t', "template", "NAME", "a stage's configuration with this filter, to begin with"},
    {JSON, "json", NULL, "the list or the description as JSON"},
    {MANUAL, "manual", NULL, "mdoc(7) sections of all filters"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline filters",
    .summary = "Lists the filters, one a line, or describes one of them.",
    .options = options,
};

static void print_all_json(void)
{
	printf("[");
	for (const struct ivp_filter *const *filter = ivp_filters; *filter; filter++) {
		if (filter != ivp_filters)
			printf(",\n");
		ivp_filter_describe_json(*filter, stdout);
	}
	printf("]\n");
}

static void print_manual(void)
{
	for (const struct ivp_filter *const *filter = ivp_filters; *filter; filter++)
		ivp_filter_manual(*filter, stdout);
}

/* NULL, after a message, if there is none. */
static const struct ivp_filter *find(const char *name)
{
	const struct ivp_filter *filter = ivp_filter_find(name);
	const char *nearest = filter ? NULL : ivp_filter_nearest(name);

	if (!filter && nearest)
		ivp_log(IVP_LOG_ERROR, "there is no filter '%s'; did you mean '%s'?", name,
			nearest);
	else if (!filter)
		ivp_log(IVP_LOG_ERROR, "there is no filter '%s'; 'pipeline filters' lists them",
			name);
	return filter;
}

int ivp_command_filters(int argc, char **argv)
{
	const struct ivp_filter *filter = NULL;
	bool json = false, manual = false;
	const char *name = NULL;
	struct ivp_cli cli;
	int option, what = 0;

	ivp_cli_begin(&cli, &program, argc, argv);
	while ((option = ivp_cli_next(&cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return cli.status;
		json = json || option == JSON;
		manual = manual || option == MANUAL;
		if (cli.value) {
			name = cli.value;
			what = option;
		}
	}
	if (name) {
		filter = find(name);
		if (!filter)
			return EX_USAGE;
	}
	if (manual)
		print_manual();
	else if (what == 't')
		ivp_filter_template(filter, stdout);
	else if (what == 'd' && json)
		ivp_filter_describe_json(filter, stdout);
	else if (what == 'd')
		ivp_filter_describe(filter, stdout);
	else if (json)
		print_all_json();
	else
		ivp_filter_list(stdout);
	return fflush(stdout) != 0 || ferror(stdout) ? EX_IOERR : EX_OK;
}
