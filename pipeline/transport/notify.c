/* SPDX-License-Identifier: MIT */
/*
 * The futex word is the low half of the position that is waited for: the kernel compares it with
 * the value seen before it sleeps, so a position that moves between our last look and the system
 * call is noticed there. Both sides map it read-only or not, as they may: FUTEX_WAIT and
 * FUTEX_WAKE only read. A position that moves by 2^32 in that moment is caught by the timeout.
 */
#include "transport/notify.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "transport/bell.h"
#include "transport/step.h"
#include "transport/watermark.h"

#define SPIN_NS          20000     /* a wake-up costs 10 to 70 us; half of that is lost at most */
#define LONGEST_NS       250000000 /* asleep where a ring would wake us */
#define PAUSES_PER_CLOCK 64        /* between two looks at the clock */

/*
 * Spinning for as long as a wake-up costs takes at most twice what the better of spinning and
 * sleeping would have taken (Karlin, Manasse, McGeoch and Owicki, Algorithmica 11, 1994).
 * Naps grow by a quarter: each is a fifth of the wait so far.
 */
static const struct {
	unsigned wakeups;              /* to spin for */
	uint64_t first_ns, longest_ns; /* naps of who polls */
} modes[] = {
    [IVP_WAIT_BALANCED] = {1, 20000, 16000000},
    [IVP_WAIT_LATENCY] = {100, 20000, 1000000},
    [IVP_WAIT_IDLE] = {0, 1000000, 50000000},
};

void ivp_backoff_set(struct ivp_backoff *backoff, enum ivp_wait_mode mode, uint64_t wakeup_ns)
{
	*backoff = (struct ivp_backoff){.sleep_ns = modes[mode].first_ns,
					.spin_ns = modes[mode].wakeups * wakeup_ns,
					.mode = mode};
}

void ivp_backoff_init(struct ivp_backoff *backoff)
{
	ivp_backoff_set(backoff, IVP_WAIT_BALANCED,
			sysconf(_SC_NPROCESSORS_ONLN) > 1 ? SPIN_NS : 0);
}

static const uint32_t *low_half(const struct ivp_wire_owner *owner)
{
	/* Little-endian: the low half comes first. */
	return (const uint32_t *)&owner->position;
}

static bool position_moved(const struct ivp_wait *wait)
{
	return ivp_load_relaxed(&wait->peer->position) != wait->seen;
}

static bool moved(const struct ivp_wait *wait)
{
	return position_moved(wait) ||
	       (wait->rows &&
		ivp_rows_moved(ivp_load_relaxed(wait->rows), wait->rows_seen, wait->rows_enough));
}

static void announce_wait(const struct ivp_wait *wait)
{
	IVP_STEP(W1);
	if (wait->rows)
		ivp_store_relaxed(&wait->own->wake_rows, wait->rows_ring);
	ivp_ring_announce(wait->own, wait->enough);
}

/* Awake. A position asks for nothing more once it is reached; rows of another frame might be. */
static void done_waiting(const struct ivp_wait *wait)
{
	if (wait->rows)
		ivp_store_relaxed(&wait->own->wake_rows, 0);
}

/* A look that is timed if somebody wants to know. */
static bool look(const struct ivp_wait *wait)
{
	if (!wait->look_ns)
		return moved(wait);

	const uint64_t before_ns = ivp_now_ns();
	if (!moved(wait))
		return false;
	*wait->look_ns = ivp_now_ns() - before_ns;
	return true;
}

static bool spin(const struct ivp_wait *wait, uint64_t spin_ns, struct ivp_backoff *backoff)
{
	const unsigned pauses = wait->pauses ? wait->pauses : 1;
	uint64_t start = ivp_now_ns();

	backoff->spins += spin_ns > 0;
	while (ivp_now_ns() - start < spin_ns)
		for (unsigned i = 0; i < PAUSES_PER_CLOCK; i++) {
			if (i % pauses == 0 && look(wait))
				return true;
			ivp_pause();
		}
	return false;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
				 .tv_nsec = (long)(ns % 1000000000u)};
}

/* Returns false if a futex cannot be used here: device memory, or another kernel's peer. */
static bool sleep_on_futex(const struct ivp_wait *wait, uint64_t timeout_ns)
{
	if (wait->kernel_id == 0 || ivp_load_relaxed(&wait->peer->kernel_id) != wait->kernel_id)
		return false;

	struct timespec timeout = to_timespec(timeout_ns < LONGEST_NS ? timeout_ns : LONGEST_NS);
	announce_wait(wait);
	IVP_STEP(recheck);
	if (moved(wait))
		return true;
	IVP_STEP(sleep);
	long result = syscall(SYS_futex, low_half(wait->peer), FUTEX_WAIT, (uint32_t)wait->seen,
			      &timeout, NULL, 0);
	(void)look(wait);
	return result == 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR;
}

