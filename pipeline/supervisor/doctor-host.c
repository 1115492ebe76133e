/* SPDX-License-Identifier: MIT */
/* The checks of a host: what pipeline run looks for, in the same places. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <spawn.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "config/isa.h"
#include "supervisor/doctor.h"
#include "supervisor/image.h"
#include "supervisor/places.h"
#include "supervisor/qemu.h"
#include "supervisor/requirements.h"

#define OLDEST_QEMU  702            /* 7.2 */
#define SMALL_MEMORY (256ull << 20) /* less does not hold one guest with two links */

/* What is missing is a problem on a host, and nothing to a guest. */
static enum ivp_verdict missing(unsigned devices)
{
	return devices > 0 ? IVP_VERDICT_NOTE : IVP_VERDICT_PROBLEM;
}

static void check_kvm(struct ivp_doctor *doctor)
{
	if (ivp_qemu_has_kvm())
		ivp_doctor_add(doctor, IVP_VERDICT_OK, "KVM", NULL, "/dev/kvm can be used");
	else if (access("/dev/kvm", F_OK) == 0)
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, "KVM",
			       "add this user to the group of /dev/kvm, usually kvm",
			       "this user cannot use /dev/kvm; guests run under TCG, which is tens "
			       "of times slower");
	else
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, "KVM",
			       "switch on virtualization in the firmware, or nested virtualization "
			       "on the outer host, then: modprobe kvm-intel or kvm-amd",
			       "there is no /dev/kvm; guests run under TCG, which is tens of times "
			       "slower");
}

unsigned ivp_doctor_qemu_version(const char *text)
{
	const char *at = strstr(text, "version ");
	unsigned major, minor;

	/* NOLINTNEXTLINE(cert-err34-c): nothing of three digits overflows */
	if (!at || sscanf(at, "version %3u.%2u", &major, &minor) != 2 || minor > 99)
		return 0;
	return major * 100 + minor;
}

/* The first of what a program prints. Returns 0 or -errno. */
static int read_output(const char *path, char *text, size_t bytes)
{
	char *const arguments[] = {(char *)(uintptr_t)path, (char *)(uintptr_t) "--version", NULL};
	posix_spawn_file_actions_t actions;
	size_t used = 0;
	ssize_t n = 0;
	int ends[2], error;
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	error = posix_spawn_file_actions_init(&actions);
	if (!error) {
		error = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
		if (!error)
			error = posix_spawn(&pid, path, &actions, NULL, arguments, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	close(ends[1]);
	while (!error && used + 1 < bytes && (n = read(ends[0], text + used, bytes - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(ends[0]);
	while (!error && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -error;
}

static void check_qemu(struct ivp_doctor *doctor, unsigned devices)
{
	char path[PATH_MAX], text[256];
	struct ivp_why why;
	unsigned version;

	if (ivp_places_qemu(NULL, path, &why) != 0) {
		ivp_doctor_add(doctor, missing(devices), "QEMU",
			       "install the package qemu-system-x86", "%s", why.text);
		return;
	}
	if (read_output(path, text, sizeof(text)) != 0)
		text[0] = '\0';
	version = ivp_doctor_qemu_version(text);
	if (version == 0)
		ivp_doctor_add(doctor, missing(devices), "QEMU", "name another with IVPIPE_QEMU",
			       "%s does not say its version", path);
	else if (version < OLDEST_QEMU)
		ivp_doctor_add(doctor, missing(devices), "QEMU", "install QEMU 7.2 or later",
			       "%s is version %u.%u, older than any that ivpipe was tried with",
			       path, version / 100, version % 100);
	else
		ivp_doctor_add(doctor, IVP_VERDICT_OK, "QEMU", NULL, "%s, version %u.%u", path,
			       version / 100, version % 100);
}

static void check_place(struct ivp_doctor *doctor, unsigned devices, const char *what,
			int (*find)(const char *, char[PATH_MAX], struct ivp_why *))
{
	char path[PATH_MAX];
	struct ivp_why why;

	if (find(NULL, path, &why) == 0)
		ivp_doctor_add(doctor, IVP_VERDICT_OK, what, NULL, "%s", path);
	else
		ivp_doctor_add(doctor, missing(devices), what, NULL, "%s", why.text);
}

static void check_shm(struct ivp_doctor *doctor)
{
	static const char what[] = "shared memory";
	struct statfs info;
	char text[24];

	if (statfs("/dev/shm", &info) < 0) {
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, what,
			       "mount -t tmpfs tmpfs /dev/shm -o mode=1777", "/dev/shm: %s",
			       strerror(errno));
		return;
	}
	ivp_format_size((uint64_t)info.f_bavail * (uint64_t)info.f_bsize, text);
	if (access("/dev/shm", W_OK | X_OK) < 0)
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, what, "chmod 1777 /dev/shm",
			       "this user cannot make files in /dev/shm: %s", strerror(errno));
	else if (info.f_type != TMPFS_MAGIC)
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, what,
			       "mount -t tmpfs tmpfs /dev/shm -o mode=1777",
			       "/dev/shm is not a tmpfs: windows would be written to a disk");
	else if (info.f_bavail == 0)
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, what,
			       "remove what is not needed, or enlarge it: mount -o "
			       "remount,size=8G /dev/shm",
			       "/dev/shm is full");
	else
		ivp_doctor_add(doctor, IVP_VERDICT_OK, what, NULL, "/dev/shm, %s free", text);
}

static void check_memory(struct ivp_doctor *doctor)
{
	const uint64_t bytes = ivp_memory_available();
	char text[24];

	ivp_format_size(bytes, text);
	if (bytes == 0)
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, "memory", NULL,
			       "/proc/meminfo does not say how much is available");
	else if (bytes < SMALL_MEMORY)
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, "memory", "end what is not needed",
			       "%s available: too little for a guest and its links", text);
	else
		ivp_doctor_add(doctor, IVP_VERDICT_OK, "memory", NULL, "%s available", text);
}

