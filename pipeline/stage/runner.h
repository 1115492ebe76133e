/* SPDX-License-Identifier: MIT */
/*
 * A stage at work: from the input port through the filters to the output port, frame by frame,
 * until the end of the stream. Every input makes exactly one output: what cannot be filtered
 * goes on as an error frame with the reason. One thread per runner.
 */
#ifndef IVP_STAGE_RUNNER_H
#define IVP_STAGE_RUNNER_H

#include "stage/chain.h"
#include "transport/port.h"

struct ivp_runner_result {
	uint64_t frames;   /* filtered */
	uint64_t errors;   /* made or passed on as error frames */
	uint64_t repeated; /* found done already after a restart, and only released */
	uint64_t dropped;  /* by the policy of the output link, before they were filtered */
	uint64_t busy_ns;
	uint64_t wait_ns;
	bool ended; /* the end of the stream came through */
};

/* Told of each frame that fails here; may be NULL. */
typedef void ivp_runner_report(void *context, const struct ivp_frame *frame, const char *reason);

/*
 * Runs until the stream ends (0), the ports' stop flag says so (0, result->ended is false), or a
 * peer is gone or corrupt (-errno with the reason, as of the ports). result may be NULL.
 */
int ivp_runner_run(struct ivp_input_port *input, struct ivp_output_port *output,
		   struct ivp_chain *chain, ivp_runner_report *report, void *context,
		   struct ivp_runner_result *result, struct ivp_why *why);

#endif
