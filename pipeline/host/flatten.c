/* SPDX-License-Identifier: MIT */
/*
 * result = colour * alpha + white * (1 - alpha), in the samples' own depth, then to 8 bits; each
 * step is rounded to nearest, in integers, so that opaque 8-bit pixels stay what they are.
 */
#include "host/flatten.h"

#include <string.h>

uint32_t ivp_flatten_format(uint32_t format)
{
	switch (ivp_format_channels(format)) {
	case 0:
		return IVP_FORMAT_NONE;
	case 1:
		return IVP_FORMAT_GRAY8;
	default:
		return IVP_FORMAT_RGB8;
	}
}

static uint8_t over_white8(uint8_t color, uint8_t alpha)
{
	return (uint8_t)((color * alpha + 255u * (255u - alpha) + 127) / 255);
}

static uint16_t over_white16(uint16_t color, uint16_t alpha)
{
	const uint32_t part = (uint32_t)color * alpha, rest = 65535u * (65535u - alpha);

	/* part + rest <= 65535^2, which leaves room for 32767 below 2^32. */
	return (uint16_t)((part + rest + 32767) / 65535);
}

static uint8_t to_8bit(uint16_t sample)
{
	return (uint8_t)((sample + 128u) / 257); /* 65535 = 255 * 257 */
}

static void flatten_row8(const uint8_t *in, uint8_t *out, uint32_t width, unsigned channels)
{
	if (channels != 4) {
		memcpy(out, in, (size_t)width * channels);
		return;
	}
	for (uint32_t x = 0; x < width; x++, in += 4, out += 3)
		for (unsigned c = 0; c < 3; c++)
			out[c] = over_white8(in[c], in[3]);
}

static void flatten_row16(const uint8_t *in, uint8_t *out, uint32_t width, unsigned channels)
{
	const unsigned colors = channels == 1 ? 1 : 3;

	for (uint32_t x = 0; x < width; x++, in += 2 * (size_t)channels, out += colors) {
		uint16_t pixel[4];

		memcpy(pixel, in, 2 * (size_t)channels);
		for (unsigned c = 0; c < colors; c++)
			out[c] =
			    to_8bit(channels == 4 ? over_white16(pixel[c], pixel[3]) : pixel[c]);
	}
}

void ivp_flatten(const struct ivp_input *in, const struct ivp_output *out)
{
	const unsigned channels = ivp_format_channels(in->shape.format);
	const bool wide = ivp_format_pixel_bytes(in->shape.format) > channels;

	for (uint32_t y = 0; y < in->shape.height; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		if (wide)
			flatten_row16(from, to, in->shape.width, channels);
		else
			flatten_row8(from, to, in->shape.width, channels);
	}
}
