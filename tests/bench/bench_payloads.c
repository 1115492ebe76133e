/* SPDX-License-Identifier: MIT */
/*
 * What payloads of megabytes cost from one process to another, on cores 0 and 1: 1080p images that
 * both ends touch word by word, and 1 GiB in chunks of 1 MiB through 64 MiB that is copied in and
 * out; each next to a reference ring that has no more than two positions. Every byte is verified.
 */
#include "bench/payload.h"

#define IMAGES  140u
#define WARM_UP 20u

static struct bench bench = {.name = "payloads", .rounds = 7};

/* What the two processes of one sample share. The positions have lines of their own. */
struct sample {
	uint64_t head, pad0[15];
	uint64_t tail, pad1[15];
	uint32_t ready;
	uint64_t bad, start_ns, end_ns;
	bool far; /* what the link's producer thought at its end */
};

static struct sample *sample;
static struct bench_link link_at;
static uint8_t *slots, *source, *copy;

/* One quantity: a payload, a ring, a way of storing. */
struct flow {
	bool file; /* or images */
	bool reference;
	enum ivp_stores stores;        /* of the reference */
	enum ivp_stores_choice choice; /* of the link */
	uint32_t slots;
};

static void await_position(const uint64_t *word, uint64_t least)
{
	while (ivp_load_acquire(word) < least)
		bench_relax();
}

static void put_payload(const struct flow *flow, uint8_t *slot, uint64_t n, enum ivp_stores stores)
{
	if (flow->file)
		ivp_store_bytes(slot, source + n * PAYLOAD_CHUNK, PAYLOAD_CHUNK, stores);
	else
		payload_fill(slot, n, stores);
}

static void take_payload(const struct flow *flow, const uint8_t *slot, uint64_t n)
{
	if (flow->file)
		memcpy(copy + n * PAYLOAD_CHUNK, slot, PAYLOAD_CHUNK);
	else
		sample->bad += payload_is_wrong(slot, n);
}

static uint64_t count_of(const struct flow *flow)
{
	return flow->file ? PAYLOAD_FILE / PAYLOAD_CHUNK : IMAGES;
}

static uint64_t bytes_of(const struct flow *flow)
{
	return flow->file ? PAYLOAD_CHUNK : PAYLOAD_IMAGE;
}

static void produce(const struct flow *flow)
{
	struct ivp_frame frame = {
	    .kind = IVP_KIND_BYTES, .flags = IVP_FLAG_LAST, .payload_bytes = bytes_of(flow)};
	struct ivp_producer producer;
	struct ivp_slot slot;

	if (!flow->reference) {
		bench_produce_on(&link_at, 0, &producer);
		producer.stores = flow->choice;
	}
	while (!__atomic_load_n(&sample->ready, __ATOMIC_ACQUIRE))
		sched_yield();
	bench_realtime(&bench, !flow->file);
	for (uint64_t n = 0; n < count_of(flow); n++) {
		if (flow->reference) {
			if (n >= flow->slots)
				await_position(&sample->tail, n - flow->slots + 1);
			/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): all flows have slots */
			put_payload(flow, slots + n % flow->slots * bytes_of(flow), n,
				    flow->stores);
			ivp_store_fence();
			ivp_store_release(&sample->head, n + 1);
			continue;
		}
		while (ivp_producer_reserve(&producer, &slot, NULL) == IVP_FULL)
			ivp_producer_wait(&producer, 100000000);
		put_payload(flow, slot.payload, n, slot.stores);
		frame.id = n;
		ivp_producer_commit(&producer, &frame);
	}
	if (!flow->reference)
		sample->far = producer.placement.far;
}

static _Noreturn void consume(const struct flow *flow)
{
	const uint64_t first = flow->file ? 0 : WARM_UP;
	struct ivp_consumer consumer;
	struct ivp_frame frame;

	if (!flow->reference)
		bench_consume_from(&link_at, 0, &consumer);
	__atomic_store_n(&sample->ready, 1, __ATOMIC_RELEASE);
	sample->start_ns = ivp_now_ns();
	for (uint64_t n = 0; n < count_of(flow); n++) {
		if (n == first)
			sample->start_ns = ivp_now_ns();
		if (flow->reference) {
			await_position(&sample->head, n + 1);
			take_payload(flow, slots + n % flow->slots * bytes_of(flow), n);
			ivp_store_release(&sample->tail, n + 1);
			continue;
		}
		while (ivp_consumer_acquire(&consumer, &frame, NULL) == IVP_EMPTY)
			ivp_consumer_wait(&consumer, 100000000);
		take_payload(flow, frame.payload, n);
		ivp_consumer_release(&consumer);
	}
	sample->end_ns = ivp_now_ns();
	bench_realtime(&bench, false);
	if (flow->file)
		sample->bad += memcmp(copy, source, PAYLOAD_FILE) != 0;
	_exit(EX_OK);
}

