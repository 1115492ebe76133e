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
 *     M1 magic, release, in the creator            pairs with M2, acquire, in the attaching peer
 * P1/C1: a consumer that sees head > p sees the descriptor, metadata and payload of p.
 * C2/P2: a producer that sees tail > p knows that the consumer has read all it wanted of p.
 * W1/W2: store mine, fence, load yours, on both sides; at least one of the two sees the other.
 */
#ifndef IVPIPE_RING_H
#define IVPIPE_RING_H

#include <errno.h>
#include <stdbool.h>

#include <ivpipe/wire.h>

/* Expected conditions, for the caller to handle; failures are negative errno values. */
enum {
	IVP_EMPTY = 1,   /* nothing to acquire */
	IVP_FULL = 2,    /* no slot to reserve */
	IVP_TIMEOUT = 3, /* waited in vain */
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

/* The producer's side, in private memory. */
struct ivp_ring_producer {
	struct ivp_wire_owner *own;                           /* in the data window */
	const struct ivp_wire_owner *peer[IVP_MAX_CONSUMERS]; /* in the credit windows */
	unsigned peers;
	uint32_t slots;
	uint64_t head;                    /* the truth: the window only publishes it */
	uint64_t limit;                   /* head may grow to here without a look at the peers */
	uint64_t tail[IVP_MAX_CONSUMERS]; /* as last seen */
};

/* A consumer's side, in private memory. */
struct ivp_ring_consumer {
	struct ivp_wire_owner *own;        /* in the credit window */
	const struct ivp_wire_owner *peer; /* in the data window */
	uint32_t slots;
	uint64_t tail; /* the truth */
	uint64_t head; /* as last seen */
};

/*
 * Is the slot of position head free? Returns 0, IVP_FULL, or -EPROTO if a consumer's position
 * cannot be (then *which, if not NULL, is its index): the link is to be given up.
 */
static inline int ivp_ring_reserve(struct ivp_ring_producer *ring, unsigned *which)
{
	if (ring->head < ring->limit)
		return 0;
	uint64_t lowest = UINT64_MAX;
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
	return ring->head < ring->limit ? 0 : IVP_FULL;
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
 * Is there a frame at position tail? Returns 0, IVP_EMPTY, or -EPROTO if the producer's position
 * cannot be: the link is to be given up.
 */
static inline int ivp_ring_acquire(struct ivp_ring_consumer *ring)
{
	if (ring->tail < ring->head)
		return 0;
	uint64_t head = ivp_load_acquire(&ring->peer->position); /* C1 */
	if (head < ring->head || head - ring->tail > ring->slots)
		return -EPROTO;
	ring->head = head;
	return ring->tail < head ? 0 : IVP_EMPTY;
}

/* Gives count slots from tail on back to the producer. They must have been acquired. */
static inline void ivp_ring_release(struct ivp_ring_consumer *ring, uint64_t count)
{
	ring->tail += count;
	ivp_store_release(&ring->own->position, ring->tail); /* C2 */
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
