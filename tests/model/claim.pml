/* SPDX-License-Identifier: MIT */
/*
 * A link that overwrites: a producer that never waits and consumers that lay their hands on
 * slots (include/ivpipe/wire.h, section 8). All may be killed before any access to shared memory
 * and start again from what their windows hold.
 *
 * Steps are those of pipeline/transport/step.h; an access to shared memory is one step, what is
 * private goes with the step before. The memory is sequentially consistent: that D1 and D2 make it
 * so where it matters is shown by the mutations that swap two accesses as a missing fence would.
 * Waiting is not modelled (see link.pml): a consumer goes on when there is something to take.
 *
 * Which frame a consumer takes, of those that are there, is left open, so that drop-oldest,
 * latest and the retreat from a fast producer are covered.
 *
 * Properties (assertions): a frame at hand is whole and stays so; frames come in order, none
 * twice; what was taken and what was missed is counted exactly; the producer looks at the claims
 * a bounded number of times; a position that was passed over is recognised, and the newest never
 * is one; the descriptor of the last frame is there when the producer restarts.
 *
 * Variants: -DFRAMES (the last is the end) -DSLOTS -DKILLS (in all); -DCONSUMERS=2: one more that
 * is hostile; -DOLDEST: no choice; -DBREAK_...: the protocol, broken on purpose.
 */
#ifndef FRAMES
#define FRAMES 5
#endif
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef KILLS
#define KILLS 1
#endif

/* The data window. */
byte head, announced, filling, payload[SLOTS], sequence[SLOTS], ordinal_in[SLOTS];
/* The credit windows. */
byte tail[CONSUMERS], claim[CONSUMERS], held[CONSUMERS], last_ordinal[CONSUMERS], taken[CONSUMERS],
    dropped[CONSUMERS];

byte kills;

/* Takes a step, or is killed before it. */
#define STEP(action) \
	if \
	:: d_step { action } \
	:: atomic { kills < KILLS -> kills++; goto killed } \
	fi

/* The oldest frame, or a newer one. */
#ifdef OLDEST
#define CHOOSE skip
#else
#define CHOOSE \
	do \
	:: p + 1 < seen -> p++ \
	:: break \
	od
#endif

#define CLEAR(position) \
	((claims[0] == 0 || (claims[0] - 1) % SLOTS != (position) % SLOTS) && \
	 (CONSUMERS < 2 || claims[CONSUMERS - 1] == 0 || \
	  (claims[CONSUMERS - 1] - 1) % SLOTS != (position) % SLOTS))

active proctype producer()
{
	byte own, end, next, q, i, claims[CONSUMERS];

	goto restart;
killed:
	skip;
restart:
	atomic {
		own = head;
		end = announced;
		next = 0;
		q = 0;
		i = 0;
		do
		:: i < CONSUMERS -> claims[i] = 0; i++
		:: else -> break
		od;
		i = 0;
		if
		:: own > 0 ->
			assert(sequence[(own - 1) % SLOTS] == own);
			next = ordinal_in[(own - 1) % SLOTS] + 1
		:: else
		fi
	};
#ifndef BREAK_NOT_TAKEN_BACK
	if
	:: filling > own && sequence[(filling - 1) % SLOTS] == filling ->
		/* Described, but not committed. */
		STEP(sequence[(filling - 1) % SLOTS] = (filling > SLOTS -> filling - SLOTS : 0))
	:: else
	fi;
#endif
	do
	:: next == FRAMES -> break
	:: next < FRAMES ->
		end = (end <= own -> own + 1 : end);
		do
		:: true ->
			assert(end - own <= CONSUMERS + 1);
#ifndef BREAK_LATE_ANNOUNCE
			STEP(announced = end); /* D2 */
#endif
			i = 0;
			do
			:: i < CONSUMERS ->
#ifdef BREAK_NO_LOOK
				claims[i] = 0;
#else
				STEP(claims[i] = claim[i]);
#endif
				assert(claims[i] <= own);
				i++
			:: else -> break
			od;
#ifdef BREAK_LATE_ANNOUNCE
			STEP(announced = end);
#endif
			q = own;
			do
			:: q < end && !CLEAR(q) -> q++
			:: else -> break
			od;
			if
			:: q < end -> break
			:: else -> end++
			fi
		od;
		STEP(filling = q + 1);
		STEP(payload[q % SLOTS] = 0);        /* fill: half of it */
		STEP(payload[q % SLOTS] = next + 1); /* and the rest */
		STEP(sequence[q % SLOTS] = q + 1; ordinal_in[q % SLOTS] = next); /* describe */
		STEP(head = q + 1); /* P1 */
		d_step {
			own = q + 1;
			next++;
			q = 0;
			i = 0;
			do
			:: i < CONSUMERS -> claims[i] = 0; i++
			:: else -> break
			od;
			i = 0
		}
	od
}

