/* SPDX-License-Identifier: MIT */
/*
 * The feeder's rejects, kept where they survive the feeder: one line of text each, written before
 * the next frame is committed. One thread at a time on one object.
 */
#ifndef IVP_HOST_REJECTS_H
#define IVP_HOST_REJECTS_H

#include <stddef.h>
#include <stdint.h>

#include <ivpipe/frame.h>

/* Told of each reject of earlier lives, by rising input. Returns 0, or -errno to end. */
typedef int ivp_rejects_take(void *context, size_t input, const char *reason);

/*
 * Opens the file at path, or makes it. If it is of the same link, epoch being its creation, take
 * is called for the inputs before first; all others are forgotten, as those will be looked at
 * again. Returns a descriptor, which the caller closes, or -errno with a reason that names the file.
 */
int ivp_rejects_open(const char *path, uint64_t epoch, size_t first, ivp_rejects_take *take,
		     void *context, struct ivp_why *why);
/* Adds one. Returns 0 or -errno. */
int ivp_rejects_add(int fd, size_t input, const char *reason);

#endif
