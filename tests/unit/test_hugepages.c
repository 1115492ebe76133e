/* SPDX-License-Identifier: MIT */
/* /proc and /sys are folders of the test here. */
#include "helpers/test.h"

#include <sys/stat.h>

#include "transport/hugepages.h"

static char folder[256];

static int set_up(void **state)
{
	(void)state;
	make_test_folder(folder);
	ivp_hugepages_root = folder;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ivp_hugepages_root = "";
	remove_test_folder(folder);
	return 0;
}

/* Writes a file of the tree, with the folders above it. */
static void put(const char *path, const char *text)
{
	char full[600];

	assert_true(snprintf(full, sizeof(full), "%s%s", folder, path) < (int)sizeof(full));
	for (char *slash = full + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	write_test_file(full, text);
}

static void put_pool(const char *size, const char *total, const char *unused, const char *promised,
		     const char *more, const char *surplus)
{
	const char *const names[] = {"nr_hugepages", "free_hugepages", "resv_hugepages",
				     "nr_overcommit_hugepages", "surplus_hugepages"};
	const char *const values[] = {total, unused, promised, more, surplus};
	char path[128];

	for (size_t i = 0; i < count_of(names); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%skB/%s", size,
			 names[i]);
		put(path, values[i]);
	}
}

static void what_is_mounted_is_listed_smallest_pages_first(void **state)
{
	struct ivp_hugetlb list[IVP_MOST_HUGETLB];

	(void)state;
	put("/proc/self/mounts", "proc /proc proc rw 0 0\n"
				 "none /dev/huge-1G hugetlbfs rw,relatime,pagesize=1024M 0 0\n"
				 "none /dev/huge\\0402M hugetlbfs rw,pagesize=2M,size=4M 0 0\n"
				 "none /odd hugetlbfs rw 0 0\n");
	put_pool("2048", "10\n", "6\n", "4\n", "3\n", "1\n");
	put_pool("1048576", "1\n", "0\n", "0\n", "0\n", "0\n");
	assert_int_equal(ivp_hugetlb_list(list), 2);
	assert_string_equal(list[0].folder, "/dev/huge 2M");
	assert_int_equal(list[0].page_bytes, 2 << 20);
	assert_int_equal(list[0].total, 12);
	assert_int_equal(list[0].free, 4); /* 6 free, 2 that may be added, 4 promised */
	assert_string_equal(list[1].folder, "/dev/huge-1G");
	assert_int_equal(list[1].page_bytes, 1 << 30);
	assert_int_equal(list[1].free, 0);
	assert_int_equal(ivp_hugetlb_pages(&list[0], 1), 1);
	assert_int_equal(ivp_hugetlb_pages(&list[0], 4 << 20), 2);
	assert_int_equal(ivp_hugetlb_pages(&list[0], (4 << 20) + 1), 3);
}

static void one_is_found_by_its_place_and_the_cure_is_told_else(void **state)
{
	struct ivp_hugetlb at;
	struct ivp_why why;

	(void)state;
	put("/proc/self/mounts", "none /a hugetlbfs rw,pagesize=2M 0 0\n"
				 "none /b hugetlbfs rw,pagesize=1024M 0 0\n");
	assert_int_equal(ivp_hugetlb_find(NULL, &at, &why), 0);
	assert_string_equal(at.folder, "/a");
	assert_int_equal(ivp_hugetlb_find("/b", &at, &why), 0);
	assert_int_equal(at.page_bytes, 1 << 30);
	assert_int_equal(ivp_hugetlb_find("/c", &at, &why), -ENODEV);
	assert_non_null(strstr(why.text, "mount -t hugetlbfs none /c"));
	put("/proc/self/mounts", "");
	assert_int_equal(ivp_hugetlb_find(NULL, &at, &why), -ENODEV);
	assert_non_null(strstr(why.text, "mount -t hugetlbfs none /dev/hugepages"));
}

static void more_mounts_than_are_looked_at_do_no_harm(void **state)
{
	char text[64 * 20] = "";
	struct ivp_hugetlb list[IVP_MOST_HUGETLB];

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "none /%u hugetlbfs rw,pagesize=2M 0 0\n", i);
	put("/proc/self/mounts", text);
	assert_int_equal(ivp_hugetlb_list(list), IVP_MOST_HUGETLB);
}

#define SHM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static void transparent_ones_go_by_the_mount_of_dev_shm(void **state)
{
	static const struct {
		const char *policy, *options, *words; /* NULL: allowed */
	} cases[] = {
	    {"always within_size advise [never] deny force", "rw,huge=advise", NULL},
	    {"always within_size advise [never] deny force", "rw,huge=always,inode64", NULL},
	    {"always within_size [advise] never deny force", "rw,relatime",
	     "mount -o remount,huge=advise /dev/shm"},
	    {"always within_size [advise] never deny force", "rw,huge=never",
	     "mount -o remount,huge=advise /dev/shm"},
	    {"always within_size advise never [deny] force", "rw,huge=always", "echo advise >"},
	    {"always within_size advise never deny [force]", "rw", NULL},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		struct ivp_why why = {""};
		char text[256];

		put(SHM_ENABLED, cases[i].policy);
		snprintf(text, sizeof(text),
			 "tmpfs /dev/shm tmpfs rw,huge=always 0 0\ntmpfs /dev/shm tmpfs %s 0 0\n",
			 cases[i].options);
		put("/proc/self/mounts", text);
		assert_int_equal(ivp_thp_allowed(&why), cases[i].words ? -ENODEV : 0);
		if (cases[i].words)
			assert_non_null(strstr(why.text, cases[i].words));
	}
}

static void a_kernel_without_any_is_told_so(void **state)
{
	struct ivp_hugetlb list[IVP_MOST_HUGETLB];
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_hugetlb_list(list), 0);
	assert_int_equal(ivp_thp_allowed(&why), -ENODEV);
	assert_non_null(strstr(why.text, "this kernel has no transparent huge pages"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_mounted_is_listed_smallest_pages_first, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(one_is_found_by_its_place_and_the_cure_is_told_else,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(more_mounts_than_are_looked_at_do_no_harm, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(transparent_ones_go_by_the_mount_of_dev_shm, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(a_kernel_without_any_is_told_so, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("hugepages", tests, NULL, NULL);
}
