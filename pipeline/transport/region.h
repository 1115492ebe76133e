/* SPDX-License-Identifier: MIT */
/*
 * Regions: memory objects mapped into this process. A region that is open holds a shared flock
 * on its file, so that destroy and re-creation can tell whether anybody is left.
 * Not thread-safe on one region; different regions are independent.
 */
#ifndef IVP_TRANSPORT_REGION_H
#define IVP_TRANSPORT_REGION_H

#include <stdbool.h>
#include <sys/types.h>

#include <ivpipe/frame.h>
#include "transport/hugepages.h"
#include "transport/memory.h"

struct ivp_region {
	uint8_t *base; /* NULL: not mapped */
	size_t bytes;
	int fd;
	bool writable;
	char source[192]; /* where it is, for messages: a path or "pci 0000:00:10.0" */
};

/*
 * Creates the file (it must not exist), sets owner ("user:group", "user", ":group" or NULL) and
 * mode, sizes it, allocates every page, maps it writable. Nothing is left behind on failure.
 * Returns 0 or -errno with the reason: -EEXIST, -ENOSPC when memory does not suffice, -EACCES...
 */
int ivp_region_create(const char *path, size_t bytes, mode_t mode, const char *owner,
		      struct ivp_region *region, struct ivp_why *why);
/* The same, with a say in what memory it is. Huge pages: path is in a file system of theirs, and
 * bytes a multiple of their size. */
int ivp_region_create_as(const char *path, size_t bytes, mode_t mode, const char *owner,
			 const struct ivp_memory_use *use, struct ivp_region *region,
			 struct ivp_why *why);
/*
 * Maps an existing regular file whole, populated; refuses symbolic links.
 * Returns 0 or -errno with the reason.
 */
int ivp_region_open(const char *path, bool writable, struct ivp_region *region,
		    struct ivp_why *why);
/* The same, with a say; use NULL: for a look at it, with nothing populated. */
int ivp_region_open_as(const char *path, bool writable, const struct ivp_memory_use *use,
		       struct ivp_region *region, struct ivp_why *why);
/* The same for a part of a character device, whose size its driver says elsewhere. */
int ivp_region_open_device(const char *path, size_t offset, size_t bytes, bool writable,
			   const struct ivp_memory_use *use, struct ivp_region *region,
			   struct ivp_why *why);
/* Unmaps and closes; the file stays. A zeroed or closed region is fine. */
void ivp_region_close(struct ivp_region *region);
/* "user:group", "user" or ":group" as numbers; what is not named is (unsigned)-1. Returns 0 or
 * -ENOENT with the reason. */
int ivp_region_parse_owner(const char *owner, unsigned *uid, unsigned *gid, struct ivp_why *why);
/* Unlinks path if nobody has it open as a region. Returns 0, -EBUSY, -ENOENT or -errno. */
int ivp_region_destroy(const char *path, struct ivp_why *why);

#define IVP_REGION_FOLDER  "/dev/shm"
#define IVP_REGION_FOLDERS (1 + IVP_MOST_HUGETLB)

/* Where regions may be: IVP_REGION_FOLDER first, then the file systems of huge pages. Returns
 * their number. */
unsigned ivp_region_folders(char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES]);

/* "FOLDER/ivpipe.PIPELINE.LINK.data" or ".credit0"; shared isolation has only ".data".
 * Returns the length, or -ENAMETOOLONG. */
int ivp_region_path(char *path, size_t bytes, const char *folder, const char *pipeline,
		    const char *link, unsigned kind, unsigned consumer);

#endif
