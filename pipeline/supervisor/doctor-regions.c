/* SPDX-License-Identifier: MIT */
/*
 * Windows are read by pread(2), not mapped: a file that is cut short meanwhile is a short read
 * and not a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "supervisor/doctor.h"
#include "transport/window.h"

union page {
	uint8_t bytes[IVP_PAGE];
	uint64_t words[IVP_PAGE / 8];
};

/* What ends the sleep of an attached writer, by what it says of itself. */
static const char *wake_of(const struct ivp_wire_owner *owner)
{
	if (owner->bell_peer != 0)
		return owner->kernel_id ? ", woken by futex or doorbell" : ", woken by doorbell";
	if (owner->kernel_id)
		return owner->bell_server ? ", woken by futex, rings by doorbell"
					  : ", woken by futex";
	return owner->bell_server ? ", polls, rings by doorbell" : ", polls";
}

/* "attached, generation 2, position 17, woken by futex" */
static void describe_owner(const void *page, char *text, size_t bytes)
{
	static const char *const states[] = {"not there yet", "attached", "finished", "failed"};
	struct ivp_wire_owner owner;

	memcpy(&owner, (const uint8_t *)page + IVP_WIRE_OWNER_OFFSET, sizeof(owner));
	snprintf(text, bytes, "its writer %s, generation %u, position %llu%s",
		 owner.state < 4 ? states[owner.state] : "in a state that cannot be",
		 owner.generation, (unsigned long long)owner.position,
		 owner.state == IVP_STATE_ATTACHED ? wake_of(&owner) : "");
}

/* The reason that the window's writer left for not attaching; "" if there is none. */
static void read_refusal(const void *page, char text[168])
{
	struct ivp_wire_recovery block;

	memcpy(&block, (const uint8_t *)page + IVP_WIRE_RECOVERY_OFFSET, sizeof(block));
	text[0] = '\0';
	/* An odd serial: it is being written, or its writer died in between. */
	if (block.reason != IVP_REFUSED_NOT && block.serial % 2 == 0)
		snprintf(text, 168, "%.*s", (int)sizeof(block.text) - 1,
			 block.text[0] ? block.text : "no reason given");
}

void ivp_doctor_window(struct ivp_doctor *doctor, const char *source, const void *page,
		       uint64_t bytes, const char *extra, const char *stale)
{
	const size_t size = bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
	char refusal[168], owner[128], mend[160] = "";
	struct ivp_wire_header header;
	struct ivp_why why;
	const int error = ivp_window_inspect(page, size, &header, &why);

	if (error) {
		ivp_doctor_add(
		    doctor, error == -EAGAIN ? IVP_VERDICT_NOTE : IVP_VERDICT_PROBLEM, source,
		    error == -EAGAIN            ? "if it stays so, its creator has died: destroy "
						  "the pipeline and create it anew"
		    : error == -EPROTONOSUPPORT ? "install the same version of ivpipe on both sides"
						: "destroy the pipeline and create it anew",
		    "%s%s", extra, why.text);
		return;
	}
	describe_owner(page, owner, sizeof(owner));
	read_refusal(page, refusal);
	if (stale)
		snprintf(mend, sizeof(mend), "%s%s", stale,
			 header.pipeline_name[0] ? header.pipeline_name : "NAME");
	ivp_doctor_add(
	    doctor,
	    refusal[0] ? IVP_VERDICT_PROBLEM
	    : stale    ? IVP_VERDICT_NOTE
		       : IVP_VERDICT_OK,
	    source, refusal[0] ? "mend what the refusal says, then start the peer again" : mend,
	    "%spipeline %s, link %s, %s window, wire %u.%u, %s%s%s", extra, header.pipeline_name,
	    header.link_name, header.kind == IVP_WINDOW_DATA ? "data" : "credit", header.major,
	    header.minor, owner, refusal[0] ? "; refused: " : "", refusal);
}

/* With shared isolation the credit windows follow in the same file. */
static void check_credits(struct ivp_doctor *doctor, int fd, const char *source,
			  const union page *first, uint64_t bytes)
{
	const size_t size = bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
	struct ivp_wire_header header;

	if (ivp_window_inspect(first->words, size, &header, NULL) != 0 ||
	    header.kind != IVP_WINDOW_DATA || header.isolation != IVP_ISOLATION_SHARED)
		return;
	for (unsigned i = 0; i < header.consumers; i++) {
		union page page;
		off_t at = (off_t)(header.credit_offset + i * header.credit_stride);

		if (pread(fd, page.bytes, IVP_PAGE, at) == IVP_PAGE)
			ivp_doctor_window(doctor, source, page.words, bytes,
					  "in the same file: ", NULL);
	}
}

/* fd is open. Says what it is, whose and how large, then looks into it. */
static void check_file(struct ivp_doctor *doctor, int fd, const char *source)
{
	char extra[96], size[24];
	union page page;
	struct stat info;
	bool held;

	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, source, "remove it",
			       "it has the name of a window and is no regular file");
		return;
	}
	/* A creator has not opened it to others yet, and the lock below would be in its way. */
	if ((info.st_mode & 0777) == 0) {
		ivp_doctor_add(doctor, IVP_VERDICT_NOTE, source,
			       "if it stays so, its creator has died: remove it",
			       "it is being created");
		return;
	}
	/* Whoever has a region open holds a shared lock (region.h). */
	held = flock(fd, LOCK_EX | LOCK_NB) < 0;
	if (!held)
		flock(fd, LOCK_UN);
	snprintf(extra, sizeof(extra), "%s, mode %04o, owner %u:%u, %s; ",
		 ivp_format_size((uint64_t)info.st_size, size), info.st_mode & 07777, info.st_uid,
		 info.st_gid, held ? "held" : "held by nobody");
	if (pread(fd, page.bytes, IVP_PAGE, 0) != IVP_PAGE) {
		ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, source, "remove it",
			       "%sit is shorter than any window", extra);
		return;
	}
	ivp_doctor_window(doctor, source, page.words, (uint64_t)info.st_size, extra,
			  held ? NULL : "if it is of no more use: pipeline destroy ");
	check_credits(doctor, fd, source, &page, (uint64_t)info.st_size);
}

void ivp_doctor_regions(struct ivp_doctor *doctor, const char *folder)
{
	char pattern[PATH_MAX], source[96];
	glob_t found = {0};

	snprintf(pattern, sizeof(pattern), "%s/ivpipe.*", folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		ivp_doctor_add(doctor, IVP_VERDICT_OK, "regions", NULL, "none in %s", folder);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i], *end = strrchr(path, '.');

		if (strcmp(end, ".bell") == 0)
			continue; /* see ivp_doctor_bells */
		int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

		snprintf(source, sizeof(source), "region %s", strrchr(path, '/') + 1);
		if (fd >= 0) {
			check_file(doctor, fd, source);
			close(fd);
		} else if (errno == ELOOP) {
			ivp_doctor_add(doctor, IVP_VERDICT_PROBLEM, source, "remove it",
				       "it is a symbolic link, which no peer follows");
		} else if (errno != ENOENT) { /* gone meanwhile */
			ivp_doctor_add(doctor, IVP_VERDICT_NOTE, source,
				       "ask as its owner, or as root", "cannot be read: %s",
				       strerror(errno));
		}
	}
	globfree(&found);
}
