/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/child.h"

static struct ivp_child new_child(const char *script)
{
	struct ivp_child child = {.name = "test", .pidfd = -1, .output = -1};

	ivp_arguments_add(&child.arguments, "/bin/sh");
	ivp_arguments_add(&child.arguments, "-c");
	ivp_arguments_add(&child.arguments, "%s", script);
	return child;
}

static void start(struct ivp_child *child)
{
	const struct ivp_child_files files = {.input = -1, .output = -1};
	struct ivp_why why = {""};

	assert_int_equal(ivp_child_start(child, &files, &why), 0);
}

static void join(void *context, const char *line)
{
	char *all = context;
	const size_t used = strlen(all);

	snprintf(all + used, 256 - used, "%s|", line);
}

/* Follows the child to its end and collects what it prints. */
static void follow(struct ivp_child *child, char *all)
{
	struct pollfd polled[2] = {{.fd = child->output, .events = POLLIN},
				   {.fd = child->pidfd, .events = POLLIN}};

	while (!child->ended) {
		assert_true(poll(polled, 2, -1) > 0);
		if (polled[0].revents &&
		    ivp_console_read(&child->console, child->output, join, all) <= 0)
			polled[0].fd = -1;
		if (polled[1].revents)
			ivp_child_reap(child);
	}
	if (polled[0].fd >= 0)
		ivp_console_read(&child->console, child->output, join, all);
}

static void exit_status_and_output_arrive(void **state)
{
	struct ivp_child child = new_child("echo out; echo err >&2; exit 3");
	char all[256] = "", text[160];

	(void)state;
	start(&child);
	follow(&child, all);
	assert_string_equal(all, "out|err|");
	assert_int_equal(child.wait_code, CLD_EXITED);
	assert_int_equal(child.wait_status, 3);
	assert_false(ivp_child_succeeded(&child));
	assert_string_equal(ivp_child_describe_end(&child, text), "ended with exit status 3");
	ivp_child_finish(&child);
}

static void rejected_inputs_are_no_failure_of_a_child(void **state)
{
	struct ivp_child child = new_child("exit 65");
	char all[256] = "";

	(void)state;
	start(&child);
	follow(&child, all);
	assert_true(ivp_child_succeeded(&child));
	ivp_child_finish(&child);
}

static void a_signal_is_told_from_an_exit_status(void **state)
{
	struct ivp_child child = new_child("kill -KILL $$");
	char all[256] = "", text[160];

	(void)state;
	start(&child);
	follow(&child, all);
	assert_false(ivp_child_succeeded(&child));
	assert_non_null(strstr(ivp_child_describe_end(&child, text), "killed by signal 9"));
	ivp_child_finish(&child);
}

static void a_guest_succeeds_by_what_its_stage_says(void **state)
{
	struct ivp_child child = new_child("exit 0");
	char all[256] = "", text[160];

	(void)state;
	child.guest = true;
	start(&child);
	follow(&child, all);
	assert_false(ivp_child_succeeded(&child));
	assert_string_equal(ivp_child_describe_end(&child, text), "the guest crashed or was reset");
	child.exit_line = 0;
	assert_true(ivp_child_succeeded(&child));
	child.exit_line = 76;
	assert_false(ivp_child_succeeded(&child));
	assert_string_equal(ivp_child_describe_end(&child, text),
			    "its stage ended with exit status 76");
	ivp_child_finish(&child);
}

static void a_program_that_is_not_there_is_named(void **state)
{
	const struct ivp_child_files files = {.input = -1, .output = -1};
	struct ivp_child child = {.name = "test", .pidfd = -1, .output = -1};
	struct ivp_why why = {""};

	(void)state;
	ivp_arguments_add(&child.arguments, "./no-such-program");
	assert_int_equal(ivp_child_start(&child, &files, &why), -ENOENT);
	assert_non_null(strstr(why.text, "no-such-program"));
	assert_int_equal(child.pid, 0);
	assert_int_equal(child.pidfd, -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	ivp_child_finish(&child);
}

static void a_child_is_in_a_process_group_of_its_own(void **state)
{
	struct ivp_child child = new_child("read x");
	const struct ivp_child_files files = {.input = -1, .output = -1};
	int ends[2];
	struct ivp_child_files piped = files;
	struct ivp_why why;
	char all[256] = "";

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	piped.input = ends[0];
	assert_int_equal(ivp_child_start(&child, &piped, &why), 0);
	assert_int_equal(getpgid(child.pid), child.pid);
	assert_false(ivp_child_reap(&child));
	close(ends[1]);
	follow(&child, all);
	close(ends[0]);
	ivp_child_finish(&child);
}

static void only_descriptors_that_are_kept_are_inherited(void **state)
{
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct ivp_child_files files = {
	    .input = -1, .output = -1, .kept = &kept, .kept_count = 1};
	struct ivp_why why;
	char script[128], all[256] = "";

	(void)state;
	snprintf(script, sizeof(script), "[ -e /proc/self/fd/%d ] && [ ! -e /proc/self/fd/%d ]",
		 kept, other);
	struct ivp_child child = new_child(script);

	assert_int_equal(ivp_child_start(&child, &files, &why), 0);
	follow(&child, all);
	assert_int_equal(child.wait_status, 0);
	ivp_child_finish(&child);
	close(kept);
	close(other);
}

static void finish_ends_one_that_still_runs(void **state)
{
	struct ivp_child child = new_child("trap '' TERM; while :; do sleep 1; done");
	pid_t pid;

	(void)state;
	start(&child);
	pid = child.pid;
	ivp_child_finish(&child);
	/* It was collected: nobody has this number as his child. */
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exit_status_and_output_arrive),
	    cmocka_unit_test(rejected_inputs_are_no_failure_of_a_child),
	    cmocka_unit_test(a_signal_is_told_from_an_exit_status),
	    cmocka_unit_test(a_guest_succeeds_by_what_its_stage_says),
	    cmocka_unit_test(a_program_that_is_not_there_is_named),
	    cmocka_unit_test(a_child_is_in_a_process_group_of_its_own),
	    cmocka_unit_test(only_descriptors_that_are_kept_are_inherited),
	    cmocka_unit_test(finish_ends_one_that_still_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
