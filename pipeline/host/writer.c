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
	*writer = (struct ivp_writer){.options = *options, .folder = -1};
	if (options->mode == IVP_WRITER_NULL)
		return 0;
	if (strcmp(options->output, "-") != 0)
		return open_folder(writer, why);
	writer->buffer = malloc(BUFFER_BYTES);
	if (!writer->buffer) {
		ivp_why_set(why, "not enough memory");
		return -ENOMEM;
	}
	writer->stream = stdout;
	setvbuf(stdout, writer->buffer, _IOFBF, BUFFER_BYTES);
	writer->options.mode = IVP_WRITER_FIXED;
	writer->options.encoding = IVP_ENCODE_PNM;
	return 0;
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

/* Has the image to be flattened? The format that it then has; or the reason why none will do. */
static int choose_format(const struct ivp_item *item, uint32_t *format, struct ivp_why *why)
{
	const uint32_t own = item->in.shape.format;

	*format = own;
	if (!ivp_encoding_takes(item->options.encoding, own))
		*format = ivp_flatten_format(own);
	if (ivp_encoding_takes(item->options.encoding, *format))
		return 0;
	ivp_why_set(why, "%s pixels cannot be stored in this format", ivp_format_name(own));
	return -EINVAL;
}

/* Makes item->in an image that the encoding takes, in private memory if it has to be another. */
static int flatten(struct ivp_item *item)
{
	struct ivp_output out = {.shape = item->in.shape};
	uint64_t bytes;
	int error = choose_format(item, &out.shape.format, &item->why);

	if (error || out.shape.format == item->in.shape.format)
		return error;
	if (ivp_shape_size(&out.shape, &out.stride, &bytes) != 0) {
		ivp_why_set(&item->why, "%u x %u pixels are too many", out.shape.width,
			    out.shape.height);
		return -EINVAL;
	}
	if (bytes > item->flat_bytes) {
		free(item->flat);
		item->flat_bytes = 0;
		item->flat = aligned_alloc(IVP_ROW_ALIGN, bytes);
		if (!item->flat) {
			ivp_why_set(&item->why, "not enough memory to flatten the image");
			return -ENOMEM;
		}
		/* Rows are written without their padding: it must not hold what malloc left. */
		memset(item->flat, 0, bytes);
		item->flat_bytes = bytes;
	}
	out.pixels = item->flat;
	ivp_flatten(&item->in, &out);
	item->in =
	    (struct ivp_input){.shape = out.shape, .stride = out.stride, .pixels = out.pixels};
	return 0;
}

static int put_stream(struct ivp_writer *writer, const struct ivp_item *item, struct ivp_why *why)
{
	struct ivp_why part;
	int error = ivp_encode(&item->in, &item->options, writer->stream, &part);

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

/* Is this a lack of room that has, as the user of this writer says, been mended? */
static bool has_room_again(const struct ivp_writer *writer, int error, const char *file)
{
	return (error == -ENOSPC || error == -EDQUOT) && writer->full &&
	       writer->full(writer->context, file);
}

/* Gives the frame its file name. */
static int name_file(struct ivp_writer *writer, struct ivp_item *item, uint64_t position,
		     const char *name, bool patient, struct ivp_why *why)
{
	const char *own = suffix_of(name), *suffix;
	char stem[IVP_NAME_LIMIT + 1];
	uint32_t format;
	int error = choose_format(item, &format, why);

	if (error)
		return error;
	suffix = ivp_encoding_suffix(item->options.encoding, format);
	snprintf(stem, sizeof(stem), "%.*s", (int)(own - name), name);
	if (writer->options.mode == IVP_WRITER_SAME && keeps_suffix(own, suffix))
		suffix = own;
	do
		error = ivp_names_give(&writer->names, stem, suffix, position, item->name,
				       &item->taken);
	while (patient && has_room_again(writer, error, writer->names.file));
	if (!error)
		return 0;
	ivp_why_set(why, "%s/%s: the name of frame '%s' cannot be noted: %s",
		    writer->options.output, writer->names.file, name, strerror(-error));
	return error == -ENOMEM ? error : -EIO;
}

int ivp_writer_plan(struct ivp_writer *writer, struct ivp_item *item, const struct ivp_frame *frame,
		    const struct ivp_notes *notes, bool patient, struct ivp_why *why)
{
	item->in = (struct ivp_input){
	    .shape = frame->shape, .stride = frame->stride, .pixels = frame->payload};
	item->options = (struct ivp_encode_options){
	    .encoding = writer->options.encoding,
	    .quality = writer->options.quality,
	    .compression = writer->options.compression,
	    .filter = writer->options.filter,
	    .strategy = writer->options.strategy,
	    .icc = notes->icc,
	    .icc_bytes = notes->icc_bytes,
	    .orientation = notes->orientation,
	    .texts = notes->texts,
	    .text_count = notes->text_count,
	};
	item->name[0] = '\0';
	item->taken = false;
	item->error = 0;
	if (writer->options.mode == IVP_WRITER_NULL || writer->stream)
		return 0;
	if (writer->options.mode == IVP_WRITER_SAME)
		item->options.encoding = encoding_of(suffix_of(notes->name));
	return name_file(writer, item, frame->position, notes->name, patient, why);
}

/* Writes the file once. Returns 0; -EINVAL or -ENOMEM with the reason; or another -errno. */
static int try_file(const struct ivp_writer *writer, struct ivp_item *item)
{
	int error;

	if (!item->buffer)
		item->buffer = malloc(BUFFER_BYTES);
	if (!item->buffer) {
		ivp_why_set(&item->why, "not enough memory to write a file");
		return -ENOMEM;
	}
	error = ivp_file_begin(&item->file, writer->folder, item->name);
	if (error)
		return error;
	setvbuf(item->file.stream, item->buffer, _IOFBF, BUFFER_BYTES);
	error = ivp_encode(&item->in, &item->options, item->file.stream, &item->why);
	if (!error)
		return ivp_file_settle(&item->file);
	ivp_file_abandon(&item->file);
	return error;
}

void ivp_writer_work(const struct ivp_writer *writer, struct ivp_item *item)
{
	if (writer->options.mode == IVP_WRITER_NULL)
		return;
	item->error = flatten(item);
	if (!item->error && !writer->stream)
		item->error = try_file(writer, item);
}

int ivp_writer_store(struct ivp_writer *writer, struct ivp_item *item, struct ivp_why *why)
{
	if (writer->options.mode == IVP_WRITER_NULL)
		return 0;
	if (!item->error && writer->stream)
		return put_stream(writer, item, why);
	if (!item->error)
		item->error = ivp_file_commit(&item->file);
	while (has_room_again(writer, item->error, item->name)) {
		item->error = try_file(writer, item);
		if (!item->error)
			item->error = ivp_file_commit(&item->file);
	}
	if (item->error == -EINVAL || item->error == -ENOMEM)
		ivp_why_set(why, "%s", item->why.text);
	if (!item->error || item->error == -EINVAL || item->error == -ENOMEM)
		return item->error;
	ivp_why_set(why, "%s/%s: cannot be written: %s", writer->options.output, item->name,
		    strerror(-item->error));
	return -EIO;
}

void ivp_item_finish(struct ivp_item *item)
{
	ivp_file_abandon(&item->file);
	free(item->buffer);
	free(item->flat);
	*item = (struct ivp_item){0};
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
	*writer = (struct ivp_writer){.folder = -1};
}
