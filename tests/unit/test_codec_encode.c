/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include <fcntl.h>

static void each_encoding_takes_what_it_can_hold(void **state)
{
	static const bool takes[3][8] = {
	    [IVP_ENCODE_PNG] = {0, 1, 1, 1, 1, 1, 1, 0},
	    [IVP_ENCODE_JPEG] = {0, 1, 1, 0, 0, 0, 0, 0},
	    [IVP_ENCODE_PNM] = {0, 1, 1, 1, 1, 1, 1, 0},
	};
	struct image image = make_pattern(3, 3, IVP_FORMAT_RGBA8);
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG, .quality = 90};
	struct ivp_why why;

	(void)state;
	for (unsigned encoding = 0; encoding < 3; encoding++)
		for (unsigned format = 0; format < 8; format++)
			assert_int_equal(ivp_encoding_takes(encoding, format),
					 takes[encoding][format]);
	assert_int_equal(ivp_encode(&(struct ivp_input){image.shape, image.stride, image.pixels},
				    &options, stdout, &why),
			 -EINVAL);
	assert_string_equal(why.text, "JPEG cannot hold RGBA8 pixels");
	free_image(&image);
}

static void suffixes_tell_the_encoding(void **state)
{
	(void)state;
	assert_string_equal(ivp_encoding_suffix(IVP_ENCODE_PNG, IVP_FORMAT_RGBA8), ".png");
	assert_string_equal(ivp_encoding_suffix(IVP_ENCODE_JPEG, IVP_FORMAT_GRAY8), ".jpg");
	assert_string_equal(ivp_encoding_suffix(IVP_ENCODE_PNM, IVP_FORMAT_GRAY8), ".pnm");
	assert_string_equal(ivp_encoding_suffix(IVP_ENCODE_PNM, IVP_FORMAT_RGB16), ".pnm");
	assert_string_equal(ivp_encoding_suffix(IVP_ENCODE_PNM, IVP_FORMAT_RGBA8), ".pam");
}

/* Small images fail when the stream's buffer is written out, large ones before. */
static void a_full_disk_is_found(void **state)
{
	static const uint32_t sides[] = {1, 8, 300};
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8, IVP_FORMAT_GRAY16};

	(void)state;
	for (size_t i = 0; i < 27; i++) {
		const struct ivp_encode_options options = {
		    .encoding = (enum ivp_encoding)(i / 9), .quality = 90, .compression = 1};
		struct image image = make_pattern(sides[i % 3], sides[i % 3], formats[i / 3 % 3]);
		struct ivp_why why = {{0}};
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		if (ivp_encoding_takes(options.encoding, image.shape.format)) {
			assert_int_equal(
			    ivp_encode(&(struct ivp_input){image.shape, image.stride, image.pixels},
				       &options, full, &why),
			    -ENOSPC);
			assert_non_null(strstr(why.text, "cannot write the "));
			assert_non_null(strstr(why.text, "No space left on device"));
		}
		fclose(full);
		free_image(&image);
	}
}

static void a_stream_for_reading_is_no_place_to_write(void **state)
{
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG, .quality = 90};
	struct image image = make_pattern(300, 300, IVP_FORMAT_RGB8);
	FILE *stream = fopen("/dev/null", "r");
	struct ivp_why why;

	(void)state;
	assert_non_null(stream);
	assert_int_equal(ivp_encode(&(struct ivp_input){image.shape, image.stride, image.pixels},
				    &options, stream, &why),
			 -EBADF);
	fclose(stream);
	free_image(&image);
}

/* Rows further apart than they need to be, as in a slot: nothing between them is written. */
static void only_pixels_reach_the_file(void **state)
{
	(void)state;
	for (unsigned encoding = 0; encoding < 3; encoding++) {
		const struct ivp_encode_options options = {
		    .encoding = encoding, .quality = 90, .compression = 6};
		struct image image = make_pattern(65, 9, IVP_FORMAT_RGB8);
		struct bytes first = encode(&image, &options), second;

		for (uint32_t y = 0; y < 9; y++)
			memset(pixel_at(&image, 65, y), 0x11, image.stride - 195);
		second = encode(&image, &options);
		assert_int_equal(first.count, second.count);
		assert_memory_equal(first.data, second.data, first.count);
		free(first.data);
		free(second.data);
		free_image(&image);
	}
}

static void impossible_orientations_are_not_written(void **state)
{
	static const unsigned orientations[] = {0, 9, 262, UINT32_MAX};

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		const struct ivp_encode_options options = {.encoding = i & 1 ? IVP_ENCODE_PNG
									     : IVP_ENCODE_JPEG,
							   .quality = 90,
							   .orientation = orientations[i / 2]};
		struct image image = make_pattern(5, 4, IVP_FORMAT_RGB8), back;
		struct bytes file = encode(&image, &options);

		assert_null(memmem(file.data, file.count, "MM\0*", 4));
		back = decode(&file, false);
		assert_int_equal(back.orientation, 1);
		free_image(&image);
		free_image(&back);
		free(file.data);
	}
}

static bool holds(const struct bytes *file, const void *what, size_t count)
{
	return memmem(file->data, file->count, what, count) != NULL;
}

static void texts_are_written_where_the_format_can(void **state)
{
	static const struct ivp_text texts[] = {{"stat.red.mean", "7.5"}, {"Who", "Gr\303\274n"}};
	struct image image = make_pattern(5, 4, IVP_FORMAT_RGB8);
	struct ivp_encode_options options = {
	    .quality = 90, .texts = texts, .text_count = count_of(texts)};

	(void)state;
	for (unsigned encoding = IVP_ENCODE_PNG; encoding <= IVP_ENCODE_PNM; encoding++) {
		struct image back;
		struct bytes file;

		options.encoding = encoding;
		file = encode(&image, &options);
		if (encoding == IVP_ENCODE_PNG) {
			assert_true(holds(&file, "tEXtstat.red.mean\0007.5", 21));
			assert_true(holds(&file, "iTXtWho\0\0\0\0\0Gr\303\274n", 17));
		} else if (encoding == IVP_ENCODE_JPEG) {
			assert_true(holds(&file, "\xff\xfe\0\x13stat.red.mean=7.5", 21));
			assert_true(holds(&file, "\xff\xfe\0\x0bWho=Gr\303\274n", 13));
		}
		back = decode(&file, false);
		assert_int_equal(back.shape.width, 5);
		free_image(&back);
		free(file.data);
	}
	free_image(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_are_written_where_the_format_can),
	    cmocka_unit_test(each_encoding_takes_what_it_can_hold),
	    cmocka_unit_test(suffixes_tell_the_encoding),
	    cmocka_unit_test(a_full_disk_is_found),
	    cmocka_unit_test(a_stream_for_reading_is_no_place_to_write),
	    cmocka_unit_test(only_pixels_reach_the_file),
	    cmocka_unit_test(impossible_orientations_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
