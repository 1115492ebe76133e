/* SPDX-License-Identifier: MIT */
/*
 * Processor time of each filter, for images of 1920 x 1080 unless the name says else, next to a
 * copy (memcpy) of the larger of its two images. Filter and copy run by turns in every round, and
 * medians are given: the machine may change its pace, the ratio stays. Filters never wait, so
 * processor time is what they take on a core of their own.
 *
 *     bench_filters [--json FILE] [--rounds N] [--isa LEVEL] [--list] [WORD]
 *
 * WORD: only operations whose names have it. --list: measures nothing, tells the operations, for
 * peers/measure.py.
 *
 * The table goes to standard error; rows {op, format, isa, ms, memcpy_ms} to FILE or standard output.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/units.h"
#include "config/params.h"
#include "config/isa.h"
#include "config/registry.h"
#include "helpers/filter.h"

#define MOST_ROUNDS 99

struct operation {
	const char *name, *filter, *settings[4];
	uint32_t width, height;
};

static const struct operation operations[] = {
    {"gauss 0.5", "gaussian-blur", {"sigma=0.5"}, 1920, 1080},
    {"gauss 1.5", "gaussian-blur", {"sigma=1.5"}, 1920, 1080},
    {"gauss 3", "gaussian-blur", {"sigma=3"}, 1920, 1080},
    {"gauss 5", "gaussian-blur", {"sigma=5"}, 1920, 1080},
    {"gauss 20", "gaussian-blur", {"sigma=20"}, 1920, 1080},
    {"gauss 200", "gaussian-blur", {"sigma=200"}, 1920, 1080},
    {"box r1", "box-blur", {"radius=1"}, 1920, 1080},
    {"box r3", "box-blur", {"radius=3"}, 1920, 1080},
    {"box r8", "box-blur", {"radius=8"}, 1920, 1080},
    {"box r100", "box-blur", {"radius=100"}, 1920, 1080},
    {"sharpen 1", "sharpen", {"sigma=1"}, 1920, 1080},
    {"median 3x3", "median", {"radius=1"}, 1920, 1080},
    {"median 5x5", "median", {"radius=2"}, 1920, 1080},
    {"median r10", "median", {"radius=10"}, 1920, 1080},
    {"median r50", "median", {"radius=50"}, 1920, 1080},
    {"bilateral r4", "bilateral", {NULL}, 1920, 1080},
    {"nlm t7 s21", "non-local-means", {NULL}, 1920, 1080},
    {"convolve 3x3", "convolve", {"kernel=-1 -2 0 -2 9 -2 0 -3 2"}, 1920, 1080},
    {"convolve 3x3 1 2 1", "convolve", {"kernel=1 2 1 2 4 2 1 2 1"}, 1920, 1080},
    {"convolve 5x1 real", "convolve", {"kernel=.1 .2 .3 .2 .15", "width=5"}, 1920, 1080},
    {"sobel l2", "sobel", {NULL}, 1920, 1080},
    {"sobel l1", "sobel", {"measure=l1"}, 1920, 1080},
    {"sobel x", "sobel", {"measure=x"}, 1920, 1080},
    {"laplacian", "laplacian", {"kernel=all"}, 1920, 1080},
    {"erode 3x3", "erode", {NULL}, 1920, 1080},
    {"erode 31x31", "erode", {"width=31", "height=31"}, 1920, 1080},
    {"erode 255x255", "erode", {"width=255", "height=255"}, 1920, 1080},
    {"close 5x5", "close", {"width=5", "height=5"}, 1920, 1080},
    {"down 1/3 nearest",
     "resize",
     {"mode=fit", "width=640", "height=360", "kernel=nearest"},
     1920,
     1080},
    {"down 1/3 box", "resize", {"mode=fit", "width=640", "kernel=box"}, 1920, 1080},
    {"down 1/3 bilinear", "resize", {"mode=fit", "width=640", "kernel=bilinear"}, 1920, 1080},
    {"down 1/3 lanczos3", "resize", {"mode=fit", "width=640", "kernel=lanczos3"}, 1920, 1080},
    {"down 1/3 lanczos3 light",
     "resize",
     {"mode=fit", "width=640", "kernel=lanczos3", "linear=yes"},
     1920,
     1080},
    {"4K to 1080p box", "resize", {"kernel=box"}, 3840, 2160},
    {"4K to 1080p lanczos3", "resize", {"kernel=lanczos3"}, 3840, 2160},
    {"540p to 1080p bilinear", "resize", {"percent=200", "kernel=bilinear"}, 960, 540},
    {"540p to 1080p bicubic", "resize", {"percent=200", "kernel=bicubic"}, 960, 540},
    {"crop 1280x720", "crop", {"width=1280", "height=720", "gravity=centre"}, 1920, 1080},
    {"pad 100", "pad", {"left=100", "right=100", "top=100", "bottom=100"}, 1920, 1080},
    {"rotate 90", "rotate", {"angle=90"}, 1920, 1080},
    {"rotate 180", "rotate", {"angle=180"}, 1920, 1080},
    {"rotate 270", "rotate", {"angle=270"}, 1920, 1080},
    {"flip h", "flip", {"direction=horizontal"}, 1920, 1080},
    {"flip v", "flip", {"direction=vertical"}, 1920, 1080},
    {"transpose", "transpose", {NULL}, 1920, 1080},
    {"overlay", "overlay", {"file=picture", "opacity=60"}, 1920, 1080},
    {"stat", "stat", {NULL}, 1920, 1080},
    {"grayscale", "grayscale", {NULL}, 1920, 1080},
    {"invert", "invert", {NULL}, 1920, 1080},
    {"gamma", "gamma", {"gamma=2.2"}, 1920, 1080},
    {"levels of red", "levels", {"channel=red", "black=10"}, 1920, 1080},
    {"threshold", "threshold", {NULL}, 1920, 1080},
    {"threshold otsu", "threshold", {"method=otsu"}, 1920, 1080},
    {"threshold adaptive r15", "threshold", {"method=adaptive", "radius=15"}, 1920, 1080},
    {"equalize", "equalize", {NULL}, 1920, 1080},
    {"to RGBA", "convert", {"channels=rgba"}, 1920, 1080},
    {"to RGB of 8 bits", "convert", {"channels=rgb", "depth=8"}, 1920, 1080},
    {"to 16 bits", "convert", {"depth=16"}, 1920, 1080},
    {"lut 3D 17", "lut", {"file=17"}, 1920, 1080},
    {"lut 3D 33", "lut", {"file=33"}, 1920, 1080},
    {"lut 3D 65", "lut", {"file=65"}, 1920, 1080},
    {"colour matrix", "colour-matrix", {"saturation=1.4"}, 1920, 1080},
    {"clahe 8x8", "clahe", {NULL}, 1920, 1080},
    {"copy", "copy", {NULL}, 1920, 1080},
};

static void *allocate(size_t bytes)
{
	void *memory = aligned_alloc(64, ivp_align(bytes + 1, 64));

	if (!memory) {
		fprintf(stderr, "bench_filters: no memory for %zu bytes\n", bytes);
		exit(EX_OSERR);
	}
	/* Touched now, so that no page is new while the clock runs. */
	memset(memory, 1, bytes);
	return memory;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* A cube of so many values along each side, as a file would have it. */
