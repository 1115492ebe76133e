/* SPDX-License-Identifier: MIT */
/*
 * The Netpbm formats, read and written by ourselves: P1 to P6 (pbm, pgm, ppm, each as text or
 * binary) and P7 (pam), as the Netpbm manual describes them. One image a file: what follows the
 * first is not looked at. Samples become 8 bits, or 16, rounded to the nearest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/private.h"

struct pnm_reader {
	const uint8_t *next, *end;
	unsigned kind;    /* 1 to 7 */
	unsigned samples; /* a pixel, in the file */
	unsigned maximum; /* 1..65535 */
	bool deep;        /* to 16 bits */
	uint16_t scale[]; /* 0..maximum to 0..255, or to 0..65535 */
};

static bool is_space(unsigned c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct pnm_reader *reader)
{
	for (; reader->next < reader->end; reader->next++) {
		if (*reader->next == '#')
			while (reader->next + 1 < reader->end && *reader->next != '\n')
				reader->next++;
		else if (!is_space(*reader->next))
			return;
	}
}

/* A decimal number after white space and comments; false if there is none below 10^9. */
static bool take_number(struct pnm_reader *reader, uint32_t *number)
{
	uint32_t value = 0;
	unsigned digits = 0;

	skip_space(reader);
	for (; reader->next < reader->end && *reader->next >= '0' && *reader->next <= '9';
	     reader->next++) {
		value = value * 10 + (*reader->next - '0');
		if (++digits > 9)
			return false;
	}
	*number = value;
	return digits > 0;
}

static bool take_word(struct pnm_reader *reader, const char *word)
{
	const size_t bytes = strlen(word);

	if ((size_t)(reader->end - reader->next) <= bytes ||
	    memcmp(reader->next, word, bytes) != 0 || !is_space(reader->next[bytes]))
		return false;
	reader->next += bytes;
	return true;
}

static void skip_line(struct pnm_reader *reader)
{
	while (reader->next < reader->end && *reader->next++ != '\n')
		continue;
}

/* P7: lines of a key and a value in any order, up to ENDHDR. The tuple type says nothing that
 * the depth does not. */
static bool read_pam_header(struct pnm_reader *reader, uint32_t *width, uint32_t *height,
			    uint32_t *maximum)
{
	uint32_t depth = 0;
	bool good = true;

	while (good) {
		skip_space(reader);
		if (take_word(reader, "ENDHDR")) {
			skip_line(reader);
			reader->samples = depth;
			return depth >= 1 && depth <= 4;
		}
		if (take_word(reader, "WIDTH"))
			good = take_number(reader, width);
		else if (take_word(reader, "HEIGHT"))
			good = take_number(reader, height);
		else if (take_word(reader, "DEPTH"))
			good = take_number(reader, &depth);
		else if (take_word(reader, "MAXVAL"))
			good = take_number(reader, maximum);
		else if (take_word(reader, "TUPLTYPE"))
			skip_line(reader);
		else
			good = false;
	}
	return false;
}

static bool read_header(struct pnm_reader *reader, uint32_t *width, uint32_t *height,
			uint32_t *maximum)
{
	if (reader->kind == 7)
		return read_pam_header(reader, width, height, maximum);
	reader->samples = reader->kind == 3 || reader->kind == 6 ? 3 : 1;
	*maximum = 1;
	if (!take_number(reader, width) || !take_number(reader, height))
		return false;
	if (reader->kind != 1 && reader->kind != 4 && !take_number(reader, maximum))
		return false;
	/* A single white space, then the pixels, which may look like white space themselves. */
	return reader->next < reader->end && is_space(*reader->next++);
}

static int open_pnm(struct ivp_decoder *decoder, struct ivp_why *why)
{
	struct pnm_reader header = {
	    .next = decoder->data + 2,
	    .end = decoder->data + decoder->bytes,
	    .kind = decoder->data[1] - '0',
	};
	struct pnm_reader *reader;
	uint32_t width = 0, height = 0, maximum = 0, top;
	int error;

	if (!read_header(&header, &width, &height, &maximum) || !maximum || maximum > 65535) {
		ivp_why_set(why, "PNM is damaged or ends in the header");
		return -EILSEQ;
	}
	error = ivp_decoder_admit(decoder, width, height, why);
	if (error)
		return error;
	header.maximum = maximum;
	header.deep = decoder->options.deep && maximum > 255;
	top = header.deep ? 65535 : 255;
	decoder->stored =
	    (struct ivp_shape){width, height, ivp_decoded_format(header.samples, header.deep)};
	decoder->state = reader =
	    malloc(sizeof(*reader) + (maximum + 1) * sizeof(reader->scale[0]));
	if (!reader) {
		ivp_why_set(why, "not enough memory to decode a PNM");
		return -ENOMEM;
	}
	*reader = header;
	for (uint32_t value = 0; value <= maximum; value++)
		reader->scale[value] = (uint16_t)((value * top + maximum / 2) / maximum);
	if (reader->kind == 1 || reader->kind == 4) { /* 1 is black */
		reader->scale[0] = 255;
		reader->scale[1] = 0;
	}
	return 0;
}

