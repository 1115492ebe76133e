/* SPDX-License-Identifier: MIT */
#include "helpers/link.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/log.h"
#include "config/shrink.h"
#include "host/feeder.h"

#define PAYLOAD_BYTES 4096

static char folder[256];
static struct test_link the_link;
static struct ivp_output_port output;
static struct ivp_input_port input;
static struct ivp_feeder_account account;
static unsigned threads, shrink;
static const struct ivp_filter_conf *shrink_for;

static int begin_link(void **state)
{
	(void)state;
	make_test_folder(folder);
	make_test_link(&the_link, folder, "in", 8, PAYLOAD_BYTES, 512);
	open_test_input(&the_link, &input);
	return 0;
}

static int end_link(void **state)
{
	(void)state;
	ivp_input_port_close(&input, IVP_STATE_FINISHED, 0);
	remove_test_folder(folder);
	threads = shrink = 0;
	shrink_for = NULL;
	return 0;
}

/* Writes a grey PNM of one value. */
static void make_image(const char *name, unsigned width, unsigned height, uint8_t value)
{
	char path[300];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "wb");
	assert_non_null(to);
	fprintf(to, "P5 %u %u 255\n", width, height);
	for (unsigned i = 0; i < width * height; i++)
		fputc(value, to);
	assert_int_equal(fclose(to), 0);
}

static void make_text(const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	write_test_file(path, text);
}

/* A consumer on a thread of its own looks at it too. */
static void set_stop(sig_atomic_t stop)
{
	__atomic_store_n(&the_link.stop, stop, __ATOMIC_RELAXED);
}

/* Feeds the files of the folder whose names end in .pgm, from the stop level given. */
static int feed(sig_atomic_t stop)
{
	const struct ivp_port_options where = test_port_options(&the_link);
	const char *words[] = {folder};
	struct ivp_inputs inputs;
	struct ivp_feeder_options options = {
	    .inputs = &inputs,
	    .decode = {.limits = {1000000, 10000, 1000000}},
	    .threads = threads,
	    .shrink = shrink,
	    .shrink_for = shrink_for,
	    .anew = ivp_feeder_anew(&where),
	    .stop = &the_link.stop,
	};
	struct ivp_why why = {""};
	int error;

	assert_int_equal(ivp_inputs_collect(words, 1, &inputs, NULL), 0);
	open_test_output(&the_link, &output);
	set_stop(stop);
	error = ivp_feeder_run(&output, &options, &account, &why);
	set_stop(0);
	ivp_output_port_close(&output, error ? IVP_STATE_FAILED : IVP_STATE_FINISHED, 0);
	ivp_inputs_finish(&inputs);
	return error;
}

/* Takes the next frame, which must be there, and gives its slot back. */
static struct ivp_frame take(char name[64])
{
	struct ivp_metadata record;
	struct ivp_frame frame;

	assert_int_equal(ivp_consumer_acquire(&input.link, &frame, NULL), 0);
	name[0] = '\0';
	if (ivp_metadata_find(frame.metadata, frame.metadata_bytes, IVP_META_NAME, &record) == 1)
		snprintf(name, 64, "%.*s", (int)record.bytes, (const char *)record.value);
	ivp_consumer_release(&input.link);
	return frame;
}

static void take_image(uint64_t id, const char *wanted)
{
	char name[64];
	struct ivp_frame frame = take(name);

	assert_int_equal(frame.kind, IVP_KIND_PIXELS);
	assert_int_equal(frame.id, id);
	assert_int_equal(frame.origin_position, id);
	assert_true(frame.flags & IVP_FLAG_LAST);
	assert_true(frame.source_time_ns > 0);
	assert_string_equal(name, wanted);
}

static void take_end(void)
{
	char name[64];
	struct ivp_frame frame;

	assert_int_equal(take(name).kind, IVP_KIND_END);
	assert_int_equal(ivp_consumer_acquire(&input.link, &frame, NULL), IVP_EMPTY);
}

