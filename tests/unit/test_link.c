/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

#include <pthread.h>

#define SLOTS   4
#define PAYLOAD 8192

struct fixture {
	struct test_link link;
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_why why;
};

static struct fixture *make(const struct ivp_geometry *geometry)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	make_link(&f->link, geometry);
	return f;
}

static int set_up(void **state)
{
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);

	*state = make(&geometry);
	return 0;
}

static int set_up_shared(void **state)
{
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);

	geometry.isolation = IVP_ISOLATION_SHARED;
	*state = make(&geometry);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	destroy_link(&f->link);
	free(f);
	return 0;
}

static void attach_both(struct fixture *f)
{
	attach_producer(&f->link, &f->producer, &plain_peer);
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
}

/* Publishes count bytes of this value, with metadata of as many bytes. */
static void put(struct fixture *f, uint64_t id, uint8_t value, uint64_t count)
{
	struct ivp_slot slot;
	struct ivp_frame frame = {.id = id,
				  .kind = IVP_KIND_BYTES,
				  .flags = IVP_FLAG_LAST,
				  .payload_bytes = count,
				  .metadata_bytes = count < 256 ? (uint32_t)count : 256};

	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	memset(slot.payload, value, count);
	memset(slot.metadata, value, frame.metadata_bytes);
	ivp_producer_commit(&f->producer, &frame);
}

static void take(struct fixture *f, uint64_t id)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	assert_int_equal(frame.id, id);
	ivp_consumer_release(&f->consumer);
}

static void assert_all(const uint8_t *bytes, size_t count, uint8_t value)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != value)
			fail_msg("byte %zu is %u, not %u", i, bytes[i], value);
}

static void a_frame_comes_out_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame in = {.id = 7,
			       .origin_position = 3,
			       .kind = IVP_KIND_PIXELS,
			       .flags = IVP_FLAG_LAST,
			       .part = 1,
			       .shape = {10, 5, IVP_FORMAT_RGB8},
			       .stride = 64,
			       .payload_bytes = 320,
			       .source_time_ns = 123,
			       .trail_count = 2,
			       .trail = {{1, 2}, {3, 4}}},
			 out;
	struct ivp_slot slot, again;

	attach_both(f);
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	assert_int_equal(ivp_producer_reserve(&f->producer, &again, &f->why), 0);
	assert_ptr_equal(slot.payload, again.payload);
	assert_ptr_equal(slot.metadata, again.metadata);
	assert_int_equal(slot.position, again.position);
	assert_int_equal(slot.payload_bytes, PAYLOAD);
	assert_int_equal(slot.metadata_bytes, 256);
	assert_int_equal((uintptr_t)slot.payload % IVP_PAGE, 0);
	assert_int_equal((uintptr_t)slot.metadata % IVP_ROW_ALIGN, 0);
	memset(slot.payload, 0x55, 320);
	assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes, &in.metadata_bytes,
					  IVP_META_NAME, "a.png", 5),
			 0);
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &out, &f->why), IVP_EMPTY);
	ivp_producer_commit(&f->producer, &in);

	assert_int_equal(ivp_consumer_acquire(&f->consumer, &out, &f->why), 0);
	assert_int_equal(out.position, 0);
	assert_int_equal(out.id, 7);
	assert_int_equal(out.origin_position, 3);
	assert_int_equal(out.kind, IVP_KIND_PIXELS);
	assert_int_equal(out.flags, IVP_FLAG_LAST);
	assert_int_equal(out.part, 1);
	assert_memory_equal(&out.shape, &in.shape, sizeof(in.shape));
	assert_int_equal(out.stride, 64);
	assert_int_equal(out.payload_bytes, 320);
	assert_int_equal(out.source_time_ns, 123);
	assert_int_equal(out.trail_count, 2);
	assert_memory_equal(out.trail, in.trail, sizeof(in.trail));
	for (unsigned y = 0; y < 5; y++) {
		assert_all(out.payload + y * 64, 30, 0x55);
		/* The padding of rows is cleared: 10 pixels of 3 bytes in 64. */
		assert_all(out.payload + y * 64 + 30, 34, 0);
	}
	struct ivp_metadata name;
	assert_int_equal(ivp_metadata_find(out.metadata, out.metadata_bytes, IVP_META_NAME, &name),
			 1);
	assert_memory_equal(name.value, "a.png", 5);
	ivp_consumer_release(&f->consumer);
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &out, &f->why), IVP_EMPTY);
}

