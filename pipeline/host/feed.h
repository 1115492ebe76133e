/* SPDX-License-Identifier: MIT */
/* Between the two halves of the feeder: its life (feeder.c) and the flow of images (feed.c). */
#ifndef IVP_HOST_FEED_H
#define IVP_HOST_FEED_H

#include "host/feeder.h"

struct ivp_feed {
	struct ivp_output_port *port;
	const struct ivp_feeder_options *options;
	struct ivp_feeder_account *account;
	int journal;              /* descriptor, or -1 */
	uint64_t rejected_before; /* by earlier runs, and those of earlier lives not in account */
};

/* Feeds all inputs from account->first on, then the end of the stream. As ivp_feeder_run. */
int ivp_feed_all(const struct ivp_feed *feed, struct ivp_why *why);

/* An input does not become a frame: notes it, says so. Returns 0 or -errno. */
int ivp_feed_reject(const struct ivp_feed *feed, size_t input, const char *reason);

#endif
