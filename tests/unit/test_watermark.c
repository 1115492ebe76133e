/* SPDX-License-Identifier: MIT */
/* Frames that are shown while they are still being filled, and peers that lie about them. */
#include "helpers/links.h"

#include <errno.h>

#define SLOTS   4
#define HEIGHT  16u
#define STRIDE  64u
#define PAYLOAD (HEIGHT * STRIDE)

struct fixture {
	struct test_link link;
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_slot slot;
	struct ivp_why why;
};

static int set_up_with(void **state, bool early)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);

	assert_non_null(f);
	geometry.early_start = early;
	make_link(&f->link, &geometry);
	attach_producer(&f->link, &f->producer, &plain_peer);
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, true);
}

static int set_up_late(void **state)
{
	return set_up_with(state, false);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	destroy_link(&f->link);
	free(f);
	return 0;
}

static struct ivp_frame image(uint64_t id, uint32_t height)
{
	return (struct ivp_frame){.id = id,
				  .origin_position = id + 5,
				  .kind = IVP_KIND_PIXELS,
				  .flags = IVP_FLAG_LAST,
				  .shape = {40, height, IVP_FORMAT_GRAY8},
				  .stride = STRIDE,
				  .payload_bytes = height * STRIDE};
}

/* Fills the next slot as far as rows and shows it. */
static struct ivp_frame show(struct fixture *f, uint64_t id, uint32_t rows)
{
	struct ivp_frame frame = image(id, HEIGHT);

	assert_int_equal(ivp_producer_reserve(&f->producer, &f->slot, &f->why), 0);
	memset(f->slot.payload, (int)id, rows * STRIDE);
	assert_int_equal(ivp_metadata_put(f->slot.metadata, f->slot.metadata_bytes,
					  &frame.metadata_bytes, IVP_META_NAME, "a.png", 5),
			 0);
	ivp_producer_show(&f->producer, &frame, rows);
	return frame;
}

static void commit(struct fixture *f, uint64_t id)
{
	const struct ivp_frame frame = image(id, HEIGHT);

	assert_int_equal(ivp_producer_reserve(&f->producer, &f->slot, &f->why), 0);
	memset(f->slot.payload, (int)id, HEIGHT * STRIDE);
	ivp_producer_commit(&f->producer, &frame);
}

static void take(struct fixture *f, uint64_t id)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	assert_int_equal(frame.id, id);
	ivp_consumer_release(&f->consumer);
}

/* What is shown, which nothing is committed of. */
static struct ivp_frame look(struct fixture *f)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), IVP_EMPTY);
	assert_int_equal(ivp_consumer_look(&f->consumer, &frame), 0);
	return frame;
}

static void assert_nothing_is_shown(struct fixture *f)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_look(&f->consumer, &frame), IVP_EMPTY);
}

static void assert_rows(struct fixture *f, uint32_t rows)
{
	uint32_t finished;

	assert_int_equal(ivp_consumer_rows(&f->consumer, &finished, &f->why), 0);
	assert_int_equal(finished, rows);
}

static void assert_withdrawn(struct fixture *f)
{
	uint32_t rows;

	assert_int_equal(ivp_consumer_rows(&f->consumer, &rows, &f->why), IVP_WITHDRAWN);
}

static void assert_corrupt(struct fixture *f, int result, const char *text)
{
	assert_int_equal(result, -EBADMSG);
	assert_non_null(strstr(f->why.text, "the producer is corrupt"));
	assert_non_null(strstr(f->why.text, text));
}

/* Acquires what is committed and compares it with what was looked at. */
static int confirm(struct fixture *f, const struct ivp_frame *looked_at)
{
	struct ivp_frame committed;

	assert_int_equal(ivp_consumer_acquire(&f->consumer, &committed, &f->why), 0);
	return ivp_consumer_confirm(&f->consumer, looked_at, &committed, &f->why);
}

static uint64_t *word_of(struct fixture *f, uint64_t position)
{
	return &descriptor_in(&f->link, position)->rows;
}