static void frames_keep_their_order_around_the_ring(void **state)
{
	struct fixture *f = *state;
	uint64_t in = 0, out = 0;
	struct ivp_slot slot;

	start_at(&f->link, (1ull << 32) - 10);
	attach_both(f);
	for (unsigned round = 0; round < 50; round++) {
		unsigned count = round % SLOTS + 1;
		for (unsigned i = 0; i < count; i++, in++)
			put(f, in, (uint8_t)in, in % 100);
		if (count == SLOTS)
			assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why),
					 IVP_FULL);
		for (unsigned i = 0; i < count; i++)
			take(f, out++);
	}
	assert_true(owner_in(f->link.data.base)->position > 1ull << 32);
}

static void what_a_slot_showed_of_older_frames_is_cleared(void **state)
{
	struct fixture *f = *state;

	attach_both(f);
	for (unsigned i = 0; i < SLOTS; i++) {
		put(f, i, 0xaa, PAYLOAD - i);
		take(f, i);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		const struct ivp_wire_header *header = f->link.data.base;
		const uint8_t *metadata = (uint8_t *)f->link.data.base + header->metadata_offset +
					  i * header->metadata_stride;
		put(f, i, 0xbb, 10 * i);
		assert_all(payload_in(&f->link, i), 10 * i, 0xbb);
		assert_all(payload_in(&f->link, i) + 10 * i, PAYLOAD - 10 * i, 0);
		assert_all(metadata, 10 * i, 0xbb);
		assert_all(metadata + 10 * i, 256 - 10 * i, 0);
		take(f, i);
	}
}

static void what_an_earlier_life_left_in_its_slot_is_cleared(void **state)
{
	struct fixture *f = *state;
	struct ivp_slot slot;

	attach_both(f);
	put(f, 0, 0xaa, 10);
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	memset(slot.payload, 0xcc, PAYLOAD);
	memset(slot.metadata, 0xcc, 256);
	/* Dies here; the next life publishes something short in the same slot. */
	attach_producer(&f->link, &f->producer, &plain_peer);
	assert_int_equal(f->producer.left_state, IVP_STATE_ATTACHED);
	put(f, 1, 0xbb, 3);
	assert_all(slot.payload, 3, 0xbb);
	assert_all(slot.payload + 3, PAYLOAD - 3, 0);
	assert_all(slot.metadata + 3, 253, 0);
}

static void what_an_earlier_life_left_behind_that_slot_is_cleared_too(void **state)
{
	struct fixture *f = *state;
	struct ivp_slot slots[SLOTS];

	attach_both(f);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_int_equal(ivp_producer_reserve_ahead(&f->producer, i, &slots[i], &f->why),
				 0);
		memset(slots[i].payload, 0xcc, PAYLOAD);
	}
	attach_producer(&f->link, &f->producer, &plain_peer);
	for (unsigned i = 0; i < SLOTS; i++) {
		put(f, i, 0xbb, 3);
		assert_all(slots[i].payload, 3, 0xbb);
		assert_all(slots[i].payload + 3, PAYLOAD - 3, 0);
	}
}

