/* SPDX-License-Identifier: MIT */
/*
 * Metadata records of a stranger: each lies in the buffer, they end, none is read twice; what the
 * sink makes of them is fit for a file system and a terminal; what was put is found again.
 */
#include "fuzz/fuzz.h"

#include <errno.h>

#include "host/notes.h"

static void check_walk(const uint8_t *buffer, size_t bytes)
{
	struct ivp_metadata record;
	size_t offset = 0, before = 0, records = 0;
	int found;

	while ((found = ivp_metadata_next(buffer, bytes, &offset, &record)) == 1) {
		CHECK(record.value >= buffer + before + sizeof(struct ivp_wire_meta_record));
		CHECK(record.value + record.bytes <= buffer + bytes);
		CHECK(offset > before && offset <= bytes);
		before = offset;
		records++;
	}
	CHECK(found == 0 || found == -EBADMSG);
	CHECK(records <= bytes / sizeof(struct ivp_wire_meta_record));
	for (uint16_t type = 0; type < 7; type++) {
		found = ivp_metadata_find(buffer, bytes, type, &record);
		CHECK(found == 0 || found == -EBADMSG || (found == 1 && record.type == type));
	}
}

static void check_name(const char *name)
{
	CHECK(name[0] && name[0] != '.' && strlen(name) <= IVP_NAME_LIMIT);
	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		CHECK(*c >= ' ' && *c != 0x7f && *c != '/' &&
		      !(c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0));
}

static void check_notes(const uint8_t *buffer, size_t bytes)
{
	const struct ivp_frame frame = {
	    .id = bytes, .metadata = buffer, .metadata_bytes = (uint32_t)bytes};
	struct ivp_notes notes;
	struct ivp_why why = {""};
	uint8_t sum = 0;

	CHECK(ivp_notes_init(&notes, (uint32_t)bytes) == 0);
	if (ivp_notes_read(&notes, &frame, &why) == 0) {
		check_name(notes.name);
		CHECK(notes.orientation >= 1 && notes.orientation <= 8);
		CHECK(memchr(notes.reason, 0, sizeof(notes.reason)));
		for (uint32_t i = 0; i < notes.icc_bytes; i++)
			sum ^= notes.icc[i];
		CHECK(sum == 0 || notes.icc);
	} else {
		CHECK(why.text[0]);
	}
	ivp_notes_finish(&notes);
}

/* Puts what can be read into another buffer and reads it back. */
static void check_copy(const uint8_t *buffer, size_t bytes, size_t capacity)
{
	uint8_t *copy = fuzz_memory(capacity);
	struct ivp_metadata record, again;
	size_t from = 0, to = 0;
	uint32_t used = 0;
	bool fit = true;

	while (fit && ivp_metadata_next(buffer, bytes, &from, &record) == 1)
		fit = ivp_metadata_put(copy, capacity, &used, record.type, record.value,
				       record.bytes) == 0;
	CHECK(used <= capacity);
	from = 0;
	while (ivp_metadata_next(copy, used, &to, &again) == 1) {
		CHECK(ivp_metadata_next(buffer, bytes, &from, &record) == 1);
		CHECK(record.type == again.type && record.bytes == again.bytes);
		CHECK(memcmp(record.value, again.value, record.bytes) == 0);
	}
	CHECK(to == used);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	size_t capacity = take8(&script) * 8u;
	const uint8_t *bytes;
	size_t count = take_bytes(&script, 1 << 16, &bytes);
	uint8_t *buffer = fuzz_memory(count);

	if (count > 0)
		memcpy(buffer, bytes, count);
	check_walk(buffer, count);
	check_notes(buffer, count);
	check_copy(buffer, count, capacity);
	free(buffer);
	return 0;
}

static const struct {
	uint16_t type;
	const char *value;
	uint32_t bytes;
} records[] = {
    {IVP_META_NAME, "picture.png", 11},
    {IVP_META_ORIENTATION, "\6\0\0\0", 4},
    {IVP_META_ICC, "an ICC profile", 14},
    {IVP_META_TEXT, "author=somebody", 15},
    {IVP_META_REASON, "a filter does not take it", 25},
    {IVP_META_NAME, "../../etc/passwd", 16},
    {IVP_META_NAME, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.jpg", 13},
    {IVP_META_NAME,
     "a\xc2\x9b"
     "2J",
     5},
    {77, "", 0},
};

void fuzz_seeds(fuzz_add *add)
{
	uint8_t bytes[1 + 1024] = {16};
	uint32_t used = 0;

	add("", 0);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		used = 0;
		ivp_metadata_put(bytes + 1, 1024, &used, records[i].type, records[i].value,
				 records[i].bytes);
		add(bytes, 1 + used);
	}
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		ivp_metadata_put(bytes + 1, 1024, &used, records[i].type, records[i].value,
				 records[i].bytes);
	add(bytes, 1 + used);
}
