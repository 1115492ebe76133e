/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/units.h"
#include "transport/port.h"

#define SLOTS    2
#define MS       1000000ull
#define PATIENCE (60000 * MS) /* more than any test here takes */

struct fixture {
	char folder[256];
	struct test_link link;
	struct ivp_port_options options;
	struct ivp_input_port input;
	struct ivp_output_port output;
	volatile sig_atomic_t stop;
	struct ivp_why why;
	uint32_t thread_id; /* of the thread that a test starts */
	uint32_t done;
	int result;
};

static struct fixture *make(unsigned isolation)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry geometry = link_geometry(SLOTS, 1000);

	assert_non_null(f);
	make_test_folder(f->folder);
	geometry.isolation = (uint16_t)isolation;
	make_link_files(&f->link, &geometry, f->folder);
	f->options = (struct ivp_port_options){.link = "middle",
					       .data = f->link.data_where,
					       .credit = f->link.credit_where,
					       .patience_ns = PATIENCE,
					       .stop = &f->stop};
	return f;
}

static int set_up(void **state)
{
	*state = make(IVP_ISOLATION_ONE_WAY);
	return 0;
}

static int set_up_shared(void **state)
{
	*state = make(IVP_ISOLATION_SHARED);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ivp_input_port_close(&f->input, IVP_STATE_FINISHED, 0);
	ivp_output_port_close(&f->output, IVP_STATE_FINISHED, 0);
	close_link_files(&f->link);
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

static void open_input(struct fixture *f)
{
	if (ivp_input_port_open(&f->input, &f->options, &f->why) != 0)
		fail_msg("%s", f->why.text);
}

static void open_output(struct fixture *f)
{
	if (ivp_output_port_open(&f->output, &f->options, &f->why) != 0)
		fail_msg("%s", f->why.text);
}

static void put(struct fixture *f, uint64_t id)
{
	struct ivp_frame frame = {.id = id, .kind = IVP_KIND_BYTES};
	struct ivp_slot slot;

	assert_int_equal(ivp_output_port_slot(&f->output, &slot, NULL, &f->why), 0);
	ivp_producer_commit(&f->output.link, &frame);
}

static void take(struct fixture *f, uint64_t id)
{
	struct ivp_frame frame;

	assert_int_equal(ivp_input_port_next(&f->input, &frame, NULL, &f->why), 0);
	assert_int_equal(frame.id, id);
	ivp_consumer_release(&f->input.link);
}

static void assert_why(const struct fixture *f, const char *words)
{
	if (!strstr(f->why.text, words))
		fail_msg("'%s' does not say '%s'", f->why.text, words);
}

static void announce_thread(struct fixture *f)
{
	ivp_store32_relaxed(&f->thread_id, (uint32_t)syscall(SYS_gettid));
}

/* Until the other thread sleeps in the kernel, as far as /proc can tell. */
static void until_it_sleeps(struct fixture *f)
{
	char path[64], text[256] = "";
	uint32_t id;

	while ((id = ivp_load32_relaxed(&f->thread_id)) == 0)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%u/stat", id);
	for (;;) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		text[length > 0 ? length : 0] = 0;
		const char *name_end = strrchr(text, ')');
		if (fd < 0 || (name_end && name_end[1] && name_end[2] == 'S'))
			return;
		sched_yield();
	}
}

static void frames_pass_between_ports(void **state)
{
	struct fixture *f = *state;
	uint64_t waited = 0;
	struct ivp_slot slot;

	f->options.checksum = true;
	open_output(f);
	open_input(f);
	assert_string_equal(f->output.link.header.link_name, "middle");
	assert_true(f->output.link.self.checksum);
	assert_int_equal(f->output.link.self.process_id, getpid());
	assert_true(f->output.link.self.kernel_id != 0);
	assert_int_equal(f->output.link.self.kernel_id, f->input.link.self.kernel_id);
	for (uint64_t i = 0; i < 10; i++) {
		put(f, i);
		take(f, i);
	}
	assert_int_equal(ivp_output_port_slot(&f->output, &slot, &waited, &f->why), 0);
	/* There was nothing to wait for. */
	assert_int_equal(waited, 0);
}

