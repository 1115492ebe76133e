/* SPDX-License-Identifier: MIT */
/*
 * A few threads for pieces of work whose results are wanted in order: the caller hands pieces out,
 * they begin in that order, each on the next thread that has nothing to do, and he takes them back
 * in that order, each when it is done. A piece is a place in an array of the caller's; from give
 * to take it belongs to the thread, before and after that to him.
 */
#ifndef IVP_HOST_CREW_H
#define IVP_HOST_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define IVP_CREW_THREADS 64
#define IVP_CREW_PLACES  (2 * IVP_CREW_THREADS)

struct ivp_crew {
	unsigned places;
	unsigned threads; /* of its own; 0: the caller works when he gives */
	pthread_t thread[IVP_CREW_THREADS];
	void (*work)(void *context, unsigned place);
	void *context;
	pthread_mutex_t mutex;
	pthread_cond_t more, less;
	/* By mutex; pieces are counted from the first. */
	uint64_t given, begun, taken;
	bool done[IVP_CREW_PLACES];
	bool leave;
};

/* One thread for each processor that this process may use. */
unsigned ivp_crew_processors(void);

/*
 * Begins with so many threads, as far as the system has them; 0 or 1: the caller works himself.
 * Most pieces in hand, and threads: most, at least 1. Threads take no signals, but those of their
 * own faults. crew must not move until finish.
 */
void ivp_crew_init(struct ivp_crew *crew, unsigned threads, unsigned most,
		   void (*work)(void *context, unsigned place), void *context);
/* Lets the threads finish what has begun, forgets the rest, and ends them. A zeroed one is fine. */
void ivp_crew_finish(struct ivp_crew *crew);

/* How many pieces are given and not taken, and the places of these, the oldest being number 0; the
 * next piece goes where number ivp_crew_count would be, if that is less than places. */
unsigned ivp_crew_count(const struct ivp_crew *crew);
unsigned ivp_crew_place(const struct ivp_crew *crew, unsigned number);

void ivp_crew_give(struct ivp_crew *crew);
/* Is the oldest piece, which there has to be, done? Waits for that, for at most so long. */
bool ivp_crew_wait(struct ivp_crew *crew, uint64_t timeout_ns);
/* Takes the oldest piece, which is done. */
void ivp_crew_take(struct ivp_crew *crew);

#endif
