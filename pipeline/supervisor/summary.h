/* SPDX-License-Identifier: MIT */
/* What a run came to, for people and for machines. Constant once filled; printing keeps no state. */
#ifndef IVP_SUPERVISOR_SUMMARY_H
#define IVP_SUPERVISOR_SUMMARY_H

#include <stdio.h>

#include "supervisor/launch.h"
#include "supervisor/report.h"
#include "supervisor/watch.h"

struct ivp_stage_summary {
	const char *name;
	bool guest;
	double attached_s; /* from its start; negative: never */
	double first_s;    /* to its first frame out; negative: never */
	uint64_t frames;
	unsigned restarts;
	double busy_s, wait_s;
};

/* A link with a policy that drops. */
struct ivp_link_summary {
	const char *name;
	unsigned policy;
	uint64_t dropped;
};

struct ivp_summary {
	const char *pipeline;
	bool kvm; /* of guests; else TCG */
	struct ivp_feeder_report feeder;
	struct ivp_sink_report sink;
	struct ivp_watch_result watch;
	unsigned feeder_restarts, sink_restarts;
	unsigned stage_count;
	struct ivp_stage_summary *stages; /* in the order of the flow */
	unsigned link_count;
	struct ivp_link_summary *links;
	uint64_t dropped; /* on the way: as such to the sink, or by a link's policy */
	/* What the links count is what did not arrive, but for a frame for each restart. */
	bool agrees;
	double seconds; /* from the start of the first child to the end of the last */
	bool closes;
	int status; /* what the program should end with */
};

/*
 * Fills the summary from the children, who have all ended, their reports in the folder of the run
 * and the windows. A report that is missing is no failure of this function: *why says which, or
 * is "". Returns 0, or -ENOMEM. The caller finishes the summary in any case; strings of the plan
 * and topology are not copied.
 */
int ivp_summary_fill(struct ivp_summary *summary, const struct ivp_launch *launch,
		     const struct ivp_windows *windows, const struct ivp_watch_result *watch,
		     struct ivp_why *why);
void ivp_summary_finish(struct ivp_summary *summary);

void ivp_summary_print(const struct ivp_summary *summary, FILE *to);
/* Returns 0, or -ENOMEM, or -errno of writing. */
int ivp_summary_print_json(const struct ivp_summary *summary, FILE *to);

#endif
