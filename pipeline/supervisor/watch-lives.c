/* SPDX-License-Identifier: MIT */
/*
 * The lives of children: how one begins, what its end means, and how one that is stuck is ended.
 */
#include "supervisor/watch-parts.h"

#include <signal.h>

#include "base/units.h"
#include "supervisor/lives.h"

void ivp_watch_stop_all(struct ivp_watch *watch)
{
	if (watch->phase == IVP_WATCH_STOP)
		return;
	watch->phase = IVP_WATCH_STOP;
	watch->order_ns = ivp_now_ns();
	for (unsigned i = 0; i < watch->launch->count; i++)
		watch->launch->children[i].restart.due_ns = 0;
}

/* Is it to be started again? If so, says when. */
static bool schedule(struct ivp_watch *watch, struct ivp_child *child)
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
	ivp_watch_say(watch, IVP_LOG_WARNING,
		      "%s%s (process %d) %s; it is started again in %.1f s (%u of %u)",
		      ivp_watch_kind(child), child->name, (int)child->pid,
		      ivp_child_succeeded(child)
			  ? "ended, but did not leave its links in good order"
			  : ivp_child_describe_end(child, text),
		      (double)(child->restart.due_ns - now) / IVP_SECOND_NS, child->restart.row,
		      child->policy.limit);
	return true;
}

static void judge_end(struct ivp_watch *watch, struct ivp_child *child)
{
	const bool finished = ivp_lives_finished(watch->options->windows, child);
	const bool succeeded = ivp_child_succeeded(child);
	char text[160];

	if (watch->phase == IVP_WATCH_STOP || (finished && succeeded))
		return;
	/* Killed between its last word to its peers and its end: all was done. */
	if (finished && child->wait_code != CLD_EXITED) {
		ivp_watch_say(watch, IVP_LOG_INFO, "%s%s %s when its work was done",
			      ivp_watch_kind(child), child->name,
			      ivp_child_describe_end(child, text));
		return;
	}
	if (!finished && schedule(watch, child))
		return;
	watch->result->failures++;
	ivp_watch_say(watch, IVP_LOG_ERROR, "%s%s (process %d) failed: %s%s", ivp_watch_kind(child),
		      child->name, (int)child->pid,
		      succeeded ? "it ended, but did not leave its links in good order"
				: ivp_child_describe_end(child, text),
		      child->console.lines > 0 ? "; it said last:" : "; it had said nothing");
	ivp_watch_say_last(watch, child);
	ivp_watch_stop_all(watch);
}

void ivp_watch_start(struct ivp_watch *watch, struct ivp_child *child)
{
	struct ivp_why why;

	ivp_lives_begin(watch->options->windows, child);
	if (ivp_launch_start_child(watch->launch, child, &why) == 0)
		return;
	child->ended = true;
	watch->result->failures++;
	ivp_watch_say(watch, IVP_LOG_ERROR, "%s", why.text);
	ivp_watch_stop_all(watch);
}

bool ivp_watch_restart(struct ivp_watch *watch)
{
	bool more = false;

	for (unsigned i = 0; i < watch->launch->count; i++) {
		struct ivp_child *child = &watch->launch->children[i];

		if (ivp_restart_take(&child->restart, ivp_now_ns())) {
			watch->result->restarts++;
			ivp_watch_start(watch, child);
			if (child->pidfd >= 0)
				ivp_watch_say(watch, IVP_LOG_INFO,
					      "%s %s: started again, process %d",
					      child->role == IVP_CHILD_STAGE ? "stage" : "the",
					      child->name, (int)child->pid);
		}
		more = more || child->restart.due_ns > 0;
	}
	return more;
}

/* Ends a life that has not come to its links. In BOOT that ends the run: see await_stages. */
static void watch_arrival(struct ivp_watch *watch, struct ivp_child *child)
{
	const uint64_t age_ns = ivp_now_ns() - child->life_ns;

	if (watch->phase != IVP_WATCH_FLOW || child->role != IVP_CHILD_STAGE || child->pidfd < 0 ||
	    age_ns < child->stage->input->timeout_ns || child->late ||
	    ivp_lives_attached(watch->options->windows, child))
		return;
	child->late = true;
	ivp_watch_say(watch, IVP_LOG_ERROR,
		      "%s%s (process %d) has not attached to its links in %.1f s; "
		      "killing it",
		      ivp_watch_kind(child), child->name, (int)child->pid,
		      (double)age_ns / IVP_SECOND_NS);
	ivp_child_signal(child, SIGKILL);
}

void ivp_watch_stalls(struct ivp_watch *watch)
{
	for (unsigned i = 0; watch->phase != IVP_WATCH_STOP && i < watch->launch->count; i++) {
		struct ivp_child *child = &watch->launch->children[i];
		uint64_t position;
		bool at_work;

		watch_arrival(watch, child);
		if (!ivp_lives_stalled(watch->options->windows, child, ivp_now_ns(), &position,
				       &at_work))
			continue;
		ivp_watch_say(
		    watch, IVP_LOG_ERROR,
		    "%s%s (process %d) has given no sign of life for %.1f s %s the frame at "
		    "position %llu; killing it",
		    ivp_watch_kind(child), child->name, (int)child->pid,
		    (double)child->stage->stall_ns / IVP_SECOND_NS, at_work ? "over" : "before",
		    (unsigned long long)position);
		ivp_child_signal(child, SIGKILL);
	}
}

void ivp_watch_collect(struct ivp_watch *watch, struct ivp_child *child)
{
	if (!ivp_child_reap(child))
		return;
	ivp_watch_read_rest(watch, child); /* what it printed before comes first */
	judge_end(watch, child);
}
