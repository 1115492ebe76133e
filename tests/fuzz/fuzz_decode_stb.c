/* SPDX-License-Identifier: MIT */
/* GIF, BMP, TGA, PSD and HDR by stb_image. The first byte's lowest bit: orient. */
#include "fuzz/decode.h"

/* Would another decoder take it? */
static bool is_other(const uint8_t *bytes, size_t count)
{
	return (count >= 8 && memcmp(bytes, "\x89PNG", 4) == 0) ||
	       (count >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) ||
	       (count >= 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	const uint8_t flags = take8(&script), *bytes;
	const size_t count = take_bytes(&script, 1 << 16, &bytes);
	uint8_t *file;

	if (is_other(bytes, count))
		return 0;
	file = fuzz_memory(count);
	if (count > 0)
		memcpy(file, bytes, count);
	fuzz_decode(file, count, flags & 1, false);
	free(file);
	return 0;
}

static void add_text(fuzz_add *add, const char *head, size_t head_size, size_t body_size)
{
	uint8_t bytes[1024] = {0};

	memcpy(bytes + 1, head, head_size);
	for (size_t i = 0; i < body_size; i++)
		bytes[1 + head_size + i] = (uint8_t)(i * 5 + 2);
	add(bytes, 1 + head_size + body_size);
}

void fuzz_seeds(fuzz_add *add)
{
	static struct fuzz_image image;

	draw(&image, 7, 5, IVP_FORMAT_RGB8);
	add_encoded(add, 0, &image.image, NULL, write_bmp);
	draw(&image, 13, 11, IVP_FORMAT_GRAY8);
	add_encoded(add, 1, &image.image, NULL, write_gif);
	/* TGA: plain RGB, run-length grey, with a palette */
	add_text(add, "\0\0\2\0\0\0\0\0\0\0\0\0\4\0\3\0\x18\0", 18, 36);
	add_text(add, "\0\0\x0b\0\0\0\0\0\0\0\0\0\4\0\3\0\x08\0", 18, 36);
	add_text(add, "\0\1\1\0\0\4\0\x18\0\0\0\0\4\0\3\0\x08\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c",
		 30, 12);
	/* PSD: RGB, uncompressed and packed */
	add_text(add,
		 "8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\2\0\0\0\3\0\x08\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		 40, 18);
	add_text(add,
		 "8BPS\0\1\0\0\0\0\0\0\0\4\0\0\0\1\0\0\0\3\0\x08\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
		 "\0\3\0\3\0\3\0\3\2abc\2abc\2abc\2abc",
		 64, 0);
	add_text(add, "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 3\n", 46, 24);
	add_text(add,
		 "#?RGBE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 8\n\2\2\0\x08\x88\1\x88\2\x88\3"
		 "\x88\4",
		 54, 0);
}

void fuzz_dictionary(FILE *to)
{
	static const char *const words[] = {"GIF87a",
					    "GIF89a",
					    "BM",
					    "8BPS",
					    "#?RADIANCE\n",
					    "#?RGBE\n",
					    "FORMAT=32-bit_rle_rgbe\n",
					    "-Y ",
					    " +X "};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fuzz_word(to, words[i], strlen(words[i]));
	fuzz_word(to, "\x21\xf9\4", 3);
	fuzz_word(to, "\x28\0\0\0", 4);
	fuzz_word(to, "\x6c\0\0\0", 4);
	fuzz_word(to, "\2\2\0", 3);
}
