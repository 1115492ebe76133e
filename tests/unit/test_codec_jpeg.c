/* SPDX-License-Identifier: MIT */
#include "helpers/codecs.h"

#include <jpeglib.h>

#include "helpers/files.h"

static void round_trips_are_near(void **state)
{
	/* Mean errors of a smooth picture: measured 0.2 to 1.5, doubled. */
	static const struct {
		int quality;
		double mean;
	} steps[] = {{100, 0.8}, {95, 1.2}, {89, 3.0}, {50, 3.5}};
	static const uint32_t sides[][2] = {{1, 1}, {17, 3}, {8, 8}, {129, 65}};
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8};

	(void)state;
	for (size_t i = 0; i < count_of(steps) * count_of(sides) * 2; i++) {
		const uint32_t *side = sides[i / 2 % count_of(sides)];
		const struct ivp_encode_options options = {
		    .encoding = IVP_ENCODE_JPEG, .quality = steps[i / 2 / count_of(sides)].quality};
		struct image image = make_pattern(side[0], side[1], formats[i & 1]);
		struct bytes file = encode(&image, &options);
		struct image back = decode(&file, true);
		unsigned largest;

		assert_int_equal(back.shape.width, side[0]);
		assert_int_equal(back.shape.height, side[1]);
		assert_int_equal(back.shape.format, formats[i & 1]);
		assert_true(mean_difference(&image, &back, &largest) <=
			    steps[i / 2 / count_of(sides)].mean);
		free_image(&image);
		free_image(&back);
		free(file.data);
	}
}

/* The sampling factors of the first component, from the frame header. */
static unsigned sampling(const struct bytes *file)
{
	for (size_t at = 2; at + 11 < file->count;
	     at += 2u + (file->data[at + 2] << 8 | file->data[at + 3]))
		if (file->data[at + 1] == 0xc0)
			return file->data[at + 11];
	return 0;
}

static void colour_is_kept_in_full_from_quality_90_on(void **state)
{
	struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG, .quality = 89};
	struct image image = make_pattern(40, 40, IVP_FORMAT_RGB8);
	struct bytes file = encode(&image, &options);

	(void)state;
	assert_int_equal(sampling(&file), 0x22);
	free(file.data);
	options.quality = 90;
	file = encode(&image, &options);
	assert_int_equal(sampling(&file), 0x11);
	free(file.data);
	free_image(&image);
}

static void every_orientation_is_turned_upright(void **state)
{
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		const unsigned orientation = i % 8 + 1;
		const struct ivp_encode_options options = {
		    .encoding = IVP_ENCODE_JPEG, .quality = 80, .orientation = orientation};
		struct image image = make_pattern(45, 37, formats[i / 8]);
		struct bytes file = encode(&image, &options);
		struct image stored = decode(&file, false), got = decode(&file, true);
		struct image wanted = turn_upright(&stored, orientation);

		assert_int_equal(stored.orientation, orientation);
		assert_int_equal(got.orientation, 1);
		assert_same_pixels(&got, &wanted);
		free_image(&image);
		free_image(&stored);
		free_image(&got);
		free_image(&wanted);
		free(file.data);
	}
}

/* The mean of each square of by x by pixels, of fewer at the right and bottom edge. */
static struct image box_shrink(const struct image *image, uint32_t by)
{
	const unsigned channels = ivp_format_pixel_bytes(image->shape.format);
	struct image small = make_image((struct ivp_shape){(image->shape.width + by - 1) / by,
							   (image->shape.height + by - 1) / by,
							   image->shape.format});

	for (uint32_t y = 0; y < small.shape.height; y++)
		for (uint32_t x = 0; x < small.shape.width; x++)
			for (unsigned c = 0; c < channels; c++) {
				unsigned sum = 0, count = 0;

				for (uint32_t i = 0; i < by * by; i++) {
					const uint32_t u = x * by + i % by, v = y * by + i / by;

					if (u >= image->shape.width || v >= image->shape.height)
						continue;
					sum += pixel_at(image, u, v)[c];
					count++;
				}
				pixel_at(&small, x, y)[c] = (uint8_t)((sum + count / 2) / count);
			}
	return small;
}

static struct image decode_shrunk(const struct bytes *file, unsigned by, bool orient)
{
	const struct ivp_decode_options options = {.limits = wide_limits, .orient = orient};
	struct ivp_decoder *decoder;
	struct image image;
	struct ivp_why why;

	assert_int_equal(ivp_decoder_create(file->data, file->count, &options, &decoder, &why), 0);
	assert_int_equal(ivp_decoder_shrink(decoder, by), by);
	image = make_image(*ivp_decoder_shape(decoder));
	assert_int_equal(
	    ivp_decoder_read(decoder, &(struct ivp_output){image.shape, image.stride, image.pixels},
			     &why),
	    0);
	assert_margins_untouched(&image);
	ivp_decoder_destroy(decoder);
	return image;
}