static void images_arrive_in_order_with_pixels_and_names(void **state)
{
	struct ivp_frame frame;

	(void)state;
	make_image("b.pgm", 10, 3, 77);
	make_image("a.pgm", 2, 2, 5);
	assert_int_equal(feed(0), 0);
	assert_int_equal(account.injected, 2);
	assert_int_equal(account.bytes, 64 * 2 + 64 * 3);
	assert_int_equal(account.reject_count, 0);
	take_image(0, "a.pgm");
	assert_int_equal(ivp_consumer_acquire(&input.link, &frame, NULL), 0);
	assert_int_equal(frame.shape.width, 10);
	assert_int_equal(frame.shape.height, 3);
	assert_int_equal(frame.shape.format, IVP_FORMAT_GRAY8);
	for (unsigned i = 0; i < 64 * 3; i++)
		assert_int_equal(frame.payload[i], i % 64 < 10 ? 77 : 0);
	take_image(1, "b.pgm");
	take_end();
	assert_int_equal(input.link.ring.peer->state, IVP_STATE_FINISHED);
	assert_int_equal(input.link.ring.peer->expected, 2);
	ivp_feeder_account_finish(&account);
}

static void bad_files_are_left_out_with_reasons_and_keep_their_ids(void **state)
{
	char name[64];

	(void)state;
	make_text("a.pgm", "this is no image");
	make_image("b.pgm", 2, 2, 1);
	make_text("c.pgm", "P5 100 20 255\ntoo few pixels");
	make_image("d.pgm", 100, 100, 2); /* 128 x 100 bytes: does not fit the slot */
	make_text("e.pgm", "");
	make_image("f.pgm", 2, 2, 3);
	assert_int_equal(feed(0), 0);
	assert_int_equal(account.injected, 2);
	assert_int_equal(account.reject_count, 4);
	assert_int_equal(account.rejects[0].input, 0);
	assert_int_equal(account.rejects[1].input, 2);
	assert_int_equal(account.rejects[2].input, 3);
	assert_non_null(strstr(account.rejects[2].reason, "link 'in' has room for 4096"));
	assert_int_equal(account.rejects[3].input, 4);
	take_image(1, "b.pgm");
	take_image(5, "f.pgm");
	assert_int_equal(take(name).kind, IVP_KIND_END);
	assert_int_equal(input.link.ring.peer->rejected, 4);
	assert_int_equal(input.link.ring.peer->expected, 6);
	ivp_feeder_account_finish(&account);
}

static void a_failed_decoder_leaves_nothing_in_the_slot(void **state)
{
	struct ivp_frame frame;
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "P5 60 60 255\n", 13);
	text[sizeof(text) - 1] = '\0';
	make_text("a.pgm", text);
	make_image("b.pgm", 2, 2, 1);
	assert_int_equal(feed(0), 0);
	assert_int_equal(account.reject_count, 1);
	assert_int_equal(ivp_consumer_acquire(&input.link, &frame, NULL), 0);
	for (unsigned i = (unsigned)frame.payload_bytes; i < PAYLOAD_BYTES; i++)
		assert_int_equal(frame.payload[i], 0);
	ivp_feeder_account_finish(&account);
}

static void a_feeder_that_died_goes_on_behind_its_last_frame(void **state)
{
	(void)state;
	make_image("a.pgm", 1, 1, 1);
	make_text("b.pgm", "bad");
	make_image("c.pgm", 1, 1, 3);
	make_image("d.pgm", 1, 1, 4);
	/* An earlier life got to c. */
	open_test_output(&the_link, &output);
	ivp_store_relaxed(&output.link.ring.own->expected, 4);
	ivp_store_relaxed(&output.link.ring.own->rejected, 1);
	put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_BYTES, .id = 0}, NULL, 0, 0);
	put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_BYTES, .id = 2}, NULL, 0, 0);
	ivp_output_port_close(&output, IVP_STATE_ATTACHED, 0);

	assert_int_equal(feed(0), 0);
	assert_int_equal(account.first, 3);
	assert_int_equal(account.injected, 1);
	char name[64];
	assert_int_equal(take(name).id, 0);
	assert_int_equal(take(name).id, 2);
	take_image(3, "d.pgm");
	take_end();
	assert_int_equal(input.link.ring.peer->expected, 4);
	assert_int_equal(input.link.ring.peer->rejected, 1);
	ivp_feeder_account_finish(&account);
}

