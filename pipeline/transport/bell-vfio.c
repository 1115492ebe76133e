/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a PCI device by vfio-pci (the kernel's Documentation/driver-api/vfio.rst): an
 * eventfd for each vector. Needs an IOMMU, which QEMU emulates (-device intel-iommu,intremap=on);
 * no memory is handed to the device, which reaches none by itself.
 */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "transport/bell-backend.h"
#include "transport/pci.h"

enum { CONTAINER, GROUP, DEVICE };

static int fail(struct ivp_why *why, const char *what)
{
	int error = -errno;

	ivp_why_set(why, "vfio: %s: %s", what, strerror(-error));
	return error;
}

static int open_group(struct ivp_bell *bell, const char *device, struct ivp_why *why)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	char link[PATH_MAX], target[PATH_MAX], path[64];
	ssize_t length;

	snprintf(link, sizeof(link), "%s/iommu_group", device);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return fail(why, "the device has no IOMMU group");
	target[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.40s", strrchr(target, '/') + 1);
	bell->vfio_fds[GROUP] = open(path, O_RDWR | O_CLOEXEC);
	if (bell->vfio_fds[GROUP] < 0)
		return fail(why, path);
	if (ioctl(bell->vfio_fds[GROUP], VFIO_GROUP_GET_STATUS, &status) < 0)
		return fail(why, path);
	if (status.flags & VFIO_GROUP_FLAGS_VIABLE)
		return 0;
	ivp_why_set(why,
		    "vfio: IOMMU group %s is not viable: another device in it has a driver of "
		    "its own; put the doorbell at a slot of its own on the root bus",
		    path);
	return -EPERM;
}

static int open_device(struct ivp_bell *bell, const char *address, struct ivp_why *why)
{
	int *fds = bell->vfio_fds;

	fds[CONTAINER] = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (fds[CONTAINER] < 0)
		return fail(why, "/dev/vfio/vfio");
	if (ioctl(fds[CONTAINER], VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return fail(why, "another version of its interface");
	if (ioctl(fds[GROUP], VFIO_GROUP_SET_CONTAINER, &fds[CONTAINER]) < 0)
		return fail(why, "the group cannot be put into a container");
	if (ioctl(fds[CONTAINER], VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) < 0)
		return fail(why, "no IOMMU of type 1; is the module vfio_iommu_type1 loaded?");
	fds[DEVICE] = ioctl(fds[GROUP], VFIO_GROUP_GET_DEVICE_FD, address);
	return fds[DEVICE] < 0 ? fail(why, "the device cannot be opened") : 0;
}

static int find_region(const struct ivp_bell *bell, unsigned index, uint64_t *offset,
		       struct ivp_why *why)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = index};

	if (ioctl(bell->vfio_fds[DEVICE], VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
		return fail(why, "a region of the device is missing");
	*offset = info.offset;
	return 0;
}

/* Memory, for the registers; bus mastering, for an interrupt is a write to the bus. */
static int enable(const struct ivp_bell *bell, struct ivp_why *why)
{
	uint64_t config = 0;
	uint16_t command;
	int error = find_region(bell, VFIO_PCI_CONFIG_REGION_INDEX, &config, why);
	const int fd = bell->vfio_fds[DEVICE];

	if (error)
		return error;
	if (pread(fd, &command, sizeof(command), (off_t)(config + PCI_COMMAND)) != sizeof(command))
		return fail(why, "its configuration space cannot be read");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(fd, &command, sizeof(command), (off_t)(config + PCI_COMMAND)) != sizeof(command))
		return fail(why, "its configuration space cannot be written");
	return 0;
}

static int arm(struct ivp_bell *bell, unsigned vector, struct ivp_why *why)
{
	union {
		struct vfio_irq_set set;
		uint8_t room[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
	} request = {.set = {.argsz = sizeof(request),
			     .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			     .index = VFIO_PCI_MSIX_IRQ_INDEX,
			     .start = vector,
			     .count = 1}};
	struct vfio_irq_info info = {.argsz = sizeof(info), .index = VFIO_PCI_MSIX_IRQ_INDEX};

	if (ioctl(bell->vfio_fds[DEVICE], VFIO_DEVICE_GET_IRQ_INFO, &info) < 0)
		return fail(why, "the device has no MSI-X");
	if (info.count <= vector) {
		ivp_why_set(why,
			    "vfio: the device has %u vectors, and vector %u is needed: add "
			    "vectors=%u to its ivshmem-doorbell",
			    info.count, vector, vector + 1);
		return -EPROTO;
	}
	bell->wait_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (bell->wait_fd < 0)
		return fail(why, "no eventfd");
	memcpy(request.room + offsetof(struct vfio_irq_set, data), &bell->wait_fd, sizeof(int32_t));
	if (ioctl(bell->vfio_fds[DEVICE], VFIO_DEVICE_SET_IRQS, &request) < 0)
		return fail(why, "its interrupt cannot be had");
	return 0;
}

int ivp_bell_open_vfio(struct ivp_bell *bell, const char *device, unsigned vector,
		       struct ivp_why *why)
{
	int error = open_group(bell, device, why);

	if (!error)
		error = open_device(bell, strrchr(device, '/') + 1, why);
	if (!error)
		error = find_region(bell, VFIO_PCI_BAR0_REGION_INDEX, &bell->vfio_offset, why);
	if (!error)
		error = enable(bell, why);
	if (!error)
		error = arm(bell, vector, why);
	bell->how = IVP_PCI_VFIO;
	bell->event_bytes = sizeof(uint64_t);
	if (!error)
		return 0;
	if (bell->wait_fd >= 0)
		close(bell->wait_fd);
	bell->wait_fd = -1;
	for (int i = DEVICE; i >= CONTAINER; i--) {
		if (bell->vfio_fds[i] >= 0)
			close(bell->vfio_fds[i]);
		bell->vfio_fds[i] = -1;
	}
	return error;
}

int ivp_bell_vfio_read(const struct ivp_bell *bell, unsigned offset, uint32_t *value)
{
	return pread(bell->vfio_fds[DEVICE], value, sizeof(*value),
		     (off_t)(bell->vfio_offset + offset)) == sizeof(*value)
		   ? 0
		   : -EIO;
}

int ivp_bell_vfio_write(const struct ivp_bell *bell, unsigned offset, uint32_t value)
{
	return pwrite(bell->vfio_fds[DEVICE], &value, sizeof(value),
		      (off_t)(bell->vfio_offset + offset)) == sizeof(value)
		   ? 0
		   : -EIO;
}
