/* SPDX-License-Identifier: MIT */
/*
 * Three phases. BOOT: stages start; each has the patience of its input link to attach. FLOW: the
 * feeder runs; the user's first signal asks it to end the stream, nothing else changes. STOP:
 * somebody failed, or the user does not want to wait: all get SIGTERM, a second one a moment later
 * (the first only drains them), then SIGKILL. In BOOT and FLOW a child that dies is started again
 * as restart.h says, and goes on where its windows say that it stood. No wait is without end: peers
 * give up on peers by themselves, a life that falls silent or does not come to its links is killed,
 * and once feeder and sink are through, what still runs has GRACE_NS left.
 */
#include "supervisor/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "base/log.h"
#include "base/units.h"
#include "supervisor/lives.h"
#include "supervisor/progress.h"

#define SECOND_NS 1000000000ull
#define AGAIN_NS  (SECOND_NS / 2) /* from the first SIGTERM to the second */
#define KILL_NS   (5 * SECOND_NS) /* from the second to SIGKILL */
#define GRACE_NS  (30 * SECOND_NS)
#define QUICK_MS  10 /* while guests boot: how exact their times are */
#define SLOW_MS   100
#define EXIT_LINE "ivpipe-stage exit " /* of guest/init.h */

enum phase { BOOT, FLOW, STOP };

struct watch {
	struct ivp_launch *launch;
	const struct ivp_watch_options *options;
	struct ivp_watch_result *result;
	struct ivp_progress progress;
	enum phase phase;
	unsigned signals;    /* the user's, so far */
	unsigned orders;     /* in phase STOP: SIGTERMs sent */
	uint64_t order_ns;   /* when the next is due */
	uint64_t through_ns; /* when feeder and sink had both ended; 0: not yet */
};

__attribute__((format(printf, 3, 4))) static void say(struct watch *watch, enum ivp_log_level level,
						      const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	ivp_progress_clear(&watch->progress);
	fflush(stderr);
	ivp_log(level, "%s", text);
}

struct line_context {
	struct watch *watch;
	struct ivp_child *child;
};

/* "pipeline-stage[blur]: text" is "text" behind "[blur]". */
static const char *without_own_name(const char *line)
{
	const char *end = strstr(line, ": ");

	return strncmp(line, "pipeline-", 9) == 0 && end && !memchr(line, ' ', (size_t)(end - line))
		   ? end + 2
		   : line;
}

static void take_line(void *context, const char *line)
{
	struct watch *watch = ((struct line_context *)context)->watch;
	struct ivp_child *child = ((struct line_context *)context)->child;
	const bool color = watch->options->color && !watch->options->log;
	FILE *to = watch->options->log ? watch->options->log : stderr;

	if (child->guest && strncmp(line, EXIT_LINE, sizeof(EXIT_LINE) - 1) == 0) {
		child->exit_line = (int)strtol(line + sizeof(EXIT_LINE) - 1, NULL, 10);
		return;
	}
	if (!watch->options->log)
		ivp_progress_clear(&watch->progress);
	fprintf(to, "%s[%s]%s %s\n", color ? "\033[36m" : "", child->name, color ? "\033[0m" : "",
		without_own_name(line));
	fflush(to);
}

static void print_last(void *context, const char *line)
{
	struct watch *watch = context;

	say(watch, IVP_LOG_ERROR, "    %s", without_own_name(line));
}

static void stop_all(struct watch *watch)
{
	if (watch->phase == STOP)
		return;
	watch->phase = STOP;
	watch->order_ns = ivp_now_ns();
	for (unsigned i = 0; i < watch->launch->count; i++)
		watch->launch->children[i].restart.due_ns = 0;
}

static const char *kind_of(const struct ivp_child *child)
{
	if (child->role != IVP_CHILD_STAGE)
		return "the ";
	return child->guest ? "the guest of stage " : "stage ";
}

/* Is it to be started again? If so, says when. */
static bool schedule(struct watch *watch, struct ivp_child *child)
{
	const int status = child->guest ? child->exit_line : child->wait_status;
	const uint64_t position = ivp_lives_position(watch->options->windows, child);
	const uint64_t now = ivp_now_ns();
	char text[160];

	if (child->wait_code == CLD_EXITED && ivp_restart_is_useless(status))
		return false;
	if (!ivp_restart_schedule(&child->restart, &child->policy, position, now))
		return false;
	child->ended = false;
	say(watch, IVP_LOG_WARNING,
	    "%s%s (process %d) %s; it is started again in %.1f s (%u of %u)", kind_of(child),
	    child->name, (int)child->pid,
	    ivp_child_succeeded(child) ? "ended, but did not leave its links in good order"
				       : ivp_child_describe_end(child, text),
	    (double)(child->restart.due_ns - now) / SECOND_NS, child->restart.row,
	    child->policy.limit);
	return true;
}