static void a_feeder_that_died_behind_its_end_feeds_nothing(void **state)
{
	(void)state;
	make_image("a.pgm", 1, 1, 1);
	open_test_output(&the_link, &output);
	put_test_end(&output);
	ivp_output_port_close(&output, IVP_STATE_ATTACHED, 0);
	assert_int_equal(feed(0), 0);
	assert_int_equal(account.injected, 0);
	take_end();
	ivp_feeder_account_finish(&account);
}

static void a_finished_stream_is_followed_by_a_new_one(void **state)
{
	char name[64];

	(void)state;
	make_image("a.pgm", 1, 1, 1);
	assert_int_equal(feed(0), 0);
	ivp_feeder_account_finish(&account);
	assert_int_equal(feed(0), 0);
	assert_int_equal(account.injected, 1);
	take_image(0, "a.pgm");
	assert_int_equal(take(name).kind, IVP_KIND_END);
	take_image(0, "a.pgm");
	take_end();
	assert_int_equal(input.link.ring.peer->expected, 2);
	ivp_feeder_account_finish(&account);
}

static void told_to_drain_it_ends_the_stream_at_once(void **state)
{
	(void)state;
	make_image("a.pgm", 1, 1, 1);
	assert_int_equal(feed(1), 0);
	assert_int_equal(account.injected, 0);
	take_end();
	ivp_feeder_account_finish(&account);
}

static void told_to_stop_it_does_not_wait_for_a_slot(void **state)
{
	(void)state;
	make_image("a.pgm", 1, 1, 1);
	open_test_output(&the_link, &output);
	for (unsigned i = 0; i < 8; i++)
		put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_BYTES}, NULL, 0, 0);
	ivp_output_port_close(&output, IVP_STATE_ATTACHED, 0);
	assert_int_equal(feed(2), -EINTR);
	ivp_feeder_account_finish(&account);
}

static void a_name_that_is_not_utf8_is_left_out(void **state)
{
	char name[64];

	(void)state;
	make_image("\377.pgm", 1, 1, 1);
	assert_int_equal(feed(0), 0);
	assert_int_equal(take(name).kind, IVP_KIND_PIXELS);
	assert_string_equal(name, "");
	ivp_feeder_account_finish(&account);
}

/* What the consumer of feed_all_of saw, in order. */
struct seen {
	unsigned count;
	uint64_t ids[64];
	bool wrong; /* pixels, or what is beside them */
};

/* Every image is of one value, which its id tells; nothing else is in its slot. */
static bool is_whole(const struct ivp_frame *frame, uint64_t slot_bytes)
{
	const unsigned value = 1 + (unsigned)(frame->id % 250);
	bool whole = frame->shape.width == 10 + frame->id % 20;

	for (uint64_t i = 0; i < slot_bytes; i++) {
		const bool inside =
		    i < frame->payload_bytes && i % frame->stride < frame->shape.width;

		whole = whole && frame->payload[i] == (inside ? value : 0);
	}
	return whole;
}

static void *consume(void *context)
{
	struct seen *seen = context;
	struct ivp_frame frame;

	while (ivp_input_port_next(&input, &frame, NULL, NULL) == 0) {
		const bool end = frame.kind == IVP_KIND_END;

		if (!end && seen->count < 64) {
			seen->wrong = seen->wrong || !is_whole(&frame, PAYLOAD_BYTES);
			seen->ids[seen->count++] = frame.id;
		}
		ivp_consumer_release(&input.link);
		if (end)
			break;
	}
	return NULL;
}

