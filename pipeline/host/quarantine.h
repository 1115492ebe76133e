/* SPDX-License-Identifier: MIT */
/*
 * The originals of frames that ended their stage too often, in the folder quarantine/ of the
 * output, with a line in its reasons.txt for each. One thread at a time per folder.
 */
#ifndef IVP_HOST_QUARANTINE_H
#define IVP_HOST_QUARANTINE_H

#include <ivpipe/frame.h>

/* Where originals are: words for ivp_inputs_collect, as the feeder was given them. */
struct ivp_originals {
	const char *const *words;
	size_t count;
	uint64_t max_bytes; /* of a file, as the feeder's */
};

/*
 * Copies input number id to quarantine/ in the folder, and adds the line "ID NAME: REASON". Done
 * twice, as after a kill, it is as if done once. A name that another frame's original has gets
 * the id in front.
 * Returns 0 or -errno with a reason.
 */
int ivp_quarantine_keep(int folder, const struct ivp_originals *originals, uint64_t id,
			const char *reason, struct ivp_why *why);

#endif
