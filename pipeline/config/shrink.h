/* SPDX-License-Identifier: MIT */
/*
 * JPEG images that are decoded to a half, a quarter or an eighth of their sides, because the
 * filter that they meet first shrinks them anyway. Pure functions of a constant topology.
 */
#ifndef IVP_CONFIG_SHRINK_H
#define IVP_CONFIG_SHRINK_H

#include "config/topology.h"

/* The first filter behind this link, or NULL. */
const struct ivp_filter_conf *ivp_shrink_filter(const struct ivp_topology *topology,
						const struct ivp_link_conf *link);

/*
 * By how much images of this shape may be shrunk before this filter: 1, 2, 4 or 8. More than 1
 * only if it is a resize whose result has the same shape then, and which still has to shrink them
 * by two or more, as libvips and Pillow leave it to theirs; not with linear light, as a decoder
 * shrinks stored values.
 */
unsigned ivp_shrink_choose(const struct ivp_filter_conf *first, const struct ivp_shape *shape);

/* What jpeg-shrink says: 1, 2, 4, 8; 0: auto. */
unsigned ivp_shrink_factor(const struct ivp_feeder_conf *feeder);

/* For a whole chain: warns of a jpeg-shrink that does nothing, or is more than what follows. */
void ivp_check_shrink(const struct ivp_topology *topology, struct ivp_diag *diag);

#endif
