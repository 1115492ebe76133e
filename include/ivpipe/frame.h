/* SPDX-License-Identifier: MIT */
/*
 * Frames as the rest of ivpipe sees them: checked, in private memory. The raw form that lies in
 * shared memory is struct ivp_wire_descriptor; only ivp_frame_check turns one into the other.
 *
 * No function here allocates, blocks, prints or keeps state: all may be called from any thread,
 * and take time proportional to their arguments at most.
 */
#ifndef IVPIPE_FRAME_H
#define IVPIPE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ivpipe/wire.h>

/* The reason of a failure, as a sentence for people. Functions that fail fill it, if not NULL. */
struct ivp_why {
	char text[256];
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
/* Sets why->text (cut at its end if it must be). Does nothing if why is NULL. */
void ivp_why_set(struct ivp_why *why, const char *format, ...);

/* What an image is, without its pixels. */
struct ivp_shape {
	uint32_t width;  /* pixels, at least 1 */
	uint32_t height; /* rows, at least 1 */
	uint32_t format; /* IVP_FORMAT_* */
	/* EXIF 1..8, of an image that lies on its side until someone turns it; 0: not told. Only
	 * filters look at it: nowhere else does a shape come with one. */
	uint32_t orientation;
};

/* Properties of a pixel format; 0 for one that this version does not know. */
unsigned ivp_format_channels(uint32_t format);
unsigned ivp_format_pixel_bytes(uint32_t format);
/* "RGB8" and so on; "unknown" for one that this version does not know. */
const char *ivp_format_name(uint32_t format);

static inline size_t ivp_align(size_t bytes, size_t boundary)
{
	return (bytes + boundary - 1) & ~(boundary - 1);
}

/*
 * The bytes of a row, and of a whole image, with rows on IVP_ROW_ALIGN boundaries.
 * Returns 0 and sets *stride and *bytes; -EINVAL for an unknown format or a zero side;
 * -EOVERFLOW if stride does not fit 31 bits or the image does not fit 62.
 */
int ivp_shape_size(const struct ivp_shape *shape, size_t *stride, uint64_t *bytes);

/* Pixels to read, and pixels to write. Rows lie stride bytes apart; 0 <= padding < 64 bytes. */
struct ivp_input {
	struct ivp_shape shape;
	size_t stride;
	const uint8_t *pixels;
};

/* How large images get into memory: a hint of where the reader is. The bytes are the same. */
enum ivp_stores {
	IVP_STORES_CACHED,    /* it shares a cache with us */
	IVP_STORES_STREAMING, /* it does not: past the caches is faster for both */
};

struct ivp_output {
	struct ivp_shape shape;
	size_t stride;
	uint8_t *pixels;
	enum ivp_stores stores;
};

/* Copies, as memcpy does. After streaming stores the same thread has to use ivp_store_fence of
 * ring.h, or commit the slot, before others may look. */
void ivp_store_bytes(uint8_t *to, const uint8_t *from, size_t bytes, enum ivp_stores stores);

/* A checked frame. payload and metadata point into its slot and stay valid until it is released
 * (consumer) or committed (producer); everything else is private. */
struct ivp_frame {
	uint64_t position;        /* in the ring it came from */
	uint64_t id;              /* given by the feeder */
	uint64_t origin_position; /* see wire.h, restart */
	uint16_t kind;            /* IVP_KIND_*, also values that this version does not know */
	uint16_t flags;           /* IVP_FLAG_* */
	uint16_t part;
	uint16_t status;        /* IVP_FRAME_* */
	struct ivp_shape shape; /* IVP_KIND_PIXELS only, else zero */
	size_t stride;          /* bytes */
	uint64_t payload_bytes;
	uint32_t metadata_bytes;
	uint64_t checksum;
	uint64_t source_time_ns;
	uint64_t ordinal; /* links that overwrite: see wire.h; set by commit */
	unsigned trail_count;
	struct ivp_wire_trail trail[IVP_TRAIL];
	const uint8_t *payload;
	const uint8_t *metadata;
};

/* What a slot can hold. */
struct ivp_slot_limits {
	uint64_t payload_bytes;
	uint32_t metadata_bytes;
};

/*
 * Checks raw, a private copy of a descriptor found at position, against the limits of its slot:
 * sequence, sizes, and for pixels shape, stride and payload size. Fills *frame but for payload
 * and metadata, which the caller points into the slot.
 * Returns 0, or -EBADMSG with the reason if the descriptor cannot be.
 */
int ivp_frame_check(const struct ivp_wire_descriptor *raw, uint64_t position,
		    const struct ivp_slot_limits *limits, struct ivp_frame *frame,
		    struct ivp_why *why);

/* Fills *raw from a frame of our own making. The reverse of ivp_frame_check. */
void ivp_frame_describe(const struct ivp_frame *frame, uint64_t position,
			struct ivp_wire_descriptor *raw);

/*
 * Metadata records. The buffer is private memory, or a slot that the caller alone may write.
 *
 * ivp_metadata_put appends a record to the *used bytes at buffer and moves *used on. Returns 0,
 * or -ENOSPC if the record does not fit capacity; then nothing is changed.
 *
 * ivp_metadata_next reads the record at *offset of bytes at buffer and moves *offset on. The
 * header is read once; value points into buffer, so copy it first if a peer can write there.
 * Returns 1 with a record, 0 at the end, -EBADMSG if the records are malformed.
 *
 * ivp_metadata_find gives the first record of a type: 1 if there is one, 0 if not, -EBADMSG.
 */
struct ivp_metadata {
	uint16_t type; /* IVP_META_* */
	uint32_t bytes;
	const uint8_t *value;
};

int ivp_metadata_put(uint8_t *buffer, size_t capacity, uint32_t *used, uint16_t type,
		     const void *value, uint32_t bytes);
int ivp_metadata_next(const uint8_t *buffer, size_t bytes, size_t *offset,
		      struct ivp_metadata *record);
int ivp_metadata_find(const uint8_t *buffer, size_t bytes, uint16_t type,
		      struct ivp_metadata *record);

#endif
