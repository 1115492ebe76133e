/* SPDX-License-Identifier: MIT */
/* Stages as processes of their own, between two links of a benchmark. */
#ifndef IVP_TESTS_BENCH_STAGE_H
#define IVP_TESTS_BENCH_STAGE_H

#include "bench/link.h"
#include "config/params.h"
#include "config/registry.h"
#include "stage/runner.h"

#define BENCH_SLOTS  4u
#define BENCH_WIDTH  1920u
#define BENCH_HEIGHT 1080u
#define BENCH_STRIDE ((size_t)BENCH_WIDTH * 3) /* a multiple of 64 */
#define BENCH_BYTES  (BENCH_STRIDE * BENCH_HEIGHT)

static const struct ivp_shape bench_shape = {BENCH_WIDTH, BENCH_HEIGHT, IVP_FORMAT_RGB8};

/* What a stage tells at its end, and is told; in shared memory. */
struct bench_stage {
	volatile sig_atomic_t stop;
	uint32_t ready;
	double cpu_s; /* of its whole run, waiting included */
	struct ivp_runner_result result;
};

static inline double bench_cpu_s(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static inline void bench_ready(uint32_t *ready)
{
	__atomic_store_n(ready, 1, __ATOMIC_RELEASE);
}

static inline void bench_await(const uint32_t *ready)
{
	while (!__atomic_load_n(ready, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* The filter of that name with its defaults, and one parameter after the other set. */
static inline struct ivp_filter_conf bench_filter(const char *name, const char *const (*set)[2])
{
	struct ivp_filter_conf conf = {.filter = ivp_filter_find(name)};
	struct ivp_why why = {"no such filter or parameter"};

	if (conf.filter == NULL)
		bench_fail(&why);
	conf.self = calloc(1, conf.filter->private_bytes + 1);
	if (conf.self == NULL)
		bench_die("calloc");
	ivp_params_default(conf.filter, conf.self);
	for (; set && (*set)[0]; set++) {
		const struct ivp_param *param = ivp_param_find(conf.filter, (*set)[0]);
		if (param == NULL || ivp_param_set(param, conf.self, (*set)[1], &why) != 0)
			bench_fail(&why);
	}
	if (conf.filter->check && conf.filter->check(conf.self, &why) != 0)
		bench_fail(&why);
	return conf;
}

/* Starts a stage on a core; it ends with the stream, or when its stop flag says so. */
static inline pid_t bench_stage_start(const struct bench *bench, int core,
				      const struct bench_link *from, const struct bench_link *to,
				      const struct ivp_filter_conf *filters, unsigned count,
				      uint64_t kernel_id, struct bench_stage *stage)
{
	struct ivp_input_port input = {.patience_ns = 10000000000u, .stop = &stage->stop};
	struct ivp_output_port output = {.patience_ns = 10000000000u, .stop = &stage->stop};
	struct ivp_chain chain;
	struct ivp_why why;

	memset(stage, 0, sizeof(*stage));
	pid_t child = bench_fork(bench, core);
	if (child != 0)
		return child;
	bench_touch(from, false);
	bench_touch(to, true);
	bench_consume_from(from, kernel_id, &input.link);
	bench_produce_on(to, kernel_id, &output.link);
	if (ivp_chain_init(&chain, filters, count) != 0)
		bench_die("ivp_chain_init");
	bench_ready(&stage->ready);
	double start = bench_cpu_s();
	if (ivp_runner_run(&input, &output, &chain, NULL, NULL, &stage->result, &why) != 0)
		bench_fail(&why);
	stage->cpu_s = bench_cpu_s() - start;
	ivp_chain_finish(&chain);
	_exit(EX_OK);
}

/* Waits for a slot, and commits what lies in it as image number n; END: the end of the stream. */
static inline void bench_slot(struct ivp_producer *producer, struct ivp_slot *slot)
{
	struct ivp_why why;
	int result;

	while ((result = ivp_producer_reserve(producer, slot, &why)) == IVP_FULL)
		ivp_producer_wait(producer, 100000000);
	if (result)
		bench_fail(&why);
}

static inline void bench_commit(struct ivp_producer *producer, uint64_t n, uint16_t kind)
{
	const struct ivp_frame image = {.id = n,
					.kind = kind,
					.flags = IVP_FLAG_LAST,
					.shape = bench_shape,
					.stride = BENCH_STRIDE,
					.payload_bytes = kind == IVP_KIND_END ? 0 : BENCH_BYTES};

	ivp_producer_commit(producer, &image);
}

/* Waits for frame number n, which must be of that kind. */
static inline void bench_take(struct ivp_consumer *consumer, struct ivp_frame *frame, uint64_t n,
			      uint16_t kind)
{
	struct ivp_why why;
	int result;

	while ((result = ivp_consumer_acquire(consumer, frame, &why)) == IVP_EMPTY)
		ivp_consumer_wait(consumer, 100000000);
	if (result)
		bench_fail(&why);
	if (frame->id != n || frame->kind != kind) {
		fprintf(stderr, "bench: frame %llu of kind %u instead of %llu\n",
			(unsigned long long)frame->id, frame->kind, (unsigned long long)n);
		exit(EX_SOFTWARE);
	}
}

#endif
