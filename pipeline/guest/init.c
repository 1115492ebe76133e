/* SPDX-License-Identifier: MIT */
/*
 * The kernel starts /init with the console as its standard streams and, as its environment, the
 * words of the kernel command line that it does not know itself.
 */
#include "guest/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/statfs.h>
#include <termios.h>
#include <unistd.h>

#define PCI_FOLDER  "/sys/bus/pci/devices"
#define IVSHMEM_ID  "0x1af4", "0x1110"
#define LEVEL_WARN  5 /* the console shows what is more urgent than notices */
#define SET_CONSOLE 8 /* syslog(2): SYSLOG_ACTION_CONSOLE_LEVEL */

bool ivp_guest_is_init(void)
{
	struct statfs root;

	if (getpid() != 1 || statfs("/", &root) < 0)
		return false;
	return root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC;
}

static int mount_one(const char *type, const char *folder, struct ivp_why *why)
{
	int error;

	if (mount(type, folder, type, MS_NOSUID | MS_NOEXEC, NULL) == 0 || errno == EBUSY)
		return 0;
	error = -errno;
	ivp_why_set(why, "cannot mount %s on %s: %s", type, folder, strerror(-error));
	return error;
}

/* Does the attribute of the PCI device begin with value? */
static bool attribute_is(int device, const char *attribute, const char *value)
{
	char text[16] = "";
	int fd = openat(device, attribute, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && strncmp(text, value, strlen(value)) == 0;
}

static int enable_device(int device)
{
	int fd = openat(device, "enable", O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

static int enable_if_ivshmem(int folder, const char *address, struct ivp_why *why)
{
	static const char *const id[] = {IVSHMEM_ID};
	int device = openat(folder, address, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (device < 0)
		return 0; /* unplugged just now: not ours to report */
	if (attribute_is(device, "vendor", id[0]) && attribute_is(device, "device", id[1]))
		error = enable_device(device);
	close(device);
	if (error)
		ivp_why_set(why, "pci %s: cannot enable the device: %s", address, strerror(-error));
	return error;
}

static int enable_devices(struct ivp_why *why)
{
	DIR *folder = opendir(PCI_FOLDER);
	struct dirent *entry;
	int error = 0;

	if (!folder) {
		error = -errno;
		ivp_why_set(why, "cannot read %s: %s; has this machine no PCI bus?", PCI_FOLDER,
			    strerror(-error));
		return error;
	}
	while (!error && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			error = enable_if_ivshmem(dirfd(folder), entry->d_name, why);
	closedir(folder);
	return error;
}

int ivp_guest_setup(struct ivp_why *why)
{
	int error = mount_one("proc", "/proc", why);

	if (!error)
		error = mount_one("sysfs", "/sys", why);
	if (!error)
		error = mount_one("devtmpfs", "/dev", why);
	if (error)
		return error;
	/* The line that tells of a crash must come through; if this fails, fewer do. */
	(void)klogctl(SET_CONSOLE, NULL, LEVEL_WARN);
	return enable_devices(why);
}

const char *ivp_guest_conf(void)
{
	const char *path = getenv("ivpipe_conf");

	return path && *path ? path : "/etc/ivpipe/stage.conf";
}

/* The kernel announces the end of the machine as an emergency; nobody needs to read that. Level 0
 * lets nothing through, which syslog(2) does not offer. */
static void silence_kernel(void)
{
	int fd = open("/proc/sys/kernel/printk", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "0", 1);
	close(fd);
}

_Noreturn void ivp_guest_power_off(int exit_code)
{
	char line[48];
	int n = snprintf(line, sizeof(line), "ivpipe-stage exit %d\n", exit_code);

	if (n > 0 && write(STDOUT_FILENO, line, (size_t)n) == n)
		tcdrain(STDOUT_FILENO);
	silence_kernel();
	sync();
	reboot(RB_POWER_OFF);
	/* No ACPI: a restart ends a machine that was started with -no-reboot all the same. */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
