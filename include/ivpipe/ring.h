/* SPDX-License-Identifier: MIT */
/*
 * The ring of a link: positions, and all memory ordering that ivpipe needs. See wire.h for the
 * protocol; link.h is this with frames on top, and what most programs want.
 *
 * One thread at a time per side. Every operation is wait-free: a bounded number of steps,
 * whatever the peer does. Nothing here blocks, allocates or makes a system call.
 *
 * Ordering. Each acquire below names the release that it pairs with:
 *     P1 head, release, in ivp_ring_commit*        pairs with C1, acquire, in ivp_ring_acquire
 *     C2 tail, release, in ivp_ring_release        pairs with P2, acquire, in ivp_ring_reserve
 *     W1 full fence in ivp_ring_announce           meets W2, full fence, in ivp_ring_moved
 *     D1 full fence in ivp_ring_take               meets D2, full fence, in ivp_ring_clear
 *     D3 claim, release, in ivp_ring_let_go        pairs with D4, acquire, in ivp_ring_clear
 *     R1 rows, release, in ivp_producer_rows       pairs with R2, acquire, in ivp_consumer_rows
 *     M1 magic, release, in the creator            pairs with M2, acquire, in the attaching peer
 * P1/C1: a consumer that sees head > p sees the descriptor, metadata and payload of p.
 * C2/P2: a producer that sees tail > p knows that the consumer has read all it wanted of p.
 * R1/R2: a consumer that sees n rows finished sees them, of a frame that is shown early (wire.h,
 * section 9), and its descriptor.
 * W1/W2, D1/D2: store mine, fence, load yours, on both sides; at least one of the two sees the
 * other. Only links that overwrite have D1 and D2 (wire.h, section 8).
 * D3/D4: a producer that finds a slot's claim gone knows that the consumer has read all it wanted.
 */
#ifndef IVPIPE_RING_H
#define IVPIPE_RING_H

#include <errno.h>
#include <stdbool.h>

#include <ivpipe/wire.h>

/* Expected conditions, for the caller to handle; failures are negative errno values. */
enum {
	IVP_EMPTY = 1,     /* nothing to acquire */
	IVP_FULL = 2,      /* no slot to reserve */
	IVP_TIMEOUT = 3,   /* waited in vain */
	IVP_WITHDRAWN = 4, /* a frame that was shown early is no more */
};