static void take_cube(const struct ivp_param *param, unsigned side, struct ivp_param_file *file)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);
	struct ivp_why why = {"no memory"};

	if (to)
		fprintf(to, "LUT_3D_SIZE %u\n", side);
	for (unsigned i = 0; to && i < side * side * side; i++)
		fprintf(to, "%.4f %.4f %.4f\n", i % 1009 / 1009.0, i % 499 / 499.0,
			i % 911 / 911.0);
	if (!to || fclose(to) != 0 ||
	    ivp_param_file_take(param, "cube", (uint8_t *)text, bytes, file, &why) != 0) {
		fprintf(stderr, "bench_filters: %s\n", why.text);
		exit(EX_SOFTWARE);
	}
}

/* A picture as large as the images, by a PPM file; opacity makes it transparent. */
static void take_picture(const struct ivp_param *param, struct ivp_param_file *file)
{
	static const char header[] = "P6 1920 1080 255\n";
	const size_t bytes = sizeof(header) - 1 + (size_t)1920 * 1080 * 3;
	uint8_t *picture = malloc(bytes);
	struct ivp_why why = {"no memory"};

	if (picture) {
		memcpy(picture, header, sizeof(header) - 1);
		for (size_t i = sizeof(header) - 1; i < bytes; i++)
			picture[i] = (uint8_t)(i * 2654435761u >> 24);
	}
	if (!picture || ivp_param_file_take(param, "picture", picture, bytes, file, &why) != 0) {
		fprintf(stderr, "bench_filters: %s\n", why.text);
		exit(EX_SOFTWARE);
	}
}

