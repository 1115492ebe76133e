/* SPDX-License-Identifier: MIT */
/*
 * The sink at work: takes frames from the last link until the end of the stream, has the images
 * written, and keeps the account. A frame is released only when its image is on disk, so a sink
 * that dies goes on with the same frame. One thread per sink; logs frames that failed.
 */
#ifndef IVP_HOST_SINK_H
#define IVP_HOST_SINK_H

#include "host/latency.h"
#include "host/writer.h"
#include "transport/port.h"

/* What this life of the sink has done. */
struct ivp_sink_account {
	uint64_t delivered;
	uint64_t dropped;     /* by a filter or a policy */
	uint64_t quarantined; /* failed on the way, or cannot be written */
	uint64_t bytes;       /* payload, delivered */
	uint64_t elapsed_ns;  /* since the first frame was there */
	bool ended;           /* the end of the stream was seen */
	struct ivp_latency
	    latency; /* from the feeder's first look at the file to the written file */
	unsigned stage_count;
	struct {
		uint64_t frames, busy_ns, wait_ns;
	} stages[IVP_TRAIL]; /* sums of the frames' trails */
};

/*
 * Runs with a writer that is open and has not begun, until the end of the stream, or until the port's stop flag is set: then it takes what is
 * in the link already, or nothing at the second signal.
 * Returns 0; -EINTR if told to stop at once; the -errno of the port; -EBADMSG for malformed
 * metadata; -EIO, -ENOMEM of the writer. Each with a reason.
 */
int ivp_sink_run(struct ivp_input_port *port, struct ivp_writer *writer,
		 struct ivp_sink_account *account, struct ivp_why *why);

#endif