static void slots_that_are_filled_ahead_are_those_that_come_next(void **state)
{
	struct fixture *f = *state;
	struct ivp_slot ahead, next;

	attach_both(f);
	for (unsigned round = 0; round < 2 * SLOTS; round++) {
		put(f, round, 1, 10);
		for (unsigned i = 0; i < SLOTS - 1; i++) {
			assert_int_equal(
			    ivp_producer_reserve_ahead(&f->producer, i, &ahead, &f->why), 0);
			assert_int_equal(ahead.position, round + 1 + i);
			assert_ptr_equal(ahead.payload, payload_in(&f->link, round + 1 + i));
		}
		/* The one that is not taken yet has its slot. */
		assert_int_equal(
		    ivp_producer_reserve_ahead(&f->producer, SLOTS - 1, &ahead, &f->why), IVP_FULL);
		assert_int_equal(ivp_producer_reserve(&f->producer, &next, &f->why), 0);
		assert_int_equal(next.position, round + 1);
		take(f, round);
	}
	assert_int_equal(ivp_producer_reserve_ahead(&f->producer, SLOTS, &ahead, &f->why),
			 IVP_FULL);
}

static void frames_that_are_looked_at_ahead_are_those_that_come_next(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	attach_both(f);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_int_equal(ivp_consumer_acquire_ahead(&f->consumer, i, &frame, &f->why),
				 IVP_EMPTY);
		put(f, i, (uint8_t)i, 10 + i);
		assert_int_equal(ivp_consumer_acquire_ahead(&f->consumer, i, &frame, &f->why), 0);
		assert_int_equal(frame.position, i);
		assert_int_equal(frame.id, i);
		assert_int_equal(frame.payload_bytes, 10 + i);
		assert_ptr_equal(frame.payload, payload_in(&f->link, i));
	}
	assert_int_equal(ivp_consumer_acquire_ahead(&f->consumer, SLOTS, &frame, &f->why),
			 IVP_EMPTY);
	for (unsigned i = 0; i < SLOTS; i++)
		take(f, i);
	assert_int_equal(owner_in(f->link.credit[0].base)->position, SLOTS);
	/* What it says of a frame that cannot be. */
	put(f, 4, 1, 10);
	put(f, 5, 1, 10);
	descriptor_in(&f->link, 5)->sequence = 5;
	assert_int_equal(ivp_consumer_acquire_ahead(&f->consumer, 1, &frame, &f->why), -EBADMSG);
	assert_non_null(strstr(f->why.text, "frame at position 5"));
	owner_in(f->link.data.base)->position = 2;
	assert_int_equal(ivp_consumer_acquire_ahead(&f->consumer, 2, &frame, &f->why), -EPROTO);
	assert_non_null(strstr(f->why.text, "the producer is corrupt"));
}

static void a_payload_that_changes_on_the_way_is_an_error_frame(void **state)
{
	const struct ivp_attach careful = {.process_id = 1, .checksum = true};
	struct fixture *f = *state;
	struct ivp_frame frame;

	attach_producer(&f->link, &f->producer, &careful);
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	put(f, 0, 1, 100);
	put(f, 1, 2, 100);
	put(f, 2, 3, 0);
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	assert_int_equal(frame.kind, IVP_KIND_BYTES);
	assert_true(frame.flags & IVP_FLAG_CHECKSUM);
	ivp_consumer_release(&f->consumer);

	payload_in(&f->link, 1)[99] ^= 1;
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	assert_int_equal(frame.kind, IVP_KIND_ERROR);
	assert_int_equal(frame.status, IVP_FRAME_CHECKSUM);
	assert_int_equal(frame.id, 1);
	assert_int_equal(frame.shape.width, 0);
	ivp_consumer_release(&f->consumer);

	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	assert_int_equal(frame.kind, IVP_KIND_BYTES);
}

static void without_a_checksum_the_flag_of_the_caller_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame = {
	    .kind = IVP_KIND_BYTES, .flags = IVP_FLAG_CHECKSUM, .checksum = 5};
	struct ivp_slot slot;

	attach_both(f);
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	ivp_producer_commit(&f->producer, &frame);
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	assert_int_equal(frame.kind, IVP_KIND_BYTES);
	assert_int_equal(frame.flags, 0);
	assert_int_equal(frame.checksum, 0);
}

