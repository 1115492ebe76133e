/* SPDX-License-Identifier: MIT */
/*
 * Death at any instruction. A child is single-stepped through its work on shared memory; after
 * each instruction that changed the memory, a copy of it is taken, which is exactly what a peer
 * killed there would leave. On the copy a new life must bring the work to its right end.
 */
#include "helpers/inverter.h"
#include "helpers/links.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "stage/runner.h"

#define PAYLOAD 256
#define WARM    5 /* frames that went through before, so that slots are used again */
#define FRAMES  3

/* Two links in one piece of memory: feeder -> before -> stage -> after -> sink. */
struct scene {
	uint8_t *memory;
	size_t bytes;
	struct ivp_layout layout;
	struct ivp_mapping before, before_credit, after, after_credit;
	uint64_t recoveries;
};

static void place(struct scene *scene, uint8_t *memory)
{
	uint64_t data = scene->layout.data_object_bytes;

	scene->memory = memory;
	scene->before = (struct ivp_mapping){memory, data};
	scene->before_credit = (struct ivp_mapping){memory + data, IVP_WIRE_CREDIT_BYTES};
	scene->after = (struct ivp_mapping){memory + data + IVP_WIRE_CREDIT_BYTES, data};
	scene->after_credit =
	    (struct ivp_mapping){memory + 2 * data + IVP_WIRE_CREDIT_BYTES, IVP_WIRE_CREDIT_BYTES};
}

static uint8_t *map_scene(size_t bytes)
{
	uint8_t *memory =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static void make_scene(struct scene *scene, uint32_t slots)
{
	struct ivp_geometry geometry = link_geometry(slots, PAYLOAD);

	geometry.metadata_bytes = 64;
	assert_int_equal(ivp_layout_compute(&geometry, &scene->layout, NULL), 0);
	scene->bytes = 2 * (scene->layout.data_object_bytes + IVP_WIRE_CREDIT_BYTES);
	place(scene, map_scene(scene->bytes));
	for (int i = 0; i < 2; i++) {
		ivp_window_format(i ? scene->after.base : scene->before.base, &geometry,
				  &scene->layout, IVP_WINDOW_DATA, 0);
		ivp_window_format(i ? scene->after_credit.base : scene->before_credit.base,
				  &geometry, &scene->layout, IVP_WINDOW_CREDIT, 0);
	}
}

static struct ivp_producer attach_to(struct ivp_mapping data, struct ivp_mapping credit)
{
	struct ivp_producer producer;

	assert_int_equal(ivp_producer_attach(&producer, data, &credit, 1, &plain_peer, NULL), 0);
	return producer;
}

/* Frame number id; its size varies. After the last one comes the end. */
static void put(struct ivp_producer *producer, const struct ivp_slot *slot, uint64_t id)
{
	struct ivp_frame frame = {.id = id, .flags = IVP_FLAG_LAST, .kind = IVP_KIND_END};

	if (id < WARM + FRAMES) {
		frame.kind = IVP_KIND_PIXELS;
		frame.shape = (struct ivp_shape){40, 1 + (uint32_t)id % 3, IVP_FORMAT_GRAY8};
		frame.stride = 64;
		frame.payload_bytes = 64 * frame.shape.height;
		memset(slot->payload, (int)(id + 1), frame.payload_bytes);
	}
	ivp_producer_commit(producer, &frame);
}

/* Feeds as much as there is room for, from where the window says. Returns false after the end. */
static bool feed(const struct scene *scene)
{
	struct ivp_producer producer = attach_to(scene->before, scene->before_credit);
	struct ivp_frame last;
	struct ivp_slot slot;
	uint64_t id = ivp_producer_last(&producer, &last) ? last.id + 1 : 0;

	for (; id <= WARM + FRAMES; id++) {
		if (ivp_producer_reserve(&producer, &slot, NULL) != 0)
			return true;
		put(&producer, &slot, id);
	}
	return false;
}

static const struct ivp_filter inverter = {
    .name = "invert", .formats = IVP_FORMATS_8BIT, .apply = apply_invert};

/* One life of the stage, until it has done what is there. */
static void work(const struct scene *scene)
{
	static const volatile sig_atomic_t drain = 1;
	const struct ivp_filter_conf conf = {&inverter, NULL, 1};
	struct ivp_input_port input = {.stop = &drain, .patience_ns = 1};
	struct ivp_output_port output = {.stop = &drain, .patience_ns = 1};
	struct ivp_chain chain;

	assert_int_equal(ivp_consumer_attach(&input.link, scene->before, scene->before_credit,
					     &plain_peer, NULL),
			 0);
	output.link = attach_to(scene->after, scene->after_credit);
	assert_int_equal(ivp_chain_init(&chain, &conf, 1), 0);
	assert_int_equal(ivp_runner_run(&input, &output, &chain, NULL, NULL, NULL, NULL), 0);
	ivp_chain_finish(&chain);
}

/* Takes all that is there from a link, from this number on. Returns the number that is next. */
static uint64_t take(struct ivp_mapping data, struct ivp_mapping credit, uint64_t id,
		     uint8_t inverted)
{
	struct ivp_consumer consumer;
	struct ivp_frame frame;
	int result;

	assert_int_equal(ivp_consumer_attach(&consumer, data, credit, &plain_peer, NULL), 0);
	while ((result = ivp_consumer_acquire(&consumer, &frame, NULL)) == 0) {
		assert_int_equal(frame.position, id);
		ivp_consumer_begin(&consumer);
		if (id < WARM + FRAMES) {
			assert_int_equal(frame.id, id);
			assert_int_equal(frame.kind, IVP_KIND_PIXELS);
			assert_int_equal(frame.shape.height, 1 + id % 3);
			for (uint64_t i = 0; i < PAYLOAD; i++)
				assert_int_equal(frame.payload[i],
						 i < frame.payload_bytes && i % 64 < 40
						     ? (uint8_t)(id + 1) ^ inverted
						     : 0);
		} else {
			assert_int_equal(frame.kind, IVP_KIND_END);
		}
		ivp_consumer_release(&consumer);
		id++;
	}
	assert_int_equal(result, IVP_EMPTY);
	assert_true(id <= WARM + FRAMES + 1);
	return id;
}

/* The first frames pass before the child is born. */
static void warm_up(struct scene *scene)
{
	for (uint64_t id = 0; id < WARM; id++) {
		struct ivp_producer producer = attach_to(scene->before, scene->before_credit);
		struct ivp_slot slot;

		assert_int_equal(ivp_producer_reserve(&producer, &slot, NULL), 0);
		put(&producer, &slot, id);
		work(scene);
		assert_int_equal(take(scene->after, scene->after_credit, id, 0xff), id + 1);
	}
}

/* Steps through life(scene); calls recover on a copy whenever the memory has changed. */
static void for_each_instruction(struct scene *scene, void (*life)(const struct scene *),
				 void (*recover)(struct scene *))
{
	struct scene copy = *scene;
	uint8_t *seen = map_scene(scene->bytes);
	uint64_t instructions = 0;
	int status;

#if defined(__SANITIZE_THREAD__)
	print_message("# one thread, and too many instructions of ThreadSanitizer\n");
	skip();
#endif
	place(&copy, map_scene(scene->bytes));
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(77);
		raise(SIGSTOP);
		life(scene);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status)) {
		print_message("# ptrace is not allowed here\n");
		skip();
	}
	while (WIFSTOPPED(status)) {
		if (memcmp(seen, scene->memory, scene->bytes) != 0) {
			memcpy(seen, scene->memory, scene->bytes);
			memcpy(copy.memory, scene->memory, scene->bytes);
			recover(&copy);
			scene->recoveries++;
		}
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		instructions++;
	}
	assert_int_equal(status, 0);
	print_message("# %llu instructions, %llu deaths\n", (unsigned long long)instructions,
		      (unsigned long long)scene->recoveries);
	munmap(copy.memory, scene->bytes);
	munmap(seen, scene->bytes);
	munmap(scene->memory, scene->bytes);
	assert_true(scene->recoveries > 10);
}

