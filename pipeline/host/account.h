/* SPDX-License-Identifier: MIT */
/*
 * Accounts of feeder and sink as JSON files, for the supervisor and for scripts. A report is
 * there whole or not at all. Blocks for the file system only; thread-safe on different files.
 */
#ifndef IVP_HOST_ACCOUNT_H
#define IVP_HOST_ACCOUNT_H

#include "host/feeder.h"
#include "host/sink.h"

/*
 * {"inputs", "first", "injected", "rejected", "bytes", "seconds", "busy_ns", "wait_ns",
 *  "rejects": [{"file", "reason"}]}
 * first: 0, or after a restart the index of the first input of this life; bytes: payload.
 * Returns 0, -ENOMEM, or the -errno of writing the file, with a reason that names it.
 */
int ivp_account_write_feeder(const char *path, const struct ivp_inputs *inputs,
			     const struct ivp_feeder_account *account, struct ivp_why *why);
/*
 * {"delivered", "dropped", "quarantined", "missing", "bytes", "seconds", "ended",
 *  "latency_ns": {"p50", "p99", "max"}, "stages": [{"frames", "busy_ns", "wait_ns"}]}
 * missing: ids that never came; seconds: since the first frame was there; ended: the end of the stream was seen.
 */
int ivp_account_write_sink(const char *path, const struct ivp_sink_account *account,
			   struct ivp_why *why);

#endif
