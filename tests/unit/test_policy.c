/* SPDX-License-Identifier: MIT */
/* Links that drop: which frames come through, what is counted, and what a restart finds. */
#include "helpers/links.h"

#define SLOTS   4
#define PAYLOAD 256

struct fixture {
	struct test_link link;
	struct ivp_producer producer;
	struct ivp_consumer consumer[2];
	struct ivp_why why;
};

static struct fixture *make(unsigned policy, unsigned consumers, unsigned slots)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry geometry = link_geometry(slots, PAYLOAD);

	assert_non_null(f);
	geometry.policy = (uint16_t)policy;
	geometry.consumers = (uint16_t)consumers;
	make_link(&f->link, &geometry);
	attach_producer(&f->link, &f->producer, &plain_peer);
	for (unsigned i = 0; i < consumers; i++)
		attach_consumer(&f->link, &f->consumer[i], i, &plain_peer);
	return f;
}

static int set_up_newest(void **state)
{
	*state = make(IVP_POLICY_DROP_NEWEST, 1, SLOTS);
	return 0;
}

static int set_up_oldest(void **state)
{
	*state = make(IVP_POLICY_DROP_OLDEST, 1, SLOTS);
	return 0;
}

static int set_up_latest(void **state)
{
	*state = make(IVP_POLICY_LATEST, 1, SLOTS);
	return 0;
}

static int set_up_two(void **state)
{
	*state = make(IVP_POLICY_DROP_OLDEST, 2, SLOTS);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	destroy_link(&f->link);
	free(f);
	return 0;
}

static struct ivp_wire_owner *producer_owner(const struct fixture *f)
{
	return owner_in(f->link.data.base);
}

static struct ivp_wire_owner *consumer_owner(const struct fixture *f, unsigned i)
{
	return owner_in(f->link.credit[i].base);
}

static void put_kind(struct fixture *f, uint64_t id, unsigned kind)
{
	struct ivp_frame frame = {.id = id,
				  .origin_position = id,
				  .kind = (uint16_t)kind,
				  .flags = IVP_FLAG_LAST,
				  .payload_bytes = kind == IVP_KIND_BYTES ? PAYLOAD : 0};
	struct ivp_slot slot;

	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	memset(slot.payload, (int)id + 1, frame.payload_bytes);
	ivp_producer_commit(&f->producer, &frame);
}

static void put(struct fixture *f, uint64_t id)
{
	put_kind(f, id, IVP_KIND_BYTES);
}

static void put_many(struct fixture *f, uint64_t first, uint64_t count)
{
	for (uint64_t id = first; id < first + count; id++)
		put(f, id);
}

static void assert_whole(const struct ivp_frame *frame)
{
	for (uint64_t i = 0; i < frame->payload_bytes; i++)
		assert_int_equal(frame->payload[i], (uint8_t)(frame->id + 1));
}

static struct ivp_frame acquire_at(struct fixture *f, unsigned i, uint64_t id)
{
	struct ivp_frame frame;

	if (ivp_consumer_acquire(&f->consumer[i], &frame, &f->why) != 0)
		fail_msg("%s", f->why.text);
	assert_int_equal(frame.id, id);
	assert_whole(&frame);
	return frame;
}

static void take_at(struct fixture *f, unsigned i, uint64_t id)
{
	acquire_at(f, i, id);
	ivp_consumer_release(&f->consumer[i]);
}

static void take(struct fixture *f, uint64_t id)
{
	take_at(f, 0, id);
}

static void assert_empty(struct fixture *f)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&f->consumer[0], &frame, &f->why), IVP_EMPTY);
}

static void drop_newest_leaves_out_what_finds_no_slot_and_remembers_its_origin(void **state)
{
	struct fixture *f = *state;
	struct ivp_slot slot;

	put_many(f, 0, SLOTS);
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), IVP_FULL);
	assert_true(ivp_producer_may_drop(&f->producer, IVP_KIND_PIXELS));
	assert_int_equal(ivp_producer_dropped(&f->producer), 0);
	ivp_producer_drop(&f->producer, 4);
	ivp_producer_drop(&f->producer, 5);
	take(f, 0);
	put(f, 6);
	for (uint64_t id = 1; id < SLOTS; id++)
		take(f, id);
	take(f, 6);
	assert_empty(f);
	assert_int_equal(producer_owner(f)->policy_dropped, 2);
	assert_int_equal(producer_owner(f)->frames, SLOTS + 1);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 0);
	attach_producer(&f->link, &f->producer, &plain_peer);
	assert_int_equal(ivp_producer_dropped(&f->producer), 6);
	ivp_producer_forget_drops(&f->producer);
	assert_int_equal(ivp_producer_dropped(&f->producer), 0);
}

