/* SPDX-License-Identifier: MIT */
/* A stage between two links; the test is what comes before it and after it. */
#include "helpers/links.h"

#include <sys/wait.h>

#include "config/registry.h"
#include "stage/runner.h"

#define MS      1000000ull
#define SLOTS   8
#define PAYLOAD 4096

/* Inverts; dies on images whose first pixel is this; makes images larger. */
struct filter {
	int deadly;
	uint32_t factor;
};

static int invert_shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
			struct ivp_why *why)
{
	const struct filter *filter = self;

	(void)why;
	(void)in;
	out->height *= filter->factor;
	return 0;
}

static void apply_invert(const void *self, const struct ivp_input *in, const struct ivp_output *out,
			 struct ivp_rows rows, void *scratch)
{
	const struct filter *filter = self;

	(void)scratch;
	if (in->pixels[0] == filter->deadly)
		_exit(9);
	for (uint32_t y = rows.first; y < rows.end; y++)
		for (uint32_t x = 0; x < out->shape.width; x++)
			out->pixels[y * out->stride + x] =
			    (uint8_t)~in->pixels[y % in->shape.height * in->stride + x];
}

static const struct ivp_filter inverter = {
    .name = "invert",
    .summary = "inverts",
    .formats = IVP_FORMAT_BIT(IVP_FORMAT_GRAY8),
    .shape = invert_shape,
    .apply = apply_invert,
};

struct fixture {
	char folder[256];
	struct test_link before, after;
	struct ivp_output_port upstream;
	struct ivp_input_port downstream;
	struct filter filter;
	struct ivp_filter_conf conf;
	unsigned filters;
	volatile sig_atomic_t stop;
	struct ivp_runner_result result;
	struct ivp_why why;
	unsigned reports;
	char reported[256];
};

static struct ivp_port_options options_for(struct fixture *f, const struct test_link *link,
					   bool checksum)
{
	return (struct ivp_port_options){.link = link->geometry.link_name,
					 .data = link->data_where,
					 .credit = link->credit_where,
					 .patience_ns = 200 * MS,
					 .checksum = checksum,
					 .stop = &f->stop};
}

static int set_up_with(void **state, unsigned policy)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry before = link_geometry(SLOTS, PAYLOAD);
	struct ivp_geometry after = link_geometry(SLOTS, PAYLOAD);

	assert_non_null(f);
	after.policy = (uint16_t)policy;
	make_test_folder(f->folder);
	memcpy(before.link_name, "before", 7);
	memcpy(after.link_name, "after", 6);
	make_link_files(&f->before, &before, f->folder);
	make_link_files(&f->after, &after, f->folder);
	f->filter = (struct filter){.deadly = -1, .factor = 1};
	f->conf = (struct ivp_filter_conf){&inverter, &f->filter, 1};
	f->filters = 1;
	struct ivp_port_options in = options_for(f, &f->before, true);
	struct ivp_port_options out = options_for(f, &f->after, false);
	assert_int_equal(ivp_output_port_open(&f->upstream, &in, &f->why), 0);
	assert_int_equal(ivp_input_port_open(&f->downstream, &out, &f->why), 0);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, IVP_POLICY_BLOCK);
}

static int set_up_dropping(void **state)
{
	return set_up_with(state, IVP_POLICY_DROP_NEWEST);
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

static void report(void *context, const struct ivp_frame *frame, const char *reason)
{
	struct fixture *f = context;

	f->reports++;
	snprintf(f->reported, sizeof(f->reported), "%llu: %s", (unsigned long long)frame->id,
		 reason);
}

/* One life of the stage. With drain it ends when there is nothing more to take. */
static int run_stage(struct fixture *f, bool drain)
{
	struct ivp_port_options in = options_for(f, &f->before, false);
	struct ivp_port_options out = options_for(f, &f->after, true);
	struct ivp_output_port output;
	struct ivp_input_port input;
	struct ivp_chain chain;

	if (ivp_input_port_open(&input, &in, &f->why) != 0 ||
	    ivp_output_port_open(&output, &out, &f->why) != 0 ||
	    ivp_chain_init(&chain, &f->conf, f->filters) != 0)
		fail_msg("%s", f->why.text);
	f->stop = drain;
	f->why.text[0] = 0;
	int error = ivp_runner_run(&input, &output, &chain, report, f, &f->result, &f->why);
	f->stop = 0;
	ivp_chain_finish(&chain);
	ivp_output_port_close(&output, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&input, IVP_STATE_FINISHED, 0);
	return error;
}

/* The same in a process of its own, which a deadly image kills. Returns its exit status. */
static int run_mortal_stage(struct fixture *f)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(run_stage(f, true) ? 1 : 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What a life that was killed leaves in its windows, if its last output was committed, and its
 * input not released yet. */
static void undo_release(struct fixture *f)
{
	struct ivp_wire_owner *own = owner_in(f->before.credit[0].base);

	own->position--;
	own->attempt_position = own->position;
	own->attempt = 1;
	own->state = IVP_STATE_ATTACHED;
	owner_in(f->after.data.base)->state = IVP_STATE_ATTACHED;
}

static void feed(struct fixture *f, struct ivp_frame *frame, uint8_t pixel)
{
	struct ivp_slot slot;

	assert_int_equal(ivp_output_port_slot(&f->upstream, &slot, NULL, &f->why), 0);
	memset(slot.payload, pixel, frame->payload_bytes);
	if (frame->metadata_bytes == 0)
		assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes,
						  &frame->metadata_bytes, IVP_META_NAME, "a.png",
						  5),
				 0);
	ivp_producer_commit(&f->upstream.link, frame);
}

