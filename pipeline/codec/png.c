/* SPDX-License-Identifier: MIT */
/*
 * PNG by libpng. Rows are decoded where they belong; an interlaced image is placed pass by pass,
 * so that no pass reads back what an earlier one wrote. libpng reports errors by longjmp: all
 * that must survive one is in the reader or writer struct, never in a local variable.
 */
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/private.h"

/* An ICC profile, inflated, is the only chunk kept; the largest in use have a few MiB. */
#define LARGEST_CHUNK (8u << 20)

struct png_reader {
	png_structp png;
	png_infop info;
	const uint8_t *next;
	size_t left;
	uint32_t rows; /* of the image, or of the pass */
	uint32_t row;
	int pass; /* of an interlaced image, counted from 1 */
	bool in_rows;
	bool cut; /* libpng asked for more than there is */
	bool no_memory;
	uint8_t *line; /* interlaced only */
	char message[96];
};

static void fail_read(png_structp png, png_const_charp message)
{
	struct png_reader *reader = png_get_error_ptr(png);

	snprintf(reader->message, sizeof(reader->message), "%s", message);
	png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t bytes)
{
	struct png_reader *reader = png_get_mem_ptr(png);
	void *memory = malloc(bytes);

	if (!memory)
		reader->no_memory = true;
	return memory;
}

static void release(png_structp png, png_voidp memory)
{
	(void)png;
	free(memory);
}

static void take_bytes(png_structp png, png_bytep to, size_t bytes)
{
	struct png_reader *reader = png_get_io_ptr(png);

	if (bytes > reader->left) {
		reader->cut = true;
		png_error(png, "no more data");
	}
	memcpy(to, reader->next, bytes);
	reader->next += bytes;
	reader->left -= bytes;
}

static int explain(const struct png_reader *reader, struct ivp_why *why)
{
	char place[64];

	if (reader->no_memory) {
		ivp_why_set(why, "not enough memory to decode a PNG");
		return -ENOMEM;
	}
	if (!reader->in_rows)
		snprintf(place, sizeof(place), "in the header");
	else if (reader->pass)
		snprintf(place, sizeof(place), "after row %u of %u in pass %d of 7", reader->row,
			 reader->rows, reader->pass);
	else
		snprintf(place, sizeof(place), "after row %u of %u", reader->row, reader->rows);
	if (reader->cut)
		ivp_why_set(why, "PNG data end %s", place);
	else
		ivp_why_set(why, "PNG is damaged %s: %s", place, reader->message);
	return -EILSEQ;
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* eXIf may follow the pixels (PNG third edition, 5.6), but its orientation is needed before. */
static unsigned find_orientation(const uint8_t *data, size_t bytes)
{
	size_t at = 8;

	while (bytes - at >= 12) {
		const uint32_t length = get32(data + at);

		if (length > bytes - at - 12)
			break;
		if (!memcmp(data + at + 4, "eXIf", 4))
			return ivp_exif_orientation(data + at + 8, length);
		at += (size_t)length + 12;
	}
	return 1;
}

static void keep_profile(struct ivp_decoder *decoder, struct png_reader *reader)
{
	png_charp name;
	png_bytep profile;
	png_uint_32 bytes;
	int method;

	if (!png_get_iCCP(reader->png, reader->info, &name, &method, &profile, &bytes))
		return;
	decoder->icc = malloc(bytes);
	if (!decoder->icc) {
		reader->no_memory = true;
		png_error(reader->png, "no memory for the ICC profile");
	}
	memcpy(decoder->icc, profile, bytes);
	decoder->icc_bytes = bytes;
}

/* Whatever is stored comes out as grey, RGB or RGBA; 16 bits are rounded to the nearest 8, but for
 * those who want them. */
static void read_header(struct ivp_decoder *decoder, struct png_reader *reader)
{
	png_structp png = reader->png;
	bool alpha, gray, deep;

	png_set_read_fn(png, reader, take_bytes);
	png_set_user_limits(png, decoder->options.limits.max_side,
			    decoder->options.limits.max_side);
	png_set_chunk_malloc_max(png, LARGEST_CHUNK);
	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "iCCP", 1);
	png_read_info(png, reader->info);
	keep_profile(decoder, reader);

	gray = !(png_get_color_type(png, reader->info) & PNG_COLOR_MASK_COLOR);
	alpha = png_get_color_type(png, reader->info) & PNG_COLOR_MASK_ALPHA ||
		png_get_valid(png, reader->info, PNG_INFO_tRNS);
	deep = decoder->options.deep && png_get_bit_depth(png, reader->info) == 16;
	png_set_expand(png);
	if (deep)
		png_set_swap(png); /* samples of a frame are little-endian */
	else
		png_set_scale_16(png);
	if (gray && alpha)
		png_set_gray_to_rgb(png);
	png_read_update_info(png, reader->info);

	decoder->stored.width = png_get_image_width(png, reader->info);
	decoder->stored.height = png_get_image_height(png, reader->info);
	decoder->stored.format = ivp_decoded_format(alpha ? 4 : gray ? 1 : 3, deep);
	if (png_get_rowbytes(png, reader->info) !=
	    (size_t)decoder->stored.width * ivp_format_pixel_bytes(decoder->stored.format))
		png_error(png, "unexpected pixel layout");
}

