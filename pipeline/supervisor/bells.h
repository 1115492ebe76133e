/* SPDX-License-Identifier: MIT */
/*
 * The doorbell servers of a pipeline, one for each link that wants one. They live in the
 * supervisor's loop: one descriptor says that there is something to serve. One thread per set.
 */
#ifndef IVP_SUPERVISOR_BELLS_H
#define IVP_SUPERVISOR_BELLS_H

#include "config/topology.h"
#include "doorbell/server.h"

struct ivp_link_bell {
	const struct ivp_link_conf *link;
	struct ivp_bell_server *server;
};

/* Start with {.ready = -1}: an empty set. */
struct ivp_bells {
	unsigned count;
	struct ivp_link_bell *list;
	int ready; /* readable when one is to be served; -1: count is 0 */
};

/* Does a run give this link a doorbell? Where a side is in a guest and neither forbids it, and
 * where a side takes nothing else. */
bool ivp_bells_wanted(const struct ivp_topology *topology, const struct ivp_link_conf *link);

/* Adds the server of a link; path NULL: at its usual place; listener: a socket that is there, or
 * -1. Errors as of ivp_bell_server_create; the set is as before then. */
int ivp_bells_add(struct ivp_bells *bells, const struct ivp_topology *topology,
		  const struct ivp_link_conf *link, const char *path, int listener,
		  struct ivp_why *why);

/* Starts the servers of all links that want one. Returns 0, or -errno with the reason, and none. */
int ivp_bells_create(struct ivp_bells *bells, const struct ivp_topology *topology,
		     struct ivp_why *why);
void ivp_bells_destroy(struct ivp_bells *bells);

/* Does what is to be done, without waiting. */
void ivp_bells_serve(const struct ivp_bells *bells);

/* The server of a link, or NULL. */
struct ivp_bell_server *ivp_bells_find(const struct ivp_bells *bells,
				       const struct ivp_link_conf *link);

#endif
