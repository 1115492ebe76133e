/* SPDX-License-Identifier: MIT */
/*
 * Where a frame goes is decided by its private copies alone (checked frame, notes); the slot is
 * only read for pixels. Errors of the system become -EIO here, whatever they were: to a sink they
 * all mean that this frame could not be stored and must not be released.
 */
#include "host/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"
#include "host/flatten.h"

#define BUFFER_BYTES (256u << 10) /* few system calls a file, and no allocation of stdio's own */

static int open_folder(struct ivp_writer *writer, struct ivp_why *why)
{
	const char *path = writer->options.output;
	int error;

	if (mkdir(path, 0777) < 0 && errno != EEXIST) {
		error = -errno;
		ivp_why_set(why, "%s: cannot make the output folder: %s", path, strerror(-error));
		return error;
	}
	writer->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (writer->folder < 0) {
		error = -errno;
		ivp_why_set(why, "%s: not an output folder: %s", path, strerror(-error));
		return error;
	}
	if (faccessat(writer->folder, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		error = -errno;
		ivp_why_set(why, "%s: cannot write to the output folder: %s", path,
			    strerror(-error));
		close(writer->folder);
		writer->folder = -1;
		return error;
	}
	return 0;
}

int ivp_writer_open(struct ivp_writer *writer, const struct ivp_writer_options *options,
		    struct ivp_why *why)
{
	int error = 0;

	*writer = (struct ivp_writer){.options = *options, .folder = -1};
	if (options->mode == IVP_WRITER_NULL)
		return 0;
	writer->buffer = malloc(BUFFER_BYTES);
	if (!writer->buffer) {
		ivp_why_set(why, "not enough memory");
		return -ENOMEM;
	}
	if (strcmp(options->output, "-") == 0) {
		writer->stream = stdout;
		setvbuf(stdout, writer->buffer, _IOFBF, BUFFER_BYTES);
		writer->options.mode = IVP_WRITER_FIXED;
		writer->options.encoding = IVP_ENCODE_PNM;
	} else {
		error = open_folder(writer, why);
	}
	if (error)
		free(writer->buffer);
	return error;
}

int ivp_writer_begin(struct ivp_writer *writer, const char *link, uint64_t epoch, uint64_t position,
		     struct ivp_why *why)
{
	struct ivp_why part;
	int error;

	if (writer->folder < 0)
		return 0;
	error = ivp_names_open(&writer->names, writer->folder, link, epoch, position, &part);
	if (!error)
		return 0;
	ivp_why_set(why, "%s/%s", writer->options.output, part.text);
	return error == -ENOMEM ? error : -EIO;
}

static const struct {
	const char *suffix;
	enum ivp_encoding encoding;
} suffixes[] = {
    {".png", IVP_ENCODE_PNG}, {".jpg", IVP_ENCODE_JPEG}, {".jpeg", IVP_ENCODE_JPEG},
    {".pnm", IVP_ENCODE_PNM}, {".ppm", IVP_ENCODE_PNM},  {".pgm", IVP_ENCODE_PNM},
    {".pam", IVP_ENCODE_PNM},
};

static enum ivp_encoding encoding_of(const char *suffix)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcasecmp(suffix, suffixes[i].suffix) == 0)
			return suffixes[i].encoding;
	return IVP_ENCODE_PNG;
}

/* Where the suffix of a name begins: at its last dot, or at its end. */
static const char *suffix_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot : name + strlen(name);
}

/* Is the name's own suffix good for a file of this encoding and pixel format? */
static bool keeps_suffix(const char *own, const char *proper)
{
	if (strcasecmp(proper, ".jpg") == 0)
		return strcasecmp(own, ".jpg") == 0 || strcasecmp(own, ".jpeg") == 0;
	if (strcasecmp(proper, ".pnm") == 0)
		return strcasecmp(own, ".ppm") == 0 || strcasecmp(own, ".pgm") == 0 ||
		       strcasecmp(own, ".pnm") == 0;
	return strcasecmp(own, proper) == 0;
}

/* Makes *in an image that the encoding takes, in private memory if it has to be another one. */
static int prepare_image(struct ivp_writer *writer, enum ivp_encoding encoding,
			 struct ivp_input *in, struct ivp_why *why)
{
	struct ivp_output out = {.shape = in->shape};
	uint64_t bytes;

	if (ivp_encoding_takes(encoding, in->shape.format))
		return 0;
	out.shape.format = ivp_flatten_format(in->shape.format);
	if (!ivp_encoding_takes(encoding, out.shape.format) ||
	    ivp_shape_size(&out.shape, &out.stride, &bytes) != 0) {
		ivp_why_set(why, "%s pixels cannot be stored in this format",
			    ivp_format_name(in->shape.format));
		return -EINVAL;
	}
	if (bytes > writer->flat_bytes) {
		free(writer->flat);
		writer->flat_bytes = 0;
		writer->flat = aligned_alloc(IVP_ROW_ALIGN, bytes);
		if (!writer->flat) {
			ivp_why_set(why, "not enough memory to flatten the image");
			return -ENOMEM;
		}
		/* Rows are written without their padding: it must not hold what malloc left. */
		memset(writer->flat, 0, bytes);
		writer->flat_bytes = bytes;
	}
	out.pixels = writer->flat;
	ivp_flatten(in, &out);
	*in = (struct ivp_input){.shape = out.shape, .stride = out.stride, .pixels = out.pixels};
	return 0;
}

