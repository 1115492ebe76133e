/* SPDX-License-Identifier: MIT */
/*
 * The ivshmem-doorbell device of a link, in a guest (QEMU's docs/specs/ivshmem-spec): BAR 0 has
 * our number and the register that rings, BAR 2 is the server's page. Its driver is the one that
 * has it already, or else vfio-pci, or else ivpipe_uio; without any, rings go out and none comes
 * in.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transport/bell-backend.h"
#include "transport/locate.h"
#include "transport/pci.h"

#define IV_POSITION 8  /* our number; negative until the server has answered */
#define DOORBELL    12 /* peer << 16 | vector */

static void *map_page(const char *path, int protection, off_t offset)
{
	int fd = open(path, (protection & PROT_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	void *base;

	if (fd < 0)
		return NULL;
	base = mmap(NULL, IVP_PAGE, protection, MAP_SHARED, fd, offset);
	close(fd);
	return base == MAP_FAILED ? NULL : base;
}

/* Is it the doorbell of this link? As ivp_bell_read_page. */
static int inspect(const char *device, const struct ivp_bell_query *query,
		   struct ivp_wire_bell *copy, struct ivp_why *why)
{
	char path[PATH_MAX];
	void *page;
	int error;

	if (!ivp_locate_is_ivshmem(device) || !ivp_pci_is_doorbell(device))
		return -ENOENT;
	error = ivp_pci_enable(device);
	snprintf(path, sizeof(path), "%s/resource2", device);
	page = error ? NULL : map_page(path, PROT_READ, 0);
	if (!page) {
		ivp_why_set(why, "pci %s: its page cannot be mapped: root may do that",
			    strrchr(device, '/') + 1);
		return error ? error : -EACCES;
	}
	error = ivp_bell_read_page(page, query, copy, why);
	munmap(page, IVP_PAGE);
	return error;
}

/* Where BAR 0 begins in its page: the kernel lists a resource a line, its start first. */
static unsigned begin_of_bar0(const char *device)
{
	char word[32];

	ivp_locate_read_word(device, "resource", word, sizeof(word));
	return (unsigned)(strtoull(word, NULL, 0) % IVP_PAGE);
}

static int map_registers(struct ivp_bell *bell, const char *device, struct ivp_why *why)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/resource0", device);
	bell->registers = map_page(path, PROT_READ | PROT_WRITE, 0);
	bell->register_offset = begin_of_bar0(device);
	bell->how = "no interrupts";
	if (bell->registers)
		return 0;
	ivp_why_set(why, "pci %s: its registers cannot be mapped: root may do that",
		    strrchr(device, '/') + 1);
	return -EACCES;
}

static int open_uio(struct ivp_bell *bell, const char *device, struct ivp_why *why)
{
	struct ivp_pci_map map;
	int error = ivp_pci_uio_map(device, 0, &map);

	if (error) {
		ivp_why_set(why, IVP_PCI_UIO " does not say where its device is: %s",
			    strerror(-error));
		return error;
	}
	bell->wait_fd = open(map.path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	bell->registers = map_page(map.path, PROT_READ | PROT_WRITE, (off_t)map.offset);
	bell->register_offset = (unsigned)map.begin;
	bell->how = IVP_PCI_UIO;
	bell->event_bytes = sizeof(uint32_t);
	if (bell->wait_fd >= 0 && bell->registers)
		return 0;
	error = -errno;
	ivp_why_set(why, "%s: %s", map.path, strerror(-error));
	if (bell->wait_fd >= 0)
		close(bell->wait_fd);
	if (bell->registers)
		munmap(bell->registers, IVP_PAGE);
	bell->wait_fd = -1;
	bell->registers = NULL;
	return error;
}

static bool allows(enum ivp_wake wake, enum ivp_wake driver)
{
	return wake == IVP_WAKE_AUTO || wake == IVP_WAKE_DOORBELL || wake == driver;
}

static bool has_iommu(const char *device)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/iommu_group", device);
	return access(path, F_OK) == 0;
}

/* Interrupts by the one driver. Returns 0, or -errno with why not and what to do. */
static int try_vfio(struct ivp_bell *bell, const char *device, unsigned vector, struct ivp_why *why)
{
	int error;

	if (!has_iommu(device)) {
		ivp_why_set(why, "vfio-pci needs an IOMMU: give QEMU -device "
				 "intel-iommu,intremap=on, before the other devices");
		return -ENODEV;
	}
	error = ivp_pci_bind(device, IVP_PCI_VFIO);
	if (!error)
		return ivp_bell_open_vfio(bell, device, vector, why);
	if (error == -ENOENT)
		ivp_why_set(why, "vfio-pci is not in the kernel: modprobe vfio-pci");
	else
		ivp_why_set(why, "vfio-pci does not take pci %s: %s", strrchr(device, '/') + 1,
			    error == -EBUSY ? "another driver has it" : strerror(-error));
	return error;
}

static int try_uio(struct ivp_bell *bell, const char *device, struct ivp_why *why)
{
	int error = ivp_pci_bind(device, IVP_PCI_UIO);

	if (!error)
		return open_uio(bell, device, why);
	if (error == -ENOENT)
		ivp_why_set(why, IVP_PCI_UIO " is not in the kernel: build it for this kernel "
					     "(guest-module/README.md), and modprobe it");
	else
		ivp_why_set(why, IVP_PCI_UIO " does not take pci %s: %s", strrchr(device, '/') + 1,
			    error == -EBUSY ? "another driver has it" : strerror(-error));
	return error;
}

static int open_found(struct ivp_bell *bell, const char *device, const struct ivp_bell_query *query,
		      struct ivp_why *why)
{
	struct ivp_why vfio = {""}, uio = {""};
	int error = -ENODEV;

	if (allows(query->wake, IVP_WAKE_VFIO))
		error = try_vfio(bell, device, query->vector, &vfio);
	if (error && allows(query->wake, IVP_WAKE_UIO))
		error = try_uio(bell, device, &uio);
	if (!error)
		return 0;
	ivp_why_set(why, "%s%s%s", vfio.text, vfio.text[0] && uio.text[0] ? "; " : "", uio.text);
	if (query->wake != IVP_WAKE_AUTO)
		return error;
	return map_registers(bell, device, why);
}

static int read_own(struct ivp_bell *bell, struct ivp_why *why)
{
	uint32_t own = UINT32_MAX;

	if (bell->registers)
		own = __atomic_load_n(
		    (uint32_t *)((uint8_t *)bell->registers + bell->register_offset + IV_POSITION),
		    __ATOMIC_RELAXED);
	else if (ivp_bell_vfio_read(bell, IV_POSITION, &own) < 0)
		own = UINT32_MAX;
	bell->own = own;
	if (own <= UINT16_MAX)
		return 0;
	ivp_why_set(why, "the device has no number: its server has not answered QEMU");
	return -EPROTO;
}

int ivp_bell_find_device(struct ivp_bell *bell, const struct ivp_bell_query *query,
			 struct ivp_why *why)
{
	char pattern[PATH_MAX];
	struct ivp_wire_bell page = {0};
	int error = -ENOENT;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", ivp_locate_pci_folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		return -ENOENT;
	for (size_t i = 0; error == -ENOENT && i < found.gl_pathc; i++) {
		struct ivp_why part = {""};
		int result = inspect(found.gl_pathv[i], query, &page, &part);

		/* A device whose page is no doorbell's may be anybody's. */
		if (result == -ENOENT || result == -ENOMSG)
			continue;
		if (result)
			ivp_why_set(why, "%s", part.text);
		error = result ? result : open_found(bell, found.gl_pathv[i], query, why);
		if (!error)
			error = read_own(bell, why);
		bell->vectors = page.vectors;
		bell->server = page.server;
	}
	globfree(&found);
	return error;
}

void ivp_bell_ring_device(struct ivp_bell *bell, uint32_t peer, unsigned vector)
{
	const uint32_t value = peer << 16 | vector;

	if (bell->registers)
		__atomic_store_n(
		    (uint32_t *)((uint8_t *)bell->registers + bell->register_offset + DOORBELL),
		    value, __ATOMIC_RELAXED);
	else
		(void)ivp_bell_vfio_write(bell, DOORBELL, value);
}
