/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include "helpers/files.h"

static struct bytes text(const char *data, size_t count)
{
	return (struct bytes){(uint8_t *)data, count};
}

/* A literal and its length: it may hold zeros. */
#define TEXT(literal) literal, sizeof(literal) - 1

static void round_trips_are_exact(void **state)
{
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8, IVP_FORMAT_RGBA8};

	(void)state;
	for (size_t i = 0; i < count_of(formats); i++) {
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNM};
		struct image image = make_pattern(33, 21, formats[i]);
		struct bytes file = encode(&image, &options);
		struct image back = decode(&file, true);

		assert_memory_equal(file.data, i == 0 ? "P5\n" : i == 1 ? "P6\n" : "P7\n", 3);
		assert_same_pixels(&image, &back);
		free_image(&image);
		free_image(&back);
		free(file.data);
	}
}

static void sixteen_bits_are_written_big_endian(void **state)
{
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNM};
	struct image image = make_image((struct ivp_shape){3000, 2, IVP_FORMAT_GRAY16}), back;
	struct bytes file;

	(void)state;
	for (uint32_t i = 0; i < 6000; i++)
		put16(pixel_at(&image, i % 3000, i / 3000), i * 10);
	file = encode(&image, &options);
	assert_memory_equal(file.data, "P5\n3000 2\n65535\n\0\0\0\x0a\0\x14", 22);
	back = decode(&file, true);
	for (uint32_t i = 0; i < 6000; i++)
		assert_int_equal(*pixel_at(&back, i % 3000, i / 3000), lround(i * 10 / 257.0));
	free_image(&image);
	free_image(&back);
	free(file.data);
}

static void sixteen_bits_are_kept_for_those_who_want_them(void **state)
{
	static const uint32_t formats[] = {IVP_FORMAT_GRAY16, IVP_FORMAT_RGB16, IVP_FORMAT_RGBA16};
	static const struct {
		const char *file;
		size_t bytes;
		uint32_t format;
		uint16_t samples[8];
	} cases[] = {
	    {TEXT("P2 2 1 1000 0 500"), IVP_FORMAT_GRAY16, {0, 32768}},
	    {TEXT("P2 2 1 255 0 128"), IVP_FORMAT_GRAY8, {0 | 128 << 8}},
	    {TEXT("P5 2 1 256\n\0\x80\1\0"), IVP_FORMAT_GRAY16, {32768, 65535}},
	    {TEXT("P7\nDEPTH 2\nMAXVAL 65535\nHEIGHT 1\nWIDTH 2\nENDHDR\n\1\2\3\4\5\6\7\x8"),
	     IVP_FORMAT_RGBA16,
	     {0x102, 0x102, 0x102, 0x304, 0x506, 0x506, 0x506, 0x708}},
	};

	(void)state;
	for (size_t i = 0; i < count_of(formats); i++) {
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNM};
		struct image image = make_pattern(33, 21, formats[i]);
		struct bytes file = encode(&image, &options);
		struct image back = decode_deep(&file);

		assert_same_pixels(&image, &back);
		free_image(&image);
		free_image(&back);
		free(file.data);
	}
	for (size_t i = 0; i < count_of(cases); i++) {
		struct bytes file = text(cases[i].file, cases[i].bytes);
		struct image image = decode_deep(&file);

		assert_int_equal(image.shape.format, cases[i].format);
		assert_memory_equal(pixel_at(&image, 0, 0), cases[i].samples,
				    (size_t)2 * ivp_format_pixel_bytes(cases[i].format));
		free_image(&image);
	}
}