static void feed_image(struct fixture *f, uint64_t id, uint8_t pixel)
{
	struct ivp_frame frame = {.id = id,
				  .kind = IVP_KIND_PIXELS,
				  .flags = IVP_FLAG_LAST,
				  .shape = {16, 16, IVP_FORMAT_GRAY8},
				  .stride = 64,
				  .payload_bytes = 1024,
				  .source_time_ns = 1000 + id};

	feed(f, &frame, pixel);
}

static void feed_end(struct fixture *f)
{
	struct ivp_frame frame = {.kind = IVP_KIND_END};

	feed(f, &frame, 0);
}

/* The next frame downstream, not released. */
static struct ivp_frame look(struct fixture *f)
{
	struct ivp_frame frame;

	if (ivp_consumer_acquire(&f->downstream.link, &frame, &f->why) != 0)
		fail_msg("nothing came out: %s", f->why.text);
	return frame;
}

static void take(struct fixture *f)
{
	ivp_consumer_release(&f->downstream.link);
}

static void assert_nothing_more(struct fixture *f)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&f->downstream.link, &frame, &f->why), IVP_EMPTY);
}

static void take_image(struct fixture *f, uint64_t id, uint8_t pixel)
{
	struct ivp_frame frame = look(f);

	assert_int_equal(frame.id, id);
	assert_int_equal(frame.kind, IVP_KIND_PIXELS);
	assert_int_equal(frame.payload[0], (uint8_t)~pixel);
	assert_int_equal(frame.payload[15 * 64 + 15], (uint8_t)~pixel);
	take(f);
}

static void take_error(struct fixture *f, uint64_t id, uint16_t status, const char *words)
{
	struct ivp_frame frame = look(f);
	struct ivp_metadata reason, name;
	char text[300];

	assert_int_equal(frame.id, id);
	assert_int_equal(frame.kind, IVP_KIND_ERROR);
	assert_int_equal(frame.status, status);
	assert_int_equal(frame.payload_bytes, 0);
	assert_true(frame.flags & IVP_FLAG_LAST);
	assert_int_equal(
	    ivp_metadata_find(frame.metadata, frame.metadata_bytes, IVP_META_REASON, &reason), 1);
	snprintf(text, sizeof(text), "%.*s", (int)reason.bytes, (const char *)reason.value);
	if (!strstr(text, words))
		fail_msg("'%s' does not say '%s'", text, words);
	/* Whoever gets it can still tell which file it was. */
	assert_int_equal(
	    ivp_metadata_find(frame.metadata, frame.metadata_bytes, IVP_META_NAME, &name), 1);
	take(f);
}

static void images_are_filtered_in_order_until_the_end(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 5; i++)
		feed_image(f, i, (uint8_t)(10 * i));
	feed_end(f);
	assert_int_equal(run_stage(f, false), 0);
	assert_true(f->result.ended);
	assert_int_equal(f->result.frames, 5);
	assert_int_equal(f->result.errors, 0);
	assert_int_equal(f->result.repeated, 0);
	for (uint64_t i = 0; i < 5; i++)
		take_image(f, i, (uint8_t)(10 * i));
	assert_int_equal(look(f).kind, IVP_KIND_END);
	take(f);
	assert_nothing_more(f);
	assert_int_equal(owner_in(f->before.credit[0].base)->position, 6);
}

