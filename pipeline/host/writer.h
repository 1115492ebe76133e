/* SPDX-License-Identifier: MIT */
/*
 * Frames of pixels become image files in a folder, or a stream of PNM images on standard output,
 * or nothing. A file is there whole or not at all. Pixels are encoded straight out of the slot,
 * but for those that have to be flattened first (flatten.h). One thread at a time, but for
 * ivp_writer_work: several frames may be at work, each on a thread, between plan and store.
 */
#ifndef IVP_HOST_WRITER_H
#define IVP_HOST_WRITER_H

#include "codec/codec.h"
#include "host/file.h"
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
	int quality, compression;   /* as ivp_encode_options, and the next two */
	enum ivp_png_filter filter;
	enum ivp_png_strategy strategy;
};

/* Called when there is no room for a file. Returns true, perhaps much later, to try again. */
typedef bool ivp_writer_full(void *context, const char *file);

struct ivp_writer {
	struct ivp_writer_options options;
	int folder;   /* descriptor, or -1 */
	FILE *stream; /* standard output, or NULL */
	char *buffer; /* of it */
	struct ivp_names names;
	ivp_writer_full *full; /* the user's, or NULL */
	void *context;         /* for full */
};

/* A frame on its way to its file. Zeroed at first; used again, it uses the same memory. */
struct ivp_item {
	struct ivp_input in;
	struct ivp_encode_options options;
	char name[NAME_MAX + 1]; /* of the file; "" if there is none */
	bool taken;              /* its proper name was taken */
	struct ivp_file file;
	char *buffer;  /* of the stream being written */
	uint8_t *flat; /* grows to the largest flattened image */
	size_t flat_bytes;
	int error; /* of the work */
	struct ivp_why why;
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
 * Begins with a frame of IVP_KIND_PIXELS: what becomes of it, and under which name. frame's pixels
 * and notes must stay as they are until the item is stored. Frames are planned in their order;
 * without patience, full is not asked, and the same frame may be planned again.
 * Returns 0; -EINVAL if the encoding cannot hold this image (go on with the next); -ENOMEM; -EIO
 * for any failure to write, with the reason that names the file.
 */
int ivp_writer_plan(struct ivp_writer *writer, struct ivp_item *item, const struct ivp_frame *frame,
		    const struct ivp_notes *notes, bool patient, struct ivp_why *why);
/* The part that takes time, on any thread: the file, under a hidden name, on disk. */
void ivp_writer_work(const struct ivp_writer *writer, struct ivp_item *item);
/* Ends with a frame, in the order of the frames: when it returns 0, the image is on disk under its
 * name. Returns as ivp_writer_plan. */
int ivp_writer_store(struct ivp_writer *writer, struct ivp_item *item, struct ivp_why *why);
/* Abandons what was not stored, and frees. */
void ivp_item_finish(struct ivp_item *item);

/* The stream has ended: what only a restart would need is removed. */
void ivp_writer_complete(struct ivp_writer *writer);
void ivp_writer_close(struct ivp_writer *writer); /* a zeroed one is fine */

#endif
