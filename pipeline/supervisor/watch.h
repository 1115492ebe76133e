/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's main loop: follows the children's output, their ends, their windows' counters
 * and the user's signals, until no child is left. One thread.
 */
#ifndef IVP_SUPERVISOR_WATCH_H
#define IVP_SUPERVISOR_WATCH_H

#include "supervisor/launch.h"
#include "supervisor/windows.h"

struct ivp_watch_options {
	const struct ivp_windows *windows;
	const struct ivp_bells *bells; /* served in the loop */
	int signals; /* a signalfd(2) for SIGINT, SIGTERM and SIGHUP, which are blocked */
	FILE *log;   /* what children print goes there; NULL: to standard error */
	bool color;
};

struct ivp_watch_result {
	unsigned failures; /* children that ended ill before they were told to stop */
	unsigned restarts; /* of all children */
	bool drained;      /* the user asked to end the stream early */
	bool stopped;      /* the user asked to stop without waiting for its end */
};

/*
 * Starts the feeder as soon as all stages are attached. Returns 0 when all children have ended, by themselves or because they had to, or -errno with
 * the reason; children may still run then. A child that dies or fails is started again, as
 * its topology says; one that is given up is named with its last lines, and the others are
 * stopped. The first signal ends the stream, the second stops all, the third kills.
 */
int ivp_watch_run(struct ivp_launch *launch, const struct ivp_watch_options *options,
		  struct ivp_watch_result *result, struct ivp_why *why);

#endif
