/* SPDX-License-Identifier: MIT */
#include "helpers/link.h"

#include <fcntl.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/log.h"
#include "host/file.h"
#include "host/marks.h"
#include "host/receive.h"

#define CHUNK 100u

static char folder[256], path[300], hidden[300], ledger[300];
static struct test_link the_link;
static struct ivp_output_port output;
static struct ivp_sink_account account;
static struct ivp_why why;
static uint8_t text[3 * CHUNK];

static int begin_link(void **state)
{
	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(hidden, sizeof(hidden), "%s/.file.part", folder);
	snprintf(ledger, sizeof(ledger), "%s/ledger", folder);
	make_test_link(&the_link, folder, "out", 16, CHUNK, 1024);
	open_test_output(&the_link, &output);
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + i / CHUNK);
	return 0;
}

static int end_link(void **state)
{
	(void)state;
	ivp_output_port_close(&output, IVP_STATE_FINISHED, 0);
	remove_test_folder(folder);
	return 0;
}

static void put_frame(struct ivp_frame frame, const struct ivp_marks *marks, const uint8_t *bytes)
{
	struct ivp_slot slot;

	assert_int_equal(ivp_producer_reserve(&output.link, &slot, NULL), 0);
	if (frame.payload_bytes)
		memcpy(slot.payload, bytes, frame.payload_bytes);
	frame.flags = IVP_FLAG_LAST;
	frame.metadata_bytes = ivp_marks_put(marks, &slot);
	ivp_producer_commit(&output.link, &frame);
}

/* Chunk n, which says that it belongs at offset. */
static void put_chunk_at(unsigned n, uint64_t offset)
{
	put_frame((struct ivp_frame){.id = n, .kind = IVP_KIND_BYTES, .payload_bytes = CHUNK},
		  &(struct ivp_marks){.has_offset = true, .offset = offset}, text + n * CHUNK);
}

static void put_chunk(unsigned n)
{
	put_chunk_at(n, n * CHUNK);
}

static void put_end(uint64_t bytes, uint64_t hash)
{
	put_frame(
	    (struct ivp_frame){.id = 3, .kind = IVP_KIND_END},
	    &(struct ivp_marks){.has_bytes = true, .bytes = bytes, .has_hash = true, .hash = hash},
	    NULL);
}

static void put_right_end(void)
{
	put_end(sizeof(text), XXH3_64bits(text, sizeof(text)));
}

/* One life of a sink, which leaves in this state. */
static int receive(uint32_t state)
{
	struct ivp_input_port input;
	int error;

	why.text[0] = '\0';
	open_test_input(&the_link, &input);
	error = ivp_receive_run(&input, path, ledger, &account, &why);
	ivp_input_port_close(&input, state, 0);
	return error;
}

/* A life that ends, as by a kill, where it would wait. */
static void live_and_die(void)
{
	the_link.stop = 1;
	assert_int_equal(receive(IVP_STATE_ATTACHED), -EINTR);
	the_link.stop = 0;
}

static bool is_there(const char *name)
{
	struct stat info;

	return stat(name, &info) == 0;
}

static void assert_received(void)
{
	uint8_t got[sizeof(text) + 1];
	FILE *from = fopen(path, "rb");

	assert_non_null(from);
	assert_int_equal(fread(got, 1, sizeof(got), from), sizeof(text));
	fclose(from);
	assert_memory_equal(got, text, sizeof(text));
	assert_false(is_there(hidden));
	assert_true(account.tally.ended);
	assert_int_equal(account.tally.delivered, 3);
	assert_int_equal(account.tally.quarantined, 0);
}

static void assert_refused(unsigned frames)
{
	assert_true(account.tally.ended);
	assert_int_equal(account.tally.delivered, 0);
	assert_int_equal(account.tally.quarantined, frames);
	assert_false(is_there(path));
	assert_false(is_there(hidden));
}

static void a_file_is_there_when_all_of_it_has_come(void **state)
{
	(void)state;
	put_chunk(0);
	put_chunk(1);
	live_and_die();
	assert_true(is_there(hidden));
	assert_false(is_there(path));
	put_chunk(2);
	put_right_end();
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_received();
	assert_int_equal(account.tally.bytes, sizeof(text));
}