static void drop_newest_keeps_ends_errors_and_what_was_dropped_already(void **state)
{
	struct fixture *f = *state;

	assert_false(ivp_producer_may_drop(&f->producer, IVP_KIND_END));
	assert_false(ivp_producer_may_drop(&f->producer, IVP_KIND_ERROR));
	assert_false(ivp_producer_may_drop(&f->producer, IVP_KIND_DROPPED));
	assert_true(ivp_producer_may_drop(&f->producer, IVP_KIND_ENCODED));
}

static void nothing_may_be_dropped_on_other_links(void **state)
{
	struct fixture *f = *state;

	assert_false(ivp_producer_may_drop(&f->producer, IVP_KIND_PIXELS));
}

static void drop_oldest_goes_on_with_the_oldest_that_is_left(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, SLOTS);
	take(f, 0);
	put_many(f, SLOTS, 6); /* 4 to 9: 6 to 9 are left */
	for (uint64_t id = 6; id < 10; id++)
		take(f, id);
	assert_empty(f);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 5);
	assert_int_equal(consumer_owner(f, 0)->frames, 5);
	assert_int_equal(consumer_owner(f, 0)->taken, 5);
	assert_int_equal(consumer_owner(f, 0)->position, 10);
	assert_int_equal(consumer_owner(f, 0)->claim, 0);
	assert_int_equal(producer_owner(f)->policy_dropped, 0);
}

static void latest_jumps_to_the_newest(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 3);
	take(f, 2);
	assert_empty(f);
	put_many(f, 3, 20);
	take(f, 22);
	assert_empty(f);
	put(f, 23);
	take(f, 23);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 21);
	assert_int_equal(consumer_owner(f, 0)->frames, 3);
}

static void a_frame_at_hand_stays_whole_however_often_it_is_lapped(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 2);
	struct ivp_frame frame =
	    acquire_at(f, 0, f->consumer[0].header.policy == IVP_POLICY_LATEST ? 1 : 0);

	for (uint64_t id = 2; id < 100; id++) {
		put(f, id);
		assert_whole(&frame);
		acquire_at(f, 0, frame.id); /* the same until release */
	}
	ivp_consumer_release(&f->consumer[0]);
	take(f, f->consumer[0].header.policy == IVP_POLICY_LATEST ? 99 : 97);
	/* 98 frames passed one slot over now and then: those positions are no frames. */
	assert_true(producer_owner(f)->position > 100);
	assert_int_equal(producer_owner(f)->frames, 100);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped,
			 f->consumer[0].header.policy == IVP_POLICY_LATEST ? 98 - 0 : 96);
}

static void a_position_that_was_passed_over_is_no_frame_and_not_counted(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 4);
	acquire_at(f, 0, 0);
	put(f, 4); /* at position 5: position 4 would be in the slot at hand */
	assert_int_equal(producer_owner(f)->position, 6);
	ivp_consumer_release(&f->consumer[0]);
	take(f, 2); /* 1 gave its slot to 4 */
	take(f, 3);
	take(f, 4);
	assert_empty(f);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 1);
	assert_int_equal(consumer_owner(f, 0)->position, 6);
}

static void the_end_of_the_stream_is_always_found(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	put_many(f, 0, 30);
	put_kind(f, 30, IVP_KIND_ERROR);
	put_kind(f, 31, IVP_KIND_END);
	while (ivp_consumer_acquire(&f->consumer[0], &frame, &f->why) == 0)
		ivp_consumer_release(&f->consumer[0]);
	assert_int_equal(frame.kind, IVP_KIND_END);
	assert_true(ivp_consumer_ended(&f->consumer[0]));
	assert_int_equal(consumer_owner(f, 0)->policy_dropped + consumer_owner(f, 0)->frames, 31);
}

static void a_consumer_that_died_with_a_frame_at_hand_finds_it_again(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 6);
	const uint64_t id = f->consumer[0].header.policy == IVP_POLICY_LATEST ? 5 : 2;
	acquire_at(f, 0, id);
	assert_int_equal(ivp_consumer_begin(&f->consumer[0]), 1);
	put_many(f, 6, 50);
	attach_consumer(&f->link, &f->consumer[0], 0, &plain_peer);
	put_many(f, 56, 10);
	acquire_at(f, 0, id);
	assert_int_equal(ivp_consumer_begin(&f->consumer[0]), 2);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, id);
	ivp_consumer_release(&f->consumer[0]);
	acquire_at(f, 0, id == 5 ? 65 : 63);
	assert_int_equal(ivp_consumer_begin(&f->consumer[0]), 1);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, id == 5 ? 64 : 62);
}