static void a_frame_is_shown_row_by_row_and_then_committed(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame in = show(f, 7, 4), out;
	struct ivp_frame seen = look(f);

	assert_int_equal(seen.id, 7);
	assert_int_equal(seen.origin_position, 12);
	assert_int_equal(seen.position, 0);
	assert_memory_equal(&seen.shape, &in.shape, sizeof(in.shape));
	assert_int_equal(seen.metadata_bytes, in.metadata_bytes);
	assert_memory_equal(seen.metadata, f->slot.metadata, in.metadata_bytes);
	assert_rows(f, 4);
	assert_int_equal(seen.payload[3 * STRIDE], 7);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 1);
	memset(f->slot.payload, 7, HEIGHT * STRIDE);
	ivp_producer_rows(&f->producer, 15);
	assert_rows(f, 15);
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &out, &f->why), IVP_EMPTY);
	/* More metadata behind what was there. */
	assert_int_equal(ivp_metadata_put(f->slot.metadata, f->slot.metadata_bytes,
					  &in.metadata_bytes, IVP_META_TEXT, "a=1", 3),
			 0);
	ivp_producer_commit(&f->producer, &in);
	assert_rows(f, HEIGHT);
	assert_int_equal(confirm(f, &seen), 0);
	ivp_consumer_release(&f->consumer);
	assert_int_equal(owner_in(f->link.credit[0].base)->position, 1);
	assert_int_equal(owner_in(f->link.data.base)->frames, 1);
}

static void a_link_without_early_start_shows_nothing(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame in = show(f, 1, 4);

	assert_int_equal(*word_of(f, 0), 0);
	assert_nothing_is_shown(f);
	ivp_producer_rows(&f->producer, 5);
	ivp_producer_withdraw(&f->producer);
	assert_int_equal(*word_of(f, 0), 0);
	ivp_producer_commit(&f->producer, &in);
	assert_int_equal(*word_of(f, 0), 0);
	take(f, 1);
}

static void a_frame_that_was_not_shown_is_none_that_can_be_looked_at(void **state)
{
	struct fixture *f = *state;

	/* More than once around: the slots hold what was committed and shown before. */
	for (uint64_t id = 0; id < 3 * SLOTS; id++) {
		assert_nothing_is_shown(f);
		if (id % 2 == 0) {
			commit(f, id);
		} else {
			const struct ivp_frame in = show(f, id, 3), seen = look(f);

			ivp_producer_commit(&f->producer, &in);
			assert_int_equal(confirm(f, &seen), 0);
		}
		take(f, id);
	}
}

static void frames_that_were_shown_are_acquired_by_who_does_not_look(void **state)
{
	struct fixture *f = *state;

	for (uint64_t id = 0; id < 2 * SLOTS; id++) {
		const struct ivp_frame in = show(f, id, 3);

		ivp_producer_commit(&f->producer, &in);
		take(f, id);
	}
}

/* As one that knows of no early start commits: 0 where rows are. */
static void a_producer_of_an_earlier_version_withdraws_by_what_it_stores(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame in = show(f, 3, 9);
	const struct ivp_frame seen = look(f);
	struct ivp_wire_descriptor raw;

	ivp_frame_describe(&in, 0, &raw);
	memcpy(descriptor_in(&f->link, 0), &raw, sizeof(raw));
	assert_withdrawn(f);
	ivp_store_release(&owner_in(f->link.data.base)->position, 1);
	assert_int_equal(confirm(f, &seen), IVP_WITHDRAWN);
	ivp_consumer_release(&f->consumer);
}

static void what_is_withdrawn_is_gone(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame error = {.id = 2, .kind = IVP_KIND_ERROR, .status = IVP_FRAME_TOO_LARGE};
	struct ivp_frame seen, again;

	show(f, 1, 6);
	seen = look(f);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 1);
	ivp_producer_withdraw(&f->producer);
	assert_withdrawn(f);
	ivp_consumer_abandon(&f->consumer);
	assert_int_equal(owner_in(f->link.credit[0].base)->attempt, 0);
	assert_nothing_is_shown(f);

	/* Shown anew, the same to the eye. */
	show(f, 1, 6);
	again = look(f);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 1);
	ivp_producer_commit(&f->producer, &error);
	assert_withdrawn(f);
	assert_int_equal(confirm(f, &seen), IVP_WITHDRAWN);
	assert_int_equal(confirm(f, &again), IVP_WITHDRAWN);
	take(f, 2);
}