static void a_descriptor_that_cannot_be_names_link_and_position(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	start_at(&f->link, 1000);
	attach_both(f);
	put(f, 0, 1, 10);
	descriptor_in(&f->link, 1000)->payload_bytes = PAYLOAD + 1;
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), -EBADMSG);
	assert_non_null(strstr(f->why.text, "'middle'"));
	assert_non_null(strstr(f->why.text, "position 1000"));
	assert_non_null(strstr(f->why.text, "corrupt"));
	/* It is not skipped. */
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), -EBADMSG);
	assert_int_equal(owner_in(f->link.credit[0].base)->position, 1000);
}

static void positions_that_cannot_be_name_the_link_and_the_peer(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;

	attach_both(f);
	owner_in(f->link.data.base)->position = SLOTS + 1;
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), -EPROTO);
	assert_non_null(strstr(f->why.text, "'middle'"));
	assert_non_null(strstr(f->why.text, "producer"));
	assert_int_equal(ivp_consumer_wait(&f->consumer, 1000), -EPROTO);

	owner_in(f->link.data.base)->position = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		put(f, i, 1, 1);
	owner_in(f->link.credit[0].base)->position = 1u << 20;
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), -EPROTO);
	assert_non_null(strstr(f->why.text, "'middle'"));
	assert_non_null(strstr(f->why.text, "consumer 0"));
	assert_int_equal(ivp_producer_wait(&f->producer, 1000), -EPROTO);
}

static void the_last_frame_is_known_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame last;

	attach_both(f);
	assert_false(ivp_producer_last(&f->producer, &last));
	for (uint64_t i = 0; i < 3 * SLOTS + 1; i++) {
		struct ivp_slot slot;

		put(f, i, 1, i);
		take(f, i);
		/* Whatever is in the next slot, it is not published. */
		assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
		memset(descriptor_in(&f->link, i + 1), 0xff, sizeof(struct ivp_wire_descriptor));
		attach_producer(&f->link, &f->producer, &plain_peer);
		assert_true(ivp_producer_last(&f->producer, &last));
		assert_int_equal(last.id, i);
		assert_int_equal(last.position, i);
		assert_int_equal(last.payload_bytes, i);
		assert_true(last.flags & IVP_FLAG_LAST);
		assert_null(last.payload);
	}
	assert_int_equal(owner_in(f->link.data.base)->generation, 3 * SLOTS + 2);
}

static void a_consumer_finds_the_frame_it_died_on(void **state)
{
	struct fixture *f = *state;
	struct ivp_consumer reborn;
	struct ivp_frame frame;

	attach_both(f);
	put(f, 10, 1, 1);
	put(f, 11, 1, 1);
	take(f, 10);
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
	attach_consumer(&f->link, &reborn, 0, &plain_peer);
	assert_int_equal(reborn.left_state, IVP_STATE_ATTACHED);
	assert_int_equal(ivp_consumer_acquire(&reborn, &frame, &f->why), 0);
	assert_int_equal(frame.id, 11);
	assert_int_equal(owner_in(f->link.credit[0].base)->generation, 2);
}

static void attempts_are_counted_over_lives_and_for_one_frame_only(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	attach_both(f);
	put(f, 0, 1, 1);
	put(f, 1, 1, 1);
	for (unsigned life = 1; life <= 4; life++) {
		attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
		assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
		assert_int_equal(ivp_consumer_begin(&f->consumer), life);
		assert_int_equal(owner_in(f->link.credit[0].base)->attempt, life);
		assert_int_equal(owner_in(f->link.credit[0].base)->attempt_position, 0);
	}
	ivp_consumer_release(&f->consumer);
	assert_int_equal(owner_in(f->link.credit[0].base)->attempt, 0);
	/* Death between the release of the position and that of the count. */
	owner_in(f->link.credit[0].base)->attempt = 4;
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 1);
	assert_int_equal(owner_in(f->link.credit[0].base)->attempt_position, 1);
}

