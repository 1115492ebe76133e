/* SPDX-License-Identifier: MIT */
/*
 * Making one and removing one may meet: who makes it creates the lock file and then locks it, and
 * begins anew if somebody was quicker to lock or to remove it.
 */
#include "supervisor/folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_PART "XXXXXX"
#define ATTEMPTS    100

static bool is_template(const char *path)
{
	const size_t length = strlen(path), part = strlen(RANDOM_PART);

	return length > part && strcmp(path + length - part, RANDOM_PART) == 0;
}

/* Removes the files of an open folder, the lock last. It has no folders in it. */
static void empty(int folder)
{
	const int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!entries && copy >= 0)
		close(copy);
	while (entries && (entry = readdir(entries)) != NULL)
		if (strcmp(entry->d_name, IVP_FOLDER_LOCK) != 0)
			unlinkat(folder, entry->d_name, 0);
	if (entries)
		closedir(entries);
	unlinkat(folder, IVP_FOLDER_LOCK, 0);
}

/* Has nobody the lock of this folder? Then all in it goes. Returns 0, -ENOENT if it has none. */
static int clear(int folder)
{
	const int lock = openat(folder, IVP_FOLDER_LOCK, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int error = lock < 0 ? -errno : 0;

	if (!error && flock(lock, LOCK_EX | LOCK_NB) < 0)
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!error)
		empty(folder);
	if (lock >= 0)
		close(lock);
	return error;
}

/* Removes what a dead run of this user left. One that died before it made its lock left the folder
 * empty, and no other folder without a lock can be removed. */
static int take_away(int parent, const char *name)
{
	const int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info = {.st_uid = (uid_t)-1};
	int error = folder < 0 || fstat(folder, &info) < 0 ? -errno : 0;

	if (!error && info.st_uid != geteuid())
		error = -EPERM;
	if (!error)
		error = clear(folder);
	if (folder >= 0)
		close(folder);
	if ((!error || error == -ENOENT) && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		error = -errno;
	else if (error == -ENOENT)
		error = 0;
	return error;
}

/* Could mkdtemp(3) have given this name for the template? */
static bool is_from(const char *name, const char *template)
{
	const size_t fixed = strlen(template) - strlen(RANDOM_PART);

	if (strncmp(name, template, fixed) != 0 || strlen(name) != strlen(template))
		return false;
	for (name += fixed; *name; name++)
		if (!isalnum((unsigned char)*name))
			return false;
	return true;
}

static unsigned sweep(const char *path)
{
	char parent[PATH_MAX], last[PATH_MAX];
	const char *template;
	struct dirent *entry;
	unsigned removed = 0;
	DIR *entries;

	snprintf(parent, sizeof(parent), "%s", path);
	snprintf(last, sizeof(last), "%s", path);
	template = basename(last);
	entries = opendir(dirname(parent));
	if (!entries)
		return 0;
	while ((entry = readdir(entries)) != NULL)
		if (is_from(entry->d_name, template))
			removed += take_away(dirfd(entries), entry->d_name) == 0;
	closedir(entries);
	return removed;
}

/* Returns a descriptor with the lock; -EAGAIN if somebody takes the folder for a dead one's. */
static int take_lock(const char *path)
{
	char file[PATH_MAX + sizeof(IVP_FOLDER_LOCK)];
	struct stat info;
	int lock;

	snprintf(file, sizeof(file), "%s/" IVP_FOLDER_LOCK, path);
	lock = open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &info) == 0 && info.st_nlink > 0)
		return lock;
	close(lock);
	return -EAGAIN;
}

/* Makes the folder once. */
static int make(char path[PATH_MAX], const char *wish, unsigned *removed)
{
	int error = 0;

	memcpy(path, wish, strlen(wish) + 1);
	if (is_template(wish)) {
		if (!mkdtemp(path))
			error = -errno;
	} else if (mkdir(path, 0700) < 0) {
		error = -errno;
		if (error == -EEXIST && take_away(AT_FDCWD, path) == 0) {
			++*removed;
			error = mkdir(path, 0700) < 0 ? -errno : 0;
		}
	}
	return error ? error : take_lock(path);
}

int ivp_folder_make(char path[PATH_MAX], unsigned *removed, struct ivp_why *why)
{
	char wish[PATH_MAX];
	int lock = -EAGAIN;

	snprintf(wish, sizeof(wish), "%s", path);
	*removed = is_template(wish) ? sweep(wish) : 0;
	for (int i = 0; lock == -EAGAIN && i < ATTEMPTS; i++)
		lock = make(path, wish, removed);
	if (lock < 0)
		ivp_why_set(why, "cannot make a folder for this run, %s: %s", wish,
			    strerror(-lock));
	return lock;
}

void ivp_folder_leave(const char *path, int lock, bool keep)
{
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (folder >= 0 && keep)
		unlinkat(folder, IVP_FOLDER_LOCK, 0);
	else if (folder >= 0)
		empty(folder);
	if (folder >= 0)
		close(folder);
	if (!keep)
		rmdir(path);
	close(lock);
}
