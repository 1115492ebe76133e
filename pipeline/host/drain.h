/* SPDX-License-Identifier: MIT */
/* Between the two halves of the sink: its life (sink.c) and the flow of frames (drain.c). */
#ifndef IVP_HOST_DRAIN_H
#define IVP_HOST_DRAIN_H

#include "host/sink.h"

struct ivp_drain {
	struct ivp_input_port *port;
	struct ivp_writer *writer; /* which has begun */
	struct ivp_sink_account *account;
	struct ivp_ledger ledger;
	const struct ivp_originals *originals; /* NULL: they are not kept */
	unsigned threads;
	bool joins_late;
	bool said_full;
};

/* Takes frames until the end of the stream, or until told to stop. As ivp_sink_run. */
int ivp_drain_all(struct ivp_drain *drain, struct ivp_why *why);

/* Is it the second signal? */
bool ivp_drain_stopped(const struct ivp_drain *drain);

#endif
