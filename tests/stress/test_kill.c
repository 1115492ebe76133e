/* SPDX-License-Identifier: MIT */
/*
 * feeder -> stage -> sink, each a process that is killed (SIGKILL) at random moments and started
 * again. What the sink has received in the end must be complete, in order, without duplicates,
 * and right to the byte. IVP_SEED=n repeats a run that failed, as far as chance allows.
 */
#include "helpers/inverter.h"
#include "helpers/links.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "stage/runner.h"

#define KILLS    66
#define PATIENCE 60000000000ull
#define WIDEST   96

enum { FEEDER, STAGE, SINK, ROLES };
static const char *const roles[ROLES] = {"feeder", "stage", "sink"};

/* What the sink has written down of a frame before it released it. */
struct record {
	uint64_t position, id, sum;
	uint32_t kind, bytes;
};

struct fixture {
	char folder[256], log[300];
	struct test_link before, after;
	uint32_t *finish; /* in shared memory: the feeder is to end the stream */
	uint64_t seed;
	pid_t children[ROLES]; /* 0: not running */
	unsigned kills, starts[ROLES];
};

static struct ivp_shape shape_of(uint64_t id)
{
	return (struct ivp_shape){1 + (uint32_t)(id * 7 % WIDEST), 1 + (uint32_t)(id % 5),
				  IVP_FORMAT_GRAY8};
}

static uint8_t pixel_of(uint64_t id, uint32_t x, uint32_t y)
{
	return (uint8_t)((id * 0x9e3779b97f4a7c15u >> 40) + 3 * x + 5 * y);
}

static struct ivp_port_options options_for(const struct test_link *link)
{
	return (struct ivp_port_options){.link = link->geometry.link_name,
					 .data = link->data_where,
					 .credit = link->credit_where,
					 .patience_ns = PATIENCE,
					 .checksum = true};
}

static int feed(struct fixture *f, struct ivp_why *why)
{
	struct ivp_port_options options = options_for(&f->before);
	struct ivp_output_port port;
	struct ivp_frame last;
	struct ivp_slot slot;
	uint64_t id = 0;
	int error = ivp_output_port_open(&port, &options, why);

	if (error)
		return error;
	if (ivp_producer_last(&port.link, &last)) {
		id = last.id + 1;
		if (last.kind == IVP_KIND_END)
			return 0;
	}
	for (bool end = false; !end; id++) {
		struct ivp_frame frame = {.id = id, .flags = IVP_FLAG_LAST};

		error = ivp_output_port_slot(&port, &slot, NULL, why);
		if (error)
			return error;
		end = ivp_load32_relaxed(f->finish) != 0;
		frame.kind = end ? IVP_KIND_END : IVP_KIND_PIXELS;
		if (!end) {
			frame.shape = shape_of(id);
			ivp_shape_size(&frame.shape, &frame.stride, &frame.payload_bytes);
			for (uint32_t y = 0; y < frame.shape.height; y++)
				for (uint32_t x = 0; x < frame.shape.width; x++)
					slot.payload[y * frame.stride + x] = pixel_of(id, x, y);
		}
		ivp_producer_commit(&port.link, &frame);
	}
	ivp_output_port_close(&port, IVP_STATE_FINISHED, 0);
	return 0;
}

static const struct ivp_filter inverter = {
    .name = "invert", .formats = IVP_FORMATS_8BIT, .apply = apply_invert};

static int work(struct fixture *f, struct ivp_why *why)
{
	struct ivp_port_options before = options_for(&f->before), after = options_for(&f->after);
	const struct ivp_filter_conf conf = {&inverter, NULL, 1};
	struct ivp_runner_result result = {0};
	struct ivp_output_port output;
	struct ivp_input_port input;
	struct ivp_chain chain;
	int error = ivp_input_port_open(&input, &before, why);

	if (!error)
		error = ivp_output_port_open(&output, &after, why);
	if (!error)
		error = ivp_chain_init(&chain, &conf, 1);
	if (!error)
		error = ivp_runner_run(&input, &output, &chain, NULL, NULL, &result, why);
	if (error)
		return error;
	if (!result.ended) {
		ivp_why_set(why, "the stage stopped before the end");
		return -EINVAL;
	}
	ivp_output_port_close(&output, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&input, IVP_STATE_FINISHED, 0);
	ivp_chain_finish(&chain);
	return 0;
}

