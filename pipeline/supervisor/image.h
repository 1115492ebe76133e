/* SPDX-License-Identifier: MIT */
/*
 * The initial root file systems of guests: one image with the program, the same for all stages,
 * and a small archive per stage with its configuration, put behind it.
 * Not thread-safe on one output file.
 */
#ifndef IVP_SUPERVISOR_IMAGE_H
#define IVP_SUPERVISOR_IMAGE_H

#include <stddef.h>

#include <ivpipe/frame.h>

/* Where a guest finds its stage's configuration; also known to guest/init.h. */
#define IVP_IMAGE_CONF "stage.conf" /* in /etc/ivpipe */

/* A file in /etc/ivpipe. */
struct ivp_image_file {
	const char *name;
	const void *bytes;
	size_t size;
};

/*
 * Writes the image to output: /init, a copy of the program init, and the folders and the console
 * that it needs. Replaces output at the end, in one step. Returns 0 or -errno with the reason.
 */
int ivp_image_create(const char *init, const char *output, struct ivp_why *why);

/*
 * Writes image, and behind it an archive with the files, to the new file output. Returns 0 or
 * -errno with the reason.
 */
int ivp_image_add_files(const char *image, const struct ivp_image_file *files, unsigned count,
			const char *output, struct ivp_why *why);

#endif
