/* SPDX-License-Identifier: MIT */
#include "transport/slot.h"

static void clear_padding(const struct ivp_frame *frame, uint8_t *payload)
{
	if (frame->kind == IVP_KIND_PIXELS) {
		size_t row_bytes =
		    (size_t)frame->shape.width * ivp_format_pixel_bytes(frame->shape.format);
		if (row_bytes && row_bytes < frame->stride)
			for (uint32_t y = 0; y < frame->shape.height; y++)
				memset(payload + y * frame->stride + row_bytes, 0,
				       frame->stride - row_bytes);
	}
}

void ivp_slot_clear_older(const struct ivp_producer *producer, uint64_t position,
			  const struct ivp_frame *frame)
{
	const struct ivp_wire_header *header = &producer->header;
	const struct ivp_wire_descriptor *older =
	    (const void *)(producer->data + ivp_slot_descriptor(header, position));
	uint8_t *payload = producer->data + ivp_slot_payload(header, position);
	uint8_t *metadata = producer->data + ivp_slot_metadata(header, position);
	uint64_t payload_bytes = ivp_load_relaxed(&older->payload_bytes);
	uint32_t metadata_bytes = ivp_load32_relaxed(&older->metadata_bytes);

	/* An earlier life may have died while it filled this slot, or those behind it. And where
	 * both windows share a region, a hostile consumer can write here too: hence the limits. */
	bool unknown = position < producer->unknown_until;
	if (unknown || payload_bytes > header->payload_bytes)
		payload_bytes = header->payload_bytes;
	if (unknown || metadata_bytes > header->metadata_bytes)
		metadata_bytes = header->metadata_bytes;
	if (payload_bytes > frame->payload_bytes)
		memset(payload + frame->payload_bytes, 0, payload_bytes - frame->payload_bytes);
	if (metadata_bytes > frame->metadata_bytes)
		memset(metadata + frame->metadata_bytes, 0, metadata_bytes - frame->metadata_bytes);
}

void ivp_slot_clear(const struct ivp_producer *producer, uint64_t position,
		    const struct ivp_frame *frame)
{
	clear_padding(frame, producer->data + ivp_slot_payload(&producer->header, position));
	ivp_slot_clear_older(producer, position, frame);
}
