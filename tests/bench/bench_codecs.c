/* SPDX-License-Identifier: MIT */
/*
 * Images of 1920 x 1080, photograph-like, through our codecs and, in turn, through the bare loops
 * of libjpeg-turbo and libpng with the same settings: what a frame costs beyond its library.
 * Processor time of the thread, so that other work on the machine counts little.
 */
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <time.h>
#include <zlib.h>

#include "bench/bench.h"
#include "codec/codec.h"
#include "helpers/pictures.h"

#define WIDTH  1920u
#define HEIGHT 1080u
#define STRIDE ((size_t)WIDTH * 3)

static struct bench bench = {.name = "codecs", .rounds = 9};

static const struct ivp_shape shape = {WIDTH, HEIGHT, IVP_FORMAT_RGB8};
static uint8_t *original, *pixels; /* the latter has room for the picture turned, too */

struct file {
	uint8_t *data;
	size_t bytes;
};

static struct file jpeg, turned_jpeg, png;

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void check(const char *what, int error, const struct ivp_why *why)
{
	if (!error)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, why->text);
	exit(EX_SOFTWARE);
}

static struct file encode(enum ivp_encoding encoding, int level, unsigned orientation)
{
	const struct ivp_encode_options options = {
	    .encoding = encoding, .quality = 90, .compression = level, .orientation = orientation};
	struct file file;
	struct ivp_why why;
	FILE *to = open_memstream((char **)&file.data, &file.bytes);

	if (!to)
		bench_die("open_memstream");
	check("encoding",
	      ivp_encode(&(struct ivp_input){shape, STRIDE, original}, &options, to, &why), &why);
	fclose(to);
	return file;
}

static void decode(const struct file *file)
{
	static const struct ivp_decode_options options = {.limits = {1u << 24, 16384, 1u << 28},
							  .orient = true};
	struct ivp_output out = {.pixels = pixels};
	struct ivp_decoder *decoder;
	struct ivp_why why;
	uint64_t bytes;

	check("decoding", ivp_decoder_create(file->data, file->bytes, &options, &decoder, &why),
	      &why);
	out.shape = *ivp_decoder_shape(decoder);
	ivp_shape_size(&out.shape, &out.stride, &bytes);
	check("decoding", ivp_decoder_read(decoder, &out, &why), &why);
	ivp_decoder_destroy(decoder);
}

/* The bare loops; a failure ends the program, as these libraries do by themselves. */

static void bare_jpeg_decode(void)
{
	struct jpeg_decompress_struct reader;
	struct jpeg_error_mgr errors;

	reader.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&reader);
	jpeg_mem_src(&reader, jpeg.data, jpeg.bytes);
	jpeg_read_header(&reader, TRUE);
	jpeg_start_decompress(&reader);
	while (reader.output_scanline < HEIGHT) {
		JSAMPROW row = pixels + (size_t)reader.output_scanline * STRIDE;

		jpeg_read_scanlines(&reader, &row, 1);
	}
	jpeg_finish_decompress(&reader);
	jpeg_destroy_decompress(&reader);
}

static void bare_jpeg_encode(void)
{
	struct jpeg_compress_struct writer;
	struct jpeg_error_mgr errors;
	struct file file;
	FILE *to = open_memstream((char **)&file.data, &file.bytes);

	if (!to)
		bench_die("open_memstream");
	writer.err = jpeg_std_error(&errors);
	jpeg_create_compress(&writer);
	jpeg_stdio_dest(&writer, to);
	writer.image_width = WIDTH;
	writer.image_height = HEIGHT;
	writer.input_components = 3;
	writer.in_color_space = JCS_RGB;
	jpeg_set_defaults(&writer);
	jpeg_set_quality(&writer, 90, TRUE);
	writer.comp_info[0].h_samp_factor = writer.comp_info[0].v_samp_factor = 1;
	jpeg_start_compress(&writer, TRUE);
	while (writer.next_scanline < HEIGHT) {
		JSAMPROW row = original + (size_t)writer.next_scanline * STRIDE;

		jpeg_write_scanlines(&writer, &row, 1);
	}
	jpeg_finish_compress(&writer);
	jpeg_destroy_compress(&writer);
	fclose(to);
	free(file.data);
}

struct source {
	const uint8_t *next;
};

static void take_bytes(png_structp reader, png_bytep to, size_t bytes)
{
	struct source *source = png_get_io_ptr(reader);

	memcpy(to, source->next, bytes);
	source->next += bytes;
}

static void bare_png_decode(void)
{
	struct source source = {png.data};
	png_structp reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(reader);

	png_set_read_fn(reader, &source, take_bytes);
	png_read_info(reader, info);
	for (size_t y = 0; y < HEIGHT; y++)
		png_read_row(reader, pixels + y * STRIDE, NULL);
	png_read_end(reader, NULL);
	png_destroy_read_struct(&reader, &info, NULL);
}