static void an_output_names_its_input_and_how_long_it_took(void **state)
{
	struct fixture *f = *state;
	struct ivp_metadata name;

	for (uint64_t i = 0; i < 3; i++)
		feed_image(f, 70 + i, 1);
	feed_end(f);
	assert_int_equal(run_stage(f, false), 0);
	for (uint64_t i = 0; i < 3; i++) {
		struct ivp_frame frame = look(f);
		assert_int_equal(frame.id, 70 + i);
		assert_int_equal(frame.origin_position, i);
		assert_true(frame.flags & IVP_FLAG_LAST);
		assert_int_equal(frame.source_time_ns, 1070 + i);
		assert_int_equal(frame.trail_count, 1);
		assert_true(frame.trail[0].busy_ns > 0);
		assert_int_equal(
		    ivp_metadata_find(frame.metadata, frame.metadata_bytes, IVP_META_NAME, &name),
		    1);
		assert_memory_equal(name.value, "a.png", 5);
		take(f);
	}
	assert_true(f->result.busy_ns > 0);
}

static void run_filter_on_lying_image(struct fixture *f, const char *filter, uint32_t orientation)
{
	struct ivp_frame frame = {.id = 5,
				  .kind = IVP_KIND_PIXELS,
				  .flags = IVP_FLAG_LAST,
				  .shape = {16, 9, IVP_FORMAT_GRAY8},
				  .stride = 64,
				  .payload_bytes = 576};
	struct ivp_slot slot;

	f->conf = (struct ivp_filter_conf){.filter = ivp_filter_find(filter)};
	assert_int_equal(ivp_output_port_slot(&f->upstream, &slot, NULL, &f->why), 0);
	memset(slot.payload, 77, frame.payload_bytes);
	assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes, &frame.metadata_bytes,
					  IVP_META_NAME, "a.png", 5),
			 0);
	assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes, &frame.metadata_bytes,
					  IVP_META_ORIENTATION, &orientation, 4),
			 0);
	ivp_producer_commit(&f->upstream.link, &frame);
	feed_end(f);
	assert_int_equal(run_stage(f, false), 0);
	assert_int_equal(f->result.frames, 1);
}

static uint32_t orientation_of(const struct ivp_frame *frame)
{
	struct ivp_metadata record;
	uint32_t value;

	assert_int_equal(ivp_metadata_find(frame->metadata, frame->metadata_bytes,
					   IVP_META_ORIENTATION, &record),
			 1);
	assert_int_equal(record.bytes, sizeof(value));
	memcpy(&value, record.value, sizeof(value));
	return value;
}

static void an_image_that_is_turned_upright_says_so_from_then_on(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	run_filter_on_lying_image(f, "auto-orient", 6);
	frame = look(f);
	assert_int_equal(frame.shape.width, 9);
	assert_int_equal(frame.shape.height, 16);
	assert_int_equal(orientation_of(&frame), 1);
}

static void an_orientation_that_cannot_be_turns_nothing(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;

	run_filter_on_lying_image(f, "auto-orient", 9);
	frame = look(f);
	assert_int_equal(frame.shape.width, 16);
	assert_int_equal(orientation_of(&frame), 9);
}

static void what_a_filter_notes_goes_with_the_frame(void **state)
{
	static const char *const wanted[] = {"stat.gray.mean=77", "stat.gray.min=77",
					     "stat.gray.max=77", "stat.gray.entropy=0"};
	struct fixture *f = *state;
	struct ivp_metadata record;
	struct ivp_frame frame;
	size_t offset = 0, found = 0;

	run_filter_on_lying_image(f, "stat", 6);
	frame = look(f);
	assert_int_equal(frame.shape.width, 16);
	assert_int_equal(orientation_of(&frame), 6);
	while (ivp_metadata_next(frame.metadata, frame.metadata_bytes, &offset, &record) == 1) {
		if (record.type != IVP_META_TEXT)
			continue;
		assert_true(found < count_of(wanted));
		assert_int_equal(record.bytes, strlen(wanted[found]));
		assert_memory_equal(record.value, wanted[found], record.bytes);
		found++;
	}
	assert_int_equal(found, count_of(wanted));
}

