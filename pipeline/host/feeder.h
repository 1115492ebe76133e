/* SPDX-License-Identifier: MIT */
/*
 * The feeder at work: image files become frames of the first link, each decoded straight into
 * its slot. A frame's id is the index of its file in the list, so that a feeder that comes back
 * goes on behind the last frame that it committed. One thread per feeder; logs what it leaves out.
 */
#ifndef IVP_HOST_FEEDER_H
#define IVP_HOST_FEEDER_H

#include "codec/codec.h"
#include "config/inputs.h"
#include "config/topology.h"
#include "transport/port.h"

struct ivp_feeder_options {
	const struct ivp_inputs *inputs;
	struct ivp_decode_options decode;
	unsigned shrink;                          /* JPEG images, by 2, 4 or 8; 0 or 1: not */
	const struct ivp_filter_conf *shrink_for; /* not NULL: as this one, their first, allows */
	unsigned threads; /* that decode; 0 or 1: the caller's. See crew.h */
	bool anew;        /* a stream that has ended was left in good order: see ivp_feeder_anew */
	const char *journal; /* a file for rejects, so that the account is of all lives; or NULL */
	const volatile sig_atomic_t *stop; /* not 0: no further file; or NULL */
};

/* A file that did not become a frame. */
struct ivp_feeder_reject {
	size_t input; /* index in the list */
	char *reason;
};

/*
 * What the feeder has done: with a journal in all lives since the stream began, exactly, but for
 * bytes, which may count a frame twice for each kill; else in this one. Times are of this life.
 */
struct ivp_feeder_account {
	size_t first; /* index of the first input looked at; more than 0 after a restart */
	uint64_t injected, bytes, busy_ns, wait_ns, elapsed_ns;
	uint64_t dropped; /* of those, in this life: by the policy of the link */
	size_t reject_count;
	struct ivp_feeder_reject *rejects;
};

/*
 * Did the last feeder of this link leave in good order? To be asked before the port is opened.
 * If so, an end of stream in the link belongs to a run that is over, and the next feeder starts
 * one anew; if not, that feeder died behind its end of stream and all is done.
 */
bool ivp_feeder_anew(const struct ivp_port_options *options);

/*
 * Feeds all inputs, or those before *stop is set, then the end of stream. Files that cannot be
 * decoded or do not fit the link's slots are left out and accounted for.
 * Returns 0, -ENOMEM, or the -errno of the port with a reason. The account is to be finished in
 * every case.
 */
int ivp_feeder_run(struct ivp_output_port *port, const struct ivp_feeder_options *options,
		   struct ivp_feeder_account *account, struct ivp_why *why);
void ivp_feeder_account_finish(struct ivp_feeder_account *account);

#endif