/* On a smooth picture of whole blocks: measured a mean of 0.5 levels and 2 at most, doubled. What
 * the picture leaves of a block is filled by the encoder, and counts: 2.4 and 5. */
static void a_shrunk_image_is_near_the_means_of_its_squares(void **state)
{
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8};
	static const uint32_t sides[][2] = {{160, 128}, {1, 1}, {45, 37}, {129, 65}, {7, 200}};

	(void)state;
	for (size_t i = 0; i < count_of(sides) * 2 * 3; i++) {
		const uint32_t *side = sides[i / 6], by = 2u << i % 3;
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG,
							   .quality = 95};
		struct image image = make_pattern(side[0], side[1], formats[i / 3 % 2]);
		struct bytes file = encode(&image, &options);
		struct image full = decode(&file, true), wanted = box_shrink(&full, by);
		struct image got = decode_shrunk(&file, by, true);
		unsigned largest;
		const double mean = mean_difference(&wanted, &got, &largest);

		if (mean > (i < 6 ? 1.0 : 3.0) || largest > (i < 6 ? 4 : 8))
			fail_msg("%u x %u by %u: mean %f, largest %u", side[0], side[1], by, mean,
				 largest);
		free_image(&image);
		free_image(&full);
		free_image(&wanted);
		free_image(&got);
		free(file.data);
	}
}

static void a_shrunk_image_is_turned_upright(void **state)
{
	(void)state;
	for (unsigned orientation = 1; orientation <= 8; orientation++) {
		const struct ivp_encode_options options = {
		    .encoding = IVP_ENCODE_JPEG, .quality = 80, .orientation = orientation};
		struct image image = make_pattern(45, 37, IVP_FORMAT_RGB8);
		struct bytes file = encode(&image, &options);
		struct image stored = decode_shrunk(&file, 4, false);
		struct image got = decode_shrunk(&file, 4, true);
		struct image wanted = turn_upright(&stored, orientation);

		assert_int_equal(stored.shape.width, 12);
		assert_int_equal(stored.shape.height, 10);
		assert_same_pixels(&got, &wanted);
		free_image(&image);
		free_image(&stored);
		free_image(&got);
		free_image(&wanted);
		free(file.data);
	}
}

static void profiles_travel_along_also_in_several_parts(void **state)
{
	static const uint32_t sizes[] = {PROFILE_BYTES, 65519, 65520, 200000};
	struct image image = make_pattern(20, 10, IVP_FORMAT_RGB8);
	struct image gray = make_pattern(20, 10, IVP_FORMAT_GRAY8), back;

	(void)state;
	for (size_t i = 0; i < count_of(sizes); i++) {
		struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG, .quality = 80};
		uint8_t *icc = calloc(1, sizes[i]);
		struct bytes file;

		assert_non_null(icc);
		make_profile(icc);
		icc[sizes[i] - 1] = 7;
		options.icc = icc;
		options.icc_bytes = sizes[i];
		file = encode(&image, &options);
		back = decode(&file, true);
		assert_int_equal(back.icc_bytes, sizes[i]);
		assert_memory_equal(back.icc, icc, sizes[i]);
		free_image(&back);
		free(file.data);
		/* A profile of RGB means nothing for grey. */
		file = encode(&gray, &options);
		back = decode(&file, true);
		assert_null(back.icc);
		free_image(&back);
		free(file.data);
		free(icc);
	}
	free_image(&image);
	free_image(&gray);
}

struct written {
	J_COLOR_SPACE in, out;
	int components;
	bool progressive, adobe, arithmetic;
	unsigned restart;
	uint32_t width, height;
};

