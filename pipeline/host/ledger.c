/* SPDX-License-Identifier: MIT */
/*
 * Two pages in turn. The tally up to position p is written before the sink's position becomes p,
 * to the page that does not hold the tally of the position that is in the window (which need not
 * be p - 1: a frame may be jumped to). So at every instant the page of that position is whole. A
 * sink that comes back takes it; what the other holds of a frame that was not released is done
 * again. So every frame is counted exactly once, and the position, one word, decides which.
 *
 * The file is mapped shared: what was stored is there after a kill. It does not survive the
 * host; neither do the windows. The stores of one process are seen by its own next life in their
 * order, so nothing but the compiler must be kept from moving them: the signal fences do that.
 */
#include "host/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x32726764656c7669ull /* "ivledgr2" */
#define NONE  UINT64_MAX            /* the position of a page that holds nothing */

struct ivp_ledger_file {
	uint64_t magic, epoch;
	struct {
		uint64_t position;
		struct ivp_tally tally;
	} pages[2];
	struct ivp_latency latency;
};

static int map_file(const char *path, struct ivp_ledger_file **file)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	void *base = MAP_FAILED;
	int error = 0;

	if (fd < 0)
		return -errno;
	/* Blocks for all of it now: a full disk must not become a SIGBUS later. */
	error = -posix_fallocate(fd, 0, sizeof(**file));
	if (!error) {
		base = mmap(NULL, sizeof(**file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		error = base == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	if (error)
		return error;
	*file = base;
	return 0;
}

static void add_saturated(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

void ivp_tally_add_trail(struct ivp_tally *tally, const struct ivp_frame *frame)
{
	const unsigned count = frame->trail_count < IVP_TRAIL ? frame->trail_count : IVP_TRAIL;

	if (count > tally->stage_count)
		tally->stage_count = count;
	for (unsigned i = 0; i < count; i++) {
		tally->stages[i].frames++;
		add_saturated(&tally->stages[i].busy_ns, frame->trail[i].busy_ns);
		add_saturated(&tally->stages[i].wait_ns, frame->trail[i].wait_ns);
	}
}

int ivp_ledger_open(struct ivp_ledger *ledger, const char *path, uint64_t epoch, uint64_t position,
		    struct ivp_tally *tally, struct ivp_why *why)
{
	struct ivp_ledger_file *file = NULL;
	int error = map_file(path, &file);

	*ledger = (struct ivp_ledger){0};
	*tally = (struct ivp_tally){0};
	if (!file) {
		ivp_why_set(why, "%s: %s", path, strerror(-error));
		return error;
	}
	ledger->file = file;
	ledger->latency = &file->latency;
	for (unsigned i = 0; i < 2; i++) {
		if (file->magic != MAGIC || file->epoch != epoch ||
		    file->pages[i].position != position)
			continue;
		*tally = file->pages[i].tally;
		ledger->page = i;
		if (tally->stage_count > IVP_TRAIL)
			tally->stage_count = IVP_TRAIL;
		return 0;
	}
	file->magic = 0;
	file->epoch = epoch;
	ivp_ledger_clear(ledger, position, tally);
	__atomic_signal_fence(__ATOMIC_RELEASE);
	file->magic = MAGIC;
	return 0;
}

void ivp_ledger_clear(struct ivp_ledger *ledger, uint64_t position, struct ivp_tally *tally)
{
	*tally = (struct ivp_tally){0};
	if (!ledger->file)
		return;
	memset(&ledger->file->latency, 0, sizeof(ledger->file->latency));
	ivp_ledger_note(ledger, position, tally);
	ledger->file->pages[ledger->page ^ 1].position = NONE;
}

void ivp_ledger_note(struct ivp_ledger *ledger, uint64_t position, const struct ivp_tally *tally)
{
	if (!ledger->file)
		return;
	ledger->page ^= 1;
	ledger->file->pages[ledger->page].position = NONE;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	ledger->file->pages[ledger->page].tally = *tally;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	ledger->file->pages[ledger->page].position = position;
	__atomic_signal_fence(__ATOMIC_RELEASE);
}

void ivp_ledger_close(struct ivp_ledger *ledger)
{
	if (ledger->file)
		munmap(ledger->file, sizeof(*ledger->file));
	*ledger = (struct ivp_ledger){0};
}
