/* SPDX-License-Identifier: MIT */
#include "helpers/capture.h"
#include "helpers/link.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/units.h"
#include "config/inputs.h"
#include "host/sink.h"

static char folder[256], out[300];
static struct test_link the_link;
static struct ivp_output_port output;
static struct ivp_sink_account account;
static struct ivp_why why;
static unsigned threads;
static unsigned four = 4;

static int begin_link(void **state)
{
	threads = *state ? *(const unsigned *)*state : 1;
	make_test_folder(folder);
	snprintf(out, sizeof(out), "%s/out", folder);
	make_test_link(&the_link, folder, "out", 16, 65536, 1024);
	open_test_output(&the_link, &output);
	return 0;
}

static int end_link(void **state)
{
	(void)state;
	ivp_output_port_close(&output, IVP_STATE_FINISHED, 0);
	remove_test_folder(folder);
	return 0;
}

static const struct ivp_writer_options same = {
    .output = out, .mode = IVP_WRITER_SAME, .quality = 90, .compression = 1};
static const struct ivp_writer_options png = {
    .output = out, .mode = IVP_WRITER_FIXED, .encoding = IVP_ENCODE_PNG, .compression = 1};
static const struct ivp_writer_options jpeg = {
    .output = out, .mode = IVP_WRITER_FIXED, .encoding = IVP_ENCODE_JPEG, .quality = 95};

/* One life of a sink. */
static int drain(const struct ivp_writer_options *options)
{
	const struct ivp_sink_options how = {.threads = threads};
	struct ivp_input_port input;
	struct ivp_writer writer;
	int error;

	why.text[0] = '\0';
	open_test_input(&the_link, &input);
	assert_int_equal(ivp_writer_open(&writer, options, &why), 0);
	error = ivp_sink_run(&input, &writer, &how, &account, &why);
	ivp_writer_close(&writer);
	ivp_input_port_close(&input, error ? IVP_STATE_FAILED : IVP_STATE_FINISHED, 0);
	return error;
}

static void put_image_of(uint64_t id, const char *name, uint32_t format, uint8_t value)
{
	put_test_frame(
	    &output, (struct ivp_frame){.kind = IVP_KIND_PIXELS, .id = id, .shape = {3, 2, format}},
	    name, name ? (uint32_t)strlen(name) : 0, value);
}

static void put_image(uint64_t id, const char *name, uint8_t value)
{
	put_image_of(id, name, IVP_FORMAT_GRAY8, value);
}

/* The names in the output folder, sorted, each followed by a blank. */
static const char *list_output(void)
{
	static char names[1024];
	struct dirent **entries;
	int count = scandir(out, &entries, NULL, alphasort), used = 0;

	names[0] = '\0';
	assert_true(count >= 2);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			used += snprintf(names + used, sizeof(names) - (size_t)used, "%s ", name);
		assert_in_range(used, 0, sizeof(names) - 1);
		free(entries[i]);
	}
	free(entries);
	return names;
}

/* Asserts that a file holds an image of the format whose first samples are these. */
static void assert_image(const char *name, uint32_t format, unsigned value, unsigned tolerance)
{
	const struct ivp_decode_options options = {.limits = {1000, 100, 100000}};
	uint8_t pixels[64 * 2 * 8] __attribute__((aligned(64))) = {0};
	struct ivp_input_file file = {0};
	struct ivp_decoder *decoder;
	struct ivp_output image = {.stride = 64, .pixels = pixels};
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", out, name);
	assert_int_equal(ivp_input_read(path, 100000, &file, &why), 0);
	assert_int_equal(ivp_decoder_create(file.data, file.bytes, &options, &decoder, &why), 0);
	image.shape = *ivp_decoder_shape(decoder);
	assert_int_equal(image.shape.format, format);
	assert_int_equal(image.shape.width, 3);
	assert_int_equal(image.shape.height, 2);
	assert_int_equal(ivp_decoder_read(decoder, &image, &why), 0);
	assert_true(abs((int)pixels[0] - (int)value) <= (int)tolerance);
	ivp_decoder_destroy(decoder);
	ivp_input_file_finish(&file);
}