/* Files of 40 images, some of them damaged: at once, or when half of the rows are decoded. */
static unsigned make_many(bool (*is_bad)(unsigned i))
{
	char name[32], path[300];
	unsigned good = 0;

	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%02u.pgm", i);
		make_image(name, 10 + i % 20, 1 + i * 7 % 30, (uint8_t)(1 + i));
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (is_bad(i))
			assert_int_equal(truncate(path, i % 3 ? 40 : 4), 0);
		else
			good++;
	}
	return good;
}

static void feed_many(struct seen *seen, bool (*is_bad)(unsigned i))
{
	const unsigned good = make_many(is_bad);
	const uint64_t rejected = input.link.ring.peer->rejected;
	unsigned n = 0;
	pthread_t consumer;

	seen->count = 0;
	seen->wrong = false;
	assert_int_equal(pthread_create(&consumer, NULL, consume, seen), 0);
	assert_int_equal(feed(0), 0);
	assert_int_equal(pthread_join(consumer, NULL), 0);
	assert_int_equal(account.injected, good);
	assert_int_equal(account.reject_count, 40 - good);
	assert_int_equal(seen->count, good);
	for (unsigned i = 0, r = 0; i < 40; i++) {
		if (is_bad(i))
			assert_int_equal(account.rejects[r++].input, i);
		else
			assert_int_equal(seen->ids[n++], i);
	}
	assert_false(seen->wrong);
	assert_int_equal(input.link.ring.peer->rejected - rejected, 40 - good);
	ivp_feeder_account_finish(&account);
}

static bool none_is_bad(unsigned i)
{
	(void)i;
	return false;
}

static bool some_are_bad(unsigned i)
{
	return i % 5 == 1 || i % 7 == 3 || i == 39;
}

static bool most_are_bad(unsigned i)
{
	return i % 6 != 4;
}

static void threads_keep_the_order(void **state)
{
	struct seen seen;

	(void)state;
	for (threads = 1; threads <= 6; threads++)
		feed_many(&seen, none_is_bad);
}

static void damaged_files_between_good_ones_change_nothing_for_these(void **state)
{
	struct seen seen;

	(void)state;
	for (threads = 1; threads <= 6; threads++) {
		feed_many(&seen, some_are_bad);
		feed_many(&seen, most_are_bad);
	}
}

/* Another link in place of the fixture's. */
static void make_other_link(unsigned policy, unsigned slots)
{
	char name[16];

	snprintf(name, sizeof(name), "other-%u", policy);
	ivp_input_port_close(&input, IVP_STATE_FINISHED, 0);
	make_test_link_of(&the_link, folder, name, (uint16_t)policy, slots, PAYLOAD_BYTES, 512);
	open_test_input(&the_link, &input);
}

static void threads_beyond_the_slots_do_no_harm(void **state)
{
	struct seen seen;

	(void)state;
	make_other_link(IVP_POLICY_BLOCK, 2);
	threads = 64;
	feed_many(&seen, some_are_bad);
}

/* What the policy drops is counted on one of the two sides; the rest comes whole and in order. */
static void feed_lossy(unsigned policy)
{
	const struct ivp_wire_owner *own;
	const unsigned good = make_many(some_are_bad);
	struct seen seen = {.count = 0};
	pthread_t consumer;

	make_other_link(policy, 4);
	threads = 3;
	assert_int_equal(pthread_create(&consumer, NULL, consume, &seen), 0);
	assert_int_equal(feed(0), 0);
	assert_int_equal(pthread_join(consumer, NULL), 0);
	own = input.link.ring.own;
	/* Of what is dropped at once nobody knows whether it is damaged. */
	assert_true(account.injected == good || policy == IVP_POLICY_DROP_NEWEST);
	assert_int_equal(account.injected + account.reject_count, 40);
	assert_int_equal(seen.count + account.dropped + own->policy_dropped, account.injected);
	assert_false(seen.wrong);
	for (unsigned i = 1; i < seen.count; i++)
		assert_true(seen.ids[i - 1] < seen.ids[i]);
	ivp_feeder_account_finish(&account);
}

