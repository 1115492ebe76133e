/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include "codec/rows.h"

static void every_orientation_puts_every_pixel_in_its_place(void **state)
{
	/* Heights around the strip's, and sides of one. */
	static const uint32_t sides[][2] = {{1, 1},  {5, 1},   {1, 40}, {7, 15},
					    {7, 16}, {33, 17}, {20, 50}};
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8, IVP_FORMAT_RGBA8,
					   IVP_FORMAT_RGB16};

	(void)state;
	for (size_t i = 0; i < count_of(sides) * count_of(formats) * 8; i++) {
		const unsigned orientation = i % 8 + 1;
		const uint32_t *side = sides[i / 8 % count_of(sides)];
		struct image stored =
		    make_pattern(side[0], side[1], formats[i / 8 / count_of(sides)]);
		struct image wanted = turn_upright(&stored, orientation);
		struct image got = make_image(wanted.shape);
		struct ivp_output out = {got.shape, got.stride, got.pixels};
		struct ivp_shape shape = ivp_orient_shape(&stored.shape, orientation);
		struct ivp_rows rows;

		assert_int_equal(shape.width, wanted.shape.width);
		assert_int_equal(shape.height, wanted.shape.height);
		assert_int_equal(ivp_rows_init(&rows, &out, &stored.shape, orientation), 0);
		assert_true((rows.strip != NULL) == (orientation != 1 && orientation != 4));
		for (uint32_t y = 0; y < stored.shape.height; y++) {
			assert_true(ivp_rows_room(&rows, y) >= 1);
			memcpy(ivp_rows_at(&rows, y), pixel_at(&stored, 0, y),
			       (size_t)side[0] * rows.pixel_bytes);
			ivp_rows_done(&rows, y + 1);
		}
		ivp_rows_finish(&rows);
		assert_same_pixels(&got, &wanted);
		assert_margins_untouched(&got);
		free_image(&stored);
		free_image(&wanted);
		free_image(&got);
	}
}

static void several_rows_may_be_written_before_they_are_done(void **state)
{
	struct image stored = make_pattern(9, 37, IVP_FORMAT_RGB8);
	struct image wanted = turn_upright(&stored, 6);
	struct image got = make_image(wanted.shape);
	struct ivp_output out = {got.shape, got.stride, got.pixels};
	struct ivp_rows rows;
	uint32_t y = 0;

	(void)state;
	assert_int_equal(ivp_rows_init(&rows, &out, &stored.shape, 6), 0);
	while (y < 37) {
		const uint32_t room = ivp_rows_room(&rows, y), count = room > 3 ? 3 : room;

		for (uint32_t i = 0; i < count; i++)
			memcpy(ivp_rows_at(&rows, y + i), pixel_at(&stored, 0, y + i), 27);
		y += count;
		ivp_rows_done(&rows, y);
		ivp_rows_done(&rows, y); /* nothing new: no harm */
	}
	ivp_rows_finish(&rows);
	assert_same_pixels(&got, &wanted);
	free_image(&stored);
	free_image(&wanted);
	free_image(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_orientation_puts_every_pixel_in_its_place),
	    cmocka_unit_test(several_rows_may_be_written_before_they_are_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
