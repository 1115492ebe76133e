/* SPDX-License-Identifier: MIT */
/*
 * Memory is compared with what the kernel calls available (proc(5), MemAvailable): what can be
 * had without swapping. Pages of old windows that a run replaces count as used; that error is on
 * the safe side.
 */
#include "supervisor/requirements.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/units.h"
#include "supervisor/windows.h"

/* What a QEMU process takes besides its guest's memory: measured 45 to 90 MiB with 7.2. */
#define QEMU_BYTES (64ull << 20)

static int require_input(const struct ivp_topology *topology, const char *input,
			 struct ivp_diag *diag)
{
	glob_t found = {0};
	int error;

	if (access(input, R_OK) == 0)
		return 0;
	error = -errno;
	if (error != -ENOENT) {
		ivp_diag_error(diag, topology->file, topology->feeder.line, "input",
			       "cannot read %s: %s", input, strerror(-error));
		return error;
	}
	if (glob(input, GLOB_NOSORT, NULL, &found) == 0) {
		globfree(&found);
		return 0;
	}
	ivp_diag_error(diag, topology->file, topology->feeder.line, "input",
		       "no such file or folder, and no file that it stands for: %s", input);
	return error;
}

/* "a/b" to "a", "a" to ".", "/a" to "/". path is not empty. */
static void cut_to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		*path = '.';
	path[slash && slash > path ? slash - path : 1] = '\0';
}

static int report_output(const struct ivp_topology *topology, const char *what, const char *folder,
			 int error, struct ivp_diag *diag)
{
	ivp_diag_error(diag, topology->file, topology->sink.line, "output", "%s %s: %s", what,
		       folder, strerror(-error));
	return error;
}

/* The output is a folder that can be written, or one that can be made where it is to be. */
static int require_output(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	const char *output = topology->sink.output;
	struct stat info;
	char *parent;
	int error = 0;

	if (topology->sink.format == IVP_SINK_NULL || !output || strcmp(output, "-") == 0)
		return 0;
	if (stat(output, &info) == 0) {
		if (!S_ISDIR(info.st_mode))
			error = -ENOTDIR;
		else if (access(output, W_OK | X_OK) < 0)
			error = -errno;
		return error ? report_output(topology, "cannot write to", output, error, diag) : 0;
	}
	/* The nearest folder above that is there. */
	if (asprintf(&parent, "%s/", output) < 0)
		return -ENOMEM;
	do
		cut_to_parent(parent);
	while (stat(parent, &info) < 0 && errno == ENOENT);
	if (access(parent, W_OK | X_OK) < 0)
		error = report_output(topology, "cannot make a folder in", parent, -errno, diag);
	free(parent);
	return error;
}

int ivp_require_files(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	int first = 0;

	for (unsigned i = 0; i < topology->feeder.input_count; i++) {
		int error = require_input(topology, topology->feeder.inputs[i], diag);

		first = first ? first : error;
	}
	/* In this order: a wrong input is the likelier mistake. */
	int error = require_output(topology, diag);
	return first ? first : error;
}

/* MemAvailable in bytes; 0 if it is not known. */
static uint64_t available_memory(void)
{
	FILE *from = fopen("/proc/meminfo", "re");
	static const char key[] = "MemAvailable:";
	unsigned long long kib = 0;
	char line[128];

	if (!from)
		return 0;
	while (kib == 0 && fgets(line, sizeof(line), from))
		if (strncmp(line, key, sizeof(key) - 1) == 0)
			kib = strtoull(line + sizeof(key) - 1, NULL, 10);
	fclose(from);
	return kib * 1024;
}

static int require_shm(const struct ivp_topology *topology, uint64_t windows, struct ivp_diag *diag)
{
	char need[24], have[24];
	struct statvfs shm;
	uint64_t free_bytes;

	if (statvfs("/dev/shm", &shm) < 0) {
		int error = -errno;

		ivp_diag_error(diag, topology->file, 0, NULL, "cannot use /dev/shm: %s",
			       strerror(-error));
		return error;
	}
	free_bytes = (uint64_t)shm.f_bavail * shm.f_frsize;
	if (free_bytes >= windows)
		return 0;
	ivp_diag_error(diag, topology->file, 0, NULL,
		       "the links need %s in /dev/shm, and %s are free; lower slots or frame of "
		       "the links, or enlarge /dev/shm",
		       ivp_format_size(windows, need), ivp_format_size(free_bytes, have));
	return -ENOMEM;
}

int ivp_require_memory(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	uint64_t windows, total, available = available_memory();
	char need[24], have[24];
	struct ivp_why why;
	int error = ivp_windows_bytes(topology, &windows, &why);

	if (error) {
		ivp_diag_error(diag, topology->file, 0, NULL, "%s", why.text);
		return error;
	}
	error = require_shm(topology, windows, diag);
	total = windows;
	for (unsigned i = 0; i < topology->stage_count; i++)
		if (topology->stages[i]->run == IVP_RUN_GUEST &&
		    __builtin_add_overflow(total, topology->stages[i]->memory_bytes + QEMU_BYTES,
					   &total))
			total = UINT64_MAX;
	if (available == 0 || total <= available)
		return error;
	ivp_diag_error(diag, topology->file, 0, NULL,
		       "links and guests need %s of memory, and %s are available",
		       ivp_format_size(total, need), ivp_format_size(available, have));
	return -ENOMEM;
}
