/* SPDX-License-Identifier: MIT */
/*
 * What children print goes through here line by line, with their names in front.
 */
#include "supervisor/watch-parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_LINE "ivpipe-stage exit " /* of guest/init.h */

void ivp_watch_say(struct ivp_watch *watch, enum ivp_log_level level, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	ivp_progress_clear(&watch->progress);
	fflush(stderr);
	ivp_log(level, "%s", text);
}

struct line_context {
	struct ivp_watch *watch;
	struct ivp_child *child;
};

/* "pipeline-stage[blur]: text" is "text" behind "[blur]". */
static const char *without_own_name(const char *line)
{
	const char *end = strstr(line, ": ");

	return strncmp(line, "pipeline-", 9) == 0 && end && !memchr(line, ' ', (size_t)(end - line))
		   ? end + 2
		   : line;
}

static void take_line(void *context, const char *line)
{
	struct ivp_watch *watch = ((struct line_context *)context)->watch;
	struct ivp_child *child = ((struct line_context *)context)->child;
	const bool color = watch->options->color && !watch->options->log;
	FILE *to = watch->options->log ? watch->options->log : stderr;

	if (child->guest && strncmp(line, EXIT_LINE, sizeof(EXIT_LINE) - 1) == 0) {
		child->exit_line = (int)strtol(line + sizeof(EXIT_LINE) - 1, NULL, 10);
		return;
	}
	if (!watch->options->log)
		ivp_progress_clear(&watch->progress);
	fprintf(to, "%s[%s]%s %s\n", color ? "\033[36m" : "", child->name, color ? "\033[0m" : "",
		without_own_name(line));
	fflush(to);
}

static void print_last(void *context, const char *line)
{
	struct ivp_watch *watch = context;

	ivp_watch_say(watch, IVP_LOG_ERROR, "    %s", without_own_name(line));
}

void ivp_watch_say_last(struct ivp_watch *watch, const struct ivp_child *child)
{
	ivp_console_last(&child->console, "Kernel panic", print_last, watch);
}

const char *ivp_watch_kind(const struct ivp_child *child)
{
	if (child->role != IVP_CHILD_STAGE)
		return "the ";
	return child->guest ? "the guest of stage " : "stage ";
}

void ivp_watch_read(struct ivp_watch *watch, struct ivp_child *child)
{
	struct line_context context = {watch, child};

	if (child->output < 0 ||
	    ivp_console_read(&child->console, child->output, take_line, &context) > 0)
		return;
	close(child->output);
	child->output = -1;
}

void ivp_watch_read_rest(struct ivp_watch *watch, struct ivp_child *child)
{
	struct line_context context = {watch, child};

	ivp_watch_read(watch, child);
	if (child->output >= 0) { /* somebody else has its end of the pipe: do not wait for him */
		ivp_console_end(&child->console, take_line, &context);
		close(child->output);
		child->output = -1;
	}
}
