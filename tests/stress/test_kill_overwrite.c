/* SPDX-License-Identifier: MIT */
/*
 * Both sides of a link that overwrites, each a process that is killed at each step of the protocol
 * (step.h), its first, fourth and seventh time there, and starts again at once. What the consumer
 * has stored in the end is whole and in order; every frame was stored once or is counted as
 * dropped, exactly.
 *
 * The transport is compiled into this file with its steps; the library is free of them.
 */
#define IVP_STEPS

#include "helpers/links.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "transport/attach.c"
#include "transport/consume.c"
#include "transport/produce.c"
#include "transport/notify.c"
#include "transport/overwrite.c"
/* NOLINTEND(bugprone-suspicious-include) */

#define FRAMES  40
#define SLOTS   4
#define PAYLOAD 512
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PASSES 1
#else
#define PASSES 3
#endif

enum { PRODUCER, CONSUMER, ROLES };

#define STEP_NAME(name) #name,
static const char *const step_names[IVP_STEP_COUNT] = {IVP_STEP_NAMES(STEP_NAME)};

/* Seen by both processes. */
struct board {
	uint32_t passed[ROLES][IVP_STEP_COUNT];
	uint64_t made;               /* frames committed, as far as the producer has noted */
	uint32_t stored[FRAMES + 1]; /* how often a frame was handed to the consumer */
	uint32_t waiting;            /* the consumer has nothing to take */
};

struct fixture {
	struct test_link link;
	struct board *board;
	int victim, step; /* who is to die, and where */
	unsigned pass, kills;
};

static struct fixture *here;
static int my_role;
static bool mortal;

void ivp_step(enum ivp_step step)
{
	const uint32_t passed = ++here->board->passed[my_role][step];

	if (mortal && (int)step == here->step && passed == here->pass) {
		kill(getpid(), SIGKILL);
		pause();
	}
}

static const char *produce(struct fixture *f)
{
	struct ivp_producer producer;
	struct ivp_frame last;
	struct ivp_slot slot;

	if (ivp_producer_attach(&producer, f->link.data, f->link.credit, 1, &plain_peer, NULL) != 0)
		return "cannot attach";
	for (uint64_t id = ivp_producer_last(&producer, &last) ? last.id + 1 : 0; id <= FRAMES;
	     id++) {
		struct ivp_frame frame = {
		    .id = id, .kind = IVP_KIND_BYTES, .payload_bytes = PAYLOAD};

		if (id == FRAMES)
			frame = (struct ivp_frame){.id = id, .kind = IVP_KIND_END};
		if (ivp_producer_reserve(&producer, &slot, NULL) != 0)
			return "no slot";
		IVP_STEP(fill);
		memset(slot.payload, (int)id + 1, frame.payload_bytes);
		ivp_producer_commit(&producer, &frame);
		ivp_store_release(&f->board->made, id + 1);
		/* Now and then the consumer may catch up. */
		while (id % 8 == 7 && !__atomic_load_n(&f->board->waiting, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	ivp_producer_finish(&producer, IVP_STATE_FINISHED, 0);
	return NULL;
}

static bool is_whole(const struct ivp_frame *frame)
{
	for (uint64_t i = 0; i < frame->payload_bytes; i++)
		if (frame->payload[i] != (uint8_t)(frame->id + 1))
			return false;
	return true;
}

/* Lets the producer get ahead of a frame at hand, so that it meets its claim. */
static const char *use(struct fixture *f, const struct ivp_frame *frame)
{
	const uint64_t made = ivp_load_acquire(&f->board->made);
	/* Where the producer waits, or is through. */
	const uint64_t enough = made < FRAMES ? (made + 7) / 8 * 8 : 0;

	if (!is_whole(frame))
		return "a frame is not whole";
	while (ivp_load_acquire(&f->board->made) < enough)
		sched_yield();
	return is_whole(frame) ? NULL : "a frame did not stay whole";
}

static const char *consume(struct fixture *f)
{
	struct ivp_consumer consumer;
	struct ivp_frame frame;
	uint64_t next = 0;

	if (ivp_consumer_attach(&consumer, f->link.data, f->link.credit[0], &plain_peer, NULL) != 0)
		return "cannot attach";
	while (!ivp_consumer_ended(&consumer)) {
		const char *complaint;
		int result = ivp_consumer_acquire(&consumer, &frame, NULL);

		__atomic_store_n(&f->board->waiting, result == IVP_EMPTY, __ATOMIC_RELEASE);
		if (result == IVP_EMPTY) {
			sched_yield();
			continue;
		}
		if (result != 0 || frame.id < next || frame.id > FRAMES)
			return "a frame cannot be";
		next = frame.id + 1;
		complaint = use(f, &frame);
		if (complaint)
			return complaint;
		ivp_consumer_begin(&consumer);
		f->board->stored[frame.id]++;
		ivp_consumer_release(&consumer);
	}
	__atomic_store_n(&f->board->waiting, 1, __ATOMIC_RELEASE);
	ivp_consumer_finish(&consumer, IVP_STATE_FINISHED, 0);
	return NULL;
}

static pid_t start(struct fixture *f, int role)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		const char *complaint;

		here = f;
		my_role = role;
		mortal = f->victim == role;
		complaint = role == PRODUCER ? produce(f) : consume(f);
		if (complaint)
			fprintf(stderr, "# %s\n", complaint);
		_exit(complaint != NULL);
	}
	return child;
}

/* Every frame was stored, once but for the one that a kill interrupted, or is counted. */
static void verify(const struct fixture *f, const char *story)
{
	const struct ivp_wire_owner *own = owner_in(f->link.credit[0].base);
	uint64_t stored = 0, again = 0;

	for (uint64_t id = 0; id <= FRAMES; id++) {
		stored += f->board->stored[id] > 0;
		again += f->board->stored[id] > 1;
	}
	if (f->board->stored[FRAMES] == 0)
		fail_msg("%s: the end was lost", story);
	if (again > 1)
		fail_msg("%s: %llu frames were stored twice", story, (unsigned long long)again);
	if (own->taken != stored || own->taken + own->policy_dropped != FRAMES + 1)
		fail_msg("%s: %llu stored, %llu counted, %llu dropped", story,
			 (unsigned long long)stored, (unsigned long long)own->taken,
			 (unsigned long long)own->policy_dropped);
}

static void run(struct fixture *f, const char *story)
{
	pid_t children[ROLES];
	int left = ROLES, status;

	memset(f->board, 0, sizeof(*f->board));
	memset(f->link.data.base, 0, f->link.data.bytes);
	memset(f->link.credit[0].base, 0, f->link.credit[0].bytes);
	format_link(&f->link);
	for (int role = 0; role < ROLES; role++)
		children[role] = start(f, role);
	while (left > 0) {
		const pid_t ended = waitpid(-1, &status, 0);
		const int role = ended == children[PRODUCER] ? PRODUCER : CONSUMER;

		assert_true(ended == children[role]);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && f->victim == role) {
			f->victim = -1;
			f->kills++;
			children[role] = start(f, role);
			continue;
		}
		left--;
		if (status != 0) {
			for (int i = 0; i < ROLES && left > 0; i++)
				if (i != role)
					kill(children[i], SIGKILL);
			while (left > 0 && waitpid(-1, NULL, 0) > 0)
				left--;
			fail_msg("%s: the %s ended with status %#x", story,
				 role == PRODUCER ? "producer" : "consumer", (unsigned)status);
		}
	}
	verify(f, story);
}

