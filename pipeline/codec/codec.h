/* SPDX-License-Identifier: MIT */
/*
 * Image files to and from frames, on the host. Decoding goes straight into the pixels of a slot,
 * encoding straight out of them: no other copy of an image is made, beyond a few rows. (Except
 * for GIF, BMP, TGA, PSD and HDR, whose decoder keeps an image of its own.) A slot is written and
 * never read back while decoding. Nothing is printed.
 * Encoded bytes are in private memory, never in a window. Thread-safe on different objects.
 */
#ifndef IVP_CODEC_CODEC_H
#define IVP_CODEC_CODEC_H

#include <stdbool.h>
#include <stdio.h>

#include <ivpipe/frame.h>

struct ivp_decode_limits {
	uint64_t max_pixels;
	uint32_t max_side;
	uint64_t max_bytes; /* of the encoded file */
};

struct ivp_decode_options {
	struct ivp_decode_limits limits;
	bool orient; /* turn it upright, as its EXIF orientation says */
	bool deep;   /* samples of more than 8 bits become 16; else they are rounded to 8 */
};

/* An image file being decoded; open it, make room for its shape, then read the pixels. */
struct ivp_decoder;

/*
 * Looks at the first bytes and the header of the encoded image at data, which must stay valid and
 * unchanged until ivp_decoder_destroy.
 * PNG by libpng, JPEG by libjpeg-turbo, PNM by our reader, the rest (GIF's first picture, BMP,
 * TGA, PSD, Radiance HDR) by stb_image. The pixels become GRAY8, RGB8 or RGBA8: grey with alpha
 * and palettes with alpha RGBA8, CMYK RGB8, more than 8 bits the nearest 8; or, if deep, GRAY16,
 * RGB16 or RGBA16 where a PNG or a PNM has more than 8 bits a sample.
 * Returns 0; -EILSEQ if it is no image we know or its header is damaged; -E2BIG beyond a limit
 * (the reason names it); -ENOMEM.
 */
int ivp_decoder_create(const uint8_t *data, size_t bytes, const struct ivp_decode_options *options,
		       struct ivp_decoder **decoder, struct ivp_why *why);

/*
 * Asks for the image at 1 / by of its sides, rounded up; by is 1, 2, 4 or 8. JPEG can: the result
 * is what libjpeg makes of the low frequencies of each block, in less time. To be called before
 * anybody looks at the shape. Returns what the shape is divided by now: by, or 1.
 */
unsigned ivp_decoder_shrink(struct ivp_decoder *decoder, unsigned by);
/* The shape of the result: upright if orient was asked for. */
const struct ivp_shape *ivp_decoder_shape(const struct ivp_decoder *decoder);
/* EXIF orientation 1..8 that the pixels will still have (1 after orient). */
unsigned ivp_decoder_orientation(const struct ivp_decoder *decoder);
/* The ICC profile, or NULL; owned by the decoder. One that is about other colours than those of
 * the result (grey with alpha, CMYK) or that libpng finds damaged is not given. */
const uint8_t *ivp_decoder_icc(const struct ivp_decoder *decoder, uint32_t *bytes);

/*
 * Writes the pixels to *out, whose shape is the decoder's, and not a byte beyond them. Once per
 * decoder. A file must be whole, to its end mark, and its checksums right; of JPEG data, which
 * have none, what the decoder notices counts.
 * Returns 0; -EILSEQ for damaged or truncated data, with the row or scan where it was noticed;
 * -ENOMEM; -EINVAL if misused. After a failure out holds garbage.
 */
int ivp_decoder_read(struct ivp_decoder *decoder, const struct ivp_output *out,
		     struct ivp_why *why);
void ivp_decoder_destroy(struct ivp_decoder *decoder); /* NULL is fine */

enum ivp_encoding { IVP_ENCODE_PNG, IVP_ENCODE_JPEG, IVP_ENCODE_PNM };

/* PNG: what each row's filter is chosen from, and how zlib looks for repetitions. */
enum ivp_png_filter {
	IVP_PNG_SUB_UP,
	IVP_PNG_NONE,
	IVP_PNG_SUB,
	IVP_PNG_UP,
	IVP_PNG_AVERAGE,
	IVP_PNG_PAETH,
	IVP_PNG_ALL,
};

enum ivp_png_strategy {
	IVP_PNG_DEFAULT,
	IVP_PNG_FILTERED,
	IVP_PNG_RLE,
	IVP_PNG_HUFFMAN,
};

/* A fact about an image, in words. */
struct ivp_text {
	const char *key;   /* 1 to 79 printable ASCII characters */
	const char *value; /* UTF-8 without control characters */
};

struct ivp_encode_options {
	enum ivp_encoding encoding;
	int quality;     /* JPEG 1..100; below 90 colour in half resolution (4:2:0), as libvips */
	int compression; /* PNG 0..9; 0 does not filter */
	enum ivp_png_filter filter;
	enum ivp_png_strategy strategy;
	const uint8_t *icc; /* NULL: none; left out where it does not fit the pixels, and by PNM */
	uint32_t icc_bytes;
	unsigned orientation; /* 1..8; other than 1 is written as EXIF where the format can */
	/* As text chunks in PNG, as comments "key=value" in JPEG; left out by PNM. */
	const struct ivp_text *texts;
	unsigned text_count;
};

/* Does the encoding take the pixel format as it is? JPEG has no alpha and no 16 bits; PNG and PNM
 * (as PAM, where there is alpha) take all that this version knows. */
bool ivp_encoding_takes(enum ivp_encoding encoding, uint32_t format);
/* ".png", ".jpg", ".pnm" (".pam" for RGBA), by encoding and pixel format. */
const char *ivp_encoding_suffix(enum ivp_encoding encoding, uint32_t format);

/*
 * Writes the image to the stream and flushes it, so that a full disk is noticed. Returns 0;
 * -EINVAL if the encoding does not take the format or the sides; -ENOMEM; -ENOSPC, -EIO and other
 * -errno of writing. After a failure the file is incomplete.
 */
int ivp_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
	       struct ivp_why *why);

#endif
