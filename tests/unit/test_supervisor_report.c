/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sysexits.h>

#include "supervisor/report.h"

static char folder[256], path[300];

static int set_up(void **state)
{
	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/report.json", folder);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	remove_test_folder(folder);
	return 0;
}

static void write_report(const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static void a_feeder_report_is_read(void **state)
{
	struct ivp_feeder_report report;
	struct ivp_why why = {""};

	(void)state;
	write_report("{\"inputs\": 3, \"injected\": 2, \"rejected\": 1, \"bytes\": 5000000000,"
		     " \"seconds\": 1.5,"
		     " \"rejects\": [{\"file\": \"a.png\", \"reason\": \"cut off\"}]}");
	assert_int_equal(ivp_feeder_report_read(path, &report, &why), 0);
	assert_true(report.read);
	assert_int_equal(report.inputs, 3);
	assert_int_equal(report.injected, 2);
	assert_int_equal(report.rejected, 1);
	assert_int_equal(report.bytes, 5000000000);
	assert_true(report.seconds == 1.5);
	assert_int_equal(report.reject_count, 1);
	assert_string_equal(report.rejects[0].file, "a.png");
	assert_string_equal(report.rejects[0].reason, "cut off");
	ivp_feeder_report_finish(&report);
}

static void a_sink_report_is_read(void **state)
{
	struct ivp_sink_report report;
	struct ivp_why why = {""};

	(void)state;
	write_report(
	    "{\"delivered\": 7, \"dropped\": 0, \"quarantined\": 1, \"missing\": 4, \"bytes\": 9,"
	    " \"seconds\": 2, \"latency_ns\": {\"p50\": 5, \"p99\": 6, \"max\": 7},"
	    " \"stages\": [{\"frames\": 7, \"busy_ns\": 70, \"wait_ns\": 8},"
	    "              {\"frames\": 6, \"busy_ns\": 60, \"wait_ns\": 9}]}");
	assert_int_equal(ivp_sink_report_read(path, &report, &why), 0);
	assert_true(report.read);
	assert_int_equal(report.delivered, 7);
	assert_int_equal(report.quarantined, 1);
	assert_int_equal(report.missing, 4);
	assert_int_equal(report.p50_ns, 5);
	assert_int_equal(report.p99_ns, 6);
	assert_int_equal(report.max_ns, 7);
	assert_int_equal(report.stage_count, 2);
	assert_int_equal(report.stages[1].frames, 6);
	assert_int_equal(report.stages[1].busy_ns, 60);
	assert_int_equal(report.stages[1].wait_ns, 9);
}

static void what_is_wrong_in_a_report_is_named(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
	    {"{\"inputs\": 3", "report.json:1"},
	    {"{\"inputs\": -3}", "\""},
	    {"[]", "missing"},
	    {"{\"delivered\": 1, \"dropped\": 0, \"quarantined\": \"1\", \"missing\": 0, "
	     "\"bytes\": 9,"
	     " \"seconds\": 2, \"latency_ns\": {\"p50\": 5, \"p99\": 6, \"max\": 7},"
	     " \"stages\": []}",
	     "quarantined"},
	    {"{\"delivered\": 1, \"dropped\": 0, \"quarantined\": 1, \"missing\": 4, \"bytes\": 9,"
	     " \"seconds\": 2, \"latency_ns\": {\"p50\": 5, \"p99\": 6, \"max\": 7}}",
	     "stages"},
	};
	struct ivp_feeder_report feeder;
	struct ivp_sink_report sink;
	struct ivp_why why;

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		write_report(cases[i].text);
		assert_int_equal(ivp_sink_report_read(path, &sink, &why), -EBADMSG);
		assert_non_null(strstr(why.text, cases[i].word));
		assert_false(sink.read);
		assert_int_equal(ivp_feeder_report_read(path, &feeder, &why), -EBADMSG);
		assert_false(feeder.read);
		ivp_feeder_report_finish(&feeder);
	}
}

static void a_missing_report_is_told_from_a_wrong_one(void **state)
{
	struct ivp_sink_report sink;
	struct ivp_why why;

	(void)state;
	unlink(path);
	assert_int_equal(ivp_sink_report_read(path, &sink, &why), -ENOENT);
	assert_non_null(strstr(why.text, path));
}

static void the_account_decides_the_exit_status(void **state)
{
	static const struct {
		struct ivp_feeder_report feeder;
		struct ivp_sink_report sink;
		bool closes;
		int status;
	} cases[] = {
	    {{.read = true, .injected = 5}, {.read = true, .delivered = 5}, true, EX_OK},
	    {{.read = true, .injected = 5},
	     {.read = true, .delivered = 3, .dropped = 2},
	     true,
	     EX_OK},
	    {{.read = true, .injected = 5},
	     {.read = true, .delivered = 4, .quarantined = 1},
	     true,
	     EX_DATAERR},
	    {{.read = true, .injected = 5, .rejected = 1},
	     {.read = true, .delivered = 5},
	     true,
	     EX_DATAERR},
	    {{.read = true, .injected = 5},
	     {.read = true, .delivered = 2, .dropped = 1, .missing = 2},
	     true,
	     EX_OK},
	    {{.read = true, .injected = 5, .rejected = 2},
	     {.read = true, .delivered = 4, .missing = 3},
	     true,
	     EX_DATAERR},
	    {{.read = true, .injected = 5},
	     {.read = true, .delivered = 5, .missing = 1},
	     false,
	     EX_SOFTWARE},
	    {{.read = true, .injected = 5},
	     {.read = true, .delivered = 6, .missing = UINT64_MAX},
	     false,
	     EX_SOFTWARE},
	    {{.read = true, .injected = 5}, {.read = true, .delivered = 4}, false, EX_SOFTWARE},
	    {{.read = true, .injected = 5}, {.read = true, .delivered = 6}, false, EX_SOFTWARE},
	    {{.read = true, .injected = 1},
	     {.read = true, .delivered = UINT64_MAX, .dropped = 2},
	     false,
	     EX_SOFTWARE},
	    {{.read = false}, {.read = true}, false, EX_SOFTWARE},
	    {{.read = true}, {.read = false}, false, EX_SOFTWARE},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		assert_int_equal(ivp_account_closes(&cases[i].feeder, &cases[i].sink),
				 cases[i].closes);
		assert_int_equal(ivp_account_status(&cases[i].feeder, &cases[i].sink),
				 cases[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feeder_report_is_read),
	    cmocka_unit_test(a_sink_report_is_read),
	    cmocka_unit_test(what_is_wrong_in_a_report_is_named),
	    cmocka_unit_test(a_missing_report_is_told_from_a_wrong_one),
	    cmocka_unit_test(the_account_decides_the_exit_status),
	};

	return cmocka_run_group_tests(tests, set_up, take_down);
}
