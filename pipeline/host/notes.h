/* SPDX-License-Identifier: MIT */
/*
 * What the sink wants to know of a frame besides its pixels: name, orientation, colour profile,
 * texts, reason. Made from a private copy of the frame's metadata, since a peer can change the original
 * at any time. One thread at a time on one object.
 */
#ifndef IVP_HOST_NOTES_H
#define IVP_HOST_NOTES_H

#include <ivpipe/frame.h>

#include "codec/codec.h"

#define IVP_NAME_LIMIT 200 /* bytes of a file name that is accepted from a peer */
#define IVP_TEXT_LIMIT 64  /* texts of a frame that are kept */

struct ivp_notes {
	uint8_t *copy;
	uint32_t capacity;
	char name[IVP_NAME_LIMIT + 1]; /* fit to be a file's name; "frame-000007" for lack of one */
	bool renamed;                  /* there was a name, but it is not fit */
	char reason[256];              /* of an error frame; "" if none was given */
	unsigned orientation;          /* EXIF, 1..8 */
	const uint8_t *icc;            /* in copy, until the next read; NULL: none */
	uint32_t icc_bytes;
	struct ivp_text texts[IVP_TEXT_LIMIT]; /* in copy too; those that are fit for files */
	unsigned text_count;
};

/* Makes room for metadata of capacity bytes. Returns 0 or -ENOMEM. */
int ivp_notes_init(struct ivp_notes *notes, uint32_t capacity);
void ivp_notes_finish(struct ivp_notes *notes); /* a zeroed one is fine */

/*
 * Reads a frame's metadata, of at most capacity bytes. Returns 0, or -EBADMSG with the reason if
 * they are malformed.
 */
int ivp_notes_read(struct ivp_notes *notes, const struct ivp_frame *frame, struct ivp_why *why);

/*
 * The file name that a peer's bytes stand for: what follows the last '/', if that is valid UTF-8
 * without control characters, does not begin with a dot, and has 1 to IVP_NAME_LIMIT bytes.
 * Returns whether it is so; name is only then written.
 */
bool ivp_name_accept(const uint8_t *bytes, size_t count, char name[IVP_NAME_LIMIT + 1]);

#endif
