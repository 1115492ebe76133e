/* SPDX-License-Identifier: MIT */
/* Images in memory for the tests of codecs: encoded bytes, decoded pixels, and what went wrong. */
#ifndef IVP_TESTS_HELPERS_CODECS_H
#define IVP_TESTS_HELPERS_CODECS_H

#include "helpers/pictures.h"
#include "helpers/test.h"

#include "codec/codec.h"

struct bytes {
	uint8_t *data;
	size_t count;
};

struct image {
	struct ivp_shape shape;
	size_t stride;
	uint8_t *pixels;
	unsigned orientation;
	uint8_t *icc;
	uint32_t icc_bytes;
};

static const struct ivp_decode_limits wide_limits = {1u << 24, 16384, 1u << 26};

/* Pixels with a margin of known bytes at the end of each row. */
static inline struct image make_image(struct ivp_shape shape)
{
	struct image image = {.shape = shape};
	size_t stride;
	uint64_t size;

	assert_int_equal(ivp_shape_size(&shape, &stride, &size), 0);
	image.stride = stride + 64;
	image.pixels = malloc(image.stride * shape.height);
	assert_non_null(image.pixels);
	memset(image.pixels, 0xa5, image.stride * shape.height);
	return image;
}

static inline void free_image(struct image *image)
{
	free(image->pixels);
	free(image->icc);
	*image = (struct image){0};
}

static inline uint8_t *pixel_at(const struct image *image, uint32_t x, uint32_t y)
{
	return image->pixels + y * image->stride +
	       (size_t)x * ivp_format_pixel_bytes(image->shape.format);
}

static inline struct image make_pattern(uint32_t width, uint32_t height, uint32_t format)
{
	struct image image = make_image((struct ivp_shape){width, height, format});

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			paint_pattern(x, y, format, pixel_at(&image, x, y));
	return image;
}

static inline void assert_margins_untouched(const struct image *image)
{
	const size_t row = (size_t)image->shape.width * ivp_format_pixel_bytes(image->shape.format);

	for (uint32_t y = 0; y < image->shape.height; y++)
		for (size_t x = row; x < image->stride; x++)
			assert_int_equal(image->pixels[y * image->stride + x], 0xa5);
}

/* The bytes are copied to memory of exactly their size, so that a sanitizer sees each overrun.
 * Returns the decoder's error; the image is the caller's only if that is 0. */
static inline int decode_as(const struct bytes *file, const struct ivp_decode_options *options,
			    struct image *image, struct ivp_why *why)
{
	uint8_t *data = malloc(file->count);
	struct ivp_decoder *decoder;
	const uint8_t *icc;
	int error;

	assert_true(data || !file->count);
	if (file->count)
		memcpy(data, file->data, file->count);
	why->text[0] = 0;
	error = ivp_decoder_create(data, file->count, options, &decoder, why);
	if (!error) {
		*image = make_image(*ivp_decoder_shape(decoder));
		image->orientation = ivp_decoder_orientation(decoder);
		icc = ivp_decoder_icc(decoder, &image->icc_bytes);
		if (icc) {
			image->icc = malloc(image->icc_bytes);
			assert_non_null(image->icc);
			memcpy(image->icc, icc, image->icc_bytes);
		}
		error = ivp_decoder_read(
		    decoder, &(struct ivp_output){image->shape, image->stride, image->pixels}, why);
		assert_margins_untouched(image);
		if (error)
			free_image(image);
		ivp_decoder_destroy(decoder);
	}
	free(data);
	if (error)
		assert_true(why->text[0]);
	return error;
}

static inline int decode_within(const struct bytes *file, const struct ivp_decode_limits *limits,
				bool orient, struct image *image, struct ivp_why *why)
{
	const struct ivp_decode_options options = {.limits = *limits, .orient = orient};

	return decode_as(file, &options, image, why);
}

/* For files that are not expected to decode: only whether they do. */
static inline int try_decode(const struct bytes *file, const struct ivp_decode_limits *limits,
			     struct ivp_why *why)
{
	struct image image = {0};
	const int error = decode_within(file, limits, true, &image, why);

	free_image(&image);
	return error;
}

