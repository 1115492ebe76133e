/* SPDX-License-Identifier: MIT */
/*
 * Restarts are counted in a row: a child that gets frames done between its deaths (each of
 * several frames that kill it, a user who kills it now and then) goes on, one that does not is
 * given up. As every stream has an end, so has every sequence of rows.
 */
#include "supervisor/restart.h"

#include <sysexits.h>

#define LONGEST_GAP_NS 1000000000u

bool ivp_restart_schedule(struct ivp_restart *restart, const struct ivp_restart_conf *conf,
			  uint64_t position, uint64_t now_ns)
{
	uint64_t delay_ns = conf->delay_ns;

	if (position != restart->position)
		restart->row = 0;
	restart->position = position;
	if (conf->policy == IVP_RESTART_NO || restart->row >= conf->limit)
		return false;
	for (unsigned i = 0; i < restart->row && delay_ns < IVP_RESTART_LONGEST_NS; i++)
		delay_ns *= 2;
	if (delay_ns > IVP_RESTART_LONGEST_NS)
		delay_ns = IVP_RESTART_LONGEST_NS;
	restart->row++;
	restart->due_ns = now_ns + delay_ns;
	return true;
}

bool ivp_restart_take(struct ivp_restart *restart, uint64_t now_ns)
{
	if (restart->due_ns == 0 || now_ns < restart->due_ns)
		return false;
	restart->due_ns = 0;
	restart->count++;
	return true;
}

bool ivp_restart_is_useless(int status)
{
	switch (status) {
	case EX_USAGE:
	case EX_NOINPUT:
	case EX_CANTCREAT:
	case EX_NOPERM:
	case EX_CONFIG:
		return true;
	default:
		return false;
	}
}

bool ivp_stall_look(struct ivp_stall *stall, bool beats, uint64_t heartbeat, uint64_t now_ns,
		    uint64_t limit_ns)
{
	const uint64_t gap_ns = stall->looked_ns ? now_ns - stall->looked_ns : 0;

	stall->looked_ns = now_ns;
	if (gap_ns > LONGEST_GAP_NS && stall->changed_ns > 0)
		stall->changed_ns += gap_ns - LONGEST_GAP_NS;
	if (!beats || stall->changed_ns == 0 || heartbeat != stall->heartbeat) {
		stall->heartbeat = heartbeat;
		stall->changed_ns = now_ns;
		return false;
	}
	if (now_ns - stall->changed_ns < limit_ns)
		return false;
	stall->changed_ns = now_ns;
	return true;
}
