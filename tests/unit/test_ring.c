/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <pthread.h>

#include <ivpipe/ring.h>

/* Both windows' live words, and both sides. */
struct fixture {
	struct ivp_wire_owner data, credit[IVP_MAX_CONSUMERS];
	struct ivp_ring_producer producer;
	struct ivp_ring_consumer consumer[IVP_MAX_CONSUMERS];
};

static void make_ring(struct fixture *f, uint32_t slots, unsigned consumers, uint64_t position)
{
	memset(f, 0, sizeof(*f));
	f->data.position = position;
	f->producer = (struct ivp_ring_producer){
	    .own = &f->data, .peers = consumers, .slots = slots, .head = position};
	for (unsigned i = 0; i < consumers; i++) {
		f->credit[i].position = position;
		f->producer.peer[i] = &f->credit[i];
		f->producer.tail[i] = position;
		f->consumer[i] = (struct ivp_ring_consumer){.own = &f->credit[i],
							    .peer = &f->data,
							    .slots = slots,
							    .tail = position,
							    .head = position};
	}
}

static void an_empty_ring_has_nothing_to_acquire(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 4, 1, 0);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), IVP_EMPTY);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), IVP_EMPTY);
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
	/* Reserved is not committed. */
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), IVP_EMPTY);
	ivp_ring_commit(&f.producer, 1);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
	ivp_ring_release(&f.consumer[0], 1);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), IVP_EMPTY);
}

static void a_full_ring_takes_no_more_until_one_is_released(void **state)
{
	static const uint32_t sizes[] = {1, 2, 8, IVP_MAX_SLOTS};
	struct fixture f;

	(void)state;
	for (size_t s = 0; s < count_of(sizes); s++) {
		make_ring(&f, sizes[s], 1, 0);
		for (uint32_t i = 0; i < sizes[s]; i++) {
			assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
			ivp_ring_commit(&f.producer, 1);
		}
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
		assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
		ivp_ring_release(&f.consumer[0], 1);
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
		ivp_ring_commit(&f.producer, 1);
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
	}
}

static void positions_go_on_across_32_bits(void **state)
{
	const uint64_t start = (1ull << 32) - 5;
	struct fixture f;

	(void)state;
	make_ring(&f, 4, 1, start);
	for (uint64_t i = 0; i < 40; i++) {
		unsigned filled = 0;
		while (ivp_ring_reserve(&f.producer, NULL) == 0) {
			ivp_ring_commit(&f.producer, 1);
			filled++;
		}
		assert_int_equal(filled, i == 0 ? 4 : i % 4 ? i % 4 : 4);
		unsigned take = (i + 1) % 4 ? (i + 1) % 4 : 4;
		for (unsigned k = 0; k < take; k++) {
			assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
			ivp_ring_release(&f.consumer[0], 1);
		}
	}
	assert_true(f.data.position > 1ull << 32);
	assert_int_equal(f.data.position, f.producer.head);
	assert_int_equal(f.credit[0].position, f.consumer[0].tail);
}

static void a_batch_appears_as_a_whole(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 8, 1, 0);
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
	assert_true(f.producer.limit - f.producer.head >= 5);
	ivp_ring_commit(&f.producer, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
		ivp_ring_release(&f.consumer[0], 1);
	}
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), IVP_EMPTY);
}

static void what_is_free_and_what_is_there_can_be_counted(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 8, 1, 0);
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
	assert_int_equal(ivp_ring_room(&f.producer), 8);
	ivp_ring_commit(&f.producer, 3);
	assert_int_equal(ivp_ring_room(&f.producer), 5);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
	assert_int_equal(ivp_ring_ready(&f.consumer[0]), 3);
	ivp_ring_release(&f.consumer[0], 2);
	assert_int_equal(ivp_ring_ready(&f.consumer[0]), 1);
}

static void who_looked_in_vain_looks_again_at_once(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 64, 1, 0);
	/* A stream: each look finds something, so the next one may wait for more. */
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
	ivp_ring_commit(&f.producer, 2);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
	assert_int_equal(f.consumer[0].moved, 2);
	ivp_ring_release(&f.consumer[0], 2);
	/* Nothing there: from now on every look counts, and the first that finds something. */
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), IVP_EMPTY);
	assert_true(f.consumer[0].moved == IVP_RING_IN_VAIN);
	ivp_ring_commit(&f.producer, 1);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
	assert_int_equal(f.consumer[0].moved, 0);
	ivp_ring_release(&f.consumer[0], 1);
	ivp_ring_commit(&f.producer, 1);
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
	assert_int_equal(f.consumer[0].moved, 1);
}

static void a_producer_tells_a_stream_from_questions_and_answers(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 2, 1, 0);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
		assert_false(f.producer.streams);
		ivp_ring_commit(&f.producer, 1);
		assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
		ivp_ring_release(&f.consumer[0], 1);
	}
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
	ivp_ring_commit(&f.producer, 2);
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
	assert_true(f.producer.streams);
}

static void the_slowest_consumer_decides(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 4, 3, 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
		ivp_ring_commit(&f.producer, 1);
	}
	for (unsigned c = 0; c < 3; c++) {
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
		for (unsigned i = 0; i <= c; i++) {
			assert_int_equal(ivp_ring_acquire(&f.consumer[c]), 0);
			ivp_ring_release(&f.consumer[c], 1);
		}
	}
	/* Released: 1, 2 and 3. One slot is free. */
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
	ivp_ring_commit(&f.producer, 1);
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), IVP_FULL);
}

