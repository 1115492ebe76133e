/* SPDX-License-Identifier: MIT */
/*
 * What a child prints, cut into lines and made harmless: a guest may print anything. The last
 * lines are kept, for the message when it dies. One thread at a time per console.
 */
#ifndef IVP_SUPERVISOR_CONSOLE_H
#define IVP_SUPERVISOR_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#define IVP_CONSOLE_LINE  512 /* bytes with the closing NUL; longer lines are cut in pieces */
#define IVP_CONSOLE_LINES 64  /* kept: a kernel's dump of itself has 30 to 40 */
#define IVP_CONSOLE_SHOWN 10  /* of these, when it matters */

/* Start with zeros, or {.trusted = true}. */
struct ivp_console {
	bool trusted; /* a program of this host: bytes above ASCII, as UTF-8 has them, stay */
	char line[IVP_CONSOLE_LINE]; /* the one being assembled */
	size_t used;
	char kept[IVP_CONSOLE_LINES][IVP_CONSOLE_LINE];
	unsigned long lines; /* so far; line n is in kept[n % IVP_CONSOLE_LINES] */
	int escape;          /* inside a terminal's control sequence */
};

/* Takes one line: NUL-terminated, no control characters. */
typedef void ivp_console_take(void *context, const char *line);

/* Adds bytes as they were read, and calls take for each line that they complete. */
void ivp_console_add(struct ivp_console *console, const char *bytes, size_t count,
		     ivp_console_take *take, void *context);
/* No more will come: gives out a last line without a line end. */
void ivp_console_end(struct ivp_console *console, ivp_console_take *take, void *context);

/* Reads what is there from fd, which must be non-blocking, at most 64 KiB. Returns 1 if more may
 * come, 0 at the end (then ivp_console_end has been called), or -errno. */
int ivp_console_read(struct ivp_console *console, int fd, ivp_console_take *take, void *context);

/*
 * Calls take for the last lines, oldest first, at most IVP_CONSOLE_SHOWN. If a line that is kept
 * holds the word end (NULL: none does), it is the last one: what comes behind it explains nothing.
 */
void ivp_console_last(const struct ivp_console *console, const char *end, ivp_console_take *take,
		      void *context);

#endif
