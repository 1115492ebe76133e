/* SPDX-License-Identifier: MIT */
/*
 * What lies in a slot: where its parts are, its descriptor into shared memory and out of it, and
 * what an older frame left behind there. Internal to the transport.
 */
#ifndef IVP_TRANSPORT_SLOT_H
#define IVP_TRANSPORT_SLOT_H

#include <string.h>

#include <ivpipe/link.h>

/* Offset of a slot's part. The header was checked: the arrays lie inside the window. */
static inline uint64_t ivp_slot_offset(const struct ivp_wire_header *header, uint64_t position,
				       uint64_t offset, uint64_t stride)
{
	return offset + (position & (header->slots - 1)) * stride;
}

static inline uint64_t ivp_slot_payload(const struct ivp_wire_header *header, uint64_t position)
{
	return ivp_slot_offset(header, position, header->payload_offset, header->payload_stride);
}

static inline uint64_t ivp_slot_metadata(const struct ivp_wire_header *header, uint64_t position)
{
	return ivp_slot_offset(header, position, header->metadata_offset, header->metadata_stride);
}

static inline uint64_t ivp_slot_descriptor(const struct ivp_wire_header *header, uint64_t position)
{
	return ivp_slot_offset(header, position, header->descriptor_offset,
			       header->descriptor_stride);
}

/* The trail is as long as it says, and is moved as far as that: most are short. */
static inline size_t ivp_slot_trail_end(const struct ivp_wire_descriptor *raw)
{
	size_t entries = raw->trail_count < IVP_TRAIL ? raw->trail_count : IVP_TRAIL;

	return offsetof(struct ivp_wire_descriptor, trail) + entries * sizeof(raw->trail[0]);
}

/* Copies bytes from to, word by word, so that no compiler can fetch a field twice. */
static inline void ivp_slot_load_words(const void *shared, struct ivp_wire_descriptor *copy,
				       size_t from, size_t to)
{
	for (size_t i = from; i < to; i += sizeof(uint64_t)) {
		uint64_t word = ivp_load_relaxed((const void *)((const uint8_t *)shared + i));
		memcpy((uint8_t *)copy + i, &word, sizeof(word));
	}
}

/* Copies a descriptor once: what is fixed, then as much trail as the copy says. */
static inline void ivp_slot_load(const void *shared, struct ivp_wire_descriptor *copy)
{
	const size_t fixed = offsetof(struct ivp_wire_descriptor, trail);

	ivp_slot_load_words(shared, copy, 0, fixed);
	ivp_slot_load_words(shared, copy, fixed, ivp_slot_trail_end(copy));
}

/* Stores a descriptor into memory that a peer may be reading, word by word. */
static inline void ivp_slot_store(struct ivp_wire_descriptor *shared,
				  const struct ivp_wire_descriptor *raw)
{
	const size_t end = ivp_slot_trail_end(raw);

	for (size_t i = 0; i < end; i += sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, (const uint8_t *)raw + i, sizeof(word));
		ivp_store_relaxed((void *)((uint8_t *)shared + i), word);
	}
}

#define IVP_SLOT_LINE         64 /* bytes */
#define IVP_SLOT_STORES_AHEAD 8  /* frames of three lines, each some 300 ns away */
#define IVP_SLOT_LOADS_AHEAD  4

/*
 * Small frames wait for lines more than for anything else: the fence in ivp_ring_moved lasts until
 * each line of the slot has come over from the consumer, who has read it a lap ago. So they are
 * asked for some frames ahead. Not between question and answer, where lines that are asked for
 * too early only go to and fro.
 */
static inline void ivp_slot_fetch_ahead(const struct ivp_producer *producer)
{
	const struct ivp_ring_producer *ring = &producer->ring;
	const uint64_t position = ring->head + IVP_SLOT_STORES_AHEAD;
	const uint8_t *descriptor;

	if (!ring->streams || position >= ring->limit)
		return;
	descriptor = producer->data + ivp_slot_descriptor(&producer->header, position);
	ivp_prefetch_to_store(descriptor);
	ivp_prefetch_to_store(descriptor + IVP_SLOT_LINE);
	ivp_prefetch_to_store(producer->data + ivp_slot_payload(&producer->header, position));
}

/* The same for a consumer, of frames that are there already. */
static inline void ivp_slot_load_ahead(const struct ivp_consumer *consumer)
{
	const uint64_t position = consumer->ring.tail + IVP_SLOT_LOADS_AHEAD;
	const uint8_t *descriptor;

	if (position >= consumer->ring.head)
		return;
	descriptor = consumer->data + ivp_slot_descriptor(&consumer->header, position);
	__builtin_prefetch(descriptor);
	__builtin_prefetch(descriptor + IVP_SLOT_LINE);
	__builtin_prefetch(consumer->data + ivp_slot_payload(&consumer->header, position));
}

/*
 * The slot of position is about to hold frame: zeroes the padding of its rows, and what the
 * slot's last frame, of which the descriptor still tells, left behind it. A consumer that came
 * later must not see frames that it was never handed.
 */
void ivp_slot_clear(const struct ivp_producer *producer, uint64_t position,
		    const struct ivp_frame *frame);
/* The same without the padding. */
void ivp_slot_clear_older(const struct ivp_producer *producer, uint64_t position,
			  const struct ivp_frame *frame);

#endif
