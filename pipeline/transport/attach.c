/* SPDX-License-Identifier: MIT */
/*
 * Attaching to a link and leaving it: the checks of both windows, the refusal that the peer can
 * read, and what is known of the peer afterwards. A header is read once; the geometry is taken
 * from the window that only we can write.
 */
#include <ivpipe/link.h>

#include <stdio.h>
#include <string.h>

#include "transport/notify.h"
#include "transport/overwrite.h"
#include "transport/owner.h"
#include "transport/placement.h"
#include "transport/step.h"
#include "transport/window.h"

#define LONGEST_GAP_NS 1000000000u /* between two looks at a peer: what counts as silence */

static struct ivp_wire_owner *owner_of(void *window)
{
	return (void *)((uint8_t *)window + IVP_WIRE_OWNER_OFFSET);
}

static const struct ivp_wire_owner *peer_of(const void *window)
{
	return (const void *)((const uint8_t *)window + IVP_WIRE_OWNER_OFFSET);
}

/* Refuses: the reason goes to the caller, and to the peers by our own window. */
static int refuse(void *own, unsigned reason, int error, struct ivp_why *why, const char *text)
{
	ivp_window_refuse(own, reason, 0, text);
	ivp_why_set(why, "%s", text);
	return error;
}

/* Is theirs a window of the link that ours belongs to? */
static const char *find_mismatch(const struct ivp_wire_header *ours,
				 const struct ivp_wire_header *theirs)
{
	struct ivp_wire_header same = *theirs;

	if (strcmp(ours->link_name, theirs->link_name) != 0 ||
	    memcmp(ours->uuid, theirs->uuid, sizeof(ours->uuid)) != 0)
		return "the two windows belong to different links";
	if (ours->epoch != theirs->epoch)
		return "the two windows were not created together";
	same.kind = ours->kind;
	same.consumer = ours->consumer;
	same.window_bytes = ours->window_bytes;
	same.minor = ours->minor;
	if (memcmp(&same, ours, sizeof(same)) != 0)
		return "the two windows disagree about the link's geometry";
	return NULL;
}

/* Inspects our own window and takes the geometry from it. */
static int inspect_own(struct ivp_mapping mapping, unsigned kind, struct ivp_wire_header *header,
		       struct ivp_why *why)
{
	struct ivp_why part;
	int error = ivp_window_inspect(mapping.base, mapping.bytes, header, &part);

	if (error) {
		ivp_why_set(why, "own window: %s", part.text);
		if (error == -EPROTONOSUPPORT)
			ivp_window_refuse(mapping.base, IVP_REFUSED_VERSION,
					  (uint64_t)header->major << 16 | header->minor, part.text);
		else if (error == -EBADMSG)
			ivp_window_refuse(mapping.base, IVP_REFUSED_GEOMETRY, 0, part.text);
		return error;
	}
	if (header->kind != kind)
		return refuse(mapping.base, IVP_REFUSED_IDENTITY, -EINVAL, why,
			      kind == IVP_WINDOW_DATA ? "own window is not a data window"
						      : "own window is not a credit window");
	return 0;
}

static int inspect_peer(struct ivp_mapping mapping, unsigned kind, unsigned consumer, void *own,
			const struct ivp_wire_header *ours, struct ivp_why *why)
{
	struct ivp_wire_header theirs;
	struct ivp_why part;
	int error = ivp_window_inspect(mapping.base, mapping.bytes, &theirs, &part);

	if (error) {
		char text[sizeof(part.text) + 32];
		snprintf(text, sizeof(text), "the peer's window: %s", part.text);
		if (error != -EAGAIN)
			return refuse(own,
				      error == -EPROTONOSUPPORT ? IVP_REFUSED_VERSION
								: IVP_REFUSED_GEOMETRY,
				      error, why, text);
		ivp_why_set(why, "%s", text);
		return error;
	}
	if (theirs.kind != kind || theirs.consumer != consumer)
		return refuse(own, IVP_REFUSED_IDENTITY, -EINVAL, why,
			      "the peer's window is not the one that belongs there");
	const char *mismatch = find_mismatch(ours, &theirs);
	if (mismatch)
		return refuse(own, IVP_REFUSED_GEOMETRY, -EBADMSG, why, mismatch);
	return 0;
}

