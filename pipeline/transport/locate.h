/* SPDX-License-Identifier: MIT */
/*
 * Finds the windows of a link: among the ivshmem PCI devices of a guest or the files of a host, in
 * /dev/shm and where huge pages are mounted, or at a place that the configuration names. What was found is verified by its
 * header (link name, UUID, kind, consumer) whatever way it was found.
 * Not thread-safe on one endpoint; blocks only for the system calls of opening and mapping.
 */
#ifndef IVP_TRANSPORT_LOCATE_H
#define IVP_TRANSPORT_LOCATE_H

#include "transport/probe.h"
#include "transport/region.h"

struct ivp_window_query {
	const char *pipeline; /* name, or NULL if not known */
	const char *link;
	const uint8_t *uuid; /* NULL: any */
	unsigned kind;       /* IVP_WINDOW_* */
	unsigned consumer;
	bool writable;
	const char *where; /* "auto", NULL, "pci:...", "label:...", "file:...", "shm:..." */
	struct ivp_memory_use memory; /* how to map it */
};

/* Where the kernel lists PCI devices; tests put a folder of their own here. */
extern const char *ivp_locate_pci_folder;
/* What measures the windows of devices: ivp_probe, but in tests. */
extern void (*ivp_locate_probe)(void *page, bool write, struct ivp_speeds *speeds);

/* Is this folder below ivp_locate_pci_folder an ivshmem device? */
bool ivp_locate_is_ivshmem(const char *device);
/* The first word of a small file in a device's folder; empty if there is none. */
void ivp_locate_read_word(const char *folder, const char *name, char *text, size_t bytes);

/* A window in memory: inside *region, which the caller closes. */
struct ivp_window {
	struct ivp_region region;
	uint8_t *base;
	size_t bytes;
	double slow; /* GB/s at which it is read, if it is device memory that is not cached; or 0 */
};

/*
 * Returns 0; -ENOENT if there is no such window (yet), with what was seen instead;
 * -ENOTUNIQ if more than one would do; -EPROTONOSUPPORT, -EBADMSG for one that must not be
 * used; -EACCES and other -errno from the system.
 */
int ivp_window_locate(const struct ivp_window_query *query, struct ivp_window *window,
		      struct ivp_why *why);
void ivp_window_close(struct ivp_window *window);

#endif