static void judge_end(struct watch *watch, struct ivp_child *child)
{
	const bool finished = ivp_lives_finished(watch->options->windows, child);
	const bool succeeded = ivp_child_succeeded(child);
	char text[160];

	if (watch->phase == STOP || (finished && succeeded))
		return;
	/* Killed between its last word to its peers and its end: all was done. */
	if (finished && child->wait_code != CLD_EXITED) {
		say(watch, IVP_LOG_INFO, "%s%s %s when its work was done", kind_of(child),
		    child->name, ivp_child_describe_end(child, text));
		return;
	}
	if (!finished && schedule(watch, child))
		return;
	watch->result->failures++;
	say(watch, IVP_LOG_ERROR, "%s%s (process %d) failed: %s%s", kind_of(child), child->name,
	    (int)child->pid,
	    succeeded ? "it ended, but did not leave its links in good order"
		      : ivp_child_describe_end(child, text),
	    child->console.lines > 0 ? "; it said last:" : "; it had said nothing");
	ivp_console_last(&child->console, "Kernel panic", print_last, watch);
	stop_all(watch);
}

/* Starts a child for the first time or again. */
static void start(struct watch *watch, struct ivp_child *child)
{
	struct ivp_why why;

	ivp_lives_begin(watch->options->windows, child);
	if (ivp_launch_start_child(watch->launch, child, &why) == 0)
		return;
	child->ended = true;
	watch->result->failures++;
	say(watch, IVP_LOG_ERROR, "%s", why.text);
	stop_all(watch);
}

/* Restarts that are due. Returns whether others will be. */
static bool restart_due(struct watch *watch)
{
	bool more = false;

	for (unsigned i = 0; i < watch->launch->count; i++) {
		struct ivp_child *child = &watch->launch->children[i];

		if (ivp_restart_take(&child->restart, ivp_now_ns())) {
			watch->result->restarts++;
			start(watch, child);
			if (child->pidfd >= 0)
				say(watch, IVP_LOG_INFO, "%s %s: started again, process %d",
				    child->role == IVP_CHILD_STAGE ? "stage" : "the", child->name,
				    (int)child->pid);
		}
		more = more || child->restart.due_ns > 0;
	}
	return more;
}

/* Ends a life that has not come to its links. In BOOT that ends the run: see await_stages. */
static void watch_arrival(struct watch *watch, struct ivp_child *child)
{
	const uint64_t age_ns = ivp_now_ns() - child->life_ns;

	if (watch->phase != FLOW || child->role != IVP_CHILD_STAGE || child->pidfd < 0 ||
	    age_ns < child->stage->input->timeout_ns || child->late ||
	    ivp_lives_attached(watch->options->windows, child))
		return;
	child->late = true;
	say(watch, IVP_LOG_ERROR,
	    "%s%s (process %d) has not attached to its links in %.1f s; "
	    "killing it",
	    kind_of(child), child->name, (int)child->pid, (double)age_ns / SECOND_NS);
	ivp_child_signal(child, SIGKILL);
}

/* Ends stages that are stuck: what ends so is started again. */
static void watch_stalls(struct watch *watch)
{
	for (unsigned i = 0; watch->phase != STOP && i < watch->launch->count; i++) {
		struct ivp_child *child = &watch->launch->children[i];
		uint64_t position;
		bool at_work;

		watch_arrival(watch, child);
		if (!ivp_lives_stalled(watch->options->windows, child, ivp_now_ns(), &position,
				       &at_work))
			continue;
		say(watch, IVP_LOG_ERROR,
		    "%s%s (process %d) has given no sign of life for %.1f s %s the frame at "
		    "position %llu; killing it",
		    kind_of(child), child->name, (int)child->pid,
		    (double)child->stage->stall_ns / SECOND_NS, at_work ? "over" : "before",
		    (unsigned long long)position);
		ivp_child_signal(child, SIGKILL);
	}
}

