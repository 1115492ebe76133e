/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "transport/region.h"

#define PAGES 2048u
#define BYTES (PAGES * 4096u)

static char folder[256], path[300];
static struct ivp_region region;

static int set_up(void **state)
{
	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/region", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ivp_region_close(&region);
	remove_test_folder(folder);
	return 0;
}

static void create(const struct ivp_memory_use *use)
{
	struct ivp_why why = {""};

	if (ivp_region_create_as(path, BYTES, 0600, NULL, use, &region, &why) != 0)
		fail_msg("%s", why.text);
}

static long faults(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_minflt;
}

/* How often the first touch of all pages faults. Those that the sanitizer touches do not count. */
__attribute__((no_sanitize("address"))) static long faults_of_a_walk(const struct ivp_region *over)
{
	const long before = faults();
	unsigned sum = 0;

	for (size_t i = 0; i < BYTES; i += 4096)
		sum += ((volatile uint8_t *)over->base)[i];
	assert_int_equal(sum, 0);
	return faults() - before;
}

static void a_mapping_is_there_at_once_unless_it_is_lazy(void **state)
{
	const struct ivp_memory_use now = {0}, later = {.lazy = true};
	struct ivp_region again;

	(void)state;
	create(&now);
	assert_true(faults_of_a_walk(&region) < PAGES / 64);
	for (int writable = 0; writable < 2; writable++) {
		assert_int_equal(ivp_region_open_as(path, writable, &now, &again, NULL), 0);
		assert_true(faults_of_a_walk(&again) < PAGES / 64);
		ivp_region_close(&again);
		/* The kernel maps 16 at a fault, where it finds them. */
		assert_int_equal(ivp_region_open_as(path, writable, &later, &again, NULL), 0);
		assert_true(faults_of_a_walk(&again) >= PAGES / 64);
		ivp_region_close(&again);
	}
}

/* KiB that are locked in this process. */
static unsigned long locked(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long kib = ~0ul;
	char line[256];

	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	fclose(status);
	return kib;
}

static void a_locked_region_stays_in_memory_until_it_is_closed(void **state)
{
	const struct ivp_memory_use lock = {.lock = true};
	const unsigned long before = locked();
	struct ivp_region again;
	uint64_t most;

	(void)state;
	if (!ivp_memory_may_lock(2ull * BYTES, &most))
		skip();
	create(&lock);
#ifndef __SANITIZE_ADDRESS__ /* which makes mlock(2) do nothing */
	assert_int_equal(locked() - before, BYTES / 1024);
#endif
	assert_int_equal(ivp_region_open_as(path, false, &lock, &again, NULL), 0);
	ivp_region_close(&again);
	ivp_region_close(&region);
	assert_int_equal(locked(), before);
}

/* As a user who may lock nothing. */
static int lock_as_nobody(void)
{
	const struct rlimit none = {0, 0};
	const struct ivp_memory_use use = {.lock = true};
	struct ivp_why why = {""};
	uint64_t most;
	void *base = mmap(NULL, BYTES, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || setrlimit(RLIMIT_MEMLOCK, &none) < 0 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0))
		return 2;
	if (ivp_memory_may_lock(1, &most) || most != 0)
		return 3;
	if (ivp_memory_settle(base, BYTES, &use, &why) >= 0)
		return 4;
	return strstr(why.text, "this user may lock 0 B in all; raise that (ulimit -l") ? 0 : 5;
}

static void who_may_not_lock_is_told_how_much_and_the_cure(void **state)
{
	int status;
	pid_t child;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(lock_as_nobody());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void pages_come_from_the_node_that_is_named(void **state)
{
	struct ivp_memory_use use = {.bind = true};
	struct ivp_why why = {""};

	(void)state;
	/* The first node of a machine has number 0, but need not have memory. */
	if (!ivp_memory_has_node(0))
		skip();
	create(&use);
	assert_int_equal(region.bytes, BYTES);
	ivp_region_close(&region);
	assert_int_equal(unlink(path), 0);
	assert_false(ivp_memory_has_node(1000));
	use.node = 1000;
	assert_int_equal(ivp_region_create_as(path, BYTES, 0600, NULL, &use, &region, &why),
			 -EINVAL);
	assert_non_null(strstr(why.text, "no memory on NUMA node 1000"));
	assert_int_equal(access(path, F_OK), -1);
	use.node = 1u << 31;
	assert_int_equal(ivp_region_create_as(path, BYTES, 0600, NULL, &use, &region, &why),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_mapping_is_there_at_once_unless_it_is_lazy, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(a_locked_region_stays_in_memory_until_it_is_closed,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(who_may_not_lock_is_told_how_much_and_the_cure, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(pages_come_from_the_node_that_is_named, set_up,
					    tear_down),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
