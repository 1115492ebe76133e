/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "../stages/bands.h"

static void a_band_is_turned_for_any_number_of_columns(void **state)
{
	static uint32_t rows[IVP_BAND][IVP_BAND_CHUNK], lanes[IVP_BAND_CHUNK + 1][IVP_BAND];

	(void)state;
	for (uint32_t r = 0; r < IVP_BAND; r++)
		for (uint32_t x = 0; x < IVP_BAND_CHUNK; x++)
			rows[r][x] = r << 16 | x;
	for (size_t count = 0; count <= IVP_BAND_CHUNK; count++) {
		memset(lanes, 0xA5, sizeof(lanes));
		ivp_band_turn(rows[0], count, lanes[0]);
		for (size_t x = 0; x < count; x++)
			for (size_t r = 0; r < IVP_BAND; r++)
				assert_int_equal(lanes[x][r], r << 16 | x);
		assert_int_equal(lanes[count][0], 0xA5A5A5A5);
	}
}

static void bytes_go_back_to_the_rows_there_are(void **state)
{
	enum { WIDEST = 50, STRIDE = 64 };
	static uint8_t lanes[WIDEST][IVP_BAND], out[IVP_BAND][STRIDE];

	(void)state;
	for (size_t x = 0; x < WIDEST; x++)
		for (size_t r = 0; r < IVP_BAND; r++)
			lanes[x][r] = (uint8_t)(x * 5 + r);
	for (size_t count = 1; count <= WIDEST; count++)
		for (unsigned rows = 1; rows <= IVP_BAND; rows++) {
			memset(out, 0xA5, sizeof(out));
			ivp_band_store8(lanes[0], count, out[0], STRIDE, rows);
			for (size_t r = 0; r < IVP_BAND; r++)
				for (size_t x = 0; x < STRIDE; x++)
					assert_int_equal(out[r][x], r < rows && x < count
									? (uint8_t)(x * 5 + r)
									: 0xA5);
		}
}

static void pixels_go_back_to_the_rows_there_are(void **state)
{
	enum { WIDEST = 13, STRIDE = 64 };
	static uint32_t lanes[WIDEST][IVP_BAND];
	static uint8_t out[IVP_BAND][STRIDE];

	(void)state;
	for (uint32_t x = 0; x < WIDEST; x++)
		for (uint32_t r = 0; r < IVP_BAND; r++)
			lanes[x][r] = x << 24 | r << 8 | 1;
	for (size_t count = 1; count <= WIDEST; count++)
		for (unsigned rows = 1; rows <= IVP_BAND; rows++) {
			memset(out, 0xA5, sizeof(out));
			ivp_band_store32(lanes[0], count, out[0], STRIDE, rows);
			for (uint32_t r = 0; r < IVP_BAND; r++)
				for (uint32_t x = 0; x < STRIDE / 4; x++) {
					uint32_t pixel;

					memcpy(&pixel, out[r] + 4 * (size_t)x, 4);
					assert_int_equal(pixel, r < rows && x < count
								    ? (x << 24 | r << 8 | 1)
								    : 0xA5A5A5A5);
				}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_band_is_turned_for_any_number_of_columns),
	    cmocka_unit_test(bytes_go_back_to_the_rows_there_are),
	    cmocka_unit_test(pixels_go_back_to_the_rows_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
