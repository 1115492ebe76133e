/* SPDX-License-Identifier: MIT */
/*
 * Terminal control sequences (ECMA-48: ESC [ ... final byte, and ESC with one more byte) are
 * left out; other control characters, and from guests all bytes above ASCII, become '?', so that
 * nothing that a guest prints can move a cursor or look like something else. Empty lines are
 * dropped.
 */
#include "supervisor/console.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 4096
#define READ_TIMES 16

enum { NO_ESCAPE, AFTER_ESC, IN_SEQUENCE };

static void finish_line(struct ivp_console *console, ivp_console_take *take, void *context)
{
	char *kept = console->kept[console->lines % IVP_CONSOLE_LINES];

	while (console->used > 0 && console->line[console->used - 1] == ' ')
		console->used--;
	console->line[console->used] = '\0';
	if (console->used > 0) {
		memcpy(kept, console->line, console->used + 1);
		console->lines++;
		if (take)
			take(context, console->line);
	}
	console->used = 0;
}

/* Is the byte part of a control sequence? */
static bool skip_escape(struct ivp_console *console, unsigned char byte)
{
	switch (console->escape) {
	case AFTER_ESC:
		console->escape = byte == '[' ? IN_SEQUENCE : NO_ESCAPE;
		return byte >= ' ';
	case IN_SEQUENCE:
		if (byte >= 0x40 || byte < ' ')
			console->escape = NO_ESCAPE;
		return byte >= ' ';
	default:
		if (byte == 0x1b)
			console->escape = AFTER_ESC;
		return byte == 0x1b;
	}
}

static char harmless(const struct ivp_console *console, unsigned char byte)
{
	if (byte == '\t')
		return ' ';
	if (byte < ' ' || byte == 0x7f || (byte > 0x7f && !console->trusted))
		return '?';
	return (char)byte;
}

void ivp_console_add(struct ivp_console *console, const char *bytes, size_t count,
		     ivp_console_take *take, void *context)
{
	for (size_t i = 0; i < count; i++) {
		const unsigned char byte = (unsigned char)bytes[i];

		if (skip_escape(console, byte) || byte == '\r')
			continue;
		if (byte == '\n' || console->used == IVP_CONSOLE_LINE - 1)
			finish_line(console, take, context);
		if (byte == '\n')
			continue;
		console->line[console->used++] = harmless(console, byte);
	}
}

void ivp_console_end(struct ivp_console *console, ivp_console_take *take, void *context)
{
	finish_line(console, take, context);
	console->escape = NO_ESCAPE;
}

int ivp_console_read(struct ivp_console *console, int fd, ivp_console_take *take, void *context)
{
	char bytes[READ_BYTES];

	/* A bound, so that a guest that prints without end cannot keep the caller from others. */
	for (int i = 0; i < READ_TIMES; i++) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 1 : -errno;
		if (n == 0) {
			ivp_console_end(console, take, context);
			return 0;
		}
		ivp_console_add(console, bytes, (size_t)n, take, context);
	}
	return 1;
}

void ivp_console_last(const struct ivp_console *console, const char *end, ivp_console_take *take,
		      void *context)
{
	const unsigned long all = console->lines;
	const unsigned long kept = all > IVP_CONSOLE_LINES ? all - IVP_CONSOLE_LINES : 0;
	unsigned long last = all, first;

	for (unsigned long n = kept; end && n < last; n++)
		if (strstr(console->kept[n % IVP_CONSOLE_LINES], end))
			last = n + 1;
	first = last > IVP_CONSOLE_SHOWN ? last - IVP_CONSOLE_SHOWN : 0;
	for (unsigned long n = first > kept ? first : kept; n < last; n++)
		take(context, console->kept[n % IVP_CONSOLE_LINES]);
}
