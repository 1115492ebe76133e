/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include <png.h>
#include <zlib.h>

#include "helpers/files.h"

static void round_trips_are_exact(void **state)
{
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8, IVP_FORMAT_RGBA8};
	static const uint32_t sides[][2] = {{1, 1}, {1, 9}, {13, 1}, {31, 21}, {200, 70}};

	(void)state;
	for (size_t i = 0; i < count_of(formats) * count_of(sides) * 3; i++) {
		const uint32_t *side = sides[i / 3 % count_of(sides)];
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG,
							   .compression = (int[]){0, 3, 9}[i % 3],
							   .orientation = 1};
		struct image image =
		    make_pattern(side[0], side[1], formats[i / 3 / count_of(sides)]);
		struct bytes file = encode(&image, &options);
		struct image back = decode(&file, true);

		assert_same_pixels(&image, &back);
		assert_int_equal(back.orientation, 1);
		assert_null(back.icc);
		free_image(&image);
		free_image(&back);
		free(file.data);
	}
}

/* A bit for each type of filter that rows but the first one have; the file is one of ours. */
static unsigned filters_of(const struct bytes *file, uint32_t height, size_t row_bytes)
{
	uint8_t *packed = malloc(file->count), *rows = malloc(height * (row_bytes + 1));
	uLongf bytes = height * (row_bytes + 1);
	size_t count = 0;
	unsigned found = 0;

	assert_true(packed && rows);
	for (size_t at = 8; at + 12 <= file->count;) {
		const uint8_t *chunk = file->data + at;
		const size_t length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 |
				      (size_t)chunk[2] << 8 | chunk[3];

		if (memcmp(chunk + 4, "IDAT", 4) == 0) {
			memcpy(packed + count, chunk + 8, length);
			count += length;
		}
		at += length + 12;
	}
	assert_int_equal(uncompress(rows, &bytes, packed, count), Z_OK);
	for (uint32_t y = 1; y < height; y++)
		found |= 1u << rows[y * (row_bytes + 1)];
	free(packed);
	free(rows);
	return found;
}

static void rows_have_the_filters_that_are_asked_for(void **state)
{
	static const unsigned wanted[] = {
	    [IVP_PNG_SUB_UP] = 6,  [IVP_PNG_NONE] = 1,   [IVP_PNG_SUB] = 2,  [IVP_PNG_UP] = 4,
	    [IVP_PNG_AVERAGE] = 8, [IVP_PNG_PAETH] = 16, [IVP_PNG_ALL] = 31,
	};
	struct image image = make_pattern(200, 70, IVP_FORMAT_RGB8);

	(void)state;
	for (unsigned i = 0; i < count_of(wanted); i++) {
		const struct ivp_encode_options options = {
		    .encoding = IVP_ENCODE_PNG, .compression = 1, .filter = (enum ivp_png_filter)i};
		struct bytes file = encode(&image, &options);
		struct image back = decode(&file, true);

		assert_same_pixels(&image, &back);
		assert_int_equal(filters_of(&file, 70, 600) & ~wanted[i], 0);
		free_image(&back);
		free(file.data);
	}
	free_image(&image);
}

static void strategies_find_fewer_repetitions_one_after_the_other(void **state)
{
	static const enum ivp_png_strategy strategies[] = {IVP_PNG_DEFAULT, IVP_PNG_RLE,
							   IVP_PNG_HUFFMAN};
	struct image image = make_pattern(200, 70, IVP_FORMAT_RGB8);
	size_t last = 0;

	(void)state;
	/* All rows are alike, each of runs of noise. */
	for (unsigned i = 0; i < 200 * 70 * 3; i++)
		pixel_at(&image, 0, i / 600)[i % 600] =
		    (uint8_t)(scramble(i % 600 / 12, 1, 2) >> 8);
	for (unsigned i = 0; i < 3; i++) {
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG,
							   .compression = 6,
							   .filter = IVP_PNG_NONE,
							   .strategy = strategies[i]};
		struct bytes file = encode(&image, &options);
		struct image back = decode(&file, true);

		assert_same_pixels(&image, &back);
		assert_true(file.count > 2 * last);
		last = file.count;
		free_image(&back);
		free(file.data);
	}
	free_image(&image);
}