static int open_png(struct ivp_decoder *decoder, struct ivp_why *why)
{
	struct png_reader *reader;
	int error;

	if (decoder->bytes < 33) {
		ivp_why_set(why, "PNG data end in the header");
		return -EILSEQ;
	}
	if (memcmp(decoder->data + 12, "IHDR", 4) != 0) {
		ivp_why_set(why, "PNG is damaged in the header: it does not begin with IHDR");
		return -EILSEQ;
	}
	error =
	    ivp_decoder_admit(decoder, get32(decoder->data + 16), get32(decoder->data + 20), why);
	if (error)
		return error;
	decoder->state = reader = calloc(1, sizeof(*reader));
	if (reader)
		reader->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reader, fail_read,
						       ignore_warning, reader, allocate, release);
	if (reader && reader->png)
		reader->info = png_create_info_struct(reader->png);
	if (!reader || !reader->info) {
		ivp_why_set(why, "not enough memory to decode a PNG");
		return -ENOMEM;
	}
	reader->next = decoder->data;
	reader->left = decoder->bytes;
	decoder->orientation = find_orientation(decoder->data, decoder->bytes);
	if (setjmp(png_jmpbuf(reader->png)))
		return explain(reader, why);
	read_header(decoder, reader);
	return 0;
}

static void read_in_order(struct png_reader *reader, struct ivp_rows *rows)
{
	reader->rows = rows->height;
	while (reader->row < rows->height) {
		png_read_row(reader->png, ivp_rows_at(rows, reader->row), NULL);
		reader->row++;
		ivp_rows_done(rows, reader->row);
	}
}

/* libpng gives each pass as a small image, since we did not ask it to put them together. */
static void read_passes(struct png_reader *reader, const struct ivp_rows *rows)
{
	for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++) {
		const uint32_t columns = PNG_PASS_COLS(rows->width, pass);

		reader->pass = pass + 1;
		reader->rows = columns ? PNG_PASS_ROWS(rows->height, pass) : 0;
		for (reader->row = 0; reader->row < reader->rows; reader->row++) {
			png_read_row(reader->png, reader->line, NULL);
			ivp_rows_put(rows, PNG_ROW_FROM_PASS_ROW(reader->row, pass),
				     PNG_PASS_START_COL(pass), 1u << PNG_PASS_COL_SHIFT(pass),
				     reader->line, columns);
		}
	}
}

static int read_png(struct ivp_decoder *decoder, struct ivp_rows *rows, struct ivp_why *why)
{
	struct png_reader *reader = decoder->state;
	const bool interlaced =
	    png_get_interlace_type(reader->png, reader->info) != PNG_INTERLACE_NONE;

	if (interlaced) {
		/* png_read_row fills the whole width in every pass. */
		reader->line = malloc(png_get_rowbytes(reader->png, reader->info));
		if (!reader->line) {
			ivp_why_set(why, "not enough memory to decode a PNG");
			return -ENOMEM;
		}
	}
	if (setjmp(png_jmpbuf(reader->png)))
		return explain(reader, why);
	reader->in_rows = true;
	if (interlaced)
		read_passes(reader, rows);
	else
		read_in_order(reader, rows);
	/* To the end mark: the last rows' checksums come after them. */
	png_read_end(reader->png, NULL);
	return 0;
}

static void close_png(struct ivp_decoder *decoder)
{
	struct png_reader *reader = decoder->state;

	if (!reader)
		return;
	if (reader->png)
		png_destroy_read_struct(&reader->png, &reader->info, NULL);
	free(reader->line);
	free(reader);
}

const struct ivp_codec ivp_codec_png = {
    .name = "PNG",
    .open = open_png,
    .read = read_png,
    .close = close_png,
};

struct png_writer {
	png_structp png;
	png_infop info;
	FILE *to;
	int error; /* -errno of the stream */
	char message[96];
};

static void fail_write(png_structp png, png_const_charp message)
{
	struct png_writer *writer = png_get_error_ptr(png);

	snprintf(writer->message, sizeof(writer->message), "%s", message);
	png_longjmp(png, 1);
}

static void put_bytes(png_structp png, png_bytep from, size_t bytes)
{
	struct png_writer *writer = png_get_io_ptr(png);

	errno = 0;
	if (fwrite(from, 1, bytes, writer->to) == bytes)
		return;
	writer->error = errno ? -errno : -EIO;
	png_error(png, "write error");
}

static void put_nothing(png_structp png)
{
	(void)png;
}

