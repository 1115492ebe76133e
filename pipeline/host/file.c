/* SPDX-License-Identifier: MIT */
/*
 * The hidden name follows from the name, so that a restarted writer finds and removes what its
 * former life left. Renaming within a folder is atomic (rename(2)); it follows the sync, so that
 * a machine that goes down never shows an empty file under the final name.
 */
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_names(struct ivp_file *file, int folder, const char *name)
{
	int n;

	*file = (struct ivp_file){.folder = folder};
	n = snprintf(file->hidden, sizeof(file->hidden), ".%s.part", name);
	if (n < 0 || (size_t)n >= sizeof(file->hidden))
		return -ENAMETOOLONG;
	snprintf(file->name, sizeof(file->name), "%s", name);
	return 0;
}

int ivp_file_begin(struct ivp_file *file, int folder, const char *name)
{
	int fd, error = set_names(file, folder, name);

	if (error)
		return error;
	if (unlinkat(folder, file->hidden, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(folder, file->hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0666);
	if (fd < 0)
		return -errno;
	file->stream = fdopen(fd, "wb");
	if (!file->stream) {
		error = -errno;
		close(fd);
		unlinkat(folder, file->hidden, 0);
		return error;
	}
	return 0;
}

int ivp_file_resume(struct ivp_file *file, int folder, const char *name)
{
	int fd, error = set_names(file, folder, name);
	struct stat info;

	if (error)
		return error;
	/* O_NONBLOCK: a FIFO in the place of the file must not stop us. */
	fd = openat(folder, file->hidden, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* A link to a file of somebody else's is not what we left. */
	if (fstat(fd, &info) < 0)
		error = -errno;
	else if (!S_ISREG(info.st_mode) || info.st_nlink != 1)
		error = -EEXIST;
	file->stream = error ? NULL : fdopen(fd, "r+b");
	if (file->stream)
		return 0;
	error = error ? error : -errno;
	close(fd);
	return error;
}

void ivp_file_keep(struct ivp_file *file)
{
	if (file->stream)
		fclose(file->stream);
	*file = (struct ivp_file){0};
}

/* stdio keeps only a flag of an early error: ENOSPC and its like are told by errno if the last
 * write failed, and are an I/O error otherwise. */
static int finish_stream(FILE *stream)
{
	int error = 0;

	errno = 0;
	if (fflush(stream) != 0 || ferror(stream))
		error = errno ? -errno : -EIO;
	if (!error && fsync(fileno(stream)) < 0)
		error = -errno;
	if (fclose(stream) != 0 && !error)
		error = -errno;
	return error;
}

int ivp_file_settle(struct ivp_file *file)
{
	const int error = finish_stream(file->stream);

	file->stream = NULL;
	file->settled = true;
	if (error)
		ivp_file_abandon(file);
	return error;
}

int ivp_file_commit(struct ivp_file *file)
{
	int error = file->settled ? 0 : ivp_file_settle(file);

	if (error)
		return error;
	if (renameat(file->folder, file->hidden, file->folder, file->name) < 0) {
		error = -errno;
		ivp_file_abandon(file);
	}
	*file = (struct ivp_file){0};
	return error;
}

void ivp_file_abandon(struct ivp_file *file)
{
	if (file->stream)
		fclose(file->stream);
	if (file->stream || file->settled)
		unlinkat(file->folder, file->hidden, 0);
	*file = (struct ivp_file){0};
}

int ivp_file_write(int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		const ssize_t n = write(fd, text, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		bytes -= (size_t)n;
	}
	return 0;
}