static void bare_png_encode(void)
{
	struct file file;
	FILE *to = open_memstream((char **)&file.data, &file.bytes);
	png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(writer);

	if (!to)
		bench_die("open_memstream");
	png_init_io(writer, to);
	png_set_compression_level(writer, 3);
	png_set_compression_strategy(writer, Z_DEFAULT_STRATEGY);
	png_set_filter(writer, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB | PNG_FILTER_UP);
	png_set_IHDR(writer, info, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(writer, info);
	for (size_t y = 0; y < HEIGHT; y++)
		png_write_row(writer, original + y * STRIDE);
	png_write_end(writer, NULL);
	png_destroy_write_struct(&writer, &info);
	fclose(to);
	free(file.data);
}

static void our_jpeg_decode(void)
{
	decode(&jpeg);
}

static void our_turned_decode(void)
{
	decode(&turned_jpeg);
}

static void our_jpeg_encode(void)
{
	free(encode(IVP_ENCODE_JPEG, 0, 1).data);
}

static void our_png_decode(void)
{
	decode(&png);
}

static void our_png_encode(void)
{
	free(encode(IVP_ENCODE_PNG, 3, 1).data);
}

enum {
	JPEG_IN,
	JPEG_IN_BARE,
	JPEG_TURNED,
	PNG_IN,
	PNG_IN_BARE,
	JPEG_OUT,
	JPEG_OUT_BARE,
	PNG_OUT,
	PNG_OUT_BARE,
	SERIES
};

static void (*const runs[SERIES])(void) = {
    [JPEG_IN] = our_jpeg_decode,        [JPEG_IN_BARE] = bare_jpeg_decode,
    [JPEG_TURNED] = our_turned_decode,  [PNG_IN] = our_png_decode,
    [PNG_IN_BARE] = bare_png_decode,    [JPEG_OUT] = our_jpeg_encode,
    [JPEG_OUT_BARE] = bare_jpeg_encode, [PNG_OUT] = our_png_encode,
    [PNG_OUT_BARE] = bare_png_encode,
};

static struct bench_series series[SERIES] = {
    [JPEG_IN] = {.name = "JPEG q90 4:4:4, decode",
		 .unit = "ms",
		 .reference = &series[JPEG_IN_BARE]},
    [JPEG_IN_BARE] = {.name = "  bare libjpeg-turbo", .unit = "ms"},
    [JPEG_TURNED] = {.name = "  and turn by orientation 6",
		     .unit = "ms",
		     .reference = &series[JPEG_IN_BARE]},
    [PNG_IN] = {.name = "PNG, decode", .unit = "ms", .reference = &series[PNG_IN_BARE]},
    [PNG_IN_BARE] = {.name = "  bare libpng", .unit = "ms"},
    [JPEG_OUT] = {.name = "JPEG q90 4:4:4, encode",
		  .unit = "ms",
		  .reference = &series[JPEG_OUT_BARE]},
    [JPEG_OUT_BARE] = {.name = "  bare libjpeg-turbo", .unit = "ms"},
    [PNG_OUT] = {.name = "PNG level 3, encode", .unit = "ms", .reference = &series[PNG_OUT_BARE]},
    [PNG_OUT_BARE] = {.name = "  bare libpng", .unit = "ms"},
};

int main(int argc, char **argv)
{
	bench_options(&bench, argc, argv);
	bench_pin(0);
	original = bench_map(STRIDE * HEIGHT);
	pixels = bench_map(STRIDE * HEIGHT * 2);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			paint_bytes(paint_landscape, x, y, WIDTH, HEIGHT, 1, 0.012, 3,
				    original + (size_t)y * STRIDE + (size_t)x * 3);
	jpeg = encode(IVP_ENCODE_JPEG, 0, 1);
	turned_jpeg = encode(IVP_ENCODE_JPEG, 0, 6);
	png = encode(IVP_ENCODE_PNG, 3, 1);
	fprintf(stderr, "1920 x 1080: JPEG %.2f MB, PNG %.2f MB\n", (double)jpeg.bytes / 1e6,
		(double)png.bytes / 1e6);
	for (unsigned round = 0; round < bench.rounds; round++)
		for (unsigned n = 0; n < SERIES; n++) {
			/* There and back: each comes as often after one kind as after another. */
			const unsigned i = round & 1 ? SERIES - 1 - n : n;
			double start;

			runs[i](); /* caches warm for this one */
			start = cpu_ms();
			runs[i]();
			bench_add(&series[i], cpu_ms() - start, BENCH_NEAR, BENCH_NEAR);
		}
	return bench_report(&bench, series, SERIES);
}
