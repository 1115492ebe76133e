/* SPDX-License-Identifier: MIT */
/* pipeline-feeder: images from files into the first link of a pipeline. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "config/shrink.h"
#include "host/account.h"
#include "host/crew.h"
#include "host/send.h"
#include "program.h"
#include "transport/fault.h"

enum { CHECK = 1, BYTES, OPTIONS = 0x80 };

static const struct ivp_cli_option options[] = {
    {'c', "config", "FILE", "the configuration: a topology with a feeder section"},
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {'i', "input", "PATH", "a file, folder or pattern; may be repeated"},
    {BYTES, "bytes", "FILE", "send this file as it is, in chunks; '-': standard input"},
    {'o', "output", "LINK", "the link to feed, in place of the configuration's"},
    {'r', "report", "FILE", "write the account there, as JSON"},
    {CHECK, "check", NULL, "check the configuration, print 'configuration OK' and end"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline-feeder",
    .operands = "[PATH]...",
    .summary = "Decodes image files into the first link of a pipeline, then ends the stream.\n"
	       "PATHs, here or by --input, take the place of the configuration's.",
    .options = options,
};

/* What the command line says: values by the options' ids, and the inputs. */
struct arguments {
	const char *text[OPTIONS];
	const char **words;
	size_t word_count;
	const char *bytes; /* the file to be sent as it is; or NULL: images */
};

static int feed(const struct arguments *arguments, const struct ivp_topology *topology,
		const struct ivp_link_conf *link, const struct ivp_inputs *inputs)
{
	const struct ivp_feeder_conf *conf = &topology->feeder;
	const char *path = arguments->text['r'];
	struct ivp_port_options where = ivp_program_port(topology, arguments->text['n'], link);
	struct ivp_feeder_options how = {
	    .inputs = inputs,
	    .decode = {.limits = {conf->max_pixels, conf->max_side, conf->max_bytes},
		       .orient = conf->orient,
		       .deep = conf->depth == IVP_DEPTH_KEEP},
	    .shrink = ivp_shrink_factor(conf),
	    .threads = conf->threads ? conf->threads : ivp_crew_processors(),
	    .anew = ivp_feeder_anew(&where),
	    .stop = &ivp_signal_level,
	};
	const struct ivp_send_options bytes = {
	    .path = arguments->bytes, .anew = how.anew, .stop = how.stop};
	char journal[PATH_MAX] = "";
	struct ivp_feeder_account account = {0};
	struct ivp_output_port port;
	struct ivp_why why = {""};
	int status, error;

	if (how.shrink == 0)
		how.shrink_for = ivp_shrink_filter(topology, link);
	where.wait = conf->wait;
	error = ivp_output_port_open(&port, &where, &why);
	const bool open = !error;

	ivp_program_confine();
	if (path && !bytes.path &&
	    snprintf(journal, sizeof(journal), "%s.rejects", path) < PATH_MAX)
		how.journal = journal;
	if (open)
		error = bytes.path ? ivp_send_run(&port, &bytes, &account, &why)
				   : ivp_feeder_run(&port, &how, &account, &why);
	if (error)
		ivp_log(IVP_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-error));
	status = error == -EINTR || error == -ECANCELED ? EX_TEMPFAIL : ivp_exit_code(error);
	if (!error && account.reject_count > 0)
		status = EX_DATAERR;
	if (path && ivp_account_write_feeder(path, inputs, &account, &why) != 0) {
		ivp_log(IVP_LOG_ERROR, "%s", why.text);
		status = error ? status : EX_CANTCREAT;
	}
	/* Who has left in good order is not started again: the report comes first. */
	if (open)
		ivp_output_port_close(
		    &port, error && error != -ECANCELED ? IVP_STATE_FAILED : IVP_STATE_FINISHED,
		    (uint32_t)status);
	if (how.journal && !error)
		unlink(journal);
	ivp_feeder_account_finish(&account);
	return status;
}

static int run_bytes(struct arguments *arguments, const struct ivp_topology *topology,
		     const struct ivp_link_conf *link)
{
	const bool own = arguments->word_count > 0;
	const char *const *words =
	    own ? arguments->words : (const char *const *)topology->feeder.inputs;
	const size_t count = own ? arguments->word_count : topology->feeder.input_count;
	const struct ivp_inputs one = {.count = 1};

	arguments->bytes = arguments->text[BYTES];
	if (!arguments->bytes && count == 1)
		arguments->bytes = words[0];
	if (arguments->bytes && !(arguments->text[BYTES] && own))
		return feed(arguments, topology, link, &one);
	ivp_log(IVP_LOG_ERROR, "to be sent as bytes, there must be one file: --bytes FILE");
	return EX_USAGE;
}

static int run(struct arguments *arguments, const struct ivp_topology *topology)
{
	const struct ivp_feeder_conf *conf = &topology->feeder;
	const char *wanted = arguments->text['o'];
	const struct ivp_link_conf *link =
	    wanted ? ivp_topology_link(topology, wanted) : conf->output;
	const bool own = arguments->word_count > 0;
	struct ivp_inputs inputs;
	int status = EX_NOINPUT;
	struct ivp_why why;

	if (!link) {
		ivp_log(IVP_LOG_ERROR, "%s: no link '%s' to feed: see feeder { output }, --output",
			topology->file, wanted ? wanted : "");
		return EX_CONFIG;
	}
	if (arguments->text[CHECK])
		return ivp_cli_print_ok();
	if (conf->bytes || arguments->text[BYTES])
		return run_bytes(arguments, topology, link);
	if (ivp_inputs_collect(own ? arguments->words : (const char *const *)conf->inputs,
			       own ? arguments->word_count : conf->input_count, &inputs,
			       &why) != 0) {
		ivp_log(IVP_LOG_ERROR, "%s", why.text);
		return status;
	}
	if (inputs.count > 0)
		status = feed(arguments, topology, link, &inputs);
	else
		ivp_log(IVP_LOG_ERROR, "%s: no input: give feeder { input = { PATH } }, or PATHs",
			topology->file);
	ivp_inputs_finish(&inputs);
	return status;
}

/* Returns EX_OK, or IVP_CLI_EXIT if the program is to end with cli->status. */
static int parse(struct ivp_cli *cli, struct arguments *arguments)
{
	int option;

	while ((option = ivp_cli_next(cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return option;
		if (option == 'i')
			arguments->words[arguments->word_count++] = cli->value;
		else
			arguments->text[option] = cli->value ? cli->value : "";
	}
	for (int i = 0; i < cli->operand_count; i++)
		arguments->words[arguments->word_count++] = cli->operands[i];
	if (arguments->text['c'])
		return EX_OK;
	cli->status = ivp_cli_wrong(cli, "which configuration? --config FILE is missing");
	return IVP_CLI_EXIT;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.words = calloc((size_t)argc + 1, sizeof(char *))};
	struct ivp_topology *topology = NULL;
	struct ivp_cli cli;
	int status = EX_OSERR;

	if (!arguments.words)
		return status;
	ivp_log_open(program.name, NULL, IVP_LOG_INFO);
	ivp_cli_begin(&cli, &program, argc, argv);
	if (parse(&cli, &arguments) == IVP_CLI_EXIT)
		status = cli.status;
	else
		status = ivp_program_read(&cli, arguments.text['c'], &topology);
	if (topology)
		status = ivp_signals_catch() == 0 && ivp_fault_catch(program.name) == 0
			     ? run(&arguments, topology)
			     : EX_OSERR;
	ivp_topology_destroy(topology);
	free(arguments.words);
	return status;
}
