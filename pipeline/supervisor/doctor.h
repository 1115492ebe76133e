/* SPDX-License-Identifier: MIT */
/*
 * What pipeline doctor finds out about a machine. Each check adds one finding or more; none
 * repairs anything, but for the memory of PCI devices, which is switched on as any peer does.
 * One thread at a time per list.
 */
#ifndef IVP_SUPERVISOR_DOCTOR_H
#define IVP_SUPERVISOR_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#include <ivpipe/wire.h>

enum ivp_verdict { IVP_VERDICT_OK, IVP_VERDICT_NOTE, IVP_VERDICT_PROBLEM };

/* All texts are printable ASCII, whatever a hostile peer has left in a window. */
struct ivp_finding {
	enum ivp_verdict verdict;
	char what[96]; /* "QEMU", "region ivpipe.demo.in.data" */
	char text[512];
	char mend[256]; /* what to do about it; "" if nothing is to be done */
};

/* Start with zeros. */
struct ivp_doctor {
	struct ivp_finding *findings; /* count of them, the list's own */
	unsigned count, problems;
	int error; /* 0, or -ENOMEM: then findings are missing */
};

/* Adds a finding. mend may be NULL. */
__attribute__((format(printf, 5, 6))) void ivp_doctor_add(struct ivp_doctor *doctor,
							  enum ivp_verdict verdict,
							  const char *what, const char *mend,
							  const char *format, ...);

/* Frees the findings and zeroes the struct. */
void ivp_doctor_finish(struct ivp_doctor *doctor);

/* Prints a finding a line, and its remedy on the next; or an object of JSON. Returns 0 or -errno. */
int ivp_doctor_print(const struct ivp_doctor *doctor, FILE *to);
int ivp_doctor_print_json(const struct ivp_doctor *doctor, FILE *to);

/*
 * What a host needs to run guests: KVM, QEMU, kernel, image, shared memory, free memory, wake-ups.
 * A machine with ivshmem devices is a guest, where all that serves to run others is not missed.
 */
void ivp_doctor_host(struct ivp_doctor *doctor, unsigned devices);

/* What links may ask for: huge pages, locked memory, NUMA nodes. A part of the above. */
void ivp_doctor_memory(struct ivp_doctor *doctor);

/* The version in what "qemu --version" prints, as major * 100 + minor; 0 if there is none. */
unsigned ivp_doctor_qemu_version(const char *text);

/* Every ivpipe window among the files of folder, /dev/shm but in tests: who is there, is it held,
 * which version. A file that nobody holds is a note; one that no program will take, a problem. */
void ivp_doctor_regions(struct ivp_doctor *doctor, const char *folder);

/* Every ivshmem PCI device below ivp_locate_pci_folder: enabled, readable, which window, and how
 * fast its memory is. Returns their number. */
unsigned ivp_doctor_devices(struct ivp_doctor *doctor);

/* A device that is a doorbell: whose, and what its interrupts are taken by. False: it is none. */
bool ivp_doctor_bell(struct ivp_doctor *doctor, const char *device, const char *source);

/* Every doorbell server's socket in folder. */
void ivp_doctor_bells(struct ivp_doctor *doctor, const char *folder);

/* The first page of a window, copied: what its header, refusal and owner say. source is what the
 * finding is about, bytes the size of the memory object, extra what is known of it besides. */
void ivp_doctor_window(struct ivp_doctor *doctor, const char *source, const void *page,
		       uint64_t bytes, const char *extra, const char *stale);

#endif
