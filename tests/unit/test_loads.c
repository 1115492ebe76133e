/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "transport/loads.h"

#define BYTES 4096u

static void every_byte_is_loaded_and_no_other_is_stored(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 63, 64, 65, 127, 128, 1000, 2048};
	uint8_t from[BYTES], to[BYTES];

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		from[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < count_of(sizes); i++)
		for (size_t at = 0; at < 130; at++) {
			memset(to, 0xa5, sizeof(to));
			ivp_load_bytes(to + at / 3, from + at, sizes[i]);
			for (size_t j = 0; j < BYTES; j++)
				assert_int_equal(to[j], j >= at / 3 && j < at / 3 + sizes[i]
							    ? from[j - at / 3 + at]
							    : 0xa5);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_byte_is_loaded_and_no_other_is_stored),
	};

	return cmocka_run_group_tests_name("loads", tests, NULL, NULL);
}