/* What libpng itself writes: any colour type, depth and interlacing. */
struct written {
	int color_type, depth, interlace;
	uint32_t width, height;
	bool trns;
	uint8_t exif[26];
	bool exif_last;
};

static uint8_t raw_byte(uint32_t x, uint32_t y)
{
	return (uint8_t)(scramble(x / 3, y, 5) >> 8);
}

static void collect(png_structp png, png_bytep from, size_t count)
{
	assert_int_equal(fwrite(from, 1, count, png_get_io_ptr(png)), count);
}

static struct bytes write_by_libpng(const struct written *how)
{
	struct bytes file = {0};
	FILE *stream = open_memstream((char **)&file.data, &file.count);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png), last = png_create_info_struct(png);
	const png_color palette[4] = {{1, 2, 3}, {40, 50, 60}, {200, 100, 0}, {255, 255, 254}};
	const png_color_16 key = {.gray = raw_byte(0, 0) & ((1 << how->depth) - 1),
				  .red = raw_byte(0, 0),
				  .green = raw_byte(1, 0),
				  .blue = raw_byte(2, 0)};
	uint8_t row[8192];
	int passes;

	assert_non_null(stream);
	png_set_write_fn(png, stream, collect, NULL);
	png_set_IHDR(png, info, how->width, how->height, how->depth, how->color_type,
		     how->interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (how->color_type == PNG_COLOR_TYPE_PALETTE)
		png_set_PLTE(png, info, palette, how->depth == 1 ? 2 : 4);
	if (how->trns)
		png_set_tRNS(png, info, (const png_byte[]){0, 128}, 2, &key);
	if (how->exif[0])
		png_set_eXIf_1(png, how->exif_last ? last : info, 26, (png_bytep)how->exif);
	passes = how->interlace == PNG_INTERLACE_ADAM7 ? 7 : 1;
	png_write_info(png, info);
	if (passes == 7)
		png_set_interlace_handling(png);
	for (int pass = 0; pass < passes; pass++) {
		for (uint32_t y = 0; y < how->height; y++) {
			for (uint32_t x = 0; x < sizeof(row); x++)
				row[x] =
				    how->color_type == PNG_COLOR_TYPE_PALETTE && how->depth == 8
					? raw_byte(x, y) & 3
					: raw_byte(x, y);
			png_write_row(png, row);
		}
	}
	png_write_end(png, last);
	png_destroy_info_struct(png, &last);
	png_destroy_write_struct(&png, &info);
	fclose(stream);
	return file;
}

/* The samples of a pixel as they are stored; returns how many. */
static unsigned raw_samples(const struct written *how, uint32_t x, uint32_t y, unsigned raw[4])
{
	static const unsigned samples[] = {1, 0, 3, 1, 2, 0, 4};
	const unsigned count = samples[how->color_type];

	for (unsigned i = 0; i < count; i++) {
		const uint32_t at = (x * count + i) * (unsigned)how->depth;

		if (how->depth == 16)
			raw[i] = raw_byte(at / 8, y) << 8 | raw_byte(at / 8 + 1, y);
		else
			raw[i] = raw_byte(at / 8, y) >> (8 - how->depth - at % 8) &
				 ((1u << how->depth) - 1);
	}
	return count;
}

/* Alpha by a tRNS chunk: of a palette's entry, or of the one colour that is transparent. */
static uint8_t alpha_by_key(const struct written *how, const unsigned *raw)
{
	if (how->color_type == PNG_COLOR_TYPE_PALETTE)
		return (uint8_t[]){0, 128, 255, 255}[raw[0] & 3];
	if (how->color_type == PNG_COLOR_TYPE_GRAY)
		return raw[0] == (raw_byte(0, 0) & ((1u << how->depth) - 1)) ? 0 : 255;
	for (unsigned i = 0; i < 3; i++)
		if (raw[i] != raw_byte(i, 0))
			return 255;
	return 0;
}

