/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

#include <jansson.h>

#include "supervisor/stats.h"

#define SECOND 1000000000ull
#define HERE   77 /* the kernel that we run on */

struct fixture {
	struct test_link link;
	struct ivp_stats_side side;
	struct ivp_wire_owner *owner;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ivp_geometry geometry = link_geometry(4, 1000);

	assert_non_null(f);
	make_link(&f->link, &geometry);
	f->owner = owner_in(f->link.data.base);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	destroy_link(&f->link);
	free(f);
	return 0;
}

static enum ivp_stats_state look(struct fixture *f, bool held, uint64_t now_ns)
{
	union ivp_stats_page page;

	memcpy(page.bytes, f->link.data.base, sizeof(page.bytes));
	ivp_stats_take(&f->side, &page, f->link.data.bytes, IVP_WINDOW_DATA, held, HERE, now_ns);
	return f->side.state;
}

static void a_side_is_absent_finished_or_failed_by_its_own_word(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(look(f, false, SECOND), IVP_SIDE_ABSENT);
	f->owner->generation = 1;
	f->owner->state = IVP_STATE_FINISHED;
	assert_int_equal(look(f, false, SECOND), IVP_SIDE_FINISHED);
	f->owner->state = IVP_STATE_FAILED;
	assert_int_equal(look(f, false, SECOND), IVP_SIDE_FAILED);
}

static void whoever_is_attached_lives_if_his_heart_beats(void **state)
{
	struct fixture *f = *state;

	f->owner->generation = 1;
	f->owner->state = IVP_STATE_ATTACHED;
	f->owner->kernel_id = HERE;
	assert_int_equal(look(f, true, 10 * SECOND), IVP_SIDE_SILENT);
	f->owner->heartbeat++;
	assert_int_equal(look(f, true, 11 * SECOND), IVP_SIDE_ALIVE);
	assert_int_equal(look(f, true, 11 * SECOND + SECOND / 2), IVP_SIDE_SILENT);
	assert_int_equal(look(f, true, 12 * SECOND), IVP_SIDE_STALLED);
	assert_true(f->side.silent_ns == SECOND);
	f->owner->generation++;
	assert_int_equal(look(f, true, 13 * SECOND), IVP_SIDE_ALIVE);
	assert_int_equal(look(f, false, 13 * SECOND), IVP_SIDE_DEAD);
	/* Who knows what runs in another kernel? */
	f->owner->kernel_id = HERE + 1;
	assert_int_equal(look(f, false, 14 * SECOND), IVP_SIDE_STALLED);
}

static void frames_a_second_are_those_between_two_looks(void **state)
{
	struct fixture *f = *state;

	f->owner->frames = 100;
	look(f, true, SECOND);
	assert_true(f->side.rate < 0);
	f->owner->frames = 150;
	look(f, true, 3 * SECOND);
	assert_true(f->side.rate == 25);
	f->owner->frames = 0; /* a peer may say what it likes */
	look(f, true, 4 * SECOND);
	assert_true(f->side.rate < 0);
}

static void a_window_that_cannot_be_is_unreadable_and_says_why(void **state)
{
	struct fixture *f = *state;
	struct ivp_wire_header *header = f->link.data.base;

	header->slots = 3;
	assert_int_equal(look(f, true, SECOND), IVP_SIDE_UNREADABLE);
	assert_non_null(strstr(f->side.trouble, "slots"));
	header->slots = 4;
	header->kind = IVP_WINDOW_CREDIT;
	assert_int_equal(look(f, true, SECOND), IVP_SIDE_UNREADABLE);
	assert_non_null(strstr(f->side.trouble, "belongs there"));
	header->kind = IVP_WINDOW_DATA;
	assert_int_equal(look(f, true, SECOND), IVP_SIDE_ABSENT);
	assert_string_equal(f->side.trouble, "");
	ivp_window_refuse(f->link.data.base, IVP_REFUSED_VERSION, 0, "too old");
	look(f, true, SECOND);
	assert_non_null(strstr(f->side.trouble, "too old"));
}

static void the_json_has_what_the_windows_say(void **state)
{
	struct fixture *f = *state;
	struct ivp_stats_link link = {.name = "raw", .consumer_count = 1};
	struct ivp_stats stats = {.pipeline = "p", .link_count = 1, .links = &link};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	f->owner->policy_dropped = UINT64_MAX;
	f->owner->position = 3;
	look(f, true, SECOND);
	link.producer = f->side;
	snprintf(link.consumers[0].trouble, sizeof(link.consumers[0].trouble), "gone");
	assert_int_equal(ivp_stats_print_json(&stats, true, to), 0);
	ivp_stats_print(&stats, to);
	assert_int_equal(fclose(to), 0);
	*strchr(text, '\n') = '\0';
	json_t *root = json_loads(text, 0, NULL), *sides;

	assert_non_null(root);
	sides = json_object_get(json_array_get(json_object_get(root, "links"), 0), "sides");
	assert_int_equal(json_array_size(sides), 2);
	assert_true(json_integer_value(
			json_object_get(json_array_get(sides, 0), "policy_dropped")) == INT64_MAX);
	assert_string_equal(json_string_value(json_object_get(json_array_get(sides, 1), "state")),
			    "unreadable");
	assert_string_equal(json_string_value(json_object_get(json_array_get(sides, 1), "trouble")),
			    "gone");
	json_decref(root);
	free(text);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    test(a_side_is_absent_finished_or_failed_by_its_own_word),
	    test(whoever_is_attached_lives_if_his_heart_beats),
	    test(frames_a_second_are_those_between_two_looks),
	    test(a_window_that_cannot_be_is_unreadable_and_says_why),
	    test(the_json_has_what_the_windows_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
