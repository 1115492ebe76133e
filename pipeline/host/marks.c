/* SPDX-License-Identifier: MIT */
/* A value that is no number, or more than 64 bits, is no mark: who needs it will miss it. */
#include "host/marks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 40 /* "xxh3-64=" and 16 digits, "offset=" and 20 */

static bool put(const struct ivp_slot *slot, uint32_t *used, const char *format, uint64_t value)
{
	char text[LONGEST + 1];
	const int length = snprintf(text, sizeof(text), format, (unsigned long long)value);

	return ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, IVP_META_TEXT, text,
				(uint32_t)length) == 0;
}

uint32_t ivp_marks_put(const struct ivp_marks *marks, const struct ivp_slot *slot)
{
	uint32_t used = 0;
	bool fit = true;

	if (marks->has_offset)
		fit = put(slot, &used, "offset=%llu", marks->offset);
	if (marks->has_bytes)
		fit = fit && put(slot, &used, "bytes=%llu", marks->bytes);
	if (marks->has_hash)
		fit = fit && put(slot, &used, "xxh3-64=%016llx", marks->hash);
	return fit ? used : 0;
}

static void take(const char *text, const char *key, int base, uint64_t *value, bool *there)
{
	static const char digits[] = "0123456789abcdef";
	const size_t length = strlen(key);

	if (strncmp(text, key, length) != 0)
		return;
	text += length;
	if (!*text || text[strspn(text, base == 16 ? digits : "0123456789")])
		return;
	errno = 0;
	*value = strtoull(text, NULL, base);
	*there = errno == 0;
}

int ivp_marks_read(struct ivp_marks *marks, const struct ivp_frame *frame)
{
	struct ivp_metadata record;
	size_t offset = 0;
	int found;

	*marks = (struct ivp_marks){0};
	while ((found = ivp_metadata_next(frame->metadata, frame->metadata_bytes, &offset,
					  &record)) == 1) {
		char text[LONGEST + 1] = "";

		if (record.type != IVP_META_TEXT || record.bytes > LONGEST)
			continue;
		memcpy(text, record.value, record.bytes);
		take(text, "offset=", 10, &marks->offset, &marks->has_offset);
		take(text, "bytes=", 10, &marks->bytes, &marks->has_bytes);
		take(text, "xxh3-64=", 16, &marks->hash, &marks->has_hash);
	}
	return found;
}
