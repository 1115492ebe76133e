/* SPDX-License-Identifier: MIT */
/*
 * make-samples FOLDER: writes the files of sample-images/ with the project's own encoders.
 * The same pixels each time; the bytes of the files depend on the versions of libpng and
 * libjpeg-turbo.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "helpers/files.h"
#include "helpers/samples.h"

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "make-samples: %s: %s\n", what, why);
	exit(1);
}

static FILE *open_file(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file)
		die(path, "cannot be written");
	return file;
}

static void write_sample(const char *folder, const struct sample *sample)
{
	const struct ivp_shape *shape = &sample->stored;
	struct ivp_encode_options options = {
	    .encoding = sample->encoding,
	    .quality = 90,
	    .compression = 9,
	    .orientation = sample->orientation,
	};
	struct ivp_input image = {.shape = *shape};
	uint8_t profile[PROFILE_BYTES];
	struct ivp_why why;
	uint64_t bytes;
	uint8_t *pixels;
	FILE *file;

	if (ivp_shape_size(shape, &image.stride, &bytes))
		die(sample->name, "has an impossible shape");
	image.pixels = pixels = calloc(1, bytes);
	if (!pixels)
		die(sample->name, "not enough memory");
	for (uint32_t y = 0; y < shape->height; y++)
		for (uint32_t x = 0; x < shape->width; x++)
			sample_stored_pixel(sample, x, y,
					    pixels + y * image.stride +
						(size_t)x * ivp_format_pixel_bytes(shape->format));
	if (sample->profile) {
		make_profile(profile);
		options.icc = profile;
		options.icc_bytes = PROFILE_BYTES;
	}
	file = open_file(folder, sample->name);
	if (sample->other)
		sample->other(&image, file);
	else if (ivp_encode(&image, &options, file, &why))
		die(sample->name, why.text);
	if (fclose(file))
		die(sample->name, "cannot be written");
	free(pixels);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make-samples FOLDER\n");
		return 64;
	}
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		write_sample(argv[1], &samples[i]);
	return 0;
}
