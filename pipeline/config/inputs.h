/* SPDX-License-Identifier: MIT */
/*
 * The image files that a feeder is asked for: words (files, folders, patterns) become a list of
 * files, and files become bytes in private memory. Blocks for the file system only. Thread-safe
 * on different objects.
 */
#ifndef IVP_HOST_INPUTS_H
#define IVP_HOST_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#include <ivpipe/frame.h>

struct ivp_inputs {
	char **paths; /* as the user would write them, each once */
	size_t count;
};

/*
 * Expands words in their order. A file is taken whatever its name; a folder gives the regular
 * files in it whose names end like an image's and do not begin with a dot, in byte order of the
 * names, without its sub-folders; a pattern (glob(7)) gives what matches it, in byte order, each
 * match like a word. A word that exists is never a pattern. A file that is met again, also by
 * another spelling of its folder, is left out.
 * Returns 0; -ENOENT if a word gives no file, -EINVAL if it is neither file nor folder, or the
 * -errno of looking, each with a reason that names the word. inputs is then empty.
 */
int ivp_inputs_collect(const char *const *words, size_t count, struct ivp_inputs *inputs,
		       struct ivp_why *why);
void ivp_inputs_finish(struct ivp_inputs *inputs); /* frees; a zeroed one is fine */

/* A file in memory. Zeroed at first; reading into it again uses the same memory if it suffices. */
struct ivp_input_file {
	uint8_t *data;
	size_t bytes;
	size_t capacity;
};

/*
 * Reads the regular file at path; never blocks on a FIFO or device.
 * Returns 0; -E2BIG if it is longer than max_bytes, -EINVAL if it is no regular file, -ENOMEM,
 * or the -errno of the system, each with a reason that names the file.
 */
int ivp_input_read(const char *path, uint64_t max_bytes, struct ivp_input_file *file,
		   struct ivp_why *why);
void ivp_input_file_finish(struct ivp_input_file *file); /* frees; a zeroed one is fine */

#endif