static void recover_stage(struct scene *scene)
{
	work(scene);
	assert_int_equal(take(scene->after, scene->after_credit, WARM, 0xff), WARM + FRAMES + 1);
	/* One more life finds nothing to do. */
	work(scene);
	assert_int_equal(take(scene->after, scene->after_credit, WARM + FRAMES + 1, 0xff),
			 WARM + FRAMES + 1);
}

static void feed_life(const struct scene *scene)
{
	feed(scene);
}

static void recover_feeder(struct scene *scene)
{
	uint64_t id = WARM;
	bool more;

	do {
		more = feed(scene);
		id = take(scene->before, scene->before_credit, id, 0);
	} while (more);
	assert_int_equal(id, WARM + FRAMES + 1);
}

static void take_life(const struct scene *scene)
{
	take(scene->before, scene->before_credit, WARM, 0);
}

static void recover_consumer(struct scene *scene)
{
	/* Where it stands is the position of the next frame, so it may go on from there. */
	uint64_t id = owner_in(scene->before_credit.base)->position;

	assert_true(id >= WARM);
	assert_int_equal(take(scene->before, scene->before_credit, id, 0), WARM + FRAMES + 1);
}

static void a_stage_may_die_at_any_instruction(void **state)
{
	struct scene scene = {0};

	(void)state;
	make_scene(&scene, 4);
	warm_up(&scene);
	feed(&scene);
	for_each_instruction(&scene, work, recover_stage);
}

static void a_feeder_may_die_at_any_instruction(void **state)
{
	for (uint32_t slots = IVP_MIN_SLOTS; slots <= 4; slots *= 2) {
		struct scene scene = {0};

		(void)state;
		make_scene(&scene, slots);
		warm_up(&scene);
		for_each_instruction(&scene, feed_life, recover_feeder);
	}
}

static void a_consumer_may_die_at_any_instruction(void **state)
{
	struct scene scene = {0};

	(void)state;
	make_scene(&scene, 4);
	warm_up(&scene);
	feed(&scene);
	for_each_instruction(&scene, take_life, recover_consumer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stage_may_die_at_any_instruction),
	    cmocka_unit_test(a_feeder_may_die_at_any_instruction),
	    cmocka_unit_test(a_consumer_may_die_at_any_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
