/* SPDX-License-Identifier: MIT */
/* A runner at work on a frame. Internal to the stage. */
#ifndef IVP_STAGE_RUN_H
#define IVP_STAGE_RUN_H

#include "stage/fetch.h"
#include "stage/runner.h"

struct ivp_run {
	struct ivp_input_port *input;
	struct ivp_output_port *output;
	struct ivp_chain *chain;
	ivp_runner_report *report;
	void *context;
	struct ivp_runner_result *result;
	struct ivp_fetch fetch;
	uint64_t wait_ns; /* for the frame at hand */
};

/* What every output takes over from its input. */
struct ivp_frame ivp_run_derive(const struct ivp_run *run, const struct ivp_frame *from,
				uint64_t busy_ns);
/* Commits it, and counts. */
void ivp_run_commit(struct ivp_run *run, const struct ivp_frame *frame, uint64_t busy_ns);

/* Filters an image into the slot and commits the result. Returns IVP_FRAME_OK, or why it cannot be
 * filtered, with the reason. */
int ivp_image_filter(struct ivp_run *run, const struct ivp_frame *in, const struct ivp_slot *slot,
		     struct ivp_why *why);

/*
 * Begins on a frame that is only shown; ends when it is committed. Returns 0 with the frame as it
 * was committed, and its result committed too; IVP_WITHDRAWN if it has to be acquired, nothing
 * having happened; or -errno with the reason.
 */
int ivp_image_filter_shown(struct ivp_run *run, struct ivp_frame *frame, struct ivp_why *why);

#endif
