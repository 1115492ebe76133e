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
#include "config/inputs.h"
#include "supervisor/windows.h"

/* What a QEMU process takes besides its guest's memory: measured 45 to 90 MiB with 7.2. */
#define QEMU_BYTES (64ull << 20)

/* The line of the file that says so; the command line, which has no line, says which option. */
static const char *key_at(int line, const char *key)
{
	return line > 0 ? key : NULL;
}

/* What is there has to give the feeder at least one file: an empty folder does not. */
static int require_files(const struct ivp_feeder_conf *feeder, const char *key, const char *input,
			 struct ivp_diag *diag)
{
	struct ivp_inputs inputs;
	struct ivp_why why;
	int error = ivp_inputs_collect(&input, 1, &inputs, &why);

	if (error)
		ivp_diag_error(diag, feeder->file, feeder->line, key, "%s", why.text);
	ivp_inputs_finish(&inputs);
	return error;
}

static int require_input(const struct ivp_topology *topology, const char *input,
			 struct ivp_diag *diag)
{
	const struct ivp_feeder_conf *feeder = &topology->feeder;
	const char *key = key_at(feeder->line, "input");
	glob_t found = {0};
	int error;

	if (access(input, R_OK) == 0)
		return require_files(feeder, key, input, diag);
	error = -errno;
	if (error != -ENOENT) {
		ivp_diag_error(diag, feeder->file, feeder->line, key, "cannot read %s: %s", input,
			       strerror(-error));
		return error;
	}
	if (glob(input, GLOB_NOSORT, NULL, &found) == 0) {
		globfree(&found);
		return require_files(feeder, key, input, diag);
	}
	ivp_diag_error(diag, feeder->file, feeder->line, key,
		       "no such file or folder, and no file that it stands for: %s", input);
	return error;
}

/* "a/b" and "a/b/" to "a", "a" to ".", "/a" to "/". path is not empty. */
static void cut_to_parent(char *path)
{
	size_t length = strlen(path);
	char *slash;

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		*path = '.';
	path[slash && slash > path ? slash - path : 1] = '\0';
}

static int report_output(const struct ivp_topology *topology, const char *what, const char *folder,
			 int error, struct ivp_diag *diag)
{
	const struct ivp_sink_conf *sink = &topology->sink;

	ivp_diag_error(diag, sink->file, sink->line, key_at(sink->line, "output"), "%s %s: %s",
		       what, folder, strerror(-error));
	/* Of what is to be made, not to be read: another exit status (ivp_exit_code). */
	return error == -ENOTDIR || error == -ENOENT ? -EEXIST : error;
}

/* The output is a folder that can be written, or one that the sink can make: only its last part.
 * Or, for bytes, a file whose folder can be written. */
static int require_output(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	const char *output = topology->sink.output;
	struct stat info;
	char *parent;
	int error = 0;

	if (topology->sink.format == IVP_SINK_NULL || !output || strcmp(output, "-") == 0)
		return 0;
	if (topology->sink.format != IVP_SINK_BYTES && stat(output, &info) == 0) {
		if (!S_ISDIR(info.st_mode))
			error = -ENOTDIR;
		else if (access(output, W_OK | X_OK) < 0)
			error = -errno;
		return error ? report_output(topology, "cannot write to", output, error, diag) : 0;
	}
	parent = strdup(output);
	if (!parent)
		return -ENOMEM;
	cut_to_parent(parent);
	if (stat(parent, &info) == 0 && !S_ISDIR(info.st_mode))
		error = -ENOTDIR;
	else if (access(parent, W_OK | X_OK) < 0)
		error = -errno;
	if (error)
		error = report_output(topology, "cannot write in", parent, error, diag);
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

uint64_t ivp_memory_available(void)
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
	uint64_t windows, total, available = ivp_memory_available();
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
