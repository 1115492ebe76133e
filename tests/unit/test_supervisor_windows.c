/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sys/stat.h>

#include "supervisor/windows.h"

/* Two links, one of each isolation, of a pipeline that no other process has the name of. */
static struct ivp_topology *make_topology(void)
{
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};
	char text[1024];

	snprintf(text, sizeof(text),
		 "name = \"t%d\"\n"
		 "link a { frame = \"64KiB\" mode = \"0640\" }\n"
		 "link b { frame = \"64KiB\" isolation = shared }\n"
		 "stage s { input = a output = b }\n",
		 (int)getpid());
	if (ivp_topology_parse(text, "test.conf", &topology, &diag) != 0)
		fail_msg("%s", diag.text);
	ivp_diag_finish(&diag);
	ivp_windows_identify(topology);
	return topology;
}

static char *path_of(const struct ivp_topology *topology, const char *rest, char path[128])
{
	snprintf(path, 128, "/dev/shm/ivpipe.%s.%s", topology->name, rest);
	return path;
}

static void windows_are_formatted_and_go_away(void **state)
{
	struct ivp_topology *topology = make_topology();
	struct ivp_windows windows;
	struct ivp_wire_header header;
	struct ivp_why why = {""};
	struct stat info;
	uint64_t bytes;
	char path[128];

	(void)state;
	assert_int_equal(ivp_windows_create(&windows, topology, false, &why), 0);
	assert_int_equal(windows.count, 2);
	assert_int_equal(windows.replaced, 0);

	struct ivp_link_windows *a = ivp_windows_find(&windows, topology->links[0]);
	struct ivp_link_windows *b = ivp_windows_find(&windows, topology->links[1]);

	assert_int_equal(stat(path_of(topology, "a.data", path), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	bytes = (uint64_t)info.st_size;
	assert_int_equal(stat(path_of(topology, "a.credit0", path), &info), 0);
	bytes += (uint64_t)info.st_size;
	assert_int_equal(stat(path_of(topology, "b.data", path), &info), 0);
	bytes += (uint64_t)info.st_size;
	assert_int_equal(stat(path_of(topology, "b.credit0", path), &info), -1);

	uint64_t expected;

	assert_int_equal(ivp_windows_bytes(topology, &expected, &why), 0);
	assert_int_equal(bytes, expected);

	assert_int_equal(ivp_window_inspect(a->data.base, a->data.bytes, &header, &why), 0);
	assert_int_equal(header.kind, IVP_WINDOW_DATA);
	assert_string_equal(header.link_name, "a");
	assert_string_equal(header.pipeline_name, topology->name);
	assert_memory_equal(header.uuid, topology->links[0]->uuid, 16);
	const uint64_t epoch = header.epoch;

	assert_int_equal(ivp_window_inspect(a->credit.base, a->credit.bytes, &header, &why), 0);
	assert_int_equal(header.kind, IVP_WINDOW_CREDIT);
	assert_int_equal(header.epoch, epoch);
	assert_int_equal(ivp_window_inspect(b->data.base, b->data.bytes, &header, &why), 0);
	assert_int_equal(header.isolation, IVP_ISOLATION_SHARED);
	assert_int_equal(header.epoch, epoch);
	/* The owners' words are where the peers will write them. */
	assert_ptr_equal(b->consumer,
			 b->data.base + b->layout.credit_offset + IVP_WIRE_OWNER_OFFSET);
	assert_ptr_equal(b->producer, b->data.base + IVP_WIRE_OWNER_OFFSET);

	assert_int_equal(ivp_windows_destroy(&windows, &why), 0);
	assert_int_equal(stat(path_of(topology, "a.data", path), &info), -1);
	assert_int_equal(stat(path_of(topology, "a.credit0", path), &info), -1);
	assert_int_equal(stat(path_of(topology, "b.data", path), &info), -1);
	ivp_topology_destroy(topology);
}

static void windows_that_nobody_holds_give_way(void **state)
{
	struct ivp_topology *topology = make_topology();
	struct ivp_windows windows;
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_windows_create(&windows, topology, false, &why), 0);
	ivp_windows_close(&windows);
	assert_int_equal(ivp_windows_create(&windows, topology, false, &why), -EEXIST);
	assert_non_null(strstr(why.text, "a.data"));
	assert_int_equal(ivp_windows_create(&windows, topology, true, &why), 0);
	assert_int_equal(windows.replaced, 3);
	assert_int_equal(ivp_windows_destroy(&windows, &why), 0);
	ivp_topology_destroy(topology);
}

static void windows_that_somebody_holds_stay(void **state)
{
	struct ivp_topology *topology = make_topology();
	struct ivp_windows first, second;
	struct ivp_region held;
	struct ivp_why why = {""};
	char path[128];

	(void)state;
	assert_int_equal(ivp_windows_create(&first, topology, false, &why), 0);
	assert_int_equal(ivp_region_open(path_of(topology, "b.data", path), false, &held, &why), 0);
	ivp_windows_close(&first);

	/* a could be replaced, b cannot: nothing is left of the attempt, and b is as it was. */
	assert_int_equal(ivp_windows_create(&second, topology, true, &why), -EBUSY);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(path_of(topology, "a.data", path), F_OK), -1);

	ivp_region_close(&held);
	assert_int_equal(ivp_region_destroy(path_of(topology, "b.data", path), &why), 0);
	ivp_topology_destroy(topology);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(windows_are_formatted_and_go_away),
	    cmocka_unit_test(windows_that_nobody_holds_give_way),
	    cmocka_unit_test(windows_that_somebody_holds_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