static struct bytes write_by_libjpeg(const struct written *how)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned long size = 0;
	struct bytes file = {0};
	uint8_t row[2048];
	JSAMPROW rows[] = {row};

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &file.data, &size);
	jpeg.image_width = how->width;
	jpeg.image_height = how->height;
	jpeg.input_components = how->components;
	jpeg.in_color_space = how->in;
	jpeg_set_defaults(&jpeg);
	jpeg_set_colorspace(&jpeg, how->out);
	jpeg_set_quality(&jpeg, 100, TRUE);
	for (int i = 0; i < how->components; i++)
		jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
	jpeg.write_Adobe_marker = how->adobe;
	jpeg.arith_code = how->arithmetic;
	jpeg.restart_interval = how->restart;
	if (how->progressive)
		jpeg_simple_progression(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < how->height) {
		for (uint32_t x = 0; x < how->width * (unsigned)how->components; x++)
			row[x] =
			    (uint8_t)(128 + 100 * sin(x * 0.02) * cos(jpeg.next_scanline * 0.05));
		jpeg_write_scanlines(&jpeg, rows, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	file.count = size;
	return file;
}

static uint8_t written_sample(const struct written *how, uint32_t x, uint32_t y, unsigned i)
{
	return (uint8_t)(128 +
			 100 * sin((x * (unsigned)how->components + i) * 0.02) * cos(y * 0.05));
}

static void inks_become_red_green_and_blue(void **state)
{
	static const struct written hows[] = {
	    {JCS_CMYK, JCS_CMYK, 4, .width = 50, .height = 40},
	    {JCS_CMYK, JCS_CMYK, 4, .adobe = true, .width = 50, .height = 40},
	    {JCS_CMYK, JCS_YCCK, 4, .adobe = true, .width = 50, .height = 40},
	};

	(void)state;
	for (size_t i = 0; i < count_of(hows); i++) {
		struct bytes file = write_by_libjpeg(&hows[i]);
		struct image image = decode(&file, true);

		assert_int_equal(image.shape.format, IVP_FORMAT_RGB8);
		for (uint32_t y = 0; y < 40; y++) {
			for (uint32_t x = 0; x < 50; x++) {
				double black = written_sample(&hows[i], x, y, 3);

				for (unsigned c = 0; c < 3; c++) {
					double ink = written_sample(&hows[i], x, y, c);
					double wanted = hows[i].adobe
							    ? ink * black / 255
							    : (255 - ink) * (255 - black) / 255;

					assert_true(fabs(wanted - pixel_at(&image, x, y)[c]) < 5);
				}
			}
		}
		free_image(&image);
		free(file.data);
	}
}

static void every_kind_is_read_and_refused_when_cut(void **state)
{
	static const struct written hows[] = {
	    {JCS_RGB, JCS_YCbCr, 3, .width = 96, .height = 80},
	    {JCS_RGB, JCS_RGB, 3, .adobe = true, .width = 96, .height = 80},
	    {JCS_RGB, JCS_YCbCr, 3, .progressive = true, .width = 96, .height = 80},
	    {JCS_RGB, JCS_YCbCr, 3, .restart = 4, .width = 96, .height = 80},
	    {JCS_RGB, JCS_YCbCr, 3, .arithmetic = true, .width = 96, .height = 80},
	    {JCS_GRAYSCALE, JCS_GRAYSCALE, 1, .width = 96, .height = 80},
	    {JCS_GRAYSCALE, JCS_GRAYSCALE, 1, .progressive = true, .width = 96, .height = 80},
	};

	(void)state;
	for (size_t i = 0; i < count_of(hows); i++) {
		struct bytes file = write_by_libjpeg(&hows[i]);
		const size_t whole = file.count;
		struct image image = decode(&file, true);
		struct ivp_why why;
		double sum = 0;

		for (uint32_t y = 0; y < 80; y++)
			for (uint32_t x = 0; x < 96 * (uint32_t)hows[i].components; x++)
				sum +=
				    abs(image.pixels[y * image.stride + x] -
					written_sample(&hows[i], x / (uint32_t)hows[i].components,
						       y, x % (uint32_t)hows[i].components));
		assert_true(sum / (96 * 80 * hows[i].components) < 1);
		free_image(&image);
		for (file.count = 0; file.count < whole; file.count += file.count < 700 ? 1 : 17) {
			assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
			if (file.count > 3 && !strstr(why.text, "JPEG data end "))
				fail_msg("cut at %zu: %s", file.count, why.text);
		}
		file.count = whole - 1;
		assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
		free(file.data);
	}
}

static unsigned long number_after(const struct ivp_why *why, const char *words)
{
	assert_memory_equal(why->text, words, strlen(words));
	return strtoul(why->text + strlen(words), NULL, 10);
}

static void the_place_of_the_cut_is_told(void **state)
{
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG, .quality = 80};
	struct written how = {JCS_RGB,     JCS_YCbCr,   3, .progressive = true,
			      .width = 96, .height = 80};
	struct image image = make_pattern(400, 400, IVP_FORMAT_RGB8);
	struct bytes file = encode(&image, &options);
	struct ivp_why why;

	(void)state;
	free_image(&image);
	file.count = file.count * 3 / 4;
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_in_range(number_after(&why, "JPEG data end after row "), 200, 320);
	assert_non_null(strstr(why.text, " of 400"));
	free(file.data);
	file = write_by_libjpeg(&how);
	file.count = file.count * 9 / 10;
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_in_range(number_after(&why, "JPEG data end in scan "), 5, 10);
	free(file.data);
}