static void a_frame_that_is_committed_otherwise_than_shown_is_withdrawn(void **state)
{
	struct fixture *f = *state;
	const struct ivp_frame lower = image(1, HEIGHT - 1);
	struct ivp_frame seen, same;

	show(f, 1, 6);
	seen = look(f);
	ivp_producer_commit(&f->producer, &lower);
	assert_int_equal(confirm(f, &seen), IVP_WITHDRAWN);
	ivp_consumer_release(&f->consumer);
	same = show(f, 2, 6);
	same.metadata_bytes = 0;
	seen = look(f);
	ivp_producer_commit(&f->producer, &same);
	assert_int_equal(confirm(f, &seen), IVP_WITHDRAWN);
}

static void a_producer_that_starts_anew_has_shown_nothing(void **state)
{
	struct fixture *f = *state;

	for (int shows = 0; shows < 2; shows++) {
		const uint64_t id = 1 + (uint64_t)shows;
		struct ivp_frame in = show(f, id, 12);
		const struct ivp_frame seen = look(f);

		attach_producer(&f->link, &f->producer, &plain_peer);
		if (shows)
			in = show(f, id, 12);
		ivp_producer_commit(&f->producer, &in);
		assert_withdrawn(f);
		assert_int_equal(confirm(f, &seen), IVP_WITHDRAWN);
		take(f, id);
	}
}

static void who_died_at_a_frame_waits_until_it_is_committed(void **state)
{
	struct fixture *f = *state;
	const struct ivp_frame in = show(f, 1, 12);

	look(f);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 1);
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	assert_nothing_is_shown(f);
	ivp_producer_commit(&f->producer, &in);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 2);
	take(f, 1);
	show(f, 2, 1);
	look(f);
}

static void a_wrong_checksum_is_found_before_anything_is_committed(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame in, seen;

	f->producer.self.checksum = true;
	in = show(f, 1, HEIGHT);
	seen = look(f);
	ivp_producer_commit(&f->producer, &in);
	assert_int_equal(confirm(f, &seen), 0);
	ivp_consumer_release(&f->consumer);

	in = show(f, 2, HEIGHT);
	seen = look(f);
	ivp_producer_commit(&f->producer, &in);
	payload_in(&f->link, 1)[5] ^= 1;
	assert_int_equal(confirm(f, &seen), IVP_WITHDRAWN);
}

static void nothing_of_older_frames_is_left_behind_one_that_was_shown(void **state)
{
	struct fixture *f = *state;
	const struct ivp_frame low = image(9, 2);
	const uint8_t *payload = payload_in(&f->link, 0);

	for (uint64_t id = 1; id <= SLOTS; id++) {
		commit(f, id);
		take(f, id);
	}
	/* Shown larger than it is committed; before that, an older one that was full. */
	show(f, 9, HEIGHT);
	ivp_producer_withdraw(&f->producer);
	assert_int_equal(ivp_producer_reserve(&f->producer, &f->slot, &f->why), 0);
	memset(f->slot.payload, 9, 2 * STRIDE);
	ivp_producer_show(&f->producer, &low, 1);
	for (size_t i = 2 * STRIDE; i < PAYLOAD; i++)
		assert_int_equal(payload[i], 0);
	ivp_producer_commit(&f->producer, &low);
	take(f, 9);
}

static void rows_that_fall_are_corrupt(void **state)
{
	struct fixture *f = *state;

	show(f, 1, 6);
	look(f);
	ivp_producer_rows(&f->producer, 5);
	uint32_t rows;
	assert_corrupt(f, ivp_consumer_rows(&f->consumer, &rows, &f->why), "not any more");
	/* Nothing shown, by the same serial. */
	*word_of(f, 0) &= ~(uint64_t)UINT32_MAX;
	assert_corrupt(f, ivp_consumer_rows(&f->consumer, &rows, &f->why), "not any more");
}

