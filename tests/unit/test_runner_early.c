/* SPDX-License-Identifier: MIT */
/*
 * A stage that begins on rows, on a thread between two links; the test is what comes before it and
 * after it, and decides when the next rows are there. Each wait is for something that the stage
 * does; patience ends one that is in vain.
 */
#include "helpers/inverter.h"
#include "helpers/links.h"

#include <errno.h>
#include <pthread.h>

#include "../stages/need.h"
#include "stage/runner.h"

#define S       1000000000ull
#define SLOTS   4
#define STRIDE  64u
#define HEIGHT  1600u
#define PAYLOAD (STRIDE * HEIGHT)
#define HALF    (HEIGHT / 2)

/* Inverts; cannot do images of one pixel's width. */
static int invert_shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
			struct ivp_why *why)
{
	(void)self;
	(void)out;
	if (in->width > 1)
		return 0;
	ivp_why_set(why, "too narrow");
	return -EINVAL;
}

static const struct ivp_filter inverter = {
    .name = "invert",
    .summary = "inverts",
    .formats = IVP_FORMAT_BIT(IVP_FORMAT_GRAY8),
    .shape = invert_shape,
    .need = ivp_need_same_rows,
    .apply = apply_invert,
};

struct fixture {
	char folder[256];
	struct test_link before, after;
	struct ivp_output_port upstream;
	struct ivp_input_port downstream;
	struct ivp_slot slot; /* upstream */
	pthread_t thread;
	volatile sig_atomic_t stop;
	enum ivp_loads loads;
	struct ivp_runner_result result;
	int error; /* of the stage */
	struct ivp_why why, stage_why;
};

static struct ivp_port_options options_for(struct fixture *f, const struct test_link *link,
					   bool of_stage)
{
	return (struct ivp_port_options){.link = link->geometry.link_name,
					 .data = link->data_where,
					 .credit = link->credit_where,
					 .patience_ns = 60 * S,
					 .loads = f->loads,
					 .stop = of_stage ? &f->stop : NULL};
}

static void *serve(void *context)
{
	struct fixture *f = context;
	const struct ivp_port_options in = options_for(f, &f->before, true);
	const struct ivp_port_options out = options_for(f, &f->after, true);
	const struct ivp_filter_conf conf = {&inverter, NULL, 1};
	struct ivp_output_port output;
	struct ivp_input_port input;
	struct ivp_chain chain;

	f->error = ivp_chain_init(&chain, &conf, 1);
	if (!f->error)
		f->error = ivp_input_port_open(&input, &in, &f->stage_why);
	if (!f->error)
		f->error = ivp_output_port_open(&output, &out, &f->stage_why);
	if (f->error)
		return NULL;
	f->error = ivp_runner_run(&input, &output, &chain, NULL, NULL, &f->result, &f->stage_why);
	ivp_chain_finish(&chain);
	ivp_output_port_close(&output, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&input, IVP_STATE_FINISHED, 0);
	return NULL;
}

static int set_up_with(void **state, bool late_output, unsigned policy, enum ivp_loads loads)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry before = link_geometry(SLOTS, PAYLOAD);
	struct ivp_geometry after = link_geometry(SLOTS, PAYLOAD);

	assert_non_null(f);
	f->loads = loads;
	make_test_folder(f->folder);
	memcpy(before.link_name, "before", 7);
	memcpy(after.link_name, "after", 6);
	before.early_start = true;
	after.early_start = !late_output;
	after.policy = (uint16_t)policy;
	make_link_files(&f->before, &before, f->folder);
	make_link_files(&f->after, &after, f->folder);
	const struct ivp_port_options in = options_for(f, &f->before, false);
	const struct ivp_port_options out = options_for(f, &f->after, false);
	assert_int_equal(ivp_output_port_open(&f->upstream, &in, &f->why), 0);
	assert_int_equal(ivp_input_port_open(&f->downstream, &out, &f->why), 0);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, false, IVP_POLICY_BLOCK, IVP_LOADS_AUTO);
}

static int set_up_fetching(void **state)
{
	return set_up_with(state, false, IVP_POLICY_BLOCK, IVP_LOADS_STREAMING);
}

