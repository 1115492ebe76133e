/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sysexits.h>

#include "base/units.h"
#include "supervisor/places.h"
#include "supervisor/plan.h"
#include "supervisor/requirements.h"

static char folder[256], conf[300];

static int set_up(void **state)
{
	FILE *to;

	(void)state;
	make_test_folder(folder);
	snprintf(conf, sizeof(conf), "%s/chain.conf", folder);
	to = fopen(conf, "w");
	assert_non_null(to);
	fprintf(to,
		"link a { frame = \"64KiB\" }\n"
		"link b { frame = \"64KiB\" }\n"
		"feeder { input = { \"%s\" } output = a }\n"
		"stage s { input = a output = b }\n"
		"sink { input = b output = \"%s/out\" }\n",
		folder, folder);
	assert_int_equal(fclose(to), 0);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	remove_test_folder(folder);
	return 0;
}

static void names_that_could_leave_their_folder_are_refused(void **state)
{
	(void)state;
	assert_true(ivp_plan_name_valid("blur-resize-2"));
	assert_true(ivp_plan_name_valid("abcdefghijklmnopqrstuvwxyz-0123"));
	assert_false(ivp_plan_name_valid("abcdefghijklmnopqrstuvwxyz-01234"));
	assert_false(ivp_plan_name_valid(""));
	assert_false(ivp_plan_name_valid("2nd"));
	assert_false(ivp_plan_name_valid("../x"));
	assert_false(ivp_plan_name_valid("a.b"));
	assert_false(ivp_plan_name_valid("A"));
}

static void a_dry_run_warns_where_a_run_fails(void **state)
{
	struct ivp_run_options options = {.file = conf,
					  .qemu = "./no-qemu",
					  .kernel = "./no-kernel",
					  .image = "./no-image",
					  .folder = "R",
					  .accelerator = IVP_ACCELERATOR_TCG};
	struct ivp_diag diag = {0};
	struct ivp_plan plan;

	(void)state;
	assert_int_equal(ivp_plan_make(&plan, &options, &diag), -ENODEV);
	assert_non_null(strstr(diag.text, "no-qemu"));
	assert_non_null(strstr(diag.text, "no-kernel"));
	assert_non_null(strstr(diag.text, "no-image"));
	ivp_plan_finish(&plan);
	ivp_diag_finish(&diag);

	options.dry_run = true;
	assert_int_equal(ivp_plan_make(&plan, &options, &diag), 0);
	assert_int_equal(diag.errors, 0);
	assert_non_null(strstr(diag.text, "warning: "));
	assert_string_equal(plan.qemu, "./no-qemu");
	assert_int_equal(plan.guests, 1);
	assert_false(plan.kvm);
	ivp_plan_finish(&plan);
	ivp_diag_finish(&diag);
}

static void the_command_line_wins_over_the_file(void **state)
{
	const char *inputs[] = {"one", "two"};
	const struct ivp_run_options options = {.file = conf,
						.name = "other",
						.input_count = 2,
						.inputs = inputs,
						.output = "elsewhere",
						.folder = "R",
						.local = true,
						.dry_run = true};
	static const char *const tail[] = {"--config", conf,    "--report", "R/feeder.json",
					   "--name",   "other", "--input",  "one",
					   "--input",  "two"};
	struct ivp_arguments arguments = {0};
	struct ivp_diag diag = {0};
	struct ivp_plan plan;

	(void)state;
	assert_int_equal(ivp_plan_make(&plan, &options, &diag), 0);
	assert_string_equal(plan.topology->name, "other");
	assert_int_equal(plan.topology->feeder.input_count, 2);
	assert_string_equal(plan.topology->feeder.inputs[1], "two");
	assert_string_equal(plan.topology->sink.output, "elsewhere");
	assert_int_equal(plan.guests, 0);
	ivp_plan_feeder(&plan, &arguments);
	assert_int_equal(arguments.count, 1 + count_of(tail));
	for (size_t i = 0; i < count_of(tail); i++)
		assert_string_equal(arguments.words[1 + i], tail[i]);
	ivp_arguments_finish(&arguments);
	ivp_plan_finish(&plan);
	ivp_diag_finish(&diag);
}

static void a_file_that_is_not_there_is_named(void **state)
{
	const struct ivp_run_options options = {.file = "./none.conf"};
	struct ivp_diag diag = {0};
	struct ivp_plan plan;

	(void)state;
	assert_int_equal(ivp_plan_make(&plan, &options, &diag), -ENOENT);
	assert_non_null(strstr(diag.text, "none.conf"));
	ivp_plan_finish(&plan);
	ivp_diag_finish(&diag);
}

static void windows_at_places_of_the_users_are_refused(void **state)
{
	char path[300];
	struct ivp_diag diag = {0};
	struct ivp_plan plan;
	FILE *to;

	(void)state;
	snprintf(path, sizeof(path), "%s/places.conf", folder);
	to = fopen(path, "w");
	assert_non_null(to);
	fprintf(to, "link a { frame = \"64KiB\" data = auto }\n"
		    "link b { frame = \"64KiB\" data = \"shm:mine\" }\n"
		    "feeder { input = { \"x\" } output = a }\n"
		    "stage s { input = a output = b }\n"
		    "sink { input = b output = \"out\" }\n");
	assert_int_equal(fclose(to), 0);

	const struct ivp_run_options options = {.file = path, .dry_run = true};

	assert_int_equal(ivp_plan_make(&plan, &options, &diag), -EINVAL);
	assert_int_equal(diag.errors, 1);
	assert_non_null(strstr(diag.text, "places.conf:2: data: link b"));
	ivp_plan_finish(&plan);
	ivp_diag_finish(&diag);
}

