/* SPDX-License-Identifier: MIT */
/*
 * Two links and three peers: feeder -> link 0 -> stage -> link 1 -> sink, each of which may be
 * killed before any access to shared memory and starts again from what its windows hold. The
 * stage makes one or several outputs from each input; the sink stores files by position, so that
 * storing one again changes nothing.
 *
 * Steps are named as in link.pml. Waiting is a step that is not possible yet: that sleepers are
 * woken is shown there.
 *
 * Properties: the sink has stored every output once, in order, with the right payload, when it
 * ends (assertions); nobody waits for ever (no deadlock); it ends (ltl arrives, with weak
 * fairness).
 *
 * Variants: -DFRAMES -DSLOTS -DKILLS (in all); -DPARTS=2: every other input yields two outputs,
 * committed by one store or by two. -DBREAK_...: the protocol, broken on purpose.
 */
#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef KILLS
#define KILLS 2
#endif
#ifndef PARTS
#define PARTS 1
#endif

/* How many outputs input number i has, and how many all inputs before it have. */
#if PARTS == 1
#define PARTS_OF(i) 1
#define PARTS_BEFORE(i) (i)
#else
#define PARTS_OF(i) (1 + (i) % 2)
#define PARTS_BEFORE(i) ((i) + (i) / 2)
#endif
#define OUTPUTS PARTS_BEFORE(FRAMES)

typedef link {
	byte head;		/* data window */
	byte payload[SLOTS];
	byte tail;		/* credit window */
}
link l[2];
/* What else the descriptors of link 1 hold. */
byte origin_position[SLOTS], part[SLOTS];
bool last[SLOTS];

byte file[OUTPUTS];
byte kills;
bool arrived;

/* The slot of head - 1 is what a restart goes by: a batch must leave it alone. */
#ifdef BREAK_FULL_BATCH
#define MAY_WAIT(out) true
#else
#define MAY_WAIT(out) (out - l[1].head < SLOTS - 1)
#endif

/* Takes a step, or is killed before it. */
#define STEP(action) \
	if \
	:: d_step { action } \
	:: atomic { kills < KILLS -> kills++; goto killed } \
	fi

active proctype feeder()
{
	byte own;

	goto restart;
killed:
	skip;
restart:
	own = l[0].head;
	do
	:: own == FRAMES -> break
	:: own < FRAMES ->
		STEP(own - l[0].tail < SLOTS); /* P2 */
#ifdef BREAK_SWAP
		STEP(l[0].head = own + 1);
#endif
		STEP(l[0].payload[own % SLOTS] = own + 1); /* fill */
#ifndef BREAK_SWAP
		STEP(l[0].head = own + 1); /* P1 */
#endif
		own++
	od
}

active proctype stage()
{
	byte in, out, next, parts, value;
	bool first;

	goto restart;
killed:
	atomic { next = 0; parts = 0; value = 0 };
restart:
	atomic { in = l[0].tail; out = l[1].head; first = true };
	do
	:: in == FRAMES -> break
	:: in < FRAMES ->
		STEP(l[0].head > in); /* C1 */
		atomic {
			parts = PARTS_OF(in);
			/* next: the first part that is not out, as the own output window says. */
			next = 0;
#ifndef BREAK_NO_RULE
			if
			:: first && out > 0 && origin_position[(out - 1) % SLOTS] == in ->
#ifdef BREAK_IGNORE_LAST
				next = parts
#else
				next = (last[(out - 1) % SLOTS] -> parts :
								  part[(out - 1) % SLOTS] + 1)
#endif
			:: else
			fi;
#endif
			first = false
		};
#ifdef BREAK_RELEASE_FIRST
		STEP(value = l[0].payload[in % SLOTS]);
		STEP(l[0].tail = in + 1);
#endif
		do
		:: next < parts ->
#ifndef BREAK_RELEASE_FIRST
			STEP(value = l[0].payload[in % SLOTS]); /* copy */
#endif
			assert(value == in + 1);
			STEP(out - l[1].tail < SLOTS); /* P2 */
#ifdef BREAK_SWAP_DESCRIPTOR
			STEP(l[1].head = out + 1);
#endif
			STEP(l[1].payload[out % SLOTS] = PARTS_BEFORE(value - 1) + next + 1); /* fill */
			STEP(origin_position[out % SLOTS] = in; /* describe */
			     part[out % SLOTS] = next;
			     last[out % SLOTS] = (next + 1 == parts));
			atomic { out++; next++; value = 0 };
			if
			:: STEP(l[1].head = out) /* P1 */
			/* Or later, with the next part, if there is room for it. */
			:: next < parts && out - l[1].tail < SLOTS && MAY_WAIT(out) -> skip
			fi
		:: next >= parts -> break
		od;
#ifndef BREAK_RELEASE_FIRST
		STEP(l[0].tail = in + 1); /* C2 */
#endif
		atomic { in++; next = 0; parts = 0; value = 0 }
	od
}

active proctype sink()
{
	byte own, value;

	goto restart;
killed:
	value = 0;
restart:
	own = l[1].tail;
	do
	:: own == OUTPUTS -> break
	:: own < OUTPUTS ->
		STEP(l[1].head > own); /* C1 */
		STEP(value = l[1].payload[own % SLOTS]); /* copy */
		assert(value == own + 1);
#ifdef BREAK_RELEASE_UNSTORED
		STEP(l[1].tail = own + 1);
#endif
		STEP(file[own] = value); /* store: the rename of the finished file */
#ifndef BREAK_RELEASE_UNSTORED
		STEP(l[1].tail = own + 1); /* C2 */
#endif
		atomic { own++; value = 0 }
	od;
	atomic {
		own = 0;
		do
		:: own < OUTPUTS -> assert(file[own] == own + 1); own++
		:: else -> break
		od
	};
	arrived = true
}

ltl arrives { <> arrived }