static void a_trail_longer_than_its_place_is_only_counted(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame = {.kind = IVP_KIND_DROPPED, .trail_count = IVP_TRAIL + 5};

	frame.trail[IVP_TRAIL - 1].busy_ns = 4;
	feed(f, &frame, 0);
	assert_int_equal(run_stage(f, true), 0);
	frame = look(f);
	assert_int_equal(frame.kind, IVP_KIND_DROPPED);
	assert_int_equal(frame.trail_count, IVP_TRAIL + 6);
	assert_int_equal(frame.trail[IVP_TRAIL - 1].busy_ns, 4);
}

static void what_cannot_be_filtered_goes_on_as_an_error_with_its_reason(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame rgb = {.id = 1,
				.kind = IVP_KIND_PIXELS,
				.shape = {4, 4, IVP_FORMAT_RGB8},
				.stride = 64,
				.payload_bytes = 256};
	struct ivp_frame unknown_format = {
	    .id = 2, .kind = IVP_KIND_PIXELS, .shape = {4, 4, 99}, .stride = 64};
	struct ivp_frame encoded = {.id = 3, .kind = IVP_KIND_ENCODED, .payload_bytes = 100};
	struct ivp_frame unknown_kind = {.id = 4, .kind = 1234, .payload_bytes = 100};
	struct ivp_frame bytes = {.id = 5, .kind = IVP_KIND_BYTES};

	feed_image(f, 0, 1);
	feed(f, &rgb, 1);
	feed(f, &unknown_format, 1);
	feed(f, &encoded, 1);
	feed(f, &unknown_kind, 1);
	feed(f, &bytes, 1);
	feed_image(f, 6, 1);
	feed_end(f);
	assert_int_equal(run_stage(f, false), 0);
	take_image(f, 0, 1);
	take_error(f, 1, IVP_FRAME_UNSUPPORTED, "'invert' does not take RGB8");
	take_error(f, 2, IVP_FRAME_UNSUPPORTED, "pixel format 99");
	take_error(f, 3, IVP_FRAME_UNSUPPORTED, "kind 2");
	take_error(f, 4, IVP_FRAME_UNSUPPORTED, "kind 1234");
	take_error(f, 5, IVP_FRAME_UNSUPPORTED, "kind 3");
	take_image(f, 6, 1);
	assert_int_equal(f->result.frames, 2);
	assert_int_equal(f->result.errors, 5);
	assert_int_equal(f->reports, 5);
	assert_string_equal(f->reported, "5: frames of kind 3 are not filtered here");
}

static void bytes_go_through_a_stage_without_filters(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame bytes = {.id = 7, .kind = IVP_KIND_BYTES, .payload_bytes = 99};

	f->filters = 0;
	feed(f, &bytes, 5);
	assert_int_equal(run_stage(f, true), 0);
	struct ivp_frame frame = look(f);
	assert_int_equal(frame.id, 7);
	assert_int_equal(frame.kind, IVP_KIND_BYTES);
	assert_int_equal(frame.payload_bytes, 99);
	assert_int_equal(frame.payload[0], 5);
	assert_int_equal(frame.payload[98], 5);
	take(f);
	assert_int_equal(f->result.frames, 1);
	assert_int_equal(f->result.errors, 0);
}

static void a_result_too_large_for_its_slot_is_an_error_that_names_the_link(void **state)
{
	struct fixture *f = *state;

	f->filter.factor = 5;
	feed_image(f, 0, 1);
	assert_int_equal(run_stage(f, true), 0);
	take_error(f, 0, IVP_FRAME_TOO_LARGE, "16x80 pixels GRAY8, 5120 bytes; link 'after'");
	f->filter.factor = 4;
	feed_image(f, 1, 1);
	assert_int_equal(run_stage(f, true), 0);
	take_image(f, 1, 1);
}

static void a_payload_changed_on_the_way_is_reported_once(void **state)
{
	struct fixture *f = *state;

	feed_image(f, 0, 1);
	payload_in(&f->before, 0)[5] ^= 1;
	assert_int_equal(run_stage(f, true), 0);
	take_error(f, 0, IVP_FRAME_CHECKSUM, "checksum");
	assert_int_equal(f->reports, 1);
}

static void errors_of_earlier_stages_are_passed_on_as_they_are(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame error = {.id = 7, .kind = IVP_KIND_ERROR, .status = IVP_FRAME_TOO_LARGE};
	struct ivp_frame frame;

	feed(f, &error, 0);
	assert_int_equal(run_stage(f, true), 0);
	frame = look(f);
	assert_int_equal(frame.id, 7);
	assert_int_equal(frame.kind, IVP_KIND_ERROR);
	assert_int_equal(frame.status, IVP_FRAME_TOO_LARGE);
	assert_int_equal(f->result.errors, 1);
	assert_int_equal(f->reports, 0);
}

