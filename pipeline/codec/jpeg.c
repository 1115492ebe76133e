/* SPDX-License-Identifier: MIT */
/*
 * JPEG by libjpeg-turbo. libjpeg reports errors by longjmp: all that must survive one is in the
 * reader or writer struct, never in a local variable. It only warns of data that end early or
 * make no sense, and goes on with grey; here that is damage, and the image is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "codec/private.h"

/* A progressive file may repeat scans without end, each as costly as an image. Real ones have
 * about ten; the most that make sense are a few dozen. */
#define MOST_SCANS 100

/* ICC.1 annex B.4: up to 255 markers, each with 14 bytes of its own. */
#define LARGEST_PROFILE (255 * (65533 - 14))

struct jpeg_reader {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
	bool in_rows;
	bool cut; /* libjpeg asked for more than there is */
	bool no_memory;
	uint8_t *cmyk; /* a row */
	char message[JMSG_LENGTH_MAX];
};

static void fail_read(j_common_ptr common)
{
	struct jpeg_reader *reader = common->client_data;

	reader->no_memory = common->err->msg_code == JERR_OUT_OF_MEMORY;
	common->err->format_message(common, reader->message);
	longjmp(reader->failed, 1);
}

/* Level -1 is a warning. Those of the image data mean that pixels are lost; others (stray bytes
 * before a marker, an odd JFIF version, a broken ICC profile) do not touch them. */
static void judge_warning(j_common_ptr common, int level)
{
	struct jpeg_reader *reader = common->client_data;

	if (level != -1)
		return;
	switch (common->err->msg_code) {
	case JWRN_JPEG_EOF:
	case JWRN_HIT_MARKER:
		reader->cut = true;
		fail_read(common);
		break;
	case JWRN_HUFF_BAD_CODE:
	case JWRN_ARITH_BAD_CODE:
	case JWRN_MUST_RESYNC:
		fail_read(common);
		break;
	}
}

static void print_nothing(j_common_ptr common)
{
	(void)common;
}

static void count_scans(j_common_ptr common)
{
	struct jpeg_reader *reader = common->client_data;

	if (reader->jpeg.input_scan_number > MOST_SCANS) {
		snprintf(reader->message, sizeof(reader->message), "it has more than %d scans",
			 MOST_SCANS);
		longjmp(reader->failed, 1);
	}
}

static int explain(const struct jpeg_reader *reader, struct ivp_why *why)
{
	char place[64];

	if (reader->no_memory) {
		ivp_why_set(why, "not enough memory to decode a JPEG");
		return -ENOMEM;
	}
	if (!reader->in_rows)
		snprintf(place, sizeof(place), "in the header");
	else if (reader->jpeg.progressive_mode && !reader->jpeg.output_scanline)
		snprintf(place, sizeof(place), "in scan %d", reader->jpeg.input_scan_number);
	else
		snprintf(place, sizeof(place), "after row %u of %u", reader->jpeg.output_scanline,
			 reader->jpeg.output_height);
	if (reader->cut)
		ivp_why_set(why, "JPEG data end %s", place);
	else
		ivp_why_set(why, "JPEG is damaged %s: %s", place, reader->message);
	return -EILSEQ;
}

static unsigned find_orientation(const struct jpeg_decompress_struct *jpeg)
{
	for (const struct jpeg_marker_struct *marker = jpeg->marker_list; marker;
	     marker = marker->next) {
		if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 &&
		    !memcmp(marker->data, "Exif\0", 6))
			return ivp_exif_orientation(marker->data + 6, marker->data_length - 6);
	}
	return 1;
}

static int choose_colours(struct jpeg_decompress_struct *jpeg, uint32_t *format)
{
	switch (jpeg->jpeg_color_space) {
	case JCS_GRAYSCALE:
		jpeg->out_color_space = JCS_GRAYSCALE;
		*format = IVP_FORMAT_GRAY8;
		return 0;
	case JCS_RGB:
	case JCS_YCbCr:
		jpeg->out_color_space = JCS_RGB;
		*format = IVP_FORMAT_RGB8;
		return 0;
	case JCS_CMYK:
	case JCS_YCCK:
		jpeg->out_color_space = JCS_CMYK;
		*format = IVP_FORMAT_RGB8;
		return 0;
	default:
		return -EILSEQ;
	}
}

