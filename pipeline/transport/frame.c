/* SPDX-License-Identifier: MIT */
/* From the raw descriptor, which a peer wrote, to the checked frame, and back. */
#include <ivpipe/frame.h>

#include <errno.h>
#include <string.h>

static int check_pixels(const struct ivp_wire_descriptor *raw, struct ivp_frame *frame,
			struct ivp_why *why)
{
	uint64_t row_bytes, bytes;
	unsigned pixel_bytes = ivp_format_pixel_bytes(raw->format);

	frame->shape = (struct ivp_shape){raw->width, raw->height, raw->format};
	frame->stride = raw->stride;
	if (pixel_bytes == 0) {
		/* A format of a later minor version: passed on as an error frame, not refused. */
		return 0;
	}
	if (raw->width == 0 || raw->height == 0) {
		ivp_why_set(why, "an image of %ux%u pixels", raw->width, raw->height);
		return -EBADMSG;
	}
	row_bytes = (uint64_t)raw->width * pixel_bytes; /* below 2^32 * 8 */
	if (raw->stride < row_bytes || raw->stride % IVP_ROW_ALIGN ||
	    raw->stride - row_bytes >= IVP_ROW_ALIGN) {
		ivp_why_set(why, "rows of %u pixels %u bytes apart", raw->width, raw->stride);
		return -EBADMSG;
	}
	bytes = (uint64_t)raw->stride * raw->height; /* below 2^64: both are 32 bits */
	if (raw->payload_bytes != bytes) {
		ivp_why_set(why, "%u rows of %u bytes in a payload of %llu", raw->height,
			    raw->stride, (unsigned long long)raw->payload_bytes);
		return -EBADMSG;
	}
	return 0;
}

/* Only count entries of from say something; to is filled up with zeroes. */
static void copy_trail(struct ivp_wire_trail *to, const struct ivp_wire_trail *from, unsigned count)
{
	for (unsigned i = 0; i < IVP_TRAIL; i++)
		to[i] = i < count ? from[i] : (struct ivp_wire_trail){0};
}

int ivp_frame_check(const struct ivp_wire_descriptor *raw, uint64_t position,
		    const struct ivp_slot_limits *limits, struct ivp_frame *frame,
		    struct ivp_why *why)
{
	if (raw->sequence != position + 1) {
		ivp_why_set(why, "its slot says sequence %llu where %llu is due",
			    (unsigned long long)raw->sequence, (unsigned long long)position + 1);
		return -EBADMSG;
	}
	if (raw->payload_bytes > limits->payload_bytes) {
		ivp_why_set(why, "a payload of %llu bytes in a slot for %llu",
			    (unsigned long long)raw->payload_bytes,
			    (unsigned long long)limits->payload_bytes);
		return -EBADMSG;
	}
	if (raw->metadata_bytes > limits->metadata_bytes) {
		ivp_why_set(why, "%u bytes of metadata in a slot for %u", raw->metadata_bytes,
			    limits->metadata_bytes);
		return -EBADMSG;
	}

	memset(frame, 0, offsetof(struct ivp_frame, trail));
	frame->position = position;
	frame->id = raw->frame_id;
	frame->origin_position = raw->origin_position;
	frame->kind = raw->kind;
	frame->flags = raw->flags;
	frame->part = raw->part;
	frame->status = raw->status;
	frame->payload_bytes = raw->payload_bytes;
	frame->metadata_bytes = raw->metadata_bytes;
	frame->checksum = raw->checksum;
	frame->source_time_ns = raw->source_time_ns;
	frame->ordinal = raw->ordinal;
	frame->trail_count = raw->trail_count;
	copy_trail(frame->trail, raw->trail, raw->trail_count);
	frame->payload = frame->metadata = NULL;
	return raw->kind == IVP_KIND_PIXELS ? check_pixels(raw, frame, why) : 0;
}

void ivp_frame_describe(const struct ivp_frame *frame, uint64_t position,
			struct ivp_wire_descriptor *raw)
{
	bool pixels = frame->kind == IVP_KIND_PIXELS;

	memset(raw, 0, offsetof(struct ivp_wire_descriptor, trail));
	raw->sequence = position + 1;
	raw->frame_id = frame->id;
	raw->origin_position = frame->origin_position;
	raw->payload_bytes = frame->payload_bytes;
	raw->metadata_bytes = frame->metadata_bytes;
	raw->width = pixels ? frame->shape.width : 0;
	raw->height = pixels ? frame->shape.height : 0;
	raw->stride = pixels ? (uint32_t)frame->stride : 0;
	raw->kind = frame->kind;
	raw->format = pixels ? (uint16_t)frame->shape.format : 0;
	raw->flags = frame->flags;
	raw->part = frame->part;
	raw->status = frame->status;
	raw->trail_count =
	    (uint16_t)(frame->trail_count < UINT16_MAX ? frame->trail_count : UINT16_MAX);
	raw->source_time_ns = frame->source_time_ns;
	raw->ordinal = frame->ordinal;
	raw->checksum = frame->checksum;
	copy_trail(raw->trail, frame->trail, frame->trail_count);
}