static void the_reason_finds_room_where_metadata_fills_its_place(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame = {.id = 3, .kind = IVP_KIND_BYTES};
	struct ivp_slot slot;
	uint8_t text[200] = {'x'};

	assert_int_equal(ivp_output_port_slot(&f->upstream, &slot, NULL, &f->why), 0);
	assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes, &frame.metadata_bytes,
					  IVP_META_NAME, "a.png", 5),
			 0);
	assert_int_equal(ivp_metadata_put(slot.metadata, slot.metadata_bytes, &frame.metadata_bytes,
					  IVP_META_TEXT, text, 200),
			 0);
	ivp_producer_commit(&f->upstream.link, &frame);
	assert_int_equal(run_stage(f, true), 0);
	take_error(f, 3, IVP_FRAME_UNSUPPORTED, "kind 3");
}

static void an_output_that_was_committed_is_not_repeated_after_a_crash(void **state)
{
	struct fixture *f = *state;

	feed_image(f, 0, 10);
	feed_image(f, 1, 11);
	assert_int_equal(run_stage(f, true), 0);
	take_image(f, 0, 10);
	take_image(f, 1, 11);
	assert_nothing_more(f);
	for (int lives = 0; lives < 5; lives++) {
		undo_release(f);
		assert_int_equal(run_stage(f, true), 0);
		assert_int_equal(f->result.repeated, 1);
		assert_int_equal(f->result.frames, 0);
		assert_nothing_more(f);
		assert_int_equal(owner_in(f->before.credit[0].base)->position, 2);
	}
	feed_image(f, 2, 12);
	assert_int_equal(run_stage(f, true), 0);
	assert_int_equal(f->result.repeated, 0);
	take_image(f, 2, 12);
}

static void an_input_whose_output_was_not_committed_is_done_again(void **state)
{
	struct fixture *f = *state;

	f->filter.deadly = 66;
	feed_image(f, 0, 10);
	feed_image(f, 1, 66);
	feed_image(f, 2, 12);
	assert_int_equal(run_mortal_stage(f), 9);
	take_image(f, 0, 10);
	assert_nothing_more(f);
	assert_int_equal(owner_in(f->before.credit[0].base)->attempt, 1);
	f->filter.deadly = -1;
	assert_int_equal(run_mortal_stage(f), 0);
	take_image(f, 1, 66);
	take_image(f, 2, 12);
	assert_nothing_more(f);
}

static void a_frame_that_killed_its_stage_three_times_is_quarantined(void **state)
{
	struct fixture *f = *state;

	f->filter.deadly = 66;
	feed_image(f, 0, 10);
	feed_image(f, 1, 66);
	feed_image(f, 2, 12);
	for (unsigned life = 1; life <= 3; life++) {
		assert_int_equal(run_mortal_stage(f), 9);
		assert_int_equal(owner_in(f->before.credit[0].base)->attempt, life);
	}
	assert_int_equal(run_mortal_stage(f), 0);
	take_image(f, 0, 10);
	take_error(f, 1, IVP_FRAME_QUARANTINED, "ended its stage 3 times");
	take_image(f, 2, 12);
	assert_nothing_more(f);
}

static void an_end_that_was_passed_on_ends_the_next_life_too(void **state)
{
	struct fixture *f = *state;

	/* Death between the commit of the end and its release. */
	feed_image(f, 0, 10);
	feed_end(f);
	assert_int_equal(run_stage(f, false), 0);
	undo_release(f);
	assert_int_equal(run_stage(f, false), 0);
	assert_true(f->result.ended);
	assert_int_equal(f->result.repeated, 1);
	/* Death after the release, before leaving. */
	owner_in(f->before.credit[0].base)->state = IVP_STATE_ATTACHED;
	assert_int_equal(run_stage(f, false), 0);
	assert_true(f->result.ended);
	take_image(f, 0, 10);
	assert_int_equal(look(f).kind, IVP_KIND_END);
	take(f);
	assert_nothing_more(f);

	/* After a life that left in good order, another stream is waited for. */
	assert_int_equal(run_stage(f, false), -ETIMEDOUT);
	assert_non_null(strstr(f->why.text, "link 'before'"));
	assert_false(f->result.ended);
	/* And if it is there, the death of the one before does not hide it. */
	owner_in(f->before.credit[0].base)->state = IVP_STATE_ATTACHED;
	feed_image(f, 1, 11);
	feed_end(f);
	assert_int_equal(run_stage(f, false), 0);
	take_image(f, 1, 11);
	assert_int_equal(look(f).kind, IVP_KIND_END);
}

