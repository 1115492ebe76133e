/* SPDX-License-Identifier: MIT */
/*
 * Windows are read by pread(2), not mapped: a file that is cut short meanwhile is a short read
 * and not a signal. They are opened for each look, so that a pipeline that is created anew is seen.
 */
#include "supervisor/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ivpipe/ring.h>
#include "transport/port.h"
#include "transport/window.h"

const char *const ivp_stats_words[IVP_SIDE_STATES] = {
    "unreadable", "absent", "alive", "silent", "stalled", "dead", "finished", "failed",
};

static struct ivp_stats_link *add_link(struct ivp_stats *stats, const char *name)
{
	struct ivp_stats_link *links =
	    reallocarray(stats->links, stats->link_count + 1u, sizeof(*links));

	if (!links)
		return NULL;
	stats->links = links;
	links += stats->link_count++;
	memset(links, 0, sizeof(*links));
	snprintf(links->name, sizeof(links->name), "%s", name);
	return links;
}

/* From "FOLDER/ivpipe.PIPELINE.LINK.data". */
static int add_found_in(struct ivp_stats *stats, const char *folder)
{
	char pattern[IVP_FOLDER_BYTES + 64], name[IVP_NAME_BYTES];
	const size_t skip = strlen(folder) + strlen("/ivpipe..") + strlen(stats->pipeline);
	glob_t found = {0};
	int error = 0;

	snprintf(pattern, sizeof(pattern), "%s/ivpipe.%s.*.data", folder, stats->pipeline);
	if (glob(pattern, 0, NULL, &found) == GLOB_NOSPACE)
		error = -ENOMEM;
	for (size_t i = 0; i < found.gl_pathc && !error; i++) {
		const char *link = found.gl_pathv[i] + skip;
		const size_t length = strlen(link) - strlen(".data");

		if (length >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)length, link);
		error = add_link(stats, name) ? 0 : -ENOMEM;
	}
	globfree(&found);
	return error;
}

static int add_found(struct ivp_stats *stats)
{
	char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES];
	const unsigned count = ivp_region_folders(folders);
	int error = 0;

	for (unsigned i = 0; !error && i < count; i++)
		error = add_found_in(stats, folders[i]);
	return error;
}

int ivp_stats_open(struct ivp_stats *stats, const char *pipeline,
		   const struct ivp_topology *topology, struct ivp_why *why)
{
	int error = 0;

	*stats = (struct ivp_stats){.kernel_id = ivp_port_kernel_id()};
	snprintf(stats->pipeline, sizeof(stats->pipeline), "%s", pipeline);
	for (unsigned i = 0; topology && i < topology->link_count && !error; i++)
		error = add_link(stats, topology->links[i]->name) ? 0 : -ENOMEM;
	if (!topology)
		error = add_found(stats);
	if (!error && stats->link_count == 0)
		error = -ENOENT;
	if (error == -ENOENT)
		ivp_why_set(why, "there are no windows of a pipeline '%s'", pipeline);
	else if (error)
		ivp_why_set(why, "%s", strerror(-error));
	if (error)
		ivp_stats_close(stats);
	return error;
}

void ivp_stats_close(struct ivp_stats *stats)
{
	free(stats->links);
	*stats = (struct ivp_stats){0};
}

static void fail(struct ivp_stats_side *side, const char *text)
{
	side->state = IVP_SIDE_UNREADABLE;
	side->seen = false;
	snprintf(side->trouble, sizeof(side->trouble), "%s", text);
}

static enum ivp_stats_state judge(const struct ivp_stats_side *side, bool held, uint64_t kernel_id)
{
	const struct ivp_wire_owner *owner = &side->owner;

	if (owner->generation == 0)
		return IVP_SIDE_ABSENT;
	if (owner->state == IVP_STATE_FINISHED)
		return IVP_SIDE_FINISHED;
	if (owner->state == IVP_STATE_FAILED)
		return IVP_SIDE_FAILED;
	/* The lock of a process that runs in a guest is in that guest's kernel. */
	if (!held && kernel_id != 0 && owner->kernel_id == kernel_id)
		return IVP_SIDE_DEAD;
	if (side->moved)
		return IVP_SIDE_ALIVE;
	return side->silent_ns >= IVP_STATS_PATIENCE_NS ? IVP_SIDE_STALLED : IVP_SIDE_SILENT;
}

static void read_refusal(struct ivp_stats_side *side, const union ivp_stats_page *page)
{
	struct ivp_wire_recovery block;

	memcpy(&block, page->bytes + IVP_WIRE_RECOVERY_OFFSET, sizeof(block));
	side->trouble[0] = '\0';
	if (block.reason != IVP_REFUSED_NOT && block.serial % 2 == 0)
		snprintf(side->trouble, sizeof(side->trouble), "refused to attach: %.*s",
			 (int)sizeof(side->trouble) - 24, block.text);
}

