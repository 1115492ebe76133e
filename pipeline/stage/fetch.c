/* SPDX-License-Identifier: MIT */
#include "stage/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "transport/loads.h"

#define PART (64u << 10) /* of a copy: it and the lines that it goes to fit the cache */

/* Room for so many bytes. What was there is lost. */
static bool hold(struct ivp_fetch *fetch, uint64_t bytes)
{
	const uint64_t room = (bytes + IVP_ROW_ALIGN - 1) & ~(uint64_t)(IVP_ROW_ALIGN - 1);

	if (room <= fetch->held)
		return fetch->memory != NULL;
	free(fetch->memory);
	fetch->memory = room < bytes || room > SIZE_MAX ? NULL : aligned_alloc(IVP_ROW_ALIGN, room);
	fetch->held = fetch->memory ? (size_t)room : 0;
	return fetch->memory != NULL;
}

const uint8_t *ivp_fetch_begin(struct ivp_fetch *fetch, const struct ivp_frame *frame)
{
	if (!hold(fetch, frame->payload_bytes))
		return NULL;
	fetch->from = frame->payload;
	fetch->bytes = (size_t)frame->payload_bytes;
	fetch->done = 0;
	return fetch->memory;
}

void ivp_fetch_until(struct ivp_fetch *fetch, uint64_t bytes)
{
	const size_t end = bytes < fetch->bytes ? (size_t)bytes : fetch->bytes;

	if (end <= fetch->done)
		return;
	ivp_load_bytes(fetch->memory + fetch->done, fetch->from + fetch->done, end - fetch->done);
	fetch->done = end;
}

void ivp_fetch_copy(struct ivp_fetch *fetch, const struct ivp_frame *frame, uint8_t *to,
		    enum ivp_stores stores)
{
	const bool held = hold(fetch, PART);

	for (uint64_t at = 0, part; at < frame->payload_bytes; at += part) {
		const uint8_t *from = frame->payload + at;

		part = frame->payload_bytes - at < PART ? frame->payload_bytes - at : PART;
		if (held) {
			ivp_load_bytes(fetch->memory, from, part);
			from = fetch->memory;
		}
		ivp_store_bytes(to + at, from, part, stores);
	}
}

void ivp_fetch_finish(struct ivp_fetch *fetch)
{
	free(fetch->memory);
	*fetch = (struct ivp_fetch){0};
}
