/* SPDX-License-Identifier: MIT */
/*
 * 1920x1080 RGB8 images through a stage without filters, which copies them from slot to slot,
 * next to memcpy of the same bytes between the same slots; and what a stage costs that waits.
 *
 * The stage has core 0; feeder and sink share core 1 and touch one word of every 20th row only,
 * so that the stage is what is measured. These words are verified in every frame.
 */
#include "bench/stage.h"

#define FRAMES     140u
#define WARM_UP    20u
#define STAMP_ROWS 20u /* one row of so many carries a stamp */
#define IDLE_S     2
#define IDLE_RUNS  3u
#define IDLERS     3u
#define SLEEPER_NS 250000000 /* as a stage that waits */

static struct bench bench = {.name = "frames", .rounds = 9};

struct shared {
	struct bench_stage stage[IDLERS];
	uint64_t start_ns, end_ns;
	uint64_t busy_ns; /* of the stage, after the warm-up */
};

static struct shared *shared;
static struct bench_link before, after;

static uint64_t stamp(uint64_t n, unsigned row)
{
	return n * 0x9e3779b97f4a7c15u + row;
}

static pid_t start_feeder(void)
{
	struct ivp_producer producer;
	struct ivp_slot slot;
	pid_t child = bench_fork(&bench, 1);

	if (child != 0)
		return child;
	bench_touch(&before, true);
	bench_produce_on(&before, BENCH_KERNEL, &producer);
	bench_await(&shared->stage[0].ready);
	for (uint64_t n = 0; n <= FRAMES; n++) {
		bench_slot(&producer, &slot);
		for (unsigned y = 0; n < FRAMES && y < BENCH_HEIGHT; y += STAMP_ROWS)
			*(uint64_t *)(void *)(slot.payload + y * BENCH_STRIDE) = stamp(n, y);
		bench_commit(&producer, n, n < FRAMES ? IVP_KIND_PIXELS : IVP_KIND_END);
	}
	_exit(EX_OK);
}

static pid_t start_sink(void)
{
	struct ivp_consumer consumer;
	struct ivp_frame frame;
	pid_t child = bench_fork(&bench, 1);
	unsigned wrong = 0;

	if (child != 0)
		return child;
	bench_touch(&after, false);
	bench_consume_from(&after, BENCH_KERNEL, &consumer);
	for (uint64_t n = 0; n <= FRAMES; n++) {
		bench_take(&consumer, &frame, n, n < FRAMES ? IVP_KIND_PIXELS : IVP_KIND_END);
		for (unsigned y = 0; n < FRAMES && y < BENCH_HEIGHT; y += STAMP_ROWS)
			wrong += *(const uint64_t *)(const void *)(frame.payload +
								   y * BENCH_STRIDE) != stamp(n, y);
		if (n >= WARM_UP && n < FRAMES)
			shared->busy_ns += frame.trail[0].busy_ns;
		ivp_consumer_release(&consumer);
		if (n + 1 == WARM_UP)
			shared->start_ns = ivp_now_ns();
		if (n + 1 == FRAMES)
			shared->end_ns = ivp_now_ns();
	}
	if (wrong)
		fprintf(stderr, "bench: %u rows arrived wrong\n", wrong);
	_exit(wrong ? EX_SOFTWARE : EX_OK);
}

static void reset(void)
{
	bench_link_destroy(&before);
	bench_link_destroy(&after);
	before = bench_link_create("before", BENCH_SLOTS, BENCH_BYTES);
	after = bench_link_create("after", BENCH_SLOTS, BENCH_BYTES);
}

/* Frames per second through the stage; *busy_ns: what it spent on one. */
static double measure_stage(double *busy_ns)
{
	reset();
	shared->busy_ns = 0;
	pid_t sink = start_sink();
	pid_t stage =
	    bench_stage_start(&bench, 0, &before, &after, NULL, 0, BENCH_KERNEL, &shared->stage[0]);
	pid_t feeder = start_feeder();
	bench_reap(feeder);
	bench_reap(stage);
	bench_reap(sink);
	*busy_ns = (double)shared->busy_ns / (FRAMES - WARM_UP);
	return (FRAMES - WARM_UP) * 1e9 / (double)(shared->end_ns - shared->start_ns);
}

static const uint8_t *payload(const struct bench_link *link, unsigned n)
{
	const struct ivp_wire_header *header = link->data.base;

	return (const uint8_t *)link->data.base + header->payload_offset +
	       (n % BENCH_SLOTS) * header->payload_stride;
}

/* The same bytes between the same places, frame by frame, on one core. */
static double measure_memcpy(void)
{
	uint64_t start = 0;

	for (unsigned n = 0; n < FRAMES; n++) {
		if (n == WARM_UP)
			start = ivp_now_ns();
		memcpy((uint8_t *)(uintptr_t)payload(&after, n), payload(&before, n), BENCH_BYTES);
		__asm__ __volatile__("" ::: "memory");
	}
	return (FRAMES - WARM_UP) * 1e9 / (double)(ivp_now_ns() - start);
}

