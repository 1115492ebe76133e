/* SPDX-License-Identifier: MIT */
/*
 * The names of a run's output files: each given once, and again the same after a restart. A run
 * is a stream up to its end. The names that it has given are kept in memory (16 bytes each) and
 * in a small hidden file in the output folder, so that a sink that is killed and comes back still
 * does not overwrite one frame's file with another's. One thread at a time on one object.
 */
#ifndef IVP_HOST_NAMES_H
#define IVP_HOST_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ivpipe/frame.h>

struct ivp_names {
	int folder;
	int ledger;              /* descriptor, or -1 */
	off_t bytes;             /* of whole lines in it */
	char last[NAME_MAX + 1]; /* given, but not noted for want of room; "" otherwise */
	bool last_taken;
	char file[NAME_MAX + 1]; /* of the ledger */
	struct ivp_name_entry *entries;
	size_t capacity, used;
	uint64_t seed;
};

/*
 * Begins, or goes on with the run that this folder's ledger tells of, if it is of the same link:
 * link is its name, epoch its creation; position is that of the first frame to come. folder
 * stays the caller's, who keeps it open.
 * Returns 0, -ENOMEM, or the -errno of the system with a reason.
 */
int ivp_names_open(struct ivp_names *names, int folder, const char *link, uint64_t epoch,
		   uint64_t position, struct ivp_why *why);
/*
 * Gives the frame at position the name stem + suffix, or stem-2 + suffix, -3 and so on if others
 * of this run have that; *taken says so. Positions only grow.
 * Returns 0, -ENAMETOOLONG, -ENOMEM, or the -errno of writing the ledger: asked again, it gives
 * the same name.
 */
int ivp_names_give(struct ivp_names *names, const char *stem, const char *suffix, uint64_t position,
		   char name[NAME_MAX + 1], bool *taken);
/* Ends; complete: the run is over, the ledger goes. A zeroed one is fine. */
void ivp_names_close(struct ivp_names *names, bool complete);

#endif
