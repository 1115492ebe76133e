/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the supervisor's main loop share: the loop itself (watch.c), what children and
 * the supervisor print (watch-output.c), the lives of children (watch-lives.c). Nothing else
 * includes this. One thread.
 */
#ifndef IVP_SUPERVISOR_WATCH_PARTS_H
#define IVP_SUPERVISOR_WATCH_PARTS_H

#include "base/log.h"
#include "supervisor/progress.h"
#include "supervisor/watch.h"

#define IVP_SECOND_NS 1000000000ull

enum ivp_watch_phase { IVP_WATCH_BOOT, IVP_WATCH_FLOW, IVP_WATCH_STOP }; /* see watch.c */

struct ivp_watch {
	struct ivp_launch *launch;
	const struct ivp_watch_options *options;
	struct ivp_watch_result *result;
	struct ivp_progress progress;
	enum ivp_watch_phase phase;
	unsigned signals;    /* the user's, so far */
	unsigned orders;     /* in phase STOP: SIGTERMs sent */
	uint64_t order_ns;   /* when the next is due */
	uint64_t through_ns; /* when feeder and sink had both ended; 0: not yet */
};

/* Logs a line, where the progress bar would be in its way. */
__attribute__((format(printf, 3, 4))) void
ivp_watch_say(struct ivp_watch *watch, enum ivp_log_level level, const char *format, ...);
/* Logs what a child said last. */
void ivp_watch_say_last(struct ivp_watch *watch, const struct ivp_child *child);
/* "the ", "stage ", ...: what goes in front of a child's name. */
const char *ivp_watch_kind(const struct ivp_child *child);
/* Prints what the child has printed. */
void ivp_watch_read(struct ivp_watch *watch, struct ivp_child *child);
/* The same for the last time: it has ended. */
void ivp_watch_read_rest(struct ivp_watch *watch, struct ivp_child *child);

/* Begins phase STOP. */
void ivp_watch_stop_all(struct ivp_watch *watch);
/* Starts a child for the first time or again. A failure ends the run. */
void ivp_watch_start(struct ivp_watch *watch, struct ivp_child *child);
/* Starts those again that are due. Returns whether others will be. */
bool ivp_watch_restart(struct ivp_watch *watch);
/* If the child has ended: is that the end of it, of the run, or is it to be started again? */
void ivp_watch_collect(struct ivp_watch *watch, struct ivp_child *child);
/* Kills stages that are stuck: what ends so is started again. */
void ivp_watch_stalls(struct ivp_watch *watch);

#endif
