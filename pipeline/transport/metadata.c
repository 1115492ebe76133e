/* SPDX-License-Identifier: MIT */
/*
 * Metadata records: a row of (type, length, value), each beginning on an 8-byte boundary counted
 * from the buffer's start. The buffer itself may lie at any address. Readers take nothing on
 * trust: each header is loaded once, and only that copy decides.
 */
#include <errno.h>
#include <string.h>

#include <ivpipe/frame.h>

#define RECORD_ALIGN sizeof(struct ivp_wire_meta_record)

int ivp_metadata_put(uint8_t *buffer, size_t capacity, uint32_t *used, uint16_t type,
		     const void *value, uint32_t bytes)
{
	const struct ivp_wire_meta_record record = {.type = type, .bytes = bytes};
	const uint64_t start = ((uint64_t)*used + RECORD_ALIGN - 1) & ~(uint64_t)(RECORD_ALIGN - 1);
	const uint64_t value_end = start + sizeof(record) + bytes; /* < 2^34: cannot wrap */
	const uint64_t end = (value_end + RECORD_ALIGN - 1) & ~(uint64_t)(RECORD_ALIGN - 1);

	if (end > capacity || end > UINT32_MAX)
		return -ENOSPC;
	memset(buffer + *used, 0, start - *used);
	memcpy(buffer + start, &record, sizeof(record));
	if (bytes)
		memcpy(buffer + start + sizeof(record), value, bytes);
	memset(buffer + value_end, 0, end - value_end);
	*used = (uint32_t)end;
	return 0;
}

int ivp_metadata_next(const uint8_t *buffer, size_t bytes, size_t *offset,
		      struct ivp_metadata *record)
{
	struct ivp_wire_meta_record raw;
	uint64_t words;
	size_t room;

	if (*offset >= bytes)
		return 0;
	room = bytes - *offset;
	if (room < sizeof(raw))
		return -EBADMSG;
	memcpy(&words, buffer + *offset, sizeof(words));
	/* A peer may be changing the header: the compiler must keep this copy, not load again. */
	__asm__ volatile("" : "+r"(words));
	memcpy(&raw, &words, sizeof(raw));
	room -= sizeof(raw);
	if (raw.bytes > room)
		return -EBADMSG;
	record->type = raw.type;
	record->bytes = raw.bytes;
	record->value = buffer + *offset + sizeof(raw);
	/* The padding of the last record may be left out. */
	*offset = ivp_align(*offset + sizeof(raw) + raw.bytes, RECORD_ALIGN);
	if (*offset > bytes)
		*offset = bytes;
	return 1;
}

int ivp_metadata_find(const uint8_t *buffer, size_t bytes, uint16_t type,
		      struct ivp_metadata *record)
{
	size_t offset = 0;
	int found;

	do {
		found = ivp_metadata_next(buffer, bytes, &offset, record);
	} while (found == 1 && record->type != type);
	return found;
}
