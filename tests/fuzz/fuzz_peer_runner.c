/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer is both neighbours of a stage: the producer of its input and the consumer of its
 * output; under test is the runner with a chain of real filters. It ends for a named reason, each
 * input that it released made one output, and its window holds only frames that can be.
 */
#include "fuzz/filters.h"
#include "fuzz/peer.h"

#include "stage/runner.h"

#define MOST_FILTERS 3
#define MOST_VALUE   150 /* sides, percents, sigmas: pictures here are small */

static unsigned reports;

static void take_report(void *context, const struct ivp_frame *frame, const char *reason)
{
	(void)context;
	CHECK(frame && reason);
	reports++;
}

/* What is in the output window, in positions that were not given back. */
static void check_output(const struct peer_link *link, const struct ivp_output_port *port,
			 uint64_t begin)
{
	const struct ivp_wire_header *header = &port->link.header;
	const struct ivp_slot_limits limits = {header->payload_bytes, header->metadata_bytes};
	const uint64_t head = port->link.ring.head;
	uint64_t position = head - begin > header->slots ? head - header->slots : begin;

	for (; position < head; position++) {
		struct ivp_wire_descriptor raw;
		struct ivp_frame frame;

		memcpy(&raw,
		       (uint8_t *)link->peer_data.base + header->descriptor_offset +
			   (position & (header->slots - 1)) * header->descriptor_stride,
		       sizeof(raw));
		if (port->link.ring.overwrites && raw.sequence != position + 1)
			continue; /* passed over */
		CHECK(ivp_frame_check(&raw, position, &limits, &frame, NULL) == 0);
	}
}

static void run(struct peer_link *from, struct peer_link *to, struct ivp_chain *chain)
{
	struct ivp_input_port input = {.patience_ns = 2000000000, .stop = &peer_stop};
	struct ivp_output_port output = {.patience_ns = 2000000000, .stop = &peer_stop};
	struct ivp_runner_result result;
	struct ivp_why why = {""};
	uint64_t tail, head;
	int error;

	if (peer_attach_consumer(from, &input.link, 0, &why) != 0)
		return;
	if (peer_attach_producer(to, &output.link, true, &why) != 0) {
		ivp_consumer_finish(&input.link, IVP_STATE_FAILED, 76);
		return;
	}
	tail = input.link.ring.tail;
	head = output.link.ring.head;
	error = ivp_runner_run(&input, &output, chain, take_report, NULL, &result, &why);
	CHECK(error == 0 || error == -ETIMEDOUT || error == -EPROTO || error == -ESTALE ||
	      error == -EBADMSG || error == -ENOMEM);
	CHECK(error == 0 || why.text[0]);
	CHECK(output.link.ring.head - head + result.repeated + result.dropped ==
		  input.link.ring.tail - tail ||
	      error || input.link.ring.overwrites || output.link.ring.overwrites);
	if (to->geometry.isolation != IVP_ISOLATION_SHARED)
		check_output(to, &output, head);
	ivp_consumer_finish(&input.link, IVP_STATE_FINISHED, 0);
	ivp_producer_finish(&output.link, IVP_STATE_FINISHED, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct ivp_filter_conf filters[MOST_FILTERS] = {0};
	struct peer_link *from, *to;
	struct ivp_chain chain;
	const unsigned count = take8(&script) % (MOST_FILTERS + 1);
	uint8_t lives;

	for (unsigned i = 0; i < count; i++) {
		filters[i].filter = take_filter(&script);
		filters[i].self = take_private(&script, filters[i].filter, MOST_VALUE);
	}
	CHECK(ivp_chain_init(&chain, filters, count) == 0);
	peer_begin(&script);
	from = peer_add_link(PEER_TESTS_CONSUMER);
	to = peer_add_link(PEER_TESTS_PRODUCER);
	lives = 1 + take8(&script) % 3;
	while (peer_step())
		continue;
	peer_all_steps();
	for (; lives > 0; lives--) {
		peer_stop = 0;
		run(from, to, &chain);
	}
	peer_finish();
	ivp_chain_finish(&chain);
	for (unsigned i = 0; i < count; i++) {
		ivp_params_finish(filters[i].filter, filters[i].self);
		free(filters[i].self);
	}
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	for (uint8_t i = 0; i < 24; i++) {
		struct seed seed = {.size = 0};

		put_number(&seed, i % 4, 1);
		for (uint8_t n = 0; n < i % 4; n++) {
			put_number(&seed, i + n, 1);
			put_number(&seed, 0, 1);
		}
		put_number(&seed, (i * 5u % 16) | (i & 1) << 5 | (i / 2u % 4) << 6, 1);
		put_number(&seed, 0, 1);
		put_number(&seed, (i * 7u % 16) | (i & 2) << 4 | (i / 3u % 4) << 6, 1);
		put_number(&seed, 0, 1);
		put_number(&seed, i % 2, 1);
		for (uint8_t n = 0; n < 3; n++)
			put_frame_step(&seed, 0, (uint8_t)(n * 8 + i), i * 3u, 20);
		put_number(&seed, 0, 1);
		put_step(&seed, PEER_FRAME, 1, 10);
		put_frame_step(&seed, 0, i * 8u, 3, i * 5u);
		put_step(&seed, PEER_WORD, 0, i * 4u); /* a field of a descriptor */
		put_number(&seed, 3 + i % 2 * 8u, 1);
		put_number(&seed, i, 1);
		put_number(&seed, 0x33, 1);
		put_step(&seed, PEER_END, 1, 20);
		put_step(&seed, PEER_END, 0, 0);
		put_step(&seed, PEER_END, 1, 40);
		add(seed.bytes, seed.size);
	}
}
