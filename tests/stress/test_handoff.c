/* SPDX-License-Identifier: MIT */
/* A million small frames between two processes over region files, every byte verified. */
#include "helpers/links.h"

#include <sys/wait.h>

#define FRAMES  1000000
#define SLOTS   16
#define PAYLOAD 128

/* The sizes and bytes of frame number id. */
static uint32_t size_of(uint64_t id)
{
	return 8 + (uint32_t)(id * 2654435761u >> 7) % (PAYLOAD - 8);
}

static uint64_t word_of(uint64_t id)
{
	uint64_t word = id * 0x9e3779b97f4a7c15u;

	return word ^ word >> 29;
}

static const char *produce(struct ivp_producer *producer)
{
	struct ivp_slot slot;

	for (uint64_t id = 0; id < FRAMES; id++) {
		struct ivp_frame frame = {
		    .id = id, .kind = IVP_KIND_BYTES, .payload_bytes = size_of(id)};
		uint64_t word = word_of(id);
		int result;

		while ((result = ivp_producer_reserve(producer, &slot, NULL)) == IVP_FULL)
			if (ivp_producer_wait(producer, 1000000000) < 0)
				return "waiting for a slot failed";
		if (result)
			return "the consumer's position cannot be";
		memcpy(slot.payload, &word, 8);
		memset(slot.payload + 8, (int)(word & 0xff), frame.payload_bytes - 8);
		ivp_producer_commit(producer, &frame);
	}
	return NULL;
}

static const char *consume(struct ivp_consumer *consumer)
{
	struct ivp_why why = {""};
	struct ivp_frame frame;

	for (uint64_t id = 0; id < FRAMES; id++) {
		uint64_t word = word_of(id);
		int result;

		while ((result = ivp_consumer_acquire(consumer, &frame, &why)) == IVP_EMPTY)
			if (ivp_consumer_wait(consumer, 1000000000) < 0)
				return "waiting for a frame failed";
		if (result)
			return "the producer's position or descriptor cannot be";
		if (frame.kind != IVP_KIND_BYTES || !(frame.flags & IVP_FLAG_CHECKSUM))
			return "a checksum was wrong";
		if (frame.id != id || frame.position != id)
			return "a frame came out of its order";
		if (frame.payload_bytes != size_of(id) || memcmp(frame.payload, &word, 8) != 0)
			return "a frame has other bytes";
		for (uint32_t i = 8; i < frame.payload_bytes; i++)
			if (frame.payload[i] != (word & 0xff))
				return "a frame has other bytes at its end";
		ivp_consumer_release(consumer);
	}
	return ivp_consumer_acquire(consumer, &frame, &why) == IVP_EMPTY ? NULL : "one too many";
}

static void hand_over(uint64_t kernel_id, unsigned isolation)
{
	const struct ivp_attach self = {
	    .kernel_id = kernel_id, .process_id = (uint32_t)getpid(), .checksum = true};
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct test_link link;
	char folder[256];
	int status;

	geometry.isolation = (uint16_t)isolation;
	make_test_folder(folder);
	make_link_files(&link, &geometry, folder);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const char *complaint =
		    ivp_producer_attach(&producer, link.data, link.credit, 1, &self, NULL)
			? "cannot attach"
			: produce(&producer);
		if (complaint)
			fprintf(stderr, "producer: %s\n", complaint);
		_exit(complaint != NULL);
	}
	attach_consumer(&link, &consumer, 0, &self);
	const char *complaint = consume(&consumer);
	if (complaint)
		kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	uint64_t sleeps = owner_in(link.data.base)->sleeps + owner_in(link.credit[0].base)->sleeps;
	close_link_files(&link);
	remove_test_folder(folder);
	if (complaint)
		fail_msg("%s", complaint);
	assert_int_equal(status, 0);
	print_message("# they slept %llu times\n", (unsigned long long)sleeps);
}

static void a_million_frames_pass_between_processes_with_futexes(void **state)
{
	(void)state;
	hand_over(5, IVP_ISOLATION_ONE_WAY);
}

static void a_million_frames_pass_between_processes_that_poll(void **state)
{
	(void)state;
	hand_over(0, IVP_ISOLATION_ONE_WAY);
}

static void a_million_frames_pass_through_a_shared_region(void **state)
{
	(void)state;
	hand_over(5, IVP_ISOLATION_SHARED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_million_frames_pass_between_processes_with_futexes),
	    cmocka_unit_test(a_million_frames_pass_between_processes_that_poll),
	    cmocka_unit_test(a_million_frames_pass_through_a_shared_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
