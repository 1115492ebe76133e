/* SPDX-License-Identifier: MIT */
/*
 * How a stage's guest is started: which windows it gets, and QEMU's arguments. Nothing here
 * touches the system but ivp_qemu_has_kvm. Thread-safe.
 */
#ifndef IVP_SUPERVISOR_QEMU_H
#define IVP_SUPERVISOR_QEMU_H

#include <stdbool.h>

#include "config/topology.h"
#include "supervisor/arguments.h"

#define IVP_QEMU_PROGRAM "qemu-system-x86_64"

/* Data and credit window of a link in, and of a link out. */
#define IVP_GUEST_WINDOWS 4

/* Of a link in, and of a link out. */
#define IVP_GUEST_BELLS 2

/* A doorbell as a guest sees it. */
struct ivp_guest_bell {
	const struct ivp_link_conf *link;
	char label[IVP_NAME_BYTES + 16]; /* "LINK.bell" */
	char path[128];                  /* of its server's socket */
	unsigned pci_device;
};

/* A memory object as a guest sees it. */
struct ivp_guest_window {
	const struct ivp_link_conf *link;
	char label[IVP_NAME_BYTES + 16]; /* "LINK.data", "LINK.credit0" */
	char path[192];                  /* on the host */
	uint64_t bytes;
	bool writable;
	uint64_t lock_at;    /* writable: the offset of the window that this guest writes, whose
				byte a writer locks (wire.h, attach) */
	unsigned pci_device; /* its number on bus 0 */
};

/*
 * The objects of a stage, in the order of their PCI numbers: input, then output. With one-way
 * isolation each window is one object, writable for its writer alone; a shared link is a single
 * object. Returns their number, or -errno with the reason.
 */
int ivp_guest_windows(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		      struct ivp_guest_window windows[IVP_GUEST_WINDOWS], struct ivp_why *why);

/* The doorbells of a stage. Returns their number, or -errno with the reason. */
int ivp_guest_bells(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		    struct ivp_guest_bell bells[IVP_GUEST_BELLS], struct ivp_why *why);

/* The value of -chardev for a doorbell: by its path, or by the descriptor of a connection. Returns
 * a string for free(3), or NULL. */
char *ivp_qemu_bell_socket(const struct ivp_guest_bell *bell, int fd);

struct ivp_qemu_options {
	const char *program; /* QEMU */
	const char *kernel;
	const char *initrd; /* with the stage's configuration in it */
	bool kvm;           /* else TCG */
	bool iommu;         /* for vfio-pci in the guest */
};

/* Appends the argument list, QEMU's name first. Returns 0 or -errno with the reason. */
int ivp_qemu_arguments(const struct ivp_topology *topology, const struct ivp_stage_conf *stage,
		       const struct ivp_qemu_options *options, struct ivp_arguments *arguments,
		       struct ivp_why *why);

/* Can this process use /dev/kvm? */
bool ivp_qemu_has_kvm(void);

#endif
