/* SPDX-License-Identifier: MIT */
/* Binding by driver_override: it names one device and one driver, and changes nothing for other
 * devices of the same kind, which may be somebody else's. */
#include "transport/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport/locate.h"

#define PAGE 4096u /* of the character device: map N is at N pages */

bool ivp_pci_is_doorbell(const char *device)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/resource1", device) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

static int write_word(const char *folder, const char *name, const char *word)
{
	char path[PATH_MAX];
	size_t bytes = strlen(word);
	int fd, error = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, word, bytes) != (ssize_t)bytes)
		error = errno ? -errno : -EIO;
	close(fd);
	return error;
}

int ivp_pci_enable(const char *device)
{
	char word[8];

	ivp_locate_read_word(device, "enable", word, sizeof(word));
	int error = strcmp(word, "0") == 0 ? write_word(device, "enable", "1") : 0;
	return error == -EBUSY ? 0 : error; /* a driver has it, which switches it as it needs it */
}

int ivp_pci_disable(const char *device)
{
	return write_word(device, "enable", "0");
}

void ivp_pci_driver(const char *device, char *name, size_t bytes)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length = -1;
	const char *slash;

	if (snprintf(path, sizeof(path), "%s/driver", device) < (int)sizeof(path))
		length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, bytes, "%s", slash ? slash + 1 : target);
}

bool ivp_pci_has_driver(const char *driver)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/../drivers/%s", ivp_locate_pci_folder, driver) <
		   (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

int ivp_pci_bind(const char *device, const char *driver)
{
	char name[64];
	int error;

	ivp_pci_driver(device, name, sizeof(name));
	if (name[0])
		return strcmp(name, driver) == 0 ? 0 : -EBUSY;
	if (!ivp_pci_has_driver(driver))
		return -ENOENT;
	error = write_word(device, "driver_override", driver);
	if (!error) {
		snprintf(name, sizeof(name), "%s", strrchr(device, '/') + 1);
		error = write_word(ivp_locate_pci_folder, "../drivers_probe", name);
		ivp_pci_driver(device, name, sizeof(name));
		if (!error && strcmp(name, driver) != 0)
			error = -ENODEV;
		if (error)
			(void)write_word(device, "driver_override", "\n");
	}
	return error;
}

int ivp_pci_uio_map(const char *device, unsigned number, struct ivp_pci_map *map)
{
	char pattern[PATH_MAX], folder[PATH_MAX], word[32];
	glob_t found = {0};
	int error = -ENOENT;

	if (snprintf(pattern, sizeof(pattern), "%s/uio/uio*", device) >= (int)sizeof(pattern))
		return -ENAMETOOLONG;
	if (glob(pattern, 0, NULL, &found) == 0) {
		const char *node = found.gl_pathv[0];

		snprintf(map->path, sizeof(map->path), "/dev/%.48s", strrchr(node, '/') + 1);
		if (snprintf(folder, sizeof(folder), "%s/maps/map%u", node, number) <
		    (int)sizeof(folder)) {
			ivp_locate_read_word(folder, "size", word, sizeof(word));
			map->bytes = strtoull(word, NULL, 0);
			ivp_locate_read_word(folder, "offset", word, sizeof(word));
			map->begin = strtoull(word, NULL, 0);
			map->offset = (size_t)number * PAGE;
			error = map->bytes > 0 ? 0 : -ENXIO;
		}
	}
	globfree(&found);
	return error;
}
