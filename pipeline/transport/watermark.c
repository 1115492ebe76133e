/* SPDX-License-Identifier: MIT */
/*
 * Early start: frames that are shown while they are still being filled. See wire.h, section 9, for
 * the protocol and why it is safe; nothing here publishes or releases a frame.
 */
#include "transport/watermark.h"

#include <string.h>

#include "transport/notify.h"
#include "transport/owner.h"
#include "transport/slot.h"
#include "transport/step.h"

#define RING_SHARE 16 /* a sleeper is rung for no less than this part of an image */

static struct ivp_wire_descriptor *shown_descriptor(const struct ivp_producer *producer,
						    uint64_t position)
{
	return (void *)(producer->data + ivp_slot_descriptor(&producer->header, position));
}

/* The word of the next showing, with nothing shown. Serial 0 is what a window begins with, and
 * what peers store that know of no early start. */
static uint64_t next_serial(uint64_t word)
{
	const uint32_t serial = (uint32_t)(word >> 32) + 1;

	return (uint64_t)(serial ? serial : 1) << 32;
}

/* Stores the word that says that nothing is shown, before all that follows, and returns it. */
static uint64_t take_back(struct ivp_producer *producer, struct ivp_wire_descriptor *shared)
{
	IVP_STEP(withdraw);
	producer->shown = 0;
	producer->rows = next_serial(ivp_load_relaxed(&shared->rows));
	ivp_store_relaxed(&shared->rows, producer->rows);
	ivp_store_fence();
	return producer->rows;
}

/* Rings consumers that wait for this lower half, or less. */
static void ring_waiters(struct ivp_producer *producer, uint32_t low)
{
	struct ivp_ring_producer *ring = &producer->ring;

	IVP_STEP(W2);
	ivp_ring_moved();
	for (unsigned i = 0; i < ring->peers; i++)
		ivp_notify_ring_rows(ring->own, ring->peer[i], low, &producer->self,
				     IVP_VECTOR_CONSUMER(i));
}

void ivp_producer_rows(struct ivp_producer *producer, uint32_t rows)
{
	struct ivp_wire_descriptor *shared;

	if (!producer->shown)
		return;
	shared = shown_descriptor(producer, producer->shown - 1);
	producer->rows = (producer->rows >> 32 << 32) + rows + 1;
	ivp_store_fence();
	IVP_STEP(R1);
	ivp_store_release(&shared->rows, producer->rows); /* R1 */
	ring_waiters(producer, ivp_rows_low(producer->rows));
}

void ivp_producer_show(struct ivp_producer *producer, const struct ivp_frame *frame, uint32_t rows)
{
	const uint64_t position = producer->ring.head;
	struct ivp_wire_descriptor *shared = shown_descriptor(producer, position);
	struct ivp_wire_descriptor raw;

	if (!ivp_link_is_early(&producer->header) || frame->kind != IVP_KIND_PIXELS)
		return;
	take_back(producer, shared);
	/* Now, while the descriptor still says how much the slot's last frame left there. */
	ivp_slot_clear_older(producer, position, frame);
	ivp_frame_describe(frame, position, &raw);
	raw.flags &= (uint16_t)~IVP_FLAG_CHECKSUM;
	raw.checksum = 0;
	raw.rows = producer->rows;
	IVP_STEP(show);
	ivp_slot_store(shared, &raw);
	producer->shown = position + 1;
	ivp_producer_rows(producer, rows);
}

void ivp_producer_withdraw(struct ivp_producer *producer)
{
	if (!producer->shown)
		return;
	take_back(producer, shown_descriptor(producer, producer->shown - 1));
	ring_waiters(producer, UINT32_MAX);
}

/* Does raw say of the frame what was said when it was shown? */
static bool is_as_shown(const struct ivp_wire_descriptor *raw,
			const struct ivp_wire_descriptor *shown)
{
	return raw->sequence == shown->sequence && raw->frame_id == shown->frame_id &&
	       raw->origin_position == shown->origin_position &&
	       raw->payload_bytes == shown->payload_bytes && raw->width == shown->width &&
	       raw->height == shown->height && raw->stride == shown->stride &&
	       raw->kind == shown->kind && raw->format == shown->format &&
	       raw->part == shown->part && raw->status == shown->status &&
	       raw->metadata_bytes >= shown->metadata_bytes;
}

