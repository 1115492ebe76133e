/* SPDX-License-Identifier: MIT */
/*
 * Metadata come from guests that may be hostile, and names end in a file system and in logs that
 * people read on terminals: what could leave the folder, hide, or move a cursor is refused.
 */
#include "host/notes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ivp_notes_init(struct ivp_notes *notes, uint32_t capacity)
{
	*notes = (struct ivp_notes){.capacity = capacity};
	notes->copy = malloc(capacity ? capacity : 1);
	return notes->copy ? 0 : -ENOMEM;
}

void ivp_notes_finish(struct ivp_notes *notes)
{
	free(notes->copy);
	*notes = (struct ivp_notes){0};
}

/*
 * The length of the well-formed UTF-8 sequence at text (The Unicode Standard, table 3-7), or 0.
 * C0 and C1 control characters and DEL count as ill-formed.
 */
static size_t measure_character(const uint8_t *text, size_t room)
{
	const uint8_t first = text[0];
	uint8_t low = 0x80, high = 0xbf;
	size_t length;

	if (first < 0x80)
		return first >= ' ' && first != 0x7f;
	if (first >= 0xc2 && first <= 0xdf)
		length = 2;
	else if (first >= 0xe0 && first <= 0xef)
		length = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		length = 4;
	else
		return 0;
	if (first == 0xc2 || first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (length > room || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return length;
}

bool ivp_name_accept(const uint8_t *bytes, size_t count, char name[IVP_NAME_LIMIT + 1])
{
	const uint8_t *slash = memrchr(bytes, '/', count);

	if (slash) {
		count -= (size_t)(slash + 1 - bytes);
		bytes = slash + 1;
	}
	if (count == 0 || count > IVP_NAME_LIMIT || bytes[0] == '.')
		return false;
	for (size_t i = 0, length; i < count; i += length) {
		length = measure_character(bytes + i, count - i);
		if (length == 0)
			return false;
	}
	memcpy(name, bytes, count);
	name[count] = '\0';
	return true;
}

/*
 * A text becomes two strings where it lies in the private copy: '=' makes room for the end of the
 * key, and the header in front of the record, which has been read, for that of the value.
 */
static void read_text(struct ivp_notes *notes, const struct ivp_metadata *record)
{
	char *text = (char *)notes->copy + (record->value - notes->copy) - 1;
	const char *equals = memchr(record->value, '=', record->bytes);
	const size_t key = equals ? (size_t)(equals - (const char *)record->value) : 0;

	if (key < 1 || key > 79 || notes->text_count == IVP_TEXT_LIMIT || record->value[0] == ' ' ||
	    equals[-1] == ' ')
		return;
	for (size_t i = 0, length; i < record->bytes; i += length) {
		length = measure_character(record->value + i, record->bytes - i);
		if (length == 0 || (length > 1 && i < key))
			return;
	}
	memmove(text, record->value, record->bytes);
	text[key] = '\0';
	text[record->bytes] = '\0';
	notes->texts[notes->text_count++] = (struct ivp_text){text, text + key + 1};
}

static void read_record(struct ivp_notes *notes, const struct ivp_metadata *record, bool *named)
{
	uint32_t value;

	switch (record->type) {
	case IVP_META_NAME:
		*named = ivp_name_accept(record->value, record->bytes, notes->name);
		notes->renamed = !*named;
		break;
	case IVP_META_ORIENTATION:
		if (record->bytes != sizeof(value))
			break;
		memcpy(&value, record->value, sizeof(value));
		if (value >= 1 && value <= 8)
			notes->orientation = value;
		break;
	case IVP_META_ICC:
		notes->icc = record->bytes ? record->value : NULL;
		notes->icc_bytes = record->bytes;
		break;
	case IVP_META_TEXT:
		read_text(notes, record);
		break;
	case IVP_META_REASON:
		snprintf(notes->reason, sizeof(notes->reason), "%.*s", (int)record->bytes,
			 (const char *)record->value);
		break;
	default:
		break;
	}
}

int ivp_notes_read(struct ivp_notes *notes, const struct ivp_frame *frame, struct ivp_why *why)
{
	const uint32_t bytes = frame->metadata_bytes;
	struct ivp_metadata record;
	bool named = false;
	size_t offset = 0;
	int found;

	notes->renamed = false;
	notes->reason[0] = '\0';
	notes->orientation = 1;
	notes->icc = NULL;
	notes->icc_bytes = 0;
	notes->text_count = 0;
	if (bytes > notes->capacity)
		return -EBADMSG;
	if (bytes > 0)
		memcpy(notes->copy, frame->metadata, bytes);
	while ((found = ivp_metadata_next(notes->copy, bytes, &offset, &record)) == 1)
		read_record(notes, &record, &named);
	if (found < 0) {
		ivp_why_set(why, "frame %llu: its metadata are malformed",
			    (unsigned long long)frame->id);
		return -EBADMSG;
	}
	if (!named)
		snprintf(notes->name, sizeof(notes->name), "frame-%06llu",
			 (unsigned long long)frame->id);
	return 0;
}
