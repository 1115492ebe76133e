/* SPDX-License-Identifier: MIT */
/*
 * pipeline-stage: one stage of a pipeline, in a guest or as a process. As the first process of a
 * guest it takes its configuration from the initial root file system and ends with the machine.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "guest/init.h"
#include "program.h"
#include "stage/runner.h"
#include "transport/fault.h"

enum { CHECK = 1, ISA };

static const struct ivp_cli_option options[] = {
    {'c', "config", "FILE", "the configuration: a stage's own or a whole topology"},
    {'s', "stage", "NAME", "which stage, if the configuration has several"},
    {'n', "name", "NAME", "the pipeline's name, in place of the configuration's"},
    {CHECK, "check", NULL, "check the configuration, print 'configuration OK' and end"},
    {ISA, "isa", "LEVEL", "use these instructions: auto, baseline, avx2, avx512"},
    {'v', "verbose", NULL, "say more"},
    {0},
};

static const struct ivp_cli_program program = {
    .name = "pipeline-stage",
    .summary = "Takes frames from its input link, filters them, publishes them to its output "
	       "link,\nuntil the end of the stream.",
    .options = options,
};

struct arguments {
	const char *config, *stage, *name, *isa;
	enum ivp_log_level level;
	bool check;
};

static void report_failure(void *context, const struct ivp_frame *frame, const char *reason)
{
	(void)context;
	ivp_log(IVP_LOG_WARNING, "frame %llu: %s", (unsigned long long)frame->id, reason);
}

/* The stage's filters, on the threads and at the level that it asks for. */
static int make_chain(struct ivp_chain *chain, const struct ivp_stage_conf *stage,
		      const char *isa_name, struct ivp_why *why)
{
	const struct ivp_isa *isa =
	    ivp_isa_find(isa_name ? isa_name : ivp_isa_words[stage->isa], why);
	int error = isa ? ivp_chain_init(chain, stage->filters, stage->filter_count) : -EINVAL;

	if (error)
		return error;
	chain->stage = stage->name;
	ivp_chain_set_isa(chain, isa);
	error = ivp_chain_set_threads(chain, stage->threads);
	if (error) {
		ivp_why_set(why, "cannot start %u threads: %s", stage->threads, strerror(-error));
		ivp_chain_finish(chain);
	}
	ivp_log(IVP_LOG_DEBUG, "filters use %s, on %u thread%s", isa->name, stage->threads,
		stage->threads == 1 ? "" : "s");
	return error;
}

/* What is remarkable about how frames are read. */
static void tell_reads(const struct ivp_input_port *input, const char *link)
{
	char speed[48] = "as told";

	if (input->data.slow > 0)
		snprintf(speed, sizeof(speed), "it is not cached: %.2f GB/s", input->data.slow);
	if (input->fetch)
		ivp_log(IVP_LOG_INFO, "reads: '%s' once, by streaming loads; %s", link, speed);
	else
		ivp_log(input->data.slow > 0 ? IVP_LOG_INFO : IVP_LOG_DEBUG,
			"reads: '%s' where it lies%s%s", link, input->data.slow > 0 ? "; " : "",
			input->data.slow > 0 ? speed : "");
}

static int work(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		const struct arguments *arguments, struct ivp_why *why)
{
	const char *name = arguments->name;
	struct ivp_port_options in = ivp_program_port(topology, name, stage->input);
	struct ivp_port_options out = ivp_program_port(topology, name, stage->output);
	struct ivp_runner_result result = {0};
	struct ivp_output_port output;
	struct ivp_input_port input;
	struct ivp_chain chain;
	char wake_in[64], wake_out[64];
	char dropped[48] = "";

	in.wake = out.wake = ivp_stage_wake(topology, stage);
	in.wait = out.wait = stage->wait;
	int error = make_chain(&chain, stage, arguments->isa, why);
	if (error)
		return error;
	error = ivp_input_port_open(&input, &in, why);
	if (error)
		goto no_input;
	error = ivp_output_port_open(&output, &out, why);
	if (error)
		goto no_output;
	ivp_log(IVP_LOG_DEBUG, "attached: '%s' at %s, '%s' at %s", in.link,
		input.data.region.source, out.link, output.data.region.source);
	ivp_log(IVP_LOG_INFO, "wake-ups: '%s' %s, '%s' %s", in.link,
		ivp_port_wake_name(in.wake, &input.bell, wake_in), out.link,
		ivp_port_wake_name(out.wake, &output.bell, wake_out));
	tell_reads(&input, in.link);
	error = ivp_runner_run(&input, &output, &chain, report_failure, NULL, &result, why);
	if (result.dropped > 0)
		snprintf(dropped, sizeof(dropped), ", %llu dropped",
			 (unsigned long long)result.dropped);
	ivp_log(error ? IVP_LOG_WARNING : IVP_LOG_INFO,
		"%llu frames, %llu errors%s, busy %.3f s, waited %.3f s%s",
		(unsigned long long)result.frames, (unsigned long long)result.errors, dropped,
		(double)result.busy_ns / 1e9, (double)result.wait_ns / 1e9,
		result.ended ? "" : ", left before the end of the stream");
	uint32_t state = error ? IVP_STATE_FAILED : IVP_STATE_FINISHED;
	uint32_t code = error ? (uint32_t)ivp_exit_code(error) : 0;
	ivp_output_port_close(&output, state, code);
	ivp_input_port_close(&input, state, code);
	goto no_input;
no_output:
	ivp_input_port_close(&input, IVP_STATE_FAILED, (uint32_t)ivp_exit_code(error));
no_input:
	ivp_chain_finish(&chain);
	return error;
}

