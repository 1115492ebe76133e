/* SPDX-License-Identifier: MIT */
/*
 * The image has no shell, no library and no file but /init. /dev/console must be there before
 * anything runs, or /init has no output; /init mounts the rest itself.
 */
#include "supervisor/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/cpio.h"

struct bytes {
	char *data;
	size_t count;
};

static int read_stream(FILE *from, struct bytes *bytes)
{
	struct stat info;

	if (fstat(fileno(from), &info) < 0)
		return -errno;
	if (!S_ISREG(info.st_mode))
		return -EINVAL;
	bytes->count = (size_t)info.st_size;
	bytes->data = malloc(bytes->count + 1);
	if (!bytes->data)
		return -ENOMEM;
	return fread(bytes->data, 1, bytes->count, from) == bytes->count ? 0 : -EIO;
}

static int read_whole(const char *path, struct bytes *bytes, struct ivp_why *why)
{
	FILE *from = fopen(path, "re");
	int error = from ? 0 : -errno;

	*bytes = (struct bytes){0};
	if (!error)
		error = read_stream(from, bytes);
	if (error) {
		ivp_why_set(why, "cannot read %s: %s", path,
			    error == -EINVAL ? "not a file" : strerror(-error));
		free(bytes->data);
		*bytes = (struct bytes){0};
	}
	if (from)
		fclose(from);
	return error;
}

static int put_root(struct ivp_cpio *cpio, const struct bytes *init)
{
	static const char *const folders[] = {"dev", "etc", "proc", "run", "sys", "tmp"};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(folders) / sizeof(folders[0]); i++)
		error = ivp_cpio_folder(cpio, folders[i], 0755);
	if (!error)
		error = ivp_cpio_device(cpio, "dev/console", 0600, 5, 1);
	if (!error)
		error = ivp_cpio_file(cpio, "init", 0755, init->data, init->count);
	return error ? error : ivp_cpio_finish(cpio);
}

/* In the order of their loading. Of the first kernels without it, vfio_virqfd is part of vfio. */
static const struct {
	const char *name;
	bool vfio, optional;
} known_modules[] = {
    {"irqbypass", true, true},      {"vfio", true, false},
    {"vfio_virqfd", true, true},    {"vfio_iommu_type1", true, false},
    {"vfio-pci-core", true, false}, {"vfio-pci", true, false},
    {"uio", false, false},          {"ivpipe_uio", false, false},
};

#define KNOWN_MODULES (sizeof(known_modules) / sizeof(known_modules[0]))

/* The path of a module that is asked for; false if it is not. */
static bool wants(const struct ivp_image_modules *modules, size_t i, char path[PATH_MAX])
{
	return (known_modules[i].vfio ? modules->vfio : modules->uio) &&
	       snprintf(path, PATH_MAX, "%s/%s.ko", modules->folder, known_modules[i].name) <
		   PATH_MAX;
}

bool ivp_image_has_modules(const struct ivp_image_modules *modules)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < KNOWN_MODULES; i++)
		if (wants(modules, i, path) && !known_modules[i].optional && access(path, R_OK) < 0)
			return false;
	return true;
}

static int put_modules(struct ivp_cpio *cpio, const struct ivp_image_modules *modules,
		       struct ivp_why *why)
{
	char path[PATH_MAX], name[64];
	int error = ivp_cpio_folder(cpio, "lib", 0755);

	if (!error)
		error = ivp_cpio_folder(cpio, IVP_IMAGE_MODULES, 0755);
	for (size_t i = 0; !error && i < KNOWN_MODULES; i++) {
		struct bytes module;

		if (!wants(modules, i, path) ||
		    (known_modules[i].optional && access(path, R_OK) < 0))
			continue;
		error = read_whole(path, &module, why);
		if (error)
			break;
		snprintf(name, sizeof(name), IVP_IMAGE_MODULES "/%zu-%s.ko", i,
			 known_modules[i].name);
		error = ivp_cpio_file(cpio, name, 0644, module.data, module.count);
		free(module.data);
	}
	return error;
}

static int put_files(struct ivp_cpio *cpio, const struct ivp_image_file *files, unsigned count,
		     const struct ivp_image_modules *modules, struct ivp_why *why)
{
	int error = ivp_cpio_folder(cpio, "etc", 0755);

	if (!error)
		error = ivp_cpio_folder(cpio, "etc/ivpipe", 0755);
	for (unsigned i = 0; !error && i < count; i++) {
		char name[NAME_MAX];

		snprintf(name, sizeof(name), "etc/ivpipe/%s", files[i].name);
		error = ivp_cpio_file(cpio, name, 0644, files[i].bytes, files[i].size);
	}
	if (!error && modules)
		error = put_modules(cpio, modules, why);
	return error ? error : ivp_cpio_finish(cpio);
}

/* Closes to, and sums up whether all of it was written. */
static int close_written(FILE *to, int error)
{
	if (!error && (fflush(to) != 0 || ferror(to)))
		error = errno ? -errno : -EIO;
	if (fclose(to) != 0 && !error)
		error = -errno;
	return error;
}

int ivp_image_create(const char *init, const char *output, struct ivp_why *why)
{
	struct ivp_cpio cpio = {0};
	struct bytes program;
	char *part = NULL;
	int error = read_whole(init, &program, why);

	if (error)
		return error;
	if (asprintf(&part, "%s.part", output) < 0) {
		free(program.data);
		return -ENOMEM;
	}
	cpio.to = fopen(part, "we");
	error = cpio.to ? close_written(cpio.to, put_root(&cpio, &program)) : -errno;
	if (!error && rename(part, output) < 0)
		error = -errno;
	if (error) {
		ivp_why_set(why, "cannot write %s: %s", output, strerror(-error));
		unlink(part);
	}
	free(part);
	free(program.data);
	return error;
}

int ivp_image_add_files(const char *image, const struct ivp_image_file *files, unsigned count,
			const struct ivp_image_modules *modules, const char *output,
			struct ivp_why *why)
{
	static const char zeros[4];
	struct ivp_cpio cpio = {0};
	struct bytes start;
	int error = read_whole(image, &start, why);

	if (error)
		return error;
	cpio.to = fopen(output, "wxe");
	if (!cpio.to) {
		error = -errno;
	} else {
		/* An archive begins at a multiple of 4. */
		const size_t padding = (4 - start.count % 4) % 4;

		errno = 0;
		if (fwrite(start.data, 1, start.count, cpio.to) != start.count ||
		    fwrite(zeros, 1, padding, cpio.to) != padding)
			error = errno ? -errno : -EIO;
		error = close_written(cpio.to,
				      error ? error : put_files(&cpio, files, count, modules, why));
	}
	if (error)
		ivp_why_set(why, "cannot write %s: %s", output, strerror(-error));
	free(start.data);
	return error;
}
