/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include "helpers/files.h"

typedef void writer(const struct ivp_input *image, FILE *to);

static struct bytes write_by(writer *write, const struct image *image)
{
	struct bytes file = {0};
	FILE *stream = open_memstream((char **)&file.data, &file.count);

	assert_non_null(stream);
	write(&(struct ivp_input){image->shape, image->stride, image->pixels}, stream);
	fclose(stream);
	return file;
}

/* RGBA8 as TGA: blue first, rows from the top. */
static void write_tga(const struct ivp_input *image, FILE *to)
{
	uint8_t header[18] = {0, 0, 2};

	put16(header + 12, image->shape.width);
	put16(header + 14, image->shape.height);
	header[16] = 32;
	header[17] = 0x28;
	fwrite(header, 1, sizeof(header), to);
	for (uint32_t i = 0; i < image->shape.width * image->shape.height; i++) {
		const uint8_t *p = image->pixels + i / image->shape.width * image->stride +
				   (size_t)(i % image->shape.width) * 4;
		const uint8_t bgra[4] = {p[2], p[1], p[0], p[3]};

		fwrite(bgra, 1, 4, to);
	}
}

/* GRAY8 as a PSD of one channel, not packed. */
static void write_psd(const struct ivp_input *image, FILE *to)
{
	uint8_t header[40] = "8BPS\0\1";

	header[13] = 3;
	put32_big(header + 14, image->shape.height);
	put32_big(header + 18, image->shape.width);
	header[23] = 8;
	header[25] = 3; /* RGB */
	fwrite(header, 1, sizeof(header), to);
	for (unsigned channel = 0; channel < 3; channel++)
		for (uint32_t y = 0; y < image->shape.height; y++)
			for (uint32_t x = 0; x < image->shape.width; x++)
				fputc(image->pixels[y * image->stride + (size_t)x * 3 + channel],
				      to);
}

/* One grey level, 1.0: 8 bits of 255. */
static void write_hdr(const struct ivp_input *image, FILE *to)
{
	fprintf(to, "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %u +X %u\n", image->shape.height,
		image->shape.width);
	for (uint32_t i = 0; i < image->shape.width * image->shape.height; i++)
		fwrite("\x80\x80\x80\x81", 1, 4, to);
}

static void each_format_becomes_its_pixels(void **state)
{
	static const struct {
		writer *write;
		uint32_t format;
	} exact[] = {{write_bmp, IVP_FORMAT_RGB8},
		     {write_tga, IVP_FORMAT_RGBA8},
		     {write_psd, IVP_FORMAT_RGB8}};
	struct image image = make_pattern(61, 47, IVP_FORMAT_GRAY8), back;
	struct bytes file = write_by(write_gif, &image);

	(void)state;
	back = decode(&file, true);
	assert_int_equal(back.shape.format, IVP_FORMAT_RGBA8);
	for (uint32_t i = 0; i < 61 * 47; i++) {
		const uint8_t *p = pixel_at(&back, i % 61, i / 61);

		assert_in_range(*pixel_at(&image, i % 61, i / 61), p[0] ? p[0] - 1 : 0, p[0] + 1);
		assert_true(p[0] == p[1] && p[1] == p[2] && p[3] == 255);
	}
	free_image(&back);
	free(file.data);
	free_image(&image);
	for (size_t i = 0; i < count_of(exact); i++) {
		image = make_pattern(61, 47, exact[i].format);
		file = write_by(exact[i].write, &image);
		back = decode(&file, true);
		if (back.shape.format == image.shape.format)
			assert_same_pixels(&image, &back);
		else /* PSD has no alpha, stb_image gives it one */
			for (uint32_t j = 0; j < 61 * 47; j++)
				assert_memory_equal(pixel_at(&image, j % 61, j / 61),
						    pixel_at(&back, j % 61, j / 61), 3);
		free_image(&image);
		free_image(&back);
		free(file.data);
	}
	image = make_pattern(10, 3, IVP_FORMAT_RGB8);
	file = write_by(write_hdr, &image);
	back = decode(&file, true);
	assert_int_equal(*pixel_at(&back, 9, 2), 255);
	free_image(&image);
	free_image(&back);
	free(file.data);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
	static const struct {
		writer *write;
		uint32_t format;
		size_t optional;                       /* bytes at the end that no pixel needs */
	} kinds[] = {{write_bmp, IVP_FORMAT_RGB8, 1},  /* padding of the last row */
		     {write_gif, IVP_FORMAT_GRAY8, 1}, /* the end mark */
		     {write_tga, IVP_FORMAT_RGBA8, 0},
		     {write_psd, IVP_FORMAT_RGB8, 0},
		     {write_hdr, IVP_FORMAT_RGB8, 0}};

	(void)state;
	for (size_t i = 0; i < count_of(kinds); i++) {
		struct image image = make_pattern(61, 47, kinds[i].format);
		struct bytes file = write_by(kinds[i].write, &image);
		struct ivp_why why;

		for (file.count -= kinds[i].optional + 1; file.count;
		     file.count -= file.count < 300 || file.count % 13 == 1 ? 1 : 7)
			if (try_decode(&file, &wide_limits, &why) != -EILSEQ)
				fail_msg("format %zu cut at %zu is accepted", i, file.count);
		free_image(&image);
		free(file.data);
	}
}

static void what_is_no_image_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "x",
					    "Hello, world. This is no image at all.\n",
					    "<html></html>",
					    "#!/bin/sh\nexit 0\n",
					    "\xff\xd8",
					    "\x89PNG",
					    "GIF8",
					    "BM",
					    "8BPS\0\1"};
	struct ivp_why why;

	(void)state;
	for (size_t i = 0; i < count_of(texts); i++) {
		struct bytes file = {(uint8_t *)texts[i], strlen(texts[i])};

		assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
		if (!i)
			assert_string_equal(why.text, "the file is empty");
		else if (i < 7)
			assert_string_equal(why.text,
					    "no image of a format that is known: PNG, JPEG, PNM, "
					    "GIF, BMP, TGA, PSD, HDR");
	}
}

static void limits_hold(void **state)
{
	struct image image = make_pattern(61, 47, IVP_FORMAT_RGB8);
	struct bytes file = write_by(write_bmp, &image);
	struct ivp_why why;

	(void)state;
	assert_int_equal(try_decode(&file, &(struct ivp_decode_limits){1 << 20, 60, 1 << 20}, &why),
			 -E2BIG);
	put32(file.data + 18, 60000); /* width; the data are not there, nor the memory needed */
	put32(file.data + 22, 60000);
	assert_int_equal(try_decode(&file, &wide_limits, &why), -E2BIG);
	free_image(&image);
	free(file.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_format_becomes_its_pixels),
	    cmocka_unit_test(a_file_cut_anywhere_is_refused),
	    cmocka_unit_test(what_is_no_image_is_refused),
	    cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