static int set_up_dropping(void **state)
{
	return set_up_with(state, true, IVP_POLICY_DROP_NEWEST, IVP_LOADS_AUTO);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ivp_output_port_close(&f->upstream, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&f->downstream, IVP_STATE_FINISHED, 0);
	close_link_files(&f->before);
	close_link_files(&f->after);
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

static struct ivp_frame image(uint64_t id, uint32_t width)
{
	return (struct ivp_frame){.id = id,
				  .kind = IVP_KIND_PIXELS,
				  .flags = IVP_FLAG_LAST,
				  .shape = {width, HEIGHT, IVP_FORMAT_GRAY8},
				  .stride = STRIDE,
				  .payload_bytes = PAYLOAD};
}

static void paint(struct fixture *f, uint32_t from, uint32_t to, uint8_t value)
{
	memset(f->slot.payload + from * STRIDE, value, (to - from) * STRIDE);
}

/* The upper half of an image, shown. */
static struct ivp_frame show_half(struct fixture *f, uint64_t id, uint32_t width, uint8_t value)
{
	struct ivp_frame frame = image(id, width);

	assert_int_equal(ivp_output_port_slot(&f->upstream, &f->slot, NULL, &f->why), 0);
	paint(f, 0, HALF, value);
	assert_int_equal(ivp_metadata_put(f->slot.metadata, f->slot.metadata_bytes,
					  &frame.metadata_bytes, IVP_META_NAME, "a.png", 5),
			 0);
	ivp_producer_show(&f->upstream.link, &frame, HALF);
	return frame;
}

static void commit_whole(struct fixture *f, const struct ivp_frame *frame, uint8_t value)
{
	paint(f, 0, HEIGHT, value);
	ivp_producer_commit(&f->upstream.link, frame);
}

static void feed_end(struct fixture *f)
{
	const struct ivp_frame end = {.kind = IVP_KIND_END};

	assert_int_equal(ivp_output_port_slot(&f->upstream, &f->slot, NULL, &f->why), 0);
	ivp_producer_commit(&f->upstream.link, &end);
}

/* The stage sleeps, or is about to, until this position of its input is committed. */
static void await_sleep(struct fixture *f, uint64_t position)
{
	const struct ivp_wire_owner *credit = owner_in(f->before.credit[0].base);

	while (ivp_load_relaxed(&credit->wake_at) != position + 1)
		(void)ivp_producer_wait(&f->upstream.link, 1000);
}

/* The stage shows a result, of which so many rows come. */
static struct ivp_frame await_shown(struct fixture *f, uint32_t rows)
{
	struct ivp_frame frame;
	bool shown;

	if (ivp_input_port_next_early(&f->downstream, &frame, &shown, NULL, &f->why) != 0)
		fail_msg("%s", f->why.text);
	assert_true(shown);
	assert_int_equal(ivp_input_port_rows(&f->downstream, rows, NULL, &f->why), 0);
	return frame;
}

static void take_image(struct fixture *f, uint64_t id, uint8_t value)
{
	struct ivp_frame frame;

	if (ivp_input_port_next(&f->downstream, &frame, NULL, &f->why) != 0)
		fail_msg("%s", f->why.text);
	assert_int_equal(frame.kind, IVP_KIND_PIXELS);
	assert_int_equal(frame.id, id);
	for (uint32_t y = 0; y < HEIGHT; y++)
		assert_int_equal(frame.payload[y * STRIDE], (uint8_t)~value);
	ivp_consumer_release(&f->downstream.link);
}

static struct ivp_frame take_other(struct fixture *f, unsigned kind)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_input_port_next(&f->downstream, &frame, NULL, &f->why), 0);
	assert_int_equal(frame.kind, kind);
	ivp_consumer_release(&f->downstream.link);
	return frame;
}

static void join(struct fixture *f)
{
	assert_int_equal(pthread_join(f->thread, NULL), 0);
}

static void end_well(struct fixture *f, uint64_t frames, uint64_t errors)
{
	feed_end(f);
	take_other(f, IVP_KIND_END);
	join(f);
	if (f->error)
		fail_msg("%s", f->stage_why.text);
	assert_true(f->result.ended);
	assert_int_equal(f->result.frames, frames);
	assert_int_equal(f->result.errors, errors);
}