static void touch(uint8_t *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += IVP_PAGE) {
		volatile uint8_t *byte = memory + i;
		const uint8_t value = *byte;
		*byte = value;
	}
}

/* Returns a sample in GB/s. */
static double measure(const struct flow *flow)
{
	const uint64_t timed = count_of(flow) - (flow->file ? 0 : WARM_UP);

	memset(sample, 0, sizeof(*sample));
	bench_link_destroy(&link_at);
	link_at = bench_link_create("bench", flow->slots, bytes_of(flow));
	pid_t child = bench_fork(&bench, 1);
	if (child == 0) {
		/* Page faults, and the file, take longer than real-time priority lasts. */
		bench_realtime(&bench, false);
		bench_touch(&link_at, false);
		touch(slots, 64u * PAYLOAD_CHUNK);
		touch(copy, flow->file ? PAYLOAD_FILE : 0);
		touch(source, flow->file ? PAYLOAD_FILE : 0);
		bench_realtime(&bench, !flow->file);
		consume(flow);
	}
	produce(flow);
	bench_realtime(&bench, false);
	bench_reap(child);
	if (sample->bad) {
		fprintf(stderr, "bench: %llu payloads arrived wrong\n",
			(unsigned long long)sample->bad);
		exit(EX_SOFTWARE);
	}
	return (double)(timed * bytes_of(flow)) / (double)(sample->end_ns - sample->start_ns);
}

static const struct flow flows[] = {
    {false, true, IVP_STORES_CACHED, 0, 4},
    {false, true, IVP_STORES_STREAMING, 0, 4},
    {false, false, 0, IVP_STORES_ALWAYS_CACHED, 4},
    {false, false, 0, IVP_STORES_ALWAYS_STREAMING, 4},
    {false, false, 0, IVP_STORES_AUTO, 4},
    {false, false, 0, IVP_STORES_AUTO, 2},
    {true, true, IVP_STORES_CACHED, 0, 64},
    {true, true, IVP_STORES_STREAMING, 0, 64},
    {true, false, 0, IVP_STORES_AUTO, 64},
};

#define FLOWS (sizeof(flows) / sizeof(flows[0]))

static struct bench_series series[FLOWS] = {
    {.name = "1080p, 4 slots: reference ring, cached", .unit = "GB/s"},
    {.name = "1080p, 4 slots: reference ring, streaming", .unit = "GB/s", .reference = &series[0]},
    {.name = "1080p, 4 slots: link.h, stores = cached", .unit = "GB/s", .reference = &series[0]},
    {.name = "1080p, 4 slots: link.h, stores = streaming", .unit = "GB/s", .reference = &series[0]},
    {.name = "1080p, 4 slots: link.h, stores = auto", .unit = "GB/s", .reference = &series[0]},
    {.name = "1080p, 2 slots: link.h, stores = auto", .unit = "GB/s", .reference = &series[0]},
    {.name = "1 GiB by 64 x 1 MiB: reference, cached", .unit = "GB/s"},
    {.name = "1 GiB by 64 x 1 MiB: reference, streaming", .unit = "GB/s", .reference = &series[6]},
    {.name = "1 GiB by 64 x 1 MiB: link.h, stores = auto", .unit = "GB/s", .reference = &series[6]},
};

int main(int argc, char **argv)
{
	bench_options(&bench, argc, argv);
	bench_pin(0);
	sample = bench_map(sizeof(*sample));
	slots = bench_map(64u * PAYLOAD_CHUNK);
	source = bench_map(PAYLOAD_FILE);
	copy = bench_map(PAYLOAD_FILE);
	for (uint64_t i = 0; i < PAYLOAD_FILE / 8; i++)
		((uint64_t *)(void *)source)[i] = i * PAYLOAD_MIX;
	link_at = bench_link_create("bench", 4, PAYLOAD_IMAGE);
	for (unsigned round = 0; round < bench.rounds; round++)
		for (unsigned i = 0; i < FLOWS; i++) {
			enum bench_place before = bench_probe(&bench), after;

			memset(copy, 0, flows[i].file ? PAYLOAD_FILE : 0);
			double value = measure(&flows[i]);
			after = bench_probe(&bench);
			bench_add(&series[i], value, before, after);
			if (!flows[i].reference && flows[i].choice == IVP_STORES_AUTO &&
			    before == after && sample->far != (before == BENCH_FAR))
				fprintf(stderr, "bench: the link took its peer for %s\n",
					sample->far ? "far" : "near");
		}
	return bench_report(&bench, series, FLOWS);
}
