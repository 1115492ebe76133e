/* SPDX-License-Identifier: MIT */
/* A link in anonymous shared memory, for benchmarks that fork its two ends. */
#ifndef IVP_TESTS_BENCH_LINK_H
#define IVP_TESTS_BENCH_LINK_H

#include <ivpipe/link.h>
#include "bench/bench.h"
#include "transport/window.h"

#define BENCH_KERNEL 0x62656e6368 /* stands for the id of this kernel: futexes may be used */

struct bench_link {
	struct ivp_mapping data, credit;
};

static inline _Noreturn void bench_fail(const struct ivp_why *why)
{
	fprintf(stderr, "bench: %s\n", why->text);
	exit(EX_SOFTWARE);
}

static inline struct bench_link bench_link_create_early(const char *name, uint32_t slots,
							uint64_t payload_bytes, bool early)
{
	struct ivp_geometry geometry = {.pipeline_name = "bench",
					.slots = slots,
					.consumers = 1,
					.early_start = early,
					.payload_bytes = payload_bytes};
	struct bench_link link;
	struct ivp_layout layout;
	struct ivp_why why;

	snprintf(geometry.link_name, sizeof(geometry.link_name), "%s", name);
	ivp_uuid_make(geometry.uuid);
	geometry.epoch = ivp_epoch_make();
	if (ivp_layout_compute(&geometry, &layout, &why) != 0)
		bench_fail(&why);
	link.data.bytes = layout.data_object_bytes;
	link.credit.bytes = layout.credit_object_bytes;
	link.data.base = bench_map(link.data.bytes);
	link.credit.base = bench_map(link.credit.bytes);
	ivp_window_format(link.data.base, &geometry, &layout, IVP_WINDOW_DATA, 0);
	ivp_window_format(link.credit.base, &geometry, &layout, IVP_WINDOW_CREDIT, 0);
	return link;
}

static inline struct bench_link bench_link_create(const char *name, uint32_t slots,
						  uint64_t payload_bytes)
{
	return bench_link_create_early(name, slots, payload_bytes, false);
}

static inline void bench_link_destroy(struct bench_link *link)
{
	munmap(link->data.base, link->data.bytes);
	munmap(link->credit.base, link->credit.bytes);
}

/* A forked process has no page tables for shared memory yet, and a virtual machine may notice the
 * first store to each page: both would be counted as the cost of the first frames. */
static inline void bench_touch(const struct bench_link *link, bool writes)
{
	for (size_t i = 0; i < link->data.bytes; i += IVP_PAGE) {
		volatile uint8_t *byte = (volatile uint8_t *)link->data.base + i;
		uint8_t value = *byte;
		if (writes)
			*byte = value;
	}
}

/* kernel_id 0: its ends never ring each other. */
static inline void bench_produce_on(const struct bench_link *link, uint64_t kernel_id,
				    struct ivp_producer *producer)
{
	const struct ivp_attach self = {.kernel_id = kernel_id, .process_id = (uint32_t)getpid()};
	struct ivp_why why;

	if (ivp_producer_attach(producer, link->data, &link->credit, 1, &self, &why) != 0)
		bench_fail(&why);
}

static inline void bench_consume_from(const struct bench_link *link, uint64_t kernel_id,
				      struct ivp_consumer *consumer)
{
	const struct ivp_attach self = {.kernel_id = kernel_id, .process_id = (uint32_t)getpid()};
	struct ivp_why why;

	if (ivp_consumer_attach(consumer, link->data, link->credit, &self, &why) != 0)
		bench_fail(&why);
}

#endif