static void choose_effort(png_structp png, const struct ivp_encode_options *options)
{
	static const int filters[] = {
	    [IVP_PNG_SUB_UP] = PNG_FILTER_SUB | PNG_FILTER_UP,
	    [IVP_PNG_NONE] = PNG_FILTER_NONE,
	    [IVP_PNG_SUB] = PNG_FILTER_SUB,
	    [IVP_PNG_UP] = PNG_FILTER_UP,
	    [IVP_PNG_AVERAGE] = PNG_FILTER_AVG,
	    [IVP_PNG_PAETH] = PNG_FILTER_PAETH,
	    [IVP_PNG_ALL] = PNG_ALL_FILTERS,
	};
	static const int strategies[] = {
	    [IVP_PNG_DEFAULT] = Z_DEFAULT_STRATEGY,
	    [IVP_PNG_FILTERED] = Z_FILTERED,
	    [IVP_PNG_RLE] = Z_RLE,
	    [IVP_PNG_HUFFMAN] = Z_HUFFMAN_ONLY,
	};

	png_set_compression_level(png, options->compression);
	png_set_compression_strategy(png, strategies[options->strategy]);
	png_set_compression_buffer_size(png, 65536); /* also the size of an IDAT chunk */
	png_set_filter(png, PNG_FILTER_TYPE_BASE,
		       options->compression ? filters[options->filter] : PNG_FILTER_NONE);
}

/* Where there are only ASCII characters the older kind of chunk, which more programs show. */
static void add_text(struct png_writer *writer, const struct ivp_text *text)
{
	png_text chunk = {.compression = PNG_TEXT_COMPRESSION_NONE,
			  .key = (char *)text->key, /* libpng copies both */
			  .text = (char *)text->value,
			  .text_length = strlen(text->value)};

	for (const char *at = text->value; *at; at++)
		if (*at & 0x80)
			chunk.compression = PNG_ITXT_COMPRESSION_NONE;
	if (chunk.compression == PNG_ITXT_COMPRESSION_NONE) {
		chunk.itxt_length = chunk.text_length;
		chunk.text_length = 0;
	}
	png_set_text(writer->png, writer->info, &chunk, 1);
}

static void write_png(struct png_writer *writer, const struct ivp_input *in,
		      const struct ivp_encode_options *options)
{
	static const int color_types[] = {
	    [1] = PNG_COLOR_TYPE_GRAY, [3] = PNG_COLOR_TYPE_RGB, [4] = PNG_COLOR_TYPE_RGBA};
	const unsigned channels = ivp_format_channels(in->shape.format);
	const int depth = (int)(ivp_format_pixel_bytes(in->shape.format) / channels * 8);
	png_structp png = writer->png;
	uint8_t exif[IVP_EXIF_BYTES];

	png_set_write_fn(png, writer, put_bytes, put_nothing);
	png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_set_benign_errors(png, 1); /* a profile that libpng finds wrong is left out */
	choose_effort(png, options);
	png_set_IHDR(png, writer->info, in->shape.width, in->shape.height, depth,
		     color_types[channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	if (ivp_icc_fits(options->icc, options->icc_bytes, in->shape.format))
		png_set_iCCP(png, writer->info, "ICC profile", PNG_COMPRESSION_TYPE_BASE,
			     options->icc, options->icc_bytes);
	if (options->orientation > 1 && options->orientation <= 8) {
		ivp_exif_make(exif, options->orientation);
		png_set_eXIf_1(png, writer->info, IVP_EXIF_BYTES, exif);
	}
	for (unsigned i = 0; i < options->text_count; i++)
		add_text(writer, &options->texts[i]);
	png_write_info(png, writer->info);
	if (depth == 16)
		png_set_swap(png); /* PNG is big-endian, frames are little-endian */
	for (uint32_t y = 0; y < in->shape.height; y++)
		png_write_row(png, in->pixels + y * in->stride);
	png_write_end(png, NULL);
}

static int start_writer(struct png_writer *writer, FILE *to)
{
	*writer = (struct png_writer){.to = to};
	writer->png =
	    png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, fail_write, ignore_warning);
	if (writer->png)
		writer->info = png_create_info_struct(writer->png);
	return writer->info ? 0 : -ENOMEM;
}

int ivp_png_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		   struct ivp_why *why)
{
	struct png_writer writer;
	int error = start_writer(&writer, to);

	if (error) {
		ivp_why_set(why, "not enough memory to encode a PNG");
	} else if (setjmp(png_jmpbuf(writer.png))) {
		error = writer.error ? writer.error : -EINVAL;
		ivp_why_set(why, "cannot write the PNG: %s",
			    writer.error ? strerror(-writer.error) : writer.message);
	} else {
		write_png(&writer, in, options);
	}
	if (writer.png)
		png_destroy_write_struct(&writer.png, &writer.info);
	return error;
}
