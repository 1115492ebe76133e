/* SPDX-License-Identifier: MIT */
/*
 * The way into the decoders: which codec an image needs, whether it is within the limits, and
 * where its rows go. A codec sees its file and struct ivp_rows, nothing of slots or orientations.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/private.h"

int ivp_decoder_admit(const struct ivp_decoder *decoder, uint64_t width, uint64_t height,
		      struct ivp_why *why)
{
	const struct ivp_decode_limits *limits = &decoder->options.limits;
	uint64_t pixels;

	if (!width || !height) {
		ivp_why_set(why, "%s header says %llu x %llu: no pixels", decoder->codec->name,
			    (unsigned long long)width, (unsigned long long)height);
		return -EILSEQ;
	}
	if (width > limits->max_side || height > limits->max_side) {
		ivp_why_set(why, "%llu x %llu pixels: a side is longer than max-side = %u",
			    (unsigned long long)width, (unsigned long long)height,
			    limits->max_side);
		return -E2BIG;
	}
	/* Both sides fit 32 bits now. */
	pixels = width * height;
	if (pixels > limits->max_pixels) {
		ivp_why_set(why, "%llu x %llu pixels are more than max-pixels = %llu",
			    (unsigned long long)width, (unsigned long long)height,
			    (unsigned long long)limits->max_pixels);
		return -E2BIG;
	}
	return 0;
}

uint32_t ivp_decoded_format(unsigned samples, bool deep)
{
	static const uint32_t formats[2][5] = {{IVP_FORMAT_NONE, IVP_FORMAT_GRAY8, IVP_FORMAT_RGBA8,
						IVP_FORMAT_RGB8, IVP_FORMAT_RGBA8},
					       {IVP_FORMAT_NONE, IVP_FORMAT_GRAY16,
						IVP_FORMAT_RGBA16, IVP_FORMAT_RGB16,
						IVP_FORMAT_RGBA16}};

	return samples <= 4 ? formats[deep][samples] : IVP_FORMAT_NONE;
}

static const struct ivp_codec *sniff(const uint8_t *data, size_t bytes)
{
	static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

	if (bytes >= 8 && !memcmp(data, png, 8))
		return &ivp_codec_png;
	if (bytes >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff)
		return &ivp_codec_jpeg;
	if (bytes >= 2 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7')
		return &ivp_codec_pnm;
	return &ivp_codec_stb; /* its formats are told apart by stb_image, TGA has no magic */
}

static void settle_shape(struct ivp_decoder *decoder)
{
	decoder->shape = decoder->options.orient
			     ? ivp_orient_shape(&decoder->stored, decoder->orientation)
			     : decoder->stored;
}

static int open_decoder(struct ivp_decoder *decoder, struct ivp_why *why)
{
	size_t stride;
	uint64_t size;
	int error = decoder->codec->open(decoder, why);

	if (error)
		return error;
	if (ivp_shape_size(&decoder->stored, &stride, &size)) {
		ivp_why_set(why, "%u x %u pixels are more than a frame can have",
			    decoder->stored.width, decoder->stored.height);
		return -E2BIG;
	}
	/* A profile of the file's colours is wrong for ours where they differ: grey with alpha
	 * became RGBA, CMYK became RGB. */
	if (decoder->icc &&
	    !ivp_icc_fits(decoder->icc, decoder->icc_bytes, decoder->stored.format)) {
		free(decoder->icc);
		decoder->icc = NULL;
		decoder->icc_bytes = 0;
	}
	settle_shape(decoder);
	return 0;
}

int ivp_decoder_create(const uint8_t *data, size_t bytes, const struct ivp_decode_options *options,
		       struct ivp_decoder **result, struct ivp_why *why)
{
	struct ivp_decoder *decoder;
	int error;

	if (!bytes) {
		ivp_why_set(why, "the file is empty");
		return -EILSEQ;
	}
	if (bytes > options->limits.max_bytes) {
		ivp_why_set(why, "%zu bytes are more than max-bytes = %llu", bytes,
			    (unsigned long long)options->limits.max_bytes);
		return -E2BIG;
	}
	decoder = calloc(1, sizeof(*decoder));
	if (!decoder) {
		ivp_why_set(why, "not enough memory for a decoder");
		return -ENOMEM;
	}
	decoder->codec = sniff(data, bytes);
	decoder->data = data;
	decoder->bytes = bytes;
	decoder->options = *options;
	decoder->orientation = 1;
	error = open_decoder(decoder, why);
	if (error) {
		ivp_decoder_destroy(decoder);
		return error;
	}
	*result = decoder;
	return 0;
}

unsigned ivp_decoder_shrink(struct ivp_decoder *decoder, unsigned by)
{
	if (by == 1 || !decoder->codec->shrink || !decoder->codec->shrink(decoder, by))
		return 1;
	settle_shape(decoder);
	return by;
}

const struct ivp_shape *ivp_decoder_shape(const struct ivp_decoder *decoder)
{
	return &decoder->shape;
}

unsigned ivp_decoder_orientation(const struct ivp_decoder *decoder)
{
	return decoder->options.orient ? 1 : decoder->orientation;
}

const uint8_t *ivp_decoder_icc(const struct ivp_decoder *decoder, uint32_t *bytes)
{
	*bytes = decoder->icc_bytes;
	return decoder->icc;
}

int ivp_decoder_read(struct ivp_decoder *decoder, const struct ivp_output *out, struct ivp_why *why)
{
	const struct ivp_shape *shape = &decoder->shape;
	struct ivp_rows rows;
	int error;

	if (decoder->was_read || out->shape.width != shape->width ||
	    out->shape.height != shape->height || out->shape.format != shape->format ||
	    out->stride / ivp_format_pixel_bytes(shape->format) < shape->width) {
		ivp_why_set(why, "the decoder is used wrongly: read twice, or into another shape");
		return -EINVAL;
	}
	decoder->was_read = true;
	error = ivp_rows_init(&rows, out, &decoder->stored,
			      decoder->options.orient ? decoder->orientation : 1);
	if (error)
		ivp_why_set(why, "not enough memory to turn %u x %u pixels", decoder->stored.width,
			    decoder->stored.height);
	else
		error = decoder->codec->read(decoder, &rows, why);
	ivp_rows_finish(&rows);
	return error;
}

void ivp_decoder_destroy(struct ivp_decoder *decoder)
{
	if (!decoder)
		return;
	if (decoder->codec->close)
		decoder->codec->close(decoder);
	free(decoder->icc);
	free(decoder);
}
