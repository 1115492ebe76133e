/* SPDX-License-Identifier: MIT */
/*
 * The folder of a run: what the children read, and their reports. A lock on a file in it lasts as
 * long as its supervisor lives, so a folder whose lock is free is one that a dead one has left;
 * nothing else is ever taken away. Thread-safe on different folders.
 */
#ifndef IVP_SUPERVISOR_FOLDER_H
#define IVP_SUPERVISOR_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include <ivpipe/frame.h>

#define IVP_FOLDER_LOCK ".ivpipe-run"

/*
 * Makes the folder path, or, if path ends in XXXXXX, one of a new name, which replaces path. What
 * dead runs have left at this place, or at names that this template could have given, is removed
 * before; *removed counts them.
 * Returns the descriptor that holds the folder's lock, or -errno with the reason; -EEXIST and
 * -EBUSY if something else, or a living run, is there.
 */
int ivp_folder_make(char path[PATH_MAX], unsigned *removed, struct ivp_why *why);

/* Leaves the folder: removed with all its files, or kept, and then no longer known as a run's. */
void ivp_folder_leave(const char *path, int lock, bool keep);

#endif
