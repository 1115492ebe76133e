/* SPDX-License-Identifier: MIT */
/*
 * A first line that names the epoch, then "INPUT REASON" per reject. A feeder that comes back
 * goes on at input first, behind the last frame that it committed; a reject of an input before it
 * was noted before that commit, so the lines below first are all there were, and no line twice.
 * What a kill left half-written is of an input from first on.
 */
#include "host/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/file.h"

/* Takes the lines of inputs before first. Returns the bytes of that part; 0: of another run. */
static off_t read_lines(FILE *from, const char *title, size_t first, ivp_rejects_take *take,
			void *context, int *error)
{
	char *line = NULL, *reason;
	size_t room = 0, next = 0;
	off_t kept = 0;
	ssize_t length;

	while ((length = getline(&line, &room, from)) > 0 && line[length - 1] == '\n') {
		unsigned long long input;

		if (kept == 0) {
			if (strcmp(line, title) != 0)
				break;
			kept = length;
			continue;
		}
		line[length - 1] = '\0';
		input = strtoull(line, &reason, 10);
		if (*reason != ' ' || input < next || input >= first)
			break;
		*error = take(context, (size_t)input, reason + 1);
		if (*error)
			break;
		next = (size_t)input + 1;
		kept += length;
	}
	free(line);
	return kept;
}

static int take_over(int fd, uint64_t epoch, size_t first, ivp_rejects_take *take, void *context)
{
	const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *from = copy < 0 ? NULL : fdopen(copy, "r");
	char title[64];
	off_t kept;
	int error = 0;

	if (!from) {
		error = -errno;
		if (copy >= 0)
			close(copy);
		return error;
	}
	snprintf(title, sizeof(title), "ivpipe-rejects 1 %016" PRIx64 "\n", epoch);
	kept = read_lines(from, title, first, take, context, &error);
	fclose(from);
	if (!error && ftruncate(fd, kept) < 0)
		error = -errno;
	if (!error && kept == 0)
		error = ivp_file_write(fd, title, strlen(title));
	return error;
}

int ivp_rejects_open(const char *path, uint64_t epoch, size_t first, ivp_rejects_take *take,
		     void *context, struct ivp_why *why)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	const int error = fd < 0 ? -errno : take_over(fd, epoch, first, take, context);

	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	ivp_why_set(why, "%s: %s", path, strerror(-error));
	return error;
}

int ivp_rejects_add(int fd, size_t input, const char *reason)
{
	char *line;
	int error, n = asprintf(&line, "%zu %s\n", input, reason);

	if (n < 0)
		return -ENOMEM;
	for (char *c = line; c < line + n - 1; c++)
		if (*c == '\n')
			*c = ' ';
	error = ivp_file_write(fd, line, (size_t)n);
	free(line);
	return error;
}
