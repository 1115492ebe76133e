/* SPDX-License-Identifier: MIT */
/* The Netpbm formats. The first byte: 1 orient, 128 keep 16 bits; the rest chooses P1 to P7. */
#include "fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	const uint8_t flags = take8(&script), *bytes;
	const size_t count = take_bytes(&script, 1 << 16, &bytes);
	uint8_t *file;

	file = fuzz_memory(count + 2);
	file[0] = 'P';
	file[1] = (uint8_t)('1' + (flags >> 1) % 7);
	if (count > 0)
		memcpy(file + 2, bytes, count);
	fuzz_decode(file, count + 2, flags & 1, flags & 128);
	free(file);
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	static const char *const texts[] = {
	    "\0\n3 2\n1 0 1\n010\n",
	    "\2\n# c\n3 2\n7\n0 1 2 3 4 7",
	    "\4 1 1 65535 0 65535 9\n",
	    "\6 9 2\nabcd",
	    "\x08 2 2 255\nabcd",
	    "\x0a 2 1 999\nabcdefghijkl",
	    "\x0c\nWIDTH 2\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\nabcd",
	    "\x0d\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 65535\nENDHDR\nabcdefghijklmnop",
	};

	add(texts[0], 1 + strlen(texts[0] + 1));
	for (size_t i = 1; i < sizeof(texts) / sizeof(texts[0]); i++)
		add(texts[i], strlen(texts[i]));
}

void fuzz_dictionary(FILE *to)
{
	static const char *const words[] = {"WIDTH ",    "HEIGHT ",   "DEPTH ", "MAXVAL ",
					    "TUPLTYPE ", "ENDHDR\n",  "#",      " 65535",
					    "\n255\n",   "4294967296"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		fuzz_word(to, words[i], strlen(words[i]));
}
