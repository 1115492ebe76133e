/* SPDX-License-Identifier: MIT */
/*
 * Where things are: the programs beside this one, QEMU, the guests' kernel and image, and a
 * folder for a run. Thread-safe.
 */
#ifndef IVP_SUPERVISOR_PLACES_H
#define IVP_SUPERVISOR_PLACES_H

#include <limits.h>

#include <ivpipe/frame.h>

/* "pipeline-stage" and so on in the folder of the running program. Returns 0 or -errno. */
int ivp_places_program(const char *name, char path[PATH_MAX], struct ivp_why *why);

/*
 * Each sets path to wish, if that is not NULL; else to what the environment variable
 * (IVPIPE_QEMU, IVPIPE_KERNEL, IVPIPE_IMAGE) says; else to the first that is there of the usual
 * places. The reason of a failure says where it looked and what to do. With wish or variable the
 * path is set even if nothing is there. Returns 0, or -ENOENT, -EACCES and other -errno.
 */
int ivp_places_qemu(const char *wish, char path[PATH_MAX], struct ivp_why *why);
int ivp_places_kernel(const char *wish, char path[PATH_MAX], struct ivp_why *why);
int ivp_places_image(const char *wish, char path[PATH_MAX], struct ivp_why *why);

/*
 * The folder in which a run puts its own: $XDG_RUNTIME_DIR, /run, $TMPDIR or /tmp, the first that
 * can be written. Never NULL.
 */
const char *ivp_places_runtime(void);

#endif
