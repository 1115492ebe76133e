/* SPDX-License-Identifier: MIT */
/*
 * The sink's account, kept where it survives the sink: exact after a kill at any instruction.
 * One thread at a time on one object.
 */
#ifndef IVP_HOST_LEDGER_H
#define IVP_HOST_LEDGER_H

#include "host/latency.h"

#include <ivpipe/frame.h>

/* Sums over the frames before a position. */
struct ivp_tally {
	uint64_t delivered, dropped, quarantined;
	uint64_t missing; /* ids that never came: left out by the feeder, or dropped by a policy */
	uint64_t next_id; /* 1 + the highest that came */
	uint64_t bytes;   /* payload, delivered */
	uint64_t elapsed_ns; /* since the first frame of each life was there, without the gaps */
	uint64_t ended;      /* the end of the stream was seen */
	uint64_t stage_count;
	struct {
		uint64_t frames, busy_ns, wait_ns;
	} stages[IVP_TRAIL]; /* sums of the frames' trails */
};

/* Adds the times that a frame's stages noted: a peer's word, so sums saturate. */
void ivp_tally_add_trail(struct ivp_tally *tally, const struct ivp_frame *frame);

struct ivp_ledger_file;

struct ivp_ledger {
	struct ivp_ledger_file *file; /* mapped; NULL: there is none */
	unsigned page;                /* the one that was noted last */
	struct ivp_latency *latency;  /* in it: a frame that a kill interrupts may count twice */
};

/*
 * Opens the ledger at path, or makes it. If it is of the same link, epoch being its creation,
 * and holds the tally up to position, *tally becomes that; else all begins with zeros.
 * Returns 0, or -errno with a reason that names the file.
 */
int ivp_ledger_open(struct ivp_ledger *ledger, const char *path, uint64_t epoch, uint64_t position,
		    struct ivp_tally *tally, struct ivp_why *why);
/* The stream begins anew at position: zeros. */
void ivp_ledger_clear(struct ivp_ledger *ledger, uint64_t position, struct ivp_tally *tally);
/* Notes the tally up to position. To be called before the frame at position - 1 is released. */
void ivp_ledger_note(struct ivp_ledger *ledger, uint64_t position, const struct ivp_tally *tally);
void ivp_ledger_close(struct ivp_ledger *ledger); /* a zeroed one is fine */

#endif