/* The next sample as it is in the file; -1 at the end of the data. */
static int64_t take_sample(struct pnm_reader *reader)
{
	uint32_t number;

	if (reader->kind == 1) { /* digits need no space between them */
		skip_space(reader);
		return reader->next < reader->end ? *reader->next++ - '0' : -1;
	}
	if (reader->kind <= 3) {
		skip_space(reader);
		if (reader->next == reader->end)
			return -1;
		return take_number(reader, &number) ? (int64_t)number : UINT32_MAX;
	}
	if (reader->end - reader->next < (reader->maximum > 255 ? 2 : 1))
		return -1;
	number = *reader->next++;
	if (reader->maximum > 255)
		number = number << 8 | *reader->next++;
	return number;
}

/* Returns 0, 1 at the end of the data, -1 for a sample above the maximum. */
static int read_samples(struct pnm_reader *reader, uint8_t *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const int64_t sample = take_sample(reader);

		if (sample == -1)
			return 1;
		if (sample < 0 || sample > reader->maximum)
			return -1;
		if (reader->deep)
			memcpy(row + 2 * i, &reader->scale[sample], 2);
		else
			row[i] = (uint8_t)reader->scale[sample];
	}
	return 0;
}

static int read_bits(struct pnm_reader *reader, uint8_t *row, size_t count)
{
	if ((size_t)(reader->end - reader->next) < (count + 7) / 8)
		return 1;
	for (size_t i = 0; i < count; i++)
		row[i] = (uint8_t)reader->scale[reader->next[i / 8] >> (7 - i % 8) & 1];
	reader->next += (count + 7) / 8;
	return 0;
}

static int read_gray_alpha(struct pnm_reader *reader, uint8_t *row, size_t pixels)
{
	const size_t bytes = reader->deep ? 2 : 1;

	for (; pixels; pixels--, row += 4 * bytes) {
		uint8_t pair[4];
		const int end = read_samples(reader, pair, 2);

		if (end)
			return end;
		for (unsigned c = 0; c < 4; c++)
			memcpy(row + c * bytes, pair + (c == 3 ? bytes : 0), bytes);
	}
	return 0;
}

static int read_row(struct pnm_reader *reader, uint8_t *row, uint32_t width)
{
	const size_t count = (size_t)width * reader->samples;

	if (reader->kind == 4)
		return read_bits(reader, row, count);
	if (reader->samples == 2)
		return read_gray_alpha(reader, row, width);
	if (reader->kind < 4 || reader->maximum != 255)
		return read_samples(reader, row, count);
	if ((size_t)(reader->end - reader->next) < count)
		return 1;
	memcpy(row, reader->next, count);
	reader->next += count;
	return 0;
}

static int read_pnm(struct ivp_decoder *decoder, struct ivp_rows *rows, struct ivp_why *why)
{
	struct pnm_reader *reader = decoder->state;

	for (uint32_t y = 0; y < rows->height; y++) {
		const int end = read_row(reader, ivp_rows_at(rows, y), rows->width);

		if (end) {
			ivp_why_set(why,
				    end > 0 ? "PNM data end after row %u of %u"
					    : "PNM is damaged after row %u of %u: a sample is no "
					      "number or above the maximum",
				    y, rows->height);
			return -EILSEQ;
		}
		ivp_rows_done(rows, y + 1);
	}
	return 0;
}

static void close_pnm(struct ivp_decoder *decoder)
{
	free(decoder->state);
}

const struct ivp_codec ivp_codec_pnm = {
    .name = "PNM",
    .open = open_pnm,
    .read = read_pnm,
    .close = close_pnm,
};

static bool write_header(const struct ivp_shape *shape, unsigned channels, unsigned maximum,
			 FILE *to)
{
	if (channels == 4)
		return fprintf(to,
			       "P7\nWIDTH %u\nHEIGHT %u\nDEPTH 4\nMAXVAL %u\n"
			       "TUPLTYPE RGB_ALPHA\nENDHDR\n",
			       shape->width, shape->height, maximum) > 0;
	return fprintf(to, "P%c\n%u %u\n%u\n", channels == 1 ? '5' : '6', shape->width,
		       shape->height, maximum) > 0;
}

/* 16-bit samples of a frame are little-endian, of a PNM big-endian. */
static bool write_swapped(const uint8_t *row, size_t bytes, FILE *to)
{
	uint8_t part[4096];

	while (bytes) {
		const size_t count = bytes < sizeof(part) ? bytes : sizeof(part);

		for (size_t i = 0; i < count; i += 2) {
			part[i] = row[i + 1];
			part[i + 1] = row[i];
		}
		if (fwrite(part, 1, count, to) != count)
			return false;
		row += count;
		bytes -= count;
	}
	return true;
}

int ivp_pnm_encode(const struct ivp_input *in, const struct ivp_encode_options *options, FILE *to,
		   struct ivp_why *why)
{
	const unsigned channels = ivp_format_channels(in->shape.format);
	const size_t row = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);
	const bool wide = ivp_format_pixel_bytes(in->shape.format) != channels;
	bool good;

	(void)options;
	errno = 0;
	good = write_header(&in->shape, channels, wide ? 65535 : 255, to);
	for (uint32_t y = 0; good && y < in->shape.height; y++) {
		const uint8_t *pixels = in->pixels + y * in->stride;

		good = wide ? write_swapped(pixels, row, to) : fwrite(pixels, 1, row, to) == row;
	}
	if (good)
		return 0;
	const int error = errno ? -errno : -EIO;

	ivp_why_set(why, "cannot write the PNM: %s", strerror(-error));
	return error;
}
