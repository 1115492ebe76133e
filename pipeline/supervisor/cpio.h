/* SPDX-License-Identifier: MIT */
/*
 * Writes "newc" cpio archives: what a Linux kernel unpacks as its first root file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Archives may be put one behind
 * the other; a later one adds to, and overwrites, what the earlier ones hold.
 * One thread at a time per archive.
 */
#ifndef IVP_SUPERVISOR_CPIO_H
#define IVP_SUPERVISOR_CPIO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Start with {.to = stream}. The stream stays the caller's, as does the look at ferror. */
struct ivp_cpio {
	FILE *to;
	uint32_t entries; /* so far: their inode numbers */
	uint64_t bytes;   /* so far */
};

/*
 * Each writes one entry and returns 0, or -errno of writing. name is relative, without a leading
 * slash; the folders it lies in must come first. permissions are the lower 12 bits of a mode.
 * Owner and group are root, times are 0: the same input makes the same archive.
 */
int ivp_cpio_folder(struct ivp_cpio *cpio, const char *name, unsigned permissions);
/* Returns -EFBIG for 4 GiB or more, which the format cannot hold. */
int ivp_cpio_file(struct ivp_cpio *cpio, const char *name, unsigned permissions, const void *data,
		  size_t bytes);
int ivp_cpio_device(struct ivp_cpio *cpio, const char *name, unsigned permissions, unsigned major,
		    unsigned minor);
/* Writes the entry that ends the archive, and zeros up to a multiple of 512 bytes. */
int ivp_cpio_finish(struct ivp_cpio *cpio);

#endif
