/* SPDX-License-Identifier: MIT */
/*
 * Privileges are dropped before exec rather than by QEMU's -runas, which its own seccomp filter
 * forbids. The order matters: the bounding set and the groups need capabilities that go with the
 * user id, and no_new_privs comes last because nothing after it may need more.
 */
#include "supervisor/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"

int ivp_walls_choose(const char *user, bool kvm, struct ivp_walls *walls, struct ivp_why *why)
{
	const struct passwd *entry;
	struct stat info;

	*walls = (struct ivp_walls){.uid = geteuid(), .gid = getegid()};
	if (!user && walls->uid != 0)
		return 0;
	entry = getpwnam(user ? user : IVP_WALLS_USER);
	if (!entry) {
		ivp_why_set(why,
			    "there is no user '%s' to run guests as; name another with --user "
			    "NAME, best one that owns nothing",
			    user ? user : IVP_WALLS_USER);
		return -ENOENT;
	}
	if (entry->pw_uid == walls->uid)
		return 0;
	if (walls->uid != 0) {
		ivp_why_set(why, "--user %s: only root can run guests as somebody else", user);
		return -EPERM;
	}
	walls->other = true;
	walls->uid = entry->pw_uid;
	walls->gid = entry->pw_gid;
	if (kvm && stat("/dev/kvm", &info) == 0 && (info.st_mode & 0060) == 0060)
		walls->groups[walls->group_count++] = info.st_gid;
	return 0;
}

static int limit(const struct ivp_walls *walls)
{
	const struct rlimit none = {0, 0};
	const struct rlimit memory = {walls->address_bytes, walls->address_bytes};

	/* No images of guests in core files, and no byte in any file: windows are mapped. */
	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_FSIZE, &none) < 0)
		return -1;
	return walls->address_bytes ? setrlimit(RLIMIT_AS, &memory) : 0;
}

int ivp_walls_enter(const struct ivp_walls *walls)
{
	if (limit(walls) < 0)
		return -1;
	ivp_confine_bound();
	if (walls->other && (setgroups(walls->group_count, walls->groups) < 0 ||
			     setresgid(walls->gid, walls->gid, walls->gid) < 0 ||
			     setresuid(walls->uid, walls->uid, walls->uid) < 0))
		return -1;
	return ivp_confine(0);
}

/* By the permission bits alone: the user behind the walls has no capabilities. */
static bool allowed(const struct ivp_walls *walls, const struct stat *info, bool writable)
{
	const unsigned wanted = writable ? 6 : 4;
	unsigned bits = info->st_mode & 7;
	bool member = info->st_gid == walls->gid;

	for (unsigned i = 0; i < walls->group_count; i++)
		member |= info->st_gid == walls->groups[i];
	if (info->st_uid == walls->uid)
		bits = info->st_mode >> 6 & 7;
	else if (member)
		bits = info->st_mode >> 3 & 7;
	return (bits & wanted) == wanted;
}

int ivp_walls_admit(const struct ivp_walls *walls, int fd, bool writable, bool give)
{
	struct stat info;

	/* Who keeps his user has opened it with no more than he keeps, unless he was root. */
	if (!walls->other && geteuid() != 0)
		return 0;
	if (fstat(fd, &info) < 0)
		return -errno;
	if (allowed(walls, &info, writable))
		return 0;
	if (!give || !walls->other)
		return -EACCES;
	if (fchown(fd, walls->uid, (gid_t)-1) < 0 || fstat(fd, &info) < 0)
		return -errno;
	return allowed(walls, &info, writable) ? 0 : -EACCES;
}

/* Returns the descriptor of a copy that nobody can change any more, or -errno. */
static int copy(int from)
{
	int to = memfd_create("ivpipe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n = 0;
	int error = to < 0 ? -errno : 0;

	while (!error && (n = sendfile(to, from, NULL, 1 << 30)) != 0)
		if (n < 0 && errno != EINTR)
			error = -errno;
	if (!error && fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		error = -errno;
	if (error && to >= 0)
		close(to);
	return error ? error : to;
}

int ivp_walls_open(const struct ivp_walls *walls, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), other;

	if (fd < 0)
		return -errno;
	if (ivp_walls_admit(walls, fd, false, false) == 0)
		return fd;
	other = copy(fd);
	close(fd);
	return other;
}
