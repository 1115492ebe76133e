/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include "codec/private.h"
#include "helpers/files.h"

static void what_is_written_is_read(void **state)
{
	uint8_t tiff[IVP_EXIF_BYTES];

	(void)state;
	for (unsigned orientation = 1; orientation <= 8; orientation++) {
		ivp_exif_make(tiff, orientation);
		assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), orientation);
	}
}

static void both_byte_orders_are_read_and_other_tags_passed_over(void **state)
{
	static const uint8_t little[] = {
	    'I',  'I', '*',  0, 10, 0, 0, 0, 9, 9,             /* the directory is at 10 */
	    2,    0,   0x0f, 1, 2,  0, 4, 0, 0, 0, 1, 2, 3, 4, /* Make */
	    0x12, 1,   3,    0, 1,  0, 0, 0, 8, 0, 0, 0};
	static const uint8_t big[] = {'M',  'M', 0, '*', 0, 0, 0, 8, 0, 1, 1,
				      0x12, 0,   3, 0,   0, 0, 1, 0, 3, 0, 0};

	(void)state;
	assert_int_equal(ivp_exif_orientation(little, sizeof(little)), 8);
	assert_int_equal(ivp_exif_orientation(big, sizeof(big)), 3);
}

static void what_makes_no_sense_is_upright(void **state)
{
	uint8_t tiff[IVP_EXIF_BYTES];

	(void)state;
	ivp_exif_make(tiff, 6);
	for (size_t bytes = 0; bytes < 22; bytes++) {
		uint8_t *exact = malloc(bytes ? bytes : 1);

		assert_non_null(exact);
		memcpy(exact, tiff, bytes);
		assert_int_equal(ivp_exif_orientation(exact, bytes), 1);
		free(exact);
	}
	ivp_exif_make(tiff, 9);
	assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), 1);
	ivp_exif_make(tiff, 0);
	assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), 1);
	ivp_exif_make(tiff, 6);
	tiff[13] = 4; /* a long */
	assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), 1);
	ivp_exif_make(tiff, 6);
	memset(tiff + 4, 0xff, 4); /* a directory far away */
	assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), 1);
	ivp_exif_make(tiff, 6);
	memset(tiff + 8, 0xff, 2); /* more entries than there is room for */
	assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), 6);
	tiff[11]++; /* and ours is none of them */
	assert_int_equal(ivp_exif_orientation(tiff, sizeof(tiff)), 1);
}

static void a_profile_fits_pixels_of_its_colour_space(void **state)
{
	uint8_t icc[PROFILE_BYTES];

	(void)state;
	make_profile(icc);
	assert_true(ivp_icc_fits(icc, sizeof(icc), IVP_FORMAT_RGB8));
	assert_true(ivp_icc_fits(icc, sizeof(icc), IVP_FORMAT_RGBA8));
	assert_false(ivp_icc_fits(icc, sizeof(icc), IVP_FORMAT_GRAY8));
	put_text(icc + 16, "GRAY", 4);
	assert_true(ivp_icc_fits(icc, sizeof(icc), IVP_FORMAT_GRAY8));
	assert_false(ivp_icc_fits(icc, sizeof(icc), IVP_FORMAT_RGB8));
	assert_false(ivp_icc_fits(icc, 127, IVP_FORMAT_GRAY8));
	assert_false(ivp_icc_fits(NULL, 0, IVP_FORMAT_GRAY8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(both_byte_orders_are_read_and_other_tags_passed_over),
	    cmocka_unit_test(what_makes_no_sense_is_upright),
	    cmocka_unit_test(a_profile_fits_pixels_of_its_colour_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