static void a_tail_that_cannot_be_ends_the_producer(void **state)
{
	static const uint64_t wrong[] = {105, 108, 112, 1ull << 32, UINT64_MAX, 99, 0};
	struct fixture f;
	unsigned which;

	(void)state;
	for (size_t i = 0; i < count_of(wrong); i++)
		for (unsigned culprit = 0; culprit < 3; culprit++) {
			make_ring(&f, 4, 3, 100);
			for (int k = 0; k < 4; k++) {
				assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
				ivp_ring_commit(&f.producer, 1);
			}
			f.credit[culprit].position = wrong[i];
			which = 9;
			assert_int_equal(ivp_ring_reserve(&f.producer, &which), -EPROTO);
			assert_int_equal(which, culprit);
			assert_int_equal(ivp_ring_reserve(&f.producer, NULL), -EPROTO);
		}
}

static void a_tail_that_falls_ends_the_producer(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 2, 1, 100);
	for (int k = 0; k < 2; k++) {
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
		ivp_ring_commit(&f.producer, 1);
	}
	f.credit[0].position = 102;
	for (int k = 0; k < 2; k++) {
		assert_int_equal(ivp_ring_reserve(&f.producer, NULL), 0);
		ivp_ring_commit(&f.producer, 1);
	}
	f.credit[0].position = 101;
	assert_int_equal(ivp_ring_reserve(&f.producer, NULL), -EPROTO);
}

static void a_head_that_cannot_be_ends_the_consumer(void **state)
{
	static const uint64_t wrong[] = {105, 1ull << 32, UINT64_MAX, 99, 0, 1ull << 63};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < count_of(wrong); i++) {
		make_ring(&f, 4, 1, 100);
		f.data.position = wrong[i];
		assert_int_equal(ivp_ring_acquire(&f.consumer[0]), -EPROTO);
		assert_int_equal(ivp_ring_acquire(&f.consumer[0]), -EPROTO);
		assert_int_equal(f.consumer[0].tail, 100);
	}
	make_ring(&f, 4, 1, 100);
	f.data.position = 104;
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), 0);
	ivp_ring_release(&f.consumer[0], 4);
	f.data.position = 103;
	assert_int_equal(ivp_ring_acquire(&f.consumer[0]), -EPROTO);
}

static void who_waits_is_rung_once_when_its_position_is_passed(void **state)
{
	struct fixture f;

	(void)state;
	make_ring(&f, 4, 1, 0);
	assert_false(ivp_ring_wanted(&f.credit[0], 0, 1));
	ivp_ring_announce(&f.credit[0], 3);
	assert_false(ivp_ring_wanted(&f.credit[0], 0, 2));
	assert_true(ivp_ring_wanted(&f.credit[0], 2, 3));
	assert_true(ivp_ring_wanted(&f.credit[0], 0, 4));
	assert_false(ivp_ring_wanted(&f.credit[0], 3, 4));
}

#define ROUNDS 300000

struct messages {
	struct fixture f;
	uint64_t values[16]; /* plain memory: only the ring orders it */
	uint64_t wrong;
};

static void *produce(void *argument)
{
	struct messages *m = argument;

	for (uint64_t i = 0; i < ROUNDS;) {
		if (ivp_ring_reserve(&m->f.producer, NULL) != 0) {
			ivp_pause();
			continue;
		}
		m->values[m->f.producer.head & 15] = i * 3;
		ivp_ring_commit(&m->f.producer, 1);
		i++;
	}
	return NULL;
}

/* ThreadSanitizer proves the order of the plain accesses here. */
static void plain_memory_is_handed_over_in_order_between_threads(void **state)
{
	static struct messages m;
	pthread_t thread;

	(void)state;
	make_ring(&m.f, 16, 1, (1ull << 32) - ROUNDS / 2);
	assert_int_equal(pthread_create(&thread, NULL, produce, &m), 0);
	for (uint64_t i = 0; i < ROUNDS;) {
		if (ivp_ring_acquire(&m.f.consumer[0]) != 0) {
			ivp_pause();
			continue;
		}
		m.wrong += m.values[m.f.consumer[0].tail & 15] != i * 3;
		ivp_ring_release(&m.f.consumer[0], 1);
		i++;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(m.wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_ring_has_nothing_to_acquire),
	    cmocka_unit_test(a_full_ring_takes_no_more_until_one_is_released),
	    cmocka_unit_test(positions_go_on_across_32_bits),
	    cmocka_unit_test(a_batch_appears_as_a_whole),
	    cmocka_unit_test(what_is_free_and_what_is_there_can_be_counted),
	    cmocka_unit_test(who_looked_in_vain_looks_again_at_once),
	    cmocka_unit_test(a_producer_tells_a_stream_from_questions_and_answers),
	    cmocka_unit_test(the_slowest_consumer_decides),
	    cmocka_unit_test(a_tail_that_cannot_be_ends_the_producer),
	    cmocka_unit_test(a_tail_that_falls_ends_the_producer),
	    cmocka_unit_test(a_head_that_cannot_be_ends_the_consumer),
	    cmocka_unit_test(who_waits_is_rung_once_when_its_position_is_passed),
	    cmocka_unit_test(plain_memory_is_handed_over_in_order_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
