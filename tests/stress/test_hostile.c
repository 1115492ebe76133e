/* SPDX-License-Identifier: MIT */
/*
 * A stage between hostile peers: a process that stores random values wherever a guest could,
 * in the middle of the stage's work. The stage may stop with a named error or go on with right
 * results; it may not crash, hang, or touch memory outside its windows, which have unmapped
 * pages on both sides. IVP_SEED=n repeats a run, as far as chance allows.
 */
#include "helpers/links.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "stage/runner.h"

#define LIVES   400
#define LIFE_US 8000
#define SLOTS   4
#define PAYLOAD 8192

static volatile sig_atomic_t stop;

static void on_alarm(int number)
{
	(void)number;
	stop = 2;
}

/* Memory with a page on each side that ends the test when it is touched. */
static struct ivp_mapping map_guarded(size_t bytes)
{
	uint8_t *base =
	    mmap(NULL, bytes + 2 * IVP_PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(base != MAP_FAILED);
	assert_int_equal(mprotect(base + IVP_PAGE, bytes, PROT_READ | PROT_WRITE), 0);
	return (struct ivp_mapping){base + IVP_PAGE, bytes};
}

static void unmap_guarded(struct ivp_mapping mapping)
{
	munmap((uint8_t *)mapping.base - IVP_PAGE, mapping.bytes + 2 * IVP_PAGE);
}

/* A link, and what the hostile side of it may write to. */
struct side {
	struct ivp_geometry geometry;
	struct ivp_layout layout;
	struct ivp_mapping data, credit, exposed;
};

static void make_side(struct side *side, unsigned isolation, bool hostile_producer)
{
	const bool shared = isolation == IVP_ISOLATION_SHARED;

	side->geometry = link_geometry(SLOTS, PAYLOAD);
	side->geometry.isolation = (uint16_t)isolation;
	assert_int_equal(ivp_layout_compute(&side->geometry, &side->layout, NULL), 0);
	side->data = map_guarded(side->layout.data_object_bytes);
	side->credit =
	    shared ? (struct ivp_mapping){(uint8_t *)side->data.base + side->layout.credit_offset,
					  IVP_WIRE_CREDIT_BYTES}
		   : map_guarded(side->layout.credit_object_bytes);
	side->exposed = shared || hostile_producer ? side->data : side->credit;
}

static void destroy_side(struct side *side)
{
	if (side->geometry.isolation != IVP_ISOLATION_SHARED)
		unmap_guarded(side->credit);
	unmap_guarded(side->data);
}

/* The host makes the link anew after a failure. */
static void format_side(struct side *side)
{
	memset(side->data.base, 0, IVP_PAGE);
	memset(side->credit.base, 0, IVP_PAGE);
	ivp_window_format(side->credit.base, &side->geometry, &side->layout, IVP_WINDOW_CREDIT, 0);
	ivp_window_format(side->data.base, &side->geometry, &side->layout, IVP_WINDOW_DATA, 0);
}

/* Mostly where it hurts: header, live words, descriptors. */
static void strike(struct side *side, uint64_t *seed)
{
	uint8_t *at = side->exposed.base;
	size_t most = next_random(seed) % 4 ? IVP_PAGE + SLOTS * 256 : side->exposed.bytes;
	size_t offset = next_random(seed) % most;
	uint64_t *word = (uint64_t *)(at + offset / 8 * 8);

	if (offset >= side->exposed.bytes)
		return;
	switch (next_random(seed) % 4) {
	case 0:
		at[offset] = (uint8_t)next_random(seed);
		break;
	case 1:
		at[offset] ^= (uint8_t)(1u << next_random(seed) % 8);
		break;
	case 2:
		ivp_store_relaxed(word, ivp_load_relaxed(word) + next_random(seed) % 3 - 1);
		break;
	default:
		ivp_store_relaxed(word, next_random(seed) % 2 ? UINT64_MAX : next_random(seed));
	}
}

/* An honest peer for a while, so that the stage gets to its work; then not. */
static void feed(struct side *side, struct ivp_producer *producer, uint64_t *seed)
{
	struct ivp_frame frame = {.id = next_random(seed), .kind = IVP_KIND_PIXELS};
	struct ivp_slot slot;

	if (ivp_producer_reserve(producer, &slot, NULL) != 0)
		return;
	frame.shape = (struct ivp_shape){1 + (uint32_t)next_random(seed) % 64,
					 1 + (uint32_t)next_random(seed) % 64, IVP_FORMAT_GRAY8};
	ivp_shape_size(&frame.shape, &frame.stride, &frame.payload_bytes);
	ivp_metadata_put(slot.metadata, slot.metadata_bytes, &frame.metadata_bytes, IVP_META_NAME,
			 "a.png", 5);
	if (next_random(seed) % 16 == 0)
		strike(side, seed);
	ivp_producer_commit(producer, &frame);
}

static void drain(struct ivp_consumer *consumer)
{
	struct ivp_frame frame;

	while (ivp_consumer_acquire(consumer, &frame, NULL) == 0)
		ivp_consumer_release(consumer);
}

/* The hostile process: never ends by itself. Its own crashes are its own business. */
static void be_hostile(struct side *before, struct side *after, uint64_t seed)
{
	const struct ivp_attach self = {.kernel_id = 5, .process_id = 1};
	struct ivp_producer producer;
	struct ivp_consumer consumer;

	/* Not longer than the test, however that ends. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	for (;;) {
		bool fed = ivp_producer_attach(&producer, before->data, &before->credit, 1, &self,
					       NULL) == 0;
		bool drained =
		    ivp_consumer_attach(&consumer, after->data, after->credit, &self, NULL) == 0;
		uint64_t rounds = next_random(&seed) % 300;

		for (uint64_t i = 0; i < rounds; i++) {
			if (fed)
				feed(before, &producer, &seed);
			if (drained)
				drain(&consumer);
			if (next_random(&seed) % 100 == 0)
				strike(next_random(&seed) % 2 ? before : after, &seed);
			if (next_random(&seed) % 8 == 0)
				sched_yield();
		}
	}
}

static void apply_sum(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		      struct ivp_rows rows, void *scratch)
{
	(void)self;
	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++)
		memcpy(out->pixels + y * out->stride, in->pixels + y * in->stride,
		       (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format));
}

static const struct ivp_filter copier = {
    .name = "copy", .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT, .apply = apply_sum};

struct outcome {
	unsigned refused, corrupt, stopped, silent;
	uint64_t frames;
};

/* One life of the stage. Whatever happens has a name. */
static void live(struct side *before, struct side *after, struct outcome *outcome)
{
	const struct ivp_filter_conf conf = {&copier, NULL, 1};
	const struct ivp_attach self = {.kernel_id = 5, .process_id = 2, .checksum = true};
	struct ivp_input_port input = {.stop = &stop, .patience_ns = 5000000};
	struct ivp_output_port output = {.stop = &stop, .patience_ns = 5000000};
	struct ivp_runner_result result = {0};
	struct ivp_why why = {""};
	struct ivp_chain chain;
	int error = ivp_consumer_attach(&input.link, before->data, before->credit, &self, &why);

	if (!error)
		error =
		    ivp_producer_attach(&output.link, after->data, &after->credit, 1, &self, &why);
	if (error) {
		if (error != -ENOMSG && error != -EBADMSG && error != -EINVAL &&
		    error != -EPROTONOSUPPORT && error != -EPROTO && error != -EAGAIN)
			fail_msg("attach: error %d: %s", error, why.text);
		assert_true(why.text[0]);
		outcome->refused++;
		format_side(before);
		format_side(after);
		return;
	}
	assert_int_equal(ivp_chain_init(&chain, &conf, 1), 0);
	error = ivp_runner_run(&input, &output, &chain, NULL, NULL, &result, &why);
	ivp_chain_finish(&chain);
	outcome->frames += result.frames;
	outcome->stopped += error == 0;
	outcome->silent += error == -ETIMEDOUT;
	/* ESTALE: in a shared region it struck our own words. */
	outcome->corrupt += error == -EPROTO || error == -EBADMSG || error == -ESTALE;
	if (error && error != -ETIMEDOUT && error != -EPROTO && error != -EBADMSG &&
	    error != -ESTALE)
		fail_msg("run: error %d: %s", error, why.text);
	if (error && !strstr(why.text, "link 'middle'"))
		fail_msg("the error does not name its link: '%s'", why.text);
	ivp_producer_finish(&output.link, IVP_STATE_FAILED, 76);
	ivp_consumer_finish(&input.link, IVP_STATE_FAILED, 76);
	if (error) {
		format_side(before);
		format_side(after);
	}
}

static void survive(unsigned isolation, uint64_t seed)
{
	struct sigaction action = {.sa_handler = on_alarm}, old;
	const char *wanted = getenv("IVP_SEED");
	struct outcome outcome = {0};
	struct side before, after;

	seed = wanted ? strtoull(wanted, NULL, 10) : seed;
	make_side(&before, isolation, true);
	make_side(&after, isolation, false);
	format_side(&before);
	format_side(&after);
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_hostile(&before, &after, seed);
	for (int i = 0; i < LIVES; i++) {
		/* Again and again, should the first one come before the run. */
		const struct itimerval timer = {{0, LIFE_US}, {0, LIFE_US}},
				       none = {{0, 0}, {0, 0}};

		stop = 0;
		assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
		live(&before, &after, &outcome);
		assert_int_equal(setitimer(ITIMER_REAL, &none, NULL), 0);
		/* It may have been its own victim in a shared region. */
		if (waitpid(child, NULL, WNOHANG) == child) {
			child = fork();
			assert_true(child >= 0);
			if (child == 0)
				be_hostile(&before, &after, seed + (uint64_t)i);
		}
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	destroy_side(&before);
	destroy_side(&after);
	print_message("# seed %llu: %u refused, %u corrupt, %u silent, %u stopped, %llu frames\n",
		      (unsigned long long)seed, outcome.refused, outcome.corrupt, outcome.silent,
		      outcome.stopped, (unsigned long long)outcome.frames);
	/* It did both: get through, and find out. */
	assert_true(outcome.frames > 0);
	assert_true(outcome.corrupt > 0);
	assert_true(outcome.refused > 0);
}

static void hostile_peers_of_one_way_links_are_survived(void **state)
{
	(void)state;
	survive(IVP_ISOLATION_ONE_WAY, 1);
}

static void hostile_peers_of_shared_links_are_survived(void **state)
{
	(void)state;
	survive(IVP_ISOLATION_SHARED, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hostile_peers_of_one_way_links_are_survived),
	    cmocka_unit_test(hostile_peers_of_shared_links_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
