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
#include "supervisor/watch-parts.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "base/units.h"
#include "supervisor/lives.h"

#define AGAIN_NS (IVP_SECOND_NS / 2) /* from the first SIGTERM to the second */
#define KILL_NS  (5 * IVP_SECOND_NS) /* from the second to SIGKILL */
#define GRACE_NS (30 * IVP_SECOND_NS)
#define QUICK_MS 10 /* while guests boot: how exact their times are */
#define SLOW_MS  100

/* Passes the user's wish on, to each life of the feeder; not before it can take it. */
static void end_stream(struct ivp_watch *watch)
{
	struct ivp_child *feeder = &watch->launch->children[0];

	if (!watch->result->drained || watch->phase == IVP_WATCH_STOP || feeder->told ||
	    feeder->pidfd < 0 || !ivp_lives_attached(watch->options->windows, feeder))
		return;
	feeder->told = true;
	ivp_child_signal(feeder, SIGTERM);
}

static void take_signal(struct ivp_watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->options->signals, &info, sizeof(info)) != sizeof(info))
		return;
	watch->signals++;
	if (watch->signals == 1 && watch->phase == IVP_WATCH_FLOW) {
		watch->result->drained = true;
		ivp_watch_say(watch, IVP_LOG_INFO,
			      "%s: ending the stream; once more to stop at once",
			      strsignal((int)info.ssi_signo));
		return;
	}
	watch->result->stopped = true;
	ivp_watch_say(watch, IVP_LOG_INFO, "%s: %s", strsignal((int)info.ssi_signo),
		      watch->signals > 2 ? "killing all" : "stopping all");
	ivp_watch_stop_all(watch);
	if (watch->signals > 2)
		for (unsigned i = 0; i < watch->launch->count; i++)
			ivp_child_signal(&watch->launch->children[i], SIGKILL);
}

/* In phase STOP: the orders that are due. */
static void press(struct ivp_watch *watch)
{
	static const struct {
		int signal;
		uint64_t then_ns;
	} orders[] = {{SIGTERM, AGAIN_NS}, {SIGTERM, KILL_NS}, {SIGKILL, UINT64_MAX / 2}};
	const uint64_t now = ivp_now_ns();

	if (watch->phase != IVP_WATCH_STOP || watch->orders == 3 || now < watch->order_ns)
		return;
	for (unsigned i = 0; i < watch->launch->count; i++)
		ivp_child_signal(&watch->launch->children[i], orders[watch->orders].signal);
	watch->order_ns = now + orders[watch->orders].then_ns;
	watch->orders++;
}

/* Stages that stay when feeder and sink are through have GRACE_NS to end. */
static void watch_stragglers(struct ivp_watch *watch)
{
	const struct ivp_child *children = watch->launch->children;
	const unsigned count = watch->launch->count;

	if (watch->phase == IVP_WATCH_STOP || !children[0].ended || !children[count - 1].ended)
		return;
	if (watch->through_ns == 0)
		watch->through_ns = ivp_now_ns();
	if (ivp_now_ns() - watch->through_ns < GRACE_NS)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (children[i].pidfd < 0)
			continue;
		watch->result->failures++;
		ivp_watch_say(watch, IVP_LOG_ERROR,
			      "%s%s did not end after the end of the stream; stopping it",
			      ivp_watch_kind(&children[i]), children[i].name);
	}
	ivp_watch_stop_all(watch);
}

static void note_time(uint64_t *time_ns, bool happened)
{
	if (*time_ns == 0 && happened)
		*time_ns = ivp_now_ns();
}

/* Notes when stages attached and gave their first frame. Returns whether all did both. */
static bool note_times(const struct ivp_watch *watch)
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
static void await_stages(struct ivp_watch *watch)
{
	bool all = true;

	for (unsigned i = 0; watch->phase == IVP_WATCH_BOOT && i < watch->launch->count; i++) {
		const struct ivp_child *child = &watch->launch->children[i];
		const uint64_t now = ivp_now_ns();

		if (child->role != IVP_CHILD_STAGE || child->attached_ns > 0)
			continue;
		all = false;
		if (child->pidfd < 0 || now - child->life_ns < child->stage->input->timeout_ns)
			continue;
		watch->result->failures++;
		ivp_watch_say(watch, IVP_LOG_ERROR, "%s%s did not attach to its links in %.0f s%s",
			      ivp_watch_kind(child), child->name,
			      (double)(now - child->life_ns) / IVP_SECOND_NS,
			      child->console.lines > 0 ? "; it said last:" : "");
		ivp_watch_say_last(watch, child);
		ivp_watch_stop_all(watch);
	}
	if (watch->phase != IVP_WATCH_BOOT || !all)
		return;
	watch->phase = IVP_WATCH_FLOW;
	ivp_watch_start(watch, &watch->launch->children[0]);
}

static void draw_progress(struct ivp_watch *watch)
{
	const struct ivp_windows *windows = watch->options->windows;
	const struct ivp_wire_owner *first, *last;
	uint64_t expected, rejected;

	if (watch->phase == IVP_WATCH_BOOT)
		ivp_progress_say(&watch->progress, "waiting for the stages");
	if (watch->phase == IVP_WATCH_BOOT || windows->count == 0)
		return;
	first = windows->links[0].producer;
	last = windows->links[windows->count - 1].consumer;
	expected = ivp_load_relaxed(&first->expected);
	rejected = ivp_load_relaxed(&first->rejected);
	ivp_progress_draw(&watch->progress, ivp_load_relaxed(&last->frames),
			  expected > rejected ? expected - rejected : 0);
}

static bool any_left(const struct ivp_watch *watch)
{
	for (unsigned i = 0; i < watch->launch->count; i++)
		if (watch->launch->children[i].pidfd >= 0 ||
		    watch->launch->children[i].restart.due_ns > 0)
			return true;
	return false;
}

/* One round: waits for something to happen, at most timeout, and deals with it. */
static int look(struct ivp_watch *watch, struct pollfd *polled, int timeout)
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
			ivp_watch_read(watch, &watch->launch->children[i]);
		if (polled[2 * i + 1].revents)
			ivp_watch_collect(watch, &watch->launch->children[i]);
	}
	return 0;
}

int ivp_watch_run(struct ivp_launch *launch, const struct ivp_watch_options *options,
		  struct ivp_watch_result *result, struct ivp_why *why)
{
	struct pollfd *polled = calloc(2 * (size_t)launch->count + 2, sizeof(*polled));
	struct ivp_watch watch = {.launch = launch, .options = options, .result = result};
	int error = polled ? 0 : -ENOMEM;

	*result = (struct ivp_watch_result){0};
	ivp_progress_begin(&watch.progress);
	while (!error && any_left(&watch)) {
		const bool settled = note_times(&watch);

		await_stages(&watch);
		const bool due = ivp_watch_restart(&watch);

		error = look(&watch, polled, settled && !due ? SLOW_MS : QUICK_MS);
		ivp_watch_stalls(&watch);
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
