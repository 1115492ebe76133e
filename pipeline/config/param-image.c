/* SPDX-License-Identifier: MIT */
/*
 * Images that parameters name. By stb_image, since a stage in a guest has no other decoder: it is
 * linked statically and reads the same files as the host. It only sees what the configuration
 * names, and bytes that are missing are zeros to it.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <ivpipe/filter.h>

#define MOST_PIXELS (1u << 25)

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_PNM
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65535

/* Reported at the end of the file, of functions that stb_image declares and does not define. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

static uint8_t *decode(const uint8_t *bytes, size_t size, int *width, int *height,
		       struct ivp_why *why)
{
	uint8_t *pixels;
	int samples;

	if (size > INT_MAX || !stbi_info_from_memory(bytes, (int)size, width, height, &samples) ||
	    *width < 1 || *height < 1) {
		ivp_why_set(why, "no image that is known here: PNG, JPEG, BMP, PGM or PPM");
		return NULL;
	}
	if ((uint64_t)*width * (uint64_t)*height > MOST_PIXELS) {
		ivp_why_set(why, "%d x %d pixels are more than %u", *width, *height, MOST_PIXELS);
		return NULL;
	}
	pixels = stbi_load_from_memory(bytes, (int)size, width, height, &samples, 4);
	if (!pixels)
		ivp_why_set(why, "the image cannot be decoded: %s", stbi_failure_reason());
	return pixels;
}

size_t ivp_param_image_parse(const uint8_t *bytes, size_t size, void *parsed, struct ivp_why *why)
{
	struct ivp_param_image *image = parsed;
	int width, height;
	uint8_t *pixels = decode(bytes, size, &width, &height, why);
	size_t all;

	if (!pixels)
		return 0;
	all = (size_t)width * (size_t)height * 4;
	if (image) {
		image->width = (uint32_t)width;
		image->height = (uint32_t)height;
		memcpy(image->pixels, pixels, all);
	}
	stbi_image_free(pixels);
	return sizeof(*image) + all;
}