/* The pixel as the PNG specification defines it, from the raw bytes. */
static void expected_pixel(const struct written *how, uint32_t x, uint32_t y, uint8_t rgba[4])
{
	static const uint8_t palette[4][3] = {
	    {1, 2, 3}, {40, 50, 60}, {200, 100, 0}, {255, 255, 254}};
	unsigned raw[4] = {0};
	const unsigned count = raw_samples(how, x, y, raw);
	uint8_t value[4];

	for (unsigned i = 0; i < 4; i++)
		value[i] = (uint8_t)lround(raw[i] * 255.0 / ((1u << how->depth) - 1));
	for (unsigned i = 0; i < 3; i++)
		rgba[i] = how->color_type == PNG_COLOR_TYPE_PALETTE ? palette[raw[0] & 3][i]
								    : value[count >= 3 ? i : 0];
	if (how->color_type & PNG_COLOR_MASK_ALPHA)
		rgba[3] = value[count - 1];
	else
		rgba[3] = how->trns ? alpha_by_key(how, raw) : 255;
}

static struct image expected_image(const struct written *how)
{
	const bool colour = how->color_type & PNG_COLOR_MASK_COLOR;
	const bool alpha = how->color_type & PNG_COLOR_MASK_ALPHA || how->trns;
	struct image image = make_image((struct ivp_shape){how->width, how->height,
							   alpha    ? IVP_FORMAT_RGBA8
							   : colour ? IVP_FORMAT_RGB8
								    : IVP_FORMAT_GRAY8});

	for (uint32_t y = 0; y < how->height; y++) {
		for (uint32_t x = 0; x < how->width; x++) {
			uint8_t rgba[4];

			expected_pixel(how, x, y, rgba);
			memcpy(pixel_at(&image, x, y), rgba,
			       ivp_format_pixel_bytes(image.shape.format));
		}
	}
	return image;
}

static const struct {
	int color_type, depth;
} kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},       {PNG_COLOR_TYPE_GRAY, 4},
    {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},      {PNG_COLOR_TYPE_PALETTE, 1},
    {PNG_COLOR_TYPE_PALETTE, 2},     {PNG_COLOR_TYPE_PALETTE, 8},    {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB, 8},        {PNG_COLOR_TYPE_RGB, 16},
    {PNG_COLOR_TYPE_RGB_ALPHA, 8},   {PNG_COLOR_TYPE_RGB_ALPHA, 16},
};

static void every_kind_of_png_becomes_the_pixels_it_means(void **state)
{
	static const uint32_t sides[][2] = {{1, 1}, {3, 2}, {5, 17}, {40, 33}};

	(void)state;
	for (size_t i = 0; i < count_of(kinds) * count_of(sides) * 4; i++) {
		const size_t kind = i / 4 / count_of(sides);
		struct written how = {
		    .color_type = kinds[kind].color_type,
		    .depth = kinds[kind].depth,
		    .interlace = i & 1 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
		    .width = sides[i / 4 % count_of(sides)][0],
		    .height = sides[i / 4 % count_of(sides)][1],
		    .trns = i & 2,
		};
		struct image wanted, got;
		struct bytes file;

		if (how.trns && (how.color_type & PNG_COLOR_MASK_ALPHA || how.depth == 16))
			continue;
		file = write_by_libpng(&how);
		wanted = expected_image(&how);
		got = decode(&file, true);
		assert_same_pixels(&wanted, &got);
		free_image(&wanted);
		free_image(&got);
		free(file.data);
	}
}

