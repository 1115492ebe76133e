/* SPDX-License-Identifier: MIT */
/*
 * The init of a guest that asks its kernel how it maps windows: first by sysfs, then by
 * ivpipe_uio. Prints for each window the line of the kernel's PAT list, and whether a mapping that
 * was asked for read-only can be made writable; then switches off.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"
#define PAGE    4096
#define OFFSET  2048 /* behind the header, before the first slot: nobody uses it */

static void read_text(const char *folder, const char *name, char *text, size_t bytes)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, bytes - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void write_text(const char *folder, const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("cannot write %s\n", path);
	close(fd);
}

/* Where BAR 2 is: the third line of resource. */
static unsigned long long address_of(const char *device)
{
	char text[1024], *line = text;

	read_text(device, "resource", text, sizeof(text));
	for (int i = 0; i < 2 && line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line ? strtoull(line, NULL, 16) : 0;
}

static void print_type(const char *label, const char *how, const char *device)
{
	char line[256], start[32];
	FILE *list = fopen("/sys/kernel/debug/x86/pat_memtype_list", "r");
	const unsigned long long address = address_of(device);

	snprintf(start, sizeof(start), "%llx-", address);
	while (list && fgets(line, sizeof(line), list))
		if (strstr(line, start))
			printf("type %s by %s %s 4 GiB: %s", label, how,
			       address >> 32 ? "above" : "below", line);
	if (list)
		fclose(list);
}

static void by_sysfs(const char *device, const char *label)
{
	char path[300];

	write_text(device, "enable", "1");
	snprintf(path, sizeof(path), "%s/resource2", device);
	int fd = open(path, O_RDWR);
	void *base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED) {
		printf("type %s by sysfs: cannot map\n", label);
	} else {
		(void)*(volatile uint8_t *)base;
		print_type(label, "sysfs", device);
		munmap(base, PAGE);
	}
	close(fd);
	write_text(device, "enable", "0");
}

static void by_uio(const char *device, const char *label)
{
	char pattern[300], path[64];
	glob_t found;

	write_text(device, "driver_override", "ivpipe_uio");
	write_text("/sys/bus/pci", "drivers_probe", strrchr(device, '/') + 1);
	snprintf(pattern, sizeof(pattern), "%s/uio/uio*", device);
	if (glob(pattern, 0, NULL, &found) != 0) {
		printf("type %s by uio: not bound\n", label);
		return;
	}
	snprintf(path, sizeof(path), "/dev/%s", strrchr(found.gl_pathv[0], '/') + 1);
	int fd = open(path, O_RDWR);
	volatile uint64_t *window = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	void *read_only = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);

	if (window == MAP_FAILED || read_only == MAP_FAILED) {
		printf("type %s by uio: cannot map\n", label);
		return;
	}
	print_type(label, "uio", device);
	window[OFFSET / 8] = 42;
	printf("uio %s: %s, %s\n", label, window[OFFSET / 8] == 42 ? "written" : "unchanged",
	       mprotect(read_only, PAGE, PROT_READ | PROT_WRITE) == 0 ? "made writable"
								      : "stays read-only");
	printf("uio %s: %s\n", label,
	       mmap(NULL, 1ul << 30, PROT_READ, MAP_SHARED, fd, PAGE) == MAP_FAILED
		   ? "no more than its size is mapped"
		   : "more than its size is mapped");
}

static void load_modules(void)
{
	glob_t found;

	if (glob("/lib/ivpipe/*.ko", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_RDONLY);

		if (syscall(SYS_finit_module, fd, "", 0) < 0)
			printf("cannot load %s\n", found.gl_pathv[i]);
		close(fd);
	}
}

int main(void)
{
	char vendor[16], kind[16], label[64];
	glob_t found;

	if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0 ||
	    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) < 0 ||
	    mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL) < 0)
		printf("cannot mount\n");
	load_modules();
	if (glob(DEVICES "/*", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *device = found.gl_pathv[i];

			read_text(device, "vendor", vendor, sizeof(vendor));
			read_text(device, "device", kind, sizeof(kind));
			if (strcmp(vendor, "0x1af4\n") != 0 || strcmp(kind, "0x1110\n") != 0)
				continue;
			read_text(device, "label", label, sizeof(label));
			label[strcspn(label, "\n")] = '\0';
			by_sysfs(device, label);
			by_uio(device, label);
		}
	printf("types done\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	return reboot(RB_POWER_OFF);
}