static void limits_hold_from_the_header_on(void **state)
{
	struct written how = {JCS_RGB, JCS_YCbCr, 3, .width = 96, .height = 80};
	struct bytes file = write_by_libjpeg(&how);
	struct ivp_why why;

	(void)state;
	assert_int_equal(try_decode(&file, &(struct ivp_decode_limits){1 << 20, 95, 1 << 20}, &why),
			 -E2BIG);
	assert_string_equal(why.text, "96 x 80 pixels: a side is longer than max-side = 95");
	assert_int_equal(try_decode(&file, &(struct ivp_decode_limits){7679, 96, 1 << 20}, &why),
			 -E2BIG);
	assert_string_equal(why.text, "96 x 80 pixels are more than max-pixels = 7679");
	assert_int_equal(
	    try_decode(&file, &(struct ivp_decode_limits){7680, 96, file.count - 1}, &why), -E2BIG);
	assert_non_null(strstr(why.text, "more than max-bytes"));
	assert_int_equal(try_decode(&file, &(struct ivp_decode_limits){7680, 96, file.count}, &why),
			 0);
	free(file.data);
}

/* The first scan of a progressive file, repeated. */
static void scans_without_end_are_refused(void **state)
{
	struct written how = {JCS_GRAYSCALE,       JCS_GRAYSCALE, 1,
			      .progressive = true, .width = 64,   .height = 64};
	struct bytes file = write_by_libjpeg(&how);
	size_t scan = 0, end, length;
	struct ivp_why why;
	uint8_t *bomb;

	(void)state;
	while (memcmp(file.data + scan, "\xff\xda", 2) != 0)
		scan++;
	/* Stuffed zeros aside, the next 0xff begins the next marker. */
	for (end = scan + 2; file.data[end] != 0xff || !file.data[end + 1]; end++)
		continue;
	length = end - scan;
	bomb = malloc(file.count + 200 * length);
	assert_non_null(bomb);
	memcpy(bomb, file.data, end);
	for (size_t i = 0; i < 200; i++)
		memcpy(bomb + end + i * length, file.data + scan, length);
	memcpy(bomb + end + 200 * length, file.data + end, file.count - end);
	free(file.data);
	file = (struct bytes){bomb, file.count + 200 * length};
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_string_equal(why.text, "JPEG is damaged in scan 101: it has more than 100 scans");
	free(bomb);
}

static void stray_bytes_are_tolerated_lost_pixels_are_not(void **state)
{
	struct written how = {JCS_RGB, JCS_YCbCr, 3, .restart = 4, .width = 96, .height = 80};
	struct bytes file = write_by_libjpeg(&how), stray;
	struct image image;
	struct ivp_why why;

	(void)state;
	/* Zeros before a marker, as some cameras write them. */
	stray.count = file.count + 4;
	stray.data = calloc(1, stray.count);
	assert_non_null(stray.data);
	memcpy(stray.data, file.data, 20);
	memcpy(stray.data + 24, file.data + 20, file.count - 20);
	image = decode(&stray, true);
	free_image(&image);
	free(stray.data);
	/* A restart marker with the wrong number: rows are missing. */
	for (size_t at = file.count / 2;; at++) {
		assert_true(at + 1 < file.count);
		if (file.data[at] == 0xff && (file.data[at + 1] & 0xf8) == 0xd0) {
			file.data[at + 1] = 0xd0 | ((file.data[at + 1] + 2) & 7);
			break;
		}
	}
	assert_int_equal(try_decode(&file, &wide_limits, &why), -EILSEQ);
	assert_non_null(strstr(why.text, "JPEG is damaged after row "));
	free(file.data);
}

static void sides_beyond_the_format_are_refused(void **state)
{
	static const struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG,
							  .quality = 80};
	struct image image = make_pattern(65501, 1, IVP_FORMAT_GRAY8);
	struct ivp_why why;
	FILE *to = tmpfile();

	(void)state;
	assert_non_null(to);
	assert_int_equal(ivp_encode(&(struct ivp_input){image.shape, image.stride, image.pixels},
				    &options, to, &why),
			 -EINVAL);
	assert_non_null(strstr(why.text, "65501 x 1 pixels are more than a JPEG can have"));
	fclose(to);
	free_image(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips_are_near),
	    cmocka_unit_test(colour_is_kept_in_full_from_quality_90_on),
	    cmocka_unit_test(every_orientation_is_turned_upright),
	    cmocka_unit_test(a_shrunk_image_is_near_the_means_of_its_squares),
	    cmocka_unit_test(a_shrunk_image_is_turned_upright),
	    cmocka_unit_test(profiles_travel_along_also_in_several_parts),
	    cmocka_unit_test(inks_become_red_green_and_blue),
	    cmocka_unit_test(every_kind_is_read_and_refused_when_cut),
	    cmocka_unit_test(the_place_of_the_cut_is_told),
	    cmocka_unit_test(limits_hold_from_the_header_on),
	    cmocka_unit_test(scans_without_end_are_refused),
	    cmocka_unit_test(stray_bytes_are_tolerated_lost_pixels_are_not),
	    cmocka_unit_test(sides_beyond_the_format_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
