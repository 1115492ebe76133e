/* SPDX-License-Identifier: MIT */
/*
 * Files that appear whole or not at all: written under a hidden name in the folder where they
 * belong, synced, then renamed. Blocks for the file system only. Thread-safe on different files.
 */
#ifndef IVP_HOST_FILE_H
#define IVP_HOST_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* A file being written. A zeroed one is none. */
struct ivp_file {
	FILE *stream; /* for the caller to write to; he need not look at its errors */
	int folder;
	bool settled; /* complete, and without a stream */
	char name[NAME_MAX + 1];
	char hidden[NAME_MAX + 1]; /* ".NAME.part" */
};

/*
 * Begins the file name, without '/', in the folder, a descriptor that stays the caller's. What a
 * killed writer of the same name left is removed.
 * Returns 0, -ENAMETOOLONG, or the -errno of the system; on failure there is nothing to end.
 */
int ivp_file_begin(struct ivp_file *file, int folder, const char *name);
/*
 * Goes on with what a former writer of the same name left: the stream reads and writes, and stands
 * at the beginning. Returns 0, -ENOENT if nothing was left, or as ivp_file_begin.
 */
int ivp_file_resume(struct ivp_file *file, int folder, const char *name);
/* Ends it for now: what was written stays under the hidden name, for ivp_file_resume. */
void ivp_file_keep(struct ivp_file *file);
/*
 * The file is complete: it is on disk, under its hidden name, and only commit or abandon may follow.
 * Returns 0, or the -errno of any write or of what else failed; the file is then abandoned.
 */
int ivp_file_settle(struct ivp_file *file);
/*
 * Ends it: the file is complete and on disk, in the place of any earlier one. Returns as
 * ivp_file_settle, which it does first if that was not done.
 */
int ivp_file_commit(struct ivp_file *file);
/* Ends it: nothing remains. */
void ivp_file_abandon(struct ivp_file *file);

/* Writes all of it to an open descriptor. Returns 0 or -errno; then a part may be written. */
int ivp_file_write(int fd, const char *text, size_t bytes);

#endif
