/* SPDX-License-Identifier: MIT */
/* All that is shared changes under the mutex: it orders the work's memory too. */
#include "stage/workers.h"

#include <string.h>

#include "base/signals.h"

/* The part of a thread is its place among threads, from 1. */
static unsigned part_of(const struct ivp_workers *workers, pthread_t self)
{
	unsigned i = 0;

	while (!pthread_equal(workers->threads[i], self))
		i++;
	return i + 1;
}

static void *serve(void *context)
{
	struct ivp_workers *workers = context;
	uint64_t done = 0;
	unsigned part;

	pthread_mutex_lock(&workers->mutex);
	part = part_of(workers, pthread_self());
	for (;;) {
		while (workers->round == done && !workers->leave)
			pthread_cond_wait(&workers->begin, &workers->mutex);
		if (workers->leave)
			break;
		done = workers->round;
		pthread_mutex_unlock(&workers->mutex);
		workers->work(workers->context, part);
		pthread_mutex_lock(&workers->mutex);
		if (--workers->at_work == 0)
			pthread_cond_signal(&workers->end);
	}
	pthread_mutex_unlock(&workers->mutex);
	return NULL;
}

int ivp_workers_init(struct ivp_workers *workers, unsigned count)
{
	sigset_t before;
	int error = 0;

	memset(workers, 0, sizeof(*workers));
	workers->count = count;
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->begin, NULL);
	pthread_cond_init(&workers->end, NULL);
	ivp_signals_block(&before);
	/* The new threads look for themselves among threads: not before all are there. */
	pthread_mutex_lock(&workers->mutex);
	while (!error && workers->started + 1 < count) {
		error = pthread_create(&workers->threads[workers->started], NULL, serve, workers);
		workers->started += !error;
	}
	pthread_mutex_unlock(&workers->mutex);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		ivp_workers_finish(workers);
	return -error;
}

void ivp_workers_run(struct ivp_workers *workers, void (*work)(void *context, unsigned part),
		     void *context)
{
	pthread_mutex_lock(&workers->mutex);
	workers->work = work;
	workers->context = context;
	workers->at_work = workers->started;
	workers->round++;
	pthread_cond_broadcast(&workers->begin);
	pthread_mutex_unlock(&workers->mutex);
	work(context, 0);
	pthread_mutex_lock(&workers->mutex);
	while (workers->at_work > 0)
		pthread_cond_wait(&workers->end, &workers->mutex);
	pthread_mutex_unlock(&workers->mutex);
}

void ivp_workers_finish(struct ivp_workers *workers)
{
	pthread_mutex_lock(&workers->mutex);
	workers->leave = true;
	pthread_cond_broadcast(&workers->begin);
	pthread_mutex_unlock(&workers->mutex);
	for (unsigned i = 0; i < workers->started; i++)
		(void)pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->begin);
	pthread_cond_destroy(&workers->end);
	pthread_mutex_destroy(&workers->mutex);
	memset(workers, 0, sizeof(*workers));
}
