/* SPDX-License-Identifier: MIT */
/* Frames into a link, over the ring of ring.h, which reads once what consumers can write. */
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
	int stale = ivp_owner_check(producer->ring.own, producer->ring.head, producer->generation,
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

void ivp_producer_account(struct ivp_producer *producer, uint64_t busy_ns, uint64_t wait_ns)
{
	ivp_owner_count(&producer->ring.own->busy_ns, busy_ns);
	ivp_owner_count(&producer->ring.own->wait_ns, wait_ns);
}
