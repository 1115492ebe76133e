/* SPDX-License-Identifier: MIT */
/*
 * PCI devices of a guest and their drivers, through sysfs; device is a folder below
 * ivp_locate_pci_folder. Thread-safe, but for two that bind one device.
 */
#ifndef IVP_TRANSPORT_PCI_H
#define IVP_TRANSPORT_PCI_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define IVP_PCI_UIO  "ivpipe_uio"
#define IVP_PCI_VFIO "vfio-pci"

/* An ivshmem device that can interrupt has a second BAR, for its MSI-X table; one that only
 * shares memory has none. */
bool ivp_pci_is_doorbell(const char *device);

/* Switches its memory on, if it is off and no driver cares for that; takes that back.
 * Return 0 or -errno. */
int ivp_pci_enable(const char *device);
int ivp_pci_disable(const char *device);

/* The driver that has it; "" if none has. */
void ivp_pci_driver(const char *device, char *name, size_t bytes);

/* Is this driver in the kernel? */
bool ivp_pci_has_driver(const char *driver);

/* Gives a device that no driver has to this one. Returns 0; -EBUSY if another one has it;
 * -ENOENT without that driver; -ENODEV if it would not take it; or -errno. */
int ivp_pci_bind(const char *device, const char *driver);

/*
 * Of a device that ivpipe_uio has: its character device, and where in it the BAR is to be mapped
 * (0: BAR 0, 1: BAR 2), how long it is and where it begins in its first page.
 * Returns 0 or -errno.
 */
struct ivp_pci_map {
	char path[64];
	size_t offset, bytes, begin;
};
int ivp_pci_uio_map(const char *device, unsigned number, struct ivp_pci_map *map);

#endif
