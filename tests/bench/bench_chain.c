/* SPDX-License-Identifier: MIT */
/*
 * gaussian-blur and resize as two stages, next to the same two filters run by turns in one
 * process on the same frames: what links, waiting and hand-over add.
 *
 *     one by one    a frame goes in when the last one came out; both stages on one core
 *     stream        frames follow each other; each stage on a core of its own
 *     in the filters, processor    sums over both stages
 *
 * Every result is compared with that of the filters alone.
 */
#include "bench/stage.h"

#define FRAMES  32u
#define WARM_UP 8u
#define WIDTH   640u
#define HEIGHT  360u
#define BYTES   ((size_t)WIDTH * 3 * HEIGHT) /* rows are a multiple of 64 bytes here too */

static struct bench bench = {.name = "chain", .rounds = 7};

struct shared {
	struct bench_stage stage[2];
	uint64_t start_ns, end_ns;
	uint64_t busy_ns; /* of both stages, after the warm-up */
};

static struct shared *shared;
static struct bench_link links[3]; /* in, between, out */
static struct ivp_filter_conf filters[2];
static uint8_t *source, *expected;

static uint8_t *payload(const struct bench_link *link, unsigned n)
{
	const struct ivp_wire_header *header = link->data.base;

	return (uint8_t *)link->data.base + header->payload_offset +
	       (n % BENCH_SLOTS) * header->payload_stride;
}

/* Something with edges, gradients and noise. */
static void draw(uint8_t *pixels)
{
	uint32_t noise = 1;

	for (unsigned y = 0; y < BENCH_HEIGHT; y++)
		for (unsigned x = 0; x < BENCH_STRIDE; x++) {
			noise = noise * 1664525u + 1013904223u;
			pixels[y * BENCH_STRIDE + x] =
			    (uint8_t)((x / 8 + y / 4 + (noise >> 28)) ^ (x & y & 64 ? 0xff : 0));
		}
}

static void reset(void)
{
	for (unsigned i = 0; i < 3; i++) {
		if (links[i].data.base)
			bench_link_destroy(&links[i]);
		links[i] = bench_link_create("chain", BENCH_SLOTS, BENCH_BYTES);
	}
	for (unsigned n = 0; n < BENCH_SLOTS; n++)
		memcpy(payload(&links[0], n), source, BENCH_BYTES);
}

static void start_stages(pid_t child[2], int core)
{
	for (unsigned i = 0; i < 2; i++)
		child[i] =
		    bench_stage_start(&bench, core < 0 ? (int)i : core, &links[i], &links[i + 1],
				      &filters[i], 1, BENCH_KERNEL, &shared->stage[i]);
	for (unsigned i = 0; i < 2; i++)
		bench_await(&shared->stage[i].ready);
}

static void take_result(struct ivp_consumer *consumer, uint64_t n)
{
	struct ivp_frame frame;

	bench_take(consumer, &frame, n, IVP_KIND_PIXELS);
	if (frame.payload_bytes != BYTES || memcmp(frame.payload, expected, BYTES) != 0) {
		fprintf(stderr, "bench: frame %llu is not what the filters alone make of it\n",
			(unsigned long long)n);
		exit(EX_SOFTWARE);
	}
	if (n >= WARM_UP)
		shared->busy_ns += frame.trail[0].busy_ns + frame.trail[1].busy_ns;
	ivp_consumer_release(consumer);
}

static void end_stream(struct ivp_producer *producer, struct ivp_consumer *consumer, pid_t child[2])
{
	struct ivp_frame frame;
	struct ivp_slot slot;

	bench_slot(producer, &slot);
	bench_commit(producer, FRAMES, IVP_KIND_END);
	bench_take(consumer, &frame, FRAMES, IVP_KIND_END);
	ivp_consumer_release(consumer);
	for (unsigned i = 0; i < 2; i++)
		bench_reap(child[i]);
}

/* What both stages have used so far. */
static double used_ms(const pid_t child[2])
{
	double ms = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct timespec used;
		clockid_t clock;
		if (clock_getcpuclockid(child[i], &clock) != 0 || clock_gettime(clock, &used) != 0)
			bench_die("clock_getcpuclockid");
		ms += (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
	}
	return ms;
}

/* Milliseconds a frame, ahead of the frame that came out being in flight at once. */
static double measure_chain(unsigned ahead, double *cpu_ms, double *busy_ms)
{
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_slot slot;
	uint64_t start = 0, in = 0;
	double used = 0;
	pid_t child[2];

	reset();
	shared->busy_ns = 0;
	start_stages(child, ahead == 1 ? 1 : -1);
	bench_produce_on(&links[0], BENCH_KERNEL, &producer);
	bench_consume_from(&links[2], BENCH_KERNEL, &consumer);
	for (uint64_t out = 0; out < FRAMES; out++) {
		for (; in < FRAMES && in < out + ahead; in++) {
			bench_slot(&producer, &slot);
			bench_commit(&producer, in, IVP_KIND_PIXELS);
		}
		take_result(&consumer, out);
		if (out + 1 == WARM_UP) {
			start = ivp_now_ns();
			used = used_ms(child);
		}
	}
	uint64_t end = ivp_now_ns();
	*cpu_ms = (used_ms(child) - used) / (FRAMES - WARM_UP);
	end_stream(&producer, &consumer, child);
	*busy_ms = (double)shared->busy_ns / 1e6 / (FRAMES - WARM_UP);
	return (double)(end - start) / 1e6 / (FRAMES - WARM_UP);
}