static void every_kind_becomes_the_pixels_it_means(void **state)
{
	static const struct {
		const char *file;
		size_t bytes;
		uint32_t width, height, format;
		uint8_t row[16]; /* the last */
	} cases[] = {
#define CASE(file, ...) {file, sizeof(file) - 1, __VA_ARGS__}
	    CASE("P1 3 2\n0 1 0\n1 0 1", 3, 2, IVP_FORMAT_GRAY8, {0, 255, 0}),
	    CASE("P1\n# a remark\n3 # and more\n2\n010101", 3, 2, IVP_FORMAT_GRAY8, {0, 255, 0}),
	    CASE("P2 2 1 4 1 3", 2, 1, IVP_FORMAT_GRAY8, {64, 191}),
	    CASE("P2 2 1 255 # between\n 10\t\v254 ", 2, 1, IVP_FORMAT_GRAY8, {10, 254}),
	    CASE("P3 1 1 1000 0 500 1000", 1, 1, IVP_FORMAT_RGB8, {0, 128, 255}),
	    CASE("P4 10 1\n\x80\x40", 10, 1, IVP_FORMAT_GRAY8,
		 {0, 255, 255, 255, 255, 255, 255, 255, 255, 0}),
	    CASE("P5 2 1 255\n\n#", 2, 1, IVP_FORMAT_GRAY8, {'\n', '#'}),
	    CASE("P5 2 1 3 \1\2", 2, 1, IVP_FORMAT_GRAY8, {85, 170}),
	    CASE("P5 2 1 256\n\0\x80\1\0", 2, 1, IVP_FORMAT_GRAY8, {128, 255}),
	    CASE("P6\n1\n1\n255\nabc and another picture", 1, 1, IVP_FORMAT_RGB8, {'a', 'b', 'c'}),
	    CASE("P7\nWIDTH 1\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\nabcdefgh",
		 1, 2, IVP_FORMAT_RGBA8, {'e', 'f', 'g', 'h'}),
	    CASE("P7\n#x\nDEPTH 2\nMAXVAL 15\nHEIGHT 1\nWIDTH 2\nENDHDR\n\1\2\3\xf", 2, 1,
		 IVP_FORMAT_RGBA8, {17, 17, 17, 34, 51, 51, 51, 255}),
	    CASE("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\1\0",
		 2, 1, IVP_FORMAT_GRAY8, {255, 0}),
	    CASE("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\nabc", 1, 1, IVP_FORMAT_RGB8,
		 {'a', 'b', 'c'}),
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		struct bytes file = text(cases[i].file, cases[i].bytes);
		struct image image = decode(&file, true);

		assert_int_equal(image.shape.width, cases[i].width);
		assert_int_equal(image.shape.height, cases[i].height);
		assert_int_equal(image.shape.format, cases[i].format);
		assert_memory_equal(pixel_at(&image, 0, cases[i].height - 1), cases[i].row,
				    (size_t)cases[i].width *
					ivp_format_pixel_bytes(cases[i].format));
		free_image(&image);
	}
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const headers[] = {
	    "P1",
	    "P1 ",
	    "P2 3",
	    "P5 1 1",
	    "P5 1 1 255",
	    "P5 1 1 0\nx",
	    "P5 1 1 65536\nxx",
	    "P5 -1 1 255\nx",
	    "P5 a 1 255\nx",
	    "P5 1234567890 1 255\nx",
	    "P7\n",
	    "P7\nENDHDR\n",
	    "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\nabcde",
	    "P7\nWIDTH 1\nHEIGHT 1\nMAXVAL 255\nENDHDR\na",
	    "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\na",
	    "P7\nWIDE 1\nENDHDR\n",
	    "P7\nWIDTH x\n",
	    "P5 1 1 255#",
	    "P5 1 1 255\x80",
	};
	struct ivp_why why;

	(void)state;
	for (size_t i = 0; i < count_of(headers); i++) {
		struct bytes file = text(headers[i], strlen(headers[i]));

		assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
		assert_string_equal(why.text, "PNM is damaged or ends in the header");
	}
}

static void each_refusal_tells_its_reason(void **state)
{
	static const struct {
		const char *file;
		int error;
		const char *reason;
	} cases[] = {
	    {"P5 0 1 255\nx", -EILSEQ, "PNM header says 0 x 1: no pixels"},
	    {"P2 2 2 9 1 2 3 10", -EILSEQ,
	     "PNM is damaged after row 1 of 2: a sample is no number or above the maximum"},
	    {"P2 2 2 9 1 x 3 1", -EILSEQ,
	     "PNM is damaged after row 0 of 2: a sample is no number or above the maximum"},
	    {"P1 2 1 12", -EILSEQ,
	     "PNM is damaged after row 0 of 1: a sample is no number or above the maximum"},
	    {"P5 2 1 9\n\1\12", -EILSEQ,
	     "PNM is damaged after row 0 of 1: a sample is no number or above the maximum"},
	    {"P2 99999 1 1 1", -E2BIG, "99999 x 1 pixels: a side is longer than max-side = 16384"},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		struct bytes file = text(cases[i].file, strlen(cases[i].file));
		struct ivp_why why;

		assert_int_equal(try_decode(&file, &wide_limits, &why), cases[i].error);
		assert_string_equal(why.text, cases[i].reason);
	}
}

static void a_file_cut_anywhere_is_refused_with_the_place(void **state)
{
	static const struct {
		const char *file;
		size_t bytes;
	} files[] = {
	    {"P1 2 3 010101", 13},
	    {"P3 2 2 9 1 2 3 4 5 6 7 8 9 1 2 3", 32},
	    {"P4 9 3\nabcdef", 13},
	    {"P5 3 3 255\nabcdefghi", 20},
	    {"P6 1 3 255\nabcdefghi", 20},
	    {"P5 1 3 999\n\1\1\1\1\1\1", 17},
	    {"P7\nWIDTH 1\nHEIGHT 3\nDEPTH 2\nMAXVAL 255\nENDHDR\nabcdef", 52},
	};

	(void)state;
	for (size_t i = 0; i < count_of(files); i++) {
		struct bytes file = text(files[i].file, files[i].bytes);
		struct image image = decode(&file, true);
		struct ivp_why why;

		free_image(&image);
		while (file.count--) {
			assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
			if (file.count == files[i].bytes - 1)
				assert_string_equal(why.text,
						    i == 1 ? "PNM data end after row 1 of 2"
							   : "PNM data end after row 2 of 3");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips_are_exact),
	    cmocka_unit_test(sixteen_bits_are_written_big_endian),
	    cmocka_unit_test(sixteen_bits_are_kept_for_those_who_want_them),
	    cmocka_unit_test(every_kind_becomes_the_pixels_it_means),
	    cmocka_unit_test(what_makes_no_sense_is_refused),
	    cmocka_unit_test(each_refusal_tells_its_reason),
	    cmocka_unit_test(a_file_cut_anywhere_is_refused_with_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