void ivp_watermark_commit(struct ivp_producer *producer, uint64_t position,
			  struct ivp_wire_descriptor *raw)
{
	struct ivp_wire_descriptor *shared = shown_descriptor(producer, position);
	struct ivp_wire_descriptor shown;

	ivp_slot_load(shared, &shown);
	if (producer->shown == position + 1 && is_as_shown(raw, &shown))
		raw->rows = (producer->rows >> 32 << 32) + raw->height + 1;
	else
		raw->rows = take_back(producer, shared);
	producer->shown = 0;
}

static const struct ivp_wire_descriptor *due_descriptor(const struct ivp_consumer *consumer)
{
	return (const void *)(consumer->data +
			      ivp_slot_descriptor(&consumer->header, consumer->ring.tail));
}

/* Did an earlier life end while it was at the frame that is due? */
static bool is_deadly(const struct ivp_ring_consumer *ring)
{
	return ivp_load32_relaxed(&ring->own->attempt) != 0 &&
	       ivp_load_relaxed(&ring->own->attempt_position) == ring->tail;
}

int ivp_consumer_look(struct ivp_consumer *consumer, struct ivp_frame *frame)
{
	const struct ivp_wire_header *header = &consumer->header;
	const struct ivp_slot_limits limits = {header->payload_bytes, header->metadata_bytes};
	const uint64_t position = consumer->ring.tail;
	const struct ivp_wire_descriptor *shared = due_descriptor(consumer);
	struct ivp_wire_descriptor raw;

	consumer->rows = 0;
	if (!ivp_link_is_early(header) || is_deadly(&consumer->ring))
		return IVP_EMPTY;
	IVP_STEP(R2);
	const uint64_t before = ivp_load_acquire(&shared->rows); /* R2 */
	if (ivp_rows_low(before) == 0)
		return IVP_EMPTY;
	ivp_slot_load(shared, &raw);
	ivp_full_fence(); /* the copy, then the second look */
	const uint64_t after = ivp_load_relaxed(&shared->rows);
	/* What cannot be may also be an older frame's, or that of a peer which knows of no early
	 * start and is storing just now: it is judged when it is committed. */
	if (!ivp_rows_same_serial(before, after) || ivp_rows_low(after) < ivp_rows_low(before) ||
	    raw.kind != IVP_KIND_PIXELS || ivp_format_pixel_bytes(raw.format) == 0 ||
	    ivp_frame_check(&raw, position, &limits, frame, NULL) != 0 ||
	    ivp_rows_low(after) - 1 > frame->shape.height)
		return IVP_EMPTY;
	frame->payload = consumer->data + ivp_slot_payload(header, position);
	frame->metadata = consumer->data + ivp_slot_metadata(header, position);
	consumer->rows = before;
	consumer->height = frame->shape.height;
	return 0;
}

static int cannot_be(const struct ivp_consumer *consumer, const char *text, struct ivp_why *why)
{
	ivp_why_set(why, "link '%s': the producer is corrupt: frame at position %llu: %s",
		    consumer->header.link_name, (unsigned long long)consumer->ring.tail, text);
	return -EBADMSG;
}

/* Takes note of the word: as ivp_consumer_rows. */
static int read_rows(struct ivp_consumer *consumer, struct ivp_why *why)
{
	const uint64_t word = ivp_load_acquire(&due_descriptor(consumer)->rows); /* R2 */

	if (!ivp_rows_same_serial(word, consumer->rows))
		return IVP_WITHDRAWN;
	if (ivp_rows_low(word) < ivp_rows_low(consumer->rows))
		return cannot_be(consumer, "rows that were finished are not any more", why);
	if (ivp_rows_low(word) - 1 > consumer->height)
		return cannot_be(consumer, "more rows are finished than it has", why);
	consumer->rows = word;
	return 0;
}

