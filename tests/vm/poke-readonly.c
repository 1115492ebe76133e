/* SPDX-License-Identifier: MIT */
/*
 * The init of a guest that does what a hostile stage would: writes into every window that it can
 * see, whether it may or not. Prints for each device its label, if it has one, and what it read
 * back; then switches off. The host looks at the files.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define FOLDER "/sys/bus/pci/devices"
#define OFFSET 2048 /* behind the header, before the first slot: nobody uses it */
#define POKE   0x706f6b6564212121ull

static void read_text(int device, const char *name, char text[64])
{
	int fd = openat(device, name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, 63);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static void poke(int device)
{
	char label[64];
	struct stat info;
	int enable = openat(device, "enable", O_WRONLY);
	int fd = openat(device, "resource2", O_RDWR);
	volatile uint64_t *word;
	uint8_t *base;

	read_text(device, "label", label);
	if (enable < 0 || write(enable, "1", 1) != 1 || fd < 0 || fstat(fd, &info) < 0) {
		printf("poke %s: cannot open\n", label);
		return;
	}
	base = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		printf("poke %s: cannot map\n", label);
		return;
	}
	word = (volatile uint64_t *)(base + OFFSET);
	*word = POKE;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	printf("poke %s: %s\n", label, *word == POKE ? "written" : "unchanged");
}

int main(void)
{
	struct dirent *entry;
	DIR *folder = NULL;
	char vendor[64], kind[64];

	if (mount("sysfs", "/sys", "sysfs", 0, NULL) == 0)
		folder = opendir(FOLDER);
	while (folder && (entry = readdir(folder)) != NULL) {
		int device = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY);

		read_text(device, "vendor", vendor);
		read_text(device, "device", kind);
		if (strcmp(vendor, "0x1af4") == 0 && strcmp(kind, "0x1110") == 0)
			poke(device);
		close(device);
	}
	printf("poke done\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	return reboot(RB_POWER_OFF);
}
