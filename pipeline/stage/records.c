/* SPDX-License-Identifier: MIT */
#include "stage/records.h"

#include <stdio.h>
#include <string.h>

uint32_t ivp_records_orientation(const struct ivp_frame *frame)
{
	struct ivp_metadata record;
	uint32_t value;

	if (ivp_metadata_find(frame->metadata, frame->metadata_bytes, IVP_META_ORIENTATION,
			      &record) != 1 ||
	    record.bytes != sizeof(value))
		return 0;
	memcpy(&value, record.value, sizeof(value));
	/* A peer may be changing the slot: the compiler must keep this copy, not load again. */
	__asm__ volatile("" : "+r"(value));
	return value >= 1 && value <= 8 ? value : 0;
}

void ivp_records_copy(const struct ivp_frame *from, uint32_t offset, const struct ivp_slot *slot,
		      uint32_t *used)
{
	struct ivp_metadata record;
	size_t at = offset;

	if (from->metadata_bytes - offset <= slot->metadata_bytes - *used) {
		memcpy(slot->metadata + *used, from->metadata + offset,
		       from->metadata_bytes - offset);
		*used += from->metadata_bytes - offset;
		return;
	}
	while (ivp_metadata_next(from->metadata, from->metadata_bytes, &at, &record) == 1)
		ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, record.type,
				 record.value, record.bytes);
}

void ivp_records_turn_upright(const struct ivp_slot *slot, uint32_t used)
{
	static const uint32_t upright = 1;
	struct ivp_metadata record;
	size_t offset = 0;

	while (ivp_metadata_next(slot->metadata, used, &offset, &record) == 1)
		if (record.type == IVP_META_ORIENTATION && record.bytes == sizeof(upright))
			memcpy(slot->metadata + (record.value - slot->metadata), &upright,
			       sizeof(upright));
}

struct notes {
	const struct ivp_slot *slot;
	uint32_t *used;
};

static void put_note(void *context, const char *key, double value)
{
	const struct notes *notes = context;
	char text[128];

	snprintf(text, sizeof(text), "%s=%.10g", key, value);
	(void)ivp_metadata_put(notes->slot->metadata, notes->slot->metadata_bytes, notes->used,
			       IVP_META_TEXT, text, (uint32_t)strlen(text));
}

void ivp_records_add_notes(const struct ivp_slot *slot, uint32_t *used,
			   const struct ivp_chain *chain)
{
	struct notes notes = {slot, used};

	ivp_chain_note(chain, put_note, &notes);
}
