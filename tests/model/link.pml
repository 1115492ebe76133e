/* SPDX-License-Identifier: MIT */
/*
 * One link: a producer and its consumers, who sleep, wake each other, and may be killed before
 * any access to shared memory. A peer that was killed starts again from what its windows hold.
 *
 * Steps are named as in include/ivpipe/ring.h (P1 P2 C1 C2 W1 W2) and pipeline/transport/step.h
 * (the others). An access to shared memory is one step; what is private goes with the step
 * before. The memory here is sequentially consistent: that the fences of ring.h make it so where
 * it matters is shown by the mutations that swap two accesses as a missing fence would.
 *
 * Not modelled: time-outs. A sleep that would need one to end is a deadlock here.
 *
 * Properties: every consumer sees every frame, in order, with the right payload (assertions);
 * nobody sleeps for ever (no deadlock); all frames arrive (ltl arrives, with weak fairness).
 *
 * Variants: -DFRAMES -DSLOTS -DKILLS (in all) -DCONSUMERS; -DBATCH: up to so many frames for each
 * store of head; -DDOORBELL: a back end that keeps a ring until it is waited for (else futex: the
 * kernel compares the position before it sleeps). It is the doorbell of transport/bell.h: an
 * eventfd, or the counter of uio, holds at least one ring from the first on until all are taken
 * out at once, which is what a flag does; that a life begins without a ring in it stands for the
 * rings that a device loses before its interrupts are on, and for a descriptor that is new. -DBREAK_...: the protocol, broken on purpose.
 */
#ifndef FRAMES
#define FRAMES 4
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef KILLS
#define KILLS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef BATCH
#define BATCH 1
#endif

/* The data window. */
byte head, tail_wake_at, payload[SLOTS];
/* The credit windows. */
byte tail[CONSUMERS], head_wake_at[CONSUMERS];

/*
 * The kernel's: on whose position the producer sleeps, 1 + its index; do the consumers sleep on
 * the producer's? And with doorbells: rings that nobody has waited for yet.
 */
byte producer_sleeps;
bool consumer_sleeps[CONSUMERS];
bool producer_rung, consumer_rung[CONSUMERS];

byte kills, arrived;

/* Takes a step, or is killed before it. */
#define STEP(action) \
	if \
	:: d_step { action } \
	:: atomic { kills < KILLS -> kills++; goto killed } \
	fi

/* W2 and ring: the mover's look at the waiter's wake_at, and the ring if it asks for one. */
#define WANTED(wake_at, before, after) ((before) < wake_at && wake_at <= (after))
#ifdef BREAK_NO_KICK
#define KICK(action) skip
#else
#define KICK(action) STEP(action)
#endif

/* Sleeping: returns at once if the position is not the one that was seen, or if rung before. */
#ifdef DOORBELL
#define PRODUCER_SLEEP STEP(producer_rung; producer_rung = false)
#define CONSUMER_SLEEP STEP(consumer_rung[me]; consumer_rung[me] = false)
#else
#define PRODUCER_SLEEP \
	STEP(producer_sleeps = (tail[slowest] == lowest -> slowest + 1 : 0)); \
	STEP(producer_sleeps == 0)
#define CONSUMER_SLEEP \
	STEP(consumer_sleeps[me] = (head == seen)); \
	STEP(!consumer_sleeps[me])
#endif
#define WAKE_CONSUMER(which) consumer_sleeps[which] = false; consumer_rung[which] = true
#define WAKE_PRODUCER \
	producer_sleeps = (producer_sleeps == me + 1 -> 0 : producer_sleeps); producer_rung = true

