/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "supervisor/qemu.h"

static struct ivp_topology *parse(const char *text)
{
	struct ivp_topology *topology;
	struct ivp_diag diag = {0};

	if (ivp_topology_parse(text, "test.conf", &topology, &diag) != 0)
		fail_msg("%s", diag.text);
	ivp_diag_finish(&diag);
	return topology;
}

static bool has(const struct ivp_arguments *arguments, const char *option, const char *value)
{
	for (unsigned i = 0; i + 1 < arguments->count; i++)
		if (strcmp(arguments->words[i], option) == 0 &&
		    strcmp(arguments->words[i + 1], value) == 0)
			return true;
	return false;
}

static void each_window_is_writable_for_its_writer_alone(void **state)
{
	struct ivp_topology *topology = parse("name = \"t\"\n"
					      "link in { frame = \"64KiB\" }\n"
					      "link out { frame = \"64KiB\" }\n"
					      "stage s { input = in output = out }\n");
	static const struct {
		const char *label, *path;
		bool writable;
	} expected[] = {
	    {"in.data", "/dev/shm/ivpipe.t.in.data", false},
	    {"in.credit0", "/dev/shm/ivpipe.t.in.credit0", true},
	    {"out.data", "/dev/shm/ivpipe.t.out.data", true},
	    {"out.credit0", "/dev/shm/ivpipe.t.out.credit0", false},
	};
	struct ivp_guest_window windows[IVP_GUEST_WINDOWS];
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_guest_windows(topology, topology->stages[0], windows, &why), 4);
	for (size_t i = 0; i < count_of(expected); i++) {
		assert_string_equal(windows[i].label, expected[i].label);
		assert_string_equal(windows[i].path, expected[i].path);
		assert_int_equal(windows[i].writable, expected[i].writable);
		assert_int_equal(windows[i].pci_device, 0x10 + i);
		assert_int_equal(windows[i].bytes & (windows[i].bytes - 1), 0);
		assert_int_equal(windows[i].lock_at, 0);
	}
	ivp_topology_destroy(topology);
}

static void a_shared_link_is_one_device(void **state)
{
	struct ivp_topology *topology = parse("name = \"t\"\n"
					      "link in { frame = \"64KiB\" isolation = shared }\n"
					      "link out { frame = \"64KiB\" isolation = shared }\n"
					      "stage s { input = in output = out }\n");
	struct ivp_guest_window windows[IVP_GUEST_WINDOWS];
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_guest_windows(topology, topology->stages[0], windows, &why), 2);
	assert_string_equal(windows[0].label, "in.data");
	assert_true(windows[0].writable);
	assert_true(windows[0].lock_at > 0); /* the credit window, which a consumer writes */
	assert_string_equal(windows[1].label, "out.data");
	assert_true(windows[1].writable);
	assert_int_equal(windows[1].lock_at, 0);
	ivp_topology_destroy(topology);
}

static void a_guest_has_a_processor_more_than_it_uses(void **state)
{
	struct ivp_topology *topology =
	    parse("name = \"t\"\n"
		  "link in { frame = \"64KiB\" }\n"
		  "link out { frame = \"64KiB\" }\n"
		  "stage s { input = in output = out threads = 3 memory = \"200MiB\" }\n");
	const struct ivp_qemu_options options = {
	    .program = "Q", .kernel = "K", .initrd = "I", .kvm = false};
	struct ivp_arguments arguments = {0};
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(
	    ivp_qemu_arguments(topology, topology->stages[0], &options, &arguments, &why), 0);
	assert_string_equal(arguments.words[0], "Q");
	assert_null(arguments.words[arguments.count]);
	assert_true(has(&arguments, "-smp", "3,maxcpus=4"));
	assert_true(has(&arguments, "-m", "200M"));
	assert_true(has(&arguments, "-accel", "tcg,thread=multi"));
	assert_true(has(&arguments, "-cpu", "max"));
	assert_true(has(&arguments, "-kernel", "K"));
	assert_true(has(&arguments, "-initrd", "I"));
	ivp_arguments_finish(&arguments);
	ivp_topology_destroy(topology);
}

static void kvm_runs_the_hosts_processor(void **state)
{
	struct ivp_topology *topology = parse("name = \"t\"\n"
					      "link in { frame = \"64KiB\" }\n"
					      "link out { frame = \"64KiB\" }\n"
					      "stage s { input = in output = out }\n");
	const struct ivp_qemu_options options = {
	    .program = "Q", .kernel = "K", .initrd = "I", .kvm = true};
	struct ivp_arguments arguments = {0};
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(
	    ivp_qemu_arguments(topology, topology->stages[0], &options, &arguments, &why), 0);
	assert_true(has(&arguments, "-accel", "kvm"));
	assert_true(has(&arguments, "-cpu", "host"));
	ivp_arguments_finish(&arguments);
	ivp_topology_destroy(topology);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_window_is_writable_for_its_writer_alone),
	    cmocka_unit_test(a_shared_link_is_one_device),
	    cmocka_unit_test(a_guest_has_a_processor_more_than_it_uses),
	    cmocka_unit_test(kvm_runs_the_hosts_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
