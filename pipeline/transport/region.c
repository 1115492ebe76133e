/* SPDX-License-Identifier: MIT */
/*
 * Files of memory. Whoever has a region open holds a shared flock(2) on it: the lock belongs to
 * the open file, so a QEMU process that inherits the descriptor keeps it for its guest, and a
 * process that is killed cannot leave it behind.
 */
#include "transport/region.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "transport/fault.h"

static int parse_id(const char *word, bool group, unsigned *id)
{
	char *end;

	if (*word >= '0' && *word <= '9') {
		unsigned long long number = strtoull(word, &end, 10);
		/* The highest one means "leave it" to fchown. */
		if (*end || number >= UINT32_MAX)
			return -ENOENT;
		*id = (unsigned)number;
		return 0;
	}
	if (group) {
		struct group *entry = getgrnam(word);
		*id = entry ? entry->gr_gid : 0;
		return entry ? 0 : -ENOENT;
	}
	struct passwd *entry = getpwnam(word);
	*id = entry ? entry->pw_uid : 0;
	return entry ? 0 : -ENOENT;
}

int ivp_region_parse_owner(const char *owner, unsigned *uid, unsigned *gid, struct ivp_why *why)
{
	char user[128];
	int error = 0;

	*uid = *gid = (unsigned)-1;
	snprintf(user, sizeof(user), "%s", owner);
	char *group = strchr(user, ':');
	if (group)
		*group++ = 0;
	if (*user)
		error = parse_id(user, false, uid);
	if (!error && group && *group)
		error = parse_id(group, true, gid);
	if (error)
		ivp_why_set(why, "owner '%s': no such user or group on this machine", owner);
	return error;
}

static int change_owner(int fd, const char *owner, struct ivp_why *why)
{
	unsigned uid, gid;
	int error = ivp_region_parse_owner(owner, &uid, &gid, why);

	if (error)
		return error;
	if (fchown(fd, uid, gid) != 0) {
		error = -errno;
		ivp_why_set(why, "cannot give it to '%s': %s", owner, strerror(-error));
	}
	return error;
}

static int map_region(struct ivp_region *region, size_t offset, struct ivp_why *why)
{
	int protection = region->writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *base = mmap(NULL, region->bytes, protection, MAP_SHARED, region->fd, (off_t)offset);

	if (base == MAP_FAILED) {
		int error = -errno;
		ivp_why_set(why, "%s: cannot map %zu bytes: %s", region->source, region->bytes,
			    strerror(-error));
		return error;
	}
	region->base = base;
	ivp_fault_watch(region);
	return 0;
}

/* Maps a region whose file is open. use NULL: to have a look only. */
static int map_and_settle(struct ivp_region *region, size_t offset,
			  const struct ivp_memory_use *use, struct ivp_why *why)
{
	struct ivp_why part;
	int error = map_region(region, offset, why);

	if (error || !use)
		return error;
	error = ivp_memory_settle(region->base, region->bytes, use, &part);
	if (error)
		ivp_why_set(why, "%s: %s", region->source, part.text);
	return error;
}

/* Why a file of huge pages could not have its pages. */
static void explain_hugetlb(const char *path, size_t bytes, struct ivp_why *why)
{
	char folder[IVP_FOLDER_BYTES], size[24];
	const char *slash = strrchr(path, '/');
	struct ivp_hugetlb at;

	snprintf(folder, sizeof(folder), "%.*s", (int)(slash ? slash - path : 0), path);
	if (ivp_hugetlb_find(folder, &at, NULL) == 0)
		ivp_why_set(why,
			    "it needs %llu huge pages of %s, and %llu are free; reserve more (see "
			    "pipeline doctor), or use memory = normal",
			    (unsigned long long)ivp_hugetlb_pages(&at, bytes),
			    ivp_format_size(at.page_bytes, size), (unsigned long long)at.free);
}

/* Sizes a new file, takes all of its pages, as they are to be, and maps it. */
static int fill(struct ivp_region *region, const struct ivp_memory_use *use, struct ivp_why *why)
{
	int error = ftruncate(region->fd, (off_t)region->bytes) < 0 ? -errno : 0;

	if (error) {
		ivp_why_set(why, "no room for %zu bytes: %s", region->bytes, strerror(-error));
		return error;
	}
	error = map_region(region, 0, why);
	if (!error)
		error = ivp_memory_prepare(region->base, region->bytes, use, why);
	if (error)
		return error;
	/* posix_fallocate takes the pages now: no SIGBUS later when memory runs out. */
	error = -posix_fallocate(region->fd, 0, (off_t)region->bytes);
	if (error) {
		ivp_why_set(why, "no room for %zu bytes: %s", region->bytes, strerror(-error));
		if (use->memory == IVP_MEMORY_HUGETLB)
			explain_hugetlb(region->source, region->bytes, why);
		return error;
	}
	return ivp_memory_settle(region->base, region->bytes, use, why);
}

int ivp_region_create(const char *path, size_t bytes, mode_t mode, const char *owner,
		      struct ivp_region *region, struct ivp_why *why)
{
	const struct ivp_memory_use use = {0};

	return ivp_region_create_as(path, bytes, mode, owner, &use, region, why);
}

int ivp_region_create_as(const char *path, size_t bytes, mode_t mode, const char *owner,
			 const struct ivp_memory_use *use, struct ivp_region *region,
			 struct ivp_why *why)
{
	struct ivp_why part = {""};
	int error;

