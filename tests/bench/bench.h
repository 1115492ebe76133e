/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks share: processes that are pinned and die with their parent, shared memory,
 * a probe of where the two cores are, series of samples with their medians, the report.
 *
 * Processor cores that share a cache hand a line over in some 100 ns, others in 500 and more; in
 * a virtual machine the two cores may change from one to the other at any time. So each sample
 * is taken between two probes and belongs to "near", "far", or, if they differ, to neither.
 * Series are sampled in turn, so that all see the same machine.
 */
#ifndef IVP_TESTS_BENCH_H
#define IVP_TESTS_BENCH_H

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include <ivpipe/ring.h>
#include "base/units.h"

#define BENCH_SAMPLES   64
#define BENCH_NEAR_NS   300 /* a round trip below: one shared cache */
#define BENCH_TRIPS     2000
#define BENCH_LONGEST_S 300 /* no spinner outlives this, whatever becomes of its peer */

enum bench_place { BENCH_NEAR, BENCH_FAR, BENCH_MIXED, BENCH_PLACES };

/* One quantity, sampled several times. */
struct bench_series {
	const char *name;
	const char *unit;
	const struct bench_series *reference; /* the report gives the ratio to it; or NULL */
	unsigned count;
	double values[BENCH_SAMPLES];
	enum bench_place places[BENCH_SAMPLES];
};

struct bench {
	const char *name;
	const char *json; /* file; NULL: standard output */
	unsigned rounds;
	bool realtime;
	double trip_ns; /* of a cache line, by the last probe */
};

static inline _Noreturn void bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(EX_OSERR);
}

static inline void bench_options(struct bench *bench, int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"rounds", required_argument, NULL, 'r'},
						{"realtime", no_argument, NULL, 'R'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j') {
			bench->json = optarg;
		} else if (option == 'r') {
			bench->rounds = (unsigned)strtoul(optarg, NULL, 10);
		} else if (option == 'R') {
			bench->realtime = true;
		} else {
			fprintf(stderr,
				"usage: %s [--json FILE] [--rounds N, 1 to %d] [--realtime]\n"
				"--realtime keeps other work off while it measures; needs root\n",
				argv[0], BENCH_SAMPLES);
			exit(EX_USAGE);
		}
	}
	if (bench->rounds == 0 || bench->rounds > BENCH_SAMPLES)
		bench->rounds = BENCH_SAMPLES;
	alarm(BENCH_LONGEST_S);
}

/* Shared by the processes that are forked later, and populated. */
static inline void *bench_map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		bench_die("mmap");
	return memory;
}

static inline long bench_cores(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* Where there is one core only, whoever spins must let the other run. */
static inline void bench_relax(void)
{
	static long cores;

	if (cores == 0)
		cores = bench_cores();
	if (cores > 1)
		ivp_pause();
	else
		sched_yield();
}

static inline void bench_pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core < bench_cores() ? core : 0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		bench_die("sched_setaffinity");
}

/* Bounded: a spinner that goes astray at this priority ends after a second of processor time. */
static inline void bench_realtime(const struct bench *bench, bool on)
{
	const struct sched_param param = {.sched_priority = on ? 1 : 0};
	const struct rlimit limit = {1000000, 1000000};

	if (bench->realtime && (setrlimit(RLIMIT_RTTIME, &limit) != 0 ||
				sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param) != 0))
		bench_die("sched_setscheduler");
}

/* Forks a process on a core of its own that dies with this one. Returns 0 in the child. */
static inline pid_t bench_fork(const struct bench *bench, int core)
{
	pid_t parent = getpid();

	fflush(NULL);
	pid_t child = fork();
	if (child < 0)
		bench_die("fork");
	if (child == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
			_exit(EX_OSERR);
		bench_pin(core);
		bench_realtime(bench, true);
	}
	return child;
}

static inline double bench_seconds(struct timeval user, struct timeval kernel)
{
	return (double)(user.tv_sec + kernel.tv_sec) +
	       (double)(user.tv_usec + kernel.tv_usec) / 1e6;
}

/* A word that two processes set in turn, and sleep on: at real-time priority a spinner would not
 * outlive one that waits for its turn at an ordinary one. */
