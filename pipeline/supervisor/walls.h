/* SPDX-License-Identifier: MIT */
/*
 * The walls around a QEMU process, for the day that a guest takes it over: a user who owns
 * nothing, no capabilities, no way to get any, limits on memory and files. QEMU's own seccomp
 * filter stands inside of them. Thread-safe but for ivp_walls_choose, which asks the user database.
 */
#ifndef IVP_SUPERVISOR_WALLS_H
#define IVP_SUPERVISOR_WALLS_H

#include <stdbool.h>
#include <sys/types.h>

#include <ivpipe/frame.h>

#define IVP_WALLS_USER "nobody"

struct ivp_walls {
	bool other; /* the child becomes another user; else the ids are this process's */
	uid_t uid;
	gid_t gid;
	unsigned group_count;
	gid_t groups[1];        /* of /dev/kvm, if that is needed */
	uint64_t address_bytes; /* the most that it may map; 0: no limit */
};

/*
 * Chooses the user of the guests. user is a name, or NULL: root starts them as IVP_WALLS_USER,
 * anybody else as himself. kvm: they need /dev/kvm.
 * Returns 0; -ENOENT if there is no such user; -EPERM if only root could; with the reason.
 */
int ivp_walls_choose(const char *user, bool kvm, struct ivp_walls *walls, struct ivp_why *why);

/*
 * Puts the calling process behind the walls, for good; to be called between fork and exec.
 * Async-signal-safe. Returns 0, or -1 with errno.
 */
int ivp_walls_enter(const struct ivp_walls *walls);

/*
 * Makes sure that who is behind the walls can open an open file anew, by name if it is one that
 * others can reach. With give, the file is made his where it has to be.
 * Returns 0, -EACCES or -errno.
 */
int ivp_walls_admit(const struct ivp_walls *walls, int fd, bool writable, bool give);

/*
 * Opens a file to be read by who is behind the walls as /proc/self/fd/N, wherever it is and
 * whosever: a file that he could not read becomes a sealed copy in memory.
 * Returns the descriptor or -errno.
 */
int ivp_walls_open(const struct ivp_walls *walls, const char *path);

#endif