static void frames_become_files_under_their_names(void **state)
{
	(void)state;
	put_image(0, "a.jpg", 10);
	put_image(1, "b", 20);
	put_image(2, "c.d.png", 30);
	put_image(3, NULL, 40);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(), "a.png b.png c.d.png frame-000003.png ");
	assert_image("a.png", IVP_FORMAT_GRAY8, 10, 0);
	assert_image("frame-000003.png", IVP_FORMAT_GRAY8, 40, 0);
	assert_int_equal(account.tally.delivered, 4);
	assert_int_equal(account.tally.bytes, 4 * 128);
	assert_true(account.tally.ended);
	assert_int_equal(output.link.ring.peer[0]->state, IVP_STATE_FINISHED);
	assert_int_equal(output.link.ring.peer[0]->position, 5);
	assert_int_equal(output.link.ring.peer[0]->bytes, 4 * 128);
}

static void the_same_format_follows_the_names(void **state)
{
	(void)state;
	put_image(0, "a.JPEG", 100);
	put_image_of(1, "b.ppm", IVP_FORMAT_RGB8, 20);
	put_image_of(2, "c.ppm", IVP_FORMAT_RGBA8, 20);
	put_image(3, "d.gif", 30);
	put_image(4, "e.png", 30);
	put_test_end(&output);
	assert_int_equal(drain(&same), 0);
	assert_string_equal(list_output(), "a.JPEG b.ppm c.pam d.png e.png ");
	assert_image("a.JPEG", IVP_FORMAT_GRAY8, 100, 3);
	assert_image("b.ppm", IVP_FORMAT_RGB8, 20, 0);
	assert_image("c.pam", IVP_FORMAT_RGBA8, 20, 0);
}

static void equal_names_get_numbers_and_nothing_is_overwritten(void **state)
{
	(void)state;
	put_image(0, "a.jpg", 10);
	put_image(1, "a.png", 20);
	put_image(2, "sub/a.gif", 30);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(), "a-2.png a-3.png a.png ");
	assert_image("a.png", IVP_FORMAT_GRAY8, 10, 0);
	assert_image("a-2.png", IVP_FORMAT_GRAY8, 20, 0);
	assert_image("a-3.png", IVP_FORMAT_GRAY8, 30, 0);
}

static void files_of_an_earlier_run_are_replaced(void **state)
{
	(void)state;
	put_image(0, "a.png", 10);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	put_image(0, "a.png", 99);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(), "a.png ");
	assert_image("a.png", IVP_FORMAT_GRAY8, 99, 0);
}

static void a_second_life_keeps_names_apart(void **state)
{
	(void)state;
	put_image(0, "a.png", 10);
	the_link.stop = 1; /* told to drain: it takes what is there and leaves */
	assert_int_equal(drain(&png), 0);
	the_link.stop = 0;
	assert_false(account.tally.ended);
	assert_int_equal(account.tally.delivered, 1);
	put_image(1, "a.png", 20);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_int_equal(account.tally.delivered, 1);
	assert_string_equal(list_output(), "a-2.png a.png ");
	assert_image("a.png", IVP_FORMAT_GRAY8, 10, 0);
}

static void hostile_names_stay_in_the_folder(void **state)
{
	static const char *const names[] = {"../x.png", "/etc/x2.png", "..", ".hidden",
					    "a\nb.png", "\377.png",    "",   "a/"};
	char too_long[300];

	(void)state;
	for (unsigned i = 0; i < count_of(names); i++)
		put_image(i, names[i], 1);
	memset(too_long, 'y', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	put_image(8, too_long, 1);
	put_test_frame(&output,
		       (struct ivp_frame){.kind = IVP_KIND_PIXELS,
					  .id = UINT64_MAX,
					  .shape = {3, 2, IVP_FORMAT_GRAY8}},
		       "a\0.png", 6, 1);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(),
			    "frame-000002.png frame-000003.png frame-000004.png "
			    "frame-000005.png frame-000006.png frame-000007.png "
			    "frame-000008.png frame-18446744073709551615.png x.png x2.png ");
}

