/* SPDX-License-Identifier: MIT */
/*
 * The prefix is set once, before threads start; after that everything is read-only. A line is
 * made in private memory and written by one write(2), so lines of several threads and, up to
 * PIPE_BUF bytes, of several processes with one pipe do not mix.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 2048 /* below PIPE_BUF; what is longer is cut */

static const char *log_program = "ivpipe";
static const char *log_instance = "";
static enum ivp_log_level log_level = IVP_LOG_INFO;

void ivp_log_open(const char *program, const char *instance, enum ivp_log_level level)
{
	log_program = program;
	log_instance = instance ? instance : "";
	log_level = level;
}

/* Texts may hold words of a peer. C1 controls, which some terminals obey, are two bytes in UTF-8. */
void ivp_log_make_harmless(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = *c == '\n' || *c == '\t' ? ' ' : '?';
		else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

static void write_all(const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = write(STDERR_FILENO, text, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* there is no other place to report it */
		text += n;
		bytes -= (size_t)n;
	}
}

void ivp_log(enum ivp_log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	int saved = errno;
	size_t used;
	int n;

	if (level > log_level)
		return;
	if (*log_instance)
		n = snprintf(line, sizeof(line), "%s[%s]: ", log_program, log_instance);
	else
		n = snprintf(line, sizeof(line), "%s: ", log_program);
	if (n < 0 || n >= LINE_BYTES)
		n = 0;
	va_start(arguments, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, arguments);
	va_end(arguments);
	ivp_log_make_harmless(line);
	used = strlen(line);
	if (used == sizeof(line) - 1)
		used--;
	line[used++] = '\n';
	write_all(line, used);
	errno = saved;
}
