/* SPDX-License-Identifier: MIT */
/*
 * Windows: their sizes, their headers, and the check of a header that was found in memory.
 * Nothing here allocates or blocks; safe from any thread on windows that no other thread formats.
 */
#ifndef IVP_TRANSPORT_WINDOW_H
#define IVP_TRANSPORT_WINDOW_H

#include <ivpipe/frame.h>

/* What the creator of a link decides. */
struct ivp_geometry {
	char link_name[IVP_NAME_BYTES];
	char pipeline_name[IVP_NAME_BYTES];
	uint8_t uuid[16];
	uint64_t epoch; /* not 0 */
	uint32_t slots;
	uint16_t consumers;
	uint16_t policy;
	uint16_t isolation;
	bool early_start;
	uint64_t payload_bytes;  /* the largest payload */
	uint32_t metadata_bytes; /* the largest metadata */
};

/* What follows from it. Sizes of memory objects are powers of two, at least IVP_PAGE. */
struct ivp_layout {
	uint64_t data_window_bytes;
	uint64_t data_object_bytes;   /* one-way: the data window's; shared: the only object's */
	uint64_t credit_object_bytes; /* one-way: each credit window's; shared: 0 */
	uint64_t metadata_offset, payload_offset, payload_stride, credit_offset;
	uint32_t metadata_stride;
};

/* Returns 0, or -EINVAL / -EOVERFLOW with the reason. */
int ivp_layout_compute(const struct ivp_geometry *geometry, struct ivp_layout *layout,
		       struct ivp_why *why);

/*
 * Writes the header of a window into zeroed memory at base, magic last.
 * kind is IVP_WINDOW_*; consumer the index of a credit window's consumer.
 */
void ivp_window_format(void *base, const struct ivp_geometry *geometry,
		       const struct ivp_layout *layout, unsigned kind, unsigned consumer);

/*
 * Copies the header at base once and checks the copy against itself and the bytes mapped there.
 * Returns 0; -EAGAIN if there is no magic yet (all zero); -ENOMSG if it is not a window of ours;
 * -EPROTONOSUPPORT for another major version; -EBADMSG if the header cannot be.
 */
int ivp_window_inspect(const void *base, size_t bytes, struct ivp_wire_header *header,
		       struct ivp_why *why);

/* Fills the recovery block of a window that the caller writes: why it will not attach. */
void ivp_window_refuse(void *base, unsigned reason, uint64_t detail, const char *text);

/* A random version 4 UUID, and a random epoch that is not 0. */
void ivp_uuid_make(uint8_t uuid[16]);
uint64_t ivp_epoch_make(void);
/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", 37 bytes with the NUL. Returns text. */
char *ivp_uuid_format(const uint8_t uuid[16], char text[37]);
/* Returns 0 or -EINVAL. */
int ivp_uuid_parse(const char *text, uint8_t uuid[16]);

#endif