void ivp_stats_take(struct ivp_stats_side *side, const union ivp_stats_page *page, uint64_t bytes,
		    unsigned kind, bool held, uint64_t kernel_id, uint64_t now_ns)
{
	const struct ivp_wire_owner before = side->owner;
	const uint64_t last_ns = side->looked_ns;
	struct ivp_why why;

	if (ivp_window_inspect(page->words, bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes,
			       &side->header, &why) != 0) {
		fail(side, why.text);
		return;
	}
	if (side->header.kind != kind) {
		fail(side, "it is not the window that belongs there");
		return;
	}
	memcpy(&side->owner, page->bytes + IVP_WIRE_OWNER_OFFSET, sizeof(side->owner));
	read_refusal(side, page);
	side->rate = -1;
	side->looked_ns = now_ns;
	/* One look says nothing about movement. */
	side->moved = side->seen && (side->owner.heartbeat != before.heartbeat ||
				     side->owner.generation != before.generation);
	if (!side->seen || side->moved)
		side->changed_ns = now_ns;
	if (side->seen && now_ns > last_ns && side->owner.frames >= before.frames)
		side->rate = (double)(side->owner.frames - before.frames) /
			     ((double)(now_ns - last_ns) / 1e9);
	side->seen = true;
	side->silent_ns = now_ns - side->changed_ns;
	side->state = judge(side, held, kernel_id);
}

/* Does a process hold the lock of a window's writer (port.c)? */
static bool is_held(int fd, off_t offset)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void look_at_page(struct ivp_stats_side *side, int fd, off_t offset, unsigned kind,
			 uint64_t kernel_id, uint64_t now_ns)
{
	union ivp_stats_page page;
	struct stat info;

	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size < offset)
		fail(side, "it is no regular file, or too short");
	else if (pread(fd, page.bytes, IVP_PAGE, offset) != IVP_PAGE)
		fail(side, "it is shorter than any window");
	else
		ivp_stats_take(side, &page, (uint64_t)(info.st_size - offset), kind,
			       is_held(fd, offset), kernel_id, now_ns);
}

static int open_window(struct ivp_stats_side *side, const struct ivp_stats *stats,
		       const struct ivp_stats_link *link, unsigned kind, unsigned consumer)
{
	char folders[IVP_REGION_FOLDERS][IVP_FOLDER_BYTES], path[256] = "";
	char text[sizeof(side->trouble)];
	unsigned i = ivp_region_folders(folders);
	int fd = -1;

	/* The first comes last: it is the one to name if the window is nowhere. */
	while (fd < 0 && i-- > 0)
		if (ivp_region_path(path, sizeof(path), folders[i], stats->pipeline, link->name,
				    kind, consumer) > 0)
			fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(text, sizeof(text), "%.100s: %.40s", path, strerror(errno));
		fail(side, text);
	}
	return fd;
}

static void look_at_link(const struct ivp_stats *stats, struct ivp_stats_link *link,
			 uint64_t now_ns)
{
	const struct ivp_wire_header *header = &link->producer.header;
	const int data = open_window(&link->producer, stats, link, IVP_WINDOW_DATA, 0);

	link->consumer_count = 0;
	if (data < 0)
		return;
	look_at_page(&link->producer, data, 0, IVP_WINDOW_DATA, stats->kernel_id, now_ns);
	/* The header was checked: at most IVP_MAX_CONSUMERS, and their windows in the file. */
	if (link->producer.state != IVP_SIDE_UNREADABLE)
		link->consumer_count = header->consumers;
	for (unsigned i = 0; i < link->consumer_count; i++) {
		struct ivp_stats_side *side = &link->consumers[i];
		const uint64_t offset = header->credit_offset + i * header->credit_stride;
		int fd;

		if (header->isolation == IVP_ISOLATION_SHARED) {
			look_at_page(side, data, (off_t)offset, IVP_WINDOW_CREDIT, stats->kernel_id,
				     now_ns);
			continue;
		}
		fd = open_window(side, stats, link, IVP_WINDOW_CREDIT, i);
		if (fd < 0)
			continue;
		look_at_page(side, fd, 0, IVP_WINDOW_CREDIT, stats->kernel_id, now_ns);
		close(fd);
	}
	close(data);
}

void ivp_stats_look(struct ivp_stats *stats, uint64_t now_ns)
{
	for (unsigned i = 0; i < stats->link_count; i++)
		look_at_link(stats, &stats->links[i], now_ns);
}

bool ivp_stats_settled(const struct ivp_stats *stats)
{
	for (unsigned i = 0; i < stats->link_count; i++) {
		const struct ivp_stats_link *link = &stats->links[i];

		if (link->producer.state == IVP_SIDE_SILENT)
			return false;
		for (unsigned j = 0; j < link->consumer_count; j++)
			if (link->consumers[j].state == IVP_SIDE_SILENT)
				return false;
	}
	return true;
}

bool ivp_stats_readable(const struct ivp_stats *stats)
{
	for (unsigned i = 0; i < stats->link_count; i++) {
		const struct ivp_stats_link *link = &stats->links[i];

		if (link->producer.state == IVP_SIDE_UNREADABLE)
			return false;
		for (unsigned j = 0; j < link->consumer_count; j++)
			if (link->consumers[j].state == IVP_SIDE_UNREADABLE)
				return false;
	}
	return true;
}