static void the_consumer_maps_the_data_read_only(void **state)
{
	struct fixture *f = *state;

	open_output(f);
	open_input(f);
	assert_false(f->input.data.region.writable);
	assert_true(f->input.credit.region.writable);
	assert_true(f->output.data.region.writable);
	assert_false(f->output.credit[0].region.writable);
}

static void *open_input_in_thread(void *argument)
{
	struct fixture *f = argument;

	announce_thread(f);
	f->result = ivp_input_port_open(&f->input, &f->options, &f->why);
	return NULL;
}

static void a_port_waits_for_windows_that_appear_later(void **state)
{
	struct fixture *f = *state;
	char data[300], credit[300];
	pthread_t thread;

	/* Both are away under other names, and come one after the other. */
	snprintf(data, sizeof(data), "%s/a", f->folder);
	snprintf(credit, sizeof(credit), "%s/b", f->folder);
	assert_int_equal(rename(f->link.data_where + 5, data), 0);
	assert_int_equal(rename(f->link.credit_where + 5, credit), 0);
	assert_int_equal(pthread_create(&thread, NULL, open_input_in_thread, f), 0);
	until_it_sleeps(f);
	assert_int_equal(rename(credit, f->link.credit_where + 5), 0);
	until_it_sleeps(f);
	assert_int_equal(rename(data, f->link.data_where + 5), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->result, 0);
	open_output(f);
	put(f, 1);
	take(f, 1);
}

static void windows_that_never_appear_end_in_a_timeout_that_names_the_link(void **state)
{
	struct fixture *f = *state;

	f->options.patience_ns = 30 * MS;
	f->options.data = "file:/nowhere/data";
	assert_int_equal(ivp_output_port_open(&f->output, &f->options, &f->why), -ETIMEDOUT);
	assert_why(f, "link 'middle': no data window");
	assert_why(f, "/nowhere/data");
	assert_why(f, "s for it to be created");
	assert_int_equal(ivp_input_port_open(&f->input, &f->options, &f->why), -ETIMEDOUT);
	assert_why(f, "no data window");
	f->options.data = f->link.data_where;
	f->options.credit = "file:/nowhere/credit";
	assert_int_equal(ivp_output_port_open(&f->output, &f->options, &f->why), -ETIMEDOUT);
	assert_why(f, "no credit window");
	assert_int_equal(ivp_input_port_open(&f->input, &f->options, &f->why), -ETIMEDOUT);
	/* Nothing is held: another may open it. */
	f->options.credit = f->link.credit_where;
	open_output(f);
	open_input(f);
}

static void a_stop_ends_the_wait_for_windows(void **state)
{
	struct fixture *f = *state;

	f->stop = 1;
	f->options.data = "file:/nowhere/data";
	assert_int_equal(ivp_output_port_open(&f->output, &f->options, &f->why), -EINTR);
	assert_int_equal(ivp_input_port_open(&f->input, &f->options, &f->why), -EINTR);
	assert_why(f, "link 'middle'");
}

static void windows_that_must_not_be_used_are_refused_at_once(void **state)
{
	static const uint8_t other[16] = {9};
	struct fixture *f = *state;
	struct ivp_wire_header *header = f->link.credit[0].base;

	f->options.uuid = other;
	assert_int_equal(ivp_output_port_open(&f->output, &f->options, &f->why), -EBADMSG);
	f->options.uuid = NULL;
	header->epoch = 78;
	assert_int_equal(ivp_output_port_open(&f->output, &f->options, &f->why), -EBADMSG);
	assert_why(f, "link 'middle': the two windows were not created together");
	assert_int_equal(ivp_input_port_open(&f->input, &f->options, &f->why), -EBADMSG);
	assert_why(f, "link 'middle'");
	header->major = 3;
	assert_int_equal(ivp_input_port_open(&f->input, &f->options, &f->why), -EPROTONOSUPPORT);
	/* Both sides were told. */
	assert_int_equal(recovery_in(f->link.data.base)->reason, IVP_REFUSED_GEOMETRY);
	assert_int_equal(recovery_in(f->link.credit[0].base)->reason, IVP_REFUSED_VERSION);
}

