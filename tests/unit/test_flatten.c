/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <math.h>

#include "host/flatten.h"

/* Flattens a row of width pixels; out has room for 3 bytes a pixel. */
static void flatten_row(uint32_t format, const void *pixels, uint32_t width, uint8_t *out)
{
	const struct ivp_input in = {{width, 1, format}, 64, pixels};
	const struct ivp_output flat = {{width, 1, ivp_flatten_format(format)}, 64, out};

	ivp_flatten(&in, &flat);
}

static void formats_lose_alpha_and_depth(void **state)
{
	(void)state;
	assert_int_equal(ivp_flatten_format(IVP_FORMAT_GRAY8), IVP_FORMAT_GRAY8);
	assert_int_equal(ivp_flatten_format(IVP_FORMAT_GRAY16), IVP_FORMAT_GRAY8);
	assert_int_equal(ivp_flatten_format(IVP_FORMAT_RGB16), IVP_FORMAT_RGB8);
	assert_int_equal(ivp_flatten_format(IVP_FORMAT_RGBA8), IVP_FORMAT_RGB8);
	assert_int_equal(ivp_flatten_format(IVP_FORMAT_RGBA16), IVP_FORMAT_RGB8);
	assert_int_equal(ivp_flatten_format(99), IVP_FORMAT_NONE);
}

static void eight_bits_over_white_match_the_definition(void **state)
{
	(void)state;
	for (unsigned color = 0; color < 256; color++)
		for (unsigned alpha = 0; alpha < 256; alpha++) {
			const uint8_t pixel[4] = {(uint8_t)color, 255, 0, (uint8_t)alpha};
			const double a = alpha / 255.0;
			uint8_t out[3];

			flatten_row(IVP_FORMAT_RGBA8, pixel, 1, out);
			assert_int_equal(out[0],
					 (int)floor(color * a + 255 * (1 - a) + 0.5 + 1e-9));
			assert_int_equal(out[1], 255);
			assert_int_equal(out[2], 255 - alpha);
		}
}

static void sixteen_bits_over_white_are_right_to_one_step(void **state)
{
	(void)state;
	for (unsigned color = 0; color < 65536; color += 257 * 5)
		for (unsigned alpha = 0; alpha < 65536; alpha += 771) {
			const uint16_t pixel[4] = {(uint16_t)color, 65535, 0, (uint16_t)alpha};
			const double a = alpha / 65535.0;
			uint8_t out[3];

			flatten_row(IVP_FORMAT_RGBA16, pixel, 1, out);
			assert_true(fabs(out[0] - (color / 257.0 * a + 255 * (1 - a))) <= 0.51);
			assert_int_equal(out[1], 255);
			assert_true(fabs(out[2] - 255 * (1 - a)) <= 0.51);
		}
}

static void the_darkest_transparent_pixel_is_white(void **state)
{
	const uint16_t wide[4] = {0};
	const uint8_t narrow[4] = {0};
	uint8_t out[3];

	(void)state;
	flatten_row(IVP_FORMAT_RGBA16, wide, 1, out);
	assert_memory_equal(out, "\377\377\377", 3);
	flatten_row(IVP_FORMAT_RGBA8, narrow, 1, out);
	assert_memory_equal(out, "\377\377\377", 3);
}

static void sixteen_bits_without_alpha_are_rounded(void **state)
{
	const uint16_t gray[4] = {0, 128, 129, 65535};
	const uint16_t color[6] = {257, 514, 65406, 65407, 32896, 1};
	uint8_t out[6];

	(void)state;
	flatten_row(IVP_FORMAT_GRAY16, gray, 4, out);
	assert_memory_equal(out, ((uint8_t[]){0, 0, 1, 255}), 4);
	flatten_row(IVP_FORMAT_RGB16, color, 2, out);
	assert_memory_equal(out, ((uint8_t[]){1, 2, 254, 255, 128, 0}), 6);
}

static void rows_keep_their_distance(void **state)
{
	uint8_t in_pixels[2 * 64] = {0}, out_pixels[2 * 128] = {0};
	const struct ivp_input in = {{1, 2, IVP_FORMAT_RGBA8}, 64, in_pixels};
	const struct ivp_output out = {{1, 2, IVP_FORMAT_RGB8}, 128, out_pixels};

	(void)state;
	memcpy(in_pixels + 64, (uint8_t[]){1, 2, 3, 255}, 4);
	ivp_flatten(&in, &out);
	assert_memory_equal(out_pixels, "\377\377\377\0", 4);
	assert_memory_equal(out_pixels + 128, "\1\2\3\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(formats_lose_alpha_and_depth),
	    cmocka_unit_test(eight_bits_over_white_match_the_definition),
	    cmocka_unit_test(sixteen_bits_over_white_are_right_to_one_step),
	    cmocka_unit_test(the_darkest_transparent_pixel_is_white),
	    cmocka_unit_test(sixteen_bits_without_alpha_are_rounded),
	    cmocka_unit_test(rows_keep_their_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