static void every_orientation_is_turned_upright_interlaced_or_not(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		const unsigned orientation = i % 8 + 1;
		struct written how = {.color_type = PNG_COLOR_TYPE_RGB,
				      .depth = 8,
				      .interlace = i & 8 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
				      .width = 37,
				      .height = 19,
				      .exif = "MM\0*\0\0\0\10\0\1\1\x12\0\3\0\0\0\1\0",
				      .exif_last = i & 16};
		struct image stored, wanted, got;
		struct bytes file;

		how.exif[19] = (uint8_t)orientation;
		file = write_by_libpng(&how);
		stored = expected_image(&how);
		got = decode(&file, false);
		assert_int_equal(got.orientation, orientation);
		assert_same_pixels(&stored, &got);
		free_image(&got);
		wanted = turn_upright(&stored, orientation);
		got = decode(&file, true);
		assert_int_equal(got.orientation, 1);
		assert_same_pixels(&wanted, &got);
		free_image(&stored);
		free_image(&wanted);
		free_image(&got);
		free(file.data);
	}
}

static void all_16_bit_values_are_rounded_exactly_and_written_back(void **state)
{
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG, .compression = 1};
	struct image image = make_image((struct ivp_shape){256, 256, IVP_FORMAT_GRAY16}), back;
	struct bytes file;

	(void)state;
	for (unsigned value = 0; value < 65536; value++)
		put16(pixel_at(&image, value % 256, value / 256), value);
	file = encode(&image, &options);
	back = decode(&file, true);
	assert_int_equal(back.shape.format, IVP_FORMAT_GRAY8);
	for (unsigned value = 0; value < 65536; value++)
		assert_int_equal(*pixel_at(&back, value % 256, value / 256), lround(value / 257.0));
	free_image(&image);
	free_image(&back);
	free(file.data);
}

/* Asserts that the pixels are those of the file, 16 bits a sample, grey in all colours. */
static void assert_deep_pixels(const struct written *how, const struct image *got)
{
	const unsigned channels = ivp_format_channels(got->shape.format);

	for (uint32_t y = 0; y < how->height; y++)
		for (uint32_t x = 0; x < how->width; x++) {
			unsigned raw[4] = {0};
			const unsigned count = raw_samples(how, x, y, raw);

			for (unsigned c = 0; c < channels; c++) {
				const uint8_t *sample = pixel_at(got, x, y) + 2 * c;
				const unsigned from = count >= 3 ? c : c == 3 ? 1 : 0;

				assert_int_equal(sample[0] | sample[1] << 8, raw[from]);
			}
		}
}

static void sixteen_bits_are_kept_for_those_who_want_them(void **state)
{
	static const struct {
		int color_type;
		uint32_t format;
	} cases[] = {{PNG_COLOR_TYPE_GRAY, IVP_FORMAT_GRAY16},
		     {PNG_COLOR_TYPE_GRAY_ALPHA, IVP_FORMAT_RGBA16},
		     {PNG_COLOR_TYPE_RGB, IVP_FORMAT_RGB16},
		     {PNG_COLOR_TYPE_RGB_ALPHA, IVP_FORMAT_RGBA16}};

	(void)state;
	for (size_t i = 0; i < count_of(cases) * 2; i++) {
		const struct written how = {
		    .color_type = cases[i / 2].color_type,
		    .depth = 16,
		    .interlace = i & 1 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
		    .width = 29,
		    .height = 23,
		};
		struct bytes file = write_by_libpng(&how);
		struct image got = decode_deep(&file);

		assert_int_equal(got.shape.format, cases[i / 2].format);
		assert_deep_pixels(&how, &got);
		free_image(&got);
		free(file.data);
	}
}

static void deep_pictures_are_turned_and_come_back_as_they_were(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 8; i++) {
		const uint32_t format = i & 1 ? IVP_FORMAT_RGBA16 : IVP_FORMAT_RGB16;
		const struct ivp_encode_options options = {
		    .encoding = IVP_ENCODE_PNG, .compression = 1, .orientation = i / 2 + 1};
		struct image image = make_pattern(37, 19, format), wanted, back;
		struct bytes file = encode(&image, &options);

		wanted = turn_upright(&image, i / 2 + 1);
		back = decode_deep(&file);
		assert_same_pixels(&wanted, &back);
		free_image(&image);
		free_image(&wanted);
		free_image(&back);
		free(file.data);
	}
}

