/* SPDX-License-Identifier: MIT */
/*
 * The kernel starts /init with the console as its standard streams and, as its environment, the
 * words of the kernel command line that it does not know itself.
 */
#include "guest/init.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define MODULES     "lib/ivpipe" /* of supervisor/image.h */
#define LEVEL_WARN  5            /* the console shows what is more urgent than notices */
#define SET_CONSOLE 8            /* syslog(2): SYSLOG_ACTION_CONSOLE_LEVEL */

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

/* Returns 0 or -errno. */
static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		error = -errno;
	close(fd);
	return error;
}

unsigned ivp_guest_load_modules(struct ivp_why *why)
{
	unsigned failures = 0;
	glob_t found;

	/* Sorted by name: by their numbers, of one digit. */
	if (glob("/" MODULES "/*.ko", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const int error = load(found.gl_pathv[i]);

		if (error && failures++ == 0)
			ivp_why_set(why, "cannot load %s: %s", found.gl_pathv[i],
				    error == -ENOEXEC || error == -EKEYREJECTED
					? "it is not for this kernel"
					: strerror(-error));
	}
	globfree(&found);
	return failures;
}

int ivp_guest_setup(struct ivp_why *why)
{
	int error = mount_one("proc", "/proc", why);

	if (!error)
		error = mount_one("sysfs", "/sys", why);
	if (!error)
		error = mount_one("devtmpfs", "/dev", why);
	return error;
}

void ivp_guest_show_warnings(void)
{
	/* If this fails, fewer lines come through. */
	(void)klogctl(SET_CONSOLE, NULL, LEVEL_WARN);
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
