/* SPDX-License-Identifier: MIT */
/* What the parts of a doorbell share. Internal to bell*.c. */
#ifndef IVP_TRANSPORT_BELL_BACKEND_H
#define IVP_TRANSPORT_BELL_BACKEND_H

#include "transport/bell.h"

/* Reads a doorbell page once. Returns 0 and the copy; -ENOMSG if it is none of ours,
 * -EPROTONOSUPPORT of another version, -ENOENT another link's. */
int ivp_bell_read_page(const void *page, const struct ivp_bell_query *query,
		       struct ivp_wire_bell *copy, struct ivp_why *why);

/* Joins the server that listens at path. Errors as of ivp_bell_open. */
int ivp_bell_connect(struct ivp_bell *bell, const char *path, const struct ivp_bell_query *query,
		     struct ivp_why *why);
/* The same over a socket that is connected, which becomes the bell's; text is of what went wrong
 * only if the page is to blame. */
int ivp_bell_greet(struct ivp_bell *bell, int socket, const struct ivp_bell_query *query,
		   struct ivp_why *why);
/* Takes what the server has sent, without waiting. */
void ivp_bell_take_news(struct ivp_bell *bell);
void ivp_bell_ring_client(struct ivp_bell *bell, uint32_t peer, unsigned vector);

/* Finds the device among those of sysfs. Errors as of ivp_bell_open. */
int ivp_bell_find_device(struct ivp_bell *bell, const struct ivp_bell_query *query,
			 struct ivp_why *why);
void ivp_bell_ring_device(struct ivp_bell *bell, uint32_t peer, unsigned vector);

/* Opens a PCI device, bound to vfio-pci, for interrupts on one vector. Returns 0 or -errno with
 * the reason. */
int ivp_bell_open_vfio(struct ivp_bell *bell, const char *device, unsigned vector,
		       struct ivp_why *why);
/* A register of BAR 0 through vfio. */
int ivp_bell_vfio_read(const struct ivp_bell *bell, unsigned offset, uint32_t *value);
int ivp_bell_vfio_write(const struct ivp_bell *bell, unsigned offset, uint32_t value);

#endif
