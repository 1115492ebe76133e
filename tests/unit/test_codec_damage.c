/* SPDX-License-Identifier: MIT */
/* Files that something has bitten: whatever comes out, no sanitizer complains, margins stay
 * untouched and every refusal has a reason. The seed is fixed, so each run is the same. */
#include "helpers/codecs.h"

#include <zlib.h>

#include "helpers/files.h"

static uint32_t seed = 20240229;

static uint32_t next_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void bite(struct bytes *file)
{
	const size_t at = next_random((uint32_t)file->count);
	const size_t length = 1 + next_random(8);

	switch (next_random(6)) {
	case 0: /* bytes are gone */
		if (at + length < file->count) {
			memmove(file->data + at, file->data + at + length,
				file->count - at - length);
			file->count -= length;
		}
		break;
	case 1: /* bytes are extreme */
		for (size_t i = at; i < file->count && i < at + length; i++)
			file->data[i] = next_random(2) ? 255 : 0;
		break;
	case 2: /* early bytes matter most */
		file->data[at % (file->count < 64 ? file->count : 64)] = (uint8_t)next_random(256);
		break;
	default:
		file->data[at] ^= 1u << next_random(8);
	}
}

/* Makes a PNG's checksums right again, so that damage gets past them. */
static void forge_checksums(struct bytes *file)
{
	size_t at = 8;

	while (file->count >= at + 12) {
		const uint32_t length = (uint32_t)file->data[at] << 24 | file->data[at + 1] << 16 |
					file->data[at + 2] << 8 | file->data[at + 3];

		if (length > file->count - at - 12)
			return;
		put32_big(file->data + at + 8 + length,
			  (uint32_t)crc32(0, file->data + at + 4, length + 4));
		at += (size_t)length + 12;
	}
}

static void decode_bitten(const struct bytes *whole, unsigned rounds)
{
	struct ivp_decode_options options = {.limits = {40000, 2000, 1 << 20}};
	struct bytes file = {malloc(whole->count), 0};
	unsigned refused = 0;

	assert_non_null(file.data);
	for (unsigned round = 0; round < rounds; round++) {
		const unsigned bites = 1 + next_random(3);
		struct image image;
		struct ivp_why why;
		int error;

		memcpy(file.data, whole->data, whole->count);
		file.count = whole->count;
		for (unsigned i = 0; i < bites; i++)
			bite(&file);
		if (next_random(4))
			forge_checksums(&file);
		options.orient = next_random(2);
		options.deep = next_random(2);
		error = decode_as(&file, &options, &image, &why);
		if (error) {
			assert_true(error == -EILSEQ || error == -E2BIG);
			refused++;
		} else {
			free_image(&image);
		}
	}
	/* Damage is noticed at least where it makes no sense. */
	assert_true(refused > rounds / 50);
	free(file.data);
}

static void bitten_samples_never_harm(void **state)
{
	static const char *const names[] = {
	    "1x1.png",   "37x91.png",      "ramp-16bit.png", "patches-profile.png",
	    "61x47.bmp", "gray-47x61.gif", "257x3.ppm",      "card-orientation-6.jpg"};

	(void)state;
	for (size_t i = 0; i < count_of(names); i++) {
		struct bytes file;
		char path[128];

		snprintf(path, sizeof(path), "sample-images/%s", names[i]);
		file = read_bytes(path);
		decode_bitten(&file, file.count > 5000 ? 200 : 1500);
		free(file.data);
	}
}

/* Small files of our own encoders, all formats and orientations. */
static void bitten_small_files_never_harm(void **state)
{
	uint8_t icc[PROFILE_BYTES];

	(void)state;
	make_profile(icc);
	for (unsigned i = 0; i < 3 * 6; i++) {
		const struct ivp_encode_options options = {.encoding = i / 6,
							   .quality = 50 + 8 * (int)(i % 6),
							   .compression = (int)i % 6,
							   .orientation = i % 8 + 1,
							   .icc = icc,
							   .icc_bytes = sizeof(icc)};
		struct image image;
		struct bytes file;

		if (!ivp_encoding_takes(options.encoding, i % 6 + 1))
			continue;
		image = make_pattern(19, 23, i % 6 + 1);
		file = encode(&image, &options);
		decode_bitten(&file, 800);
		free_image(&image);
		free(file.data);
	}
}

/* The packed variants of formats whose writers here do not pack, and formats of text. */
static void small_files_by_hand_never_harm(void **state)
{
#define FILE_OF(literal)                                                                           \
	{                                                                                          \
		(uint8_t *)(literal), sizeof(literal) - 1                                          \
	}
	static const struct bytes files[] = {
	    FILE_OF("P1 # remark\n12 3\n010101010101 101010101010 0 1 0 1 0 1 0 1 0 1 0 1"),
	    FILE_OF("P2\n4 3 # x\n15\n1 2 3 4 5 6 7 8 9 10 11 12\n"),
	    FILE_OF("P3 2 2 65535 1 2 3 4 5 6 7 8 9 10 11 12"),
	    FILE_OF("P7\nWIDTH 2\nHEIGHT 2\nDEPTH 2\nMAXVAL 255\nENDHDR\nabcdefgh"),
	    /* TGA, 16 x 2 true colour, runs */
	    FILE_OF("\0\0\12\0\0\0\0\0\0\0\0\0\20\0\2\0\30\0\217abc\217def"),
	    /* TGA, 16 x 2, palette of 2, runs */
	    FILE_OF("\0\1\11\0\0\2\0\30\0\0\0\0\20\0\2\0\10\0abcdef\217\0\217\1"),
	    /* PSD, 8 x 1 RGB, PackBits */
	    FILE_OF("8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\10\0\10\0\3\0\0\0\0\0\0\0\0\0\0\0\0"
		    "\0\1\0\2\0\2\0\2\371a\371b\371c"),
	    /* HDR, 9 x 1, runs in four planes */
	    FILE_OF("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 9\n\2\2\0\11"
		    "\211a\211b\211c\211\200"),
	    /* BMP, 8 x 2, palette of 2, 1 bit */
	    FILE_OF("BM\106\0\0\0\0\0\0\0\76\0\0\0\50\0\0\0\10\0\0\0\2\0\0\0\1\0\1\0\0\0\0\0"
		    "\10\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0abc\0def\0\252\0\0\0\125\0\0\0"),
	};

	(void)state;
	for (size_t i = 0; i < count_of(files); i++) {
		struct image image = decode(&files[i], true);

		free_image(&image);
		decode_bitten(&files[i], 1500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bitten_samples_never_harm),
	    cmocka_unit_test(bitten_small_files_never_harm),
	    cmocka_unit_test(small_files_by_hand_never_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
