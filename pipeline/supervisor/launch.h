/* SPDX-License-Identifier: MIT */
/*
 * A plan set to work: the folder of the run with what the children read, and the children.
 * One thread at a time per launch.
 */
#ifndef IVP_SUPERVISOR_LAUNCH_H
#define IVP_SUPERVISOR_LAUNCH_H

#include "supervisor/bells.h"
#include "supervisor/child.h"
#include "supervisor/plan.h"

struct ivp_launch {
	const struct ivp_plan *plan;
	const struct ivp_bells *bells; /* set before anything is started */
	char folder[PATH_MAX];         /* "" while there is none */
	int lock;                      /* of the folder */
	unsigned swept;                /* folders of dead runs that were removed */
	unsigned count;
	struct ivp_child *children; /* feeder, stages in the order of the flow, sink */
};

/*
 * Makes the folder, and in it each stage's configuration, or the initial root file system of its
 * guest; plan->folder is set to the folder's name. Then makes the children's argument lists.
 * Nothing runs yet. Returns 0 or -errno with the reason. The caller finishes it in any case.
 */
int ivp_launch_prepare(struct ivp_launch *launch, struct ivp_plan *plan, struct ivp_why *why);

/*
 * Starts all children but the feeder at once; the windows must be there. A guest's QEMU inherits descriptors of
 * its windows' files that hold the locks of wire.h (attach) for as long as it lives.
 * Returns 0 or -errno with the reason; those that were started run on.
 */
int ivp_launch_start(struct ivp_launch *launch, struct ivp_why *why);

/* Starts one child: the feeder when the stages are there, so that the time of the boot is in no
 * frame's latency; or one that has ended, again. Returns 0 or -errno with the reason. */
int ivp_launch_start_child(const struct ivp_launch *launch, struct ivp_child *child,
			   struct ivp_why *why);

/* Ends what still runs, and removes the folder unless it is to be kept. */
void ivp_launch_finish(struct ivp_launch *launch, bool keep_folder);

#endif
