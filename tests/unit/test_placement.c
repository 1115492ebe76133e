/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

#include "transport/placement.h"

#define LARGE (1u << 20)

static struct ivp_placement placement;

static void add(unsigned count, uint64_t ns)
{
	for (unsigned i = 0; i < count; i++)
		ivp_placement_add(&placement, placement.clock_ns + ns);
}

static void a_peer_is_near_until_lines_take_long(void **state)
{
	(void)state;
	ivp_placement_init(&placement);
	assert_false(placement.far);
	add(4, 120);
	assert_false(placement.far);
	add(1, 120);
	assert_true(placement.far);
}

static void one_long_look_makes_no_peer_far(void **state)
{
	(void)state;
	ivp_placement_init(&placement);
	add(9, 30);
	add(2, 5000000000000);
	assert_false(placement.far);
	add(1, 300);
	assert_true(placement.far);
}

static void lines_that_were_there_already_make_no_peer_near(void **state)
{
	(void)state;
	ivp_placement_init(&placement);
	add(3, 120);
	add(5, 5);
	add(1, 120);
	assert_true(placement.far);
}

static void a_peer_may_come_nearer(void **state)
{
	(void)state;
	ivp_placement_init(&placement);
	add(100, 120);
	assert_true(placement.far);
	add(7, 30);
	assert_false(placement.far);
}

static void the_clock_s_own_cost_is_no_distance(void **state)
{
	(void)state;
	ivp_placement_init(&placement);
	placement.clock_ns = 1000;
	for (unsigned i = 0; i < 9; i++)
		ivp_placement_add(&placement, 1000 + i);
	assert_false(placement.far);
	ivp_placement_add(&placement, 0);
	assert_false(placement.far);
}

static enum ivp_stores stores_of(struct ivp_producer *producer)
{
	struct ivp_slot slot;

	assert_int_equal(ivp_producer_reserve(producer, &slot, NULL), 0);
	return slot.stores;
}

static void slots_say_how_to_store(void **state)
{
	const struct ivp_geometry large = link_geometry(4, LARGE), small = link_geometry(4, 4096);
	const struct ivp_attach sums = {.process_id = 1, .checksum = true};
	struct ivp_producer producer;
	struct test_link link;

	(void)state;
	make_link(&link, &large);
	attach_producer(&link, &producer, &plain_peer);
	assert_int_equal(stores_of(&producer), IVP_STORES_CACHED);
	producer.placement.far = true;
	assert_int_equal(stores_of(&producer), IVP_STORES_STREAMING);
	producer.stores = IVP_STORES_ALWAYS_CACHED;
	assert_int_equal(stores_of(&producer), IVP_STORES_CACHED);
	producer.placement.far = false;
	producer.stores = IVP_STORES_ALWAYS_STREAMING;
	assert_int_equal(stores_of(&producer), IVP_STORES_STREAMING);
	/* Who sums the payload up reads it again at once. */
	attach_producer(&link, &producer, &sums);
	producer.placement.far = true;
	assert_int_equal(stores_of(&producer), IVP_STORES_CACHED);
	destroy_link(&link);
	make_link(&link, &small);
	attach_producer(&link, &producer, &plain_peer);
	producer.placement.far = true;
	assert_int_equal(stores_of(&producer), IVP_STORES_CACHED);
	destroy_link(&link);
}

static void a_consumer_s_moves_are_timed(void **state)
{
	const struct ivp_geometry geometry = link_geometry(2, LARGE);
	struct ivp_frame frame = {.kind = IVP_KIND_BYTES};
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct test_link link;

	(void)state;
	make_link(&link, &geometry);
	attach_producer(&link, &producer, &plain_peer);
	attach_consumer(&link, &consumer, 0, &plain_peer);
	for (unsigned i = 0; i < 20; i++) {
		(void)stores_of(&producer);
		ivp_producer_commit(&producer, &frame);
		assert_int_equal(ivp_consumer_acquire(&consumer, &frame, NULL), 0);
		ivp_consumer_release(&consumer);
	}
	assert_int_equal(producer.placement.count, IVP_PLACEMENT_SAMPLES);
	destroy_link(&link);
}

/* All that is near a line's bounds, and sizes around the one from which on it streams. */
static void both_ways_of_storing_give_the_same_bytes(void **state)
{
	static const size_t sizes[] = {0, 1, 63, 64, 1023, 1024, 1025, 1087, 1088, 4096, 5003};
	uint8_t from[6000], to[2][6000] __attribute__((aligned(64)));

	(void)state;
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 13 + i / 256);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (size_t at = 0; at < 67; at += 3)
			for (size_t shift = 0; shift < 5; shift++) {
				memset(to, 0xaa, sizeof(to));
				ivp_store_bytes(to[0] + at, from + shift, sizes[s],
						IVP_STORES_CACHED);
				ivp_store_bytes(to[1] + at, from + shift, sizes[s],
						IVP_STORES_STREAMING);
				assert_memory_equal(to[0] + at, from + shift, sizes[s]);
				assert_memory_equal(to[0], to[1], sizeof(to[0]));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_peer_is_near_until_lines_take_long),
	    cmocka_unit_test(one_long_look_makes_no_peer_far),
	    cmocka_unit_test(lines_that_were_there_already_make_no_peer_near),
	    cmocka_unit_test(a_peer_may_come_nearer),
	    cmocka_unit_test(the_clock_s_own_cost_is_no_distance),
	    cmocka_unit_test(slots_say_how_to_store),
	    cmocka_unit_test(a_consumer_s_moves_are_timed),
	    cmocka_unit_test(both_ways_of_storing_give_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