/* What a process takes that does nothing but sleep for so long, again and again. */
static pid_t start_sleeper(struct bench_stage *stage)
{
	const struct timespec nap = {.tv_nsec = SLEEPER_NS};
	pid_t child = bench_fork(&bench, 0);
	uint32_t word = 0;

	if (child != 0)
		return child;
	double start = bench_cpu_s();
	while (!stage->stop)
		syscall(SYS_futex, &word, FUTEX_WAIT, 0, &nap, NULL, 0);
	stage->cpu_s = bench_cpu_s() - start;
	_exit(EX_OK);
}

/*
 * Percent of one core that a stage takes which waits for its first frame; its feeder is there. By
 * links of pages: with more memory mapped and used each wake-up costs several times as much in a
 * virtual machine, also that of a process which does nothing else.
 */
static void measure_idle(double percent[IDLERS])
{
	struct ivp_producer feeder[2];
	struct bench_link in[2], out[2]; /* of its own each: who attaches says how he is rung */
	pid_t child[IDLERS];

	for (unsigned i = 0; i < 2; i++) {
		in[i] = bench_link_create("in", 2, IVP_PAGE);
		out[i] = bench_link_create("out", 2, IVP_PAGE);
		bench_produce_on(&in[i], i ? 0 : BENCH_KERNEL, &feeder[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		child[i] = bench_stage_start(&bench, (int)i, &in[i], &out[i], NULL, 0,
					     i ? 0 : BENCH_KERNEL, &shared->stage[i]);
	for (unsigned i = 0; i < 2; i++)
		bench_await(&shared->stage[i].ready);
	shared->stage[2].stop = 0;
	child[2] = start_sleeper(&shared->stage[2]);
	sleep(IDLE_S);
	for (unsigned i = 0; i < IDLERS; i++)
		shared->stage[i].stop = 1;
	for (unsigned i = 0; i < IDLERS; i++) {
		bench_reap(child[i]);
		percent[i] = shared->stage[i].cpu_s * 100 / IDLE_S;
	}
	for (unsigned i = 0; i < 2; i++) {
		bench_link_destroy(&in[i]);
		bench_link_destroy(&out[i]);
	}
}

enum { MEMCPY, STAGE, BUSY, GIGABYTES, IDLE, IDLE_FUTEX, IDLE_POLL, SERIES };

static struct bench_series series[SERIES] = {
    [MEMCPY] = {.name = "1080p RGB8: memcpy on one core", .unit = "frames/s"},
    [STAGE] = {.name = "1080p RGB8: through a stage",
	       .unit = "frames/s",
	       .reference = &series[MEMCPY]},
    [BUSY] = {.name = "1080p RGB8: the stage's copy alone",
	      .unit = "frames/s",
	      .reference = &series[MEMCPY]},
    [GIGABYTES] = {.name = "1080p RGB8: through a stage", .unit = "GB/s"},
    [IDLE] = {.name = "process that sleeps 250 ms at a time", .unit = "% of a core"},
    [IDLE_FUTEX] = {.name = "waiting stage: futex",
		    .unit = "% of a core",
		    .reference = &series[IDLE]},
    [IDLE_POLL] = {.name = "waiting stage: poll",
		   .unit = "% of a core",
		   .reference = &series[IDLE]},
};

int main(int argc, char **argv)
{
	double busy_ns, idle[IDLERS];

	bench_options(&bench, argc, argv);
	bench_pin(0);
	shared = bench_map(sizeof(*shared));
	before = bench_link_create("before", BENCH_SLOTS, BENCH_BYTES);
	after = bench_link_create("after", BENCH_SLOTS, BENCH_BYTES);
	for (unsigned round = 0; round < bench.rounds; round++) {
		enum bench_place from = bench_probe(&bench);
		double rate = measure_stage(&busy_ns);
		enum bench_place to = bench_probe(&bench);
		bench_add(&series[STAGE], rate, from, to);
		bench_add(&series[BUSY], 1e9 / busy_ns, from, to);
		bench_add(&series[GIGABYTES], rate * BENCH_BYTES / 1e9, from, to);
		bench_realtime(&bench, true);
		rate = measure_memcpy();
		bench_realtime(&bench, false);
		bench_add(&series[MEMCPY], rate, to, bench_probe(&bench));
		if (round >= IDLE_RUNS)
			continue;
		measure_idle(idle);
		bench_add(&series[IDLE], idle[2], to, to);
		bench_add(&series[IDLE_FUTEX], idle[0], to, to);
		bench_add(&series[IDLE_POLL], idle[1], to, to);
	}
	return bench_report(&bench, series, SERIES);
}
