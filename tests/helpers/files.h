/* SPDX-License-Identifier: MIT */
/* The smallest writers of formats that the project only reads, and an ICC profile. */
#ifndef IVP_TESTS_HELPERS_FILES_H
#define IVP_TESTS_HELPERS_FILES_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ivpipe/frame.h>

static inline void put16(uint8_t *at, unsigned value)
{
	at[0] = value & 255;
	at[1] = (uint8_t)(value >> 8);
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

/* RGB8 as 24-bit BMP: rows from the bottom up, blue first, padded to 4 bytes. */
static inline void write_bmp(const struct ivp_input *image, FILE *to)
{
	const uint32_t width = image->shape.width, height = image->shape.height;
	const uint32_t padding = -(width * 3) & 3, row = width * 3 + padding;
	uint8_t header[54] = "BM";

	put32(header + 2, 54 + row * height);
	header[10] = 54;
	header[14] = 40;
	put32(header + 18, width);
	put32(header + 22, height);
	header[26] = 1;
	header[28] = 24;
	put32(header + 34, row * height);
	fwrite(header, 1, sizeof(header), to);
	for (uint32_t y = height; y-- > 0;) {
		const uint8_t *pixel = image->pixels + y * image->stride;

		for (uint32_t x = 0; x < width; x++, pixel += 3) {
			const uint8_t bgr[3] = {pixel[2], pixel[1], pixel[0]};

			fwrite(bgr, 1, 3, to);
		}
		fwrite("\0\0\0", 1, padding, to);
	}
}

/* GRAY8 as GIF with 128 greys. A clear code after every 120 pixels keeps the codes at 8 bits, so
 * that no dictionary is needed. */
static inline void write_gif(const struct ivp_input *image, FILE *to)
{
	const uint32_t width = image->shape.width, height = image->shape.height;
	uint8_t screen[13] = "GIF89a", frame[11] = {','}, block[121];
	uint32_t used = 0;

	put16(screen + 6, width);
	put16(screen + 8, height);
	screen[10] = 0xf6; /* 128 colours */
	fwrite(screen, 1, sizeof(screen), to);
	for (unsigned i = 0; i < 128; i++) {
		const uint8_t value = (uint8_t)(i << 1 | i >> 6);
		const uint8_t grey[3] = {value, value, value};

		fwrite(grey, 1, 3, to);
	}
	put16(frame + 5, width);
	put16(frame + 7, height);
	frame[10] = 7; /* bits of a pixel: codes have 8 */
	fwrite(frame, 1, sizeof(frame), to);
	for (uint32_t i = 0; i <= width * height; i++) {
		if (i == width * height || used == 121) {
			fputc((int)used, to);
			fwrite(block, 1, used, to);
			used = 0;
		}
		if (i == width * height)
			break;
		if (!used)
			block[used++] = 128; /* clear */
		block[used++] = image->pixels[i / width * image->stride + i % width] >> 1;
	}
	fwrite("\1\x81\0;", 1, 4, to); /* end code, end of blocks, end of file */
}

/* A display profile as ICC.1:2001-04 section 6.3.3 asks for: matrix and one gamma of 2.2, with the
 * primaries of Display P3, adapted to D50. */
#define PROFILE_BYTES 448

static inline void put32_big(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Without a closing NUL. */
static inline void put_text(uint8_t *at, const char *text, size_t bytes)
{
	memcpy(at, text, bytes);
}

static inline void put_xyz(uint8_t *at, double x, double y, double z)
{
	put_text(at, "XYZ ", 4);
	put32_big(at + 8, (uint32_t)(int32_t)lround(x * 65536));
	put32_big(at + 12, (uint32_t)(int32_t)lround(y * 65536));
	put32_big(at + 16, (uint32_t)(int32_t)lround(z * 65536));
}

static inline void make_profile(uint8_t icc[PROFILE_BYTES])
{
	static const struct {
		const char *tag;
		uint32_t offset, bytes;
	} tags[] = {{"desc", 240, 99}, {"cprt", 340, 12}, {"wtpt", 352, 20},
		    {"rXYZ", 372, 20}, {"gXYZ", 392, 20}, {"bXYZ", 412, 20},
		    {"rTRC", 432, 14}, {"gTRC", 432, 14}, {"bTRC", 432, 14}};

	memset(icc, 0, PROFILE_BYTES);
	put32_big(icc, PROFILE_BYTES);
	put32_big(icc + 8, 0x02400000);
	put_text(icc + 12, "mntrRGB XYZ ", 12);
	put_text(icc + 36, "acsp", 4);
	put32_big(icc + 68, 0xf6d6); /* D50 */
	put32_big(icc + 72, 0x10000);
	put32_big(icc + 76, 0xd32d);
	put32_big(icc + 128, 9);
	for (unsigned i = 0; i < 9; i++) {
		uint8_t *entry = icc + 132 + (size_t)i * 12;

		put_text(entry, tags[i].tag, 4);
		put32_big(entry + 4, tags[i].offset);
		put32_big(entry + 8, tags[i].bytes);
	}
	put_text(icc + 240, "desc\0\0\0\0\0\0\0\011P3-gamma", 20);
	put_text(icc + 432, "curv\0\0\0\0\0\0\0\x01\x02\x33", 14); /* 2.2 */
	put_text(icc + 340, "text\0\0\0\0MIT", 12);
	put_xyz(icc + 352, 0.9642, 1.0, 0.8249);
	put_xyz(icc + 372, 0.5151, 0.2412, -0.0011);
	put_xyz(icc + 392, 0.2919, 0.6922, 0.0419);
	put_xyz(icc + 412, 0.1572, 0.0666, 0.7841);
}

#endif