static void failed_frames_are_counted_and_not_written(void **state)
{
	(void)state;
	put_image(0, "a.png", 10);
	put_test_frame(
	    &output,
	    (struct ivp_frame){.kind = IVP_KIND_ERROR, .id = 1, .status = IVP_FRAME_TOO_LARGE},
	    "b.png", 5, 0);
	put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_DROPPED, .id = 2}, "c.png", 5,
		       0);
	put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_BYTES, .id = 3}, "d.png", 5, 0);
	put_test_frame(&output, (struct ivp_frame){.kind = 77, .id = 4}, NULL, 0, 0);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(), "a.png ");
	assert_int_equal(account.tally.delivered, 1);
	assert_int_equal(account.tally.dropped, 1);
	assert_int_equal(account.tally.quarantined, 3);
	assert_int_equal(output.link.ring.peer[0]->errors, 3);
	assert_int_equal(output.link.ring.peer[0]->dropped, 1);
}

static void ids_that_never_came_are_counted(void **state)
{
	(void)state;
	put_image(2, "a.png", 1);
	put_image(3, "b.png", 1);
	put_image(7, "c.png", 1);
	put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_END, .id = 9}, NULL, 0, 0);
	assert_int_equal(drain(&png), 0);
	assert_int_equal(account.tally.delivered, 3);
	assert_int_equal(account.tally.missing, 2 + 3 + 1);
	/* Another life does not know what an earlier one saw. */
	put_image(20, "d.png", 1);
	put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_END, .id = 22}, NULL, 0, 0);
	assert_int_equal(drain(&png), 0);
	assert_int_equal(account.tally.missing, 1);
}

static void a_failed_frame_is_named_with_its_reason(void **state)
{
	struct capture capture;
	const char *text;

	(void)state;
	put_test_frame(
	    &output,
	    (struct ivp_frame){.kind = IVP_KIND_ERROR, .id = 12, .status = IVP_FRAME_TOO_LARGE},
	    "b.png", 5, 0);
	put_test_end(&output);
	ivp_log_open("test", NULL, IVP_LOG_WARNING);
	begin_capture(&capture, stderr);
	drain(&png);
	text = end_capture(&capture);
	ivp_log_open("test", NULL, IVP_LOG_ERROR);
	assert_string_equal(text,
			    "test: frame 12 (b.png) failed: a result does not fit its slot\n");
}

static void jpeg_gets_transparent_and_deep_pixels_over_white(void **state)
{
	(void)state;
	put_image_of(0, "clear.png", IVP_FORMAT_RGBA8, 0);
	put_image_of(1, "deep.png", IVP_FORMAT_GRAY16, 0x80);
	put_image_of(2, "both.png", IVP_FORMAT_RGBA16, 0);
	put_test_end(&output);
	assert_int_equal(drain(&jpeg), 0);
	assert_string_equal(list_output(), "both.jpg clear.jpg deep.jpg ");
	assert_image("clear.jpg", IVP_FORMAT_RGB8, 255, 2);
	assert_image("deep.jpg", IVP_FORMAT_GRAY8, 0x80, 2);
	assert_image("both.jpg", IVP_FORMAT_RGB8, 255, 2);
}

static void nothing_is_written_for_null(void **state)
{
	static const struct ivp_writer_options null = {.mode = IVP_WRITER_NULL};
	struct stat info;

	(void)state;
	put_image(0, "a.png", 10);
	put_test_end(&output);
	assert_int_equal(drain(&null), 0);
	assert_int_equal(account.tally.delivered, 1);
	assert_int_equal(stat(out, &info), -1);
}

static void a_full_disk_keeps_the_frame_for_the_next_life(void **state)
{
	struct rlimit kept, small;
	int error;

	(void)state;
	put_image(0, "a.png", 10);
	put_test_end(&output);
	signal(SIGXFSZ, SIG_IGN); /* the limit on file sizes stands for a full disk */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
	small = kept;
	small.rlim_cur = 60; /* room for the ledger, not for the image */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	error = drain(&png);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
	assert_int_equal(error, -EIO);
	assert_non_null(strstr(why.text, "/out/a.png: cannot be written: "));
	assert_int_equal(output.link.ring.peer[0]->position, 0);
	assert_string_equal(list_output(), ".ivpipe-out.names ");

	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(), "a.png ");
	assert_int_equal(account.tally.delivered, 1);
}

