/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <jansson.h>

#include "host/account.h"

static char folder[256], path[300];

static int begin_folder(void **state)
{
	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/report.json", folder);
	return 0;
}

static int end_folder(void **state)
{
	(void)state;
	remove_test_folder(folder);
	return 0;
}

static json_t *read_report(void)
{
	json_error_t error;
	json_t *report = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (!report)
		fail_msg("%s", error.text);
	return report;
}

static json_int_t number(const json_t *report, const char *key)
{
	const json_t *value = json_object_get(report, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void a_feeder_tells_what_it_left_out_and_why(void **state)
{
	char *paths[] = {"a.png", "b\377.png", "c.png"};
	const struct ivp_inputs inputs = {paths, 3};
	struct ivp_feeder_reject rejects[] = {{1, "damaged"}, {2, "too \"large\""}};
	const struct ivp_feeder_account account = {.injected = 1,
						   .bytes = 640,
						   .elapsed_ns = 1500000000,
						   .reject_count = 2,
						   .rejects = rejects};
	const json_t *list;
	json_t *report;

	(void)state;
	assert_int_equal(ivp_account_write_feeder(path, &inputs, &account, NULL), 0);
	report = read_report();
	assert_int_equal(number(report, "inputs"), 3);
	assert_int_equal(number(report, "injected"), 1);
	assert_int_equal(number(report, "rejected"), 2);
	assert_int_equal(number(report, "bytes"), 640);
	assert_true(json_real_value(json_object_get(report, "seconds")) == 1.5);
	list = json_object_get(report, "rejects");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "file")),
			    "b?.png");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "reason")),
			    "too \"large\"");
	json_decref(report);
}

static void a_sink_tells_counts_latencies_and_stages(void **state)
{
	static struct ivp_sink_account account = {
	    .tally = {.delivered = 3,
		      .dropped = 2,
		      .quarantined = 1,
		      .bytes = 99,
		      .elapsed_ns = 250000000,
		      .ended = true,
		      .stage_count = 2,
		      .stages = {{3, 300, 30}, {2, UINT64_MAX, 20}}},
	};
	const json_t *latency, *stages;
	json_t *report;

	(void)state;
	for (uint64_t ns = 1; ns <= 100; ns++)
		ivp_latency_add(&account.latency, ns);
	assert_int_equal(ivp_account_write_sink(path, &account, NULL), 0);
	report = read_report();
	assert_int_equal(number(report, "delivered"), 3);
	assert_int_equal(number(report, "dropped"), 2);
	assert_int_equal(number(report, "quarantined"), 1);
	assert_int_equal(number(report, "bytes"), 99);
	assert_true(json_real_value(json_object_get(report, "seconds")) == 0.25);
	assert_true(json_is_true(json_object_get(report, "ended")));
	latency = json_object_get(report, "latency_ns");
	assert_int_equal(number(latency, "p50"), 50);
	assert_int_equal(number(latency, "p99"), 99);
	assert_int_equal(number(latency, "max"), 100);
	stages = json_object_get(report, "stages");
	assert_int_equal(json_array_size(stages), 2);
	assert_int_equal(number(json_array_get(stages, 0), "busy_ns"), 300);
	assert_int_equal(number(json_array_get(stages, 0), "wait_ns"), 30);
	assert_int_equal(number(json_array_get(stages, 1), "frames"), 2);
	assert_int_equal(number(json_array_get(stages, 1), "busy_ns"), INT64_MAX);
	json_decref(report);
}

static void a_report_that_cannot_be_written_is_an_error_with_its_name(void **state)
{
	static const struct ivp_sink_account account;
	struct ivp_why why;

	(void)state;
	snprintf(path, sizeof(path), "%s/missing/report.json", folder);
	assert_int_equal(ivp_account_write_sink(path, &account, &why), -ENOENT);
	assert_non_null(strstr(why.text, path));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin_folder, end_folder)
	const struct CMUnitTest tests[] = {
	    test(a_feeder_tells_what_it_left_out_and_why),
	    test(a_sink_tells_counts_latencies_and_stages),
	    test(a_report_that_cannot_be_written_is_an_error_with_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
