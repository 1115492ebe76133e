/* SPDX-License-Identifier: MIT */
/* The ivshmem devices of a guest, through sysfs, as peers use them (locate.h). */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "supervisor/doctor.h"
#include "transport/locate.h"
#include "transport/pci.h"
#include "transport/probe.h"
#include "transport/window.h"

/* Does QEMU's emulation run this machine? It ignores memory types: all are as fast as its own. */
static bool under_tcg(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned eax, ebx, ecx, edx;
	char name[13] = "";

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & 1u << 31)) /* no hypervisor */
		return false;
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(name, &ebx, 4);
	memcpy(name + 4, &ecx, 4);
	memcpy(name + 8, &edx, 4);
	return strcmp(name, "TCGTCGTCGTCG") == 0;
#else
	return false;
#endif
}

/* Memory decoding is off until somebody asks for the device; peers do so themselves. */
static int enable(const char *device, bool *was_off)
{
	char path[PATH_MAX], word[8];
	int fd, error = 0;

	ivp_locate_read_word(device, "enable", word, sizeof(word));
	*was_off = strcmp(word, "0") == 0;
	if (!*was_off)
		return 0;
	snprintf(path, sizeof(path), "%s/enable", device);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

/* Only a window of ours has a place where zeros may be stored. */
static bool may_store(const void *page, uint64_t bytes)
{
	struct ivp_wire_header header;

	return ivp_window_inspect(page, bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes, &header,
				  NULL) == 0;
}

static void probe(struct ivp_doctor *doctor, const char *source, const char *bar, void *page,
		  bool store)
{
	struct ivp_speeds speeds;
	const char *type;

	ivp_probe(page, store, &speeds);
	type = ivp_probe_type(&speeds);
	ivp_doctor_add(
	    doctor, strcmp(type, "write-back") == 0 ? IVP_VERDICT_OK : IVP_VERDICT_NOTE, source,
	    strcmp(type, "write-back") == 0 ? NULL
					    : "frames are read slowly here, once and in one go; "
					      "ivpipe_uio maps them as ordinary "
					      "memory: see docs/wake-ups.md",
	    "%s behaves as %s memory: read %.2f GB/s, write %.2f GB/s; ordinary memory "
	    "%.2f and %.2f%s%s",
	    bar, type, speeds.read, speeds.write, speeds.plain_read, speeds.plain_write,
	    store ? "" : " (stores not tried)",
	    under_tcg() ? "; TCG ignores memory types, so this says nothing about KVM" : "");
}

/* Maps the first page of a BAR and looks at it. report: at the window too. */
static int check_bar(struct ivp_doctor *doctor, const char *device, const char *bar,
		     const char *source, const char *extra, bool report)
{
	char path[PATH_MAX];
	bool writable = true;
	struct stat info;
	void *page;
	int fd, error = 0;

	snprintf(path, sizeof(path), "%s/%s", device, bar);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && (errno == EACCES || errno == EROFS)) {
		writable = false;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) < 0) {
		error = -errno;
	} else if (info.st_size < IVP_PAGE) {
		error = -ENOMSG;
	} else {
		page = mmap(NULL, IVP_PAGE, writable ? PROT_READ | PROT_WRITE : PROT_READ,
			    MAP_SHARED, fd, 0);
		if (page == MAP_FAILED) {
			error = -errno;
		} else {
			if (report)
				ivp_doctor_window(doctor, source, page, (uint64_t)info.st_size,
						  extra, NULL);
			probe(doctor, source, bar, page,
			      writable && may_store(page, (uint64_t)info.st_size));
			munmap(page, IVP_PAGE);
		}
	}
	close(fd);
	return error;
}

static void check_device(struct ivp_doctor *doctor, const char *device)
{
	char source[64], label[48], extra[96], path[PATH_MAX];
	bool was_off;
	int error = enable(device, &was_off);

	snprintf(source, sizeof(source), "device %s", strrchr(device, '/') + 1);
	if (error) {
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, source, "ask, and start peers, as root",
			       "its memory is switched off and cannot be switched on: %s",
			       strerror(-error));
		return;
	}
	if (ivp_doctor_bell(doctor, device, source))
		return;
	ivp_locate_read_word(device, "label", label, sizeof(label));
	snprintf(extra, sizeof(extra), "%s%s%s%s", label[0] ? "label " : "", label,
		 label[0] ? "; " : "", was_off ? "was off, switched on now; " : "");
	error = check_bar(doctor, device, "resource2", source, extra, true);
	if (error)
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, source,
			       error == -EACCES ? "ask, and start peers, as root"
						: "check its memory-backend-file on the host",
			       "its memory cannot be mapped: %s",
			       error == -ENOMSG ? "shorter than any window" : strerror(-error));
	snprintf(path, sizeof(path), "%s/resource2_wc", device);
	if (!error && access(path, R_OK) == 0)
		(void)check_bar(doctor, device, "resource2_wc", source, "", false);
}

unsigned ivp_doctor_devices(struct ivp_doctor *doctor)
{
	char pattern[PATH_MAX];
	glob_t found = {0};
	unsigned count = 0, bells = 0;

	snprintf(pattern, sizeof(pattern), "%s/*", ivp_locate_pci_folder);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (ivp_locate_is_ivshmem(found.gl_pathv[i])) {
				check_device(doctor, found.gl_pathv[i]);
				bells += ivp_pci_is_doorbell(found.gl_pathv[i]);
				count++;
			}
	globfree(&found);
	if (count > 0 && bells == 0)
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, "device wake-ups",
			       "give this machine an ivshmem-doorbell for each of its links: see "
			       "docs/wake-ups.md",
			       "polling: peers of other machines cannot ring here");
	if (count == 0)
		ivp_doctor_add(doctor, IVP_VERDICT_OK, "devices", NULL,
			       "no ivshmem devices: this is a host");
	return count;
}
