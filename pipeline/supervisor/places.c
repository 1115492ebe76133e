/* SPDX-License-Identifier: MIT */
/*
 * All is found from the folder of the running program, so that a build folder and an installed
 * tree work alike: build/pipeline with build/kernel and build/guest, PREFIX/bin/pipeline with
 * PREFIX/lib/ivpipe.
 */
#include "supervisor/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/qemu.h"

/* A thing that can be named, or is looked for. */
struct thing {
	const char *what;
	const char *variable;
	const char *const *usual; /* relative to the program's folder, ended by NULL */
	const char *advice;
};

static int own_folder(char folder[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return -errno;
	folder[n] = '\0';
	slash = strrchr(folder, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

int ivp_places_program(const char *name, char path[PATH_MAX], struct ivp_why *why)
{
	char folder[PATH_MAX];
	int error = own_folder(folder);

	if (!error && snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		error = -ENAMETOOLONG;
	if (!error && access(path, X_OK) < 0)
		error = -errno;
	if (error)
		ivp_why_set(why, "cannot find the program %s beside this one: %s", name,
			    strerror(-error));
	return error;
}

static int examine(const char *path, int mode)
{
	struct stat info;

	if (stat(path, &info) < 0 || access(path, mode) < 0)
		return -errno;
	return S_ISREG(info.st_mode) ? 0 : -EINVAL;
}

/* What was named: by an option or by the environment. NULL: nothing. */
static const char *named(const struct thing *thing, const char *wish)
{
	const char *value = wish ? wish : getenv(thing->variable);

	return value && *value ? value : NULL;
}

static int take_named(const struct thing *thing, const char *name, const char *source, int mode,
		      char path[PATH_MAX], struct ivp_why *why)
{
	int error = 0;

	if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
		error = -ENAMETOOLONG;
	if (!error)
		error = examine(path, mode);
	if (error)
		ivp_why_set(why, "%s: %s: %s (named by %s)", thing->what, name,
			    error == -EINVAL ? "not a file" : strerror(-error), source);
	return error;
}

static int find(const struct thing *thing, const char *wish, char path[PATH_MAX],
		struct ivp_why *why)
{
	const char *name = named(thing, wish);
	char folder[PATH_MAX];
	int error;

	if (name)
		return take_named(thing, name, wish ? "an option" : thing->variable, R_OK, path,
				  why);
	error = own_folder(folder);
	for (const char *const *usual = thing->usual; !error && *usual; usual++) {
		char candidate[PATH_MAX];

		if (snprintf(candidate, PATH_MAX, "%s/%s", folder, *usual) < PATH_MAX &&
		    realpath(candidate, path) && examine(path, R_OK) == 0)
			return 0;
	}
	ivp_why_set(why, "%s: none in %s/%s or its other usual places; %s", thing->what, folder,
		    thing->usual[0], thing->advice);
	return error ? error : -ENOENT;
}

int ivp_places_kernel(const char *wish, char path[PATH_MAX], struct ivp_why *why)
{
	/* vmlinux, uncompressed, starts 0.4 s sooner under TCG. */
	static const char *const usual[] = {"kernel/vmlinux",
					    "kernel/vmlinuz",
					    "../kernel/vmlinux",
					    "../kernel/vmlinuz",
					    "../lib/ivpipe/vmlinux",
					    "../lib/ivpipe/vmlinuz",
					    NULL};
	static const struct thing thing = {
	    "the guests' kernel", "IVPIPE_KERNEL", usual,
	    "make one with 'make kernel', or name one with --kernel or IVPIPE_KERNEL"};

	return find(&thing, wish, path, why);
}

int ivp_places_image(const char *wish, char path[PATH_MAX], struct ivp_why *why)
{
	static const char *const usual[] = {"guest/stage.cpio", "../lib/ivpipe/stage.cpio", NULL};
	static const struct thing thing = {
	    "the guests' image", "IVPIPE_IMAGE", usual,
	    "make it with 'make guest', or name one with --image or IVPIPE_IMAGE"};

	return find(&thing, wish, path, why);
}

/* Looks for a program as a shell does. */
static int search_path(const char *name, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");

	for (const char *at = folders ? folders : "/usr/bin:/bin"; at; at = strchr(at, ':')) {
		int length;

		at += *at == ':';
		length = (int)strcspn(at, ":");
		if (snprintf(path, PATH_MAX, "%.*s/%s", length, at, name) < PATH_MAX &&
		    examine(path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int ivp_places_qemu(const char *wish, char path[PATH_MAX], struct ivp_why *why)
{
	static const struct thing thing = {"QEMU", "IVPIPE_QEMU", NULL, NULL};
	const char *name = named(&thing, wish);

	if (name && strchr(name, '/'))
		return take_named(&thing, name, wish ? "an option" : thing.variable, X_OK, path,
				  why);
	if (search_path(name ? name : IVP_QEMU_PROGRAM, path) == 0)
		return 0;
	snprintf(path, PATH_MAX, "%s", name ? name : IVP_QEMU_PROGRAM);
	ivp_why_set(why,
		    "QEMU: no program %s in PATH; install the package qemu-system-x86, name one "
		    "with --qemu or IVPIPE_QEMU, or run without guests (--local)",
		    path);
	return -ENOENT;
}

const char *ivp_places_runtime(void)
{
	const char *places[] = {getenv("XDG_RUNTIME_DIR"), "/run", getenv("TMPDIR")};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] && places[i][0] == '/' && access(places[i], W_OK | X_OK) == 0)
			return places[i];
	return "/tmp";
}
