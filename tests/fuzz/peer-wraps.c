/* SPDX-License-Identifier: MIT */
/*
 * What the linker puts between the code under test and what it calls (rules/fuzz.mk): moments for
 * a peer to strike, virtual time, no disk. The names are the linker's.
 */
#include "fuzz/peer-world.h"

#include <time.h>
#include <unistd.h>

#include "host/crew.h"
#include "transport/notify.h"

#define MOST_WAITS 100000 /* in one input: more are a wait without end */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) the linker's names */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_usleep(useconds_t time);
int __wrap_fsync(int fd);
void __wrap_ivp_notify_wait(const struct ivp_wait *wait, uint64_t timeout_ns,
			    struct ivp_backoff *backoff);
int __real_ivp_frame_check(const struct ivp_wire_descriptor *raw, uint64_t position,
			   const struct ivp_slot_limits *limits, struct ivp_frame *frame,
			   struct ivp_why *why);
int __wrap_ivp_frame_check(const struct ivp_wire_descriptor *raw, uint64_t position,
			   const struct ivp_slot_limits *limits, struct ivp_frame *frame,
			   struct ivp_why *why);
int __real_ivp_metadata_next(const uint8_t *buffer, size_t bytes, size_t *offset,
			     struct ivp_metadata *record);
int __wrap_ivp_metadata_next(const uint8_t *buffer, size_t bytes, size_t *offset,
			     struct ivp_metadata *record);
void __real_ivp_crew_init(struct ivp_crew *crew, unsigned threads, unsigned most,
			  void (*work)(void *context, unsigned place), void *context);
void __wrap_ivp_crew_init(struct ivp_crew *crew, unsigned threads, unsigned most,
			  void (*work)(void *context, unsigned place), void *context);
int __real_ivp_window_inspect(const void *base, size_t bytes, struct ivp_wire_header *header,
			      struct ivp_why *why);
int __wrap_ivp_window_inspect(const void *base, size_t bytes, struct ivp_wire_header *header,
			      struct ivp_why *why);

/* libFuzzer has a clock too, another one: CLOCK_REALTIME. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!peer_world.active || clock != CLOCK_MONOTONIC)
		return __real_clock_gettime(clock, now);
	peer_strike();
	peer_world.now_ns += 1000;
	now->tv_sec = (time_t)(peer_world.now_ns / 1000000000u);
	now->tv_nsec = (long)(peer_world.now_ns % 1000000000u);
	return 0;
}

int __wrap_usleep(useconds_t time)
{
	CHECK(++peer_world.waits < MOST_WAITS);
	peer_world.now_ns += (uint64_t)time * 1000;
	peer_strike();
	return 0;
}

/* As many frames in hand as the threads would have, but no threads: the peer strikes by turns. */
void __wrap_ivp_crew_init(struct ivp_crew *crew, unsigned threads, unsigned most,
			  void (*work)(void *context, unsigned place), void *context)
{
	__real_ivp_crew_init(crew, 1, most, work, context);
	if (threads > 1)
		crew->places = 2 * threads < most ? 2 * threads : most;
}

/* Nothing here is worth a disk's time. */
int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

void __wrap_ivp_notify_wait(const struct ivp_wait *wait, uint64_t timeout_ns,
			    struct ivp_backoff *backoff)
{
	(void)backoff;
	CHECK(wait->enough != wait->seen);
	CHECK(++peer_world.waits < MOST_WAITS);
	peer_world.now_ns += timeout_ns;
	peer_strike();
}

int __wrap_ivp_frame_check(const struct ivp_wire_descriptor *raw, uint64_t position,
			   const struct ivp_slot_limits *limits, struct ivp_frame *frame,
			   struct ivp_why *why)
{
	const int result = __real_ivp_frame_check(raw, position, limits, frame, why);

	peer_strike();
	return result;
}

int __wrap_ivp_metadata_next(const uint8_t *buffer, size_t bytes, size_t *offset,
			     struct ivp_metadata *record)
{
	const int result = __real_ivp_metadata_next(buffer, bytes, offset, record);

	peer_strike();
	return result;
}

int __wrap_ivp_window_inspect(const void *base, size_t bytes, struct ivp_wire_header *header,
			      struct ivp_why *why)
{
	const int result = __real_ivp_window_inspect(base, bytes, header, why);

	peer_strike();
	return result;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