static int set_up_with(void **state, unsigned policy)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry geometry = link_geometry(SLOTS, PAYLOAD);

	assert_non_null(f);
	geometry.policy = (uint16_t)policy;
	make_link(&f->link, &geometry);
	f->board = mmap(NULL, sizeof(*f->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_true(f->board != MAP_FAILED);
	f->victim = -1;
	*state = f;
	return 0;
}

static int set_up_oldest(void **state)
{
	return set_up_with(state, IVP_POLICY_DROP_OLDEST);
}

static int set_up_latest(void **state)
{
	return set_up_with(state, IVP_POLICY_LATEST);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	munmap(f->board, sizeof(*f->board));
	destroy_link(&f->link);
	free(f);
	return 0;
}

static void the_count_is_exact_at_whatever_step_a_side_is_killed(void **state)
{
	static const enum ivp_step must[] = {IVP_STEP_D1,     IVP_STEP_D2,    IVP_STEP_held,
					     IVP_STEP_missed, IVP_STEP_taken, IVP_STEP_D3};
	struct fixture *f = *state;
	bool died[IVP_STEP_COUNT] = {false};
	char story[128];

	for (int role = 0; role < ROLES; role++)
		for (int step = 0; step < IVP_STEP_COUNT; step++)
			for (f->pass = 1; f->pass <= 1 + 3 * (PASSES - 1); f->pass += 3) {
				const unsigned before = f->kills;

				f->victim = role;
				f->step = step;
				snprintf(story, sizeof(story), "%s killed before %s, time %u",
					 role == PRODUCER ? "producer" : "consumer",
					 step_names[step], f->pass);
				run(f, story);
				died[step] = died[step] || f->kills > before;
			}
	for (size_t i = 0; i < count_of(must); i++)
		if (!died[must[i]])
			fail_msg("nobody was killed before %s", step_names[must[i]]);
	print_message("# %u kills survived\n", f->kills);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_count_is_exact_at_whatever_step_a_side_is_killed,
					    set_up_oldest, tear_down),
	    cmocka_unit_test_setup_teardown(the_count_is_exact_at_whatever_step_a_side_is_killed,
					    set_up_latest, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