static int put_stream(struct ivp_writer *writer, const struct ivp_input *in,
		      const struct ivp_encode_options *options, struct ivp_why *why)
{
	struct ivp_why part;
	int error = ivp_encode(in, options, writer->stream, &part);

	if (error == -EINVAL || error == -ENOMEM) {
		ivp_why_set(why, "%s", part.text);
		return error;
	}
	errno = 0;
	if (error || fflush(writer->stream) != 0 || ferror(writer->stream)) {
		ivp_why_set(why, "standard output: %s",
			    strerror(error ? -error : (errno ? errno : EIO)));
		return -EIO;
	}
	return 0;
}

static int fail(struct ivp_writer *writer, int error, struct ivp_why *why)
{
	ivp_why_set(why, "%s/%s: cannot be written: %s", writer->options.output, writer->last,
		    strerror(-error));
	return -EIO;
}

/* Is this a lack of room that has, as the user of this writer says, been mended? */
static bool has_room_again(const struct ivp_writer *writer, int error, const char *file)
{
	return (error == -ENOSPC || error == -EDQUOT) && writer->full &&
	       writer->full(writer->context, file);
}

/* Writes the file once. Returns 0; -EINVAL or -ENOMEM with the reason; or another -errno. */
static int try_file(struct ivp_writer *writer, const struct ivp_input *in,
		    const struct ivp_encode_options *options, struct ivp_why *why)
{
	struct ivp_file file;
	int error = ivp_file_begin(&file, writer->folder, writer->last);

	if (error)
		return error;
	setvbuf(file.stream, writer->buffer, _IOFBF, BUFFER_BYTES);
	error = ivp_encode(in, options, file.stream, why);
	if (!error)
		return ivp_file_commit(&file);
	ivp_file_abandon(&file);
	return error;
}

static int put_file(struct ivp_writer *writer, const struct ivp_input *in,
		    const struct ivp_encode_options *options, struct ivp_why *why)
{
	int error;

	do
		error = try_file(writer, in, options, why);
	while (has_room_again(writer, error, writer->last));
	return error && error != -EINVAL && error != -ENOMEM ? fail(writer, error, why) : error;
}

/* Gives the frame its file name, into writer->last. */
static int name_file(struct ivp_writer *writer, uint64_t position, const char *name,
		     const char *suffix, struct ivp_why *why)
{
	const char *own = suffix_of(name);
	char stem[IVP_NAME_LIMIT + 1];
	int error;

	snprintf(stem, sizeof(stem), "%.*s", (int)(own - name), name);
	if (writer->options.mode == IVP_WRITER_SAME && keeps_suffix(own, suffix))
		suffix = own;
	do
		error = ivp_names_give(&writer->names, stem, suffix, position, writer->last,
				       &writer->last_taken);
	while (has_room_again(writer, error, writer->names.file));
	if (!error)
		return 0;
	ivp_why_set(why, "%s/%s: the name of frame '%s' cannot be noted: %s",
		    writer->options.output, writer->names.file, name, strerror(-error));
	return error == -ENOMEM ? error : -EIO;
}

int ivp_writer_put(struct ivp_writer *writer, const struct ivp_frame *frame,
		   const struct ivp_notes *notes, struct ivp_why *why)
{
	struct ivp_input in = {
	    .shape = frame->shape, .stride = frame->stride, .pixels = frame->payload};
	struct ivp_encode_options options = {
	    .encoding = writer->options.encoding,
	    .quality = writer->options.quality,
	    .compression = writer->options.compression,
	    .icc = notes->icc,
	    .icc_bytes = notes->icc_bytes,
	    .orientation = notes->orientation,
	    .texts = notes->texts,
	    .text_count = notes->text_count,
	};
	int error;

	writer->last[0] = '\0';
	writer->last_taken = false;
	if (writer->options.mode == IVP_WRITER_NULL)
		return 0;
	if (writer->options.mode == IVP_WRITER_SAME)
		options.encoding = encoding_of(suffix_of(notes->name));
	error = prepare_image(writer, options.encoding, &in, why);
	if (error)
		return error;
	if (writer->stream)
		return put_stream(writer, &in, &options, why);
	error = name_file(writer, frame->position, notes->name,
			  ivp_encoding_suffix(options.encoding, in.shape.format), why);
	return error ? error : put_file(writer, &in, &options, why);
}

void ivp_writer_complete(struct ivp_writer *writer)
{
	if (writer->folder < 0)
		return;
	ivp_names_close(&writer->names, true);
	/* Renames of the run reach the disk too. What fails here has failed before. */
	(void)fsync(writer->folder);
}

void ivp_writer_close(struct ivp_writer *writer)
{
	ivp_names_close(&writer->names, false);
	if (writer->folder >= 0)
		close(writer->folder);
	/* stdout keeps its buffer until the program ends. */
	if (!writer->stream)
		free(writer->buffer);
	free(writer->flat);
	*writer = (struct ivp_writer){.folder = -1};
}
