/* SPDX-License-Identifier: MIT */
/* An image file of a stranger through the decoders, as the feeder uses them, within small limits.
 * The pixels have a margin of known bytes in each row, and end where the memory ends. */
#ifndef IVP_TESTS_FUZZ_DECODE_H
#define IVP_TESTS_FUZZ_DECODE_H

#include <errno.h>

#include "codec/codec.h"
#include "fuzz/fuzz.h"
#include "helpers/files.h"

#define MARGIN 0xa5

static const struct ivp_decode_limits fuzz_limits = {1u << 16, 4096, 1u << 20};

static inline void check_margins(const struct ivp_output *out, size_t row)
{
	for (uint32_t y = 0; y + 1 < out->shape.height; y++)
		for (size_t x = row; x < out->stride; x++)
			CHECK(out->pixels[y * out->stride + x] == MARGIN);
}

static inline void read_pixels(struct ivp_decoder *decoder)
{
	struct ivp_output out = {.shape = *ivp_decoder_shape(decoder)};
	const size_t row = (size_t)out.shape.width * ivp_format_pixel_bytes(out.shape.format);
	struct ivp_why why = {""};
	uint64_t bytes;
	int error;

	CHECK(ivp_shape_size(&out.shape, &out.stride, &bytes) == 0);
	CHECK((uint64_t)out.shape.width * out.shape.height <= fuzz_limits.max_pixels);
	CHECK(out.shape.width <= fuzz_limits.max_side && out.shape.height <= fuzz_limits.max_side);
	bytes -= out.stride - row; /* up to the last pixel */
	out.pixels = fuzz_memory(bytes);
	memset(out.pixels, MARGIN, bytes);
	error = ivp_decoder_read(decoder, &out, &why);
	CHECK(error == 0 || error == -EILSEQ || error == -ENOMEM);
	CHECK(error == 0 || why.text[0]);
	check_margins(&out, row);
	free(out.pixels);
}

static inline void fuzz_decode(const uint8_t *data, size_t bytes, bool orient, bool deep)
{
	const struct ivp_decode_options options = {fuzz_limits, orient, deep};
	struct ivp_decoder *decoder = NULL;
	struct ivp_why why = {""};
	const uint8_t *icc;
	uint32_t icc_bytes;
	uint8_t sum = 0;
	int error = ivp_decoder_create(data, bytes, &options, &decoder, &why);

	if (error) {
		CHECK(error == -EILSEQ || error == -E2BIG || error == -ENOMEM);
		CHECK(why.text[0]);
		return;
	}
	CHECK(ivp_decoder_orientation(decoder) >= 1 && ivp_decoder_orientation(decoder) <= 8);
	icc = ivp_decoder_icc(decoder, &icc_bytes);
	for (uint32_t i = 0; icc && i < icc_bytes; i++)
		sum ^= icc[i];
	CHECK(icc || sum == 0);
	read_pixels(decoder);
	ivp_decoder_destroy(decoder);
}

/* For seeds: a small image with something in it. */
struct fuzz_image {
	struct ivp_input image;
	uint8_t pixels[64 * 64 * 8];
};

static inline void draw(struct fuzz_image *to, uint32_t width, uint32_t height, uint32_t format)
{
	uint64_t bytes;

	to->image.shape = (struct ivp_shape){width, height, format};
	CHECK(ivp_shape_size(&to->image.shape, &to->image.stride, &bytes) == 0 &&
	      bytes <= sizeof(to->pixels));
	for (uint64_t i = 0; i < bytes; i++)
		to->pixels[i] = (uint8_t)(i * 7 + i / to->image.stride * 5);
	to->image.pixels = to->pixels;
}

/* Adds the image behind one byte, the target's flags. */
static inline void add_encoded(fuzz_add *add, uint8_t flags, const struct ivp_input *image,
			       const struct ivp_encode_options *options,
			       void (*write)(const struct ivp_input *image, FILE *to))
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&bytes, &size);

	CHECK(to && fputc(flags, to) == flags);
	if (write)
		write(image, to);
	else
		CHECK(ivp_encode(image, options, to, NULL) == 0);
	CHECK(fclose(to) == 0);
	add(bytes, size);
	free(bytes);
}

#endif