static void half_an_image_makes_half_a_result(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_owner *credit = owner_in(f->before.credit[0].base);
	struct ivp_frame in = show_half(f, 4, 60, 7), none;
	const struct ivp_frame out = await_shown(f, HALF / 2);

	assert_int_equal(out.id, 4);
	assert_int_equal(out.origin_position, 0);
	assert_int_equal(out.shape.height, HEIGHT);
	assert_int_equal(out.metadata_bytes, in.metadata_bytes);
	assert_int_equal(out.payload[(HALF / 2 - 1) * STRIDE], (uint8_t)~7);
	/* Nothing is committed, and nothing released. */
	assert_int_equal(ivp_consumer_acquire(&f->downstream.link, &none, &f->why), IVP_EMPTY);
	assert_int_equal(ivp_load_relaxed(&credit->position), 0);
	assert_int_equal(ivp_load_relaxed(&credit->attempt_position), 0);
	assert_int_equal(ivp_load32_relaxed(&credit->attempt), 1);

	paint(f, HALF, HEIGHT, 7);
	ivp_producer_rows(&f->upstream.link, HEIGHT);
	assert_int_equal(ivp_input_port_rows(&f->downstream, HEIGHT, NULL, &f->why), 0);
	assert_int_equal(ivp_consumer_acquire(&f->downstream.link, &none, &f->why), IVP_EMPTY);
	/* What comes late goes on with the rest. */
	assert_int_equal(ivp_metadata_put(f->slot.metadata, f->slot.metadata_bytes,
					  &in.metadata_bytes, IVP_META_TEXT, "late=1", 6),
			 0);
	ivp_producer_commit(&f->upstream.link, &in);
	assert_int_equal(ivp_input_port_next(&f->downstream, &none, NULL, &f->why), 0);
	assert_int_equal(ivp_consumer_confirm(&f->downstream.link, &out, &none, &f->why), 0);
	assert_int_equal(none.metadata_bytes, in.metadata_bytes);
	assert_memory_equal(none.metadata, f->slot.metadata, in.metadata_bytes);
	take_image(f, 4, 7);
	end_well(f, 1, 0);
}

static void what_is_withdrawn_is_thrown_away_and_done_anew(void **state)
{
	struct fixture *f = *state;
	const struct ivp_wire_owner *credit = owner_in(f->before.credit[0].base);

	show_half(f, 1, 60, 7);
	await_shown(f, 16);
	ivp_producer_withdraw(&f->upstream.link);
	assert_int_equal(ivp_input_port_rows(&f->downstream, HEIGHT, NULL, &f->why), IVP_WITHDRAWN);
	const struct ivp_frame other = image(2, 50);
	commit_whole(f, &other, 9);
	take_image(f, 2, 9);
	/* The withdrawn one counted as no attempt. */
	show_half(f, 3, 60, 7);
	await_shown(f, 16);
	assert_int_equal(ivp_load32_relaxed(&credit->attempt), 1);
	const struct ivp_frame same = image(3, 60);
	commit_whole(f, &same, 7);
	take_image(f, 3, 7);
	end_well(f, 2, 0);
}

static void a_producer_that_dies_over_a_frame_makes_it_anew(void **state)
{
	struct fixture *f = *state;

	for (uint64_t id = 0; id < 3; id++) {
		const struct ivp_port_options options = options_for(f, &f->before, false);

		show_half(f, id, 60, 7);
		await_shown(f, 16);
		ivp_output_port_close(&f->upstream, IVP_STATE_FAILED, 1);
		assert_int_equal(ivp_output_port_open(&f->upstream, &options, &f->why), 0);
		if (id < 2) {
			const struct ivp_frame again = show_half(f, id, 60, 8);
			commit_whole(f, &again, 8);
		} else {
			const struct ivp_frame again = image(id, 60);
			assert_int_equal(
			    ivp_output_port_slot(&f->upstream, &f->slot, NULL, &f->why), 0);
			commit_whole(f, &again, 8);
		}
		take_image(f, id, 8);
	}
	end_well(f, 3, 0);
}

static void an_error_frame_in_its_place_goes_on_as_one(void **state)
{
	struct fixture *f = *state;
	const struct ivp_frame error = {
	    .id = 1, .kind = IVP_KIND_ERROR, .status = IVP_FRAME_QUARANTINED};

	show_half(f, 1, 60, 7);
	await_shown(f, 16);
	ivp_producer_commit(&f->upstream.link, &error);
	assert_int_equal(take_other(f, IVP_KIND_ERROR).status, IVP_FRAME_QUARANTINED);
	end_well(f, 0, 1);
}