/* From here on we are there, for all to see. Returns the state that was found. */
static uint32_t announce(void *window, const struct ivp_attach *self)
{
	const struct ivp_wire_recovery *refusal =
	    (const void *)((const uint8_t *)window + IVP_WIRE_RECOVERY_OFFSET);
	struct ivp_wire_owner *own = owner_of(window);
	uint32_t found = ivp_load32_relaxed(&own->state);

	/* An earlier refusal holds no more. */
	if (ivp_load32_relaxed(&refusal->serial) != 0 && refusal->reason != IVP_REFUSED_NOT)
		ivp_window_refuse(window, IVP_REFUSED_NOT, 0, "");
	IVP_STEP(attach);
	ivp_store_relaxed(&own->wake_at, 0);
	ivp_store_relaxed(&own->wake_rows, 0);
	ivp_store_relaxed(&own->kernel_id, self->kernel_id);
	ivp_notify_join(own, self->bell);
	ivp_store32_relaxed(&own->process_id, self->process_id);
	ivp_store32_relaxed(&own->exit_code, 0);
	ivp_owner_beat(own);
	IVP_STEP(attached);
	ivp_store32_relaxed(&own->generation, own->generation + 1);
	__atomic_store_n(&own->state, IVP_STATE_ATTACHED, __ATOMIC_RELEASE);
	ivp_full_fence();
	IVP_STEP(kick);
	ivp_notify_kick(own);
	return found;
}

/*
 * An earlier life may have died while it filled the slot of this position, which was nobody's:
 * its descriptor does not say any more what is in it. And if it described a frame that it did not
 * commit, that must not pass for one if the position is passed over now.
 */
static void forget_filling(const struct ivp_producer *producer, uint64_t position)
{
	const struct ivp_wire_header *header = &producer->header;
	struct ivp_wire_descriptor *shared =
	    (void *)(producer->data + header->descriptor_offset +
		     (position & (header->slots - 1)) * header->descriptor_stride);

	if (ivp_load_relaxed(&shared->sequence) == position + 1)
		ivp_store_relaxed(&shared->sequence,
				  position < header->slots ? 0 : position + 1 - header->slots);
	ivp_store_relaxed(&shared->payload_bytes, header->payload_bytes);
	ivp_store32_relaxed(&shared->metadata_bytes, header->metadata_bytes);
}

/* A link that overwrites: what the window says beyond head. */
static void resume_overwriting(struct ivp_producer *producer)
{
	struct ivp_ring_producer *ring = &producer->ring;
	const uint64_t most = ring->head + ring->peers + 1;
	const uint64_t filling = ivp_load_relaxed(&ring->own->held);
	struct ivp_frame last;

	ring->announced = ivp_load_relaxed(&ring->own->claim);
	if (ring->announced > most)
		ring->announced = most; /* a shared region, and a hostile peer */
	ring->ordinal = ring->head;
	if (ivp_producer_last(producer, &last) && last.ordinal < ring->head)
		ring->ordinal = last.ordinal + 1;
	if (filling > ring->head && filling <= most)
		forget_filling(producer, filling - 1);
}

int ivp_producer_attach(struct ivp_producer *producer, struct ivp_mapping data,
			const struct ivp_mapping *credits, unsigned credit_count,
			const struct ivp_attach *self, struct ivp_why *why)
{
	struct ivp_ring_producer *ring = &producer->ring;

	memset(producer, 0, sizeof(*producer));
	int error = inspect_own(data, IVP_WINDOW_DATA, &producer->header, why);
	if (error)
		return error;
	if (credit_count != producer->header.consumers)
		return refuse(data.base, IVP_REFUSED_GEOMETRY, -EINVAL, why,
			      "not every consumer's credit window is there");
	for (unsigned i = 0; i < credit_count; i++) {
		error = inspect_peer(credits[i], IVP_WINDOW_CREDIT, i, data.base, &producer->header,
				     why);
		if (error)
			return error;
		ring->peer[i] = peer_of(credits[i].base);
	}

	ring->own = owner_of(data.base);
	ring->peers = credit_count;
	ring->slots = producer->header.slots;
	ring->head = ivp_load_relaxed(&ring->own->position);
	ring->overwrites = ivp_ring_overwrites(producer->header.policy);
	if (ivp_ring_reserve(ring, NULL) == -EPROTO)
		goto corrupt;
	for (unsigned i = 0; i < credit_count; i++)
		if (!ring->overwrites && ring->head - ring->tail[i] > ring->slots)
			goto corrupt;
	producer->data = data.base;
	ivp_placement_init(&producer->placement);
	/* A window that nobody wrote yet is all zero. */
	producer->unknown_until =
	    ivp_load32_relaxed(&ring->own->generation) ? ring->head + ring->slots : 0;
	if (ring->overwrites)
		resume_overwriting(producer);
	producer->self = *self;
	ivp_backoff_init(&producer->backoff);
	producer->left_state = announce(data.base, self);
	producer->generation = ivp_load32_relaxed(&ring->own->generation);
	for (unsigned i = 0; i < credit_count; i++)
		ivp_notify_greet(ring->peer[i], self->bell, IVP_VECTOR_CONSUMER(i));
	return 0;

corrupt:
	memset(ring, 0, sizeof(*ring));
	return refuse(data.base, IVP_REFUSED_CORRUPT, -EPROTO, why,
		      "the positions of the two sides cannot be");
}

