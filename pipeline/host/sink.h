/* SPDX-License-Identifier: MIT */
/*
 * The sink at work: takes frames from the last link until the end of the stream, has the images
 * written, and keeps the account. A frame is released only when its image is on disk, so a sink
 * that dies goes on with the same frame. One caller per sink; logs frames that failed.
 */
#ifndef IVP_HOST_SINK_H
#define IVP_HOST_SINK_H

#include "host/ledger.h"
#include "host/quarantine.h"
#include "host/writer.h"
#include "transport/port.h"

/* Zeros: none of it. */
struct ivp_sink_options {
	const char *ledger;             /* a file that keeps the account over restarts */
	struct ivp_originals originals; /* to be kept if a frame ended its stage too often */
	unsigned threads;               /* that write; 0 or 1: the caller's. See crew.h */
	bool wait_when_full;            /* for room, rather than fail, if there is none */
};

/* What the sink has done: with a ledger in all lives since the stream began, exactly, but for
 * latency (see ledger.h); else in this one. */
struct ivp_sink_account {
	struct ivp_tally tally;
	/* from the feeder's first look at the file to the written file */
	struct ivp_latency latency;
};

/*
 * Runs with a writer that is open and has not begun, until the end of the stream, or until the port's stop flag is set: then it takes what is
 * in the link already, or nothing at the second signal.
 * options may be NULL. A sink whose last life died behind
 * the end of the stream has nothing to do.
 * Returns 0; -EINTR if told to stop at once; the -errno of the port; -EBADMSG for malformed
 * metadata; -EIO, -ENOMEM of the writer. Each with a reason.
 */
int ivp_sink_run(struct ivp_input_port *port, struct ivp_writer *writer,
		 const struct ivp_sink_options *options, struct ivp_sink_account *account,
		 struct ivp_why *why);

/*
 * What all sinks do first. take_over goes on with the account of the last life, if path is not
 * NULL and there is one there; returns 0, or -EIO with a reason. has_ended: did an earlier life
 * die after it had released the end of the stream, with nothing after it? Says so, too.
 */
int ivp_sink_take_over(const struct ivp_consumer *link, const char *path, struct ivp_ledger *ledger,
		       struct ivp_tally *tally, struct ivp_why *why);
bool ivp_sink_has_ended(struct ivp_consumer *link);

#endif