/* As each store of a release leaves the window. */
static void a_consumer_that_died_in_a_release_finishes_it(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_owner *own = consumer_owner(f, 0);

	put_many(f, 0, 10);
	acquire_at(f, 0, 6);
	for (unsigned stores = 0; stores < 4; stores++) {
		own->position = 7;
		own->taken = stores > 0 ? 1 : 0;
		own->held = stores > 1 ? 0 : 7;
		own->claim = stores > 2 ? 0 : 7;
		attach_consumer(&f->link, &f->consumer[0], 0, &plain_peer);
		assert_int_equal(own->taken, 1);
		assert_int_equal(own->claim, 0);
		acquire_at(f, 0, 7);
		assert_int_equal(own->policy_dropped, 6);
		own->ordinal = 6; /* as it was in the life that died */
	}
}

static void a_claim_that_was_not_known_to_hold_is_given_up(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 10);
	consumer_owner(f, 0)->claim = 4;
	attach_consumer(&f->link, &f->consumer[0], 0, &plain_peer);
	assert_int_equal(consumer_owner(f, 0)->claim, 0);
	take(f, 6);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 6);
}

static void a_producer_that_died_goes_on_with_what_it_had_announced(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame last;
	struct ivp_slot slot;

	put_many(f, 0, 6);
	acquire_at(f, 0, 2);
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	assert_int_equal(slot.position, 7); /* 6 is in the slot of 2 */
	memset(slot.payload, 0xee, PAYLOAD);
	attach_producer(&f->link, &f->producer, &plain_peer);
	assert_true(ivp_producer_last(&f->producer, &last));
	assert_int_equal(last.id, 5);
	assert_int_equal(producer_owner(f)->claim, 8);
	/* A short frame shows nothing of what that life had put there. */
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	assert_int_equal(slot.position, 7);
	slot.payload[0] = 7;
	ivp_producer_commit(&f->producer, &(struct ivp_frame){.id = 6,
							      .kind = IVP_KIND_BYTES,
							      .flags = IVP_FLAG_LAST,
							      .payload_bytes = 1});
	for (unsigned i = 1; i < PAYLOAD; i++)
		assert_int_equal(slot.payload[i], 0);
	ivp_consumer_release(&f->consumer[0]);
	take(f, 4);
	take(f, 5);
	take(f, 6);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 3);
	assert_int_equal(producer_owner(f)->position, 8);
}

static void what_a_producer_described_but_did_not_commit_is_no_frame(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 6);
	/* The last life announced and described position 6; meanwhile its slot was claimed. */
	producer_owner(f)->claim = producer_owner(f)->held = 7;
	descriptor_in(&f->link, 6)->sequence = 7;
	consumer_owner(f, 0)->claim = 3;
	attach_producer(&f->link, &f->producer, &plain_peer);
	put(f, 6);
	assert_int_equal(producer_owner(f)->position, 8);
	consumer_owner(f, 0)->position = 6;
	consumer_owner(f, 0)->taken = 6;
	attach_consumer(&f->link, &f->consumer[0], 0, &plain_peer);
	take(f, 6);
	assert_int_equal(consumer_owner(f, 0)->position, 8);
}

static void two_consumers_hold_a_frame_each_and_hinder_nobody(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 4);
	struct ivp_frame slow = acquire_at(f, 0, 0);
	take_at(f, 1, 0);
	struct ivp_frame other = acquire_at(f, 1, 1);
	for (uint64_t id = 4; id < 50; id++) {
		put(f, id);
		assert_whole(&slow);
		assert_whole(&other);
	}
	ivp_consumer_release(&f->consumer[1]);
	put(f, 50);
	for (uint64_t id = 48; id < 51; id++)
		take_at(f, 1, id);
	ivp_consumer_release(&f->consumer[0]);
	take_at(f, 0, 48);
	assert_int_equal(consumer_owner(f, 1)->policy_dropped, 46);
	assert_int_equal(consumer_owner(f, 0)->policy_dropped, 47);
}

static void positions_are_right_where_they_wrap_around_32_bits(void **state)
{
	struct fixture *f = *state;

	for (uint64_t id = 0; id < 3; id++) {
		start_at(&f->link, UINT32_MAX - 1);
		producer_owner(f)->claim = consumer_owner(f, 0)->claim = 0;
		consumer_owner(f, 0)->taken = UINT32_MAX - 1;
		attach_producer(&f->link, &f->producer, &plain_peer);
		attach_consumer(&f->link, &f->consumer[0], 0, &plain_peer);
		put_many(f, 0, 10);
		take(f, 6);
		assert_int_equal(consumer_owner(f, 0)->policy_dropped, 6);
	}
}

