/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <ivpipe/frame.h>

static void every_format_has_its_properties(void **state)
{
	static const struct {
		uint32_t format;
		const char *name;
		unsigned channels, bytes;
	} expected[] = {
	    {IVP_FORMAT_GRAY8, "GRAY8", 1, 1},  {IVP_FORMAT_RGB8, "RGB8", 3, 3},
	    {IVP_FORMAT_RGBA8, "RGBA8", 4, 4},  {IVP_FORMAT_GRAY16, "GRAY16", 1, 2},
	    {IVP_FORMAT_RGB16, "RGB16", 3, 6},  {IVP_FORMAT_RGBA16, "RGBA16", 4, 8},
	    {IVP_FORMAT_NONE, "unknown", 0, 0}, {7, "unknown", 0, 0},
	    {UINT32_MAX, "unknown", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < count_of(expected); i++) {
		assert_string_equal(ivp_format_name(expected[i].format), expected[i].name);
		assert_int_equal(ivp_format_channels(expected[i].format), expected[i].channels);
		assert_int_equal(ivp_format_pixel_bytes(expected[i].format), expected[i].bytes);
	}
}

static void rows_start_on_64_byte_boundaries(void **state)
{
	size_t stride;
	uint64_t bytes;

	(void)state;
	assert_int_equal(
	    ivp_shape_size(&(struct ivp_shape){1, 1, IVP_FORMAT_GRAY8}, &stride, &bytes), 0);
	assert_int_equal(stride, 64);
	assert_int_equal(bytes, 64);
	assert_int_equal(
	    ivp_shape_size(&(struct ivp_shape){64, 3, IVP_FORMAT_GRAY8}, &stride, &bytes), 0);
	assert_int_equal(stride, 64);
	assert_int_equal(bytes, 192);
	assert_int_equal(
	    ivp_shape_size(&(struct ivp_shape){1920, 1080, IVP_FORMAT_RGB8}, &stride, &bytes), 0);
	assert_int_equal(stride, 5760);
	assert_int_equal(bytes, 6220800);
}

static void impossible_shapes_are_refused(void **state)
{
	size_t stride = 1;
	uint64_t bytes = 2;
	const struct ivp_shape invalid[] = {
	    {0, 1, IVP_FORMAT_GRAY8}, {1, 0, IVP_FORMAT_GRAY8}, {1, 1, IVP_FORMAT_NONE}, {1, 1, 7}};
	const struct ivp_shape large[] = {
	    {UINT32_MAX, 1, IVP_FORMAT_GRAY8},           /* stride */
	    {UINT32_MAX, UINT32_MAX, IVP_FORMAT_RGBA16}, /* both */
	    {(1u << 31) - 63, 1, IVP_FORMAT_GRAY8},      /* stride, by its padding */
	    {(1u << 31) - 64, UINT32_MAX, IVP_FORMAT_GRAY8},
	};

	(void)state;
	for (size_t i = 0; i < count_of(invalid); i++)
		assert_int_equal(ivp_shape_size(&invalid[i], &stride, &bytes), -EINVAL);
	for (size_t i = 0; i < count_of(large); i++)
		assert_int_equal(ivp_shape_size(&large[i], &stride, &bytes), -EOVERFLOW);
	assert_int_equal(stride, 1);
	assert_int_equal(bytes, 2);
	assert_int_equal(ivp_shape_size(&(struct ivp_shape){(1u << 31) - 64, 1, IVP_FORMAT_GRAY8},
					&stride, &bytes),
			 0);
	assert_int_equal(stride, (1u << 31) - 64);
}

static void a_long_reason_is_cut_at_its_end(void **state)
{
	struct ivp_why why;
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	ivp_why_set(&why, "%s", text);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
	ivp_why_set(&why, "frame %d", 7);
	assert_string_equal(why.text, "frame 7");
	ivp_why_set(NULL, "nobody asks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_format_has_its_properties),
	    cmocka_unit_test(rows_start_on_64_byte_boundaries),
	    cmocka_unit_test(impossible_shapes_are_refused),
	    cmocka_unit_test(a_long_reason_is_cut_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
