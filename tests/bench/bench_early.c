/* SPDX-License-Identifier: MIT */
/*
 * The latency of a frame through chains of two and three stages of 1080p, with and without early
 * start, by turns: from its commit to the commit of the last stage's result. Each filter needs a few
 * rows around its own. A frame goes in when the last one came out, so that nothing but early start
 * lets two stages work at once. Stages take turns on two cores: at most two of them overlap.
 *
 * Every result is compared with that of the first round.
 */
#include "bench/stage.h"

#define FRAMES  24u
#define WARM_UP 4u
#define STAGES  3u

static struct bench bench = {.name = "early", .rounds = 7};

static struct bench_stage *shared;
static struct bench_link links[STAGES + 1];
static struct ivp_filter_conf filters[STAGES];
static uint8_t *source, *expected[STAGES + 1]; /* by stages */

static uint8_t *payload(const struct bench_link *link, uint64_t n)
{
	const struct ivp_wire_header *header = link->data.base;

	return (uint8_t *)link->data.base + header->payload_offset +
	       (n % BENCH_SLOTS) * header->payload_stride;
}

static void draw(uint8_t *pixels)
{
	uint32_t noise = 1;

	for (size_t i = 0; i < BENCH_BYTES; i++) {
		noise = noise * 1664525u + 1013904223u;
		pixels[i] = (uint8_t)(i / 24 + i / BENCH_STRIDE + (noise >> 28));
	}
}

static void check_result(const struct ivp_frame *frame, unsigned stages)
{
	if (!expected[stages]) {
		expected[stages] = bench_map(BENCH_BYTES);
		memcpy(expected[stages], frame->payload, BENCH_BYTES);
	}
	if (memcmp(frame->payload, expected[stages], BENCH_BYTES) != 0) {
		fprintf(stderr, "bench: a result of %u stages is another than before\n", stages);
		exit(EX_SOFTWARE);
	}
}

/* Milliseconds from commit to commit, the mean of the frames after the warm-up. */
static double measure(unsigned stages, bool early)
{
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_frame frame;
	struct ivp_slot slot;
	pid_t child[STAGES];
	uint64_t spent = 0;

	for (unsigned i = 0; i <= stages; i++)
		links[i] = bench_link_create_early("early", BENCH_SLOTS, BENCH_BYTES, early);
	for (unsigned n = 0; n < BENCH_SLOTS; n++)
		memcpy(payload(&links[0], n), source, BENCH_BYTES);
	for (unsigned i = 0; i < stages; i++)
		child[i] = bench_stage_start(&bench, (int)(i % 2), &links[i], &links[i + 1],
					     &filters[i], 1, BENCH_KERNEL, &shared[i]);
	for (unsigned i = 0; i < stages; i++)
		bench_await(&shared[i].ready);
	bench_produce_on(&links[0], BENCH_KERNEL, &producer);
	bench_consume_from(&links[stages], BENCH_KERNEL, &consumer);
	for (uint64_t n = 0; n < FRAMES; n++) {
		bench_slot(&producer, &slot);
		const uint64_t start_ns = ivp_now_ns();
		bench_commit(&producer, n, IVP_KIND_PIXELS);
		bench_take(&consumer, &frame, n, IVP_KIND_PIXELS);
		if (n >= WARM_UP)
			spent += ivp_now_ns() - start_ns;
		check_result(&frame, stages);
		ivp_consumer_release(&consumer);
	}
	bench_slot(&producer, &slot);
	bench_commit(&producer, FRAMES, IVP_KIND_END);
	bench_take(&consumer, &frame, FRAMES, IVP_KIND_END);
	ivp_consumer_release(&consumer);
	for (unsigned i = 0; i < stages; i++)
		bench_reap(child[i]);
	for (unsigned i = 0; i <= stages; i++)
		bench_link_destroy(&links[i]);
	return (double)spent / 1e6 / (FRAMES - WARM_UP);
}

enum { TWO, TWO_EARLY, THREE, THREE_EARLY, SERIES };

static struct bench_series series[SERIES] = {
    [TWO] = {.name = "2 stages, whole images", .unit = "ms/frame"},
    [TWO_EARLY] = {.name = "2 stages, early start", .unit = "ms/frame", .reference = &series[TWO]},
    [THREE] = {.name = "3 stages, whole images", .unit = "ms/frame"},
    [THREE_EARLY] = {.name = "3 stages, early start",
		     .unit = "ms/frame",
		     .reference = &series[THREE]},
};

int main(int argc, char **argv)
{
	static const char *const sigma[][2] = {{"sigma", "3"}, {NULL, NULL}};
	double value[SERIES];

	bench_options(&bench, argc, argv);
	bench_pin(1);
	shared = bench_map(STAGES * sizeof(*shared));
	source = bench_map(BENCH_BYTES);
	draw(source);
	filters[0] = bench_filter("gaussian-blur", sigma);
	filters[1] = bench_filter("sharpen", sigma);
	filters[2] = bench_filter("gaussian-blur", sigma);
	for (unsigned round = 0; round < bench.rounds; round++) {
		enum bench_place from = bench_probe(&bench);
		bench_realtime(&bench, true);
		for (unsigned i = 0; i < SERIES; i++)
			value[i] = measure(i < THREE ? 2 : 3, i % 2 == 1);
		bench_realtime(&bench, false);
		enum bench_place to = bench_probe(&bench);
		for (unsigned i = 0; i < SERIES; i++)
			bench_add(&series[i], value[i], from, to);
	}
	return bench_report(&bench, series, SERIES);
}
