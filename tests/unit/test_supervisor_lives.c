/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <ivpipe/ring.h>
#include "supervisor/lives.h"

#define MS 1000000ull

static struct ivp_stage_conf stage = {.stall_ns = 3000 * MS};
static struct ivp_link_conf raw, done;
static struct ivp_wire_owner raw_out, raw_in, done_out, done_in;
static struct ivp_link_windows links[] = {
    {.link = &raw, .producer = &raw_out, .consumer = &raw_in},
    {.link = &done, .producer = &done_out, .consumer = &done_in},
};
static const struct ivp_windows windows = {2, links, 0};

/* A stage whose first life worked on frame 7 for the second time when it died. */
static struct ivp_child after_a_death(bool guest)
{
	struct ivp_child child = {.role = IVP_CHILD_STAGE,
				  .stage = &stage,
				  .from = &raw,
				  .to = &done,
				  .guest = guest,
				  .pidfd = 0,
				  .exit_line = -1};

	raw_in = (struct ivp_wire_owner){.generation = 1,
					 .state = IVP_STATE_ATTACHED,
					 .position = 7,
					 .attempt_position = 7,
					 .attempt = 2,
					 .heartbeat = 50};
	done_out = (struct ivp_wire_owner){
	    .generation = 1, .state = IVP_STATE_ATTACHED, .position = 6, .heartbeat = 40};
	ivp_lives_begin(&windows, &child);
	return child;
}

static bool is_stalled(struct ivp_child *child, uint64_t now_ns)
{
	uint64_t position = 0;
	bool at_work = false;
	const bool stalled = ivp_lives_stalled(&windows, child, now_ns, &position, &at_work);

	if (stalled) {
		assert_int_equal(position, raw_in.position);
		assert_int_equal(at_work, raw_in.attempt != 0);
	}
	return stalled;
}

/* Looks once a second. Returns after how many it is called stalled; 0: not in 20. */
static unsigned looks(struct ivp_child *child)
{
	child->stall = (struct ivp_stall){0};
	for (unsigned i = 1; i <= 20; i++)
		if (is_stalled(child, i * 1000 * MS))
			return i;
	return 0;
}

static void a_life_has_attached_when_all_its_links_have_new_generations(void **state)
{
	struct ivp_child child = after_a_death(false);

	(void)state;
	assert_false(ivp_lives_attached(&windows, &child));
	raw_in.generation++;
	assert_false(ivp_lives_attached(&windows, &child));
	done_out.generation++;
	assert_true(ivp_lives_attached(&windows, &child));
}

static void the_feeder_has_no_link_to_attach_to_but_its_output(void **state)
{
	struct ivp_child feeder = {.role = IVP_CHILD_FEEDER, .to = &raw};

	(void)state;
	raw_out = (struct ivp_wire_owner){.generation = 4, .position = 9};
	ivp_lives_begin(&windows, &feeder);
	assert_false(ivp_lives_attached(&windows, &feeder));
	raw_out.generation++;
	assert_true(ivp_lives_attached(&windows, &feeder));
	assert_int_equal(ivp_lives_position(&windows, &feeder), 9);
	assert_false(ivp_lives_finished(&windows, &feeder));
	raw_out.state = IVP_STATE_FINISHED;
	assert_true(ivp_lives_finished(&windows, &feeder));
}

static void a_life_that_has_not_got_its_links_is_not_stalled(void **state)
{
	struct ivp_child child = after_a_death(true);

	(void)state;
	assert_int_equal(looks(&child), 0);
	raw_in.generation++;
	assert_int_equal(looks(&child), 0);
	done_out.generation++;
	assert_int_equal(looks(&child), 4);
}

static void a_stage_that_hangs_is_stalled_at_work_and_as_it_waits(void **state)
{
	struct ivp_child child = after_a_death(false);

	(void)state;
	raw_in.generation++;
	done_out.generation++;
	assert_int_equal(looks(&child), 4);
	raw_in.attempt = 0;
	assert_int_equal(looks(&child), 4);
}

static void a_stage_that_beats_or_has_left_is_not_stalled(void **state)
{
	struct ivp_child child = after_a_death(false);

	(void)state;
	raw_in.generation++;
	done_out.generation++;
	for (unsigned i = 1; i <= 20; i++) {
		raw_in.heartbeat++;
		assert_false(is_stalled(&child, i * 2000 * MS));
	}
	raw_in.state = IVP_STATE_FINISHED;
	assert_int_equal(looks(&child), 0);
	raw_in.state = IVP_STATE_FAILED;
	assert_int_equal(looks(&child), 0);
}

static void the_sink_and_who_does_not_run_are_never_stalled(void **state)
{
	struct ivp_child child = after_a_death(false);

	(void)state;
	raw_in.generation++;
	done_out.generation++;
	child.pidfd = -1;
	assert_int_equal(looks(&child), 0);
	child.pidfd = 0;
	child.role = IVP_CHILD_SINK;
	assert_int_equal(looks(&child), 0);
}

static void a_stage_has_finished_when_it_has_left_both_links_in_good_order(void **state)
{
	struct ivp_child child = after_a_death(false);

	(void)state;
	assert_false(ivp_lives_finished(&windows, &child));
	done_out.state = IVP_STATE_FINISHED;
	assert_false(ivp_lives_finished(&windows, &child));
	raw_in.state = IVP_STATE_FAILED;
	assert_false(ivp_lives_finished(&windows, &child));
	raw_in.state = IVP_STATE_FINISHED;
	assert_true(ivp_lives_finished(&windows, &child));
	assert_int_equal(ivp_lives_position(&windows, &child), 7);
}

static void a_guest_whose_last_line_is_lost_tells_its_status_by_its_window(void **state)
{
	struct ivp_child child = after_a_death(true);

	(void)state;
	raw_in.state = IVP_STATE_FAILED;
	raw_in.exit_code = 0x1234b;
	/* That was an earlier life. */
	assert_false(ivp_lives_finished(&windows, &child));
	assert_int_equal(child.exit_line, -1);
	/* One that could not open its output has attached to its input only. */
	raw_in.generation++;
	assert_false(ivp_lives_finished(&windows, &child));
	assert_int_equal(child.exit_line, 0x4b);
	raw_in.exit_code = 70;
	assert_false(ivp_lives_finished(&windows, &child));
	assert_int_equal(child.exit_line, 0x4b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_life_has_attached_when_all_its_links_have_new_generations),
	    cmocka_unit_test(the_feeder_has_no_link_to_attach_to_but_its_output),
	    cmocka_unit_test(a_life_that_has_not_got_its_links_is_not_stalled),
	    cmocka_unit_test(a_stage_that_hangs_is_stalled_at_work_and_as_it_waits),
	    cmocka_unit_test(a_stage_that_beats_or_has_left_is_not_stalled),
	    cmocka_unit_test(the_sink_and_who_does_not_run_are_never_stalled),
	    cmocka_unit_test(a_stage_has_finished_when_it_has_left_both_links_in_good_order),
	    cmocka_unit_test(a_guest_whose_last_line_is_lost_tells_its_status_by_its_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