proctype consumer(byte me)
{
	byte own, seen, w, p, value, number;
	byte expected, missed, got; /* as seen from outside: no death touches them */
	bool at_hand;

	goto restart;
killed:
	skip;
restart:
	atomic {
		own = tail[me];
		seen = 0;
		w = 0;
		p = 0;
		value = 0;
		number = 0;
		at_hand = false
	};
	if
	:: claim[me] != 0 && claim[me] == held[me] && claim[me] > own ->
		d_step { p = claim[me] - 1; at_hand = true }
	:: claim[me] != 0 && claim[me] == held[me] && claim[me] == own ->
		goto finish
	:: else ->
		STEP(held[me] = 0);
		STEP(claim[me] = 0)
	fi;
	do
	:: expected == FRAMES -> break
	:: else ->
		if
		:: at_hand -> goto work
		:: else
		fi;
		STEP(head > own; seen = head; p = own); /* C1 */
		CHOOSE;
try:
#ifndef BREAK_LATE_CLAIM
		STEP(claim[me] = p + 1); /* D1 */
#endif
#ifdef BREAK_NO_RECHECK
		w = p + 1;
#else
		STEP(w = announced);
#endif
#ifdef BREAK_LATE_CLAIM
		STEP(claim[me] = p + 1);
#endif
		STEP(seen = head);
		assert(w > p);
		if
		:: w - p > SLOTS ->
			p = w - SLOTS;
			assert(p < seen);
			CHOOSE;
			goto try
		:: else
		fi;
		STEP(value = sequence[p % SLOTS]);
		if
		:: value != p + 1 -> /* passed over */
			assert(value != 0 && value <= p && (p + 1 - value) % SLOTS == 0);
			assert(p + 1 < seen);
			p++;
			goto try
		:: else
		fi;
		STEP(held[me] = p + 1);
work:
		assert(sequence[p % SLOTS] == p + 1);
		STEP(number = ordinal_in[p % SLOTS]); /* copy */
		STEP(last_ordinal[me] = number);           /* missed */
		STEP(dropped[me] = number - taken[me]);
#ifdef BREAK_RELEASE_EARLY
		STEP(claim[me] = 0);
#endif
		STEP(value = payload[p % SLOTS]);
		assert(value == number + 1);
		STEP(value = payload[p % SLOTS]);
		assert(value == number + 1);
		/* C2, and what an observer notes. */
		STEP(tail[me] = p + 1; own = p + 1; assert(number >= expected);
		     missed = missed + (number - expected); expected = number + 1; got++);
		at_hand = false;
finish:
#ifdef BREAK_COUNT_ON
		STEP(taken[me] = taken[me] + 1);
#else
		STEP(taken[me] = last_ordinal[me] + 1 - dropped[me]); /* taken */
#endif
		STEP(held[me] = 0); /* D3 */
		STEP(claim[me] = 0);
		d_step { seen = 0; w = 0; p = 0; value = 0; number = 0 }
	od;
	assert(taken[me] == got && dropped[me] == missed && got + missed == FRAMES)
}

/* Claims whatever it likes, of what it may. */
proctype hostile(byte me)
{
	do
	:: claim[me] < head -> claim[me]++
	:: claim[me] > 0 -> claim[me] = 0
	:: claim[me] == 0 && head > 0 -> claim[me] = head
	:: timeout -> break
	od
}

init {
	atomic {
		run consumer(0);
		if
		:: CONSUMERS == 2 -> run hostile(1)
		:: else
		fi
	}
}
