/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "stage/fetch.h"

#define BYTES 300000u

static uint8_t payload[BYTES];

static void fill(uint8_t seed)
{
	for (size_t i = 0; i < BYTES; i++)
		payload[i] = (uint8_t)(seed + i * 31 + i / 977);
}

static void a_frame_is_fetched_once_and_in_order(void **state)
{
	struct ivp_frame frame = {.payload = payload, .payload_bytes = BYTES};
	struct ivp_fetch fetch = {0};
	const uint8_t *memory;

	(void)state;
	fill(1);
	memory = ivp_fetch_begin(&fetch, &frame);
	assert_non_null(memory);
	assert_int_equal((uintptr_t)memory % IVP_ROW_ALIGN, 0);
	ivp_fetch_until(&fetch, 1000);
	assert_memory_equal(memory, payload, 1000);
	/* What the peer changes later does not get through to what was fetched. */
	payload[10] ^= 0xff;
	ivp_fetch_until(&fetch, 900);
	ivp_fetch_until(&fetch, UINT64_MAX);
	payload[10] ^= 0xff;
	assert_memory_equal(memory, payload, BYTES);
	ivp_fetch_finish(&fetch);
}

static void its_memory_serves_the_next_frame(void **state)
{
	struct ivp_frame frame = {.payload = payload, .payload_bytes = BYTES};
	struct ivp_fetch fetch = {0};
	const uint8_t *memory = ivp_fetch_begin(&fetch, &frame);

	(void)state;
	fill(2);
	frame.payload_bytes = 77;
	assert_ptr_equal(ivp_fetch_begin(&fetch, &frame), memory);
	ivp_fetch_until(&fetch, BYTES);
	assert_memory_equal(memory, payload, 77);
	frame.payload_bytes = BYTES;
	assert_ptr_equal(ivp_fetch_begin(&fetch, &frame), memory);
	ivp_fetch_until(&fetch, BYTES);
	assert_memory_equal(memory, payload, BYTES);
	ivp_fetch_finish(&fetch);
}

static void a_copy_is_complete_however_it_is_stored(void **state)
{
	static uint8_t to[BYTES + 1];
	struct ivp_fetch fetch = {0};

	(void)state;
	fill(3);
	for (unsigned stores = IVP_STORES_CACHED; stores <= IVP_STORES_STREAMING; stores++)
		for (size_t bytes = 0; bytes <= BYTES; bytes += BYTES / 3) {
			const struct ivp_frame frame = {.payload = payload, .payload_bytes = bytes};

			memset(to, 0xa5, sizeof(to));
			ivp_fetch_copy(&fetch, &frame, to, stores);
			assert_memory_equal(to, payload, bytes);
			assert_int_equal(to[bytes], 0xa5);
		}
	ivp_fetch_finish(&fetch);
}

static void without_memory_it_says_so(void **state)
{
	const struct ivp_frame huge = {.payload = payload, .payload_bytes = UINT64_MAX - 7};
	struct ivp_fetch fetch = {0};

	(void)state;
	assert_null(ivp_fetch_begin(&fetch, &huge));
	ivp_fetch_finish(&fetch);
	ivp_fetch_finish(&fetch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_frame_is_fetched_once_and_in_order),
	    cmocka_unit_test(its_memory_serves_the_next_frame),
	    cmocka_unit_test(a_copy_is_complete_however_it_is_stored),
	    cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
