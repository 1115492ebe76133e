/* SPDX-License-Identifier: MIT */
/* Devices are folders as sysfs has them; regions are files of a test's folder. */
#include "helpers/links.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "supervisor/doctor.h"
#include "transport/locate.h"
#include "transport/probe.h"

static char folder[256], pci[300];
static const char *pci_before;
static struct ivp_doctor doctor;

static int set_up(void **state)
{
	(void)state;
	make_test_folder(folder);
	snprintf(pci, sizeof(pci), "%s/pci", folder);
	assert_int_equal(mkdir(pci, 0700), 0);
	pci_before = ivp_locate_pci_folder;
	ivp_locate_pci_folder = pci;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ivp_doctor_finish(&doctor);
	ivp_locate_pci_folder = pci_before;
	remove_test_folder(folder);
	return 0;
}

/* The first finding about what whose text has these words, or NULL. */
static const struct ivp_finding *find(const char *what, const char *words)
{
	for (unsigned i = 0; i < doctor.count; i++)
		if (strstr(doctor.findings[i].what, what) && strstr(doctor.findings[i].text, words))
			return &doctor.findings[i];
	return NULL;
}

static const struct ivp_finding *expect(enum ivp_verdict verdict, const char *what,
					const char *words)
{
	const struct ivp_finding *finding = find(what, words);

	if (!finding) {
		ivp_doctor_print(&doctor, stderr);
		fail_msg("no finding about %s says '%s'", what, words);
	}
	if (finding)
		assert_int_equal(finding->verdict, verdict);
	return finding;
}

/* A data window in a file, mapped, for a test to spoil. */
static void make_window(const char *path, struct ivp_region *region)
{
	struct ivp_geometry geometry = link_geometry(2, 1000);
	struct ivp_layout layout;

	assert_int_equal(ivp_layout_compute(&geometry, &layout, NULL), 0);
	assert_int_equal(
	    ivp_region_create(path, layout.data_object_bytes, 0600, NULL, region, NULL), 0);
	ivp_window_format(region->base, &geometry, &layout, IVP_WINDOW_DATA, 0);
}

static void make_region(struct ivp_region *region)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/ivpipe.test.middle.data", folder);
	make_window(path, region);
}

static void make_device(const char *enabled, struct ivp_region *region)
{
	char device[400], path[500];

	snprintf(device, sizeof(device), "%s/0000:00:10.0", pci);
	assert_int_equal(mkdir(device, 0700), 0);
	snprintf(path, sizeof(path), "%s/vendor", device);
	write_test_file(path, "0x1af4\n");
	snprintf(path, sizeof(path), "%s/device", device);
	write_test_file(path, "0x1110\n");
	snprintf(path, sizeof(path), "%s/label", device);
	write_test_file(path, "middle.data\n");
	snprintf(path, sizeof(path), "%s/enable", device);
	write_test_file(path, enabled);
	snprintf(path, sizeof(path), "%s/resource2", device);
	make_window(path, region);
}

static void a_region_in_use_is_told_with_its_peer(void **state)
{
	struct ivp_region region;

	(void)state;
	make_region(&region);
	owner_in(region.base)->generation = 3;
	owner_in(region.base)->state = IVP_STATE_ATTACHED;
	owner_in(region.base)->position = 17;
	ivp_doctor_regions(&doctor, folder);
	expect(IVP_VERDICT_OK, "region ivpipe.test.middle.data",
	       "pipeline test, link middle, data window, wire 1.");
	expect(IVP_VERDICT_OK, "region", "mode 0600");
	expect(IVP_VERDICT_OK, "region", ", held; ");
	expect(IVP_VERDICT_OK, "region", "attached, generation 3, position 17, ");
	assert_int_equal(doctor.count, 1);
	ivp_region_close(&region);
}

static void a_region_that_nobody_holds_is_a_note_and_stays(void **state)
{
	struct ivp_region region;

	(void)state;
	make_region(&region);
	ivp_region_close(&region);
	ivp_doctor_regions(&doctor, folder);
	assert_string_equal(expect(IVP_VERDICT_NOTE, "region", "held by nobody")->mend,
			    "if it is of no more use: pipeline destroy test");
	assert_int_equal(doctor.problems, 0);

	char path[300];
	snprintf(path, sizeof(path), "%s/ivpipe.test.middle.data", folder);
	assert_int_equal(ivp_region_open(path, true, &region, NULL), 0); /* no lock is left */
	ivp_region_close(&region);
}

static void a_refusal_is_a_problem_and_cannot_write_to_a_terminal(void **state)
{
	struct ivp_region region;

	(void)state;
	make_region(&region);
	ivp_window_refuse(region.base, IVP_REFUSED_VERSION, 0, "it speaks \033[2J version 9");
	ivp_doctor_regions(&doctor, folder);
	expect(IVP_VERDICT_PROBLEM, "region", "refused: it speaks ?[2J version 9");
	assert_int_equal(doctor.problems, 1);
	ivp_region_close(&region);
}

