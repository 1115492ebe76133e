/* SPDX-License-Identifier: MIT */
/* Files that parameters name, read whole. */
#include "config/params.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct ivp_why *why, const char *path, const char *reason)
{
	ivp_why_set(why, "cannot read '%s': %s", path, reason);
	return -EINVAL;
}

static size_t most_bytes(const struct ivp_param *param)
{
	return param->max > 0 && param->max < IVP_PARAM_FILE_MOST ? (size_t)param->max
								  : IVP_PARAM_FILE_MOST;
}

/* Reads until the end, or until the buffer is full. Returns the bytes, or -errno. */
static ssize_t read_all(int fd, uint8_t *buffer, size_t capacity)
{
	size_t bytes = 0;

	while (bytes < capacity) {
		ssize_t n = read(fd, buffer + bytes, capacity - bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		bytes += (size_t)n;
	}
	return (ssize_t)bytes;
}

static int read_open(const struct ivp_param *param, int fd, const char *path,
		     struct ivp_param_file *file, struct ivp_why *why)
{
	const size_t most = most_bytes(param);
	struct stat info;
	uint8_t *bytes;
	ssize_t size;

	if (fstat(fd, &info) < 0)
		return fail(why, path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return fail(why, path, "it is no file");
	if (info.st_size > (off_t)most) {
		ivp_why_set(why, "'%s' has more than %zu bytes", path, most);
		return -EINVAL;
	}
	bytes = malloc((size_t)info.st_size + 1);
	if (!bytes)
		return fail(why, path, strerror(ENOMEM));
	/* What is added to it meanwhile is not read. */
	size = read_all(fd, bytes, (size_t)info.st_size);
	if (size < 0) {
		free(bytes);
		return fail(why, path, strerror((int)-size));
	}
	return ivp_param_file_take(param, path, bytes, (size_t)size, file, why);
}

int ivp_param_file_read(const struct ivp_param *param, const char *path,
			struct ivp_param_file *file, struct ivp_why *why)
{
	/* Without waiting, or a FIFO would hold us up here. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error;

	if (fd < 0)
		return fail(why, path, strerror(errno));
	error = read_open(param, fd, path, file, why);
	close(fd);
	return error;
}

int ivp_param_file_take(const struct ivp_param *param, const char *name, uint8_t *bytes,
			size_t size, struct ivp_param_file *file, struct ivp_why *why)
{
	struct ivp_why part = {""};
	void *parsed = NULL;
	size_t needed;

	*file = (struct ivp_param_file){.name = strdup(name), .bytes = bytes, .size = size};
	if (!file->name)
		goto no_memory;
	if (!param->parse)
		return 0;
	needed = param->parse(bytes, size, NULL, &part);
	if (needed == 0) {
		ivp_why_set(why, "'%s': %s", name, part.text);
		ivp_param_file_finish(file);
		return -EINVAL;
	}
	parsed = aligned_alloc(64, ivp_align(needed, 64));
	if (!parsed)
		goto no_memory;
	memset(parsed, 0, needed);
	param->parse(bytes, size, parsed, NULL);
	file->parsed = parsed;
	return 0;
no_memory:
	ivp_param_file_finish(file);
	return fail(why, name, strerror(ENOMEM));
}

void ivp_param_file_finish(struct ivp_param_file *file)
{
	free((void *)file->name);
	free((void *)file->bytes);
	free((void *)file->parsed);
	*file = (struct ivp_param_file){0};
}
