/* SPDX-License-Identifier: MIT */
/*
 * Frames in and out of a link, over the ring of ring.h. What the peer can write is read once
 * here: positions in ring.h, descriptors in ivp_consumer_acquire.
 */
#include <ivpipe/link.h>

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/units.h"
#include "transport/notify.h"
#include "transport/overwrite.h"
#include "transport/owner.h"
#include "transport/placement.h"
#include "transport/slot.h"
#include "transport/step.h"
#include "transport/watermark.h"

static struct ivp_wire_descriptor *producer_descriptor(const struct ivp_producer *producer,
						       uint64_t position)
{
	return (void *)(producer->data + ivp_slot_descriptor(&producer->header, position));
}

static const void *consumer_descriptor(const struct ivp_consumer *consumer, uint64_t position)
{
	return consumer->data + ivp_slot_descriptor(&consumer->header, position);
}

/*
 * Is our window as we left it? Not if this program, or the guest that it runs in, was restored
 * from a snapshot, or if somebody attached in our place. Both words are on lines that we write.
 */
static int check_own(const struct ivp_wire_owner *own, uint64_t position, uint32_t generation,
		     const char *link, struct ivp_why *why)
{
	if (ivp_load_relaxed(&own->position) == position &&
	    ivp_load32_relaxed(&own->generation) == generation)
		return 0;
	ivp_why_set(why,
		    "link '%s': our own window is at position %llu of generation %u, we are at "
		    "%llu of %u: set back to an earlier state, or another program writes there",
		    link, (unsigned long long)ivp_load_relaxed(&own->position),
		    ivp_load32_relaxed(&own->generation), (unsigned long long)position, generation);
	return -ESTALE;
}

/* Where the next frame goes, once a slot is reserved. */
static uint64_t next_position(const struct ivp_ring_producer *ring)
{
	return ring->overwrites ? ring->filling : ring->head;
}

static int reserve(struct ivp_ring_producer *ring, unsigned *which)
{
	if (ring->overwrites) {
		IVP_STEP(D2);
		return ivp_ring_clear(ring, which);
	}
	IVP_STEP(P2);
	return ivp_ring_reserve(ring, which);
}

/* As reserve. Where the consumer has moved meanwhile, its line has to come over. */
static int reserve_and_time(struct ivp_producer *producer, unsigned *which)
{
	struct ivp_ring_producer *ring = &producer->ring;
	const uint64_t limit = ring->limit;

	if (ring->head < limit || !ivp_placement_wanted(producer))
		return reserve(ring, which);

	ivp_ring_hold_off(&ring->moved, ring->slots);
	const uint64_t before_ns = ivp_now_ns();
	const int result = reserve(ring, which);
	if (ring->limit != limit)
		ivp_placement_add(&producer->placement, ivp_now_ns() - before_ns);
	return result;
}

static void describe_slot(const struct ivp_producer *producer, uint64_t position,
			  struct ivp_slot *slot)
{
	const struct ivp_wire_header *header = &producer->header;

	slot->position = position;
	slot->payload = producer->data + ivp_slot_payload(header, position);
	slot->payload_bytes = header->payload_bytes;
	slot->metadata = producer->data + ivp_slot_metadata(header, position);
	slot->metadata_bytes = header->metadata_bytes;
	slot->stores = ivp_placement_stores(producer);
}

static void blame_consumer(const struct ivp_producer *producer, unsigned which, struct ivp_why *why)
{
	ivp_why_set(why, "link '%s': consumer %u is corrupt: its position went where it cannot be",
		    producer->header.link_name, which);
}

int ivp_producer_reserve(struct ivp_producer *producer, struct ivp_slot *slot, struct ivp_why *why)
{
	unsigned which = 0;
	int stale = check_own(producer->ring.own, producer->ring.head, producer->generation,
			      producer->header.link_name, why);
	if (stale)
		return stale;
	int result = reserve_and_time(producer, &which);

	if (result < 0)
		blame_consumer(producer, which, why);
	if (result == 0)
		describe_slot(producer, next_position(&producer->ring), slot);
	return result;
}

int ivp_producer_reserve_ahead(struct ivp_producer *producer, unsigned ahead, struct ivp_slot *slot,
			       struct ivp_why *why)
{
	struct ivp_ring_producer *ring = &producer->ring;
	unsigned which = 0;

	if (ahead == 0)
		return ivp_producer_reserve(producer, slot, why);
	if (ring->overwrites || ahead >= ring->slots)
		return IVP_FULL;
	int result = ivp_ring_reserve_ahead(ring, ahead, &which);

	if (result < 0)
		blame_consumer(producer, which, why);
	if (result == 0)
		describe_slot(producer, ring->head + ahead, slot);
	return result;
}

