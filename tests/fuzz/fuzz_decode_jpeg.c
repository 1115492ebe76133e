/* SPDX-License-Identifier: MIT */
/* JPEG. The first byte's lowest bit: orient. */
#include "fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	const uint8_t flags = take8(&script), *bytes;
	const size_t count = take_bytes(&script, 1 << 16, &bytes);
	uint8_t *file;

	if (count < 4)
		return 0;
	file = fuzz_memory(count);
	memcpy(file, bytes, count);
	file[0] = file[2] = 0xff;
	file[1] = 0xd8;
	fuzz_decode(file, count, flags & 1, false);
	free(file);
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	static struct fuzz_image image;
	uint8_t icc[PROFILE_BYTES];

	make_profile(icc);
	for (unsigned i = 0; i < 8; i++) {
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_JPEG,
							   .quality = 20 + 10 * (int)i,
							   .icc = i & 1 ? icc : NULL,
							   .icc_bytes = i & 1 ? PROFILE_BYTES : 0,
							   .orientation = i + 1};

		draw(&image, 17 + i, 9 + 3 * i, i & 2 ? IVP_FORMAT_GRAY8 : IVP_FORMAT_RGB8);
		add_encoded(add, i & 4, &image.image, &options, NULL);
	}
}

void fuzz_dictionary(FILE *to)
{
	static const uint8_t markers[] = {0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc9, 0xca,
					  0xcc, 0xd0, 0xd7, 0xd9, 0xda, 0xdb, 0xdc,
					  0xdd, 0xe0, 0xe1, 0xe2, 0xee, 0xfe};

	for (size_t i = 0; i < sizeof(markers); i++)
		fuzz_word(to, (const uint8_t[]){0xff, markers[i]}, 2);
	fuzz_word(to, "Exif\0\0II*\0", 10);
	fuzz_word(to, "Exif\0\0MM\0*", 10);
	fuzz_word(to, "ICC_PROFILE\0\1\1", 14);
	fuzz_word(to, "Adobe\0\x64", 7);
	fuzz_word(to, "JFIF\0\1\1", 7);
	fuzz_word(to, "\x01\x12\0\3\0\0\0\1", 8);
}