static inline struct image decode(const struct bytes *file, bool orient)
{
	struct image image;
	struct ivp_why why;

	if (decode_within(file, &wide_limits, orient, &image, &why))
		fail_msg("decoding failed: %s", why.text);
	return image;
}

/* Upright, with the depth that it has in the file. */
static inline struct image decode_deep(const struct bytes *file)
{
	const struct ivp_decode_options options = {
	    .limits = wide_limits, .orient = true, .deep = true};
	struct image image;
	struct ivp_why why;

	if (decode_as(file, &options, &image, &why))
		fail_msg("decoding failed: %s", why.text);
	return image;
}

static inline struct bytes encode(const struct image *image,
				  const struct ivp_encode_options *options)
{
	struct bytes file = {0};
	FILE *stream = open_memstream((char **)&file.data, &file.count);
	struct ivp_why why;

	assert_non_null(stream);
	if (ivp_encode(&(struct ivp_input){image->shape, image->stride, image->pixels}, options,
		       stream, &why))
		fail_msg("encoding failed: %s", why.text);
	assert_int_equal(fclose(stream), 0);
	return file;
}

static inline struct bytes read_bytes(const char *path)
{
	struct bytes file = {0};
	FILE *stream = fopen(path, "rb");
	long size;

	if (!stream)
		fail_msg("%s cannot be opened", path);
	assert_int_equal(fseek(stream, 0, SEEK_END), 0);
	size = ftell(stream);
	assert_true(size > 0);
	rewind(stream);
	file.count = (size_t)size;
	file.data = malloc(file.count);
	assert_non_null(file.data);
	assert_int_equal(fread(file.data, 1, file.count, stream), file.count);
	fclose(stream);
	return file;
}

static inline void assert_same_pixels(const struct image *left, const struct image *right)
{
	const size_t row = (size_t)left->shape.width * ivp_format_pixel_bytes(left->shape.format);

	assert_int_equal(left->shape.width, right->shape.width);
	assert_int_equal(left->shape.height, right->shape.height);
	assert_int_equal(left->shape.format, right->shape.format);
	for (uint32_t y = 0; y < left->shape.height; y++)
		assert_memory_equal(left->pixels + y * left->stride,
				    right->pixels + y * right->stride, row);
}

/* 8-bit images of one shape. */
static inline double mean_difference(const struct image *left, const struct image *right,
				     unsigned *largest)
{
	const size_t row = (size_t)left->shape.width * ivp_format_pixel_bytes(left->shape.format);
	double sum = 0;

	assert_int_equal(left->shape.format, right->shape.format);
	*largest = 0;
	for (uint32_t y = 0; y < left->shape.height; y++) {
		for (size_t x = 0; x < row; x++) {
			const unsigned difference =
			    (unsigned)abs(left->pixels[y * left->stride + x] -
					  right->pixels[y * right->stride + x]);

			sum += difference;
			*largest = difference > *largest ? difference : *largest;
		}
	}
	return sum / ((double)row * left->shape.height);
}

/* The file as it would be if its orientation tag meant that: the definition of EXIF, pixel by
 * pixel, from the upright image. */
static inline struct image turn_upright(const struct image *stored, unsigned orientation)
{
	const uint32_t w = stored->shape.width, h = stored->shape.height;
	const unsigned bytes = ivp_format_pixel_bytes(stored->shape.format);
	struct image upright = make_image((struct ivp_shape){
	    orientation >= 5 ? h : w, orientation >= 5 ? w : h, stored->shape.format});

	for (uint32_t y = 0; y < h; y++) {
		for (uint32_t x = 0; x < w; x++) {
			const uint32_t places[8][2] = {
			    {x, y}, {w - 1 - x, y}, {w - 1 - x, h - 1 - y}, {x, h - 1 - y},
			    {y, x}, {h - 1 - y, x}, {h - 1 - y, w - 1 - x}, {y, w - 1 - x}};

			memcpy(pixel_at(&upright, places[orientation - 1][0],
					places[orientation - 1][1]),
			       pixel_at(stored, x, y), bytes);
		}
	}
	return upright;
}

#endif
