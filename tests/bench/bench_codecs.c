/* SPDX-License-Identifier: MIT */
/*
 * Images of 1920 x 1080, photograph-like, through our codecs and, in turn, through the bare loops
 * of libjpeg-turbo and libpng with the same settings: what a frame costs beyond its library.
 * Processor time of the thread, so that other work on the machine counts little. The rows of
 * images a second are of a crew (host/crew.h) with 1 and 2 threads, by the clock on the wall: they
 * want a machine with two idle cores.
 */
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <time.h>
#include <zlib.h>

#include "bench/bench.h"
#include "codec/codec.h"
#include "host/crew.h"
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

static struct file jpeg, jpeg_420, turned_jpeg, png;

/* Ways to make a PNG: what the keys of the sink can say, as far as it is worth a look. */
static const struct effort {
	const char *name;
	int level;
	enum ivp_png_filter filter;
	enum ivp_png_strategy strategy;
} efforts[] = {
    {"level 1 sub-up", 1, IVP_PNG_SUB_UP, IVP_PNG_DEFAULT},
    {"level 1 none", 1, IVP_PNG_NONE, IVP_PNG_DEFAULT},
    {"level 1 sub", 1, IVP_PNG_SUB, IVP_PNG_DEFAULT},
    {"level 1 up", 1, IVP_PNG_UP, IVP_PNG_DEFAULT},
    {"level 1 paeth", 1, IVP_PNG_PAETH, IVP_PNG_DEFAULT},
    {"level 1 all", 1, IVP_PNG_ALL, IVP_PNG_DEFAULT},
    {"level 1 sub-up rle", 1, IVP_PNG_SUB_UP, IVP_PNG_RLE},
    {"level 1 all rle", 1, IVP_PNG_ALL, IVP_PNG_RLE},
    {"level 1 sub-up huffman", 1, IVP_PNG_SUB_UP, IVP_PNG_HUFFMAN},
    {"level 3 sub-up", 3, IVP_PNG_SUB_UP, IVP_PNG_DEFAULT},
    {"level 6 sub-up", 6, IVP_PNG_SUB_UP, IVP_PNG_DEFAULT},
    {"level 6 all filtered", 6, IVP_PNG_ALL, IVP_PNG_FILTERED},
};

#define EFFORTS (sizeof(efforts) / sizeof(efforts[0]))

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

static struct file encode(const struct ivp_encode_options *options)
{
	struct file file;
	struct ivp_why why;
	FILE *to = open_memstream((char **)&file.data, &file.bytes);

	if (!to)
		bench_die("open_memstream");
	check("encoding",
	      ivp_encode(&(struct ivp_input){shape, STRIDE, original}, options, to, &why), &why);
	fclose(to);
	return file;
}

static struct file encode_jpeg(int quality, unsigned orientation)
{
	return encode(&(struct ivp_encode_options){
	    .encoding = IVP_ENCODE_JPEG, .quality = quality, .orientation = orientation});
}

static struct file encode_png(const struct effort *effort)
{
	return encode(&(struct ivp_encode_options){.encoding = IVP_ENCODE_PNG,
						   .compression = effort->level,
						   .filter = effort->filter,
						   .strategy = effort->strategy,
						   .orientation = 1});
}

static void decode_to(const struct file *file, unsigned by, uint8_t *to)
{
	static const struct ivp_decode_options options = {.limits = {1u << 24, 16384, 1u << 28},
							  .orient = true};
	struct ivp_output out = {.pixels = to};
	struct ivp_decoder *decoder;
	struct ivp_why why;
	uint64_t bytes;

	check("decoding", ivp_decoder_create(file->data, file->bytes, &options, &decoder, &why),
	      &why);
	ivp_decoder_shrink(decoder, by);
	out.shape = *ivp_decoder_shape(decoder);
	ivp_shape_size(&out.shape, &out.stride, &bytes);
	check("decoding", ivp_decoder_read(decoder, &out, &why), &why);
	ivp_decoder_destroy(decoder);
}

/* The bare loops; a failure ends the program, as these libraries do by themselves. */