static void another_version_is_a_problem(void **state)
{
	struct ivp_region region;

	(void)state;
	make_region(&region);
	((struct ivp_wire_header *)region.base)->major = 9;
	ivp_doctor_regions(&doctor, folder);
	expect(IVP_VERDICT_PROBLEM, "region", "version 9.");
	ivp_region_close(&region);
}

static void what_is_no_window_is_a_problem(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/ivpipe.short", folder);
	write_test_file(path, "short");
	snprintf(path, sizeof(path), "%s/ivpipe.link", folder);
	assert_int_equal(symlink("/dev/null", path), 0);
	snprintf(path, sizeof(path), "%s/ivpipe.folder", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	ivp_doctor_regions(&doctor, folder);
	expect(IVP_VERDICT_PROBLEM, "ivpipe.short", "shorter than any window");
	expect(IVP_VERDICT_PROBLEM, "ivpipe.link", "symbolic link");
	expect(IVP_VERDICT_PROBLEM, "ivpipe.folder", "no regular file");
}

static void a_region_under_creation_is_left_alone(void **state)
{
	char path[300];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/ivpipe.new", folder);
	fd = open(path, O_RDWR | O_CREAT, 0);
	assert_true(fd >= 0);
	ivp_doctor_regions(&doctor, folder);
	/* Who is not root cannot even look. */
	expect(IVP_VERDICT_NOTE, "ivpipe.new", geteuid() == 0 ? "being created" : "cannot be read");
	close(fd);
}

static void no_region_is_no_problem(void **state)
{
	(void)state;
	ivp_doctor_regions(&doctor, folder);
	expect(IVP_VERDICT_OK, "regions", "none in");
}

static void a_device_is_switched_on_and_its_window_told(void **state)
{
	struct ivp_region region;
	char path[400], word[8];

	(void)state;
	make_device("0\n", &region);
	assert_int_equal(ivp_doctor_devices(&doctor), 1);
	expect(IVP_VERDICT_OK, "device 0000:00:10.0",
	       "label middle.data; was off, switched on now");
	expect(IVP_VERDICT_OK, "device 0000:00:10.0", "pipeline test, link middle, data window");
	expect(IVP_VERDICT_NOTE, "device wake-ups", "polling");
	snprintf(path, sizeof(path), "%s/0000:00:10.0", pci);
	ivp_locate_read_word(path, "enable", word, sizeof(word));
	assert_string_equal(word, "1");
	ivp_region_close(&region);
}

/* Makes the device a doorbell of link middle: a table of interrupts, and the server's page. */
static void make_doorbell(struct ivp_region *region)
{
	struct ivp_wire_bell *bell;
	char path[400];
	int fd;

	make_device("1\n", region);
	bell = (void *)region->base;
	*bell = (struct ivp_wire_bell){.magic = IVP_BELL_MAGIC,
				       .major = IVP_WIRE_MAJOR,
				       .vectors = 2,
				       .server = 1,
				       .link_name = "middle",
				       .pipeline_name = "test"};
	snprintf(path, sizeof(path), "%s/0000:00:10.0/resource1", pci);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void a_doorbell_that_nobody_takes_is_told_with_the_cure(void **state)
{
	struct ivp_region region;

	(void)state;
	make_doorbell(&region);
	assert_int_equal(ivp_doctor_devices(&doctor), 1);
	expect(IVP_VERDICT_NOTE, "device 0000:00:10.0", "doorbell of pipeline test, link middle");
	expect(IVP_VERDICT_NOTE, "device 0000:00:10.0", "peers here poll");
	assert_non_null(strstr(find("device 0000:00:10.0", "doorbell")->mend, "intel-iommu"));
	ivp_region_close(&region);
}

static void a_doorbell_with_a_driver_is_well(void **state)
{
	struct ivp_region region;
	char path[400];

	(void)state;
	make_doorbell(&region);
	snprintf(path, sizeof(path), "%s/0000:00:10.0/driver", pci);
	assert_int_equal(symlink("../../drivers/vfio-pci", path), 0);
	ivp_doctor_devices(&doctor);
	expect(IVP_VERDICT_OK, "device 0000:00:10.0", "its interrupts are taken by vfio-pci");
	ivp_region_close(&region);
}

static void a_socket_without_a_server_is_a_note(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/ivpipe.t.a.bell", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ivp_doctor_bells(&doctor, folder);
	expect(IVP_VERDICT_NOTE, "doorbell ivpipe.t.a.bell", "its server is gone");
	assert_int_equal(listen(fd, 1), 0);
	ivp_doctor_bells(&doctor, folder);
	expect(IVP_VERDICT_OK, "doorbell ivpipe.t.a.bell", "served by process");
	close(fd);
}

static void a_probe_leaves_the_window_as_it_was(void **state)
{
	struct ivp_region region;
	uint8_t before[IVP_PAGE];

	(void)state;
	make_device("1\n", &region);
	memset(region.base + IVP_WIRE_OWNER_OFFSET, 0x55, 768);
	memcpy(before, region.base, IVP_PAGE);
	ivp_doctor_devices(&doctor);
	assert_non_null(find("device", "resource2 behaves as"));
	assert_memory_equal(before, region.base, IVP_PAGE);
	ivp_region_close(&region);
}

static void memory_of_something_else_is_not_written(void **state)
{
	struct ivp_region region;

	(void)state;
	make_device("1\n", &region);
	memset(region.base, 0x77, region.bytes);
	ivp_doctor_devices(&doctor);
	expect(IVP_VERDICT_PROBLEM, "device", "not an ivpipe window");
	assert_non_null(find("device", "stores not tried"));
	for (size_t i = 0; i < region.bytes; i++)
		assert_int_equal(region.base[i], 0x77);
	ivp_region_close(&region);
}

static void a_device_without_memory_is_a_problem(void **state)
{
	struct ivp_region region;
	char path[400];

	(void)state;
	make_device("1\n", &region);
	ivp_region_close(&region);
	snprintf(path, sizeof(path), "%s/0000:00:10.0/resource2", pci);
	assert_int_equal(unlink(path), 0);
	ivp_doctor_devices(&doctor);
	expect(IVP_VERDICT_PROBLEM, "device 0000:00:10.0", "cannot be mapped");
}

static void the_memory_type_follows_from_the_speeds(void **state)
{
	const struct ivp_speeds cached = {
	    .read = 40, .write = 30, .plain_read = 45, .plain_write = 31};
	const struct ivp_speeds combined = {
	    .read = 0.08, .write = 6, .plain_read = 45, .plain_write = 31};
	const struct ivp_speeds uncached = {
	    .read = 0.08, .write = 0.2, .plain_read = 45, .plain_write = 31};

	(void)state;
	assert_string_equal(ivp_probe_type(&cached), "write-back");
	assert_string_equal(ivp_probe_type(&combined), "write-combined");
	assert_string_equal(ivp_probe_type(&uncached), "uncached");
}

static void ordinary_memory_is_found_to_be_cached(void **state)
{
	static _Alignas(IVP_PAGE) uint8_t page[IVP_PAGE];
	struct ivp_speeds speeds;

	(void)state;
	ivp_probe(page, true, &speeds);
	assert_true(speeds.read > 0 && speeds.write > 0);
	assert_string_equal(ivp_probe_type(&speeds), "write-back");
}

static void versions_of_qemu_are_read(void **state)
{
	(void)state;
	assert_int_equal(ivp_doctor_qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2)\n"),
			 702);
	assert_int_equal(ivp_doctor_qemu_version("QEMU emulator version 10.0.2\n"), 1000);
	assert_int_equal(ivp_doctor_qemu_version("version ?\n"), 0);
	assert_int_equal(ivp_doctor_qemu_version(""), 0);
}

static void what_a_host_lacks_is_a_note_to_a_guest(void **state)
{
	(void)state;
	assert_int_equal(setenv("IVPIPE_QEMU", "/nowhere/qemu", 1), 0);
	ivp_doctor_host(&doctor, 0);
	expect(IVP_VERDICT_PROBLEM, "QEMU", "/nowhere/qemu");
	ivp_doctor_finish(&doctor);
	ivp_doctor_host(&doctor, 1);
	expect(IVP_VERDICT_NOTE, "QEMU", "/nowhere/qemu");
	assert_int_equal(unsetenv("IVPIPE_QEMU"), 0);
}

static void json_holds_every_finding(void **state)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);
	json_t *root;

	(void)state;
	assert_non_null(to);
	ivp_doctor_add(&doctor, IVP_VERDICT_PROBLEM, "a", "do \"this\"", "odd: \xff");
	ivp_doctor_add(&doctor, IVP_VERDICT_OK, "b", NULL, "fine");
	assert_int_equal(ivp_doctor_print_json(&doctor, to), 0);
	assert_int_equal(fclose(to), 0);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "problems")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "findings")), 2);
	json_decref(root);
	free(text);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    test(a_region_in_use_is_told_with_its_peer),
	    test(a_region_that_nobody_holds_is_a_note_and_stays),
	    test(a_refusal_is_a_problem_and_cannot_write_to_a_terminal),
	    test(another_version_is_a_problem),
	    test(what_is_no_window_is_a_problem),
	    test(a_region_under_creation_is_left_alone),
	    test(no_region_is_no_problem),
	    test(a_device_is_switched_on_and_its_window_told),
	    test(a_doorbell_that_nobody_takes_is_told_with_the_cure),
	    test(a_doorbell_with_a_driver_is_well),
	    test(a_socket_without_a_server_is_a_note),
	    test(a_probe_leaves_the_window_as_it_was),
	    test(memory_of_something_else_is_not_written),
	    test(a_device_without_memory_is_a_problem),
	    test(the_memory_type_follows_from_the_speeds),
	    test(ordinary_memory_is_found_to_be_cached),
	    test(versions_of_qemu_are_read),
	    test(what_a_host_lacks_is_a_note_to_a_guest),
	    test(json_holds_every_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