/*
 * Returns false if the peer cannot ring us here. A ring that comes between the announcement and
 * the sleep stays in the descriptor and ends the sleep at once; it is taken out before the caller
 * looks at the position, so one that comes later is for what the caller has not seen.
 */
static bool sleep_on_bell(const struct ivp_wait *wait, uint64_t timeout_ns)
{
	if (!ivp_bell_wakes(wait->bell, wait->peer))
		return false;
	announce_wait(wait);
	IVP_STEP(recheck);
	if (moved(wait))
		return true;
	IVP_STEP(sleep);
	bool rung = ivp_bell_sleep(wait->bell, timeout_ns < LONGEST_NS ? timeout_ns : LONGEST_NS);
	ivp_bell_judge(wait->bell, rung, position_moved(wait));
	return true;
}

/* Sleeps and looks, in turn. */
static void take_naps(const struct ivp_wait *wait, uint64_t timeout_ns, struct ivp_backoff *backoff)
{
	const uint64_t longest_ns = modes[backoff->mode].longest_ns;
	uint64_t slept = 0;

	while (slept < timeout_ns && !moved(wait)) {
		uint64_t nap =
		    backoff->sleep_ns < timeout_ns - slept ? backoff->sleep_ns : timeout_ns - slept;
		struct timespec request = to_timespec(nap);
		if (nanosleep(&request, NULL) != 0)
			return;
		slept += nap;
		backoff->sleep_ns += backoff->sleep_ns / 4;
		if (backoff->sleep_ns > longest_ns)
			backoff->sleep_ns = longest_ns;
	}
}

void ivp_notify_wait(const struct ivp_wait *wait, uint64_t timeout_ns, struct ivp_backoff *backoff)
{
	const uint64_t spin_ns = backoff->spin_ns < timeout_ns ? backoff->spin_ns : timeout_ns;

	if (backoff->in_vain ? moved(wait) : spin(wait, spin_ns, backoff)) {
		backoff->sleep_ns = modes[backoff->mode].first_ns;
		backoff->in_vain = false;
		return;
	}
	ivp_store_relaxed(&wait->own->sleeps, wait->own->sleeps + 1);
	if (!sleep_on_futex(wait, timeout_ns) && !sleep_on_bell(wait, timeout_ns))
		take_naps(wait, timeout_ns, backoff);
	done_waiting(wait);
	backoff->in_vain = !moved(wait);
	if (!backoff->in_vain)
		backoff->sleep_ns = modes[backoff->mode].first_ns;
}

static void ring_peer(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer,
		      const struct ivp_attach *self, unsigned vector)
{
	const bool near =
	    self->kernel_id != 0 && ivp_load_relaxed(&peer->kernel_id) == self->kernel_id;
	if (!near && !ivp_bell_reaches(self->bell, peer))
		return;
	IVP_STEP(ring);
	ivp_store_relaxed(&own->wakeups, own->wakeups + 1);
	if (near)
		syscall(SYS_futex, low_half(own), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	else
		ivp_bell_ring(self->bell, ivp_load32_relaxed(&peer->bell_peer) - 1, vector);
}

void ivp_notify_ring(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer, uint64_t before,
		     uint64_t after, const struct ivp_attach *self, unsigned vector)
{
	if (ivp_ring_wanted(peer, before, after))
		ring_peer(own, peer, self, vector);
}

void ivp_notify_ring_rows(struct ivp_wire_owner *own, const struct ivp_wire_owner *peer,
			  uint32_t low, const struct ivp_attach *self, unsigned vector)
{
	const uint64_t wanted = ivp_load_relaxed(&peer->wake_rows);

	if (wanted != 0 && wanted <= low)
		ring_peer(own, peer, self, vector);
}

void ivp_notify_join(struct ivp_wire_owner *own, const struct ivp_bell *bell)
{
	ivp_store_relaxed(&own->bell_server, bell ? bell->server : 0);
	ivp_store32_relaxed(&own->bell_peer, bell && bell->wait_fd >= 0 ? 1 + bell->own : 0);
}

void ivp_notify_kick(struct ivp_wire_owner *own)
{
	syscall(SYS_futex, low_half(own), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void ivp_notify_greet(const struct ivp_wire_owner *peer, struct ivp_bell *bell, unsigned vector)
{
	if (ivp_bell_reaches(bell, peer))
		ivp_bell_ring(bell, ivp_load32_relaxed(&peer->bell_peer) - 1, vector);
}