/* What is behind it may be on disk already, but has no name yet. */
static void a_file_that_cannot_be_written_stops_all_behind_it(void **state)
{
	char path[400];

	(void)state;
	snprintf(path, sizeof(path), "%s/b.png", out);
	assert_int_equal(mkdir(out, 0777), 0);
	assert_int_equal(mkdir(path, 0777), 0);
	for (unsigned i = 0; i < 8; i++) {
		const char name[] = {(char)('a' + i), '\0'};

		put_image(i, name, (uint8_t)i);
	}
	put_test_end(&output);
	assert_int_equal(drain(&png), -EIO);
	assert_non_null(strstr(why.text, "/out/b.png: cannot be written: "));
	assert_string_equal(list_output(), ".ivpipe-out.names a.png b.png ");
	assert_int_equal(output.link.ring.peer[0]->position, 1);
	assert_int_equal(account.tally.delivered, 1);

	assert_int_equal(rmdir(path), 0);
	assert_int_equal(drain(&png), 0);
	assert_string_equal(list_output(), "a.png b.png c.png d.png e.png f.png g.png h.png ");
	assert_int_equal(account.tally.delivered, 7);
}

/* A stream that is longer than the link. */
static void *put_many(void *context)
{
	const unsigned *count = context;
	struct ivp_slot slot;

	for (unsigned i = 0; i < *count; i++) {
		const struct ivp_frame frame = {.kind =
						    i % 7 == 5 ? IVP_KIND_DROPPED : IVP_KIND_PIXELS,
						.id = i,
						.shape = {3, 2, IVP_FORMAT_RGBA8}};

		if (ivp_output_port_slot(&output, &slot, NULL, NULL) != 0)
			return NULL;
		put_test_frame(&output, frame, i % 3 ? "many.png" : "some.jpg", 8, (uint8_t)i);
	}
	if (ivp_output_port_slot(&output, &slot, NULL, NULL) == 0)
		put_test_frame(&output, (struct ivp_frame){.kind = IVP_KIND_END, .id = *count},
			       NULL, 0, 0);
	return NULL;
}

static void a_long_stream_comes_whole_and_in_order(void **state)
{
	unsigned count = 100, n[2] = {0, 0};
	pthread_t producer;

	(void)state;
	assert_int_equal(pthread_create(&producer, NULL, put_many, &count), 0);
	assert_int_equal(drain(&png), 0);
	assert_int_equal(pthread_join(producer, NULL), 0);
	assert_int_equal(account.tally.delivered, 100 - 14);
	assert_int_equal(account.tally.dropped, 14);
	assert_int_equal(account.tally.missing, 0);
	for (unsigned i = 0; i < count; i++) {
		char name[32];

		if (i % 7 == 5)
			continue;
		snprintf(name, sizeof(name), "%s-%u.png", i % 3 ? "many" : "some", ++n[i % 3 == 0]);
		if (n[i % 3 == 0] == 1)
			snprintf(name, sizeof(name), "%s.png", i % 3 ? "many" : "some");
		assert_image(name, IVP_FORMAT_RGBA8, i, 0);
	}
}

static void an_output_that_is_no_folder_is_refused_by_name(void **state)
{
	const struct ivp_writer_options options = {
	    .output = the_link.data + 5, .mode = IVP_WRITER_FIXED, .encoding = IVP_ENCODE_PNG};
	struct ivp_writer writer;

	(void)state;
	assert_int_equal(ivp_writer_open(&writer, &options, &why), -ENOTDIR);
	assert_non_null(strstr(why.text, the_link.data + 5));
}