static void peers_are_absent_attached_finished_or_failed(void **state)
{
	const uint64_t s = 1000000000;
	struct fixture *f = *state;
	uint64_t silent;

	attach_producer(&f->link, &f->producer, &plain_peer);
	assert_int_equal(ivp_producer_peer(&f->producer, 0, 10 * s, &silent), IVP_PEER_ABSENT);
	assert_int_equal(silent, 0);
	assert_int_equal(ivp_producer_peer(&f->producer, 0, 10 * s + 5, &silent), IVP_PEER_ABSENT);
	assert_int_equal(silent, 5);
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	assert_int_equal(ivp_producer_peer(&f->producer, 0, 10 * s + 9, &silent),
			 IVP_PEER_ATTACHED);
	assert_int_equal(silent, 0);
	assert_int_equal(ivp_consumer_peer(&f->consumer, s, &silent), IVP_PEER_ATTACHED);
	assert_int_equal(ivp_consumer_peer(&f->consumer, s + 8, &silent), IVP_PEER_ATTACHED);
	assert_int_equal(silent, 8);
	ivp_producer_beat(&f->producer);
	assert_int_equal(ivp_consumer_peer(&f->consumer, s + 9, &silent), IVP_PEER_ATTACHED);
	assert_int_equal(silent, 0);

	ivp_producer_finish(&f->producer, IVP_STATE_FAILED, 70);
	assert_int_equal(ivp_consumer_peer(&f->consumer, s + 12, &silent), IVP_PEER_FAILED);
	assert_int_equal(owner_in(f->link.data.base)->exit_code, 70);
	attach_producer(&f->link, &f->producer, &plain_peer);
	assert_int_equal(f->producer.left_state, IVP_STATE_FAILED);
	assert_int_equal(owner_in(f->link.data.base)->exit_code, 0);
	assert_int_equal(ivp_consumer_peer(&f->consumer, s + 13, &silent), IVP_PEER_ATTACHED);
	assert_int_equal(silent, 0);
	ivp_consumer_finish(&f->consumer, IVP_STATE_FINISHED, 0);
	assert_int_equal(ivp_producer_peer(&f->producer, 0, 11 * s, &silent), IVP_PEER_FINISHED);
}

static void silence_is_only_what_was_listened_to(void **state)
{
	const uint64_t s = 1000000000;
	struct fixture *f = *state;
	uint64_t silent;

	attach_both(f);
	ivp_consumer_peer(&f->consumer, 100 * s, &silent);
	/* Half a second later, then an hour in which we were stopped. */
	ivp_consumer_peer(&f->consumer, 100 * s + s / 2, &silent);
	assert_int_equal(silent, s / 2);
	ivp_consumer_peer(&f->consumer, 3700 * s, &silent);
	assert_int_equal(silent, s / 2 + s);
	ivp_consumer_peer(&f->consumer, 3701 * s, &silent);
	assert_int_equal(silent, s / 2 + 2 * s);
}

static void every_consumer_gets_every_frame(void **state)
{
	struct ivp_geometry geometry = link_geometry(SLOTS, 64);
	struct ivp_consumer consumers[IVP_MAX_CONSUMERS];
	struct ivp_frame frame;
	struct ivp_slot slot;

	(void)state;
	geometry.consumers = IVP_MAX_CONSUMERS;
	struct fixture *f = make(&geometry);
	attach_producer(&f->link, &f->producer, &plain_peer);
	for (unsigned i = 0; i < IVP_MAX_CONSUMERS; i++)
		attach_consumer(&f->link, &consumers[i], i, &plain_peer);
	for (uint64_t id = 0; id < 20; id++) {
		put(f, id, 1, 1);
		for (unsigned i = 1; i < IVP_MAX_CONSUMERS; i++) {
			assert_int_equal(ivp_consumer_acquire(&consumers[i], &frame, &f->why), 0);
			assert_int_equal(frame.id, id);
			ivp_consumer_release(&consumers[i]);
		}
		/* The first one lags behind by as much as the ring allows. */
		if (id < SLOTS - 1)
			continue;
		assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), IVP_FULL);
		assert_int_equal(ivp_consumer_acquire(&consumers[0], &frame, &f->why), 0);
		assert_int_equal(frame.id, id - (SLOTS - 1));
		ivp_consumer_release(&consumers[0]);
	}
	void *gone = f;
	tear_down(&gone);
}

