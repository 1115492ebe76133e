/* SPDX-License-Identifier: MIT */
/* pipeline-sink: images from the last link of a pipeline into files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "host/account.h"
#include "host/crew.h"
#include "host/receive.h"
#include "program.h"
#include "transport/fault.h"

enum { CHECK = 1, ORIGINAL, BYTES, OPTIONS = 0x80 };

static const struct ivp_cli_option options[] = {
    {'c', "config", "FILE", "the configuration: a topology with a sink section"},
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {'i', "input", "LINK", "the link to drain, in place of the configuration's"},
    {'o', "output", "DIR", "a folder for the images; '-': a PNM stream on standard output"},
    {'f', "format", "FORMAT",
     "png, jpeg, pnm, same (by file name), null (write nothing) or bytes (see --bytes)"},
    {BYTES, "bytes", "FILE", "receive this file from a feeder with --bytes; '-': standard output"},
    {ORIGINAL, "original", "PATH", "the feeder's inputs, in place of the configuration's"},
    {'r', "report", "FILE", "write the account there, as JSON"},
    {CHECK, "check", NULL, "check the configuration, print 'configuration OK' and end"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline-sink",
    .summary = "Writes the images that come out of a pipeline, until the end of the stream.",
    .options = options,
};

/* In the order of enum ivp_sink_format. */
static const char *const formats[] = {"same", "png", "jpeg", "pnm", "null", "bytes", NULL};

/* The command line and the configuration, made one: values of options by their ids. */
struct sink {
	const char *text[OPTIONS];
	const struct ivp_link_conf *link;
	struct ivp_writer_options writer;
	struct ivp_sink_options how;
	const char *bytes;      /* the file to be received; or NULL: images */
	const char **originals; /* as the command line says */
	size_t original_count;
};

/* Finds what the command line or the configuration says. Returns EX_OK or the exit code. */
static int settle(struct sink *sink, const struct ivp_topology *topology)
{
	const struct ivp_sink_conf *conf = &topology->sink;
	const char *wanted = sink->text['i'];
	const char *format = sink->text[BYTES] ? "bytes" : sink->text['f'];
	unsigned i = conf->format;

	sink->link = wanted ? ivp_topology_link(topology, wanted) : conf->input;
	if (!sink->link) {
		ivp_log(IVP_LOG_ERROR, "%s: no link '%s' to drain: see sink { input }, --input",
			topology->file, wanted ? wanted : "");
		return EX_CONFIG;
	}
	for (i = format ? 0 : i; format && formats[i] && strcmp(formats[i], format) != 0;)
		i++;
	if (!formats[i]) {
		ivp_log(IVP_LOG_ERROR, "--format is png, jpeg, pnm, same, null or bytes, not '%s'",
			format);
		return EX_USAGE;
	}
	sink->writer = (struct ivp_writer_options){
	    .output = sink->text['o'] ? sink->text['o'] : conf->output,
	    .mode = i == IVP_SINK_SAME ? IVP_WRITER_SAME
				       : (i == IVP_SINK_NULL ? IVP_WRITER_NULL : IVP_WRITER_FIXED),
	    .encoding = i == IVP_SINK_JPEG ? IVP_ENCODE_JPEG
					   : (i == IVP_SINK_PNM ? IVP_ENCODE_PNM : IVP_ENCODE_PNG),
	    .quality = conf->quality,
	    .compression = conf->compression,
	    .filter = conf->png_filter,
	    .strategy = conf->png_strategy,
	};
	if (i == IVP_SINK_BYTES) {
		sink->bytes = sink->text[BYTES] ? sink->text[BYTES] : sink->writer.output;
		sink->writer.mode = IVP_WRITER_NULL;
		sink->writer.output = sink->bytes;
	}
	if (sink->writer.output || (sink->writer.mode == IVP_WRITER_NULL && i != IVP_SINK_BYTES))
		return EX_OK;
	ivp_log(IVP_LOG_ERROR, "%s: no output: give sink { output = \"DIR\" }, or --output DIR",
		topology->file);
	return EX_CONFIG;
}