static void threads_keep_to_the_policies_that_drop(void **state)
{
	(void)state;
	feed_lossy(IVP_POLICY_DROP_NEWEST);
	feed_lossy(IVP_POLICY_DROP_OLDEST);
	feed_lossy(IVP_POLICY_LATEST);
}

/* A grey JPEG, 160 x 120. */
static void make_jpeg(const char *name)
{
	const struct ivp_encode_options how = {.encoding = IVP_ENCODE_JPEG, .quality = 90};
	static const uint8_t pixels[192 * 120];
	const struct ivp_input image = {{160, 120, IVP_FORMAT_GRAY8, 0}, 192, pixels};
	char path[300];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "wb");
	assert_non_null(to);
	assert_int_equal(ivp_encode(&image, &how, to, NULL), 0);
	assert_int_equal(fclose(to), 0);
}

static void take_sides(uint32_t width, uint32_t height)
{
	char name[64];
	const struct ivp_frame frame = take(name);

	assert_int_equal(frame.shape.width, width);
	assert_int_equal(frame.shape.height, height);
}

static void jpegs_are_shrunk_if_that_is_asked_for_and_nothing_else_is(void **state)
{
	(void)state;
	make_jpeg("a.jpg"); /* too large for the link as it is */
	make_image("b.pgm", 60, 30, 1);
	shrink = 4;
	assert_int_equal(feed(0), 0);
	take_sides(40, 30);
	take_sides(60, 30);
	take_end();
	ivp_feeder_account_finish(&account);
}

static void jpegs_are_shrunk_as_the_filter_behind_allows(void **state)
{
	const char *text = "feeder { input = images output = raw }\n"
			   "link raw { }\n"
			   "stage s { input = raw output = done\n"
			   "filter resize { mode = fit width = 40 height = 30 } }\n"
			   "link done { }\n"
			   "sink { input = done output = out }\n";
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};

	(void)state;
	assert_int_equal(ivp_topology_parse(text, "t.conf", &topology, &diag), 0);
	shrink_for = ivp_shrink_filter(topology, topology->feeder.output);
	make_jpeg("a.jpg");
	make_image("b.pgm", 60, 30, 1);
	assert_int_equal(feed(0), 0);
	/* By 4 the filter would have less than a half to do; by 2 it does not fit the link. */
	assert_int_equal(account.reject_count, 1);
	assert_non_null(strstr(account.rejects[0].reason, "80x60 pixels GRAY8 need 7680 bytes"));
	take_sides(60, 30);
	take_end();
	ivp_feeder_account_finish(&account);
	ivp_topology_destroy(topology);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin_link, end_link)
	const struct CMUnitTest tests[] = {
	    test(images_arrive_in_order_with_pixels_and_names),
	    test(bad_files_are_left_out_with_reasons_and_keep_their_ids),
	    test(a_failed_decoder_leaves_nothing_in_the_slot),
	    test(a_feeder_that_died_goes_on_behind_its_last_frame),
	    test(a_feeder_that_died_behind_its_end_feeds_nothing),
	    test(a_finished_stream_is_followed_by_a_new_one),
	    test(told_to_drain_it_ends_the_stream_at_once),
	    test(told_to_stop_it_does_not_wait_for_a_slot),
	    test(a_name_that_is_not_utf8_is_left_out),
	    test(threads_keep_the_order),
	    test(damaged_files_between_good_ones_change_nothing_for_these),
	    test(threads_beyond_the_slots_do_no_harm),
	    test(threads_keep_to_the_policies_that_drop),
	    test(jpegs_are_shrunk_if_that_is_asked_for_and_nothing_else_is),
	    test(jpegs_are_shrunk_as_the_filter_behind_allows),
	};

	ivp_log_open("test", NULL, IVP_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
