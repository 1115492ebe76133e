/* SPDX-License-Identifier: MIT */
/*
 * A consumer that is lapped while it lays its hands on the oldest frame tries a newer one: 1, 3,
 * 7, ... frames newer than the oldest, until that is the newest, which is lost only if the
 * producer fills all other slots within a few instructions of ours. Then it gives up for now.
 */
#include "transport/overwrite.h"

#include "transport/step.h"

#define MOST_TRIES 20 /* 2^17 - 1 frames newer is beyond any ring */

static int corrupt(const struct ivp_consumer *consumer, const char *text, int error,
		   struct ivp_why *why)
{
	ivp_why_set(why, "link '%s': the producer is corrupt: %s", consumer->header.link_name,
		    text);
	return error;
}

/* Is position one that the producer passed over? Its slot then is as an earlier lap left it. */
static bool is_passed_over(const struct ivp_ring_consumer *ring, uint64_t position,
			   uint64_t sequence)
{
	return sequence != 0 && sequence <= position &&
	       ((position + 1 - sequence) & (ring->slots - 1)) == 0;
}

/*
 * From position, at hand, to the first one that holds a frame. Returns 0 with *position, which is
 * at hand then; IVP_EMPTY with *oldest if one on the way is lost; -EPROTO; or -EBADMSG.
 */
static int pass_over(struct ivp_consumer *consumer, ivp_overwrite_sequence *sequence,
		     uint64_t *position, uint64_t *oldest)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	unsigned left = consumer->header.consumers;

	for (;;) {
		const uint64_t seen = sequence(consumer, *position);

		if (seen == *position + 1)
			return 0;
		if (left-- == 0 || *position + 1 >= ring->head ||
		    !is_passed_over(ring, *position, seen))
			return -EBADMSG;
		++*position;
		IVP_STEP(D1);
		const int result = ivp_ring_take(ring, *position, oldest);
		if (result)
			return result;
	}
}

int ivp_overwrite_acquire(struct ivp_consumer *consumer, ivp_overwrite_sequence *sequence,
			  struct ivp_why *why)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	const bool latest = consumer->header.policy == IVP_POLICY_LATEST;
	uint64_t position = ring->tail, oldest = 0;
	int result = IVP_EMPTY;

	if (ring->held)
		return 0;
	if (latest) {
		const uint64_t head = ivp_load_acquire(&ring->peer->position); /* C1 */

		if (head > ring->head) /* else ivp_ring_take tells */
			ring->head = head;
		position = ring->head - 1;
	}
	for (unsigned tries = 0; tries < MOST_TRIES; tries++) {
		IVP_STEP(D1);
		result = ivp_ring_take(ring, position, &oldest);
		if (result == 0)
			result = pass_over(consumer, sequence, &position, &oldest);
		if (result != IVP_EMPTY)
			break;
		const uint64_t newest = ring->head - 1, margin = ((uint64_t)1 << tries) - 1;

		position = latest || newest - oldest < margin ? newest : oldest + margin;
	}
	if (result != 0)
		ivp_ring_let_go(ring);
	if (result == -EPROTO)
		return corrupt(consumer, "its position went where it cannot be", result, why);
	if (result == -EBADMSG)
		return corrupt(consumer, "there is no frame where one has to be", result, why);
	if (result == 0) {
		ring->tail = position;
		ring->held = position + 1;
		IVP_STEP(held);
		ivp_store_release(&ring->own->held, ring->held);
	}
	return result;
}

int ivp_overwrite_note(struct ivp_consumer *consumer, uint64_t ordinal, struct ivp_why *why)
{
	struct ivp_ring_consumer *ring = &consumer->ring;

	/* Positions that were passed over make it less than its position, nothing makes it more. */
	if (ordinal < ring->taken || ordinal > ring->tail)
		return corrupt(consumer, "a frame's ordinal cannot be", -EBADMSG, why);
	ring->ordinal = ordinal;
	IVP_STEP(missed);
	ivp_store_relaxed(&ring->own->ordinal, ordinal);
	ivp_store_release(&ring->own->policy_dropped, ordinal - ring->taken);
	return 0;
}

void ivp_overwrite_release(struct ivp_consumer *consumer)
{
	struct ivp_ring_consumer *ring = &consumer->ring;

	IVP_STEP(taken);
	ring->taken = ring->ordinal + 1 - ivp_load_relaxed(&ring->own->policy_dropped);
	ivp_store_release(&ring->own->taken, ring->taken);
	IVP_STEP(D3);
	ivp_ring_let_go(ring);
}

void ivp_overwrite_resume(struct ivp_ring_consumer *ring)
{
	struct ivp_wire_owner *own = ring->own;
	const uint64_t claim = ivp_load_relaxed(&own->claim), held = ivp_load_relaxed(&own->held);
	const uint64_t ordinal = ivp_load_relaxed(&own->ordinal);

	ring->taken = ivp_load_relaxed(&own->taken);
	if (claim != 0 && claim == held && claim > ring->tail && claim <= ring->head) {
		ring->held = held;
		ring->tail = held - 1;
		return;
	}
	if (claim != 0 && claim == held && claim == ring->tail) {
		ring->taken = ordinal + 1 - ivp_load_relaxed(&own->policy_dropped);
		ivp_store_release(&own->taken, ring->taken);
	}
	ivp_ring_let_go(ring);
}
