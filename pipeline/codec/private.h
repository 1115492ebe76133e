/* SPDX-License-Identifier: MIT */
/* What the codecs share among themselves; nothing outside this folder includes it. */
#ifndef IVP_CODEC_PRIVATE_H
#define IVP_CODEC_PRIVATE_H

#include "codec/codec.h"
#include "codec/rows.h"

struct ivp_codec {
	const char *name; /* for reasons */
	/*
	 * Reads the header: sets decoder->stored, orientation and icc, and may set state. Calls
	 * ivp_decoder_admit before it allocates anything that grows with the image.
	 */
	int (*open)(struct ivp_decoder *decoder, struct ivp_why *why);
	/* Sets decoder->stored to a part of its sides, 2, 4 or 8; NULL, or false: cannot. */
	bool (*shrink)(struct ivp_decoder *decoder, unsigned by);
	/* Writes each stored row, in any order, through rows. */
	int (*read)(struct ivp_decoder *decoder, struct ivp_rows *rows, struct ivp_why *why);
	/* Frees state. Called after a failed open too; NULL: nothing to free. */
	void (*close)(struct ivp_decoder *decoder);
};

struct ivp_decoder {
	const struct ivp_codec *codec;
	void *state; /* the codec's */
	const uint8_t *data;
	size_t bytes;
	struct ivp_decode_options options;
	bool was_read;
	struct ivp_shape stored; /* as in the file, or shrunk */
	struct ivp_shape shape;  /* of the result */
	unsigned orientation;    /* of the file, 1..8 */
	uint8_t *icc;            /* malloc'ed */
	uint32_t icc_bytes;
};

extern const struct ivp_codec ivp_codec_png;
extern const struct ivp_codec ivp_codec_jpeg;
extern const struct ivp_codec ivp_codec_pnm;
extern const struct ivp_codec ivp_codec_stb;

/* The shape against the limits: 0, -E2BIG, or -EILSEQ for an image without pixels. */
int ivp_decoder_admit(const struct ivp_decoder *decoder, uint64_t width, uint64_t height,
		      struct ivp_why *why);

/* The pixels for 1 to 4 samples, grey, with alpha, RGB, with alpha: of 16 bits a sample if deep. */
uint32_t ivp_decoded_format(unsigned samples, bool deep);

/* Encoders of one format. The stream's errors come back as -errno. */
int ivp_png_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		   struct ivp_why *why);
int ivp_jpeg_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		    struct ivp_why *why);
int ivp_pnm_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		   struct ivp_why *why);

/* Does the profile describe the colours of such pixels: grey for one channel, RGB for others? */
bool ivp_icc_fits(const uint8_t *icc, size_t bytes, uint32_t format);

/*
 * EXIF is a TIFF file with tags about an image (CIPA DC-008). Only the orientation matters here.
 * The value of a well-formed orientation tag, else 1.
 */
unsigned ivp_exif_orientation(const uint8_t *tiff, size_t bytes);
/* The smallest EXIF that holds an orientation. */
#define IVP_EXIF_BYTES 26
void ivp_exif_make(uint8_t tiff[IVP_EXIF_BYTES], unsigned orientation);

#endif