static void what_was_written_but_not_released_is_written_again(void **state)
{
	FILE *to;

	(void)state;
	put_chunk(0);
	live_and_die();
	to = fopen(hidden, "ab");
	assert_non_null(to);
	for (unsigned i = 0; i < 1000; i++)
		fputc('x', to);
	fclose(to);
	put_chunk(1);
	put_chunk(2);
	put_right_end();
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_received();
}

static void a_file_that_has_its_name_already_is_found_again(void **state)
{
	struct ivp_file file;
	int fd;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		put_chunk(n);
	live_and_die();
	/* As if the life had gone on to the name, and died before the release. */
	put_right_end();
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(ivp_file_resume(&file, fd, "file"), 0);
	assert_int_equal(ivp_file_commit(&file), 0);
	close(fd);
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_received();
}

static void after_the_end_there_is_nothing_to_do(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 3; n++)
		put_chunk(n);
	put_right_end();
	assert_int_equal(receive(IVP_STATE_ATTACHED), 0);
	assert_received();
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_received();
}

static void a_beginning_that_is_gone_is_told(void **state)
{
	(void)state;
	put_chunk(0);
	live_and_die();
	assert_int_equal(unlink(hidden), 0);
	put_chunk(1);
	put_chunk(2);
	put_right_end();
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_refused(3);
}

static void a_link_to_another_file_is_not_gone_on_with(void **state)
{
	char other[300];

	(void)state;
	put_chunk(0);
	live_and_die();
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(link(hidden, other), 0);
	put_chunk(1);
	assert_int_equal(receive(IVP_STATE_FAILED), -EIO);
	assert_non_null(strstr(why.text, "/file: cannot be written: File exists"));
}

static void chunks_out_of_order_leave_no_file(void **state)
{
	(void)state;
	put_chunk(0);
	put_chunk_at(1, 2 * CHUNK);
	put_chunk(2);
	put_right_end();
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_refused(3);
}

static void a_wrong_checksum_leaves_no_file(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 3; n++)
		put_chunk(n);
	put_end(sizeof(text), XXH3_64bits(text, sizeof(text)) ^ 1);
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_refused(3);
}

static void a_wrong_length_leaves_no_file(void **state)
{
	(void)state;
	put_chunk(0);
	put_end(CHUNK + 1, XXH3_64bits(text, CHUNK));
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_refused(1);
}

static void a_chunk_that_failed_leaves_no_file(void **state)
{
	(void)state;
	put_chunk(0);
	put_frame((struct ivp_frame){.id = 1, .kind = IVP_KIND_ERROR}, &(struct ivp_marks){0},
		  NULL);
	put_chunk(2);
	put_right_end();
	assert_int_equal(receive(IVP_STATE_FINISHED), 0);
	assert_refused(3);
}

static void marks_that_are_no_numbers_are_none(void **state)
{
	static const char *const wrong[] = {"offset=",    "offset=-1",
					    "offset=1x",  "offset=18446744073709551616",
					    "Offset=1",   "xxh3-64=0x12",
					    "bytes= 12",  "xxh3-64=00000000000000000",
					    "bytes=0x1f", ""};
	struct ivp_marks marks;
	uint8_t buffer[128];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ivp_frame frame = {.metadata = buffer};

		ivp_metadata_put(buffer, sizeof(buffer), &frame.metadata_bytes, IVP_META_TEXT,
				 wrong[i], (uint32_t)strlen(wrong[i]));
		assert_int_equal(ivp_marks_read(&marks, &frame), 0);
		assert_false(marks.has_offset || marks.has_bytes);
		assert_true(!marks.has_hash || marks.hash == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define test(name) cmocka_unit_test_setup_teardown(name, begin_link, end_link)
	    test(a_file_is_there_when_all_of_it_has_come),
	    test(what_was_written_but_not_released_is_written_again),
	    test(a_file_that_has_its_name_already_is_found_again),
	    test(after_the_end_there_is_nothing_to_do),
	    test(a_beginning_that_is_gone_is_told),
	    test(a_link_to_another_file_is_not_gone_on_with),
	    test(chunks_out_of_order_leave_no_file),
	    test(a_wrong_checksum_leaves_no_file),
	    test(a_wrong_length_leaves_no_file),
	    test(a_chunk_that_failed_leaves_no_file),
	    test(marks_that_are_no_numbers_are_none),
	};

	ivp_log_open("test", NULL, IVP_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
