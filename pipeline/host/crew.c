/* SPDX-License-Identifier: MIT */
/*
 * All that is shared changes under the mutex, which orders the pieces' memory too. given and taken
 * are written by the caller alone, who may read them without it.
 *
 * Places are twice the threads: with one for each, all would wait whenever the oldest piece takes
 * longer than the others.
 */
#include "host/crew.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/signals.h"

unsigned ivp_crew_processors(void)
{
	cpu_set_t set;

	/* It fails where there are more than 1024. */
	return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (unsigned)CPU_COUNT(&set);
}

static void *serve(void *context)
{
	struct ivp_crew *crew = context;
	unsigned place;

	pthread_mutex_lock(&crew->mutex);
	for (;;) {
		while (crew->begun == crew->given && !crew->leave)
			pthread_cond_wait(&crew->more, &crew->mutex);
		if (crew->leave)
			break;
		place = (unsigned)(crew->begun++ % crew->places);
		pthread_mutex_unlock(&crew->mutex);
		crew->work(crew->context, place);
		pthread_mutex_lock(&crew->mutex);
		crew->done[place] = true;
		pthread_cond_signal(&crew->less);
	}
	pthread_mutex_unlock(&crew->mutex);
	return NULL;
}

void ivp_crew_init(struct ivp_crew *crew, unsigned threads, unsigned most,
		   void (*work)(void *context, unsigned place), void *context)
{
	sigset_t before;

	memset(crew, 0, sizeof(*crew));
	crew->work = work;
	crew->context = context;
	crew->places = 1;
	pthread_mutex_init(&crew->mutex, NULL);
	pthread_cond_init(&crew->more, NULL);
	pthread_cond_init(&crew->less, NULL);
	threads = threads < most ? threads : most;
	threads = threads < IVP_CREW_THREADS ? threads : IVP_CREW_THREADS;
	if (threads < 2)
		return;
	crew->places = 2 * threads < most ? 2 * threads : most;
	ivp_signals_block(&before);
	while (crew->threads < threads &&
	       pthread_create(&crew->thread[crew->threads], NULL, serve, crew) == 0)
		crew->threads++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void ivp_crew_finish(struct ivp_crew *crew)
{
	if (!crew->work)
		return;
	pthread_mutex_lock(&crew->mutex);
	crew->leave = true;
	pthread_cond_broadcast(&crew->more);
	pthread_mutex_unlock(&crew->mutex);
	for (unsigned i = 0; i < crew->threads; i++)
		(void)pthread_join(crew->thread[i], NULL);
	pthread_cond_destroy(&crew->more);
	pthread_cond_destroy(&crew->less);
	pthread_mutex_destroy(&crew->mutex);
	memset(crew, 0, sizeof(*crew));
}

unsigned ivp_crew_count(const struct ivp_crew *crew)
{
	return (unsigned)(crew->given - crew->taken);
}

unsigned ivp_crew_place(const struct ivp_crew *crew, unsigned number)
{
	return (unsigned)((crew->taken + number) % crew->places);
}

void ivp_crew_give(struct ivp_crew *crew)
{
	const unsigned place = (unsigned)(crew->given % crew->places);

	if (crew->threads == 0) {
		crew->given++;
		crew->begun++;
		crew->work(crew->context, place);
		crew->done[place] = true;
		return;
	}
	pthread_mutex_lock(&crew->mutex);
	crew->done[place] = false;
	crew->given++;
	pthread_cond_signal(&crew->more);
	pthread_mutex_unlock(&crew->mutex);
}

static struct timespec after(uint64_t timeout_ns)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	timeout_ns += (uint64_t)time.tv_nsec;
	time.tv_sec += (time_t)(timeout_ns / 1000000000);
	time.tv_nsec = (long)(timeout_ns % 1000000000);
	return time;
}

bool ivp_crew_wait(struct ivp_crew *crew, uint64_t timeout_ns)
{
	const unsigned place = (unsigned)(crew->taken % crew->places);
	struct timespec until;
	bool done;

	pthread_mutex_lock(&crew->mutex);
	done = crew->done[place];
	if (!done) {
		until = after(timeout_ns);
		/* Others than the oldest may be done first. */
		while (!crew->done[place] && pthread_cond_clockwait(&crew->less, &crew->mutex,
								    CLOCK_MONOTONIC, &until) == 0)
			continue;
		done = crew->done[place];
	}
	pthread_mutex_unlock(&crew->mutex);
	return done;
}

void ivp_crew_take(struct ivp_crew *crew)
{
	pthread_mutex_lock(&crew->mutex);
	crew->taken++;
	pthread_mutex_unlock(&crew->mutex);
}