/* Milliseconds a frame for each filter, by turns, between the same slots. */
static void measure_alone(double ms[2])
{
	uint64_t spent[2] = {0, 0};
	struct ivp_chain chain[2];
	struct ivp_shape shape;
	struct ivp_why why;

	reset();
	for (unsigned i = 0; i < 2; i++) {
		if (ivp_chain_init(&chain[i], &filters[i], 1) != 0)
			bench_die("ivp_chain_init");
		if (ivp_chain_plan(&chain[i], i ? &shape : &bench_shape, &shape, &why) != 0)
			bench_fail(&why);
	}
	for (unsigned n = 0; n < FRAMES; n++)
		for (unsigned i = 0; i < 2; i++) {
			const struct ivp_input from = {chain[i].in, BENCH_STRIDE,
						       payload(&links[i], n)};
			const struct ivp_output to = {chain[i].out, i ? WIDTH * 3 : BENCH_STRIDE,
						      payload(&links[i + 1], n)};
			uint64_t start = ivp_now_ns();
			ivp_chain_apply(&chain[i], &from, &to, NULL, NULL);
			if (n >= WARM_UP)
				spent[i] += ivp_now_ns() - start;
		}
	memcpy(expected, payload(&links[2], 0), BYTES);
	for (unsigned i = 0; i < 2; i++) {
		ms[i] = (double)spent[i] / 1e6 / (FRAMES - WARM_UP);
		ivp_chain_finish(&chain[i]);
	}
}

enum { BLUR, RESIZE, SUM, ONE_BY_ONE, ONE_BUSY, ONE_CPU, STREAM, STREAM_BUSY, STREAM_CPU, SERIES };

static struct bench_series series[SERIES] = {
    [BLUR] = {.name = "gaussian-blur 1080p, sigma 2, alone", .unit = "ms/frame"},
    [RESIZE] = {.name = "resize to 640x360, lanczos3, alone", .unit = "ms/frame"},
    [SUM] = {.name = "both alone", .unit = "ms/frame"},
    [ONE_BY_ONE] = {.name = "chain, one by one: end to end",
		    .unit = "ms/frame",
		    .reference = &series[SUM]},
    [ONE_BUSY] = {.name = "chain, one by one: in the filters",
		  .unit = "ms/frame",
		  .reference = &series[SUM]},
    [ONE_CPU] = {.name = "chain, one by one: processor",
		 .unit = "ms/frame",
		 .reference = &series[SUM]},
    [STREAM] = {.name = "chain, stream: time", .unit = "ms/frame", .reference = &series[SUM]},
    [STREAM_BUSY] = {.name = "chain, stream: in the filters",
		     .unit = "ms/frame",
		     .reference = &series[SUM]},
    [STREAM_CPU] = {.name = "chain, stream: processor",
		    .unit = "ms/frame",
		    .reference = &series[SUM]},
};

static void prepare(void)
{
	static const char *const blur[][2] = {{"sigma", "2"}, {NULL, NULL}};
	static const char *const resize[][2] = {{"width", "640"},
						{"height", "360"},
						{"mode", "exact"},
						{"kernel", "lanczos3"},
						{NULL, NULL}};

	shared = bench_map(sizeof(*shared));
	source = bench_map(BENCH_BYTES);
	expected = bench_map(BYTES);
	draw(source);
	filters[0] = bench_filter("gaussian-blur", blur);
	filters[1] = bench_filter("resize", resize);
}

int main(int argc, char **argv)
{
	double alone[2], value[SERIES];

	bench_options(&bench, argc, argv);
	bench_pin(1);
	prepare();
	for (unsigned round = 0; round < bench.rounds; round++) {
		enum bench_place from = bench_probe(&bench);
		bench_realtime(&bench, true);
		measure_alone(alone);
		value[BLUR] = alone[0];
		value[RESIZE] = alone[1];
		value[SUM] = alone[0] + alone[1];
		value[ONE_BY_ONE] = measure_chain(1, &value[ONE_CPU], &value[ONE_BUSY]);
		value[STREAM] = measure_chain(BENCH_SLOTS, &value[STREAM_CPU], &value[STREAM_BUSY]);
		bench_realtime(&bench, false);
		enum bench_place to = bench_probe(&bench);
		for (unsigned i = 0; i < SERIES; i++)
			bench_add(&series[i], value[i], from, to);
	}
	return bench_report(&bench, series, SERIES);
}