static const struct ivp_stage_conf *choose(const struct ivp_topology *topology, const char *wanted)
{
	const struct ivp_stage_conf *stage = NULL;

	if (wanted)
		stage = ivp_topology_stage(topology, wanted);
	else if (topology->stage_count == 1)
		stage = topology->stages[0];
	if (stage == NULL && wanted)
		ivp_log(IVP_LOG_ERROR, "%s: there is no stage '%s'", topology->file, wanted);
	else if (stage == NULL)
		ivp_log(IVP_LOG_ERROR, "%s has %u stages: say which by --stage", topology->file,
			topology->stage_count);
	return stage;
}

static int run(const struct ivp_cli *cli, const struct arguments *arguments)
{
	struct ivp_topology *topology;
	struct ivp_why why = {""};
	int error = 0, status = ivp_program_read(cli, arguments->config, &topology);

	if (status != EX_OK)
		return status;
	const struct ivp_stage_conf *stage = choose(topology, arguments->stage);
	if (stage == NULL) {
		status = EX_CONFIG;
	} else if (arguments->check) {
		puts("configuration OK");
	} else {
		ivp_log_open(program.name, stage->name, arguments->level);
		error = ivp_signals_catch();
		if (!error)
			error = ivp_fault_catch(program.name);
		if (!error)
			error = work(topology, stage, arguments, &why);
	}
	if (error) {
		ivp_log(IVP_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-error));
		status = ivp_exit_code(error);
	}
	ivp_topology_destroy(topology);
	return status;
}

/* Returns EX_OK, or the status to end with; *done is set when there is nothing left to do. */
static int parse(struct ivp_cli *cli, struct arguments *arguments, bool *done)
{
	int option;

	while ((option = ivp_cli_next(cli)) != IVP_CLI_DONE)
		switch (option) {
		case 'c':
			arguments->config = cli->value;
			break;
		case 's':
			arguments->stage = cli->value;
			break;
		case 'n':
			arguments->name = cli->value;
			break;
		case 'v':
			arguments->level = IVP_LOG_DEBUG;
			break;
		case ISA:
			arguments->isa = cli->value;
			break;
		case CHECK:
			arguments->check = true;
			break;
		default:
			*done = true;
			return cli->status;
		}
	return EX_OK;
}

/* The only program of a guest: there is nobody to give arguments or to take an exit status. */
_Noreturn static void be_guest(struct ivp_cli *cli, struct arguments *arguments)
{
	struct ivp_why why;
	int status = EX_OSERR;

	if (ivp_guest_setup(&why) == 0) {
		if (ivp_guest_load_modules(&why) > 0)
			ivp_log(IVP_LOG_WARNING, "%s; wake-ups are as without it", why.text);
		ivp_guest_show_warnings();
		arguments->config = ivp_guest_conf();
		status = run(cli, arguments);
	} else {
		ivp_log(IVP_LOG_ERROR, "%s", why.text);
	}
	fflush(stdout);
	ivp_guest_power_off(status);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.level = IVP_LOG_INFO};
	bool init = ivp_guest_is_init(), done = false;
	struct ivp_cli cli;

	ivp_cli_begin(&cli, &program, init ? 1 : argc, argv);
	int status = parse(&cli, &arguments, &done);
	if (done)
		return status;
	ivp_log_open(program.name, NULL, arguments.level);
	if (init)
		be_guest(&cli, &arguments);
	if (arguments.config == NULL)
		return ivp_cli_wrong(&cli, "which configuration? --config FILE is missing");
	return run(&cli, &arguments);
}