static inline void bench_set(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void bench_sleep_until(uint32_t *word, uint32_t wanted)
{
	uint32_t value;

	while ((value = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != wanted)
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static inline void bench_think(uint64_t ns)
{
	uint64_t start = ns ? ivp_now_ns() : 0;

	while (ns && ivp_now_ns() - start < ns)
		ivp_pause();
}

/* Waits for a child, which must have succeeded. Returns its processor time in seconds. */
static inline double bench_reap(pid_t child)
{
	struct rusage usage;
	int status;

	while (wait4(child, &status, 0, &usage) < 0)
		if (errno != EINTR)
			bench_die("wait4");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "bench: a process failed, status %#x\n", (unsigned)status);
		exit(EX_SOFTWARE);
	}
	return bench_seconds(usage.ru_utime, usage.ru_stime);
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double bench_median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), bench_compare);
	return count == 0 ? 0 : (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Where cores 0 and 1 are: the round trip of a cache line between them. The caller is pinned. */
static inline enum bench_place bench_probe(struct bench *bench)
{
	static uint64_t *lines; /* two, far enough apart for the prefetcher */
	double trips[20];
	const uint64_t batch = BENCH_TRIPS / 20;

	if (bench_cores() < 2)
		return BENCH_NEAR;
	if (lines == NULL)
		lines = bench_map(IVP_PAGE);
	lines[0] = lines[64] = 0;
	pid_t child = bench_fork(bench, sched_getcpu() == 0 ? 1 : 0);
	if (child == 0) {
		for (uint64_t i = 1; i <= BENCH_TRIPS; i++) {
			while (ivp_load_acquire(&lines[0]) != i)
				;
			ivp_store_release(&lines[64], i);
		}
		_exit(0);
	}
	uint64_t start = 0;
	for (uint64_t i = 1; i <= BENCH_TRIPS; i++) {
		ivp_store_release(&lines[0], i);
		while (ivp_load_acquire(&lines[64]) != i)
			;
		if (i % batch == 0) {
			trips[i / batch - 1] = (double)(ivp_now_ns() - start) / (double)batch;
			start = ivp_now_ns();
		} else if (i == 1) {
			start = ivp_now_ns();
		}
	}
	bench_reap(child);
	bench->trip_ns = bench_median(trips, 20);
	return bench->trip_ns < BENCH_NEAR_NS ? BENCH_NEAR : BENCH_FAR;
}

static inline void bench_add(struct bench_series *series, double value, enum bench_place before,
			     enum bench_place after)
{
	if (series->count == BENCH_SAMPLES)
		return;
	series->places[series->count] = before == after ? before : BENCH_MIXED;
	series->values[series->count++] = value;
}

/* The median of the samples taken at place; BENCH_PLACES: of all. */
static inline double bench_result(const struct bench_series *series, enum bench_place place,
				  unsigned *count)
{
	double values[BENCH_SAMPLES];

	*count = 0;
	for (unsigned i = 0; i < series->count; i++)
		if (place == BENCH_PLACES || series->places[i] == place)
			values[(*count)++] = series->values[i];
	return bench_median(values, *count);
}

static inline json_t *bench_row(const struct bench_series *series)
{
	static const char *const places[] = {"near", "far", "mixed", "all"};
	json_t *row = json_pack("{s:s, s:s}", "name", series->name, "unit", series->unit);
	json_t *samples = json_array();

	fprintf(stderr, "%-44s", series->name);
	for (int place = 0; row && place <= BENCH_PLACES; place++) {
		unsigned count, other;
		double median = bench_result(series, place, &count), ratio = 0;
		if (count == 0 || place == BENCH_MIXED)
			continue;
		if (place == BENCH_PLACES && count != series->count)
			continue;
		if (series->reference)
			ratio = bench_result(series->reference, place, &other);
		ratio = ratio > 0 ? median / ratio : 0;
		json_object_set_new(
		    row, places[place],
		    json_pack("{s:f, s:i}", "median", median, "samples", (int)count));
		if (ratio > 0)
			json_object_set_new(json_object_get(row, places[place]), "ratio",
					    json_real(ratio));
		fprintf(stderr, " %5s %10.4g", places[place], median);
		if (ratio > 0)
			fprintf(stderr, " (%.3f)", ratio);
	}
	fprintf(stderr, " %s\n", series->unit);
	for (unsigned i = 0; i < series->count; i++)
		json_array_append_new(samples, json_pack("{s:f, s:s}", "value", series->values[i],
							 "place", places[series->places[i]]));
	json_object_set_new(row, "samples", samples);
	return row;
}

/* Prints the medians for people on standard error, and as JSON. Returns the exit status. */
static inline int bench_report(const struct bench *bench, const struct bench_series *series,
			       unsigned count)
{
	json_t *rows = json_array();
	json_t *all = json_pack("{s:s, s:s, s:i, s:o}", "bench", bench->name, "version",
				IVP_VERSION, "cores", (int)bench_cores(), "rows", rows);

	for (unsigned i = 0; i < count; i++)
		if (series[i].count)
			json_array_append_new(rows, bench_row(&series[i]));
	int error = bench->json
			? json_dump_file(all, bench->json, JSON_INDENT(1) | JSON_REAL_PRECISION(5))
			: json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(5));
	if (!bench->json)
		putchar('\n');
	json_decref(all);
	return error ? EX_IOERR : EX_OK;
}

#endif
