/* SPDX-License-Identifier: MIT */
/*
 * All windows of a pipeline, on the host: created, formatted, watched, destroyed.
 * One thread at a time per set.
 */
#ifndef IVP_SUPERVISOR_WINDOWS_H
#define IVP_SUPERVISOR_WINDOWS_H

#include <stdbool.h>

#include "config/topology.h"
#include "transport/region.h"
#include "transport/window.h"

struct ivp_link_windows {
	const struct ivp_link_conf *link;
	struct ivp_layout layout;
	struct ivp_region data, credit; /* credit: not open if the link is shared */
	/* Live words, to be read with ivp_load_relaxed and the like; peers write them. */
	const struct ivp_wire_owner *producer, *consumer;
};

struct ivp_windows {
	unsigned count;
	struct ivp_link_windows *links; /* in the order of the topology's */
	unsigned replaced;              /* files of an earlier run that gave way */
};

/* Gives a random UUID to each link that has none. */
void ivp_windows_identify(struct ivp_topology *topology);

/* Bytes of all memory objects of the topology, but for those in reserved huge pages, which are not
 * a part of the memory that is free. Returns 0 or -errno with the reason. */
int ivp_windows_bytes(const struct ivp_topology *topology, uint64_t *bytes, struct ivp_why *why);

/*
 * Creates and formats the windows of all links, whose UUIDs must be there. With replace, files of
 * the same names that nobody holds are removed first, and counted; who holds one has 3 s to go.
 * Returns 0; -EBUSY if a file is held, -EEXIST if it is there and replace is false, or -errno,
 * with the reason; then nothing that it made is left.
 */
int ivp_windows_create(struct ivp_windows *windows, const struct ivp_topology *topology,
		       bool replace, struct ivp_why *why);

/* Unmaps all and frees the set; the files stay. A zeroed set is fine. */
void ivp_windows_close(struct ivp_windows *windows);

/* Closes all, then removes the files that nobody else holds. Returns 0 or, with the reason, the
 * -errno of the first that stays. */
int ivp_windows_destroy(struct ivp_windows *windows, struct ivp_why *why);

/* Of a link, or NULL. */
struct ivp_link_windows *ivp_windows_find(const struct ivp_windows *windows,
					  const struct ivp_link_conf *link);

#endif
