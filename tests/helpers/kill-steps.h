/* SPDX-License-Identifier: MIT */
/*
 * Killing the roles of kill-roles.h: streams in which processes die, and what has to hold after
 * them. What the sink has stored in the end must be complete, in order, without duplicates and
 * right to the byte. Sleeps have no time-out here: a lost wake-up is a hang, which ends the test
 * with the names of the steps.
 *
 * IVP_SEED=n repeats the random part of a run that failed, as far as chance allows.
 */
#ifndef IVP_TESTS_HELPERS_KILL_STEPS_H
#define IVP_TESTS_HELPERS_KILL_STEPS_H

#include "helpers/kill-roles.h"

static void start(struct fixture *f, int role)
{
	static int (*const lives[ROLES])(struct fixture *, struct ivp_why *) = {feed, work, drain};
	int countdown = 0;

	/* A frame that ends its stage again and again is passed on as an error: not our matter. */
	if (f->countdown > 0 && (role != STAGE || owner_in(f->before.credit[0].base)->attempt < 2))
		countdown = 1 + (int)(next_random(&f->random) % (unsigned)f->countdown);

	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ivp_why why = {""};

		here = f;
		my_role = role;
		my_countdown = countdown;
		marked = role == f->victim;
		int error = lives[role](f, &why);
		if (error)
			fprintf(stderr, "# %s: %s (%d)\n", role_names[role], why.text, error);
		_exit(error ? 1 : 0);
	}
	f->children[role] = child;
}

/* Takes note of a child that ended, and starts it again if it was killed. */
static void reap(struct fixture *f, int role)
{
	int status;
	pid_t ended = f->children[role] ? waitpid(f->children[role], &status, WNOHANG) : 0;

	if (ended == 0)
		return;
	assert_int_equal(ended, f->children[role]);
	f->children[role] = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		f->done[role] = true;
		return;
	}
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("%s: %s ended with status %#x", f->story, role_names[role], status);
	f->kills++;
	if (f->victim == role) {
		f->deaths[role][f->step]++;
		f->victim = -1;
	}
	if (f->kills - f->kills_before >= RANDOM_KILLS)
		f->countdown = 0;
	start(f, role);
}

/* Does the owner of one window sleep, or is it about to, until the other's position moves? */
static bool waits(struct ivp_mapping own, struct ivp_mapping peer)
{
	return ivp_load_relaxed(&owner_in(own.base)->wake_at) >
	       ivp_load_relaxed(&owner_in(peer.base)->position);
}

/* Has this role come to where it can only wait for another? */
static bool is_idle(struct fixture *f, int role)
{
	if (f->done[role])
		return true;
	switch (role) {
	case FEEDER:
		return waits(f->before.data, f->before.credit[0]);
	case STAGE:
		return waits(f->before.credit[0], f->before.data) ||
		       waits(f->after.data, f->after.credit[0]);
	default:
		return waits(f->after.credit[0], f->after.data);
	}
}

static void kill_all(struct fixture *f)
{
	for (int role = 0; role < ROLES; role++)
		if (f->children[role]) {
			kill(f->children[role], SIGKILL);
			assert_int_equal(waitpid(f->children[role], NULL, 0), f->children[role]);
			f->children[role] = 0;
		}
}

/* All steps that any life took: stands still if everybody sleeps. */
static uint64_t count_steps(const struct fixture *f)
{
	uint64_t steps = 0;

	for (int role = 0; role < ROLES; role++)
		for (int step = 0; step < IVP_STEP_COUNT; step++)
			steps += ivp_load32_relaxed(&f->board->passed[role][step]);
	return steps;
}