static void a_full_output_link_holds_the_stage_up_and_loses_nothing(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < SLOTS; i++)
		feed_image(f, i, (uint8_t)i);
	assert_int_equal(run_stage(f, true), 0);
	feed_image(f, SLOTS, SLOTS);
	/* Nobody takes anything: its patience ends, with the link's name. */
	assert_int_equal(run_stage(f, false), -ETIMEDOUT);
	assert_non_null(strstr(f->why.text, "link 'after'"));
	assert_int_equal(f->result.frames, 0);
	assert_true(f->result.wait_ns == 0);
	for (uint64_t i = 0; i < SLOTS; i++)
		take_image(f, i, (uint8_t)i);
	assert_int_equal(run_stage(f, true), 0);
	take_image(f, SLOTS, SLOTS);
	assert_nothing_more(f);
}

/* And a life that is killed between the drop and the release of the input counts it once. */
static void a_full_output_link_that_drops_the_newest_holds_nobody_up(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame error = {.id = 98, .kind = IVP_KIND_ERROR};

	for (uint64_t id = 0; id < SLOTS; id++)
		feed_image(f, id, (uint8_t)id);
	assert_int_equal(run_stage(f, true), 0);
	feed_image(f, 8, 8);
	feed_image(f, 9, 9);
	assert_int_equal(run_stage(f, true), 0);
	assert_int_equal(f->result.dropped, 2);
	assert_int_equal(f->result.frames, 0);
	assert_int_equal(owner_in(f->after.data.base)->policy_dropped, 2);
	undo_release(f);
	take_image(f, 0, 0);
	assert_int_equal(run_stage(f, true), 0);
	assert_int_equal(f->result.repeated, 1);
	assert_int_equal(owner_in(f->after.data.base)->policy_dropped, 2);
	for (uint64_t id = 1; id < SLOTS; id++)
		take_image(f, id, (uint8_t)id);
	feed(f, &error, 0);
	feed_image(f, 10, 10);
	assert_int_equal(run_stage(f, true), 0);
	assert_int_equal(look(f).id, 98);
	take(f);
	take_image(f, 10, 10);
	assert_nothing_more(f);
}

static void a_corrupt_peer_ends_the_run_with_a_named_error(void **state)
{
	struct fixture *f = *state;

	feed_image(f, 0, 1);
	feed_image(f, 1, 1);
	descriptor_in(&f->before, 1)->height = 99;
	assert_int_equal(run_stage(f, false), -EBADMSG);
	assert_non_null(strstr(f->why.text, "link 'before': the producer is corrupt"));
	take_image(f, 0, 1);
	assert_nothing_more(f);
}

int main(void)
{
#define with_links(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    with_links(images_are_filtered_in_order_until_the_end),
	    with_links(an_output_names_its_input_and_how_long_it_took),
	    with_links(an_image_that_is_turned_upright_says_so_from_then_on),
	    with_links(an_orientation_that_cannot_be_turns_nothing),
	    with_links(what_a_filter_notes_goes_with_the_frame),
	    with_links(a_trail_longer_than_its_place_is_only_counted),
	    with_links(what_cannot_be_filtered_goes_on_as_an_error_with_its_reason),
	    with_links(bytes_go_through_a_stage_without_filters),
	    with_links(a_result_too_large_for_its_slot_is_an_error_that_names_the_link),
	    with_links(a_payload_changed_on_the_way_is_reported_once),
	    with_links(errors_of_earlier_stages_are_passed_on_as_they_are),
	    with_links(the_reason_finds_room_where_metadata_fills_its_place),
	    with_links(an_output_that_was_committed_is_not_repeated_after_a_crash),
	    with_links(an_input_whose_output_was_not_committed_is_done_again),
	    with_links(a_frame_that_killed_its_stage_three_times_is_quarantined),
	    with_links(an_end_that_was_passed_on_ends_the_next_life_too),
	    with_links(a_full_output_link_holds_the_stage_up_and_loses_nothing),
	    cmocka_unit_test_setup_teardown(
		a_full_output_link_that_drops_the_newest_holds_nobody_up, set_up_dropping,
		tear_down),
	    with_links(a_corrupt_peer_ends_the_run_with_a_named_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
