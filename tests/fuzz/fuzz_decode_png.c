/* SPDX-License-Identifier: MIT */
/*
 * PNG. The first byte chooses: 1 orient; 8 keep 16 bits; 2 checksums of chunks are made right, without which
 * libpng looks at little; 4 what IDAT holds is taken as pixels and packed, uncompressed.
 */
#include "fuzz/decode.h"

#include <zlib.h>

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static uint32_t get32_big(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void mend_checksums(uint8_t *data, size_t bytes)
{
	for (size_t at = 8; bytes - at >= 12;) {
		const uint32_t length = get32_big(data + at);

		if (length > bytes - at - 12)
			break;
		put32_big(data + at + 8 + length,
			  (uint32_t)crc32(0, data + at + 4, (uInt)length + 4));
		at += (size_t)length + 12;
	}
}

/* The header's chunk, then what follows as the one IDAT. */
static size_t pack(const uint8_t *data, size_t bytes, uint8_t *to, size_t room)
{
	const size_t header = 33;
	uLongf packed = (uLongf)(room - header - 24);

	memcpy(to, data, header);
	CHECK(compress2(to + header + 8, &packed, data + header, (uLong)(bytes - header), 0) ==
	      Z_OK);
	put32_big(to + header, (uint32_t)packed);
	memcpy(to + header + 4, "IDAT", 4);
	memset(to + header + 8 + packed, 0, 16);
	memcpy(to + header + 16 + packed, "IEND", 4);
	return header + 24 + packed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	const uint8_t flags = take8(&script), *bytes;
	size_t count = take_bytes(&script, 1 << 16, &bytes);
	const size_t room = count + count / 100 + 1024;
	uint8_t *file, *exact;

	if (count < 33)
		return 0;
	file = fuzz_memory(room);
	if (flags & 4)
		count = pack(bytes, count, file, room);
	else
		memcpy(file, bytes, count);
	memcpy(file, signature, sizeof(signature));
	if (flags & 6)
		mend_checksums(file, count);
	exact = fuzz_memory(count);
	memcpy(exact, file, count);
	fuzz_decode(exact, count, flags & 1, flags & 8);
	free(exact);
	free(file);
	return 0;
}

/* Raw pixels behind a header, for flag 4. */
static void add_raw(fuzz_add *add, uint8_t depth, uint8_t color, bool interlaced)
{
	static const uint8_t header[16] = {0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 7, 0, 0, 0, 5};
	uint8_t bytes[1 + 33 + 200] = {depth == 16 && interlaced ? 14 : 6};

	memcpy(bytes + 1, signature, sizeof(signature));
	memcpy(bytes + 9, header, sizeof(header));
	bytes[25] = depth;
	bytes[26] = color;
	bytes[29] = interlaced;
	for (size_t i = 34; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 11 == 0 ? i % 5 : i * 3);
	add(bytes, sizeof(bytes));
}

void fuzz_seeds(fuzz_add *add)
{
	static const uint8_t depths[][2] = {{1, 0},  {2, 0}, {4, 3},  {8, 0}, {16, 0}, {8, 2},
					    {16, 2}, {8, 3}, {16, 4}, {8, 4}, {8, 6},  {16, 6}};
	static struct fuzz_image image;
	uint8_t icc[PROFILE_BYTES];

	make_profile(icc);
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG,
							   .compression = (int)format,
							   .icc = icc,
							   .icc_bytes = PROFILE_BYTES,
							   .orientation = format + 1};

		draw(&image, 5 + format, 9, format);
		add_encoded(add, format % 4 | (format >= IVP_FORMAT_GRAY16 ? 8 : 0), &image.image,
			    &options, NULL);
	}
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		add_raw(add, depths[i][0], depths[i][1], i % 2);
}

void fuzz_dictionary(FILE *to)
{
	static const char *const names[] = {"IHDR", "PLTE", "IDAT", "IEND", "iCCP", "eXIf", "tRNS",
					    "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs", "tEXt",
					    "zTXt", "iTXt", "tIME", "hIST", "sPLT"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		fuzz_word(to, names[i], 4);
	fuzz_word(to, "II*\0\x08\0\0\0", 8);
	fuzz_word(to, "MM\0*\0\0\0\x08", 8);
}
