/* SPDX-License-Identifier: MIT */
/* What a hostile guest prints: whole lines of harmless characters, and no more of them kept than
 * there is room for, however the bytes are cut. The first byte cuts. */
#include "fuzz/fuzz.h"

#include "supervisor/console.h"

static void check_line(void *context, const char *line)
{
	const size_t length = strlen(line);

	(void)context;
	CHECK(length > 0 && length < IVP_CONSOLE_LINE);
	for (size_t i = 0; i < length; i++)
		CHECK(line[i] >= ' ' && line[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct ivp_console console = {0};
	const size_t step = 1u + take8(&script);
	const uint8_t *bytes;
	size_t count;

	while ((count = take_bytes(&script, step, &bytes)) > 0)
		ivp_console_add(&console, (const char *)bytes, count, check_line, NULL);
	ivp_console_end(&console, check_line, NULL);
	ivp_console_last(&console, "panic", check_line, NULL);
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	static const char text[] = "\7[    0.5] \033[1;31mred\033[0m\r\nline\ttwo\n\n\033c\x9b"
				   "2J\xc2\x9b"
				   "3J\033]0;title\7Kernel panic - not syncing\n";

	add(text, sizeof(text) - 1);
	add("\0\033[\n\033\033[9999999\nx", 16);
}