/* Passes the user's wish on, to each life of the feeder; not before it can take it. */
static void end_stream(struct watch *watch)
{
	struct ivp_child *feeder = &watch->launch->children[0];

	if (!watch->result->drained || watch->phase == STOP || feeder->told || feeder->pidfd < 0 ||
	    !ivp_lives_attached(watch->options->windows, feeder))
		return;
	feeder->told = true;
	ivp_child_signal(feeder, SIGTERM);
}

static void read_output(struct watch *watch, struct ivp_child *child)
{
	struct line_context context = {watch, child};

	if (child->output < 0 ||
	    ivp_console_read(&child->console, child->output, take_line, &context) > 0)
		return;
	close(child->output);
	child->output = -1;
}

/* It has ended: what it printed before comes first. */
static void collect(struct watch *watch, struct ivp_child *child)
{
	struct line_context context = {watch, child};

	if (!ivp_child_reap(child))
		return;
	read_output(watch, child);
	if (child->output >= 0) { /* somebody else has its end of the pipe: do not wait for him */
		ivp_console_end(&child->console, take_line, &context);
		close(child->output);
		child->output = -1;
	}
	judge_end(watch, child);
}

static void take_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->options->signals, &info, sizeof(info)) != sizeof(info))
		return;
	watch->signals++;
	if (watch->signals == 1 && watch->phase == FLOW) {
		watch->result->drained = true;
		say(watch, IVP_LOG_INFO, "%s: ending the stream; once more to stop at once",
		    strsignal((int)info.ssi_signo));
		return;
	}
	watch->result->stopped = true;
	say(watch, IVP_LOG_INFO, "%s: %s", strsignal((int)info.ssi_signo),
	    watch->signals > 2 ? "killing all" : "stopping all");
	stop_all(watch);
	if (watch->signals > 2)
		for (unsigned i = 0; i < watch->launch->count; i++)
			ivp_child_signal(&watch->launch->children[i], SIGKILL);
}

/* In phase STOP: the orders that are due. */
static void press(struct watch *watch)
{
	static const struct {
		int signal;
		uint64_t then_ns;
	} orders[] = {{SIGTERM, AGAIN_NS}, {SIGTERM, KILL_NS}, {SIGKILL, UINT64_MAX / 2}};
	const uint64_t now = ivp_now_ns();

	if (watch->phase != STOP || watch->orders == 3 || now < watch->order_ns)
		return;
	for (unsigned i = 0; i < watch->launch->count; i++)
		ivp_child_signal(&watch->launch->children[i], orders[watch->orders].signal);
	watch->order_ns = now + orders[watch->orders].then_ns;
	watch->orders++;
}

/* Stages that stay when feeder and sink are through have GRACE_NS to end. */
static void watch_stragglers(struct watch *watch)
{
	const struct ivp_child *children = watch->launch->children;
	const unsigned count = watch->launch->count;

	if (watch->phase == STOP || !children[0].ended || !children[count - 1].ended)
		return;
	if (watch->through_ns == 0)
		watch->through_ns = ivp_now_ns();
	if (ivp_now_ns() - watch->through_ns < GRACE_NS)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (children[i].pidfd < 0)
			continue;
		watch->result->failures++;
		say(watch, IVP_LOG_ERROR,
		    "%s%s did not end after the end of the stream; stopping it",
		    kind_of(&children[i]), children[i].name);
	}
	stop_all(watch);
}

static void note_time(uint64_t *time_ns, bool happened)
{
	if (*time_ns == 0 && happened)
		*time_ns = ivp_now_ns();
}

/* Notes when stages attached and gave their first frame. Returns whether all did both. */
static bool note_times(const struct watch *watch)
{
	bool all = true;

	for (unsigned i = 0; i < watch->launch->count; i++) {
		struct ivp_child *child = &watch->launch->children[i];
		const struct ivp_link_windows *in, *out;

		if (child->role != IVP_CHILD_STAGE || child->first_frame_ns > 0)
			continue;
		in = ivp_windows_find(watch->options->windows, child->stage->input);
		out = ivp_windows_find(watch->options->windows, child->stage->output);
		note_time(&child->attached_ns,
			  in && out && ivp_load32_relaxed(&in->consumer->generation) > 0 &&
			      ivp_load32_relaxed(&out->producer->generation) > 0);
		note_time(&child->first_frame_ns,
			  out && ivp_load_relaxed(&out->producer->position) > 0);
		all = all && child->first_frame_ns > 0;
	}
	return all;
}