static void shared_isolation_carries_frames_in_one_region(void **state)
{
	struct fixture *f = *state;

	attach_both(f);
	for (uint64_t i = 0; i < 20; i++) {
		put(f, i, (uint8_t)i, 100);
		take(f, i);
	}
	assert_int_equal(owner_in(f->link.credit[0].base)->position, 20);
	assert_true((uint8_t *)f->link.credit[0].base > (uint8_t *)f->link.data.base);
}

static void one_way_peers_never_write_to_the_other_window(void **state)
{
	struct fixture *f = *state;
	struct ivp_mapping data = {map_memory(f->link.data_fd, f->link.data.bytes, PROT_READ),
				   f->link.data.bytes};
	struct ivp_mapping credit = {
	    map_memory(f->link.credit_fd[0], f->link.credit[0].bytes, PROT_READ),
	    f->link.credit[0].bytes};
	struct ivp_attach self = {.kernel_id = 5, .process_id = 1, .checksum = true};
	uint64_t silent;

	/* A store to a read-only mapping would end the test by SIGSEGV. */
	assert_int_equal(
	    ivp_producer_attach(&f->producer, f->link.data, &credit, 1, &self, &f->why), 0);
	assert_int_equal(ivp_consumer_attach(&f->consumer, data, f->link.credit[0], &self, &f->why),
			 0);
	for (uint64_t i = 0; i < 20; i++) {
		assert_int_equal(ivp_consumer_wait(&f->consumer, 1000), IVP_TIMEOUT);
		put(f, i, (uint8_t)i, 100);
		assert_int_equal(ivp_consumer_wait(&f->consumer, 1000), 0);
		ivp_consumer_begin(&f->consumer);
		take(f, i);
	}
	for (uint64_t i = 0; i < SLOTS; i++)
		put(f, i, 1, 1);
	assert_int_equal(ivp_producer_wait(&f->producer, 1000), IVP_TIMEOUT);
	ivp_producer_account(&f->producer, 1, 1);
	ivp_producer_peer(&f->producer, 0, 1, &silent);
	ivp_consumer_peer(&f->consumer, 1, &silent);
	ivp_producer_finish(&f->producer, IVP_STATE_FINISHED, 0);
	ivp_consumer_finish(&f->consumer, IVP_STATE_FINISHED, 0);
	munmap(data.base, data.bytes);
	munmap(credit.base, credit.bytes);
}

static void counters_tell_what_went_through(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_owner *own = owner_in(f->link.data.base);
	static const uint16_t kinds[] = {IVP_KIND_PIXELS, IVP_KIND_ERROR, IVP_KIND_DROPPED,
					 IVP_KIND_END};
	struct ivp_slot slot;

	attach_both(f);
	for (size_t i = 0; i < count_of(kinds); i++) {
		struct ivp_frame frame = {.kind = kinds[i]};
		if (kinds[i] == IVP_KIND_PIXELS) {
			frame.shape = (struct ivp_shape){64, 2, IVP_FORMAT_GRAY8};
			frame.stride = 64;
			frame.payload_bytes = 128;
		}
		assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
		ivp_producer_commit(&f->producer, &frame);
	}
	for (size_t i = 0; i < count_of(kinds); i++)
		take(f, 0);
	/* The end is none, on both sides. */
	assert_int_equal(owner_in(f->link.credit[0].base)->frames, 3);
	ivp_producer_account(&f->producer, 100, 20);
	ivp_producer_account(&f->producer, 1, 2);
	assert_int_equal(own->frames, 3);
	assert_int_equal(own->errors, 1);
	assert_int_equal(own->dropped, 1);
	assert_int_equal(own->bytes, 128);
	assert_int_equal(own->busy_ns, 101);
	assert_int_equal(own->wait_ns, 22);
}

#define ROUNDS 20000

static void *produce(void *argument)
{
	struct fixture *f = argument;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		while (ivp_producer_wait(&f->producer, 1000000) != 0)
			;
		struct ivp_slot slot;
		struct ivp_frame frame = {.id = i, .kind = IVP_KIND_BYTES, .payload_bytes = 64};
		if (ivp_producer_reserve(&f->producer, &slot, NULL) != 0)
			return "no slot after a successful wait";
		memset(slot.payload, (int)(i & 0xff), 64);
		ivp_producer_commit(&f->producer, &frame);
	}
	return NULL;
}