static void eight_bits_stay_eight_for_those_who_keep_the_depth(void **state)
{
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG, .compression = 1};
	struct image image = make_pattern(5, 4, IVP_FORMAT_RGB8), back;
	struct bytes file = encode(&image, &options);

	(void)state;
	back = decode_deep(&file);
	assert_same_pixels(&image, &back);
	free_image(&image);
	free_image(&back);
	free(file.data);
}

static void profile_and_orientation_travel_along(void **state)
{
	uint8_t icc[PROFILE_BYTES];
	struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG,
					     .compression = 6,
					     .icc = icc,
					     .icc_bytes = sizeof(icc),
					     .orientation = 7};
	struct image image = make_pattern(20, 10, IVP_FORMAT_RGB8), back;
	struct image gray = make_pattern(20, 10, IVP_FORMAT_GRAY8);
	struct bytes file;

	(void)state;
	make_profile(icc);
	file = encode(&image, &options);
	back = decode(&file, false);
	assert_int_equal(back.orientation, 7);
	assert_int_equal(back.icc_bytes, sizeof(icc));
	assert_memory_equal(back.icc, icc, sizeof(icc));
	assert_same_pixels(&image, &back);
	free_image(&back);
	free(file.data);
	/* A profile of other colours, or a broken one, is left out: the image counts. */
	file = encode(&gray, &options);
	back = decode(&file, false);
	assert_null(back.icc);
	assert_same_pixels(&gray, &back);
	free_image(&back);
	free(file.data);
	memset(icc + 36, 0, 4);
	file = encode(&image, &options);
	back = decode(&file, false);
	assert_null(back.icc);
	assert_same_pixels(&image, &back);
	free_image(&back);
	free(file.data);
	free_image(&image);
	free_image(&gray);
}

static void a_file_cut_anywhere_is_refused_with_the_place(void **state)
{
	static const struct written hows[] = {
	    {PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE, 64, 64, false, {0}, false},
	    {PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7, 64, 64, false, {0}, false}};

	(void)state;
	for (size_t i = 0; i < count_of(hows); i++) {
		struct bytes file = write_by_libpng(&hows[i]);
		const size_t whole = file.count;
		struct image image;
		struct ivp_why why;

		for (file.count = 0; file.count < whole; file.count += file.count < 100 ? 1 : 37) {
			assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
			if (file.count >= 8)
				assert_non_null(strstr(why.text, "PNG data end "));
		}
		file.count = whole / 2;
		try_decode(&file, &wide_limits, &why);
		assert_non_null(strstr(why.text, i ? "of 7" : "of 64"));
		for (file.count = whole - 12; file.count < whole; file.count++) {
			assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
			assert_non_null(strstr(why.text, i ? "after row 32 of 32 in pass 7"
							   : "after row 64 of 64"));
		}
		file.count = whole;
		image = decode(&file, true);
		free_image(&image);
		free(file.data);
	}
}

static void wrong_checksums_are_damage_where_they_matter(void **state)
{
	struct written how = {
	    .color_type = PNG_COLOR_TYPE_RGB, .depth = 8, .width = 60, .height = 60};
	struct bytes file = write_by_libpng(&how);
	struct ivp_why why;

	(void)state;
	/* The last chunk before the 12 bytes of IEND is IDAT: its checksum. */
	file.data[file.count - 13] ^= 1;
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_non_null(strstr(why.text, "IDAT: CRC error"));
	file.data[file.count - 13] ^= 1;
	file.data[29] ^= 1; /* of IHDR */
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_non_null(strstr(why.text, "PNG is damaged in the header: IHDR: CRC error"));
	file.data[29] ^= 1;
	memcpy(file.data + 12, "IHDX", 4);
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_non_null(strstr(why.text, "does not begin with IHDR"));
	free(file.data);
}