static void rows_beyond_the_height_are_corrupt(void **state)
{
	struct fixture *f = *state;
	uint32_t rows;

	show(f, 1, 6);
	look(f);
	ivp_producer_rows(&f->producer, HEIGHT + 1);
	assert_corrupt(f, ivp_consumer_rows(&f->consumer, &rows, &f->why), "more rows");
	assert_int_equal(rows, 0);
	*word_of(f, 0) |= UINT32_MAX;
	assert_corrupt(f, ivp_consumer_rows(&f->consumer, &rows, &f->why), "more rows");
	/* And if it says so from the beginning, nobody begins. */
	assert_nothing_is_shown(f);
}

static void a_commit_with_rows_missing_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame seen;
	uint32_t rows;

	show(f, 1, 6);
	seen = look(f);
	ivp_store_release(&owner_in(f->link.data.base)->position, 1);
	assert_corrupt(f, ivp_consumer_rows(&f->consumer, &rows, &f->why), "not finished");
	assert_corrupt(f, confirm(f, &seen), "not finished");
}

static void a_frame_that_changes_after_it_was_shown_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_descriptor *raw = descriptor_in(&f->link, 0);
	struct ivp_wire_descriptor honest;
	struct ivp_frame in = show(f, 1, 6), seen = look(f);

	ivp_producer_commit(&f->producer, &in);
	honest = *raw;
	for (int i = 0; i < 6; i++) {
		*raw = honest;
		raw->width -= i == 0;
		raw->height = i == 1 ? HEIGHT / 2 : HEIGHT;
		raw->payload_bytes = (uint64_t)raw->height * STRIDE;
		raw->format = i == 2 ? IVP_FORMAT_GRAY16 : IVP_FORMAT_GRAY8;
		raw->width = i == 2 ? 20 : raw->width;
		raw->frame_id += i == 3;
		raw->origin_position += i == 4;
		raw->part += i == 5;
		f->consumer.rows = raw->rows;
		assert_corrupt(f, confirm(f, &seen), "not what was shown");
	}
	*raw = honest;
	f->consumer.rows = raw->rows;
	raw->kind = IVP_KIND_BYTES;
	assert_corrupt(f, confirm(f, &seen), "not what was shown");
}

static void what_cannot_be_is_not_begun_on(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_descriptor *raw = descriptor_in(&f->link, 0);
	struct ivp_wire_descriptor honest;

	show(f, 1, 6);
	honest = *raw;
	look(f);
	raw->sequence = 1 + SLOTS;
	assert_nothing_is_shown(f);
	*raw = honest;
	raw->height = HEIGHT + 1;
	assert_nothing_is_shown(f);
	raw->payload_bytes += STRIDE;
	assert_nothing_is_shown(f); /* larger than the slot */
	*raw = honest;
	raw->stride = 32;
	assert_nothing_is_shown(f);
	*raw = honest;
	raw->kind = IVP_KIND_BYTES;
	assert_nothing_is_shown(f);
	*raw = honest;
	raw->format = 77;
	assert_nothing_is_shown(f);
	*raw = honest;
	raw->metadata_bytes = 257;
	assert_nothing_is_shown(f);
	*raw = honest;
	look(f);
}

static void a_position_that_cannot_be_ends_the_work_on_rows(void **state)
{
	struct fixture *f = *state;
	uint32_t rows;

	show(f, 1, 6);
	look(f);
	owner_in(f->link.data.base)->position = SLOTS + 1;
	assert_int_equal(ivp_consumer_rows(&f->consumer, &rows, &f->why), -EPROTO);
	assert_non_null(strstr(f->why.text, "position"));
	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, 7, 1), -EPROTO);
}