static uint64_t sum_bytes(uint64_t sum, uint8_t byte)
{
	return (sum ^ byte) * 0x100000001b3u; /* FNV-1a */
}

static struct record describe(const struct ivp_frame *frame)
{
	struct record record = {frame->position, frame->id, 0xcbf29ce484222325u, frame->kind,
				(uint32_t)frame->payload_bytes};

	for (uint64_t i = 0; i < frame->payload_bytes; i++)
		record.sum = sum_bytes(record.sum, frame->payload[i]);
	return record;
}

/* Opens the log, without a record that was cut off; *last is the last one, if there is one. */
static int open_log(const char *path, struct record *last, bool *any)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
	off_t bytes = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (bytes < 0)
		return -errno;
	bytes -= bytes % (off_t)sizeof(*last);
	*any = bytes > 0;
	if (ftruncate(fd, bytes) != 0 ||
	    (*any && pread(fd, last, sizeof(*last), bytes - (off_t)sizeof(*last)) !=
			 (ssize_t)sizeof(*last)))
		return -EIO;
	return fd;
}

static int sink(struct fixture *f, struct ivp_why *why)
{
	struct ivp_port_options options = options_for(&f->after);
	struct ivp_input_port port;
	struct ivp_frame frame;
	struct record last = {0};
	bool any = false;
	int log = open_log(f->log, &last, &any);
	int error = log < 0 ? log : ivp_input_port_open(&port, &options, why);

	while (!error && !(any && last.kind == IVP_KIND_END)) {
		error = ivp_input_port_next(&port, &frame, NULL, why);
		if (error)
			break;
		/* Written down already by a life that died before it released it? */
		if (!any || last.position < frame.position) {
			last = describe(&frame);
			any = true;
			if (write(log, &last, sizeof(last)) != (ssize_t)sizeof(last))
				return -EIO;
		}
		ivp_consumer_release(&port.link);
	}
	return error;
}

static void start(struct fixture *f, int role)
{
	static int (*const lives[ROLES])(struct fixture *, struct ivp_why *) = {feed, work, sink};
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct ivp_why why = {""};
		int error = lives[role](f, &why);

		if (error)
			fprintf(stderr, "# %s: %s (%d)\n", roles[role], why.text, error);
		_exit(error ? 1 : 0);
	}
	f->children[role] = child;
	f->starts[role]++;
}

/* Takes note of a child that ended; it was killed by us, or left in good order. */
static void reap(struct fixture *f, int role, int options)
{
	int status;
	pid_t ended = waitpid(f->children[role], &status, options);

	if (ended == 0)
		return;
	assert_int_equal(ended, f->children[role]);
	f->children[role] = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		start(f, role);
	else if (status != 0)
		fail_msg("%s ended with status %#x; IVP_SEED=%llu", roles[role], status,
			 (unsigned long long)f->seed);
}

static void kill_at_random_moments(struct fixture *f)
{
	uint64_t random = f->seed;

	for (int role = 0; role < ROLES; role++)
		start(f, role);
	while (f->kills < KILLS) {
		/* Mostly long enough to get somewhere, at times just enough to begin. */
		uint64_t longest = next_random(&random) % 4 ? 150000000 : 3000000;
		struct timespec pause = {.tv_nsec = (long)(next_random(&random) % longest)};
		int role = (int)(next_random(&random) % ROLES);

		nanosleep(&pause, NULL);
		for (int i = 0; i < ROLES; i++)
			if (f->children[i])
				reap(f, i, WNOHANG);
		/* The last kills fall into the end of the stream. */
		if (f->kills == KILLS - 6)
			ivp_store32_relaxed(f->finish, 1);
		if (f->children[role]) {
			kill(f->children[role], SIGKILL);
			reap(f, role, 0);
			f->kills++;
		} else if (!f->children[FEEDER] && !f->children[STAGE] && !f->children[SINK]) {
			break;
		}
	}
	for (int role = 0; role < ROLES; role++)
		while (f->children[role])
			reap(f, role, 0);
}