static void check_wake_ups(struct ivp_doctor *doctor)
{
	if (access("/proc/sys/kernel/random/boot_id", R_OK) == 0)
		ivp_doctor_add(
		    doctor, IVP_VERDICT_OK, "wake-ups", NULL,
		    "futex between programs of this machine, doorbells between machines");
	else
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, "wake-ups", "mount /proc",
			       "polling only: without /proc/sys/kernel/random/boot_id nobody knows "
			       "that a peer is of the same kernel");
}

static void check_filters(struct ivp_doctor *doctor)
{
	char others[64] = "";

	for (const struct ivp_isa *isa = ivp_isa_best() + 1; isa->name; isa++) {
		strncat(others, ", ", sizeof(others) - strlen(others) - 1);
		strncat(others, isa->name, sizeof(others) - strlen(others) - 1);
	}
	ivp_doctor_add(doctor, IVP_VERDICT_OK, "filters", NULL, "%s%s%s", ivp_isa_best()->name,
		       others[0] ? "; also" : "", others[0] ? others + 1 : "");
}

/* Beside the guests' kernel, where pipeline run looks. */
static void check_modules(struct ivp_doctor *doctor)
{
	char path[PATH_MAX];
	struct ivp_image_modules modules = {.folder = path, .vfio = true};
	bool vfio, uio;

	if (ivp_places_kernel(NULL, path, NULL) != 0)
		return;
	/* The path of a file: it has a slash. */
	snprintf(strrchr(path, '/'), sizeof("/modules"), "/modules");
	vfio = ivp_image_has_modules(&modules);
	modules = (struct ivp_image_modules){.folder = path, .uio = true};
	uio = ivp_image_has_modules(&modules);
	ivp_doctor_add(doctor, vfio || uio ? IVP_VERDICT_OK : IVP_VERDICT_NOTE, "guests' modules",
		       vfio || uio ? NULL : "make kernel", "%s in %s%s",
		       vfio && uio ? "vfio-pci and ivpipe_uio are"
		       : vfio      ? "vfio-pci is"
		       : uio       ? "ivpipe_uio is"
				   : "neither vfio-pci nor ivpipe_uio is",
		       path, vfio || uio ? ": doorbells wake guests" : ": guests poll");
}

void ivp_doctor_host(struct ivp_doctor *doctor, unsigned devices)
{
	check_kvm(doctor);
	check_qemu(doctor, devices);
	check_place(doctor, devices, "guests' kernel", ivp_places_kernel);
	check_place(doctor, devices, "guests' image", ivp_places_image);
	check_modules(doctor);
	check_shm(doctor);
	check_memory(doctor);
	if (devices == 0)
		ivp_doctor_memory(doctor);
	check_filters(doctor);
	check_wake_ups(doctor);
}
