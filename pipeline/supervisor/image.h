/* SPDX-License-Identifier: MIT */
/*
 * The initial root file systems of guests: one image with the program, the same for all stages,
 * and a small archive per stage with its configuration, put behind it.
 * Not thread-safe on one output file.
 */
#ifndef IVP_SUPERVISOR_IMAGE_H
#define IVP_SUPERVISOR_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <ivpipe/frame.h>

/* Where a guest finds its stage's configuration; also known to guest/init.h. */
#define IVP_IMAGE_CONF "stage.conf" /* in /etc/ivpipe */
/* And its kernel modules, N-NAME.ko, to be loaded in the order of N. */
#define IVP_IMAGE_MODULES "lib/ivpipe"

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

/* Kernel modules for doorbells, from a folder that has them as NAME.ko. */
struct ivp_image_modules {
	const char *folder;
	bool vfio; /* vfio-pci and what it needs */
	bool uio;  /* ivpipe_uio and what it needs */
};

/* Are they all there? */
bool ivp_image_has_modules(const struct ivp_image_modules *modules);

/*
 * Writes image, and behind it an archive with the files and the modules, these in the order of
 * their loading, to the new file output. modules may be NULL. Returns 0 or -errno with the reason.
 */
int ivp_image_add_files(const char *image, const struct ivp_image_file *files, unsigned count,
			const struct ivp_image_modules *modules, const char *output,
			struct ivp_why *why);

#endif
