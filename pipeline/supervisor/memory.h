/* SPDX-License-Identifier: MIT */
/* The memory that links ask for, and what this machine has of it. One thread at a time. */
#ifndef IVP_SUPERVISOR_MEMORY_H
#define IVP_SUPERVISOR_MEMORY_H

#include "base/diag.h"
#include "config/topology.h"

/*
 * Decides for each link: a memory that is auto becomes what is to be had; links with huge pages
 * get folder and page_bytes. Reserves nothing. What is asked for and not to be had is an error in
 * diag, with the cure; the link is then placed as if it were there.
 * Returns 0, or of the first error -ENODEV (no such thing here), -ENOMEM (not enough of it), -EACCES
 * or -EPERM (not for this user).
 */
int ivp_memory_place(struct ivp_topology *topology, struct ivp_diag *diag);

/* "huge pages of 2.0 MiB, at /dev/hugepages", and the like; "" for memory like any other. */
char *ivp_memory_describe(const struct ivp_link_conf *link, char text[192]);

#endif
