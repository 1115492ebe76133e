/* SPDX-License-Identifier: MIT */
/* The init of a guest that has "pipeline doctor" look at itself, and powers off. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/commands.h"

/* The folder may be there already. */
static void attach(const char *what, const char *type, const char *where)
{
	if ((mkdir(where, 0755) < 0 && errno != EEXIST) || mount(what, where, type, 0, NULL) < 0)
		printf("doctor-guest: cannot mount %s\n", where);
}

int main(void)
{
	char name[] = "doctor";
	char *arguments[] = {name, NULL};
	int status;

	attach("proc", "proc", "/proc");
	attach("sysfs", "sysfs", "/sys");
	attach("devtmpfs", "devtmpfs", "/dev");
	attach("tmpfs", "tmpfs", "/dev/shm");
	status = ivp_command_doctor(1, arguments);
	printf("doctor-guest: status %d\n", status);
	fflush(stdout);
	sync();
	return reboot(RB_POWER_OFF);
}