static void a_second_writer_of_a_window_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ivp_output_port second;
	struct ivp_input_port third;

	open_output(f);
	open_input(f);
	assert_int_equal(ivp_output_port_open(&second, &f->options, &f->why), -EBUSY);
	assert_why(f, "link 'middle'");
	assert_why(f, "producer already");
	assert_int_equal(ivp_input_port_open(&third, &f->options, &f->why), -EBUSY);
	assert_why(f, "consumer already");
	/* The refused did not disturb those that are there. */
	assert_int_equal(owner_in(f->link.data.base)->generation, 1);
	put(f, 1);
	take(f, 1);
	ivp_output_port_close(&f->output, IVP_STATE_FINISHED, 0);
	open_output(f);
	assert_int_equal(owner_in(f->link.data.base)->generation, 2);
}

static void a_second_process_is_refused_until_the_first_is_gone(void **state)
{
	struct fixture *f = *state;
	int ready[2], status;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int error = ivp_output_port_open(&f->output, &f->options, &f->why);
		if (write(ready[1], "x", 1) == 1 && !error)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(ivp_output_port_open(&f->output, &f->options, &f->why), -EBUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	open_output(f);
	assert_int_equal(f->output.link.left_state, IVP_STATE_ATTACHED);
	close(ready[0]);
	close(ready[1]);
}

static void a_peer_that_never_shows_up_is_named(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;
	uint64_t waited = 0;

	f->options.patience_ns = 50 * MS;
	open_input(f);
	assert_int_equal(ivp_input_port_next(&f->input, &frame, &waited, &f->why), -ETIMEDOUT);
	assert_why(f, "link 'middle': no producer has shown up");
	assert_true(waited >= 50 * MS);
	ivp_input_port_close(&f->input, IVP_STATE_FAILED, 75);
	memset(owner_in(f->link.credit[0].base), 0, sizeof(struct ivp_wire_owner));
	open_output(f);
	for (uint64_t i = 0; i < SLOTS; i++)
		put(f, i);
	assert_int_equal(ivp_output_port_slot(&f->output, &slot, NULL, &f->why), -ETIMEDOUT);
	assert_why(f, "link 'middle': no consumer has shown up");
}

static void a_peer_that_is_silent_finished_or_failed_is_told_apart(void **state)
{
	static const struct {
		uint32_t state;
		const char *producer, *consumer;
	} cases[] = {
	    {IVP_STATE_ATTACHED, "its producer has given no sign of life",
	     "its consumer has given no sign of life"},
	    {IVP_STATE_FINISHED, "its producer left", "its consumer left"},
	    {IVP_STATE_FAILED, "its producer failed", "its consumer failed"},
	};
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;

	f->options.patience_ns = 30 * MS;
	open_input(f);
	open_output(f);
	for (size_t i = 0; i < count_of(cases); i++) {
		owner_in(f->link.data.base)->state = cases[i].state;
		assert_int_equal(ivp_input_port_next(&f->input, &frame, NULL, &f->why), -ETIMEDOUT);
		assert_why(f, cases[i].producer);
	}
	for (uint64_t i = 0; i < SLOTS; i++)
		put(f, i);
	for (size_t i = 0; i < count_of(cases); i++) {
		owner_in(f->link.credit[0].base)->state = cases[i].state;
		assert_int_equal(ivp_output_port_slot(&f->output, &slot, NULL, &f->why),
				 -ETIMEDOUT);
		assert_why(f, cases[i].consumer);
	}
	/* What was committed stays valid, whatever became of the producer. */
	take(f, 0);
	take(f, 1);
}

static void *beat_then_put(void *argument)
{
	struct fixture *f = argument;
	uint64_t start = ivp_now_ns();

	while (ivp_now_ns() - start < 2500 * MS) {
		ivp_producer_beat(&f->output.link);
		sched_yield();
	}
	put(f, 5);
	return NULL;
}

static void a_peer_that_shows_signs_of_life_is_waited_for(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	f->options.patience_ns = 1000 * MS;
	open_output(f);
	open_input(f);
	assert_int_equal(pthread_create(&thread, NULL, beat_then_put, f), 0);
	take(f, 5);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void what_a_corrupt_peer_did_ends_the_wait(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;

	open_output(f);
	open_input(f);
	put(f, 0);
	descriptor_in(&f->link, 0)->sequence = 9;
	assert_int_equal(ivp_input_port_next(&f->input, &frame, NULL, &f->why), -EBADMSG);
	assert_why(f, "link 'middle': the producer is corrupt");
	put(f, 1);
	owner_in(f->link.credit[0].base)->position = 77;
	assert_int_equal(ivp_output_port_slot(&f->output, &slot, NULL, &f->why), -EPROTO);
	assert_why(f, "link 'middle': consumer 0 is corrupt");
}

static void level_1_takes_what_is_there_and_waits_for_slots(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;

	f->options.patience_ns = 30 * MS;
	open_output(f);
	open_input(f);
	put(f, 0);
	put(f, 1);
	f->stop = 1;
	/* It waits for a slot until its patience ends. */
	assert_int_equal(ivp_output_port_slot(&f->output, &slot, NULL, &f->why), -ETIMEDOUT);
	take(f, 0);
	take(f, 1);
	assert_int_equal(ivp_input_port_next(&f->input, &frame, NULL, &f->why), -EINTR);
	put(f, 2);
}

static void level_2_takes_nothing_and_waits_for_nothing(void **state)
{
	struct fixture *f = *state;
	struct ivp_frame frame;
	struct ivp_slot slot;

	open_output(f);
	open_input(f);
	put(f, 0);
	put(f, 1);
	f->stop = 2;
	assert_int_equal(ivp_input_port_next(&f->input, &frame, NULL, &f->why), -EINTR);
	assert_non_null(strstr(f->why.text, "told to stop while it waited for a frame"));
	assert_int_equal(ivp_output_port_slot(&f->output, &slot, NULL, &f->why), -EINTR);
	assert_non_null(strstr(f->why.text, "told to stop while it waited for a free slot"));
	f->stop = 0;
	take(f, 0);
}

/* As in a guest whose host does not cache its windows. */
static void find_slow(void *page, bool write, struct ivp_speeds *speeds)
{
	(void)page;
	assert_false(write);
	*speeds = (struct ivp_speeds){.read = 0.25, .plain_read = 20, .plain_write = 20};
}

/* Makes the data window the BAR of a device. */
static void make_device_of(struct fixture *f, char folder[300])
{
	static const char *const files[][2] = {
	    {"vendor", "0x1af4\n"}, {"device", "0x1110\n"}, {"enable", "1\n"}};
	char path[600];

	snprintf(folder, 300, "%s/pci", f->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(path, sizeof(path), "%s/0000:00:10.0", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < count_of(files); i++) {
		snprintf(path, sizeof(path), "%s/0000:00:10.0/%s", folder, files[i][0]);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(files[i][1], file);
		assert_int_equal(fclose(file), 0);
	}
	snprintf(path, sizeof(path), "%s/0000:00:10.0/resource2", folder);
	assert_int_equal(link(f->link.data_where + strlen("file:"), path), 0);
}

static bool fetches(struct fixture *f, enum ivp_loads loads)
{
	f->options.loads = loads;
	open_input(f);
	ivp_input_port_close(&f->input, IVP_STATE_FINISHED, 0);
	return f->input.fetch;
}

static void frames_are_fetched_where_memory_is_slow_or_it_is_told_so(void **state)
{
	struct fixture *f = *state;
	const char *before = ivp_locate_pci_folder;
	char folder[300];

	assert_false(fetches(f, IVP_LOADS_AUTO));
	assert_false(fetches(f, IVP_LOADS_CACHED));
	assert_true(fetches(f, IVP_LOADS_STREAMING));
	make_device_of(f, folder);
	ivp_locate_pci_folder = folder;
	f->options.data = "pci:0000:00:10.0";
	assert_false(fetches(f, IVP_LOADS_AUTO)); /* a file, and as fast as one */
	ivp_locate_probe = find_slow;
	assert_true(fetches(f, IVP_LOADS_AUTO));
	assert_false(fetches(f, IVP_LOADS_CACHED));
	f->options.data = f->link.data_where; /* files are not measured */
	assert_false(fetches(f, IVP_LOADS_AUTO));
	ivp_locate_probe = ivp_probe;
	ivp_locate_pci_folder = before;
}

static void *next_in_thread(void *argument)
{
	struct fixture *f = argument;
	struct ivp_frame frame;

	announce_thread(f);
	f->result = ivp_input_port_next(&f->input, &frame, NULL, &f->why);
	ivp_store32_relaxed(&f->done, 1);
	return NULL;
}

static void a_stop_ends_a_wait_that_is_under_way(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	open_output(f);
	open_input(f);
	assert_int_equal(pthread_create(&thread, NULL, next_in_thread, f), 0);
	until_it_sleeps(f);
	assert_int_equal(ivp_load32_relaxed(&f->done), 0);
	__atomic_store_n(&f->stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->result, -EINTR);
}

static void joined_ports_show_signs_of_life_on_both_links(void **state)
{
	struct fixture *f = *state;
	struct fixture *next = make(IVP_ISOLATION_ONE_WAY);
	struct ivp_frame frame;
	struct ivp_slot slot;

	/* The stage between the two links: input here, output there. */
	f->options.patience_ns = next->options.patience_ns = 250 * MS;
	open_input(f);
	open_output(next);
	ivp_ports_join(&f->input, &next->output);
	uint64_t before = owner_in(next->link.data.base)->heartbeat;
	assert_int_equal(ivp_input_port_next(&f->input, &frame, NULL, &f->why), -ETIMEDOUT);
	assert_true(owner_in(next->link.data.base)->heartbeat > before);
	for (uint64_t i = 0; i < SLOTS; i++)
		put(next, i);
	before = owner_in(f->link.credit[0].base)->heartbeat;
	assert_int_equal(ivp_output_port_slot(&next->output, &slot, NULL, &f->why), -ETIMEDOUT);
	assert_true(owner_in(f->link.credit[0].base)->heartbeat > before);
	void *gone = next;
	tear_down(&gone);
}

static void closing_tells_the_peer_how_it_went(void **state)
{
	struct fixture *f = *state;

	open_output(f);
	open_input(f);
	ivp_output_port_close(&f->output, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&f->input, IVP_STATE_FAILED, 70);
	assert_int_equal(owner_in(f->link.data.base)->state, IVP_STATE_FINISHED);
	assert_int_equal(owner_in(f->link.credit[0].base)->state, IVP_STATE_FAILED);
	assert_int_equal(owner_in(f->link.credit[0].base)->exit_code, 70);
	/* Once more is harmless: tear_down does it too. */
	ivp_output_port_close(&f->output, IVP_STATE_FAILED, 1);
	assert_int_equal(owner_in(f->link.data.base)->state, IVP_STATE_FINISHED);
}

int main(void)
{
#define on_files(test)        cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define on_shared_files(test) cmocka_unit_test_setup_teardown(test, set_up_shared, tear_down)
	const struct CMUnitTest tests[] = {
	    on_files(frames_pass_between_ports),
	    on_shared_files(frames_pass_between_ports),
	    on_files(the_consumer_maps_the_data_read_only),
	    on_files(a_port_waits_for_windows_that_appear_later),
	    on_files(windows_that_never_appear_end_in_a_timeout_that_names_the_link),
	    on_files(a_stop_ends_the_wait_for_windows),
	    on_files(windows_that_must_not_be_used_are_refused_at_once),
	    on_files(a_second_writer_of_a_window_is_refused),
	    on_shared_files(a_second_writer_of_a_window_is_refused),
	    on_files(a_second_process_is_refused_until_the_first_is_gone),
	    on_files(a_peer_that_never_shows_up_is_named),
	    on_files(a_peer_that_is_silent_finished_or_failed_is_told_apart),
	    on_files(a_peer_that_shows_signs_of_life_is_waited_for),
	    on_files(what_a_corrupt_peer_did_ends_the_wait),
	    on_files(level_1_takes_what_is_there_and_waits_for_slots),
	    on_files(level_2_takes_nothing_and_waits_for_nothing),
	    on_files(frames_are_fetched_where_memory_is_slow_or_it_is_told_so),
	    on_files(a_stop_ends_a_wait_that_is_under_way),
	    on_files(joined_ports_show_signs_of_life_on_both_links),
	    on_files(closing_tells_the_peer_how_it_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