static void a_claim_ahead_of_the_producer_is_named(void **state)
{
	struct fixture *f = *state;
	struct ivp_slot slot;

	put_many(f, 0, 2);
	consumer_owner(f, 0)->claim = 3;
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), -EPROTO);
	assert_non_null(strstr(f->why.text, "consumer 0 is corrupt"));
}

static void assert_refused(struct fixture *f, int error, const char *words)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&f->consumer[0], &frame, &f->why), error);
	if (!strstr(f->why.text, words))
		fail_msg("'%s' does not say '%s'", f->why.text, words);
	assert_int_equal(consumer_owner(f, 0)->held, 0);
}

static void a_producer_that_announces_what_cannot_be_is_named(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 2);
	producer_owner(f)->claim = 1;
	assert_refused(f, -EPROTO, "its position");
	producer_owner(f)->claim = 2 + SLOTS;
	assert_refused(f, -EPROTO, "its position");
	producer_owner(f)->claim = UINT64_MAX;
	assert_refused(f, -EPROTO, "its position");
}

static void a_frame_that_is_not_where_one_has_to_be_is_named(void **state)
{
	struct fixture *f = *state;

	put_many(f, 0, 6);
	descriptor_in(&f->link, 2)->sequence = 0;
	assert_refused(f, -EBADMSG, "no frame");
	descriptor_in(&f->link, 2)->sequence = 7;
	assert_refused(f, -EBADMSG, "no frame");
	for (uint64_t p = 2; p < 6; p++)
		descriptor_in(&f->link, p)->sequence = p + 1 - 4;
	assert_refused(f, -EBADMSG, "no frame");
}

static void an_ordinal_that_cannot_be_is_named(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	put_many(f, 0, 2);
	descriptor_in(&f->link, 0)->ordinal = 1;
	assert_int_equal(ivp_consumer_acquire(&f->consumer[0], &frame, &f->why), -EBADMSG);
	assert_non_null(strstr(f->why.text, "ordinal"));
}

static void links_that_overwrite_need_slots_to_spare(void **state)
{
	struct ivp_geometry geometry = link_geometry(2, PAYLOAD);
	struct ivp_layout layout;
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), 0);
	geometry.policy = IVP_POLICY_DROP_NEWEST;
	assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), 0);
	geometry.policy = IVP_POLICY_LATEST;
	assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), -EINVAL);
	assert_non_null(strstr(why.text, "at least 2 more"));
	geometry.slots = 4;
	geometry.consumers = 2;
	assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), 0);
	geometry.consumers = 3;
	assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), -EINVAL);
}

#define on_newest(test) cmocka_unit_test_setup_teardown(test, set_up_newest, tear_down)
#define on_oldest(test) cmocka_unit_test_setup_teardown(test, set_up_oldest, tear_down)
#define on_latest(test) cmocka_unit_test_setup_teardown(test, set_up_latest, tear_down)
#define on_two(test)    cmocka_unit_test_setup_teardown(test, set_up_two, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_newest(drop_newest_leaves_out_what_finds_no_slot_and_remembers_its_origin),
	    on_newest(drop_newest_keeps_ends_errors_and_what_was_dropped_already),
	    on_oldest(nothing_may_be_dropped_on_other_links),
	    on_oldest(drop_oldest_goes_on_with_the_oldest_that_is_left),
	    on_latest(latest_jumps_to_the_newest),
	    on_oldest(a_frame_at_hand_stays_whole_however_often_it_is_lapped),
	    on_latest(a_frame_at_hand_stays_whole_however_often_it_is_lapped),
	    on_oldest(a_position_that_was_passed_over_is_no_frame_and_not_counted),
	    on_oldest(the_end_of_the_stream_is_always_found),
	    on_latest(the_end_of_the_stream_is_always_found),
	    on_oldest(a_consumer_that_died_with_a_frame_at_hand_finds_it_again),
	    on_latest(a_consumer_that_died_with_a_frame_at_hand_finds_it_again),
	    on_oldest(a_consumer_that_died_in_a_release_finishes_it),
	    on_oldest(a_claim_that_was_not_known_to_hold_is_given_up),
	    on_oldest(a_producer_that_died_goes_on_with_what_it_had_announced),
	    on_oldest(what_a_producer_described_but_did_not_commit_is_no_frame),
	    on_two(two_consumers_hold_a_frame_each_and_hinder_nobody),
	    on_oldest(positions_are_right_where_they_wrap_around_32_bits),
	    on_oldest(a_claim_ahead_of_the_producer_is_named),
	    on_oldest(a_producer_that_announces_what_cannot_be_is_named),
	    on_oldest(a_frame_that_is_not_where_one_has_to_be_is_named),
	    on_oldest(an_ordinal_that_cannot_be_is_named),
	    cmocka_unit_test(links_that_overwrite_need_slots_to_spare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