/* Reaps until a condition holds. A run in which nothing happens for long hangs. */
static void keep_going(struct fixture *f, bool (*enough)(struct fixture *, int), int role)
{
	static const struct timespec nap = {.tv_nsec = 50000};
	uint64_t seen = count_steps(f);
	time_t since = time(NULL);

	while (!enough(f, role)) {
		for (int i = 0; i < ROLES; i++)
			reap(f, i);
		if (count_steps(f) != seen) {
			seen = count_steps(f);
			since = time(NULL);
		} else if (time(NULL) - since > HANG_S) {
			kill_all(f);
			fail_msg("%s: nothing moves any more: a wake-up was lost", f->story);
		}
		nanosleep(&nap, NULL);
	}
}

static bool all_done(struct fixture *f, int role)
{
	(void)role;
	return f->done[FEEDER] && f->done[STAGE] && f->done[SINK];
}

static uint32_t expected_sum(const struct fixture *f, uint64_t id)
{
	struct ivp_shape shape = shape_of(id);
	uint32_t sum = 0x811c9dc5u;
	uint64_t bytes;
	size_t stride;

	ivp_shape_size(&shape, &stride, &bytes);
	for (uint32_t y = 0; y < shape.height; y++)
		for (uint32_t x = 0; x < stride; x++)
			sum = sum_bytes(sum, x < shape.width ? (uint8_t)~pixel_of(f, id, x, y) : 0);
	return sum;
}

static void verify(const struct fixture *f)
{
	const uint64_t position[] = {
	    owner_in(f->before.data.base)->position, owner_in(f->before.credit[0].base)->position,
	    owner_in(f->after.data.base)->position, owner_in(f->after.credit[0].base)->position};

	for (size_t i = 0; i < count_of(position); i++)
		if (position[i] != FRAMES + 1)
			fail_msg("%s: %llu frames went through, not %d", f->story,
				 (unsigned long long)position[i], FRAMES + 1);
	for (uint64_t id = 0; id <= FRAMES; id++) {
		const struct record *record = &f->board->stored[id];
		bool end = id == FRAMES;

		if (record->times == 0 || record->id != id ||
		    record->kind != (end ? IVP_KIND_END : IVP_KIND_PIXELS) ||
		    (!end && record->sum != expected_sum(f, id)))
			fail_msg("%s: at position %llu is frame %llu of kind %u", f->story,
				 (unsigned long long)id, (unsigned long long)record->id,
				 record->kind);
	}
}

/* The peers have been here before, and left: who waits for one that never was here polls. */
static void leave_traces(struct ivp_mapping window)
{
	struct ivp_wire_owner *owner = owner_in(window.base);

	owner->kernel_id = kernel_id();
	owner->generation = 1;
	owner->state = IVP_STATE_FAILED;
}

static void clear_link(struct test_link *link)
{
	memset(link->data.base, 0, link->data.bytes);
	memset(link->credit[0].base, 0, link->credit[0].bytes);
	format_link(link);
	leave_traces(link->data);
	leave_traces(link->credit[0]);
}

/* One stream; each role starts when those before it in order can only wait. */
static void run_stream(struct fixture *f, const int *order)
{
	memset(f->board, 0, sizeof(*f->board));
	memset(f->done, 0, sizeof(f->done));
	f->kills_before = f->kills;
	clear_link(&f->before);
	clear_link(&f->after);
	for (int i = 0; i < ROLES; i++) {
		start(f, order[i]);
		keep_going(f, is_idle, order[i]);
	}
	keep_going(f, all_done, 0);
	verify(f);
}

static const int orders[][ROLES] = {{FEEDER, STAGE, SINK}, {FEEDER, SINK, STAGE},
				    {STAGE, FEEDER, SINK}, {STAGE, SINK, FEEDER},
				    {SINK, FEEDER, STAGE}, {SINK, STAGE, FEEDER}};

/* Kills the role at this step, each time it can be there. */
static void kill_at(struct fixture *f, const int *order, int role, int step, uint32_t passes)
{
	for (f->pass = 1; f->pass <= PASSES && f->pass <= passes; f->pass++) {
		f->victim = role;
		f->step = step;
		snprintf(f->story, sizeof(f->story),
			 "started as %s, %s, %s; %s killed before %s, time %u",
			 role_names[order[0]], role_names[order[1]], role_names[order[2]],
			 role_names[role], step_names[step], f->pass);
		run_stream(f, order);
	}
	f->victim = -1;
}

