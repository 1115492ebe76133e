/* SPDX-License-Identifier: MIT */
/*
 * A few threads that do parts of one piece of work. The caller is one of them and the only one
 * who hands out work; work is done when all have returned.
 */
#ifndef IVP_STAGE_WORKERS_H
#define IVP_STAGE_WORKERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define IVP_MAX_THREADS 64

struct ivp_workers {
	unsigned count; /* with the caller */
	pthread_t threads[IVP_MAX_THREADS];
	unsigned started; /* of threads */
	pthread_mutex_t mutex;
	pthread_cond_t begin, end;
	/* By mutex: */
	uint64_t round;   /* of work, counted */
	unsigned at_work; /* threads that have not yet returned from this round */
	bool leave;
	void (*work)(void *context, unsigned part);
	void *context;
};

/* Starts count - 1 threads, 1 <= count <= IVP_MAX_THREADS. They take no signals but their own
 * faults. Returns 0 or -errno; then nothing is left running. workers must not move until finish. */
int ivp_workers_init(struct ivp_workers *workers, unsigned count);

/* Calls work(context, part) for each part 0..count-1, each on a thread of its own, part 0 on the
 * caller's; returns when all have returned. What the caller wrote before they see, and it sees
 * what they wrote. */
void ivp_workers_run(struct ivp_workers *workers, void (*work)(void *context, unsigned part),
		     void *context);

/* Waits for the threads' end. */
void ivp_workers_finish(struct ivp_workers *workers);

#endif