/* Sides and pixels are judged by the first 33 bytes alone. */
static void limits_hold_before_anything_is_read(void **state)
{
	static const struct {
		uint32_t width, height;
		int error;
		const char *reason;
	} cases[] = {
	    {0, 5, -EILSEQ, "no pixels"},
	    {5, 0, -EILSEQ, "no pixels"},
	    {1001, 1, -E2BIG, "1001 x 1 pixels: a side is longer than max-side = 1000"},
	    {1, 4294967295u, -E2BIG, "longer than max-side = 1000"},
	    {101, 100, -E2BIG, "101 x 100 pixels are more than max-pixels = 10000"},
	    {1000, 1000, -E2BIG, "more than max-pixels"},
	    {100, 100, -EILSEQ, "PNG data end in the header"},
	};
	const struct ivp_decode_limits limits = {10000, 1000, 100};
	uint8_t data[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	struct bytes file = {data, sizeof(data)};
	struct ivp_why why;

	(void)state;
	data[24] = 8;
	for (size_t i = 0; i < count_of(cases); i++) {
		put32_big(data + 16, cases[i].width);
		put32_big(data + 20, cases[i].height);
		put32_big(data + 29, (uint32_t)crc32(0, data + 12, 17));
		assert_int_equal(try_decode(&file, &limits, &why), cases[i].error);
		assert_non_null(strstr(why.text, cases[i].reason));
	}
}

static void an_inflated_profile_has_a_limit(void **state)
{
	struct written how = {
	    .color_type = PNG_COLOR_TYPE_RGB, .depth = 8, .width = 4, .height = 4};
	struct bytes file = write_by_libpng(&how), bomb;
	const size_t size = 64u << 20;
	uint8_t *profile = calloc(1, size), *chunk;
	uLongf packed = compressBound(size);
	struct image image;

	(void)state;
	assert_non_null(profile);
	make_profile(profile);
	put32_big(profile, (uint32_t)size);
	chunk = malloc(packed + 64);
	assert_non_null(chunk);
	assert_int_equal(compress2(chunk + 11, &packed, profile, size, 9), Z_OK);
	put_text(chunk + 4, "iCCPa\0\0", 7);
	put32_big(chunk, (uint32_t)packed + 3);
	put32_big(chunk + 11 + packed, (uint32_t)crc32(0, chunk + 4, (uInt)packed + 7));
	bomb.count = file.count + packed + 15;
	bomb.data = malloc(bomb.count);
	assert_non_null(bomb.data);
	memcpy(bomb.data, file.data, 33);
	memcpy(bomb.data + 33, chunk, packed + 15);
	memcpy(bomb.data + 33 + packed + 15, file.data + 33, file.count - 33);
	/* The profile is left out, the image is whole. */
	image = decode(&bomb, true);
	assert_null(image.icc);
	free_image(&image);
	free(bomb.data);
	free(chunk);
	free(profile);
	free(file.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips_are_exact),
	    cmocka_unit_test(rows_have_the_filters_that_are_asked_for),
	    cmocka_unit_test(strategies_find_fewer_repetitions_one_after_the_other),
	    cmocka_unit_test(every_kind_of_png_becomes_the_pixels_it_means),
	    cmocka_unit_test(every_orientation_is_turned_upright_interlaced_or_not),
	    cmocka_unit_test(all_16_bit_values_are_rounded_exactly_and_written_back),
	    cmocka_unit_test(sixteen_bits_are_kept_for_those_who_want_them),
	    cmocka_unit_test(deep_pictures_are_turned_and_come_back_as_they_were),
	    cmocka_unit_test(eight_bits_stay_eight_for_those_who_keep_the_depth),
	    cmocka_unit_test(profile_and_orientation_travel_along),
	    cmocka_unit_test(a_file_cut_anywhere_is_refused_with_the_place),
	    cmocka_unit_test(wrong_checksums_are_damage_where_they_matter),
	    cmocka_unit_test(limits_hold_before_anything_is_read),
	    cmocka_unit_test(an_inflated_profile_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
