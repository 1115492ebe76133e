/* SPDX-License-Identifier: MIT */
/* What the kernel has is a folder of the test here; see test_hugepages.c for how it is read. */
#include "helpers/test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "supervisor/memory.h"
#include "transport/region.h"
#include "transport/window.h"

static char folder[256], huge[300];
static struct ivp_topology *topology;
static struct ivp_diag diag;

static void put(const char *name, const char *text)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	write_test_file(path, text);
}

/* free huge pages of 2 MiB, mounted at huge. */
static int set_up(void **state)
{
	static const char *const folders[] = {"huge",
					      "proc",
					      "proc/self",
					      "sys",
					      "sys/kernel",
					      "sys/kernel/mm",
					      "sys/kernel/mm/hugepages",
					      "sys/kernel/mm/hugepages/hugepages-2048kB"};
	char path[600], text[600];

	(void)state;
	make_test_folder(folder);
	ivp_hugepages_root = folder;
	for (size_t i = 0; i < count_of(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(huge, sizeof(huge), "%s/huge", folder);
	snprintf(text, sizeof(text), "none %s hugetlbfs rw,pagesize=2M 0 0\n", huge);
	put("proc/self/mounts", text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ivp_topology_destroy(topology);
	topology = NULL;
	ivp_diag_finish(&diag);
	ivp_hugepages_root = "";
	remove_test_folder(folder);
	return 0;
}

static void set_free(const char *pages)
{
	put("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "100\n");
	put("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", pages);
}

/* Two links of 8 MiB, which are 4 pages. */
static int place(const char *a, const char *b)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "name = t\nlink a { slots = 2 frame = \"3MiB\" %s }\n"
		 "link b { slots = 2 frame = \"3MiB\" %s }\nstage s { input = a output = b }\n",
		 a, b);
	ivp_topology_destroy(topology);
	ivp_diag_finish(&diag);
	assert_int_equal(ivp_topology_parse(text, "test.conf", &topology, &diag), 0);
	return ivp_memory_place(topology, &diag);
}

static void assert_says(const char *words)
{
	if (!diag.text || !strstr(diag.text, words))
		fail_msg("'%s' does not say '%s'", diag.text ? diag.text : "", words);
}

static void links_that_ask_for_nothing_get_nothing_special(void **state)
{
	char text[192];

	(void)state;
	set_free("100\n");
	assert_int_equal(place("", ""), 0);
	assert_int_equal(topology->links[0]->memory, IVP_MEMORY_NORMAL);
	assert_string_equal(topology->links[0]->folder, IVP_REGION_FOLDER);
	assert_string_equal(ivp_memory_describe(topology->links[0], text), "");
	assert_int_equal(diag.errors, 0);
}

static void huge_pages_are_counted_over_all_links(void **state)
{
	struct ivp_layout layout;
	char text[192];

	(void)state;
	set_free("8\n");
	assert_int_equal(place("memory = hugetlb", "memory = hugetlb"), 0);
	assert_string_equal(topology->links[1]->folder, huge);
	assert_int_equal(topology->links[1]->page_bytes, 2 << 20);
	assert_non_null(
	    strstr(ivp_memory_describe(topology->links[1], text), "huge pages of 2.0 MiB, at "));
	set_free("7\n");
	assert_int_equal(place("memory = hugetlb", "memory = hugetlb"), -ENOMEM);
	assert_says("the links need 8 huge pages of 2.0 MiB, and 7 are free; reserve more: sysctl "
		    "vm.nr_hugepages=101");
	/* A window that is smaller than a page becomes one. */
	topology->links[0]->slots = 2;
	topology->links[0]->frame_bytes = 64;
	assert_int_equal(ivp_link_layout(topology->links[0], &layout, NULL), 0);
	assert_int_equal(layout.data_object_bytes, 2 << 20);
}

static void the_pages_of_windows_that_will_be_replaced_are_free(void **state)
{
	char path[400];
	FILE *file;

	(void)state;
	set_free("3\n");
	snprintf(path, sizeof(path), "%s/ivpipe.t.a.data", huge);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(posix_fallocate(fileno(file), 0, 8 << 20), 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(place("memory = hugetlb", ""), 0);
}

static void auto_takes_what_is_left_and_does_without_the_rest(void **state)
{
	(void)state;
	set_free("4\n");
	assert_int_equal(place("memory = auto", "memory = hugetlb"), 0);
	assert_int_equal(topology->links[0]->memory, IVP_MEMORY_NORMAL);
	assert_string_equal(topology->links[0]->folder, IVP_REGION_FOLDER);
	assert_int_equal(topology->links[0]->page_bytes, 0);
	assert_string_equal(topology->links[1]->folder, huge);
	set_free("8\n");
	assert_int_equal(place("memory = auto", "memory = hugetlb"), 0);
	assert_int_equal(topology->links[0]->memory, IVP_MEMORY_HUGETLB);
	assert_int_equal(diag.errors + diag.warnings, 0);
}

static void without_what_is_asked_for_there_is_no_other_unless_told_so(void **state)
{
	(void)state;
	set_free("100\n");
	put("proc/self/mounts", "");
	assert_int_equal(place("memory = hugetlb", ""), -ENODEV);
	assert_says("test.conf:2: memory: link a: no file system of huge pages is mounted");
	assert_int_equal(place("memory = thp", ""), -ENODEV);
	assert_says("link a: this kernel has no transparent huge pages");
	assert_int_equal(place("memory = auto", ""), 0);
	assert_int_equal(topology->links[0]->memory, IVP_MEMORY_NORMAL);
}

static void a_node_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	set_free("0\n");
	assert_int_equal(place("numa-node = 1000", ""), -ENODEV);
	assert_says("test.conf:2: numa-node: link a: this machine has no NUMA node 1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(links_that_ask_for_nothing_get_nothing_special, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(huge_pages_are_counted_over_all_links, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(the_pages_of_windows_that_will_be_replaced_are_free,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(auto_takes_what_is_left_and_does_without_the_rest,
					    set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		without_what_is_asked_for_there_is_no_other_unless_told_so, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_node_that_is_not_there_is_an_error, set_up,
					    tear_down),
	};

	return cmocka_run_group_tests_name("supervisor_memory", tests, NULL, NULL);
}