static void bare_decode(const struct file *file, unsigned by)
{
	struct jpeg_decompress_struct reader;
	struct jpeg_error_mgr errors;

	reader.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&reader);
	jpeg_mem_src(&reader, file->data, file->bytes);
	jpeg_read_header(&reader, TRUE);
	reader.scale_num = 1;
	reader.scale_denom = by;
	jpeg_start_decompress(&reader);
	while (reader.output_scanline < reader.output_height) {
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
	png_set_compression_level(writer, efforts[0].level);
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

static void jpeg_in(unsigned by)
{
	decode_to(&jpeg, by, pixels);
}

static void jpeg_in_bare(unsigned by)
{
	bare_decode(&jpeg, by);
}

static void jpeg_420_in(unsigned by)
{
	decode_to(&jpeg_420, by, pixels);
}

static void jpeg_420_in_bare(unsigned by)
{
	bare_decode(&jpeg_420, by);
}

static void turned_in(unsigned by)
{
	decode_to(&turned_jpeg, by, pixels);
}

static void png_in(unsigned by)
{
	decode_to(&png, by, pixels);
}

static void png_in_bare(unsigned by)
{
	(void)by;
	bare_png_decode();
}

static void jpeg_out(unsigned by)
{
	(void)by;
	free(encode_jpeg(90, 1).data);
}

static void jpeg_out_bare(unsigned by)
{
	(void)by;
	bare_jpeg_encode();
}

static void png_out(unsigned effort)
{
	free(encode_png(&efforts[effort]).data);
}

static void png_out_bare(unsigned effort)
{
	(void)effort;
	bare_png_encode();
}

/* A row of the report; reference: how many rows further on, 0: none. */
struct row {
	const char *name;
	void (*run)(unsigned number);
	unsigned number, reference;
};

static const struct row rows[] = {
    {"JPEG q90 4:4:4, decode", jpeg_in, 1, 1},
    {"  bare libjpeg-turbo", jpeg_in_bare, 1, 0},
    {"JPEG q85 4:2:0, decode", jpeg_420_in, 1, 1},
    {"  bare libjpeg-turbo", jpeg_420_in_bare, 1, 0},
    {"JPEG q85 4:2:0, decode 1/2", jpeg_420_in, 2, 1},
    {"  bare libjpeg-turbo", jpeg_420_in_bare, 2, 0},
    {"JPEG q85 4:2:0, decode 1/4", jpeg_420_in, 4, 1},
    {"  bare libjpeg-turbo", jpeg_420_in_bare, 4, 0},
    {"JPEG q85 4:2:0, decode 1/8", jpeg_420_in, 8, 1},
    {"  bare libjpeg-turbo", jpeg_420_in_bare, 8, 0},
    {"JPEG q90 4:4:4, decode and turn by orientation 6", turned_in, 1, 0},
    {"PNG, decode", png_in, 1, 1},
    {"  bare libpng", png_in_bare, 1, 0},
    {"JPEG q90 4:4:4, encode", jpeg_out, 0, 1},
    {"  bare libjpeg-turbo", jpeg_out_bare, 0, 0},
    {"PNG level 1 sub-up, encode", png_out, 0, 1},
    {"  bare libpng", png_out_bare, 0, 0},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Pieces of the crews' work: less than the second that --realtime allows without a wait. */
#define PIECES 8

static struct crew_case {
	const char *name;
	unsigned threads;
	bool out, png;
} crews[] = {
    {"JPEG q85 4:2:0 decode, 1 thread", 1, false, false},
    {"JPEG q85 4:2:0 decode, 2 threads", 2, false, false},
    {"PNG decode, 1 thread", 1, false, true},
    {"PNG decode, 2 threads", 2, false, true},
    {"JPEG q90 4:4:4 encode, 1 thread", 1, true, false},
    {"JPEG q90 4:4:4 encode, 2 threads", 2, true, false},
    {"PNG level 1 encode, 1 thread", 1, true, true},
    {"PNG level 1 encode, 2 threads", 2, true, true},
};

#define CREWS (sizeof(crews) / sizeof(crews[0]))

static uint8_t *frames[4]; /* of the crew's places */

static void do_piece(void *context, unsigned place)
{
	const struct crew_case *crew = context;

	if (crew->out)
		free((crew->png ? encode_png(&efforts[0]) : encode_jpeg(90, 1)).data);
	else
		decode_to(crew->png ? &png : &jpeg_420, 1, frames[place]);
}

/* Returns images a second. */
static double run_crew(struct crew_case *of)
{
	struct ivp_crew crew;
	unsigned given = 0, taken = 0;
	uint64_t begin_ns;

	bench_realtime(&bench, true); /* the crew's threads inherit it */
	begin_ns = ivp_now_ns();
	ivp_crew_init(&crew, of->threads, 4, do_piece, of);
	while (taken < PIECES) {
		for (; given < PIECES && ivp_crew_count(&crew) < crew.places; given++)
			ivp_crew_give(&crew);
		if (!ivp_crew_wait(&crew, 1000000000))
			continue;
		ivp_crew_take(&crew);
		taken++;
	}
	ivp_crew_finish(&crew);
	bench_realtime(&bench, false);
	return PIECES / ((double)(ivp_now_ns() - begin_ns) / 1e9);
}

static struct bench_series series[ROWS + 2 * EFFORTS + CREWS];

static void name_series(void)
{
	static char names[2 * EFFORTS][64];

	for (unsigned i = 0; i < ROWS; i++)
		series[i] = (struct bench_series){
		    .name = rows[i].name,
		    .unit = "ms",
		    .reference = rows[i].reference ? &series[i + rows[i].reference] : NULL};
	for (unsigned i = 0; i < EFFORTS; i++) {
		snprintf(names[2 * i], sizeof(names[0]), "PNG encode, %s", efforts[i].name);
		snprintf(names[2 * i + 1], sizeof(names[0]), "  its size");
		series[ROWS + 2 * i] = (struct bench_series){.name = names[2 * i], .unit = "ms"};
		series[ROWS + 2 * i + 1] =
		    (struct bench_series){.name = names[2 * i + 1], .unit = "MB"};
	}
	for (unsigned i = 0; i < CREWS; i++)
		series[ROWS + 2 * EFFORTS + i] =
		    (struct bench_series){.name = crews[i].name, .unit = "images/s"};
	for (unsigned i = 1; i < CREWS; i += 2)
		series[ROWS + 2 * EFFORTS + i].reference = &series[ROWS + 2 * EFFORTS + i - 1];
}

static void sample(struct bench_series *to, void (*run)(unsigned number), unsigned number)
{
	double start;

	run(number); /* caches warm for this one */
	start = cpu_ms();
	run(number);
	bench_add(to, cpu_ms() - start, BENCH_NEAR, BENCH_NEAR);
}

static void measure_all(void)
{
	cpu_set_t all;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		bench_die("sched_getaffinity");
	bench_pin(0);
	for (unsigned round = 0; round < bench.rounds; round++)
		for (unsigned n = 0; n < ROWS; n++) {
			/* There and back: each comes as often after one kind as after another. */
			const unsigned i = round & 1 ? (unsigned)ROWS - 1 - n : n;

			sample(&series[i], rows[i].run, rows[i].number);
		}
	for (unsigned round = 0; round < 3 && round < bench.rounds; round++)
		for (unsigned i = 0; i < EFFORTS; i++)
			sample(&series[ROWS + 2 * i], png_out, i);
	for (unsigned i = 0; i < EFFORTS; i++) {
		const struct file file = encode_png(&efforts[i]);

		bench_add(&series[ROWS + 2 * i + 1], (double)file.bytes / 1e6, BENCH_NEAR,
			  BENCH_NEAR);
		free(file.data);
	}
	if (sched_setaffinity(0, sizeof(all), &all) != 0)
		bench_die("sched_setaffinity");
	for (unsigned round = 0; round < 3 && round < bench.rounds; round++)
		for (unsigned i = 0; i < CREWS; i++)
			bench_add(&series[ROWS + 2 * EFFORTS + i], run_crew(&crews[i]), BENCH_NEAR,
				  BENCH_NEAR);
}

int main(int argc, char **argv)
{
	bench_options(&bench, argc, argv);
	original = bench_map(STRIDE * HEIGHT);
	pixels = bench_map(STRIDE * HEIGHT * 2);
	for (unsigned i = 0; i < 4; i++)
		frames[i] = bench_map(STRIDE * HEIGHT);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			paint_bytes(paint_landscape, x, y, WIDTH, HEIGHT, 1, 0.012, 3,
				    original + (size_t)y * STRIDE + (size_t)x * 3);
	jpeg = encode_jpeg(90, 1);
	jpeg_420 = encode_jpeg(85, 1);
	turned_jpeg = encode_jpeg(90, 6);
	png = encode_png(&efforts[0]);
	fprintf(stderr, "1920 x 1080: JPEG %.2f MB, 4:2:0 %.2f MB, PNG %.2f MB\n",
		(double)jpeg.bytes / 1e6, (double)jpeg_420.bytes / 1e6, (double)png.bytes / 1e6);
	name_series();
	measure_all();
	return bench_report(&bench, series, ROWS + 2 * EFFORTS + CREWS);
}