void ivp_producer_commit(struct ivp_producer *producer, const struct ivp_frame *frame)
{
	struct ivp_ring_producer *ring = &producer->ring;
	const struct ivp_wire_header *header = &producer->header;
	uint64_t before = ring->head, position = next_position(ring);
	uint8_t *payload = producer->data + ivp_slot_payload(header, position);
	struct ivp_wire_descriptor *shared = producer_descriptor(producer, position);
	struct ivp_wire_descriptor raw;

	ivp_frame_describe(frame, position, &raw);
	raw.ordinal = ring->ordinal;
	ivp_slot_clear(producer, position, frame);
	if (producer->self.checksum && frame->payload_bytes) {
		raw.flags |= IVP_FLAG_CHECKSUM;
		raw.checksum = XXH3_64bits(payload, frame->payload_bytes);
	} else {
		raw.flags &= (uint16_t)~IVP_FLAG_CHECKSUM;
		raw.checksum = 0;
	}
	if (ivp_link_is_early(header))
		ivp_watermark_commit(producer, position, &raw);
	IVP_STEP(describe);
	if (ivp_link_is_early(header))
		ivp_slot_store(shared, &raw); /* whole words: somebody may be looking */
	else
		memcpy(shared, &raw, ivp_slot_trail_end(&raw));

	ivp_owner_count(&ring->own->frames, frame->kind != IVP_KIND_END);
	ivp_owner_count(&ring->own->bytes, frame->payload_bytes);
	ivp_owner_count(&ring->own->errors, frame->kind == IVP_KIND_ERROR);
	ivp_owner_count(&ring->own->dropped, frame->kind == IVP_KIND_DROPPED);
	ivp_owner_beat(ring->own);
	ring->ordinal += ring->overwrites;
	ring->cleared = false;
	IVP_STEP(P1);
	ivp_ring_commit(ring, position + 1 - before);
	IVP_STEP(W2);
	ivp_ring_moved();
	for (unsigned i = 0; i < ring->peers; i++)
		ivp_notify_ring(ring->own, ring->peer[i], before, ring->head, &producer->self,
				IVP_VECTOR_CONSUMER(i));
	ivp_slot_fetch_ahead(producer);
}

bool ivp_producer_may_drop(const struct ivp_producer *producer, unsigned kind)
{
	return producer->header.policy == IVP_POLICY_DROP_NEWEST && kind != IVP_KIND_END &&
	       kind != IVP_KIND_ERROR && kind != IVP_KIND_DROPPED;
}

void ivp_producer_drop(struct ivp_producer *producer, uint64_t origin_position)
{
	struct ivp_wire_owner *own = producer->ring.own;

	IVP_STEP(dropped);
	ivp_store_release(&own->dropped_origin, origin_position + 1);
	ivp_owner_count(&own->policy_dropped, 1);
	ivp_owner_beat(own);
}

uint64_t ivp_producer_dropped(const struct ivp_producer *producer)
{
	return ivp_load_relaxed(&producer->ring.own->dropped_origin);
}

void ivp_producer_forget_drops(struct ivp_producer *producer)
{
	ivp_store_relaxed(&producer->ring.own->dropped_origin, 0);
}

bool ivp_producer_last(const struct ivp_producer *producer, struct ivp_frame *frame)
{
	const struct ivp_slot_limits limits = {producer->header.payload_bytes,
					       producer->header.metadata_bytes};
	uint64_t head = producer->ring.head;
	struct ivp_wire_descriptor raw;

	if (head == 0)
		return false;
	/* Where both windows share a region, a hostile consumer can write here too. */
	ivp_slot_load(producer_descriptor(producer, head - 1), &raw);
	return ivp_frame_check(&raw, head - 1, &limits, frame, NULL) == 0;
}

/* Which consumer holds the ring up: the one with the lowest tail. */
static unsigned slowest(const struct ivp_ring_producer *ring)
{
	unsigned which = 0;

	for (unsigned i = 1; i < ring->peers; i++)
		if (ring->tail[i] < ring->tail[which])
			which = i;
	return which;
}

int ivp_producer_wait(struct ivp_producer *producer, uint64_t timeout_ns)
{
	struct ivp_ring_producer *ring = &producer->ring;
	int result = ring->overwrites ? 0 : ivp_ring_reserve(ring, NULL);

	ivp_owner_beat(ring->own);
	if (result == IVP_FULL) {
		unsigned which = slowest(ring);
		uint64_t look_ns = 0;
		struct ivp_wait wait = {.own = ring->own,
					.peer = ring->peer[which],
					.seen = ring->tail[which],
					.enough = ring->tail[which] + 1,
					.kernel_id = producer->self.kernel_id,
					.bell = producer->self.bell,
					.pauses = IVP_RING_HOLD_OFF,
					.look_ns =
					    ivp_placement_wanted(producer) ? &look_ns : NULL};
		ivp_notify_wait(&wait, timeout_ns, &producer->backoff);
		if (look_ns)
			ivp_placement_add(&producer->placement, look_ns);
		result = ivp_ring_reserve(ring, NULL);
	}
	return result == IVP_FULL ? IVP_TIMEOUT : result;
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
	int result = check_own(ring->own, ring->released, consumer->generation,
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

void ivp_producer_account(struct ivp_producer *producer, uint64_t busy_ns, uint64_t wait_ns)
{
	ivp_owner_count(&producer->ring.own->busy_ns, busy_ns);
	ivp_owner_count(&producer->ring.own->wait_ns, wait_ns);
}
