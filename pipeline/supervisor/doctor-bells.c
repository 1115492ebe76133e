/* SPDX-License-Identifier: MIT */
/* Doorbells: the devices of a guest, what can wake it by them, and the sockets of a host. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "doorbell/listener.h"
#include "supervisor/doctor.h"
#include "transport/locate.h"
#include "transport/pci.h"

/* The page of a doorbell device, copied; false if it is none of ours. */
static bool read_page(const char *device, struct ivp_wire_bell *bell)
{
	char path[PATH_MAX];
	int fd;
	void *page;

	snprintf(path, sizeof(path), "%s/resource2", device);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	page = fd < 0 ? MAP_FAILED : mmap(NULL, IVP_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (page == MAP_FAILED)
		return false;
	memcpy(bell, page, sizeof(*bell));
	munmap(page, IVP_PAGE);
	bell->link_name[IVP_NAME_BYTES - 1] = bell->pipeline_name[IVP_NAME_BYTES - 1] = '\0';
	return bell->magic == IVP_BELL_MAGIC;
}

bool ivp_doctor_bell(struct ivp_doctor *doctor, const char *device, const char *source)
{
	char driver[64], group[PATH_MAX];
	struct ivp_wire_bell bell;
	const char *mend = NULL, *wakes;

	if (!ivp_pci_is_doorbell(device) || !read_page(device, &bell))
		return false;
	ivp_pci_driver(device, driver, sizeof(driver));
	snprintf(group, sizeof(group), "%s/iommu_group", device);
	if (strcmp(driver, IVP_PCI_VFIO) == 0 || strcmp(driver, IVP_PCI_UIO) == 0) {
		wakes = "its interrupts are taken by";
	} else if (driver[0]) {
		wakes = "no interrupts: it is held by";
		mend = "unbind that driver";
	} else if (access(group, F_OK) == 0 && ivp_pci_has_driver(IVP_PCI_VFIO)) {
		snprintf(driver, sizeof(driver), IVP_PCI_VFIO);
		wakes = "its interrupts will be taken by";
	} else if (ivp_pci_has_driver(IVP_PCI_UIO)) {
		snprintf(driver, sizeof(driver), IVP_PCI_UIO);
		wakes = "its interrupts will be taken by";
	} else {
		wakes = "no interrupts, so peers here poll";
		mend = access(group, F_OK) == 0
			   ? "modprobe vfio-pci"
			   : "give QEMU -device intel-iommu,intremap=on and modprobe vfio-pci; or "
			     "build and modprobe ivpipe_uio (guest-module/README.md)";
	}
	ivp_doctor_add(doctor, mend ? IVP_VERDICT_NOTE : IVP_VERDICT_OK, source, mend,
		       "doorbell of pipeline %s, link %s, wire %u.%u; %s%s%s", bell.pipeline_name,
		       bell.link_name, bell.major, bell.minor, wakes, driver[0] ? " " : "", driver);
	return true;
}

void ivp_doctor_bells(struct ivp_doctor *doctor, const char *folder)
{
	char pattern[PATH_MAX], what[96];
	glob_t found = {0};

	snprintf(pattern, sizeof(pattern), "%s/ivpipe.*.bell", folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		pid_t process;
		int living = ivp_bell_listener_find(found.gl_pathv[i], &process);

		snprintf(what, sizeof(what), "doorbell %s", strrchr(found.gl_pathv[i], '/') + 1);
		if (living > 0)
			ivp_doctor_add(doctor, IVP_VERDICT_OK, what, NULL, "served by process %d",
				       (int)process);
		else if (living == 0)
			ivp_doctor_add(doctor, IVP_VERDICT_NOTE, what,
				       "start pipeline doorbell-server again, or destroy the "
				       "pipeline",
				       "its server is gone: who is joined rings on, and nobody "
				       "joins");
		else
			ivp_doctor_add(doctor, IVP_VERDICT_NOTE, what,
				       "ask as its owner, or as root", "cannot be asked: %s",
				       strerror(-living));
	}
	globfree(&found);
}
