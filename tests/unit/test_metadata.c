/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <ivpipe/frame.h>

static void records_come_back_in_order(void **state)
{
	uint8_t buffer[256];
	struct ivp_metadata record;
	uint32_t used = 0, orientation = 6, seen;
	size_t offset = 0;

	(void)state;
	memset(buffer, 0xee, sizeof(buffer));
	assert_int_equal(ivp_metadata_put(buffer, 256, &used, IVP_META_NAME, "photo.jpg", 9), 0);
	assert_int_equal(used, 24);
	assert_int_equal(
	    ivp_metadata_put(buffer, 256, &used, IVP_META_ORIENTATION, &orientation, 4), 0);
	assert_int_equal(ivp_metadata_put(buffer, 256, &used, IVP_META_TEXT, NULL, 0), 0);
	assert_int_equal(used, 48);
	/* Nothing of what lay there before leaks through the padding. */
	for (unsigned i = 17; i < 24; i++)
		assert_int_equal(buffer[i], 0);

	assert_int_equal(ivp_metadata_next(buffer, used, &offset, &record), 1);
	assert_int_equal(record.type, IVP_META_NAME);
	assert_int_equal(record.bytes, 9);
	assert_memory_equal(record.value, "photo.jpg", 9);
	assert_int_equal(ivp_metadata_next(buffer, used, &offset, &record), 1);
	assert_int_equal(record.type, IVP_META_ORIENTATION);
	memcpy(&seen, record.value, 4);
	assert_int_equal(seen, 6);
	assert_int_equal(ivp_metadata_next(buffer, used, &offset, &record), 1);
	assert_int_equal(record.bytes, 0);
	assert_int_equal(ivp_metadata_next(buffer, used, &offset, &record), 0);
	assert_int_equal(ivp_metadata_next(buffer, used, &offset, &record), 0);
}

static void find_gives_the_first_of_a_type(void **state)
{
	uint8_t buffer[128];
	struct ivp_metadata record;
	uint32_t used = 0;

	(void)state;
	ivp_metadata_put(buffer, 128, &used, IVP_META_NAME, "a", 1);
	ivp_metadata_put(buffer, 128, &used, IVP_META_TEXT, "k=1", 3);
	ivp_metadata_put(buffer, 128, &used, IVP_META_TEXT, "k=22", 4);
	assert_int_equal(ivp_metadata_find(buffer, used, IVP_META_TEXT, &record), 1);
	assert_int_equal(record.bytes, 3);
	assert_int_equal(ivp_metadata_find(buffer, used, IVP_META_ICC, &record), 0);
	assert_int_equal(ivp_metadata_find(buffer, 0, IVP_META_ICC, &record), 0);
	assert_int_equal(ivp_metadata_find(NULL, 0, IVP_META_ICC, &record), 0);
}

static void a_record_that_does_not_fit_changes_nothing(void **state)
{
	uint8_t buffer[32], before[32];
	uint32_t used = 0;

	(void)state;
	memset(buffer, 0xee, sizeof(buffer));
	assert_int_equal(ivp_metadata_put(buffer, 32, &used, IVP_META_NAME, "12345678", 8), 0);
	memcpy(before, buffer, 32);
	/* 8 + 8 fit exactly, one byte more does not, nor does the largest length. */
	assert_int_equal(ivp_metadata_put(buffer, 32, &used, IVP_META_TEXT, "123456789", 9),
			 -ENOSPC);
	assert_int_equal(ivp_metadata_put(buffer, 32, &used, IVP_META_TEXT, "", UINT32_MAX),
			 -ENOSPC);
	assert_int_equal(ivp_metadata_put(buffer, 8, &used, IVP_META_TEXT, "", 0), -ENOSPC);
	assert_int_equal(used, 16);
	assert_memory_equal(buffer, before, 32);
	assert_int_equal(ivp_metadata_put(buffer, 32, &used, IVP_META_TEXT, "12345678", 8), 0);
	assert_int_equal(used, 32);
}

static void a_stranger_may_leave_out_the_last_padding(void **state)
{
	uint8_t buffer[64];
	struct ivp_metadata record;
	uint32_t used = 0;
	size_t offset = 0;

	(void)state;
	memset(buffer, 0xee, sizeof(buffer));
	ivp_metadata_put(buffer, 64, &used, IVP_META_NAME, "abc", 3);
	assert_int_equal(ivp_metadata_next(buffer, 11, &offset, &record), 1);
	assert_int_equal(record.bytes, 3);
	assert_int_equal(ivp_metadata_next(buffer, 11, &offset, &record), 0);
	/* Appending goes on at the next boundary. */
	used = 11;
	assert_int_equal(ivp_metadata_put(buffer, 64, &used, IVP_META_TEXT, "d", 1), 0);
	assert_int_equal(used, 32);
	assert_int_equal(ivp_metadata_find(buffer, used, IVP_META_TEXT, &record), 1);
	assert_int_equal(record.value[0], 'd');
}

static void malformed_records_are_refused(void **state)
{
	uint8_t buffer[64] = {0};
	struct ivp_wire_meta_record raw = {.type = IVP_META_NAME, .bytes = 57};
	struct ivp_metadata record;
	size_t offset;

	(void)state;
	for (size_t bytes = 1; bytes < 8; bytes++) {
		offset = 0;
		assert_int_equal(ivp_metadata_next(buffer, bytes, &offset, &record), -EBADMSG);
		assert_int_equal(offset, 0);
	}
	for (uint64_t length = 57; length <= UINT32_MAX; length = length * 3 + 1) {
		raw.bytes = (uint32_t)length;
		memcpy(buffer, &raw, sizeof(raw));
		offset = 0;
		assert_int_equal(ivp_metadata_next(buffer, 64, &offset, &record), -EBADMSG);
	}
	raw.bytes = UINT32_MAX;
	memcpy(buffer, &raw, sizeof(raw));
	assert_int_equal(ivp_metadata_find(buffer, 64, IVP_META_TEXT, &record), -EBADMSG);
	raw.bytes = 56;
	memcpy(buffer, &raw, sizeof(raw));
	offset = 0;
	assert_int_equal(ivp_metadata_next(buffer, 64, &offset, &record), 1);
}

/* Any bytes at all: the walk ends, and every value lies inside the buffer. */
static void random_bytes_never_lead_outside(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t bytes = round % 97, offset = 0;
		uint8_t *buffer = malloc(bytes + 1);
		struct ivp_metadata record;
		unsigned records = 0;
		int found;

		assert_non_null(buffer);
		for (size_t i = 0; i < bytes; i++) {
			seed = seed * 1664525u + 1013904223u;
			/* Mostly zeros, so that lengths are often small. */
			buffer[i] = (uint8_t)((seed >> 24) % 3 ? 0 : (seed >> 16) % 24);
		}
		while ((found = ivp_metadata_next(buffer, bytes, &offset, &record)) == 1) {
			assert_true(record.value >= buffer);
			assert_true(record.value + record.bytes <= buffer + bytes);
			assert_true(offset <= bytes);
			assert_true(++records <= bytes / 8 + 1);
		}
		assert_true(found == 0 || found == -EBADMSG);
		free(buffer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_come_back_in_order),
	    cmocka_unit_test(find_gives_the_first_of_a_type),
	    cmocka_unit_test(a_record_that_does_not_fit_changes_nothing),
	    cmocka_unit_test(a_stranger_may_leave_out_the_last_padding),
	    cmocka_unit_test(malformed_records_are_refused),
	    cmocka_unit_test(random_bytes_never_lead_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