static int read_header(struct ivp_decoder *decoder, struct jpeg_reader *reader, struct ivp_why *why)
{
	struct jpeg_decompress_struct *jpeg = &reader->jpeg;
	JOCTET *profile;
	unsigned bytes;
	int error;

	jpeg_create_decompress(jpeg);
	jpeg->client_data = reader;
	reader->progress.progress_monitor = count_scans;
	jpeg->progress = &reader->progress;
	jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff); /* EXIF */
	jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xffff); /* ICC */
	jpeg_mem_src(jpeg, decoder->data, decoder->bytes);
	jpeg_read_header(jpeg, TRUE);

	error = ivp_decoder_admit(decoder, jpeg->image_width, jpeg->image_height, why);
	if (error)
		return error;
	if (choose_colours(jpeg, &decoder->stored.format)) {
		ivp_why_set(why, "JPEG with %d components of unknown meaning",
			    jpeg->num_components);
		return -EILSEQ;
	}
	/* A progressive image is gathered as 16-bit coefficients of up to four components, sides
	 * rounded up to blocks. */
	jpeg->mem->max_memory_to_use =
	    (64L << 20) + 12L * (long)jpeg->image_width * (long)jpeg->image_height;
	decoder->stored.width = jpeg->image_width;
	decoder->stored.height = jpeg->image_height;
	decoder->orientation = find_orientation(jpeg);
	if (jpeg_read_icc_profile(jpeg, &profile, &bytes)) {
		decoder->icc = profile;
		decoder->icc_bytes = bytes;
	}
	return 0;
}

static int open_jpeg(struct ivp_decoder *decoder, struct ivp_why *why)
{
	struct jpeg_reader *reader = calloc(1, sizeof(*reader));

	decoder->state = reader;
	if (!reader) {
		ivp_why_set(why, "not enough memory to decode a JPEG");
		return -ENOMEM;
	}
	reader->jpeg.err = jpeg_std_error(&reader->errors);
	reader->jpeg.client_data = reader;
	reader->errors.error_exit = fail_read;
	reader->errors.emit_message = judge_warning;
	reader->errors.output_message = print_nothing;
	if (setjmp(reader->failed))
		return explain(reader, why);
	return read_header(decoder, reader, why);
}

static bool shrink_jpeg(struct ivp_decoder *decoder, unsigned by)
{
	struct jpeg_reader *reader = decoder->state;
	struct jpeg_decompress_struct *jpeg = &reader->jpeg;

	if (setjmp(reader->failed))
		return false;
	jpeg->scale_num = 1;
	jpeg->scale_denom = by;
	jpeg_calc_output_dimensions(jpeg);
	decoder->stored.width = jpeg->output_width;
	decoder->stored.height = jpeg->output_height;
	return true;
}

static void read_rows(struct jpeg_decompress_struct *jpeg, struct ivp_rows *rows)
{
	JSAMPROW pointers[IVP_ROWS_STRIP];

	while (jpeg->output_scanline < jpeg->output_height) {
		const uint32_t y = jpeg->output_scanline, room = ivp_rows_room(rows, y);

		for (uint32_t i = 0; i < room; i++)
			pointers[i] = ivp_rows_at(rows, y + i);
		ivp_rows_done(rows, y + jpeg_read_scanlines(jpeg, pointers, room));
	}
}

/* Without a profile to go by, ink is light taken away: red = white - cyan - black, the latter two
 * multiplied. Adobe stores the inks inverted, 255 for none. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, uint32_t pixels, bool inverted)
{
	const unsigned flip = inverted ? 0 : 255;

	for (; pixels; pixels--, cmyk += 4, rgb += 3)
		for (unsigned i = 0; i < 3; i++)
			rgb[i] = (uint8_t)(((cmyk[i] ^ flip) * (cmyk[3] ^ flip) + 127) / 255);
}

static void read_cmyk_rows(struct jpeg_reader *reader, struct ivp_rows *rows)
{
	struct jpeg_decompress_struct *jpeg = &reader->jpeg;

	while (jpeg->output_scanline < jpeg->output_height) {
		const uint32_t y = jpeg->output_scanline;

		if (!jpeg_read_scanlines(jpeg, &reader->cmyk, 1))
			continue;
		cmyk_to_rgb(reader->cmyk, ivp_rows_at(rows, y), rows->width,
			    jpeg->saw_Adobe_marker);
		ivp_rows_done(rows, y + 1);
	}
}

static int read_jpeg(struct ivp_decoder *decoder, struct ivp_rows *rows, struct ivp_why *why)
{
	struct jpeg_reader *reader = decoder->state;

	if (reader->jpeg.out_color_space == JCS_CMYK) {
		reader->cmyk = malloc((size_t)rows->width * 4);
		if (!reader->cmyk) {
			ivp_why_set(why, "not enough memory to decode a JPEG");
			return -ENOMEM;
		}
	}
	if (setjmp(reader->failed))
		return explain(reader, why);
	reader->in_rows = true;
	jpeg_start_decompress(&reader->jpeg);
	if (reader->cmyk)
		read_cmyk_rows(reader, rows);
	else
		read_rows(&reader->jpeg, rows);
	/* To the end mark. */
	jpeg_finish_decompress(&reader->jpeg);
	return 0;
}

static void close_jpeg(struct ivp_decoder *decoder)
{
	struct jpeg_reader *reader = decoder->state;

	if (!reader)
		return;
	jpeg_destroy_decompress(&reader->jpeg);
	free(reader->cmyk);
	free(reader);
}

