/* SPDX-License-Identifier: MIT */
/*
 * Which children are started again, and when: the rule alone, without processes or windows. The
 * caller tells it how far a child has come. One thread at a time per object.
 */
#ifndef IVP_SUPERVISOR_RESTART_H
#define IVP_SUPERVISOR_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "config/topology.h"

#define IVP_RESTART_LONGEST_NS 5000000000ull /* the back-off doubles up to this */

/* Start with {0}. */
struct ivp_restart {
	unsigned count;    /* restarts in all */
	unsigned row;      /* since it last got a frame done */
	uint64_t position; /* how far it had come at its last death */
	uint64_t due_ns;   /* CLOCK_MONOTONIC of the next start; 0: none is due */
};

/*
 * A child died at now_ns, with position frames done so far. Returns true if it is to be started
 * again, at restart->due_ns; false if the policy or the limit forbids it.
 */
bool ivp_restart_schedule(struct ivp_restart *restart, const struct ivp_restart_conf *conf,
			  uint64_t position, uint64_t now_ns);

/* Is a start due? If so, it is taken: counted, and no longer due. */
bool ivp_restart_take(struct ivp_restart *restart, uint64_t now_ns);

/* Is it no use to try again after this exit status? Wrong use, wrong configuration, files or
 * permissions that are not there: the next life would say the same. */
bool ivp_restart_is_useless(int status);

/* Notices that a stage is stuck. Start with {0}. */
struct ivp_stall {
	uint64_t heartbeat;
	uint64_t changed_ns; /* when the heartbeat last moved, or need not */
	uint64_t looked_ns;
};

/*
 * A look at a stage: its heartbeat, and whether that has to move at all. Returns true if it has
 * stood still where it should not for limit_ns; the count begins anew then. Of the
 * time between two looks a second at most counts: who was stopped himself cannot tell.
 */
bool ivp_stall_look(struct ivp_stall *stall, bool beats, uint64_t heartbeat, uint64_t now_ns,
		    uint64_t limit_ns);

#endif