	memset(region, 0, sizeof(*region));
	snprintf(region->source, sizeof(region->source), "%s", path);
	region->bytes = bytes;
	region->writable = true;
	/* Not open to others before it has its owner and size. */
	region->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
	if (region->fd < 0) {
		error = -errno;
		ivp_why_set(why, "cannot create %s: %s", path, strerror(-error));
		return error;
	}
	if (flock(region->fd, LOCK_SH | LOCK_NB) != 0) {
		error = -errno;
		snprintf(part.text, sizeof(part.text), "cannot lock it: %s", strerror(-error));
		goto fail;
	}
	error = fill(region, use, &part);
	if (error)
		goto fail;
	error = owner ? change_owner(region->fd, owner, &part) : 0;
	if (!error && fchmod(region->fd, mode) != 0) {
		error = -errno;
		snprintf(part.text, sizeof(part.text), "cannot set its mode: %s", strerror(-error));
	}
	if (!error)
		return 0;
fail:
	ivp_why_set(why, "%s: %s", path, part.text);
	unlink(path);
	ivp_region_close(region);
	return error;
}

/* Locks the open file against removal and measures it. Removal may have come first: a file
 * without a name is one that no peer will ever find. */
static int hold(int fd, size_t *bytes)
{
	struct stat info;

	if (flock(fd, LOCK_SH | LOCK_NB) != 0 || fstat(fd, &info) != 0)
		return -errno;
	*bytes = (size_t)info.st_size;
	if (!S_ISREG(info.st_mode))
		return -EINVAL;
	return info.st_nlink == 0 ? -ENOENT : 0;
}

int ivp_region_open(const char *path, bool writable, struct ivp_region *region, struct ivp_why *why)
{
	const struct ivp_memory_use use = {0};

	return ivp_region_open_as(path, writable, &use, region, why);
}

int ivp_region_open_as(const char *path, bool writable, const struct ivp_memory_use *use,
		       struct ivp_region *region, struct ivp_why *why)
{
	int error;

	memset(region, 0, sizeof(*region));
	snprintf(region->source, sizeof(region->source), "%s", path);
	region->writable = writable;
	/* O_NONBLOCK: a FIFO in the place of a region must not stop us. */
	region->fd =
	    open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (region->fd < 0) {
		error = -errno;
		ivp_why_set(why, "cannot open %s: %s", path, strerror(-error));
		return error;
	}
	error = hold(region->fd, &region->bytes);
	if (error) {
		ivp_why_set(why, "%s: %s", path,
			    error == -EINVAL        ? "not a regular file"
			    : error == -EWOULDBLOCK ? "it is being removed"
			    : error == -ENOENT      ? "it was removed just now"
						    : strerror(-error));
		goto fail;
	}
	if (region->bytes < IVP_PAGE) {
		error = -ENOMSG;
		ivp_why_set(why, "%s has %zu bytes, less than any window", path, region->bytes);
		goto fail;
	}
	error = map_and_settle(region, 0, use, why);
	if (!error)
		return 0;
fail:
	ivp_region_close(region);
	return error;
}

int ivp_region_open_device(const char *path, size_t offset, size_t bytes, bool writable,
			   const struct ivp_memory_use *use, struct ivp_region *region,
			   struct ivp_why *why)
{
	int error;

	memset(region, 0, sizeof(*region));
	snprintf(region->source, sizeof(region->source), "%s", path);
	region->writable = writable;
	region->bytes = bytes;
	region->fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
	if (region->fd < 0) {
		error = -errno;
		ivp_why_set(why, "cannot open %s: %s", path, strerror(-error));
		return error;
	}
	error = bytes < IVP_PAGE ? -ENOMSG : map_and_settle(region, offset, use, why);
	if (error)
		ivp_region_close(region);
	return error;
}

void ivp_region_close(struct ivp_region *region)
{
	if (region->base) {
		ivp_fault_forget(region);
		munmap(region->base, region->bytes);
	}
	/* fd 0 with no source is a zeroed struct, not standard input. */
	if (region->fd >= 0 && region->source[0])
		close(region->fd);
	memset(region, 0, sizeof(*region));
	region->fd = -1;
}

int ivp_region_destroy(const char *path, struct ivp_why *why)
{
	struct stat info;
	int error = 0;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		error = -errno;
		ivp_why_set(why, "cannot open %s: %s", path, strerror(-error));
		return error;
	}
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		error = -EINVAL;
		ivp_why_set(why, "%s: not a regular file", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
		ivp_why_set(why, "%s: %s", path,
			    error == -EBUSY ? "a program or guest still has it open"
					    : strerror(-error));
	} else if (unlink(path) != 0) {
		error = -errno;
		ivp_why_set(why, "cannot remove %s: %s", path, strerror(-error));
	}
	close(fd);
	return error;
}

unsigned ivp_region_folders(char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES])
{
	struct ivp_hugetlb list[IVP_MOST_HUGETLB];
	const unsigned count = ivp_hugetlb_list(list);

	snprintf(folders[0], IVP_FOLDER_BYTES, IVP_REGION_FOLDER);
	for (unsigned i = 0; i < count; i++)
		memcpy(folders[i + 1], list[i].folder, IVP_FOLDER_BYTES);
	return count + 1;
}

int ivp_region_path(char *path, size_t bytes, const char *folder, const char *pipeline,
		    const char *link, unsigned kind, unsigned consumer)
{
	int length = kind == IVP_WINDOW_DATA
			 ? snprintf(path, bytes, "%s/ivpipe.%s.%s.data", folder, pipeline, link)
			 : snprintf(path, bytes, "%s/ivpipe.%s.%s.credit%u", folder, pipeline, link,
				    consumer);

	return length < 0 || (size_t)length >= bytes ? -ENAMETOOLONG : length;
}
