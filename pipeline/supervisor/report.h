/* SPDX-License-Identifier: MIT */
/*
 * What feeder and sink say of a run when it is over, and the account that both together make.
 * Constant once read; any thread may read it.
 */
#ifndef IVP_SUPERVISOR_REPORT_H
#define IVP_SUPERVISOR_REPORT_H

#include <stdbool.h>

#include <ivpipe/frame.h>

struct ivp_reject {
	char *file;
	char *reason;
};

/* {"inputs":n, "injected":n, "rejected":n, "bytes":n, "seconds":s,
 *  "rejects":[{"file":"..", "reason":".."}]} */
struct ivp_feeder_report {
	bool read; /* false: there was none, the rest is 0 */
	uint64_t inputs, injected, rejected;
	uint64_t bytes; /* payload */
	double seconds;
	unsigned reject_count;
	struct ivp_reject *rejects;
};

/* {"delivered":n, "dropped":n, "quarantined":n, "missing":n, "bytes":n, "seconds":s,
 *  "latency_ns":{"p50":n, "p99":n, "max":n},
 *  "stages":[{"frames":n, "busy_ns":n, "wait_ns":n}]} */
struct ivp_stage_report {
	uint64_t frames, busy_ns, wait_ns;
};

struct ivp_sink_report {
	bool read;
	uint64_t delivered, dropped, quarantined;
	uint64_t missing; /* ids that never came */
	uint64_t bytes;   /* payload */
	double seconds;
	uint64_t p50_ns, p99_ns, max_ns; /* end to end; 0 if nothing was delivered */
	unsigned stage_count;
	struct ivp_stage_report stages[IVP_TRAIL];
};

/* Each reads a file and returns 0, -ENOENT if there is none, or -EBADMSG and other -errno, with
 * the reason. The report is finished by its caller in any case. */
int ivp_feeder_report_read(const char *path, struct ivp_feeder_report *report, struct ivp_why *why);
void ivp_feeder_report_finish(struct ivp_feeder_report *report);
int ivp_sink_report_read(const char *path, struct ivp_sink_report *report, struct ivp_why *why);

/* Frames that did not arrive though the feeder injected them: those that links' policies dropped,
 * if all is well. */
uint64_t ivp_account_lost(const struct ivp_feeder_report *feeder,
			  const struct ivp_sink_report *sink);

/* Does injected = delivered + dropped + quarantined hold, dropped being those that arrived as such
 * and those that were lost? Not without both reports. */
bool ivp_account_closes(const struct ivp_feeder_report *feeder, const struct ivp_sink_report *sink);

/*
 * The exit status that a run in which no child failed deserves: 70 (EX_SOFTWARE) if the account
 * does not close, 65 (EX_DATAERR) if inputs were rejected or frames quarantined, else 0.
 */
int ivp_account_status(const struct ivp_feeder_report *feeder, const struct ivp_sink_report *sink);

#endif
