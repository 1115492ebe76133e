/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a peer's position to change, and telling a peer that ours did. Three back
 * ends: futex where both peers run on one kernel, doorbell where both are joined to one doorbell
 * server (bell.h), poll everywhere. wire.h, section 4, has the rule and
 * why no wake-up is lost. One thread per backoff; the functions keep no other state.
 */
#ifndef IVP_TRANSPORT_NOTIFY_H
#define IVP_TRANSPORT_NOTIFY_H

#include <ivpipe/link.h>

/* Balanced, for a machine of which only the number of processors is known. */
void ivp_backoff_init(struct ivp_backoff *backoff);
/* For one on which a wake-up costs so much; 0: spinning makes no sense there. */
void ivp_backoff_set(struct ivp_backoff *backoff, enum ivp_wait_mode mode, uint64_t wakeup_ns);

struct ivp_wait {
	struct ivp_wire_owner *own;
	const struct ivp_wire_owner *peer; /* whose position we wait for */
	uint64_t seen;                     /* the peer's position, not enough for us */
	uint64_t enough;                   /* the position that is: above seen */
	uint64_t kernel_id;                /* ours, 0 if not known */
	struct ivp_bell *bell;             /* ours, or NULL */
	const uint64_t *rows; /* not NULL: the rows of a frame that is shown early will do, too */
	uint64_t rows_seen;   /* the word, not enough for us */
	uint32_t rows_enough; /* the lower half that is */
	uint32_t rows_ring;   /* the one to be rung for: not for each strip */
	unsigned pauses;      /* between looks, of 64; 0: look at each */
	uint64_t *look_ns;    /* not NULL: how long the look took that saw it move; 0: none did */
};

/*
 * Returns when the peer's position differs from seen, or there are rows enough, or after timeout_ns, or on a signal. Spins
 * for about as long as a wake-up costs, then sleeps; when the last wait was in vain, sleeps at
 * once: who waits for long in slices spins in the first only. The caller looks at the position
 * itself.
 */
void ivp_notify_wait(const struct ivp_wait *wait, uint64_t timeout_ns, struct ivp_backoff *backoff);

/* By which the producer, and by which consumer i is rung. */
#define IVP_VECTOR_PRODUCER    0u
#define IVP_VECTOR_CONSUMER(i) (1u + (i))

/* Rings the peer, at its vector, if it waits for a position that ours passed on its way from
 * before to after. Call it after ivp_ring_moved. A failure is harmless: whoever sleeps looks again
 * by itself. */
void ivp_notify_ring(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer, uint64_t before,
		     uint64_t after, const struct ivp_attach *self, unsigned vector);

/* The same for a peer that waits for rows, now that the lower half of the word is low. */
void ivp_notify_ring_rows(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer,
			  uint32_t low, const struct ivp_attach *self, unsigned vector);

/* Says in our own window where we can be rung. */
void ivp_notify_join(struct ivp_wire_owner *own, const struct ivp_bell *bell);

/* Rings whoever sleeps on our position, asked or not: a peer that attaches may be the successor
 * of one that died between its last store and its ring. By futex all, by doorbell this peer. */
void ivp_notify_kick(struct ivp_wire_owner *own);
void ivp_notify_greet(const struct ivp_wire_owner *peer, struct ivp_bell *bell, unsigned vector);

#endif