static void malformed_metadata_end_the_link(void **state)
{
	struct ivp_frame frame = {.kind = IVP_KIND_PIXELS, .id = 9, .metadata_bytes = 16};
	const struct ivp_wire_meta_record record = {.type = IVP_META_NAME, .bytes = 4096};
	struct ivp_slot slot;

	(void)state;
	frame.shape = (struct ivp_shape){3, 2, IVP_FORMAT_GRAY8};
	frame.stride = 64;
	frame.payload_bytes = 128;
	assert_int_equal(ivp_producer_reserve(&output.link, &slot, NULL), 0);
	memcpy(slot.metadata, &record, sizeof(record));
	ivp_producer_commit(&output.link, &frame);
	assert_int_equal(drain(&png), -EBADMSG);
	assert_non_null(strstr(why.text, "frame 9"));
	assert_int_equal(output.link.ring.peer[0]->position, 0);
}

static void told_to_stop_it_leaves_the_rest_in_the_link(void **state)
{
	const struct ivp_sink_options how = {.threads = threads};
	struct ivp_input_port input;
	struct ivp_writer writer;

	(void)state;
	put_image(0, "a.png", 10);
	open_test_input(&the_link, &input);
	assert_int_equal(ivp_writer_open(&writer, &png, &why), 0);
	the_link.stop = 2;
	assert_int_equal(ivp_sink_run(&input, &writer, &how, &account, &why), -EINTR);
	ivp_writer_close(&writer);
	ivp_input_port_close(&input, IVP_STATE_FAILED, 75);
	assert_int_equal(output.link.ring.peer[0]->position, 0);
}

static void times_are_kept_and_impossible_ones_ignored(void **state)
{
	struct ivp_frame frame = {.kind = IVP_KIND_PIXELS, .shape = {3, 2, IVP_FORMAT_GRAY8}};

	(void)state;
	frame.trail_count = 2;
	frame.trail[0] = (struct ivp_wire_trail){.busy_ns = 100, .wait_ns = 10};
	frame.trail[1] = (struct ivp_wire_trail){.busy_ns = UINT64_MAX, .wait_ns = 1};
	frame.source_time_ns = ivp_now_ns() - 1000000;
	put_test_frame(&output, frame, NULL, 0, 1);
	frame.source_time_ns = UINT64_MAX; /* in the future */
	frame.trail_count = 1000;          /* stages beyond the trail are only counted */
	put_test_frame(&output, frame, NULL, 0, 1);
	frame.source_time_ns = 0;
	frame.trail_count = 1;
	put_test_frame(&output, frame, NULL, 0, 1);
	put_test_end(&output);
	assert_int_equal(drain(&png), 0);
	assert_int_equal(account.tally.delivered, 3);
	assert_int_equal(account.latency.count, 1);
	assert_true(account.latency.max_ns >= 1000000);
	assert_int_equal(account.tally.stage_count, IVP_TRAIL);
	assert_int_equal(account.tally.stages[0].frames, 3);
	assert_int_equal(account.tally.stages[0].busy_ns, 300);
	assert_int_equal(account.tally.stages[0].wait_ns, 30);
	assert_true(account.tally.stages[1].busy_ns == UINT64_MAX);
}

int main(void)
{
#define test(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, begin_link, end_link),                               \
	    cmocka_unit_test_prestate_setup_teardown(name, begin_link, end_link, &four)
	/* Each by one thread, and by four. */
	const struct CMUnitTest tests[] = {
	    test(frames_become_files_under_their_names),
	    test(the_same_format_follows_the_names),
	    test(equal_names_get_numbers_and_nothing_is_overwritten),
	    test(files_of_an_earlier_run_are_replaced),
	    test(a_second_life_keeps_names_apart),
	    test(hostile_names_stay_in_the_folder),
	    test(failed_frames_are_counted_and_not_written),
	    test(ids_that_never_came_are_counted),
	    test(a_failed_frame_is_named_with_its_reason),
	    test(jpeg_gets_transparent_and_deep_pixels_over_white),
	    test(nothing_is_written_for_null),
	    test(a_full_disk_keeps_the_frame_for_the_next_life),
	    test(a_file_that_cannot_be_written_stops_all_behind_it),
	    test(a_long_stream_comes_whole_and_in_order),
	    test(an_output_that_is_no_folder_is_refused_by_name),
	    test(malformed_metadata_end_the_link),
	    test(told_to_stop_it_leaves_the_rest_in_the_link),
	    test(times_are_kept_and_impossible_ones_ignored),
	};

	ivp_log_open("test", NULL, IVP_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
