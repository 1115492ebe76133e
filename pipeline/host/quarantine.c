/* SPDX-License-Identifier: MIT */
/*
 * The copy comes before the line: who reads a line finds the file. A frame's id comes through
 * guests, so it is checked against the list; its reason is text of theirs, made harmless.
 */
#include "host/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "host/file.h"
#include "config/inputs.h"

#define REASONS    "reasons.txt"
#define LINE_BYTES (NAME_MAX + 512)

/* Looks through the lines there are: is this one of them, is the name another frame's? */
static int look_up(int folder, uint64_t id, const char *name, const char *line, bool *there,
		   bool *taken)
{
	const int fd = openat(folder, REASONS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	const size_t length = strlen(name);
	char *old = NULL, *rest;
	size_t room = 0;
	FILE *from;

	*there = *taken = false;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	from = fdopen(fd, "r");
	if (!from) {
		close(fd);
		return -ENOMEM;
	}
	while (getline(&old, &room, from) > 0) {
		*there = *there || strcmp(old, line) == 0;
		if (strtoull(old, &rest, 10) != id && *rest == ' ' &&
		    strncmp(rest + 1, name, length) == 0 && rest[1 + length] == ':')
			*taken = true;
	}
	free(old);
	fclose(from);
	return 0;
}

static int add_line(int folder, const char *line)
{
	const int fd =
	    openat(folder, REASONS, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	const size_t bytes = strlen(line);
	int error = fd < 0 ? -errno : 0;

	if (!error && write(fd, line, bytes) != (ssize_t)bytes)
		error = errno ? -errno : -EIO;
	if (fd >= 0)
		close(fd);
	return error;
}

static int copy(int folder, const char *name, const struct ivp_input_file *original)
{
	struct ivp_file file;
	int error = ivp_file_begin(&file, folder, name);

	if (error)
		return error;
	fwrite(original->data, 1, original->bytes, file.stream);
	return ivp_file_commit(&file);
}

static void compose(char line[LINE_BYTES], uint64_t id, const char *name, const char *reason)
{
	size_t length;

	snprintf(line, LINE_BYTES - 1, "%" PRIu64 " %s: %s", id, name, reason);
	ivp_log_make_harmless(line);
	length = strlen(line);
	line[length] = '\n';
	line[length + 1] = '\0';
}

static int store(int folder, uint64_t id, const char *base, const char *reason,
		 const struct ivp_input_file *original)
{
	char name[NAME_MAX + 1], line[LINE_BYTES];
	bool there, taken;
	int error;

	snprintf(name, sizeof(name), "%s", base);
	compose(line, id, name, reason);
	error = look_up(folder, id, name, line, &there, &taken);
	/* The reasons' own name is taken too: a guest may name any input. */
	if (!error && (taken || strcmp(name, REASONS) == 0)) {
		snprintf(name, sizeof(name), "%" PRIu64 "-%s", id, base);
		compose(line, id, name, reason);
		error = look_up(folder, id, name, line, &there, &taken);
	}
	if (!error)
		error = copy(folder, name, original);
	return error || there ? error : add_line(folder, line);
}

int ivp_quarantine_keep(int folder, const struct ivp_originals *originals, uint64_t id,
			const char *reason, struct ivp_why *why)
{
	struct ivp_input_file original = {0};
	struct ivp_inputs inputs;
	int fd = -1, error = ivp_inputs_collect(originals->words, originals->count, &inputs, why);

	if (error)
		return error;
	if (id >= inputs.count) {
		ivp_why_set(why, "there is no input %" PRIu64, id);
		error = -ENOENT;
	}
	if (!error)
		error = ivp_input_read(inputs.paths[id], originals->max_bytes, &original, why);
	if (!error) {
		const char *slash = strrchr(inputs.paths[id], '/');

		if (mkdirat(folder, "quarantine", 0777) == 0 || errno == EEXIST)
			fd = openat(folder, "quarantine",
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		error =
		    fd < 0 ? -errno
			   : store(fd, id, slash ? slash + 1 : inputs.paths[id], reason, &original);
		if (error)
			ivp_why_set(why, "quarantine: %s", strerror(-error));
	}
	if (fd >= 0)
		close(fd);
	ivp_input_file_finish(&original);
	ivp_inputs_finish(&inputs);
	return error;
}