static void frames_pass_between_threads(void **state)
{
	const struct ivp_attach self = {.kernel_id = 5, .process_id = 1, .checksum = true};
	struct fixture *f = *state;
	pthread_t thread;
	void *complaint;
	unsigned wrong = 0;

	attach_producer(&f->link, &f->producer, &self);
	attach_consumer(&f->link, &f->consumer, 0, &self);
	assert_int_equal(pthread_create(&thread, NULL, produce, f), 0);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct ivp_frame frame;

		while (ivp_consumer_wait(&f->consumer, 1000000) == IVP_TIMEOUT)
			;
		assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), 0);
		wrong += frame.id != i || frame.kind != IVP_KIND_BYTES ||
			 frame.payload[63] != (i & 0xff);
		ivp_consumer_release(&f->consumer);
	}
	assert_int_equal(pthread_join(thread, &complaint), 0);
	assert_null(complaint);
	assert_int_equal(wrong, 0);
}

static void put_end(struct fixture *f)
{
	const struct ivp_frame end = {.kind = IVP_KIND_END, .flags = IVP_FLAG_LAST};
	struct ivp_slot slot;

	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	ivp_producer_commit(&f->producer, &end);
}

static void a_consumer_has_ended_after_the_end_of_the_stream_and_nothing_else(void **state)
{
	struct fixture *f = *state;

	attach_both(f);
	assert_false(ivp_consumer_ended(&f->consumer));
	put(f, 1, 1, 10);
	assert_false(ivp_consumer_ended(&f->consumer));
	take(f, 1);
	assert_false(ivp_consumer_ended(&f->consumer));
	put_end(f);
	assert_false(ivp_consumer_ended(&f->consumer));
	take(f, 0);
	assert_int_equal(owner_in(f->link.credit[0].base)->frames, 1);
	assert_true(ivp_consumer_ended(&f->consumer));
	/* The next life sees it too, the next stream ends it. */
	attach_consumer(&f->link, &f->consumer, 0, &plain_peer);
	assert_true(ivp_consumer_ended(&f->consumer));
	put(f, 2, 1, 10);
	assert_false(ivp_consumer_ended(&f->consumer));
	take(f, 2);
	assert_false(ivp_consumer_ended(&f->consumer));
}

static void an_end_that_is_none_by_its_sequence_is_not_believed(void **state)
{
	struct fixture *f = *state;

	attach_both(f);
	put_end(f);
	take(f, 0);
	descriptor_in(&f->link, 0)->sequence++;
	assert_false(ivp_consumer_ended(&f->consumer));
}

/* As if their guests had been restored from a snapshot that was taken after one frame. */
static void who_was_set_back_notices_before_it_does_harm(void **state)
{
	struct fixture *f = *state;
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_frame frame;
	struct ivp_slot slot;

	attach_both(f);
	put(f, 1, 1, 10);
	take(f, 1);
	producer = f->producer;
	consumer = f->consumer;
	put(f, 2, 2, 10);
	take(f, 2);
	put(f, 3, 3, 10);

	assert_int_equal(ivp_producer_reserve(&producer, &slot, &f->why), -ESTALE);
	assert_string_equal(
	    f->why.text, "link 'middle': our own window is at position 3 of generation 1, we are "
			 "at 1 of 1: set back to an earlier state, or another program writes "
			 "there");
	assert_int_equal(ivp_consumer_acquire(&consumer, &frame, &f->why), -ESTALE);
	assert_non_null(strstr(f->why.text, "position 2 of generation 1, we are at 1 of 1"));

	/* Attached anew, they go on where the windows stand. */
	attach_both(f);
	take(f, 3);
	put(f, 4, 4, 10);
	take(f, 4);
}