int ivp_consumer_rows(struct ivp_consumer *consumer, uint32_t *rows, struct ivp_why *why)
{
	IVP_STEP(R2);
	int result = read_rows(consumer, why);

	if (result == 0 && ivp_rows_low(consumer->rows) - 1 < consumer->height) {
		const int committed = ivp_ring_acquire(&consumer->ring);

		if (committed < 0) {
			cannot_be(consumer, "its position went where it cannot be", why);
			return committed;
		}
		/* All of it, then; and nobody waits for rows that never come. */
		if (committed == 0)
			result = read_rows(consumer, why);
		if (committed == 0 && result == 0 &&
		    ivp_rows_low(consumer->rows) - 1 < consumer->height)
			return cannot_be(consumer,
					 "it is committed with rows that are not finished", why);
	}
	*rows = result == 0 ? ivp_rows_low(consumer->rows) - 1 : 0;
	return result;
}

int ivp_consumer_wait_rows(struct ivp_consumer *consumer, uint32_t rows, uint64_t timeout_ns)
{
	struct ivp_ring_consumer *ring = &consumer->ring;
	const uint64_t *word = &due_descriptor(consumer)->rows;
	const bool at_hand = ivp_rows_low(consumer->rows) != 0;
	const uint64_t seen = at_hand ? consumer->rows : ivp_load_relaxed(word);
	/* Nothing at hand: an older frame's rows are of another serial than those to come. */
	const uint32_t enough = at_hand ? rows + 1 : ivp_rows_low(seen) == 0 ? 1 : UINT32_MAX;
	const int result = ivp_ring_acquire(ring);

	ivp_owner_beat(ring->own);
	if (result != IVP_EMPTY)
		return result;

	const uint64_t share = (uint64_t)ivp_rows_low(seen) + consumer->height / RING_SHARE;
	const uint64_t most = (uint64_t)consumer->height + 1;
	struct ivp_wait wait = {.own = ring->own,
				.peer = ring->peer,
				.seen = ring->head,
				.enough = ring->head + 1,
				.kernel_id = consumer->self.kernel_id,
				.bell = consumer->self.bell,
				.rows = word,
				.rows_seen = seen,
				.rows_enough = enough,
				.rows_ring = 1};
	if (at_hand)
		wait.rows_ring = share > most ? most : share > enough ? share : enough;
	ivp_notify_wait(&wait, timeout_ns, &consumer->backoff);
	if (ivp_rows_moved(ivp_load_relaxed(word), seen, enough))
		return 0;
	const int after = ivp_ring_acquire(ring);
	return after == IVP_EMPTY ? IVP_TIMEOUT : after;
}

int ivp_consumer_confirm(struct ivp_consumer *consumer, const struct ivp_frame *looked_at,
			 const struct ivp_frame *committed, struct ivp_why *why)
{
	IVP_STEP(confirm);
	const int result = read_rows(consumer, why);
	const uint64_t rows = consumer->rows;

	consumer->rows = 0;
	/* A wrong checksum makes an error of it: the rows are not to be trusted. */
	if (result || committed->kind == IVP_KIND_ERROR)
		return result ? result : IVP_WITHDRAWN;
	if (ivp_rows_low(rows) - 1 != consumer->height)
		return cannot_be(consumer, "it is committed with rows that are not finished", why);
	if (committed->kind != looked_at->kind || committed->id != looked_at->id ||
	    committed->origin_position != looked_at->origin_position ||
	    committed->part != looked_at->part ||
	    memcmp(&committed->shape, &looked_at->shape, sizeof(committed->shape)) != 0 ||
	    committed->stride != looked_at->stride ||
	    committed->payload_bytes != looked_at->payload_bytes ||
	    committed->metadata_bytes < looked_at->metadata_bytes)
		return cannot_be(consumer, "it is not what was shown of it before", why);
	return 0;
}

void ivp_consumer_abandon(struct ivp_consumer *consumer)
{
	IVP_STEP(abandon);
	consumer->rows = 0;
	__atomic_store_n(&consumer->ring.own->attempt, 0, __ATOMIC_RELEASE);
}
