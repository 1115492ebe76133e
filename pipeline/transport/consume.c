/* SPDX-License-Identifier: MIT */
/*
 * Frames out of a link, over the ring of ring.h. What the producer can write is read once here:
 * its position in ring.h, descriptors in ivp_slot_load.
 */
#include <ivpipe/link.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "transport/notify.h"
#include "transport/overwrite.h"
#include "transport/owner.h"
#include "transport/slot.h"
#include "transport/step.h"

static const void *consumer_descriptor(const struct ivp_consumer *consumer, uint64_t position)
{
	return consumer->data + ivp_slot_descriptor(&consumer->header, position);
}

static uint64_t read_sequence(const struct ivp_consumer *consumer, uint64_t position)
{
	const struct ivp_wire_descriptor *shared = consumer_descriptor(consumer, position);

	return ivp_load_relaxed(&shared->sequence);
}

static void blame_producer(const struct ivp_consumer *consumer, struct ivp_why *why)
{
	ivp_why_set(why, "link '%s': the producer is corrupt: its position went where it cannot be",
		    consumer->header.link_name);
}

/* Is there one? Then its position is that of the ring's tail. */
static int find_frame(struct ivp_consumer *consumer, struct ivp_why *why)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	int result = ivp_owner_check(ring->own, ring->released, consumer->generation,
				     consumer->header.link_name, why);

	if (result)
		return result;
	IVP_STEP(C1);
	result = ivp_ring_acquire(ring);
	if (result < 0)
		blame_producer(consumer, why);
	if (result == 0 && ring->overwrites)
		result = ivp_overwrite_acquire(consumer, read_sequence, why);
	return result;
}

/* Copies the descriptor at position, which is at hand, and checks it. */
static int read_frame(const struct ivp_consumer *consumer, uint64_t position,
		      struct ivp_frame *frame, struct ivp_why *why)
{
	const struct ivp_wire_header *header = &consumer->header;
	const struct ivp_slot_limits limits = {header->payload_bytes, header->metadata_bytes};
	struct ivp_wire_descriptor raw;
	struct ivp_why part;

	ivp_slot_load(consumer_descriptor(consumer, position), &raw);
	const int result = ivp_frame_check(&raw, position, &limits, frame, &part);

	if (result)
		ivp_why_set(why, "link '%s': the producer is corrupt: frame at position %llu: %s",
			    header->link_name, (unsigned long long)position, part.text);
	return result;
}

/* Points a checked frame into its slot, and sums its payload if it has a checksum. */
static void place_frame(struct ivp_consumer *consumer, struct ivp_frame *frame)
{
	const struct ivp_wire_header *header = &consumer->header;

	if (frame->kind == IVP_KIND_END)
		consumer->end = frame->position + 1;
	frame->payload = consumer->data + ivp_slot_payload(header, frame->position);
	frame->metadata = consumer->data + ivp_slot_metadata(header, frame->position);
	if ((frame->flags & IVP_FLAG_CHECKSUM) &&
	    XXH3_64bits(frame->payload, frame->payload_bytes) != frame->checksum) {
		frame->kind = IVP_KIND_ERROR;
		frame->status = IVP_FRAME_CHECKSUM;
		frame->shape = (struct ivp_shape){0};
		frame->stride = 0;
	}
}

int ivp_consumer_acquire(struct ivp_consumer *consumer, struct ivp_frame *frame,
			 struct ivp_why *why)
{
	int result = find_frame(consumer, why);

	if (result)
		return result;
	IVP_STEP(copy);
	ivp_slot_load_ahead(consumer);
	result = read_frame(consumer, consumer->ring.tail, frame, why);
	if (result == 0 && consumer->ring.overwrites)
		result = ivp_overwrite_note(consumer, frame->ordinal, why);
	if (result == 0)
		place_frame(consumer, frame);
	return result;
}

int ivp_consumer_acquire_ahead(struct ivp_consumer *consumer, unsigned ahead,
			       struct ivp_frame *frame, struct ivp_why *why)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	int result;

	if (ahead == 0)
		return ivp_consumer_acquire(consumer, frame, why);
	if (ring->overwrites || ahead >= ring->slots)
		return IVP_EMPTY;
	result = ivp_ring_acquire_ahead(ring, ahead);
	if (result < 0)
		blame_producer(consumer, why);
	if (result == 0)
		result = read_frame(consumer, ring->tail + ahead, frame, why);
	if (result == 0)
		place_frame(consumer, frame);
	return result;
}

bool ivp_consumer_ended(struct ivp_consumer *consumer)
{
	const struct ivp_wire_header *header = &consumer->header;
	const struct ivp_slot_limits limits = {header->payload_bytes, header->metadata_bytes};
	uint64_t position = consumer->ring.tail;
	struct ivp_wire_descriptor raw;
	struct ivp_frame frame;

	if (position == 0 || ivp_ring_acquire(&consumer->ring) != IVP_EMPTY)
		return false;
	ivp_slot_load(consumer_descriptor(consumer, position - 1), &raw);
	/* Its slot is filled again only for position - 1 + slots, so after others were committed:
	 * with none there, what was read is what was released. */
	return ivp_frame_check(&raw, position - 1, &limits, &frame, NULL) == 0 &&
	       frame.kind == IVP_KIND_END && ivp_ring_acquire(&consumer->ring) == IVP_EMPTY;
}

unsigned ivp_consumer_begin(struct ivp_consumer *consumer)
{
	struct ivp_wire_owner *own = consumer->ring.own;
	uint64_t position = consumer->ring.tail;
	uint32_t attempt = ivp_load32_relaxed(&own->attempt);

	if (attempt == 0 || ivp_load_relaxed(&own->attempt_position) != position) {
		/* Should we die between these stores, nothing is counted. */
		IVP_STEP(begin);
		ivp_store32_relaxed(&own->attempt, 0);
		ivp_store_release(&own->attempt_position, position);
		attempt = 0;
	}
	attempt++;
	IVP_STEP(attempt);
	__atomic_store_n(&own->attempt, attempt, __ATOMIC_RELEASE);
	ivp_owner_beat(own);
	return attempt;
}

void ivp_consumer_release(struct ivp_consumer *consumer)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	uint64_t position = ring->tail;

	ivp_owner_count(&ring->own->frames, consumer->end != position + 1);
	ivp_owner_beat(ring->own);
	IVP_STEP(C2);
	ivp_ring_release(ring, 1);
	if (ring->overwrites)
		ivp_overwrite_release(consumer);
	IVP_STEP(released);
	ivp_store32_relaxed(&ring->own->attempt, 0);
	IVP_STEP(W2);
	ivp_ring_moved();
	ivp_notify_ring(ring->own, ring->peer, position, ring->tail, &consumer->self,
			IVP_VECTOR_PRODUCER);
}

int ivp_consumer_wait(struct ivp_consumer *consumer, uint64_t timeout_ns)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	int result = ivp_ring_acquire(ring);

	ivp_owner_beat(ring->own);
	if (result == IVP_EMPTY) {
		struct ivp_wait wait = {.own = ring->own,
					.peer = ring->peer,
					.seen = ring->head,
					.enough = ring->head + 1,
					.kernel_id = consumer->self.kernel_id,
					.bell = consumer->self.bell};
		ivp_notify_wait(&wait, timeout_ns, &consumer->backoff);
		result = ivp_ring_acquire(ring);
	}
	return result == IVP_EMPTY ? IVP_TIMEOUT : result;
}