static struct ivp_topology *parse(const char *text)
{
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};

	if (ivp_topology_parse(text, "t.conf", &topology, &diag) != 0)
		fail_msg("%s", diag.text);
	ivp_diag_finish(&diag);
	return topology;
}

static void missing_inputs_and_unwritable_outputs_are_found_before_the_start(void **state)
{
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text),
		 "feeder { output = a input = { \"%s\", \"%s/no.png\", \"%s/*.conf\", "
		 "\"%s/*.png\" } }\n"
		 "sink { input = b output = \"%s/x/y\" }\n",
		 folder, folder, folder, folder, conf);
	topology = parse(text);
	assert_int_not_equal(ivp_require_files(topology, &diag), 0);
	/* The folder that is there has no image in it. */
	assert_int_equal(diag.errors, 4);
	assert_non_null(strstr(diag.text, "no image"));
	assert_non_null(strstr(diag.text, "/no.png"));
	assert_non_null(strstr(diag.text, "/*.png"));
	assert_non_null(strstr(diag.text, "cannot write in"));
	ivp_diag_finish(&diag);
	ivp_topology_destroy(topology);

	snprintf(text, sizeof(text), "sink { input = b output = \"%s/x/\" }\n", folder);
	topology = parse(text);
	assert_int_equal(ivp_require_files(topology, &diag), 0);
	ivp_topology_destroy(topology);

	/* The sink makes the last part of a path only. */
	snprintf(text, sizeof(text), "sink { input = b output = \"%s/x/y\" }\n", folder);
	topology = parse(text);
	assert_int_equal(ivp_exit_code(ivp_require_files(topology, &diag)), EX_CANTCREAT);
	assert_non_null(strstr(diag.text, "/x: No such file or directory"));
	ivp_diag_finish(&diag);
	ivp_topology_destroy(topology);

	snprintf(text, sizeof(text), "sink { input = b output = \"%s/x\" }\n", conf);
	topology = parse(text);
	assert_int_equal(ivp_exit_code(ivp_require_files(topology, &diag)), EX_CANTCREAT);
	assert_non_null(strstr(diag.text, "Not a directory"));
	ivp_diag_finish(&diag);
	ivp_topology_destroy(topology);
}

static void more_memory_than_there_is_is_refused(void **state)
{
	struct ivp_topology *topology = parse("link a { frame = \"1024GiB\" slots = 4 }\n"
					      "link b { frame = \"64KiB\" }\n"
					      "stage s { input = a output = b }\n");
	struct ivp_diag diag = {0};

	(void)state;
	assert_int_equal(ivp_require_memory(topology, &diag), -ENOMEM);
	assert_int_equal(diag.errors, 2);
	assert_non_null(strstr(diag.text, "/dev/shm"));
	assert_non_null(strstr(diag.text, "available"));
	ivp_diag_finish(&diag);
	ivp_topology_destroy(topology);
}

static void a_thing_that_is_named_is_not_looked_for(void **state)
{
	char path[PATH_MAX];
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_places_kernel(conf, path, &why), 0);
	assert_string_equal(path, conf);
	assert_int_equal(setenv("IVPIPE_IMAGE", conf, 1), 0);
	assert_int_equal(ivp_places_image(NULL, path, &why), 0);
	assert_string_equal(path, conf);
	assert_int_equal(setenv("IVPIPE_IMAGE", "./none", 1), 0);
	assert_int_equal(ivp_places_image(NULL, path, &why), -ENOENT);
	assert_non_null(strstr(why.text, "IVPIPE_IMAGE"));
	assert_int_equal(ivp_places_image(folder, path, &why), -EINVAL);
	unsetenv("IVPIPE_IMAGE");
	assert_int_equal(ivp_places_qemu("sh", path, &why), 0);
	assert_string_equal(strrchr(path, '/'), "/sh");
	assert_int_equal(ivp_places_qemu("no-such-qemu", path, &why), -ENOENT);
	assert_non_null(strstr(why.text, "no-such-qemu"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_that_could_leave_their_folder_are_refused),
	    cmocka_unit_test(a_dry_run_warns_where_a_run_fails),
	    cmocka_unit_test(the_command_line_wins_over_the_file),
	    cmocka_unit_test(a_file_that_is_not_there_is_named),
	    cmocka_unit_test(windows_at_places_of_the_users_are_refused),
	    cmocka_unit_test(missing_inputs_and_unwritable_outputs_are_found_before_the_start),
	    cmocka_unit_test(more_memory_than_there_is_is_refused),
	    cmocka_unit_test(a_thing_that_is_named_is_not_looked_for),
	};

	return cmocka_run_group_tests(tests, set_up, take_down);
}
