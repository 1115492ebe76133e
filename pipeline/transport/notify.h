/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a peer's position to change, and telling a peer that ours did. Two back ends:
 * futex where both peers run on one kernel, poll everywhere. wire.h, section 4, has the rule and
 * why no wake-up is lost. One thread per backoff; the functions keep no other state.
 */
#ifndef IVP_TRANSPORT_NOTIFY_H
#define IVP_TRANSPORT_NOTIFY_H

#include <ivpipe/link.h>

/* Takes the measure of the machine: spinning makes no sense on one processor. */
void ivp_backoff_init(struct ivp_backoff *backoff);

struct ivp_wait {
	struct ivp_wire_owner *own;
	const struct ivp_wire_owner *peer; /* whose position we wait for */
	uint64_t seen;                     /* the peer's position, not enough for us */
	uint64_t enough;                   /* the position that is: above seen */
	uint64_t kernel_id;                /* ours, 0 if not known */
};

/*
 * Returns when the peer's position differs from seen, or after timeout_ns, or on a signal. Spins
 * for about as long as a wake-up costs, then sleeps. The caller looks at the position itself.
 */
void ivp_notify_wait(const struct ivp_wait *wait, uint64_t timeout_ns, struct ivp_backoff *backoff);

/* Rings the peer if it waits for a position that ours passed on its way from before to after.
 * Call it after ivp_ring_moved. A failure is harmless: whoever sleeps looks again by itself. */
void ivp_notify_ring(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer, uint64_t before,
		     uint64_t after, uint64_t kernel_id);

/* Rings whoever sleeps on our position, asked or not: a peer that attaches may be the successor
 * of one that died between its last store and its ring. */
void ivp_notify_kick(struct ivp_wire_owner *own);

#endif
