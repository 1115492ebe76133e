/* SPDX-License-Identifier: MIT */
/*
 * Links that overwrite, with a thread for each side. Every frame that is handed out is whole, also
 * after the producer had time to lap its consumer many times; frames come in order and are
 * recent, the last is found, and every frame was taken or counted as dropped. The producer goes on
 * until all have had enough: a consumer that starves is a hang.
 */
#include "helpers/links.h"

#include <pthread.h>
#include <sched.h>

#define SLOTS   8
#define PAYLOAD 4096
#define WORDS   (PAYLOAD / 8)
#if defined(__SANITIZE_THREAD__)
#define ENOUGH 100
#else
#define ENOUGH 500
#endif

struct reader {
	struct fixture *fixture;
	struct ivp_consumer consumer;
	pthread_t thread;
	unsigned slowness; /* it waits for so many frames of the producer with each one in hand */
	uint64_t taken;
	const char *complaint;
};

struct fixture {
	struct test_link link;
	struct ivp_producer producer;
	struct reader readers[2];
	unsigned consumers;
	uint64_t made; /* frames committed */
	uint32_t over; /* nothing follows */
};

static uint64_t stamp_of(uint64_t id, unsigned word)
{
	return (id + 1) * 0x9e3779b97f4a7c15u + word;
}

static bool is_whole(const struct ivp_frame *frame)
{
	const uint64_t *words = (const void *)frame->payload;

	for (unsigned i = 0; i < WORDS; i++)
		if (words[i] != stamp_of(frame->id, i))
			return false;
	return true;
}

static bool have_enough(const struct fixture *f)
{
	bool all = true;

	for (unsigned i = 0; i < f->consumers; i++)
		all = all && (ivp_load_relaxed(&f->readers[i].taken) >= ENOUGH ||
			      __atomic_load_n(&f->readers[i].complaint, __ATOMIC_RELAXED));
	return all;
}

static void *produce(void *argument)
{
	struct fixture *f = argument;
	struct ivp_slot slot;
	bool last = false;

	for (uint64_t id = 0; !last; id++) {
		struct ivp_frame frame = {
		    .id = id, .kind = IVP_KIND_BYTES, .payload_bytes = PAYLOAD};

		last = have_enough(f);
		if (last)
			frame = (struct ivp_frame){.id = id, .kind = IVP_KIND_END};
		if (ivp_producer_reserve(&f->producer, &slot, NULL) != 0)
			return "a link that overwrites had no slot";
		for (unsigned i = 0; i < WORDS && !last; i++)
			((uint64_t *)(void *)slot.payload)[i] = stamp_of(id, i);
		ivp_producer_commit(&f->producer, &frame);
		ivp_store_release(&f->made, id + 1);
	}
	__atomic_store_n(&f->over, 1, __ATOMIC_RELEASE);
	return NULL;
}

static const char *use(struct reader *reader, const struct ivp_frame *frame)
{
	const struct fixture *f = reader->fixture;
	const uint64_t now = ivp_load_acquire(&f->made);

	if (!is_whole(frame))
		return "a frame was not whole";
	while (ivp_load_acquire(&f->made) < now + reader->slowness &&
	       !__atomic_load_n(&f->over, __ATOMIC_ACQUIRE))
		sched_yield();
	return is_whole(frame) ? NULL : "a frame did not stay whole";
}

static const char *consume(struct reader *reader)
{
	struct ivp_consumer *consumer = &reader->consumer;
	const bool latest = consumer->header.policy == IVP_POLICY_LATEST;
	struct ivp_frame frame;
	uint64_t next = 0;

	for (;;) {
		const uint64_t made = ivp_load_acquire(&reader->fixture->made);
		struct ivp_why why = {""};
		int result = ivp_consumer_acquire(consumer, &frame, &why);

		if (result == IVP_EMPTY) {
			if (ivp_consumer_wait(consumer, 1000000000) < 0)
				return "waiting for a frame failed";
			continue;
		}
		if (result)
			return "the producer's words cannot be";
		if (frame.id < next)
			return "a frame came twice, or out of its order";
		if (frame.id + (latest ? 1 : SLOTS) < made)
			return "a frame was not recent";
		next = frame.id + 1;
		if (frame.kind == IVP_KIND_END)
			break;
		const char *complaint = use(reader, &frame);
		if (complaint)
			return complaint;
		ivp_store_relaxed(&reader->taken, reader->taken + 1);
		ivp_consumer_release(consumer);
	}
	ivp_consumer_release(consumer);
	return NULL;
}