active proctype producer()
{
	byte own, limit, lowest, slowest, end, i, look;
	bool wanted;

	goto restart;
killed:
	atomic {
		lowest = 0; slowest = 0; end = 0; i = 0; look = 0; wanted = false;
		producer_sleeps = 0;
		producer_rung = false
	};
restart:
	atomic { own = head; limit = own };
	STEP(tail_wake_at = 0); /* attach */
	i = 0;
	do
	:: i < CONSUMERS -> KICK(WAKE_CONSUMER(i)); i++ /* kick */
	:: else -> break
	od;
	do
	:: own == FRAMES -> break
	:: own < FRAMES && own < limit ->
		end = own;
#ifdef BREAK_SWAP
		STEP(head = own + 1);
#endif
		do
		:: end < limit && end < FRAMES && end - own < BATCH ->
			STEP(payload[end % SLOTS] = end + 1; end++) /* fill */
		:: end > own -> break
		od;
#ifdef BREAK_EARLY_LOOK
		STEP(wanted = WANTED(head_wake_at[0], own, end));
#endif
#ifndef BREAK_SWAP
		STEP(head = end); /* P1 */
#endif
		i = 0;
		do
		:: i < CONSUMERS ->
#ifndef BREAK_EARLY_LOOK
			STEP(wanted = WANTED(head_wake_at[i], own, end)); /* W2 */
#endif
			if
			:: wanted -> STEP(WAKE_CONSUMER(i)) /* ring */
			:: else
			fi;
			i++
		:: else -> break
		od;
		atomic { own = end; end = 0; wanted = false; i = 0 }
	:: own < FRAMES && own == limit ->
		atomic { i = 0; lowest = 255 };
		do
		:: i < CONSUMERS ->
			STEP(look = tail[i]; /* P2 */
			     assert(look <= own && own - look <= SLOTS);
			     if
			     :: look < lowest -> lowest = look; slowest = i
			     :: else
			     fi;
			     i++)
		:: else -> break
		od;
		atomic { limit = lowest + SLOTS; i = 0; look = 0 };
		if
		:: own < limit -> skip
		:: else ->
#ifndef BREAK_LATE_ANNOUNCE
			STEP(tail_wake_at = lowest + 1); /* W1 */
#endif
#ifndef BREAK_NO_RECHECK
			STEP(look = tail[slowest]); /* recheck */
#else
			look = lowest;
#endif
			if
			:: look == lowest ->
#ifdef BREAK_LATE_ANNOUNCE
				STEP(tail_wake_at = lowest + 1);
#endif
				PRODUCER_SLEEP /* sleep */
			:: else
			fi
		fi;
		atomic { look = 0; lowest = 0; slowest = 0 }
	od
}

proctype consumer(byte me)
{
	byte own, seen, value;
	bool wanted;

	goto restart;
killed:
	atomic {
		value = 0; wanted = false;
		consumer_sleeps[me] = false;
		consumer_rung[me] = false
	};
restart:
	atomic { own = tail[me]; seen = own };
	STEP(head_wake_at[me] = 0); /* attach */
	KICK(WAKE_PRODUCER); /* kick */
	do
	:: own == FRAMES -> break
	:: own < FRAMES && own < seen ->
#ifdef BREAK_RELEASE_EARLY
		STEP(tail[me] = own + 1);
#endif
		STEP(value = payload[own % SLOTS]); /* copy */
		assert(value == own + 1);
#ifndef BREAK_RELEASE_EARLY
		STEP(tail[me] = own + 1); /* C2 */
#endif
#ifndef BREAK_NO_RING
		STEP(wanted = WANTED(tail_wake_at, own, own + 1)); /* W2 */
		if
		:: wanted -> STEP(WAKE_PRODUCER) /* ring */
		:: else
		fi;
#endif
		atomic { own++; value = 0; wanted = false }
	:: own < FRAMES && own == seen ->
		STEP(seen = head); /* C1 */
		assert(own <= seen && seen - own <= SLOTS);
		if
		:: own < seen -> skip
		:: else ->
#ifndef BREAK_LATE_ANNOUNCE
			STEP(head_wake_at[me] = seen + 1); /* W1 */
#endif
#ifndef BREAK_NO_RECHECK
			STEP(value = head); /* recheck */
#else
			value = seen;
#endif
			if
			:: value == seen ->
#ifdef BREAK_LATE_ANNOUNCE
				STEP(head_wake_at[me] = seen + 1);
#endif
				CONSUMER_SLEEP /* sleep */
			:: else
			fi
		fi;
		value = 0
	od;
	arrived++
}

init {
	byte i;

	atomic {
		do
		:: i < CONSUMERS -> run consumer(i); i++
		:: else -> break
		od
	}
}

ltl arrives { <> (arrived == CONSUMERS) }