/* Drains the link. Returns the exit code. */
static int drain(const struct sink *sink, const struct ivp_port_options *where,
		 struct ivp_writer *writer)
{
	static struct ivp_sink_account account; /* too large for a stack */
	struct ivp_input_port port;
	const char *report = sink->text['r'];
	struct ivp_sink_options how = sink->how;
	char path[PATH_MAX];
	struct ivp_why why = {""};
	int status, error = ivp_input_port_open(&port, where, &why);
	const bool open = !error;

	ivp_program_confine();
	if (report && snprintf(path, sizeof(path), "%s.ledger", report) < PATH_MAX)
		how.ledger = path;
	if (open)
		error = sink->bytes
			    ? ivp_receive_run(&port, sink->bytes, how.ledger, &account, &why)
			    : ivp_sink_run(&port, writer, &how, &account, &why);
	if (error)
		ivp_log(IVP_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-error));
	status = error == -EINTR ? EX_TEMPFAIL : ivp_exit_code(error);
	if (!error && account.tally.quarantined > 0)
		status = EX_DATAERR;
	if (report && ivp_account_write_sink(report, &account, &why) != 0) {
		ivp_log(IVP_LOG_ERROR, "%s", why.text);
		status = error ? status : EX_CANTCREAT;
	}
	/* Who has left in good order is not started again: the report comes first. */
	if (open)
		ivp_input_port_close(&port, error ? IVP_STATE_FAILED : IVP_STATE_FINISHED,
				     (uint32_t)status);
	if (how.ledger && !error && account.tally.ended)
		unlink(how.ledger);
	return status;
}

static int run(struct sink *sink, const struct ivp_topology *topology)
{
	struct ivp_port_options where;
	struct ivp_writer writer;
	struct ivp_why why;
	int status = settle(sink, topology);

	if (status != EX_OK)
		return status;
	if (sink->text[CHECK])
		return ivp_cli_print_ok();
	if (ivp_writer_open(&writer, &sink->writer, &why) != 0) {
		ivp_log(IVP_LOG_ERROR, "%s", why.text);
		return EX_CANTCREAT;
	}
	sink->how.threads = topology->sink.threads ? topology->sink.threads : ivp_crew_processors();
	sink->how.wait_when_full = topology->sink.full == IVP_SINK_WAIT;
	sink->how.originals = (struct ivp_originals){
	    .words = (const char *const *)topology->feeder.inputs,
	    .count = topology->feeder.input_count,
	    .max_bytes = topology->feeder.max_bytes,
	};
	if (sink->original_count > 0) {
		sink->how.originals.words = sink->originals;
		sink->how.originals.count = sink->original_count;
	}
	where = ivp_program_port(topology, sink->text['n'], sink->link);
	where.wait = topology->sink.wait;
	status = drain(sink, &where, &writer);
	ivp_writer_close(&writer);
	return status;
}

/* Returns EX_OK, or IVP_CLI_EXIT if the program is to end with cli->status. */
static int parse(struct ivp_cli *cli, struct sink *sink)
{
	int option;

	while ((option = ivp_cli_next(cli)) != IVP_CLI_DONE) {
		if (option == IVP_CLI_EXIT)
			return option;
		if (option == ORIGINAL)
			sink->originals[sink->original_count++] = cli->value;
		else
			sink->text[option] = cli->value ? cli->value : "";
	}
	if (sink->text['c'])
		return EX_OK;
	cli->status = ivp_cli_wrong(cli, "which configuration? --config FILE is missing");
	return IVP_CLI_EXIT;
}

int main(int argc, char **argv)
{
	struct sink sink = {.originals = calloc((size_t)argc + 1, sizeof(char *))};
	struct ivp_topology *topology = NULL;
	struct ivp_cli cli;
	int status = EX_OSERR;

	if (!sink.originals)
		return status;
	ivp_log_open(program.name, NULL, IVP_LOG_INFO);
	ivp_cli_begin(&cli, &program, argc, argv);
	if (parse(&cli, &sink) == IVP_CLI_EXIT)
		status = cli.status;
	else
		status = ivp_program_read(&cli, sink.text['c'], &topology);
	if (topology)
		status = ivp_signals_catch() == 0 && ivp_fault_catch(program.name) == 0
			     ? run(&sink, topology)
			     : EX_OSERR;
	ivp_topology_destroy(topology);
	free(sink.originals);
	return status;
}