static void *consume_in_thread(void *argument)
{
	struct reader *reader = argument;

	__atomic_store_n(&reader->complaint, consume(reader), __ATOMIC_RELAXED);
	return NULL;
}

static void run(unsigned policy, const unsigned *slowness, unsigned consumers)
{
	const struct ivp_attach self = {.kernel_id = 5, .process_id = (uint32_t)getpid()};
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);
	struct fixture *f = calloc(1, sizeof(*f));
	pthread_t producer;
	void *complaint;

	assert_non_null(f);
	geometry.policy = (uint16_t)policy;
	geometry.consumers = (uint16_t)consumers;
	f->consumers = consumers;
	make_link(&f->link, &geometry);
	attach_producer(&f->link, &f->producer, &self);
	for (unsigned i = 0; i < consumers; i++) {
		struct reader *reader = &f->readers[i];

		reader->fixture = f;
		reader->slowness = slowness[i];
		attach_consumer(&f->link, &reader->consumer, i, &self);
		assert_int_equal(pthread_create(&reader->thread, NULL, consume_in_thread, reader),
				 0);
	}
	assert_int_equal(pthread_create(&producer, NULL, produce, f), 0);
	assert_int_equal(pthread_join(producer, &complaint), 0);
	for (unsigned i = 0; i < consumers; i++) {
		struct reader *reader = &f->readers[i];
		const struct ivp_wire_owner *own = owner_in(f->link.credit[i].base);

		assert_int_equal(pthread_join(reader->thread, NULL), 0);
		print_message("# consumer %u took %llu of %llu\n", i,
			      (unsigned long long)reader->taken, (unsigned long long)f->made - 1);
		if (reader->complaint)
			fail_msg("%s", reader->complaint);
		assert_int_equal(own->taken, reader->taken + 1);
		assert_int_equal(own->frames, reader->taken);
		assert_int_equal(own->taken + own->policy_dropped, f->made);
	}
	if (complaint)
		fail_msg("%s", (const char *)complaint);
	destroy_link(&f->link);
	free(f);
}

static void drop_oldest_hands_out_whole_frames_to_a_consumer_of_its_own_speed(void **state)
{
	(void)state;
	run(IVP_POLICY_DROP_OLDEST, (const unsigned[]){0}, 1);
}

static void drop_oldest_hands_out_whole_frames_to_a_slow_consumer(void **state)
{
	(void)state;
	run(IVP_POLICY_DROP_OLDEST, (const unsigned[]){50}, 1);
}

static void latest_hands_out_whole_frames_to_a_consumer_of_its_own_speed(void **state)
{
	(void)state;
	run(IVP_POLICY_LATEST, (const unsigned[]){0}, 1);
}

static void latest_hands_out_whole_frames_to_a_slow_consumer(void **state)
{
	(void)state;
	run(IVP_POLICY_LATEST, (const unsigned[]){50}, 1);
}

static void a_slow_consumer_does_not_disturb_a_fast_one(void **state)
{
	(void)state;
	run(IVP_POLICY_DROP_OLDEST, (const unsigned[]){50, 0}, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(drop_oldest_hands_out_whole_frames_to_a_consumer_of_its_own_speed),
	    cmocka_unit_test(drop_oldest_hands_out_whole_frames_to_a_slow_consumer),
	    cmocka_unit_test(latest_hands_out_whole_frames_to_a_consumer_of_its_own_speed),
	    cmocka_unit_test(latest_hands_out_whole_frames_to_a_slow_consumer),
	    cmocka_unit_test(a_slow_consumer_does_not_disturb_a_fast_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