static void configure(const struct operation *operation, const struct ivp_filter *filter,
		      void *self)
{
	struct ivp_why why = {""};

	ivp_params_default(filter, self);
	for (size_t i = 0; i < 4 && operation->settings[i]; i++) {
		char text[64], *value;

		snprintf(text, sizeof(text), "%s", operation->settings[i]);
		value = strchr(text, '=');
		*value++ = '\0';
		if (ivp_param_find(filter, text)->type == IVP_PARAM_FILE) {
			const struct ivp_param *param = ivp_param_find(filter, text);

			struct ivp_param_file *file = (void *)((char *)self + param->offset);

			if (strcmp(value, "picture") == 0)
				take_picture(param, file);
			else
				take_cube(param, (unsigned)strtoul(value, NULL, 10), file);
			continue;
		}
		if (ivp_param_set(ivp_param_find(filter, text), self, value, &why)) {
			fprintf(stderr, "bench_filters: %s: %s\n", operation->name, why.text);
			exit(EX_SOFTWARE);
		}
	}
}

struct run {
	struct ivp_input in;
	struct ivp_output out;
	uint8_t *pixels, *copied; /* copied: as large as the larger image */
	void *self, *scratch;
	size_t larger;
};

/* Returns false, with nothing made, if the filter does not take such an image. */
static bool run_make(struct run *run, const struct operation *operation,
		     const struct ivp_filter *filter, uint32_t format)
{
	struct ivp_shape in = {operation->width, operation->height, format}, out = in;
	uint64_t in_bytes, out_bytes, random = 1;

	run->self = allocate(filter->private_bytes);
	configure(operation, filter, run->self);
	if (filter->shape && filter->shape(run->self, &in, &out, NULL)) {
		free(run->self);
		return false;
	}
	run->in.shape = in;
	run->out.shape = out;
	ivp_shape_size(&in, &run->in.stride, &in_bytes);
	ivp_shape_size(&out, &run->out.stride, &out_bytes);
	run->larger = in_bytes > out_bytes ? in_bytes : out_bytes;
	run->pixels = allocate(run->larger);
	run->copied = allocate(run->larger);
	run->out.pixels = allocate(out_bytes);
	for (size_t i = 0; i < in_bytes; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		run->pixels[i] = (uint8_t)(random >> 56);
	}
	run->in.pixels = run->pixels;
	run->scratch =
	    allocate(filter->scratch_bytes ? filter->scratch_bytes(run->self, &in, &out) : 0);
	if (filter->prepare)
		filter->prepare(run->self, &in, &out, run->scratch);
	return true;
}