int ivp_consumer_attach(struct ivp_consumer *consumer, struct ivp_mapping data,
			struct ivp_mapping credit, const struct ivp_attach *self,
			struct ivp_why *why)
{
	struct ivp_ring_consumer *ring = &consumer->ring;

	memset(consumer, 0, sizeof(*consumer));
	int error = inspect_own(credit, IVP_WINDOW_CREDIT, &consumer->header, why);
	if (error)
		return error;
	error = inspect_peer(data, IVP_WINDOW_DATA, 0, credit.base, &consumer->header, why);
	if (error)
		return error;

	ring->own = owner_of(credit.base);
	ring->peer = peer_of(data.base);
	ring->slots = consumer->header.slots;
	ring->overwrites = ivp_ring_overwrites(consumer->header.policy);
	ring->tail = ring->head = ring->released = ivp_load_relaxed(&ring->own->position);
	if (ivp_ring_acquire(ring) == -EPROTO) {
		memset(ring, 0, sizeof(*ring));
		return refuse(credit.base, IVP_REFUSED_CORRUPT, -EPROTO, why,
			      "the positions of the two sides cannot be");
	}
	if (ring->overwrites)
		ivp_overwrite_resume(ring);
	consumer->data = data.base;
	consumer->self = *self;
	ivp_backoff_init(&consumer->backoff);
	consumer->left_state = announce(credit.base, self);
	consumer->generation = ivp_load32_relaxed(&ring->own->generation);
	ivp_notify_greet(ring->peer, self->bell, IVP_VECTOR_PRODUCER);
	return 0;
}

void ivp_producer_beat(struct ivp_producer *producer)
{
	ivp_owner_beat(producer->ring.own);
}

void ivp_consumer_beat(struct ivp_consumer *consumer)
{
	ivp_owner_beat(consumer->ring.own);
}

static enum ivp_peer look_at(const struct ivp_wire_owner *peer, struct ivp_liveness *alive,
			     uint64_t now_ns, uint64_t *silent_ns)
{
	uint64_t heartbeat = ivp_load_relaxed(&peer->heartbeat);
	uint32_t generation = ivp_load32_relaxed(&peer->generation);
	uint32_t state = ivp_load32_relaxed(&peer->state);

	bool first = alive->looked_ns == 0;

	if (!first && now_ns - alive->looked_ns > LONGEST_GAP_NS)
		alive->changed_ns += now_ns - alive->looked_ns - LONGEST_GAP_NS;
	alive->looked_ns = now_ns;
	if (first || heartbeat != alive->heartbeat || generation != alive->generation) {
		alive->heartbeat = heartbeat;
		alive->generation = generation;
		alive->changed_ns = now_ns;
	}
	*silent_ns = now_ns - alive->changed_ns;
	if (generation == 0)
		return IVP_PEER_ABSENT;
	if (state == IVP_STATE_FINISHED)
		return IVP_PEER_FINISHED;
	return state == IVP_STATE_FAILED ? IVP_PEER_FAILED : IVP_PEER_ATTACHED;
}

enum ivp_peer ivp_producer_peer(struct ivp_producer *producer, unsigned index, uint64_t now_ns,
				uint64_t *silent_ns)
{
	return look_at(producer->ring.peer[index], &producer->alive[index], now_ns, silent_ns);
}

enum ivp_peer ivp_consumer_peer(struct ivp_consumer *consumer, uint64_t now_ns, uint64_t *silent_ns)
{
	return look_at(consumer->ring.peer, &consumer->alive, now_ns, silent_ns);
}

/* Who was set back, or replaced, must not speak for whoever came after him. */
static bool is_ours(const struct ivp_wire_owner *own, uint32_t generation)
{
	return own && ivp_load32_relaxed(&own->generation) == generation;
}

static void leave(struct ivp_wire_owner *own, uint32_t state, uint32_t exit_code)
{
	IVP_STEP(leave);
	ivp_store32_relaxed(&own->exit_code, exit_code);
	__atomic_store_n(&own->state, state, __ATOMIC_RELEASE);
	ivp_full_fence();
}

void ivp_producer_finish(struct ivp_producer *producer, uint32_t state, uint32_t exit_code)
{
	if (is_ours(producer->ring.own, producer->generation))
		leave(producer->ring.own, state, exit_code);
	memset(&producer->ring, 0, sizeof(producer->ring));
}

void ivp_consumer_finish(struct ivp_consumer *consumer, uint32_t state, uint32_t exit_code)
{
	if (is_ours(consumer->ring.own, consumer->generation)) {
		/* Leaving with an error is no crash: the frame at hand is not to blame. */
		ivp_store32_relaxed(&consumer->ring.own->attempt, 0);
		leave(consumer->ring.own, state, exit_code);
	}
	memset(&consumer->ring, 0, sizeof(consumer->ring));
}
