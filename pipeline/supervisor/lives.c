/* SPDX-License-Identifier: MIT */
/*
 * Words of a guest's windows are that guest's word: a lie about its own end or progress costs its
 * own frames only, and at most as many restarts as there are frames.
 */
#include "supervisor/lives.h"

#include <ivpipe/ring.h>

static const struct ivp_wire_owner *consumer_of(const struct ivp_windows *windows,
						const struct ivp_child *child)
{
	const struct ivp_link_windows *link =
	    child->from ? ivp_windows_find(windows, child->from) : NULL;

	return link ? link->consumer : NULL;
}

static const struct ivp_wire_owner *producer_of(const struct ivp_windows *windows,
						const struct ivp_child *child)
{
	const struct ivp_link_windows *link =
	    child->to ? ivp_windows_find(windows, child->to) : NULL;

	return link ? link->producer : NULL;
}

/* The window that tells how far it is. Each child has one. */
static const struct ivp_wire_owner *owner_of(const struct ivp_windows *windows,
					     const struct ivp_child *child)
{
	return child->from ? consumer_of(windows, child) : producer_of(windows, child);
}

static uint32_t generation_of(const struct ivp_wire_owner *owner)
{
	return owner ? ivp_load32_relaxed(&owner->generation) : 0;
}

static bool attached_in(const struct ivp_windows *windows, const struct ivp_child *child)
{
	return generation_of(consumer_of(windows, child)) != child->generation_in;
}

bool ivp_lives_finished(const struct ivp_windows *windows, struct ivp_child *child)
{
	const struct ivp_wire_owner *in = consumer_of(windows, child);
	const struct ivp_wire_owner *out = producer_of(windows, child);

	if (child->guest && child->exit_line < 0 && in && attached_in(windows, child) &&
	    ivp_load32_relaxed(&in->state) == IVP_STATE_FAILED)
		child->exit_line = (int)(ivp_load32_relaxed(&in->exit_code) & 0xff);
	return (!child->from || (in && ivp_load32_relaxed(&in->state) == IVP_STATE_FINISHED)) &&
	       (!child->to || (out && ivp_load32_relaxed(&out->state) == IVP_STATE_FINISHED));
}

uint64_t ivp_lives_position(const struct ivp_windows *windows, const struct ivp_child *child)
{
	const struct ivp_wire_owner *owner = owner_of(windows, child);

	return owner ? ivp_load_relaxed(&owner->position) : 0;
}

void ivp_lives_begin(const struct ivp_windows *windows, struct ivp_child *child)
{
	child->generation_in = generation_of(consumer_of(windows, child));
	child->generation_out = generation_of(producer_of(windows, child));
}

static bool attached_out(const struct ivp_windows *windows, const struct ivp_child *child)
{
	return generation_of(producer_of(windows, child)) != child->generation_out;
}

bool ivp_lives_attached(const struct ivp_windows *windows, const struct ivp_child *child)
{
	return (!child->from || attached_in(windows, child)) &&
	       (!child->to || attached_out(windows, child));
}

bool ivp_lives_stalled(const struct ivp_windows *windows, struct ivp_child *child, uint64_t now_ns,
		       uint64_t *position, bool *at_work)
{
	const struct ivp_wire_owner *own = consumer_of(windows, child);
	bool beats;

	/* The sink may wait for a disk or a reader as long as it likes. */
	if (child->role != IVP_CHILD_STAGE || child->pidfd < 0 || !own)
		return false;
	/* From the moment that it has both links a stage beats, at work and as it waits, until it
	 * leaves. A life that boots still shows what the last one was at. */
	beats = ivp_lives_attached(windows, child) &&
		ivp_load32_relaxed(&own->state) == IVP_STATE_ATTACHED;
	*at_work = ivp_load32_relaxed(&own->attempt) != 0;
	/* A link that overwrites may be at work on a frame that it jumped to. */
	*position = ivp_load_relaxed(*at_work ? &own->attempt_position : &own->position);
	return ivp_stall_look(&child->stall, beats, ivp_load_relaxed(&own->heartbeat), now_ns,
			      child->stage->stall_ns);
}