/* In phase BOOT: starts the feeder when all stages are there, gives up on one that is not. */
static void await_stages(struct watch *watch)
{
	bool all = true;

	for (unsigned i = 0; watch->phase == BOOT && i < watch->launch->count; i++) {
		const struct ivp_child *child = &watch->launch->children[i];
		const uint64_t now = ivp_now_ns();

		if (child->role != IVP_CHILD_STAGE || child->attached_ns > 0)
			continue;
		all = false;
		if (child->pidfd < 0 || now - child->life_ns < child->stage->input->timeout_ns)
			continue;
		watch->result->failures++;
		say(watch, IVP_LOG_ERROR, "%s%s did not attach to its links in %.0f s%s",
		    kind_of(child), child->name, (double)(now - child->life_ns) / SECOND_NS,
		    child->console.lines > 0 ? "; it said last:" : "");
		ivp_console_last(&child->console, "Kernel panic", print_last, watch);
		stop_all(watch);
	}
	if (watch->phase != BOOT || !all)
		return;
	watch->phase = FLOW;
	start(watch, &watch->launch->children[0]);
}

static void draw_progress(struct watch *watch)
{
	const struct ivp_windows *windows = watch->options->windows;
	const struct ivp_wire_owner *first, *last;
	uint64_t expected, rejected;

	if (watch->phase == BOOT)
		ivp_progress_say(&watch->progress, "waiting for the stages");
	if (watch->phase == BOOT || windows->count == 0)
		return;
	first = windows->links[0].producer;
	last = windows->links[windows->count - 1].consumer;
	expected = ivp_load_relaxed(&first->expected);
	rejected = ivp_load_relaxed(&first->rejected);
	ivp_progress_draw(&watch->progress, ivp_load_relaxed(&last->frames),
			  expected > rejected ? expected - rejected : 0);
}

static bool any_left(const struct watch *watch)
{
	for (unsigned i = 0; i < watch->launch->count; i++)
		if (watch->launch->children[i].pidfd >= 0 ||
		    watch->launch->children[i].restart.due_ns > 0)
			return true;
	return false;
}

/* One round: waits for something to happen, at most timeout, and deals with it. */
static int look(struct watch *watch, struct pollfd *polled, int timeout)
{
	const size_t count = watch->launch->count;

	for (size_t i = 0; i < count; i++) {
		polled[2 * i].fd = watch->launch->children[i].output;
		polled[2 * i + 1].fd = watch->launch->children[i].pidfd;
		polled[2 * i].events = polled[2 * i + 1].events = POLLIN;
	}
	polled[2 * count].fd = watch->options->signals;
	polled[2 * count].events = POLLIN;
	polled[2 * count + 1].fd = watch->options->bells->ready;
	polled[2 * count + 1].events = POLLIN;
	if (poll(polled, 2 * count + 2, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (polled[2 * count + 1].revents)
		ivp_bells_serve(watch->options->bells);
	if (polled[2 * count].revents)
		take_signal(watch);
	for (size_t i = 0; i < count; i++) {
		if (polled[2 * i].revents)
			read_output(watch, &watch->launch->children[i]);
		if (polled[2 * i + 1].revents)
			collect(watch, &watch->launch->children[i]);
	}
	return 0;
}

int ivp_watch_run(struct ivp_launch *launch, const struct ivp_watch_options *options,
		  struct ivp_watch_result *result, struct ivp_why *why)
{
	struct pollfd *polled = calloc(2 * (size_t)launch->count + 2, sizeof(*polled));
	struct watch watch = {.launch = launch, .options = options, .result = result};
	int error = polled ? 0 : -ENOMEM;

	*result = (struct ivp_watch_result){0};
	ivp_progress_begin(&watch.progress);
	while (!error && any_left(&watch)) {
		const bool settled = note_times(&watch);

		await_stages(&watch);
		const bool due = restart_due(&watch);

		error = look(&watch, polled, settled && !due ? SLOW_MS : QUICK_MS);
		watch_stalls(&watch);
		end_stream(&watch);
		watch_stragglers(&watch);
		press(&watch);
		draw_progress(&watch);
	}
	note_times(&watch);
	ivp_progress_clear(&watch.progress);
	fflush(stderr);
	if (error)
		ivp_why_set(why, "cannot wait for the children: %s", strerror(-error));
	free(polled);
	return error;
}