const struct ivp_codec ivp_codec_jpeg = {
    .name = "JPEG",
    .open = open_jpeg,
    .shrink = shrink_jpeg,
    .read = read_jpeg,
    .close = close_jpeg,
};

struct jpeg_writer {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	jmp_buf failed;
	int error;
	char message[JMSG_LENGTH_MAX];
};

static void fail_write(j_common_ptr common)
{
	struct jpeg_writer *writer = common->client_data;

	if (common->err->msg_code == JERR_FILE_WRITE)
		writer->error = errno ? -errno : -EIO;
	else if (common->err->msg_code == JERR_OUT_OF_MEMORY)
		writer->error = -ENOMEM;
	else
		writer->error = -EINVAL;
	common->err->format_message(common, writer->message);
	longjmp(writer->failed, 1);
}

static void ignore_warning(j_common_ptr common, int level)
{
	(void)common;
	(void)level;
}

static void write_exif(struct jpeg_compress_struct *jpeg, unsigned orientation)
{
	uint8_t exif[6 + IVP_EXIF_BYTES] = "Exif\0";

	ivp_exif_make(exif + 6, orientation);
	jpeg_write_marker(jpeg, JPEG_APP0 + 1, exif, sizeof(exif));
}

static void write_comment(struct jpeg_compress_struct *jpeg, const struct ivp_text *text)
{
	const size_t key = strlen(text->key), value = strlen(text->value);

	/* Two bytes of 65535 are the length itself. */
	if (key + 1 + value > 65533)
		return;
	jpeg_write_m_header(jpeg, JPEG_COM, (unsigned)(key + 1 + value));
	for (size_t i = 0; i < key; i++)
		jpeg_write_m_byte(jpeg, (uint8_t)text->key[i]);
	jpeg_write_m_byte(jpeg, '=');
	for (size_t i = 0; i < value; i++)
		jpeg_write_m_byte(jpeg, (uint8_t)text->value[i]);
}

static void write_jpeg(struct jpeg_writer *writer, const struct ivp_input *in,
		       const struct ivp_encode_options *options, FILE *to)
{
	struct jpeg_compress_struct *jpeg = &writer->jpeg;

	jpeg_create_compress(jpeg);
	jpeg_stdio_dest(jpeg, to);
	jpeg->image_width = in->shape.width;
	jpeg->image_height = in->shape.height;
	jpeg->input_components = (int)ivp_format_channels(in->shape.format);
	jpeg->in_color_space = jpeg->input_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(jpeg); /* colour in half resolution: 4:2:0 */
	jpeg_set_quality(jpeg, options->quality, TRUE);
	/* From quality 90 on colour is kept in full, 4:4:4, as libvips does by default: there the
	 * loss by quantisation is less than that by halving. */
	if (options->quality >= 90)
		jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
	jpeg_start_compress(jpeg, TRUE);
	if (options->orientation > 1 && options->orientation <= 8)
		write_exif(jpeg, options->orientation);
	if (ivp_icc_fits(options->icc, options->icc_bytes, in->shape.format) &&
	    options->icc_bytes <= LARGEST_PROFILE)
		jpeg_write_icc_profile(jpeg, options->icc, options->icc_bytes);
	for (unsigned i = 0; i < options->text_count; i++)
		write_comment(jpeg, &options->texts[i]);
	while (jpeg->next_scanline < jpeg->image_height) {
		JSAMPROW rows[16];
		uint32_t count = 0;

		/* libjpeg does not write to rows; its types are older than const. */
		for (uint32_t y = jpeg->next_scanline; y < jpeg->image_height && count < 16; y++)
			rows[count++] = (JSAMPROW)(in->pixels + y * in->stride);
		jpeg_write_scanlines(jpeg, rows, count);
	}
	jpeg_finish_compress(jpeg);
}

int ivp_jpeg_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		    struct ivp_why *why)
{
	struct jpeg_writer writer = {.error = 0};

	if (in->shape.width > JPEG_MAX_DIMENSION || in->shape.height > JPEG_MAX_DIMENSION) {
		ivp_why_set(why, "%u x %u pixels are more than a JPEG can have: %ld a side",
			    in->shape.width, in->shape.height, JPEG_MAX_DIMENSION);
		return -EINVAL;
	}
	writer.jpeg.err = jpeg_std_error(&writer.errors);
	writer.jpeg.client_data = &writer;
	writer.errors.error_exit = fail_write;
	writer.errors.emit_message = ignore_warning;
	writer.errors.output_message = print_nothing;
	errno = 0;
	if (setjmp(writer.failed))
		ivp_why_set(why, "cannot write the JPEG: %s",
			    writer.error == -EINVAL ? writer.message : strerror(-writer.error));
	else
		write_jpeg(&writer, in, options, to);
	jpeg_destroy_compress(&writer.jpeg);
	return writer.error;
}
