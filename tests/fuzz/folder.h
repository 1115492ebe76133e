/* SPDX-License-Identifier: MIT */
/* A folder for the files of a target, which goes away with the program. */
#ifndef IVP_TESTS_FUZZ_FOLDER_H
#define IVP_TESTS_FUZZ_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static char fuzz_folder[256];
static pid_t fuzz_folder_owner;

/* Removes the files and empty folders in folder/name, after visit has seen each. */
static inline void empty_folder(const char *name, void (*visit)(const char *name))
{
	char path[512];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder, name);
	folder = opendir(path);
	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			if (visit)
				visit(entry->d_name);
			if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
				(void)unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
		}
	closedir(folder);
}

static inline void remove_folder(void)
{
	if (getpid() != fuzz_folder_owner)
		return;
	empty_folder("out", NULL);
	empty_folder("", NULL);
	(void)rmdir(fuzz_folder);
}

/* Once for all inputs. */
static inline void make_folder(void)
{
	const char *base = getenv("TMPDIR");

	if (fuzz_folder[0])
		return;
	snprintf(fuzz_folder, sizeof(fuzz_folder), "%s/ivpipe-fuzz-XXXXXX", base ? base : "/tmp");
	CHECK(mkdtemp(fuzz_folder));
	fuzz_folder_owner = getpid();
	CHECK(atexit(remove_folder) == 0);
}

#endif