static int set_up(void **state)
{
	struct ivp_geometry before = link_geometry(SLOTS, 64 * (3 + (EARLY_START ? TALL : 0)));
	struct ivp_geometry after = before;
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	before.early_start = after.early_start = EARLY_START;
	memcpy(before.link_name, "before", 7);
	memcpy(after.link_name, "after", 6);
	make_test_folder(f->folder);
	make_link_files(&f->before, &before, f->folder);
	make_link_files(&f->after, &after, f->folder);
	f->board = mmap(NULL, sizeof(*f->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_true(f->board != MAP_FAILED);
	f->victim = -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	kill_all(f);
	munmap(f->board, sizeof(*f->board));
	close_link_files(&f->before);
	close_link_files(&f->after);
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

static void skip_without_futexes(void)
{
	if (kernel_id() != 0)
		return;
	print_message("# no boot id here, so no futexes\n");
	skip();
}

static bool belongs_to(int role, int step)
{
	switch (step) {
	case IVP_STEP_show:
	case IVP_STEP_withdraw:
	case IVP_STEP_R1:
		return EARLY_START && role != SINK;
	case IVP_STEP_R2:
	case IVP_STEP_confirm:
		return EARLY_START && role != FEEDER;
	case IVP_STEP_abandon: /* only if others die: by chance, below */
		return false;
	case IVP_STEP_P2:
	case IVP_STEP_fill:
	case IVP_STEP_describe:
	case IVP_STEP_P1:
		return role != SINK;
	case IVP_STEP_C1:
	case IVP_STEP_copy:
	case IVP_STEP_begin:
	case IVP_STEP_attempt:
	case IVP_STEP_C2:
	case IVP_STEP_released:
		return role != FEEDER;
	case IVP_STEP_D1: /* of links that drop */
	case IVP_STEP_D2:
	case IVP_STEP_D3:
	case IVP_STEP_held:
	case IVP_STEP_missed:
	case IVP_STEP_taken:
	case IVP_STEP_dropped:
		return false;
	default:
		return true;
	}
}

static void nothing_is_lost_or_repeated_at_whatever_step_a_peer_is_killed(void **state)
{
	struct fixture *f = *state;
	unsigned places = 0;

	skip_without_futexes();
	for (size_t i = 0; i < count_of(orders); i++) {
		struct board calm;

		snprintf(f->story, sizeof(f->story), "nobody is killed");
		run_stream(f, orders[i]);
		calm = *f->board;
		for (int role = 0; role < ROLES; role++)
			for (int step = 0; step < IVP_STEP_COUNT; step++)
				kill_at(f, orders[i], role, step, calm.passed[role][step]);
	}
	for (int role = 0; role < ROLES; role++)
		for (int step = 0; step < IVP_STEP_COUNT; step++) {
			if (!belongs_to(role, step))
				continue;
			places++;
			if (f->deaths[role][step] == 0)
				fail_msg("the %s was never killed before %s", role_names[role],
					 step_names[step]);
		}
	print_message("# %u kills at %u places survived\n", f->kills, places);
}

static void nothing_is_lost_or_repeated_when_peers_die_again_and_again(void **state)
{
	const char *wanted = getenv("IVP_SEED");
	struct fixture *f = *state;

	skip_without_futexes();
	f->random = wanted ? strtoull(wanted, NULL, 10) : (uint64_t)getpid();
	for (int i = 0; i < RANDOM_RUNS; i++) {
		snprintf(f->story, sizeof(f->story), "run %d, IVP_SEED=%llu", i,
			 (unsigned long long)f->random);
		f->countdown = 10 + (int)(next_random(&f->random) % 90);
		run_stream(f, orders[next_random(&f->random) % count_of(orders)]);
	}
	print_message("# %u kills survived\n", f->kills);
	assert_true(f->kills > RANDOM_RUNS);
}

#endif