static uint64_t expected_sum(uint64_t id)
{
	struct ivp_shape shape = shape_of(id);
	uint64_t sum = 0xcbf29ce484222325u, bytes;
	size_t stride;

	ivp_shape_size(&shape, &stride, &bytes);
	for (uint32_t y = 0; y < shape.height; y++)
		for (uint32_t x = 0; x < stride; x++)
			sum = sum_bytes(sum, x < shape.width ? (uint8_t)~pixel_of(id, x, y) : 0);
	return sum;
}

static void verify_log(struct fixture *f)
{
	FILE *log = fopen(f->log, "rb");
	struct record record = {0};
	uint64_t frames = 0;

	assert_non_null(log);
	while (fread(&record, sizeof(record), 1, log) == 1 && record.kind != IVP_KIND_END) {
		if (record.position != frames || record.id != frames ||
		    record.kind != IVP_KIND_PIXELS || record.sum != expected_sum(frames))
			fail_msg("record %llu: position %llu, id %llu, kind %u; IVP_SEED=%llu",
				 (unsigned long long)frames, (unsigned long long)record.position,
				 (unsigned long long)record.id, record.kind,
				 (unsigned long long)f->seed);
		frames++;
	}
	assert_int_equal(record.kind, IVP_KIND_END);
	assert_int_equal(record.id, frames);
	assert_int_equal(fgetc(log), EOF);
	fclose(log);
	print_message("# %llu frames, %u kills, lives: feeder %u, stage %u, sink %u\n",
		      (unsigned long long)frames, f->kills, f->starts[FEEDER], f->starts[STAGE],
		      f->starts[SINK]);
	assert_true(frames > f->kills);
	assert_true(f->kills >= KILLS - 6);
}

static void survive_kills(uint32_t slots, unsigned isolation, uint64_t seed)
{
	struct ivp_geometry before = link_geometry(slots, 8 * 128);
	struct ivp_geometry after = link_geometry(slots, 8 * 128);
	const char *wanted = getenv("IVP_SEED");
	struct fixture f = {.seed = wanted ? strtoull(wanted, NULL, 10) : seed};

	memcpy(before.link_name, "before", 7);
	memcpy(after.link_name, "after", 6);
	before.isolation = after.isolation = (uint16_t)isolation;
	make_test_folder(f.folder);
	snprintf(f.log, sizeof(f.log), "%s/log", f.folder);
	make_link_files(&f.before, &before, f.folder);
	make_link_files(&f.after, &after, f.folder);
	f.finish = mmap(NULL, sizeof(*f.finish), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_true(f.finish != MAP_FAILED);
	kill_at_random_moments(&f);
	verify_log(&f);
	munmap(f.finish, sizeof(*f.finish));
	close_link_files(&f.before);
	close_link_files(&f.after);
	remove_test_folder(f.folder);
}

static void nothing_is_lost_or_repeated_whoever_is_killed_whenever(void **state)
{
	(void)state;
	survive_kills(4, IVP_ISOLATION_ONE_WAY, 1);
}

static void nothing_is_lost_or_repeated_with_two_slots_in_shared_regions(void **state)
{
	(void)state;
	survive_kills(2, IVP_ISOLATION_SHARED, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_lost_or_repeated_whoever_is_killed_whenever),
	    cmocka_unit_test(nothing_is_lost_or_repeated_with_two_slots_in_shared_regions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
