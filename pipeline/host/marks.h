/* SPDX-License-Identifier: MIT */
/*
 * The marks on a stream of bytes, as records IVP_META_TEXT: every chunk has "offset=N", where it
 * belongs in the file; the end of the stream has "bytes=N" and "xxh3-64=HEX", of the whole file.
 * An end without them ends a file that is not whole. Thread-safe.
 */
#ifndef IVP_HOST_MARKS_H
#define IVP_HOST_MARKS_H

#include <ivpipe/link.h>

struct ivp_marks {
	bool has_offset, has_bytes, has_hash;
	uint64_t offset, bytes, hash;
};

/* Puts the marks that there are into the slot. Returns the bytes of metadata used; 0 if they do
 * not fit: every link that the configuration can make has the room. */
uint32_t ivp_marks_put(const struct ivp_marks *marks, const struct ivp_slot *slot);

/* Reads them from a frame of a peer, each value once. Returns 0, or -EBADMSG if the metadata are
 * malformed. */
int ivp_marks_read(struct ivp_marks *marks, const struct ivp_frame *frame);

#endif
