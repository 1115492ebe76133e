/* SPDX-License-Identifier: MIT */
#include "transport/owner.h"

#include <errno.h>

int ivp_owner_check(const struct ivp_wire_owner *own, uint64_t position, uint32_t generation,
		    const char *link, struct ivp_why *why)
{
	if (ivp_load_relaxed(&own->position) == position &&
	    ivp_load32_relaxed(&own->generation) == generation)
		return 0;
	ivp_why_set(why,
		    "link '%s': our own window is at position %llu of generation %u, we are at "
		    "%llu of %u: set back to an earlier state, or another program writes there",
		    link, (unsigned long long)ivp_load_relaxed(&own->position),
		    ivp_load32_relaxed(&own->generation), (unsigned long long)position, generation);
	return -ESTALE;
}
