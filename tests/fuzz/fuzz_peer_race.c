/* SPDX-License-Identifier: MIT */
/*
 * As fuzz_peer_producer, fuzz_peer_consumer and fuzz_peer_runner, but against a peer that runs at
 * the same time: a thread changes bytes of its windows to and fro while the operations go on. What
 * comes of it differs from run to run, but it is never harm.
 */
#include "fuzz/filters.h"
#include "fuzz/peer.h"

#include "host/notes.h"
#include "stage/runner.h"

#define ROUNDS 20

static void consume(struct peer_link *link)
{
	struct ivp_consumer consumer;
	struct ivp_notes notes;
	struct ivp_frame frame;
	struct ivp_why why;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (peer_attach_consumer(link, &consumer, 0, &why) != 0)
			continue;
		CHECK(ivp_notes_init(&notes, consumer.header.metadata_bytes) == 0);
		if (ivp_consumer_acquire(&consumer, &frame, &why) == 0) {
			CHECK(frame.payload_bytes <= link->geometry.payload_bytes);
			CHECK(peer_lies_within(&link->data, frame.payload, frame.payload_bytes));
			if (ivp_notes_read(&notes, &frame, &why) == 0)
				CHECK(notes.name[0] && !strchr(notes.name, '/'));
		}
		ivp_notes_finish(&notes);
		ivp_consumer_finish(&consumer, IVP_STATE_FINISHED, 0);
	}
}

static void produce(struct peer_link *link)
{
	struct ivp_frame frame = {.kind = IVP_KIND_BYTES, .flags = IVP_FLAG_LAST};
	struct ivp_producer producer;
	struct ivp_slot slot;
	struct ivp_why why;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (peer_attach_producer(link, &producer, true, &why) != 0)
			continue;
		if (ivp_producer_reserve(&producer, &slot, &why) == 0) {
			CHECK(peer_lies_within(&link->data, slot.payload, slot.payload_bytes));
			frame.payload_bytes = slot.payload_bytes / (i + 1);
			memset(slot.payload, (int)i, frame.payload_bytes);
			ivp_producer_commit(&producer, &frame);
		}
		ivp_producer_last(&producer, &frame);
		ivp_producer_finish(&producer, IVP_STATE_FINISHED, 0);
		frame = (struct ivp_frame){.kind = IVP_KIND_BYTES, .flags = IVP_FLAG_LAST};
	}
}

static void run_stage(struct peer_link *from, struct peer_link *to, struct ivp_chain *chain)
{
	struct ivp_input_port input = {.patience_ns = 300000000, .stop = &peer_stop};
	struct ivp_output_port output = {.patience_ns = 300000000, .stop = &peer_stop};
	struct ivp_why why = {""};

	if (peer_attach_consumer(from, &input.link, 0, &why) != 0)
		return;
	if (peer_attach_producer(to, &output.link, false, &why) == 0) {
		ivp_runner_run(&input, &output, chain, NULL, NULL, NULL, &why);
		ivp_producer_finish(&output.link, IVP_STATE_FINISHED, 0);
	}
	ivp_consumer_finish(&input.link, IVP_STATE_FINISHED, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct ivp_filter_conf conf = {.filter = take_filter(&script)};
	struct peer_link *from, *to;
	struct ivp_chain chain;
	uint8_t what;

	conf.self = take_private(&script, conf.filter, 50);
	CHECK(ivp_chain_init(&chain, &conf, 1) == 0);
	peer_begin(&script);
	from = peer_add_link(PEER_TESTS_CONSUMER);
	to = peer_add_link(PEER_TESTS_PRODUCER);
	while (peer_step())
		continue;
	what = take8(&script);
	peer_race_begin();
	if (what & 1)
		consume(from);
	if (what & 2)
		produce(to);
	if (what & 4)
		run_stage(from, to, &chain);
	peer_race_end();
	peer_finish();
	ivp_chain_finish(&chain);
	ivp_params_finish(conf.filter, conf.self);
	free(conf.self);
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	for (uint8_t i = 0; i < 32; i++) {
		struct seed seed = {.size = 0};

		put_number(&seed, i, 1);
		put_number(&seed, 0, 1);
		put_number(&seed, i, 2);
		put_number(&seed, i * 3u % 64, 2);
		for (uint8_t n = 0; n < 3; n++)
			put_frame_step(&seed, 0, (uint8_t)(n * 32 + 8 * i), 9, i + 3u);
		put_number(&seed, 1u << i % 3, 1);
		for (uint8_t n = 0; n < 24; n++) { /* fields of descriptors and of owners */
			put_number(&seed, n & 1 ? 2 : 0, 1);
			put_number(&seed, n % 5 == 0 ? 2 : n % 5 == 1 ? 4 : 3 + n % 2 * 8u, 1);
			put_number(&seed, n * 3u + i, 1);
			put_number(&seed, n * 37u + i, 1);
		}
		add(seed.bytes, seed.size);
	}
}
