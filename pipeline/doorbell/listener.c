/* SPDX-License-Identifier: MIT */
/*
 * A socket without a server refuses connections: that is how it is known to be left over. Two
 * servers that find the same one must not both replace it, the second would take away the
 * first's: who replaces holds a lock on the folder.
 */
#include "doorbell/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "transport/region.h"

#define BACKLOG 64

static int make_address(const char *path, struct sockaddr_un *address)
{
	const size_t length = strlen(path);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length == 0 || length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, length);
	return 0;
}

int ivp_bell_listener_find(const char *path, pid_t *process)
{
	struct ucred peer = {0};
	socklen_t bytes = sizeof(peer);
	struct sockaddr_un address;
	int result = make_address(path, &address);
	int fd = result ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*process = 0;
	if (fd < 0)
		return result ? result : -errno;
	/* EAGAIN: its queue is full, so it lives. */
	result = 1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != EAGAIN)
		result = errno == ECONNREFUSED ? 0 : -errno;
	else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0)
		*process = peer.pid;
	close(fd);
	return result;
}

/* A lock on the folder of path, without waiting for long. Returns the descriptor or -errno. */
static int lock_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd, error = 0;

	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		error = -errno;
		if (error != -EWOULDBLOCK || tries == 100) {
			close(fd);
			return error;
		}
		usleep(10000);
	}
	return fd;
}

/* Makes way: removes a socket that nobody listens at. */
static int remove_stale(const char *path, struct ivp_why *why)
{
	struct stat info;
	pid_t other;
	int found;

	if (lstat(path, &info) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(info.st_mode)) {
		ivp_why_set(why, "%s is there and is no socket: remove it, or name another place",
			    path);
		return -EEXIST;
	}
	found = ivp_bell_listener_find(path, &other);
	if (found > 0)
		ivp_why_set(why, "%s: process %d serves it already; stop that one first", path,
			    (int)other);
	else if (found < 0)
		ivp_why_set(why, "%s is another's, and cannot be asked whether he lives: %s", path,
			    strerror(-found));
	if (found)
		return -EBUSY;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int give(const char *path, mode_t mode, const char *owner, struct ivp_why *why)
{
	unsigned uid, gid;
	int error = 0;

	if (owner)
		error = ivp_region_parse_owner(owner, &uid, &gid, why);
	if (!error && owner && lchown(path, uid, gid) < 0)
		error = -errno;
	/* To join, a client needs the right to write. */
	if (!error && chmod(path, mode) < 0)
		error = -errno;
	return error;
}

static int bind_socket(int fd, const char *path, mode_t mode, const char *owner,
		       struct ivp_why *why)
{
	struct sockaddr_un address;
	int error = make_address(path, &address);

	if (error)
		return error;
	/* The file gets the mode of the socket: closed to all until it has its owner. */
	if (fchmod(fd, 0) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	error = give(path, mode, owner, why);
	if (!error && listen(fd, BACKLOG) < 0)
		error = -errno;
	if (error)
		unlink(path);
	return error;
}

int ivp_bell_listener_make(const char *path, mode_t mode, const char *owner, int *listener,
			   struct ivp_why *why)
{
	struct ivp_why part = {""};
	int error, lock = lock_folder(path);

	*listener = -1;
	error = lock < 0 ? lock : remove_stale(path, &part);
	if (!error) {
		*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		error = *listener < 0 ? -errno : bind_socket(*listener, path, mode, owner, &part);
	}
	if (lock >= 0)
		close(lock);
	if (!error)
		return 0;
	if (part.text[0])
		ivp_why_set(why, "%s", part.text);
	else
		ivp_why_set(why, "cannot listen at %s: %s", path, strerror(-error));
	if (*listener >= 0)
		close(*listener);
	*listener = -1;
	return error;
}

static int option_of(int fd, int name)
{
	int value = -1;
	socklen_t bytes = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &bytes) < 0 ? -1 : value;
}

int ivp_bell_listener_take(int fd, struct ivp_why *why)
{
	if (option_of(fd, SO_DOMAIN) != AF_UNIX || option_of(fd, SO_TYPE) != SOCK_STREAM ||
	    option_of(fd, SO_ACCEPTCONN) != 1) {
		ivp_why_set(why,
			    "descriptor %d is not a listening unix stream socket: the socket "
			    "unit needs ListenStream=PATH",
			    fd);
		return -ENOTSOCK;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		const int error = -errno;

		ivp_why_set(why, "descriptor %d: %s", fd, strerror(-error));
		return error;
	}
	return 0;
}