static inline uint64_t ivp_load_acquire(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline uint64_t ivp_load_relaxed(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void ivp_store_release(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline void ivp_store_relaxed(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline uint32_t ivp_load32_relaxed(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void ivp_store32_relaxed(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/*
 * Makes earlier stores to write-combined memory, and non-temporal stores, visible before later
 * ones: a release store does not order those on x86. Elsewhere the release store does.
 */
static inline void ivp_store_fence(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ __volatile__("sfence" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/*
 * Store before, load after. On x86 it also empties write-combining buffers, without which a
 * position stored through a write-combined mapping could stay in the processor.
 *
 * ThreadSanitizer knows no fences; there a read-modify-write of a private word stands for it.
 */
static inline void ivp_full_fence(void)
{
#if defined(__SANITIZE_THREAD__)
	uint32_t word = 0;

	__atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Tells the processor that this is a spin loop. */
static inline void ivp_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ __volatile__("yield");
#endif
}

/* Fetches a line that is about to be stored to, before it is: gcc has no other way to say so for
 * every x86-64, and those that do not know the instruction ignore it. */
static inline void ivp_prefetch_to_store(const void *line)
{
#if defined(__x86_64__)
	__asm__ __volatile__("prefetchw %0" ::"m"(*(const char *)line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/*
 * Before a look at a position that the last look found moved by so many. Whoever looks takes the
 * line from its writer, who has to fetch it back for the next store: two that look at each step
 * hold each other up. So a side that is the quicker one lets some of the other's steps gather: of
 * 64-byte messages 56 million a second came through instead of 15, between cores that share no
 * cache. Not if it is the slower one, whose looks find much, nor on rings of a few large frames;
 * and not after a look in vain, so that the answer to a question is seen at once.
 */
#define IVP_RING_HOLD_OFF 32         /* pauses: 0.3 to 1 us */
#define IVP_RING_IN_VAIN  UINT64_MAX /* in place of a number: the last look found nothing */

static inline void ivp_ring_hold_off(uint64_t *moved, uint32_t slots)
{
	if (*moved == 0 || *moved >= slots / 4)
		return;
	for (unsigned i = 0; i < IVP_RING_HOLD_OFF; i++)
		ivp_pause();
	*moved = 0;
}

/* What the next look is to know of one that saw a position go from one value to another. */
static inline uint64_t ivp_ring_moved_by(uint64_t moved, uint64_t from, uint64_t to)
{
	if (from == to)
		return IVP_RING_IN_VAIN;
	return moved == IVP_RING_IN_VAIN ? 0 : to - from;
}

/* The producer's side, in private memory. */
struct ivp_ring_producer {
	struct ivp_wire_owner *own;                           /* in the data window */
	const struct ivp_wire_owner *peer[IVP_MAX_CONSUMERS]; /* in the credit windows */
	unsigned peers;
	uint32_t slots;
	uint64_t head;                    /* the truth: the window only publishes it */
	uint64_t limit;                   /* head may grow to here without a look at the peers */
	uint64_t moved;                   /* see ivp_ring_hold_off */
	bool streams;                     /* the last look found frames that nobody had taken yet */
	uint64_t tail[IVP_MAX_CONSUMERS]; /* as last seen */
	/* Links that overwrite: */
	bool overwrites;
	bool cleared;       /* filling is the position to fill next */
	uint64_t filling;   /* at least head */
	uint64_t announced; /* our claim */
	uint64_t ordinal;   /* of the next frame */
};

/* A consumer's side, in private memory. */
struct ivp_ring_consumer {
	struct ivp_wire_owner *own;        /* in the credit window */
	const struct ivp_wire_owner *peer; /* in the data window */
	uint32_t slots;
	uint64_t tail;     /* the truth */
	uint64_t head;     /* as last seen */
	uint64_t moved;    /* see ivp_ring_hold_off */
	uint64_t released; /* our position: tail, or less with a frame at hand that was jumped to */
	/* Links that overwrite: */
	bool overwrites;
	uint64_t held;    /* 1 + the position at hand, which then is tail; 0: none */
	uint64_t ordinal; /* of the frame at hand */
	uint64_t taken;   /* frames released so far */
};

/*
 * Is the slot of position head + ahead free, ahead < slots? Returns 0, IVP_FULL, or -EPROTO if a
 * consumer's position cannot be (then *which, if not NULL, is its index): the link is to be given
 * up.
 */
static inline int ivp_ring_reserve_ahead(struct ivp_ring_producer *ring, uint64_t ahead,
					 unsigned *which)
{
	if (ring->head + ahead < ring->limit)
		return 0;
	const uint64_t limit = ring->limit;
	uint64_t lowest = UINT64_MAX;
	ivp_ring_hold_off(&ring->moved, ring->slots);
	for (unsigned i = 0; i < ring->peers; i++) {
		uint64_t tail = ivp_load_acquire(&ring->peer[i]->position); /* P2 */
		if (tail < ring->tail[i] || tail > ring->head) {
			if (which)
				*which = i;
			return -EPROTO;
		}
		ring->tail[i] = tail;
		if (tail < lowest)
			lowest = tail;
	}
	ring->limit = lowest + ring->slots;
	ring->moved = ivp_ring_moved_by(ring->moved, limit, ring->limit);
	ring->streams = ring->head - lowest > 1;
	return ring->head + ahead < ring->limit ? 0 : IVP_FULL;
}

/* The same of position head. */
static inline int ivp_ring_reserve(struct ivp_ring_producer *ring, unsigned *which)
{
	return ivp_ring_reserve_ahead(ring, 0, which);
}

/* Slots from head on that are known to be free: more than 0 once ivp_ring_reserve returned 0. */
static inline uint64_t ivp_ring_room(const struct ivp_ring_producer *ring)
{
	return ring->limit - ring->head;
}

/*
 * Publishes count filled slots from head on, which must have been reserved and filled by ordinary
 * stores, into memory that is mapped as ordinary memory: the release store orders those. Small
 * messages are handed over faster so: the fence waits for all lines of the slots.
 */
static inline void ivp_ring_commit_plain(struct ivp_ring_producer *ring, uint64_t count)
{
	ring->head += count;
	ivp_store_release(&ring->own->position, ring->head); /* P1 */
}

/* The same, however the slots were filled and are mapped: non-temporal stores, write-combining. */
static inline void ivp_ring_commit(struct ivp_ring_producer *ring, uint64_t count)
{
	ivp_store_fence();
	ivp_ring_commit_plain(ring, count);
}

/*
 * Is there a frame at position tail + ahead, ahead < slots? Returns 0, IVP_EMPTY, or -EPROTO if
 * the producer's position cannot be: the link is to be given up.
 */
static inline int ivp_ring_acquire_ahead(struct ivp_ring_consumer *ring, uint64_t ahead)
{
	if (ring->tail + ahead < ring->head)
		return 0;
	ivp_ring_hold_off(&ring->moved, ring->slots);
	uint64_t head = ivp_load_acquire(&ring->peer->position); /* C1 */
	if (head < ring->head || (head - ring->tail > ring->slots && !ring->overwrites))
		return -EPROTO;
	ring->moved = ivp_ring_moved_by(ring->moved, ring->head, head);
	ring->head = head;
	return ring->tail + ahead < head ? 0 : IVP_EMPTY;
}

/* The same of position tail. */
static inline int ivp_ring_acquire(struct ivp_ring_consumer *ring)
{
	return ivp_ring_acquire_ahead(ring, 0);
}

/* Frames from tail on that are known to be there: more than 0 once ivp_ring_acquire returned 0. */
static inline uint64_t ivp_ring_ready(const struct ivp_ring_consumer *ring)
{
	return ring->head - ring->tail;
}

/* Gives count slots from tail on back to the producer. They must have been acquired. */
static inline void ivp_ring_release(struct ivp_ring_consumer *ring, uint64_t count)
{
	ring->released = ring->tail += count;
	ivp_store_release(&ring->own->position, ring->tail); /* C2 */
}

/* Does a link of this policy overwrite what was not taken? */
static inline bool ivp_ring_overwrites(uint32_t policy)
{
	return policy == IVP_POLICY_DROP_OLDEST || policy == IVP_POLICY_LATEST;
}

/* The slots that such a link needs at least: see wire.h. */
static inline uint32_t ivp_ring_least_slots(uint32_t policy, uint32_t consumers)
{
	return ivp_ring_overwrites(policy) ? consumers + 2 : IVP_MIN_SLOTS;
}

/* Is the slot of position free of claims, one for each peer, 0 or at most head? */
static inline bool ivp_ring_is_clear(const struct ivp_ring_producer *ring, const uint64_t *claims,
				     uint64_t position)
{
	for (unsigned i = 0; i < ring->peers; i++)
		if (claims[i] != 0 && ((claims[i] - 1 - position) & (ring->slots - 1)) == 0)
			return false;
	return true;
}

/*
 * In place of ivp_ring_reserve on a link that overwrites: sets filling to a position whose slot
 * nobody has his hands on, the same until commit. Returns 0, or -EPROTO as ivp_ring_reserve.
 * Of peers + 1 slots one is free, as each peer's claim is on one: so many rounds at most.
 */
static inline int ivp_ring_clear(struct ivp_ring_producer *ring, unsigned *which)
{
	uint64_t claims[IVP_MAX_CONSUMERS], span = ring->announced - ring->head;

	if (span == 0 ||
	    span > ring->peers + 1) /* announced is below head, or not to be believed */
		span = 1;
	for (; !ring->cleared && span <= ring->peers + 1; span++) {
		ring->announced = ring->head + span;
		ivp_store_release(&ring->own->claim, ring->announced);
		ivp_full_fence(); /* D2 */
		for (unsigned i = 0; i < ring->peers; i++) {
			claims[i] = ivp_load_acquire(&ring->peer[i]->claim); /* D4 */
			if (claims[i] > ring->head) {
				if (which)
					*which = i;
				return -EPROTO;
			}
		}
		for (uint64_t i = 0; i < span && !ring->cleared; i++) {
			ring->filling = ring->head + i;
			ring->cleared = ivp_ring_is_clear(ring, claims, ring->filling);
		}
		/* Before the slot is touched, for our next life: nothing but the compiler could
		 * change that order for whoever comes after us. */
		if (ring->cleared)
			ivp_store_relaxed(&ring->own->held, ring->filling + 1);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	}
	return 0;
}

/*
 * The consumer lays its hands on position, tail <= position < head as last seen, of a link that
 * overwrites. Returns 0: what is in the slot stays until ivp_ring_let_go, or until this is called
 * for another position; IVP_EMPTY if it is lost: *oldest, below head, is the oldest position that
 * may be there; -EPROTO if the producer's words cannot be.
 */
static inline int ivp_ring_take(struct ivp_ring_consumer *ring, uint64_t position, uint64_t *oldest)
{
	ivp_store_release(&ring->own->claim, position + 1);
	ivp_full_fence();                                          /* D1 */
	uint64_t announced = ivp_load_acquire(&ring->peer->claim); /* before head: both only grow */
	uint64_t head = ivp_load_acquire(&ring->peer->position);   /* C1 */
	if (announced < ring->head || head < ring->head)
		return -EPROTO;
	ring->head = head;
	if (announced - position <= ring->slots)
		return 0;
	*oldest = announced - ring->slots;
	return *oldest < head ? IVP_EMPTY : -EPROTO;
}

/* Takes the hands off. */
static inline void ivp_ring_let_go(struct ivp_ring_consumer *ring)
{
	ring->held = 0;
	ivp_store_relaxed(&ring->own->held, 0);
	ivp_store_release(&ring->own->claim, 0); /* D3 */
}

/*
 * The waiter: asks for a ring when the peer reaches position. Look at the peer's position again
 * after this, and only then sleep.
 */
static inline void ivp_ring_announce(struct ivp_wire_owner *own, uint64_t position)
{
	ivp_store_relaxed(&own->wake_at, position);
	ivp_full_fence(); /* W1 */
}

/* The mover, after its store: orders it before the look at the peers' wake_at. */
static inline void ivp_ring_moved(void)
{
	ivp_full_fence(); /* W2 */
}

/* Does this peer want to be rung, now that our position went from before to after? */
static inline bool ivp_ring_wanted(const struct ivp_wire_owner *peer, uint64_t before,
				   uint64_t after)
{
	uint64_t wake_at = ivp_load_relaxed(&peer->wake_at);

	return before < wake_at && wake_at <= after;
}

#endif
