/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer is the last stage; under test is the sink, writing files in every format, or none.
 * It ends for a named reason; its account is that of the frames it released; nothing is outside
 * its folder, hidden or half-written in it but for the ledger of a run that goes on.
 */
#include "fuzz/folder.h"
#include "fuzz/peer.h"

#include <errno.h>

#include "base/log.h"
#include "host/sink.h"

static unsigned files, ledgers;

static void visit(const char *name)
{
	if (strcmp(name, "quarantine") == 0)
		return;
	if (strncmp(name, ".ivpipe-", 8) == 0) {
		ledgers++;
		return;
	}
	files++;
	CHECK(name[0] != '.');
	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		CHECK(*c >= ' ' && *c != 0x7f);
}

/* What the feeder of such a run would have read. */
static void make_original(void)
{
	static bool made;
	char path[512];
	FILE *file;

	if (made)
		return;
	made = true;
	snprintf(path, sizeof(path), "%s/original.pgm", fuzz_folder);
	file = fopen(path, "w");
	CHECK(file && fputs("P5 1 1 255 x", file) >= 0 && fclose(file) == 0);
}

static struct ivp_writer_options choose_options(uint8_t code, const char *output)
{
	struct ivp_writer_options options = {
	    .output = output,
	    .mode = (enum ivp_writer_mode)(code % 3),
	    .encoding = (enum ivp_encoding)(code / 3 % 3),
	    .quality = 1 + code % 100,
	    .compression = code % 10,
	};

	return options;
}

/* released: positions, of which those that were jumped over are no frames here. */
static void check_tally(const struct ivp_tally *tally, uint64_t released, int error, bool jumps)
{
	const uint64_t all =
	    tally->delivered + tally->dropped + tally->quarantined + (tally->ended ? 1 : 0);

	CHECK(all == released || (error && all == released + 1) || (jumps && all <= released));
	CHECK(tally->stage_count <= IVP_TRAIL);
}

/* Did it find the stream complete, and nothing to do? */
static bool was_complete(const struct ivp_tally *tally, uint64_t released)
{
	return tally->ended && released == 0;
}

static void run(struct peer_link *link, const struct ivp_writer_options *options,
		const struct ivp_sink_options *sink)
{
	struct ivp_input_port port = {.patience_ns = 2000000000, .stop = &peer_stop};
	struct ivp_sink_account account;
	struct ivp_writer writer;
	struct ivp_why why = {""};
	uint64_t tail;
	int error;

	if (peer_attach_consumer(link, &port.link, 0, &why) != 0)
		return;
	CHECK(ivp_writer_open(&writer, options, &why) == 0);
	tail = port.link.ring.tail;
	error = ivp_sink_run(&port, &writer, sink, &account, &why);
	CHECK(error == 0 || error == -EINTR || error == -ETIMEDOUT || error == -EPROTO ||
	      error == -ESTALE || error == -EBADMSG || error == -ENOMEM);
	CHECK(error == 0 || why.text[0]);
	tail = port.link.ring.tail - tail;
	if (!was_complete(&account.tally, tail))
		check_tally(&account.tally, tail, error, port.link.ring.overwrites);
	CHECK(account.latency.count <= account.tally.delivered);
	ivp_writer_close(&writer);
	ivp_consumer_finish(&port.link, IVP_STATE_FINISHED, 0);
	files = ledgers = 0;
	empty_folder("out/quarantine", NULL);
	empty_folder("out", visit);
	CHECK(files <= account.tally.delivered + (error ? 1 : 0));
	CHECK(ledgers == 0 || !account.tally.ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	const char *const words[] = {fuzz_folder, "/nonexistent"};
	struct ivp_sink_options sink = {0};
	struct ivp_writer_options options;
	struct peer_link *link;
	char output[512];
	uint8_t code;

	make_folder();
	make_original();
	ivp_log_open("fuzz", "", IVP_LOG_ERROR);
	snprintf(output, sizeof(output), "%s/out", fuzz_folder);
	code = take8(&script);
	options = choose_options(code, output);
	sink.threads = 1 + code / 9 % 4;
	if (code & 32)
		sink.originals = (struct ivp_originals){&words[code >> 6 & 1], 1, 1 << 16};
	peer_begin(&script);
	link = peer_add_link(PEER_TESTS_CONSUMER);
	while (peer_step())
		continue;
	peer_all_steps();
	run(link, &options, &sink);
	peer_finish();
	return 0;
}

/* A name that is fit when it is looked at, and another when it is used. */
static void add_alternating_name(fuzz_add *add, uint8_t place)
{
	struct seed seed = {.size = 0};

	put_number(&seed, 0, 1);
	put_number(&seed, 4, 1);
	put_number(&seed, 0, 1);
	put_frame_step(&seed, 0, 0, 3, 3);
	put_step(&seed, PEER_WORD, 0, PEER_ALTERNATE);
	put_number(&seed, 4, 1);
	put_number(&seed, place, 1);
	put_number(&seed, 0xe0, 1);
	put_number(&seed, '/', 2);
	put_number(&seed, 0, 1);
	put_step(&seed, PEER_END, 0, 0);
	add(seed.bytes, seed.size);
}

void fuzz_seeds(fuzz_add *add)
{
	for (uint8_t place = 0; place < 16; place++)
		add_alternating_name(add, place);
	for (uint8_t i = 0; i < 18; i++) {
		struct seed seed = {.size = 0};

		put_number(&seed, i + i % 3 * 32u, 1);
		put_number(&seed, i * 4u + i % 4 * 64u, 1);
		put_number(&seed, 0, 1);
		for (uint8_t n = 0; n < 4; n++)
			put_frame_step(&seed, 0, (uint8_t)(n * 40 + i * 8), i + 2u, 5);
		put_number(&seed, 0, 2);
		put_frame_step(&seed, 0, i, 30, 30);
		put_step(&seed, PEER_WRITE, 0, i * 2u); /* metadata */
		put_number(&seed, 4 + i % 4 * 8u, 1);
		put_number(&seed, 0, 2);
		put_number(&seed, 15, 1);
		put_number(&seed, 0x0000000400000001, 8);
		put_number(&seed, 0x67702f2e2e2f2e2e, 8);
		put_step(&seed, PEER_END, 0, 0);
		add(seed.bytes, seed.size);
	}
}
