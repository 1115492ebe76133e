/* SPDX-License-Identifier: MIT */
/*
 * Early start: feeder -> link 0 -> stage -> link 1 -> sink, where the feeder may show a frame of two
 * rows before it commits it and the stage may begin on what is shown. Each may be killed before any
 * access to shared memory. Each life of the feeder draws other pixels, so that a result of rows
 * that were not committed would show.
 *
 * Steps are named as in chain.pml and pipeline/transport/step.h. Waiting is a step that is not
 * possible yet. The stage's result is not shown in turn: to the sink that would be the same again.
 *
 * Properties: what the sink stores of a position was made of the frame that was committed there,
 * once, in order (assertions); nobody waits for ever (no deadlock).
 *
 * Variants: -DFRAMES -DSLOTS -DKILLS (in all). -DBREAK_...: the protocol, broken on purpose.
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

/* Link 0. The word rows is in two parts, which are stored and loaded as one. */
byte head0, tail0;
byte upper[SLOTS], lower[SLOTS];
byte sequence[SLOTS], serial[SLOTS], rows[SLOTS]; /* rows: 1 + those that are finished */
/* Link 1. */
byte head1, tail1, result[SLOTS], origin[SLOTS];

byte committed[FRAMES]; /* the life that committed the frame: 1, 2, ... */
byte file[FRAMES];
byte kills;
bool arrived;

/* Takes a step, or is killed before it. */
#define STEP(action) \
	if \
	:: d_step { action } \
	:: atomic { kills < KILLS -> kills++; goto killed } \
	fi

#define slot (own % SLOTS)
#define WITHDRAW serial[slot] = serial[slot] + 1; rows[slot] = 0

active proctype feeder()
{
	byte own, life = 1;

	goto restart;
killed:
	life++;
restart:
	own = head0;
	do
	:: own == FRAMES -> break
	:: own < FRAMES ->
		STEP(own - tail0 < SLOTS); /* P2 */
		if
		:: true -> /* show */
#ifndef BREAK_OLD_SERIAL
			STEP(WITHDRAW);
#endif
			STEP(sequence[slot] = own + 1); /* describe */
#ifdef BREAK_ROWS_FIRST
			STEP(rows[slot] = 2);
			STEP(upper[slot] = life);
			STEP(rows[slot] = 3);
			STEP(lower[slot] = life);
#else
			STEP(upper[slot] = life);
			STEP(rows[slot] = 2); /* R1 */
			STEP(lower[slot] = life);
			STEP(rows[slot] = 3); /* R1 */
#endif
		:: true -> /* not this one */
			STEP(upper[slot] = life);
			STEP(lower[slot] = life);
#ifndef BREAK_COMMIT_AS_SHOWN
			STEP(WITHDRAW);
#endif
			STEP(sequence[slot] = own + 1) /* describe */
		fi;
		STEP(head0 = own + 1; committed[own] = life); /* P1 */
		own++
	od
}
#undef slot

#define slot (in % SLOTS)
active proctype stage()
{
	byte in, out, seen, first, second, count;
	bool again, fresh;

	goto restart;
killed:
	atomic { seen = 0; first = 0; second = 0; count = 0; again = false };
restart:
	atomic { in = tail0; out = head1; fresh = true };
	do
	:: in == FRAMES -> break
	:: in < FRAMES ->
		if
		:: fresh && out > 0 && origin[(out - 1) % SLOTS] == in ->
			STEP(head0 > in); /* C1 */
			goto release
		:: else
		fi;
		fresh = false;
again_from_here:
		atomic { seen = 0; first = 0; second = 0; count = 0; again = false };
		STEP(head0 > in || rows[slot] > 0); /* sleep */
		STEP(again = (head0 > in)); /* C1 */
		if
		:: again ->
			STEP(first = upper[slot]); /* copy */
			STEP(second = lower[slot])
		:: else ->
			STEP(seen = serial[slot]; count = rows[slot]); /* R2 */
			if
			:: count == 0 -> goto again_from_here
			:: else
			fi;
			STEP(again = (sequence[slot] == in + 1)); /* the copy of the descriptor */
			if
			:: again -> STEP(again = (serial[slot] == seen && rows[slot] > 0)) /* R2 */
			:: else
			fi;
			if
			:: !again -> /* an older frame's: sleeps until that changes */
				STEP(head0 > in || serial[slot] != seen);
				goto again_from_here
			:: else
			fi;
			STEP(first = upper[slot]);
			STEP(rows[slot] > 2 || serial[slot] != seen || head0 > in);
			STEP(count = (serial[slot] == seen -> rows[slot] : 0)); /* R2 */
			if
			:: count < 3 -> goto again_from_here /* abandon */
			:: else
			fi;
			STEP(second = lower[slot]);
#ifndef BREAK_EARLY_COMMIT
			STEP(head0 > in); /* C1 */
#endif
#ifndef BREAK_NO_CONFIRM
			STEP(again = (serial[slot] == seen)); /* confirm */
			if
			:: !again -> goto again_from_here /* abandon */
			:: else
			fi
#endif
		fi;
		STEP(out - tail1 < SLOTS); /* P2 */
		STEP(result[out % SLOTS] = (first == second -> first : 255); /* fill, describe */
		     origin[out % SLOTS] = in);
		STEP(head1 = out + 1); /* P1 */
		out++;
#ifdef BREAK_EARLY_COMMIT
		STEP(head0 > in);
#endif
release:
		STEP(tail0 = in + 1); /* C2 */
		atomic { in++; fresh = false }
	od
}
#undef slot

active proctype sink()
{
	byte own, value;

	goto restart;
killed:
	value = 0;
restart:
	own = tail1;
	do
	:: own == FRAMES -> break
	:: own < FRAMES ->
		STEP(head1 > own); /* C1 */
		STEP(value = result[own % SLOTS]); /* copy */
		STEP(file[own] = value); /* store */
		STEP(tail1 = own + 1); /* C2 */
		atomic { own++; value = 0 }
	od;
	atomic {
		own = 0;
		do
		:: own < FRAMES -> assert(file[own] == committed[own]); own++
		:: else -> break
		od
	};
	arrived = true
}

ltl arrives { <> arrived }