static void an_image_that_is_not_filtered_waits_to_become_an_error(void **state)
{
	struct fixture *f = *state;
	const struct ivp_frame in = show_half(f, 1, 1, 7);

	/* It looks, finds that it will not do, and sleeps until it is committed. */
	await_sleep(f, 0);
	assert_int_equal(owner_in(f->after.data.base)->position, 0);
	commit_whole(f, &in, 7);
	assert_int_equal(take_other(f, IVP_KIND_ERROR).status, IVP_FRAME_UNSUPPORTED);
	end_well(f, 0, 1);
}

static void a_producer_that_takes_rows_back_is_corrupt(void **state)
{
	struct fixture *f = *state;

	show_half(f, 1, 60, 7);
	await_shown(f, 16);
	ivp_producer_rows(&f->upstream.link, 3);
	join(f);
	assert_int_equal(f->error, -EBADMSG);
	assert_non_null(strstr(f->stage_why.text, "link 'before': the producer is corrupt"));
	assert_int_equal(owner_in(f->after.data.base)->position, 0);
}

static void a_producer_that_swaps_the_shape_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_descriptor *raw = descriptor_in(&f->before, 0);
	const struct ivp_frame in = show_half(f, 1, 60, 7);

	await_shown(f, 16);
	/* As commit would, but with another width behind the same serial. */
	__atomic_store_n(&raw->width, in.shape.width - 1, __ATOMIC_RELAXED);
	ivp_producer_rows(&f->upstream.link, HEIGHT);
	ivp_store_release(&owner_in(f->before.data.base)->position, 1);
	join(f);
	assert_int_equal(f->error, -EBADMSG);
	assert_non_null(strstr(f->stage_why.text, "not what was shown"));
	assert_int_equal(owner_in(f->after.data.base)->position, 0);
}

static void who_is_told_to_drain_leaves_a_frame_that_is_only_shown(void **state)
{
	struct fixture *f = *state;

	show_half(f, 1, 60, 7);
	await_shown(f, 16);
	__atomic_store_n(&f->stop, 1, __ATOMIC_RELAXED);
	join(f);
	assert_int_equal(f->error, 0);
	assert_false(f->result.ended);
	assert_int_equal(ivp_input_port_rows(&f->downstream, HEIGHT, NULL, &f->why), IVP_WITHDRAWN);
	assert_int_equal(owner_in(f->after.data.base)->position, 0);
	assert_int_equal(owner_in(f->before.credit[0].base)->attempt, 0);
}

/* Where the result may be dropped, the frame has to be one first. */
static void nothing_is_dropped_for_a_frame_that_is_only_shown(void **state)
{
	struct fixture *f = *state;

	for (uint64_t id = 0; id < SLOTS + 2; id++) {
		const struct ivp_frame in = show_half(f, id, 60, 7);

		await_sleep(f, id);
		assert_int_equal(ivp_load_relaxed(&owner_in(f->after.data.base)->policy_dropped),
				 id > SLOTS ? id - SLOTS : 0);
		commit_whole(f, &in, 7);
	}
	await_sleep(f, SLOTS + 2);
	for (uint64_t id = 0; id < SLOTS; id++)
		take_image(f, id, 7);
	end_well(f, SLOTS, 0);
	assert_int_equal(f->result.dropped, 2);
}

#define with_stage(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_stage(half_an_image_makes_half_a_result),
	    cmocka_unit_test_setup_teardown(half_an_image_makes_half_a_result, set_up_fetching,
					    tear_down),
	    with_stage(what_is_withdrawn_is_thrown_away_and_done_anew),
	    with_stage(a_producer_that_dies_over_a_frame_makes_it_anew),
	    with_stage(an_error_frame_in_its_place_goes_on_as_one),
	    with_stage(an_image_that_is_not_filtered_waits_to_become_an_error),
	    with_stage(a_producer_that_takes_rows_back_is_corrupt),
	    with_stage(a_producer_that_swaps_the_shape_is_corrupt),
	    with_stage(who_is_told_to_drain_leaves_a_frame_that_is_only_shown),
	    cmocka_unit_test_setup_teardown(nothing_is_dropped_for_a_frame_that_is_only_shown,
					    set_up_dropping, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