static void a_wait_for_rows_ends_when_they_are_there(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame in;

	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, 1, 1000), IVP_TIMEOUT);
	in = show(f, 1, 6);
	look(f);
	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, 6, 1000), 0);
	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, 7, 1000), IVP_TIMEOUT);
	ivp_producer_rows(&f->producer, 7);
	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, 7, 1000), 0);
	ivp_producer_withdraw(&f->producer);
	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, HEIGHT, 1000), 0);
	ivp_producer_commit(&f->producer, &in);
	assert_int_equal(ivp_consumer_wait_rows(&f->consumer, HEIGHT, 1000), 0);
	assert_int_equal(owner_in(f->link.credit[0].base)->wake_rows, 0);
}

/* Nobody sleeps here: it is counted whether the producer would wake somebody. */
static void who_waits_for_rows_is_rung_for_those_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_owner *waiter = owner_in(f->link.credit[0].base);
	const uint64_t *wakeups = &owner_in(f->link.data.base)->wakeups;
	struct ivp_frame in;

	waiter->kernel_id = f->producer.self.kernel_id = 99;
	waiter->wake_rows = 1;
	in = show(f, 1, 2);
	assert_int_equal(*wakeups, 1);
	waiter->wake_rows = 0;
	ivp_producer_rows(&f->producer, 5);
	assert_int_equal(*wakeups, 1);
	waiter->wake_rows = 1 + 7;
	ivp_producer_rows(&f->producer, 6);
	assert_int_equal(*wakeups, 1);
	ivp_producer_rows(&f->producer, 7);
	assert_int_equal(*wakeups, 2);
	ivp_producer_rows(&f->producer, 8); /* the ring may have come too early */
	assert_int_equal(*wakeups, 3);
	waiter->wake_rows = 1 + 12;
	ivp_producer_withdraw(&f->producer);
	assert_int_equal(*wakeups, 4);
	waiter->wake_at = 1;
	waiter->wake_rows = 0;
	ivp_producer_commit(&f->producer, &in);
	assert_int_equal(*wakeups, 5);
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	assert_int_equal(waiter->wake_rows, 0);
}

static void early_start_is_for_links_that_block(void **state)
{
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);
	struct ivp_layout layout;
	struct ivp_why why;

	(void)state;
	geometry.early_start = true;
	for (uint16_t policy = IVP_POLICY_DROP_NEWEST; policy <= IVP_POLICY_LATEST; policy++) {
		geometry.policy = policy;
		assert_int_equal(ivp_layout_compute(&geometry, &layout, &why), -EINVAL);
		assert_non_null(strstr(why.text, "early start"));
	}
}

#define on_link(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_link(a_frame_is_shown_row_by_row_and_then_committed),
	    cmocka_unit_test_setup_teardown(a_link_without_early_start_shows_nothing, set_up_late,
					    tear_down),
	    on_link(a_frame_that_was_not_shown_is_none_that_can_be_looked_at),
	    on_link(frames_that_were_shown_are_acquired_by_who_does_not_look),
	    on_link(a_producer_of_an_earlier_version_withdraws_by_what_it_stores),
	    on_link(what_is_withdrawn_is_gone),
	    on_link(a_frame_that_is_committed_otherwise_than_shown_is_withdrawn),
	    on_link(a_producer_that_starts_anew_has_shown_nothing),
	    on_link(who_died_at_a_frame_waits_until_it_is_committed),
	    on_link(a_wrong_checksum_is_found_before_anything_is_committed),
	    on_link(nothing_of_older_frames_is_left_behind_one_that_was_shown),
	    on_link(rows_that_fall_are_corrupt),
	    on_link(rows_beyond_the_height_are_corrupt),
	    on_link(a_commit_with_rows_missing_is_corrupt),
	    on_link(a_frame_that_changes_after_it_was_shown_is_corrupt),
	    on_link(what_cannot_be_is_not_begun_on),
	    on_link(a_position_that_cannot_be_ends_the_work_on_rows),
	    on_link(a_wait_for_rows_ends_when_they_are_there),
	    on_link(who_waits_for_rows_is_rung_for_those_and_no_others),
	    cmocka_unit_test(early_start_is_for_links_that_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
