/* SPDX-License-Identifier: MIT */
/*
 * Frames of pixels become image files in a folder, or a stream of PNM images on standard output,
 * or nothing. A file is there whole or not at all. Pixels are encoded straight out of the slot,
 * but for those that have to be flattened first (flatten.h). One thread at a time.
 */
#ifndef IVP_HOST_WRITER_H
#define IVP_HOST_WRITER_H

#include "codec/codec.h"
#include "host/names.h"
#include "host/notes.h"

enum ivp_writer_mode {
	IVP_WRITER_FIXED, /* all in one encoding */
	IVP_WRITER_SAME,  /* by the suffix of the frame's name; PNG for others */
	IVP_WRITER_NULL,  /* nothing is written */
};

struct ivp_writer_options {
	const char *output; /* a folder, made if its parent is there; or "-"; unused by NULL */
	enum ivp_writer_mode mode;
	enum ivp_encoding encoding; /* IVP_WRITER_FIXED */
	int quality, compression;   /* as ivp_encode_options */
};

/* Called when there is no room for a file. Returns true, perhaps much later, to try again. */
typedef bool ivp_writer_full(void *context, const char *file);

struct ivp_writer {
	struct ivp_writer_options options;
	int folder;    /* descriptor, or -1 */
	FILE *stream;  /* standard output, or NULL */
	char *buffer;  /* of the stream being written */
	uint8_t *flat; /* grows to the largest flattened image */
	size_t flat_bytes;
	struct ivp_names names;
	ivp_writer_full *full;   /* the user's, or NULL */
	void *context;           /* for full */
	char last[NAME_MAX + 1]; /* name of the file last begun, for messages; "" if none */
	bool last_taken;         /* its proper name was taken */
};

/*
 * Makes sure that the folder is there and can be written to. options' strings are not copied.
 * Returns 0, or -errno with a reason that names the folder; then there is nothing to close.
 */
int ivp_writer_open(struct ivp_writer *writer, const struct ivp_writer_options *options,
		    struct ivp_why *why);
/*
 * To be called once before the first frame: where they come from, as of ivp_names_open.
 * Returns 0, -ENOMEM, or -EIO with the reason.
 */
int ivp_writer_begin(struct ivp_writer *writer, const char *link, uint64_t epoch, uint64_t position,
		     struct ivp_why *why);

/*
 * Writes one frame, of IVP_KIND_PIXELS. When it returns 0, the image is on disk.
 * Returns 0; -EINVAL if the encoding cannot hold this image (go on with the next); -ENOMEM; -EIO
 * for any failure to write, with the reason that names the file.
 */
int ivp_writer_put(struct ivp_writer *writer, const struct ivp_frame *frame,
		   const struct ivp_notes *notes, struct ivp_why *why);

/* The stream has ended: what only a restart would need is removed. */
void ivp_writer_complete(struct ivp_writer *writer);
void ivp_writer_close(struct ivp_writer *writer); /* a zeroed one is fine */

#endif