static void who_was_replaced_notices_and_leaves_without_a_word(void **state)
{
	struct fixture *f = *state;
	struct ivp_producer producer;
	struct ivp_consumer consumer;
	struct ivp_frame frame;
	struct ivp_slot slot;

	attach_both(f);
	producer = f->producer;
	consumer = f->consumer;
	attach_both(f);
	put(f, 1, 1, 10);
	assert_int_equal(ivp_consumer_begin(&f->consumer), 1);
	assert_int_equal(ivp_producer_reserve(&producer, &slot, &f->why), -ESTALE);
	assert_int_equal(ivp_consumer_acquire(&consumer, &frame, &f->why), -ESTALE);
	ivp_producer_finish(&producer, IVP_STATE_FAILED, 75);
	ivp_consumer_finish(&consumer, IVP_STATE_FAILED, 75);
	assert_int_equal(owner_in(f->link.data.base)->state, IVP_STATE_ATTACHED);
	assert_int_equal(owner_in(f->link.credit[0].base)->state, IVP_STATE_ATTACHED);
	assert_int_equal(owner_in(f->link.credit[0].base)->attempt, 1);
	take(f, 1);
}

/* Only the peer can tell here: a file that was copied back, a region restored with its guest. */
static void a_window_that_was_set_back_is_an_error_for_the_peer(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;

	attach_both(f);
	put(f, 1, 1, 10);
	put(f, 2, 2, 10);
	take(f, 1);
	take(f, 2);
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), 0);
	for (uint64_t id = 3; id <= 2 + SLOTS; id++)
		put(f, id, 3, 10);
	owner_in(f->link.credit[0].base)->position = 1;
	assert_int_equal(ivp_producer_reserve(&f->producer, &slot, &f->why), -EPROTO);
	owner_in(f->link.credit[0].base)->position = 2;
	owner_in(f->link.data.base)->position = 1;
	assert_int_equal(ivp_consumer_acquire(&f->consumer, &frame, &f->why), -EPROTO);
}

int main(void)
{
#define on_link(test)        cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define on_shared_link(test) cmocka_unit_test_setup_teardown(test, set_up_shared, tear_down)
	const struct CMUnitTest tests[] = {
	    on_link(a_frame_comes_out_as_it_went_in),
	    on_link(frames_keep_their_order_around_the_ring),
	    on_link(what_a_slot_showed_of_older_frames_is_cleared),
	    on_link(what_an_earlier_life_left_in_its_slot_is_cleared),
	    on_link(what_an_earlier_life_left_behind_that_slot_is_cleared_too),
	    on_link(slots_that_are_filled_ahead_are_those_that_come_next),
	    on_link(frames_that_are_looked_at_ahead_are_those_that_come_next),
	    on_link(a_payload_that_changes_on_the_way_is_an_error_frame),
	    on_link(without_a_checksum_the_flag_of_the_caller_is_dropped),
	    on_link(a_descriptor_that_cannot_be_names_link_and_position),
	    on_link(positions_that_cannot_be_name_the_link_and_the_peer),
	    on_link(the_last_frame_is_known_after_a_restart),
	    on_shared_link(the_last_frame_is_known_after_a_restart),
	    on_link(a_consumer_finds_the_frame_it_died_on),
	    on_link(attempts_are_counted_over_lives_and_for_one_frame_only),
	    on_link(peers_are_absent_attached_finished_or_failed),
	    on_link(silence_is_only_what_was_listened_to),
	    cmocka_unit_test(every_consumer_gets_every_frame),
	    on_shared_link(shared_isolation_carries_frames_in_one_region),
	    on_link(one_way_peers_never_write_to_the_other_window),
	    on_link(counters_tell_what_went_through),
	    on_link(a_consumer_has_ended_after_the_end_of_the_stream_and_nothing_else),
	    on_link(an_end_that_is_none_by_its_sequence_is_not_believed),
	    on_link(who_was_set_back_notices_before_it_does_harm),
	    on_link(who_was_replaced_notices_and_leaves_without_a_word),
	    on_link(a_window_that_was_set_back_is_an_error_for_the_peer),
	    on_link(frames_pass_between_threads),
	    on_shared_link(frames_pass_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
