/* SPDX-License-Identifier: MIT */
/*
 * In this order: check all, make the folder and the windows, start all, watch, sum up, take away
 * what was made. Whatever fails, all that was done before is undone.
 */
#include "supervisor/run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "supervisor/launch.h"
#include "supervisor/memory.h"
#include "supervisor/summary.h"
#include "supervisor/watch.h"
#include "supervisor/windows.h"

/* Everything that has to go away again. */
struct run {
	const struct ivp_run_options *options;
	struct ivp_plan plan;
	struct ivp_launch launch;
	struct ivp_windows windows;
	struct ivp_bells bells;
	struct ivp_watch_result result;
	int signals;
	FILE *log;
};

static int fail(int error, const struct ivp_why *why)
{
	ivp_log(IVP_LOG_ERROR, "%s", why->text[0] ? why->text : strerror(-error));
	return ivp_exit_code(error);
}

/* From here on signals are read, not delivered. Children unblock them. */
static int catch_signals(struct run *run, struct ivp_why *why)
{
	sigset_t set;
	int error = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		error = -errno;
	if (!error) {
		run->signals = signalfd(-1, &set, SFD_CLOEXEC);
		error = run->signals < 0 ? -errno : 0;
	}
	/* A reader that went away is a write error like any other. */
	if (!error && signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		error = -errno;
	if (error)
		ivp_why_set(why, "cannot catch signals: %s", strerror(-error));
	return error;
}

static int open_log(struct run *run, struct ivp_why *why)
{
	int error = 0;

	if (!run->options->log)
		return 0;
	run->log = fopen(run->options->log, "we");
	if (!run->log) {
		error = -errno;
		ivp_why_set(why, "cannot write the log %s: %s", run->options->log,
			    strerror(-error));
	}
	return error;
}

static void announce(const struct run *run)
{
	const struct ivp_plan *plan = &run->plan;

	if (run->launch.swept > 0)
		ivp_log(IVP_LOG_INFO, "removed %u folder%s of an earlier run that was killed",
			run->launch.swept, run->launch.swept == 1 ? "" : "s");
	if (run->windows.replaced > 0)
		ivp_log(IVP_LOG_INFO, "replaced %u window files that an earlier run had left",
			run->windows.replaced);
	if (plan->guests > 0)
		ivp_log(IVP_LOG_INFO, "%u guest%s under %s", plan->guests,
			plan->guests == 1 ? "" : "s",
			plan->kvm ? "KVM" : "TCG, QEMU's emulation: /dev/kvm is not used");
	for (unsigned i = 0; i < run->launch.count; i++) {
		const struct ivp_child *child = &run->launch.children[i];

		if (child->role == IVP_CHILD_STAGE)
			ivp_log(IVP_LOG_INFO, "stage %s: %s, process %d", child->name,
				child->guest ? "guest" : "program", (int)child->pid);
	}
}

static void announce_memory(const struct ivp_topology *topology)
{
	char text[192];

	for (unsigned i = 0; i < topology->link_count; i++)
		if (ivp_memory_describe(topology->links[i], text)[0])
			ivp_log(IVP_LOG_INFO, "link %s: %s", topology->links[i]->name, text);
}

static int set_up(struct run *run, struct ivp_why *why)
{
	int error = catch_signals(run, why);

	if (!error)
		error = open_log(run, why);
	ivp_windows_identify(run->plan.topology);
	if (!error)
		error = ivp_launch_prepare(&run->launch, &run->plan, why);
	if (!error)
		error = ivp_windows_create(&run->windows, run->plan.topology, true, why);
	if (!error)
		error = ivp_bells_create(&run->bells, run->plan.topology, why);
	run->launch.bells = &run->bells;
	if (!error)
		error = ivp_launch_start(&run->launch, why);
	return error;
}

static int sum_up(struct run *run)
{
	const char *output = run->plan.topology->sink.output;
	FILE *to = output && strcmp(output, "-") == 0 ? stderr : stdout;
	struct ivp_summary summary;
	struct ivp_why why;
	int status, error;

	error = ivp_summary_fill(&summary, &run->launch, &run->windows, &run->result, &why);
	/* Without a failed child or a stop, a missing report needs an explanation of its own. */
	if (why.text[0] && run->result.failures == 0 && !run->result.stopped)
		ivp_log(IVP_LOG_WARNING, "%s", why.text);
	if (!error && run->options->json)
		error = ivp_summary_print_json(&summary, to);
	else if (!error)
		ivp_summary_print(&summary, to);
	if (!error && (fflush(to) != 0 || ferror(to)))
		error = -EIO;
	if (error)
		ivp_log(IVP_LOG_ERROR, "cannot print the summary: %s", strerror(-error));
	status = summary.status ? summary.status : ivp_exit_code(error);
	ivp_summary_finish(&summary);
	return status;
}

static void take_down(struct run *run)
{
	struct ivp_why why;

	if (run->options->keep && run->launch.folder[0])
		ivp_log(IVP_LOG_INFO, "kept the windows and %s", run->launch.folder);
	ivp_launch_finish(&run->launch, run->options->keep);
	ivp_bells_destroy(&run->bells);
	if (run->options->keep)
		ivp_windows_close(&run->windows);
	else if (ivp_windows_destroy(&run->windows, &why) != 0)
		ivp_log(IVP_LOG_WARNING, "left a window behind: %s", why.text);
	if (run->log && fclose(run->log) != 0)
		ivp_log(IVP_LOG_WARNING, "cannot write the log %s: %s", run->options->log,
			strerror(errno));
	if (run->signals >= 0)
		close(run->signals);
}

static int execute(struct run *run)
{
	struct ivp_why why = {""};
	struct ivp_watch_options watch = {.color = run->options->color};
	int status, error = set_up(run, &why);

	if (!error) {
		announce_memory(run->plan.topology);
		announce(run);
		watch.windows = &run->windows;
		watch.bells = &run->bells;
		watch.signals = run->signals;
		watch.log = run->log;
		error = ivp_watch_run(&run->launch, &watch, &run->result, &why);
	}
	status = error ? fail(error, &why) : sum_up(run);
	take_down(run);
	return status;
}

static int print_plan(const struct run *run)
{
	struct ivp_why why = {""};
	int error = ivp_plan_print(&run->plan, stdout, &why);

	if (!error && fflush(stdout) != 0) {
		error = -EIO;
		ivp_why_set(&why, "cannot write to standard output");
	}
	return error ? fail(error, &why) : EX_OK;
}

int ivp_run(const struct ivp_run_options *options)
{
	struct run run = {.options = options, .bells.ready = -1, .signals = -1};
	struct ivp_diag diag = {0};
	int status, error = ivp_plan_make(&run.plan, options, &diag);

	ivp_diag_print(&diag, stderr);
	ivp_diag_finish(&diag);
	if (error)
		status = ivp_exit_code(error);
	else
		status = options->dry_run ? print_plan(&run) : execute(&run);
	ivp_plan_finish(&run.plan);
	return status;
}
