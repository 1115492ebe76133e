/* SPDX-License-Identifier: MIT */
/*
 * What a hand-over costs: messages a second, round trips, payloads of megabytes, each beside what
 * is left of it without a link: a ring of two positions, a cache line, a futex. One sample of each
 * in turn, between two probes of where the two cores are.
 */
#include "bench/payloads.h"
#include "bench/trips.h"

static struct bench bench = {.name = "links", .rounds = 7};

static const struct flow flows[] = {
    {plain_produce, plain_consume, .batch = 1},
    {plain_produce, plain_consume, .batch = 16},
    {plain_produce, plain_consume, .batch = 64},
    {sequence_produce, sequence_consume, .batch = 1},
    {ring_produce, ring_consume, .batch = 1, .plain = true},
    {ring_produce, ring_consume, .batch = 1},
    {ring_produce, ring_consume, .batch = 16},
    {ring_produce, ring_consume, .batch = 64},
    {link_produce, link_consume},
    {link_produce, link_consume, .kernel_id = BENCH_KERNEL},
    {kernel_produce, kernel_consume, .open = open_sockets},
    {kernel_produce, kernel_consume, .open = pipe},
};

static const struct payload_flow payload_flows[] = {
    {WAY_REFERENCE, false, IVP_STORES_CACHED, .slots = 4},
    {WAY_REFERENCE, false, IVP_STORES_CACHED, .slots = 2},
    {WAY_REFERENCE, false, IVP_STORES_STREAMING, .slots = 4},
    {WAY_LINK, false, .choice = IVP_STORES_ALWAYS_CACHED, .slots = 4},
    {WAY_LINK, false, .choice = IVP_STORES_ALWAYS_STREAMING, .slots = 4},
    {WAY_LINK, false, .choice = IVP_STORES_AUTO, .slots = 4},
    {WAY_LINK, false, .choice = IVP_STORES_AUTO, .slots = 2},
    {WAY_BLOG, true, .slots = 64},
    {WAY_REFERENCE, true, IVP_STORES_CACHED, .slots = 64},
    {WAY_REFERENCE, true, IVP_STORES_STREAMING, .slots = 64},
    {WAY_LINK, true, .choice = IVP_STORES_AUTO, .slots = 64},
};

#define FLOWS    (sizeof(flows) / sizeof(flows[0]))
#define PAYLOADS (sizeof(payload_flows) / sizeof(payload_flows[0]))

enum { LINE, TRIP_RINGS, TRIP_LINKS, FUTEX, TRIP_ASLEEP, TRIPS_MEASURED };

/* In the order of flows, trips, payload_flows. */
#define TRIP(i)    (FLOWS + (i))
#define PAYLOAD(i) (FLOWS + TRIPS_MEASURED + (i))
#define SERIES     PAYLOAD(PAYLOADS)

static struct bench_series series[SERIES] = {
    {"64-byte messages: reference ring", "million/s"},
    {"64-byte messages: reference, by 16", "million/s"},
    {"64-byte messages: reference, by 64", "million/s"},
    {"64-byte messages: reference, sequence words", "million/s", &series[0]},
    {"64-byte messages: ring.h, plain stores", "million/s", &series[0]},
    {"64-byte messages: ring.h", "million/s", &series[0]},
    {"64-byte messages: ring.h, by 16", "million/s", &series[1]},
    {"64-byte messages: ring.h, by 64", "million/s", &series[2]},
    {"64-byte frames: link.h, polling", "million/s", &series[0]},
    {"64-byte frames: link.h, futex", "million/s", &series[0]},
    {"64-byte messages: unix socket", "million/s", &series[0]},
    {"64-byte messages: pipe", "million/s", &series[0]},
    {"round trip: one cache line", "us"},
    {"round trip: two rings, spinning", "us", &series[TRIP(LINE)]},
    {"round trip: two links, spinning", "us", &series[TRIP(LINE)]},
    {"round trip: bare futex, asleep", "us"},
    {"round trip: two links, asleep", "us", &series[TRIP(FUTEX)]},
    {"1080p, 4 slots: reference ring, cached", "GB/s"},
    {"1080p, 2 slots: reference ring, cached", "GB/s", &series[PAYLOAD(0)]},
    {"1080p, 4 slots: reference ring, streaming", "GB/s", &series[PAYLOAD(0)]},
    {"1080p, 4 slots: link.h, stores = cached", "GB/s", &series[PAYLOAD(0)]},
    {"1080p, 4 slots: link.h, stores = streaming", "GB/s", &series[PAYLOAD(0)]},
    {"1080p, 4 slots: link.h, stores = auto", "GB/s", &series[PAYLOAD(0)]},
    {"1080p, 2 slots: link.h, stores = auto", "GB/s", &series[PAYLOAD(0)]},
    {"1 GiB by 1 MiB: the blog's algorithm", "GB/s"},
    {"1 GiB by 1 MiB, 64 slots: reference, cached", "GB/s", &series[PAYLOAD(7)]},
    {"1 GiB by 1 MiB, 64 slots: reference, streaming", "GB/s", &series[PAYLOAD(7)]},
    {"1 GiB by 1 MiB, 64 slots: link.h, stores = auto", "GB/s", &series[PAYLOAD(7)]},
};

static double measure_trip(unsigned which)
{
	static const struct flow rings = {ring_produce, ring_consume, .batch = 1, .plain = true};
	static const struct flow links = {link_produce, link_consume};

	switch (which) {
	case LINE:
		return bench.trip_ns / 1e3;
	case FUTEX:
		return trips_of_futex(&bench);
	default:
		return trips_of(&bench, which == TRIP_RINGS ? &rings : &links,
				which == TRIP_ASLEEP);
	}
}

static double measure(unsigned which)
{
	double value;

	if (which >= PAYLOAD(0))
		return payloads_measure(&bench, &payload_flows[which - PAYLOAD(0)]);
	bench_realtime(&bench, true);
	value =
	    which < FLOWS ? messages_measure(&bench, &flows[which]) : measure_trip(which - TRIP(0));
	bench_realtime(&bench, false);
	return value;
}

int main(int argc, char **argv)
{
	bench_options(&bench, argc, argv);
	bench_pin(0);
	messages = bench_map(sizeof(*messages));
	payloads_init();
	for (unsigned round = 0; round < bench.rounds; round++)
		for (unsigned i = 0; i < SERIES; i++) {
			const enum bench_place before = bench_probe(&bench);
			const double value = measure(i);
			const enum bench_place after = bench_probe(&bench);

			bench_add(&series[i], value, before, after);
			if (i >= PAYLOAD(0) && payload_flows[i - PAYLOAD(0)].way == WAY_LINK &&
			    payload_flows[i - PAYLOAD(0)].choice == IVP_STORES_AUTO &&
			    before == after && payloads->far != (before == BENCH_FAR))
				fprintf(stderr, "bench: the link took its peer for %s\n",
					payloads->far ? "far" : "near");
		}
	return bench_report(&bench, series, SERIES);
}
