/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer as a peer. The code under test has one side of a link, or of two; the rest is played
 * by steps of the input, some hostile (any byte that a peer may write), some honest (so that the
 * code gets far). A step is three bytes or more:
 *
 *     0x80 | kind | link << 3 | ..., delay, what the kind needs
 *
 * Steps strike between operations, and in the middle of them: after so many events as the delay
 * says. Events are returns from checks (wrapped by the linker, see rules/fuzz.mk), waits, looks at
 * the clock and, built by clang, every load from a window that a peer may write. Time is virtual:
 * a wait takes none, and lets its whole timeout pass.
 *
 * A delay of PEER_ALTERNATE is none; with it a word is not written once, but changes to and fro, by
 * clang exactly between one load of it and the next.
 *
 * The code under test has views of the windows with the rights that it would have as a guest, in
 * address space with nothing around them. One input at a time.
 */
#ifndef IVP_TESTS_FUZZ_PEER_H
#define IVP_TESTS_FUZZ_PEER_H

#include <signal.h>

#include <ivpipe/link.h>
#include "fuzz/fuzz.h"
#include "transport/window.h"

#define PEER_LINKS     2
#define PEER_ALTERNATE 255

/* Which side is under test; the other is hostile. */
enum peer_role { PEER_TESTS_CONSUMER, PEER_TESTS_PRODUCER, PEER_TESTS_MONITOR };

struct peer_link {
	enum peer_role role;
	struct ivp_geometry geometry;
	struct ivp_layout layout;
	/* As the code under test sees them, and as a peer does. */
	struct ivp_mapping data, credit[IVP_MAX_CONSUMERS];
	struct ivp_mapping peer_data, peer_credit[IVP_MAX_CONSUMERS];
	/* The honest steps' side. */
	struct ivp_producer producer;
	struct ivp_consumer consumer[IVP_MAX_CONSUMERS];
	bool produces, consumes[IVP_MAX_CONSUMERS];
};

/* For the code under test; steps may set it. */
extern volatile sig_atomic_t peer_stop;

/* Begins an input: links are all of one role, or the second of another. */
void peer_begin(struct script *script);
/* Makes the next link by two bytes of the script: geometry, start (0x80: the data window's memory
 * ends too early). */
struct peer_link *peer_add_link(enum peer_role role);
const struct peer_link *peer_link_at(unsigned index);
/* Between operations: takes the step at hand; false if the script goes on with something else. */
bool peer_step(void);
/* During an operation that lasts until the script ends: whatever comes is a step. */
void peer_all_steps(void);
/* While this is set, each word of it may be loaded once only (clang). */
void peer_load_once(const void *memory, size_t bytes);
/* Ends an input: nothing strikes any more. */
void peer_finish(void);

/* From here to the end, a thread changes bytes of all that is hostile, as the input says. */
void peer_race_begin(void);
void peer_race_end(void);

/* Attachment of the code under test, as its program would do it. */
static inline int peer_attach_consumer(struct peer_link *link, struct ivp_consumer *consumer,
				       unsigned index, struct ivp_why *why)
{
	const struct ivp_attach self = {.kernel_id = 7, .process_id = 1};

	return ivp_consumer_attach(consumer, link->data, link->credit[index], &self, why);
}

static inline int peer_attach_producer(struct peer_link *link, struct ivp_producer *producer,
				       bool checksum, struct ivp_why *why)
{
	const struct ivp_attach self = {.kernel_id = 7, .process_id = 1, .checksum = checksum};

	return ivp_producer_attach(producer, link->data, link->credit, link->geometry.consumers,
				   &self, why);
}

static inline bool peer_lies_within(const struct ivp_mapping *mapping, const void *memory,
				    uint64_t bytes)
{
	const uintptr_t base = (uintptr_t)mapping->base, at = (uintptr_t)memory;

	return at >= base && at - base <= mapping->bytes && bytes <= mapping->bytes - (at - base);
}

/* For seeds. */
enum peer_kind {
	PEER_WRITE,
	PEER_WORD,
	PEER_FRAME,
	PEER_LIFE,
	PEER_HEAL,
	PEER_END,
	PEER_COPY,
	PEER_POSITION
};

static inline void put_step(struct seed *seed, enum peer_kind kind, unsigned link, uint8_t delay)
{
	put_number(seed, 0x80u | (unsigned)kind | link << 3, 1);
	put_number(seed, delay, 1);
}

/* An honest frame of pixels; what: see put_frame in peer.c. */
static inline void put_frame_step(struct seed *seed, unsigned link, uint8_t what, uint8_t width,
				  uint8_t height)
{
	put_step(seed, PEER_FRAME, link, 0);
	put_number(seed, what, 1);
	put_number(seed, width, 1);
	put_number(seed, height, 1);
	put_number(seed, what * 3u, 1);
}

#endif