static void run_free(struct run *run, const struct ivp_filter *filter)
{
	ivp_params_finish(filter, run->self);
	free(run->self);
	free(run->scratch);
	free(run->pixels);
	free(run->copied);
	free(run->out.pixels);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static json_t *measure(const struct operation *operation, const struct ivp_isa *isa,
		       uint32_t format, unsigned rounds)
{
	const struct ivp_filter *filter = ivp_isa_filter(isa, ivp_filter_find(operation->filter));
	double filtered[MOST_ROUNDS], copied[MOST_ROUNDS], ms, memcpy_ms, start;
	struct run run;

	if (!run_make(&run, operation, filter, format))
		return NULL;
	for (unsigned i = 0; i < rounds; i++) {
		start = milliseconds();
		filter_whole(filter, run.self, &run.in, &run.out, run.scratch);
		filtered[i] = milliseconds() - start;
		start = milliseconds();
		memcpy(run.copied, run.pixels, run.larger);
		copied[i] = milliseconds() - start;
	}
	run_free(&run, filter);
	ms = median(filtered, rounds);
	memcpy_ms = median(copied, rounds);
	fprintf(stderr, "%-24s %-6s %9.3f %9.3f %8.1f\n", operation->name, ivp_format_name(format),
		ms, memcpy_ms, ms / memcpy_ms);
	return json_pack("{s:s, s:s, s:s, s:f, s:f}", "op", operation->name, "format",
			 ivp_format_name(format), "isa", isa->name, "ms", ms, "memcpy_ms",
			 memcpy_ms);
}

/* Each format that the filter takes: json_array_append_new passes over what is NULL. */
static void measure_formats(const struct operation *operation, const struct ivp_isa *isa,
			    unsigned rounds, json_t *rows)
{
	const uint32_t formats = ivp_filter_find(operation->filter)->formats;

	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
		if (formats & IVP_FORMAT_BIT(format))
			json_array_append_new(rows, measure(operation, isa, format, rounds));
}

static json_t *describe(const struct operation *operation)
{
	const uint32_t formats = ivp_filter_find(operation->filter)->formats;
	json_t *settings = json_array(), *names = json_array();

	for (size_t i = 0; i < 4 && operation->settings[i]; i++)
		json_array_append_new(settings, json_string(operation->settings[i]));
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
		if (formats & IVP_FORMAT_BIT(format))
			json_array_append_new(names, json_string(ivp_format_name(format)));
	return json_pack("{s:s, s:s, s:o, s:i, s:i, s:o}", "op", operation->name, "filter",
			 operation->filter, "settings", settings, "width", (int)operation->width,
			 "height", (int)operation->height, "formats", names);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"rounds", required_argument, NULL, 'r'},
						{"isa", required_argument, NULL, 'i'},
						{"list", no_argument, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	const struct ivp_isa *isa = ivp_isa_best();
	const char *json_file = NULL;
	unsigned rounds = 21;
	bool list = false;
	json_t *rows = json_array();
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j') {
			json_file = optarg;
		} else if (option == 'r') {
			rounds = (unsigned)strtoul(optarg, NULL, 10);
		} else if (option == 'i') {
			isa = ivp_isa_find(optarg, NULL);
		} else if (option == 'l') {
			list = true;
		}
		if (option == '?' || isa == NULL) {
			fprintf(
			    stderr,
			    "usage: %s [--json FILE] [--rounds N] [--isa LEVEL] [--list] [WORD]\n",
			    argv[0]);
			return EX_USAGE;
		}
	}
	rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
	if (!list)
		fprintf(stderr, "%-24s %-6s %9s %9s %8s\n", "operation", "format", "ms", "copy, ms",
			"x copy");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (argv[optind] && !strstr(operations[i].name, argv[optind]))
			continue;
		if (list)
			json_array_append_new(rows, describe(&operations[i]));
		else
			measure_formats(&operations[i], isa, rounds, rows);
	}
	if (json_file ? json_dump_file(rows, json_file, JSON_INDENT(1))
		      : json_dumpf(rows, stdout, JSON_INDENT(1))) {
		fprintf(stderr, "bench_filters: %s: %s\n",
			json_file ? json_file : "standard output", strerror(errno));
		return EX_CANTCREAT;
	}
	json_decref(rows);
	return 0;
}
