/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer is the first stage; under test is the feeder with a few files, good and bad. It ends
 * for a named reason, and its account is that of the frames it published.
 */
#include "fuzz/folder.h"
#include "fuzz/peer.h"

#include <errno.h>

#include "base/log.h"
#include "fuzz/decode.h"
#include "host/feeder.h"

#define INPUTS 4

static char *paths[INPUTS];

static void write_file(unsigned index, const char *name, const struct ivp_encode_options *options,
		       const struct ivp_input *image)
{
	FILE *to;

	CHECK(asprintf(&paths[index], "%s/%s", fuzz_folder, name) > 0);
	to = fopen(paths[index], "wb");
	CHECK(to);
	if (options)
		CHECK(ivp_encode(image, options, to, NULL) == 0);
	else
		fputs("not an image", to);
	CHECK(fclose(to) == 0);
}

static void forget_paths(void)
{
	for (unsigned i = 0; i < INPUTS; i++)
		free(paths[i]);
}

static void write_files(void)
{
	static const struct ivp_encode_options png = {.encoding = IVP_ENCODE_PNG, .orientation = 6};
	static const struct ivp_encode_options jpeg = {
	    .encoding = IVP_ENCODE_JPEG, .quality = 80, .orientation = 3};
	static const struct ivp_encode_options pnm = {.encoding = IVP_ENCODE_PNM};
	static struct fuzz_image image;

	if (paths[0])
		return;
	draw(&image, 9, 7, IVP_FORMAT_RGBA8);
	write_file(0, "a.png", &png, &image.image);
	draw(&image, 33, 17, IVP_FORMAT_RGB8);
	write_file(1, "b.jpg", &jpeg, &image.image);
	write_file(2, "c.txt", NULL, NULL);
	draw(&image, 60, 60, IVP_FORMAT_GRAY8);
	write_file(3, "d\xff.pgm", &pnm, &image.image);
	CHECK(atexit(forget_paths) == 0);
}

static void run(struct peer_link *link, uint8_t code, unsigned threads)
{
	const struct ivp_inputs inputs = {paths, code % (INPUTS + 1)};
	const struct ivp_feeder_options options = {
	    .inputs = &inputs,
	    .decode = {.limits = fuzz_limits, .orient = code & 32},
	    .threads = threads,
	    .anew = code & 64,
	    .stop = code & 128 ? &peer_stop : NULL,
	};
	struct ivp_output_port port = {.patience_ns = 2000000000, .stop = &peer_stop};
	struct ivp_feeder_account account;
	struct ivp_why why = {""};
	uint64_t head;
	int error;

	if (peer_attach_producer(link, &port.link, code & 16, &why) != 0)
		return;
	head = port.link.ring.head;
	error = ivp_feeder_run(&port, &options, &account, &why);
	CHECK(error == 0 || error == -EINTR || error == -ETIMEDOUT || error == -EPROTO ||
	      error == -ESTALE || error == -ENOMEM);
	CHECK(error == 0 || why.text[0]);
	CHECK(account.injected + account.reject_count + account.first <= inputs.count);
	head = port.link.ring.head - head;
	CHECK(account.dropped <= account.injected);
	if (port.link.ring.overwrites)
		CHECK(head >= account.injected);
	else
		CHECK(head == account.injected - account.dropped ||
		      (!error && head == account.injected - account.dropped + 1));
	ivp_feeder_account_finish(&account);
	ivp_producer_finish(&port.link, IVP_STATE_FINISHED, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct peer_link *link;
	uint8_t code, lives, threads;

	make_folder();
	write_files();
	ivp_log_open("fuzz", "", IVP_LOG_ERROR);
	code = take8(&script);
	lives = take8(&script);
	threads = 1 + lives / 3 % 4;
	lives = 1 + lives % 3;
	peer_begin(&script);
	link = peer_add_link(PEER_TESTS_PRODUCER);
	while (peer_step())
		continue;
	peer_all_steps();
	for (; lives > 0; lives--) {
		peer_stop = 0;
		run(link, code, threads);
	}
	peer_finish();
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	for (uint8_t i = 0; i < 20; i++) {
		struct seed seed = {.size = 0};

		put_number(&seed, i * 29u, 1);
		put_number(&seed, i, 1);
		put_number(&seed, ((i * 4u) % 64 | 8) + i % 4 * 64u, 1);
		put_number(&seed, i, 1);
		put_number(&seed, 0, 1);
		for (uint8_t n = 0; n < 5; n++)
			put_step(&seed, n % 2 ? PEER_END : PEER_FRAME, 0, (uint8_t)(n * i));
		put_step(&seed, PEER_POSITION, 0, 3);
		put_number(&seed, i % 3 - 1u, 1);
		put_step(&seed, PEER_END, 0, 100);
		add(seed.bytes, seed.size);
	}
}
