/* SPDX-License-Identifier: MIT */
/* The files of sample-images/ (from the top folder, where make runs the tests) against the
 * functions that made them, and against stb_image as a second opinion. */
#include "helpers/codecs.h"
#include "helpers/samples.h"

#ifdef __clang_analyzer__ /* would look for the faults of stb_image */
uint8_t *stbi_load_from_memory(const uint8_t *data, int bytes, int *width, int *height,
			       int *channels, int wanted);
void stbi_image_free(void *pixels);
#else
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop
#endif

static struct bytes read_sample(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "sample-images/%s", name);
	return read_bytes(path);
}

/* The original, in the decoder's format. */
static void original_pixel(const struct sample *sample, uint32_t x, uint32_t y, uint8_t pixel[8])
{
	sample_stored_pixel(sample, x, y, pixel);
	if (sample->stored.format == IVP_FORMAT_GRAY16)
		pixel[0] = (uint8_t)lround((pixel[0] | pixel[1] << 8) / 257.0);
	if (sample->other == write_gif) {
		pixel[0] = (uint8_t)(pixel[0] >> 1 << 1 | pixel[0] >> 7);
		pixel[1] = pixel[2] = pixel[0];
		pixel[3] = 255;
	}
}

static void every_sample_decodes_to_its_original(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_of(samples); i++) {
		const struct sample *sample = &samples[i];
		const bool lossy = sample->encoding == IVP_ENCODE_JPEG;
		/* Painting is slow: of large pictures, every 31st pixel. */
		const uint32_t all = sample->stored.width * sample->stored.height;
		const uint32_t step = sample->points > 1 ? 31 : 1;
		struct bytes file = read_sample(sample->name);
		struct image image = decode(&file, false);
		const unsigned bytes = ivp_format_pixel_bytes(image.shape.format);
		double sum = 0;

		assert_int_equal(image.shape.width, sample->stored.width);
		assert_int_equal(image.shape.height, sample->stored.height);
		assert_int_equal(image.orientation, sample->orientation ? sample->orientation : 1);
		assert_int_equal(image.icc_bytes, sample->profile ? PROFILE_BYTES : 0);
		for (uint32_t at = 0; at < all; at += step) {
			const uint32_t x = at % sample->stored.width, y = at / sample->stored.width;
			uint8_t wanted[8] = {0};

			original_pixel(sample, x, y, wanted);
			if (!lossy)
				assert_memory_equal(wanted, pixel_at(&image, x, y), bytes);
			for (unsigned c = 0; c < bytes; c++)
				sum += abs(wanted[c] - pixel_at(&image, x, y)[c]);
		}
		/* Quality 90 on pictures with grain. */
		if (sum * step / all / bytes > 2.5)
			fail_msg("%s: mean error %f", sample->name, sum * step / all / bytes);
		free_image(&image);
		free(file.data);
	}
}

static void stb_image_sees_the_same(void **state)
{
	unsigned compared = 0;

	(void)state;
	for (size_t i = 0; i < count_of(samples); i++) {
		struct bytes file = read_sample(samples[i].name);
		struct image image = decode(&file, false), other = image;
		int width, height, channels;
		unsigned largest;
		double mean;

		other.pixels =
		    stbi_load_from_memory(file.data, (int)file.count, &width, &height, &channels,
					  (int)ivp_format_pixel_bytes(image.shape.format));
		if (other.pixels) {
			other.stride = (size_t)width * ivp_format_pixel_bytes(image.shape.format);
			assert_int_equal(width, image.shape.width);
			assert_int_equal(height, image.shape.height);
			mean = mean_difference(&image, &other, &largest);
			/* PNG is exact, but that stb_image cuts 16 bits where we round; JPEG
			 * decoders may differ in the last bits of the inverse transform. */
			if (samples[i].stored.format == IVP_FORMAT_GRAY16)
				assert_true(largest <= 1);
			else if (samples[i].encoding == IVP_ENCODE_PNG)
				assert_int_equal(largest, 0);
			else
				assert_true(largest <= 4 && mean < 0.5);
			stbi_image_free(other.pixels);
			compared++;
		}
		free_image(&image);
		free(file.data);
	}
	assert_int_equal(compared, 11);
}

static void the_card_stands_upright(void **state)
{
	struct bytes file = read_sample("card-orientation-6.jpg");
	struct image image = decode(&file, true);
	const uint8_t *tip = pixel_at(&image, 160, 40), *sky = pixel_at(&image, 10, 5);

	(void)state;
	assert_int_equal(image.shape.width, 320);
	assert_int_equal(image.shape.height, 240);
	assert_true(tip[0] > 180 && tip[1] < 90); /* the arrow's tip is on top */
	assert_true(sky[0] > 220 && sky[1] > 200);
	free_image(&image);
	free(file.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_sample_decodes_to_its_original),
	    cmocka_unit_test(stb_image_sees_the_same),
	    cmocka_unit_test(the_card_stands_upright),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
