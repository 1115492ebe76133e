/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "stage/workers.h"
#include "transport/fault.h"

#define BYTES 16384

static char folder[256], path[300];

static int make_file(void **state)
{
	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/region", folder);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	remove_test_folder(folder);
	return 0;
}

/* Runs touch in a child whose standard error is text. Returns how it ended. */
static int run(void (*touch)(void), char *text, size_t bytes)
{
	const struct rlimit no_core = {0, 0};
	int ends[2], status;
	ssize_t count;
	size_t used = 0;

	assert_int_equal(pipe(ends), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setrlimit(RLIMIT_CORE, &no_core) == 0 && dup2(ends[1], STDERR_FILENO) >= 0 &&
		    ivp_fault_catch("test") == 0)
			touch();
		_exit(1);
	}
	close(ends[1]);
	while ((count = read(ends[0], text + used, bytes - 1 - used)) > 0)
		used += (size_t)count;
	text[used] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void touch_cut_region(void)
{
	struct ivp_region region;

	if (ivp_region_create(path, BYTES, 0600, NULL, &region, NULL) == 0 &&
	    truncate(path, 4096) == 0) {
		*(volatile uint8_t *)region.base = 1; /* this page is still there */
		*(volatile uint8_t *)(region.base + 4096) = 1;
	}
}

/* Part 1 is a worker's. */
static void touch_as_worker(void *context, unsigned part)
{
	(void)context;
	if (part == 1)
		touch_cut_region();
}

static void let_a_worker_touch(void)
{
	struct ivp_workers workers;

	if (ivp_workers_init(&workers, 2) == 0)
		ivp_workers_run(&workers, touch_as_worker, NULL);
}

static void touch_what_is_no_region(void)
{
	struct ivp_region region;
	volatile uint8_t *base;
	int fd;

	/* One that was a region, but is not any more. */
	if (ivp_region_create(path, BYTES, 0600, NULL, &region, NULL) != 0)
		return;
	ivp_region_close(&region);
	fd = open(path, O_RDWR);
	base = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base != MAP_FAILED && ftruncate(fd, 0) == 0)
		*base = 1;
}

static void assert_names_the_region(void (*touch)(void))
{
	char text[1024];
	const int status = run(touch, text, sizeof(text));

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_PROTOCOL);
	assert_ptr_equal(strstr(text, "test: "), text);
	assert_non_null(strstr(text, path));
	assert_non_null(strstr(text, "cut short"));
}

static void a_region_cut_short_is_named_and_ends_the_program(void **state)
{
	(void)state;
	assert_names_the_region(touch_cut_region);
}

static void it_is_named_too_if_a_worker_meets_the_end(void **state)
{
	(void)state;
	assert_names_the_region(let_a_worker_touch);
}

static void other_faults_end_the_program_as_ever(void **state)
{
	char text[8192];
	const int status = run(touch_what_is_no_region, text, sizeof(text));

	(void)state;
	assert_null(strstr(text, "cut short"));
	/* A sanitizer's own handler may come first. */
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGBUS : WEXITSTATUS(status) != 1);
}

static void regions_beyond_the_table_still_work(void **state)
{
	static struct ivp_region regions[300];

	(void)state;
	assert_int_equal(ivp_region_create(path, 4096, 0600, NULL, &regions[0], NULL), 0);
	for (size_t i = 1; i < count_of(regions); i++)
		assert_int_equal(ivp_region_open(path, true, &regions[i], NULL), 0);
	for (size_t i = 0; i < count_of(regions); i++)
		ivp_region_close(&regions[i]);
	unlink(path);
	/* All places are free again. */
	a_region_cut_short_is_named_and_ends_the_program(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_region_cut_short_is_named_and_ends_the_program,
					    make_file, remove_file),
	    cmocka_unit_test_setup_teardown(it_is_named_too_if_a_worker_meets_the_end, make_file,
					    remove_file),
	    cmocka_unit_test_setup_teardown(other_faults_end_the_program_as_ever, make_file,
					    remove_file),
	    cmocka_unit_test_setup_teardown(regions_beyond_the_table_still_work, make_file,
					    remove_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
