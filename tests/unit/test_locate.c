/* SPDX-License-Identifier: MIT */
/* Devices here are folders as sysfs has them, with regular files for BAR 2. */
#include "helpers/links.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "transport/locate.h"

struct fixture {
	char folder[256], pci[280];
	char pipeline[IVP_NAME_BYTES]; /* of this test alone: names in /dev/shm are shared */
	const char *pci_before;
	struct ivp_window window;
	struct ivp_why why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	make_test_folder(f->folder);
	snprintf(f->pci, sizeof(f->pci), "%s/pci", f->folder);
	assert_int_equal(mkdir(f->pci, 0700), 0);
	snprintf(f->pipeline, sizeof(f->pipeline), "t%d", getpid());
	f->pci_before = ivp_locate_pci_folder;
	ivp_locate_pci_folder = f->pci;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ivp_window_close(&f->window);
	ivp_locate_pci_folder = f->pci_before;
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	write_test_file(path, text);
}

/* Makes a device and, in *path, the name of its BAR 2, which does not exist yet. */
static void make_device(const struct fixture *f, const char *address, const char *vendor,
			const char *device, const char *label, char path[600])
{
	char folder[400];

	snprintf(folder, sizeof(folder), "%s/%s", f->pci, address);
	assert_int_equal(mkdir(folder, 0700), 0);
	write_file(folder, "vendor", vendor);
	write_file(folder, "device", device);
	write_file(folder, "enable", "0\n");
	if (label)
		write_file(folder, "label", label);
	snprintf(path, 600, "%s/resource2", folder);
}

/* The memory object of one window, in a file. */
static void make_window(const char *path, const struct ivp_geometry *geometry, unsigned kind,
			unsigned consumer)
{
	struct ivp_layout layout;
	struct ivp_region region;
	const bool data = kind == IVP_WINDOW_DATA;

	assert_int_equal(ivp_layout_compute(geometry, &layout, NULL), 0);
	assert_int_equal(
	    ivp_region_create(path, data ? layout.data_object_bytes : layout.credit_object_bytes,
			      0600, NULL, &region, NULL),
	    0);
	ivp_window_format(region.base, geometry, &layout, kind, consumer);
	for (unsigned i = 0; data && layout.credit_offset && i < geometry->consumers; i++)
		ivp_window_format(region.base + layout.credit_offset + i * IVP_WIRE_CREDIT_BYTES,
				  geometry, &layout, IVP_WINDOW_CREDIT, i);
	ivp_region_close(&region);
}

static struct ivp_geometry named(const char *link)
{
	struct ivp_geometry geometry = link_geometry(2, 1000);

	memset(geometry.link_name, 0, IVP_NAME_BYTES);
	snprintf(geometry.link_name, IVP_NAME_BYTES, "%s", link);
	return geometry;
}

/* An ivshmem device with this window. */
static void make_ivshmem(const struct fixture *f, const char *address,
			 const struct ivp_geometry *geometry, unsigned kind, unsigned consumer)
{
	char path[600];

	make_device(f, address, "0x1af4\n", "0x1110\n", NULL, path);
	make_window(path, geometry, kind, consumer);
}

static int locate(struct fixture *f, const char *link, unsigned kind, const char *where)
{
	struct ivp_window_query query = {
	    .pipeline = f->pipeline, .link = link, .kind = kind, .writable = true, .where = where};

	ivp_window_close(&f->window);
	f->why.text[0] = 0;
	return ivp_window_locate(&query, &f->window, &f->why);
}

static void assert_why(const struct fixture *f, const char *words)
{
	if (!strstr(f->why.text, words))
		fail_msg("'%s' does not say '%s'", f->why.text, words);
}

static void a_window_is_found_by_its_name_whatever_the_order_of_devices(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in"), out = named("out");
	char path[600], text[8] = "";

	make_device(f, "0000:00:01.0", "0x8086\n", "0x1110\n", NULL, path);
	make_device(f, "0000:00:02.0", "0x1af4\n", "0x1000\n", NULL, path);
	make_ivshmem(f, "0000:00:10.0", &out, IVP_WINDOW_CREDIT, 0);
	make_ivshmem(f, "0000:00:11.0", &in, IVP_WINDOW_CREDIT, 0);
	make_ivshmem(f, "0000:00:12.0", &out, IVP_WINDOW_DATA, 0);
	make_ivshmem(f, "0000:00:13.0", &in, IVP_WINDOW_DATA, 0);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "auto"), 0);
	assert_string_equal(f->window.region.source, "pci 0000:00:13.0");
	assert_int_equal(locate(f, "in", IVP_WINDOW_CREDIT, NULL), 0);
	assert_string_equal(f->window.region.source, "pci 0000:00:11.0");
	assert_int_equal(f->window.bytes, IVP_WIRE_CREDIT_BYTES);
	assert_true(f->window.region.writable);
	assert_ptr_equal(f->window.base, f->window.region.base);
	assert_int_equal(locate(f, "out", IVP_WINDOW_DATA, NULL), 0);
	assert_string_equal(f->window.region.source, "pci 0000:00:12.0");

	/* Its memory was switched on, and no other device's. */
	snprintf(path, sizeof(path), "%s/0000:00:12.0/enable", f->pci);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_int_equal(text[0], '1');
	snprintf(path, sizeof(path), "%s/0000:00:02.0/enable", f->pci);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_int_equal(text[0], '0');
}

static void data_that_we_write_is_mapped_write_combined_where_that_exists(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in");
	char plain[600], combined[600];
	struct stat info, mapped;

	make_device(f, "0000:00:10.0", "0x1af4\n", "0x1110\n", NULL, plain);
	snprintf(combined, sizeof(combined), "%s/0000:00:10.0/resource2_wc", f->pci);
	make_window(plain, &in, IVP_WINDOW_DATA, 0);
	make_window(combined, &in, IVP_WINDOW_DATA, 0);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, NULL), 0);
	assert_int_equal(stat(combined, &info), 0);
	assert_int_equal(fstat(f->window.region.fd, &mapped), 0);
	assert_int_equal(info.st_ino, mapped.st_ino);

	struct ivp_window_query query = {.link = "in", .kind = IVP_WINDOW_DATA};
	ivp_window_close(&f->window);
	assert_int_equal(ivp_window_locate(&query, &f->window, &f->why), 0);
	assert_int_equal(stat(plain, &info), 0);
	assert_int_equal(fstat(f->window.region.fd, &mapped), 0);
	assert_int_equal(info.st_ino, mapped.st_ino);
	assert_false(f->window.region.writable);
}

static void the_uuid_tells_links_of_one_name_apart(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry one = named("in"), two = named("in");
	struct ivp_window_query query = {.link = "in", .kind = IVP_WINDOW_DATA};

	two.uuid[15] = 99;
	make_ivshmem(f, "0000:00:10.0", &one, IVP_WINDOW_DATA, 0);
	make_ivshmem(f, "0000:00:11.0", &two, IVP_WINDOW_DATA, 0);
	query.uuid = two.uuid;
	assert_int_equal(ivp_window_locate(&query, &f->window, &f->why), 0);
	assert_string_equal(f->window.region.source, "pci 0000:00:11.0");
	ivp_window_close(&f->window);
	query.uuid = NULL;
	assert_int_equal(ivp_window_locate(&query, &f->window, &f->why), -ENOTUNIQ);
	assert_why(f, "more than one data window");
	assert_why(f, "0000:00:10.0");
	assert_why(f, "0000:00:11.0");
	assert_null(f->window.region.base);
	two.uuid[14] = 99;
	query.uuid = two.uuid;
	assert_int_equal(ivp_window_locate(&query, &f->window, &f->why), -ENOENT);
	assert_why(f, "another UUID");
}

static void a_device_can_be_named_by_address_or_label(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in"), out = named("out");
	char path[600];

	make_device(f, "0000:00:10.0", "0x1af4\n", "0x1110\n", "first\n", path);
	make_window(path, &in, IVP_WINDOW_DATA, 0);
	make_device(f, "0000:00:11.0", "0x1af4\n", "0x1110\n", "second\n", path);
	make_window(path, &in, IVP_WINDOW_DATA, 0);
	make_device(f, "0000:00:12.0", "0x1af4\n", "0x1110\n", "third\n", path);
	make_window(path, &out, IVP_WINDOW_DATA, 0);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "pci:0000:00:11.0"), 0);
	assert_string_equal(f->window.region.source, "pci 0000:00:11.0");
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "label:first"), 0);
	assert_string_equal(f->window.region.source, "pci 0000:00:10.0");
	/* What is named is verified all the same. */
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "label:third"), -EBADMSG);
	assert_why(f, "the data window of link 'out'");
	assert_int_equal(locate(f, "in", IVP_WINDOW_CREDIT, "pci:0000:00:10.0"), -EBADMSG);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "pci:0000:00:1f.0"), -ENOENT);
	assert_why(f, "no such PCI device");
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "label:fourth"), -ENOENT);
	assert_why(f, "no ivshmem device has this label");
}

static void a_file_can_be_named_and_is_verified(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in");
	char path[300], where[320];

	snprintf(path, sizeof(path), "%s/window", f->folder);
	snprintf(where, sizeof(where), "file:%s", path);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), -ENOENT);
	assert_why(f, path);
	make_window(path, &in, IVP_WINDOW_DATA, 0);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), 0);
	assert_string_equal(f->window.region.source, path);
	assert_int_equal(locate(f, "other", IVP_WINDOW_DATA, where), -EBADMSG);
	assert_int_equal(locate(f, "in", IVP_WINDOW_CREDIT, where), -EBADMSG);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, "window"), -EINVAL);
	assert_why(f, "must be auto, pci:ADDRESS");
}

static void a_window_under_construction_is_not_there_yet(void **state)
{
	struct fixture *f = *state;
	char path[300], where[320];
	struct ivp_region region;

	snprintf(path, sizeof(path), "%s/window", f->folder);
	snprintf(where, sizeof(where), "file:%s", path);
	/* Created, but without its size; then sized, but not formatted. */
	write_file(f->folder, "window", "");
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), -ENOENT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ivp_region_create(path, 65536, 0600, NULL, &region, NULL), 0);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), -ENOENT);
	assert_why(f, "not formatted yet");
	ivp_region_close(&region);
}

static void somebody_elses_file_is_refused_and_not_written(void **state)
{
	struct fixture *f = *state;
	char path[300], where[320], text[8192];
	struct ivp_region region;

	snprintf(path, sizeof(path), "%s/window", f->folder);
	snprintf(where, sizeof(where), "file:%s", path);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	write_file(f->folder, "window", text);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), -ENOMSG);
	assert_why(f, "not an ivpipe window");
	assert_int_equal(ivp_region_open(path, false, &region, NULL), 0);
	assert_int_equal(region.bytes, sizeof(text) - 1);
	assert_memory_equal(region.base, text, sizeof(text) - 1);
	ivp_region_close(&region);
}

static void a_window_of_another_version_is_refused_and_told_so(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in");
	char path[300], where[320];
	struct ivp_region region;

	snprintf(path, sizeof(path), "%s/window", f->folder);
	snprintf(where, sizeof(where), "file:%s", path);
	make_window(path, &in, IVP_WINDOW_DATA, 0);
	assert_int_equal(ivp_region_open(path, true, &region, NULL), 0);
	((struct ivp_wire_header *)region.base)->major = 7;
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), -EPROTONOSUPPORT);
	assert_why(f, "version 7.");
	/* The other side can read why. */
	assert_int_equal(recovery_in(region.base)->reason, IVP_REFUSED_VERSION);
	assert_int_equal(recovery_in(region.base)->detail, 7 << 16 | IVP_WIRE_MINOR);
	ivp_region_close(&region);
}

static void a_damaged_window_is_refused_with_the_fault(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in");
	char path[300], where[320];

	snprintf(path, sizeof(path), "%s/window", f->folder);
	snprintf(where, sizeof(where), "file:%s", path);
	make_window(path, &in, IVP_WINDOW_DATA, 0);
	assert_int_equal(truncate(path, 8192), 0);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, where), -EBADMSG);
	assert_why(f, "truncated");
}

static void what_is_not_found_lists_what_was_seen(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry out = named("out");
	char path[600];

	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, NULL), -ENOENT);
	assert_why(f, "link 'in': no data window");
	make_ivshmem(f, "0000:00:10.0", &out, IVP_WINDOW_DATA, 0);
	make_device(f, "0000:00:11.0", "0x1af4\n", "0x1110\n", NULL, path);
	assert_int_equal(locate(f, "in", IVP_WINDOW_DATA, NULL), -ENOENT);
	assert_why(f, "pci 0000:00:10.0: the data window of link 'out'");
	assert_why(f, "pci 0000:00:11.0");
}

static void a_shared_region_holds_both_windows(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry both = named("in");
	struct ivp_window_query query = {
	    .link = "in", .kind = IVP_WINDOW_CREDIT, .consumer = 2, .writable = true};

	both.isolation = IVP_ISOLATION_SHARED;
	both.consumers = 3;
	make_ivshmem(f, "0000:00:10.0", &both, IVP_WINDOW_DATA, 0);
	assert_int_equal(ivp_window_locate(&query, &f->window, &f->why), 0);
	const struct ivp_wire_header *header = (const void *)f->window.base;
	assert_int_equal(header->kind, IVP_WINDOW_CREDIT);
	assert_int_equal(header->consumer, 2);
	assert_int_equal(f->window.bytes, IVP_WIRE_CREDIT_BYTES);
	ivp_window_close(&f->window);
	query.consumer = 3;
	assert_int_equal(ivp_window_locate(&query, &f->window, &f->why), -ENOENT);
}

static void shared_memory_is_searched_by_pipeline_and_link(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named("in");
	struct ivp_window_query any = {.link = f->pipeline, .kind = IVP_WINDOW_DATA};
	char path[300], where[300];

	/* A link whose name no other test has. */
	in = named(f->pipeline);
	assert_true(ivp_region_path(path, sizeof(path), IVP_REGION_FOLDER, f->pipeline, f->pipeline,
				    IVP_WINDOW_DATA, 0) > 0);
	assert_int_equal(locate(f, f->pipeline, IVP_WINDOW_DATA, NULL), -ENOENT);
	make_window(path, &in, IVP_WINDOW_DATA, 0);
	int by_pipeline = locate(f, f->pipeline, IVP_WINDOW_DATA, NULL);
	snprintf(where, sizeof(where), "shm:%s", strrchr(path, '/') + 1);
	int by_name = locate(f, f->pipeline, IVP_WINDOW_DATA, where);
	ivp_window_close(&f->window);
	int without_pipeline = ivp_window_locate(&any, &f->window, &f->why);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(by_pipeline, 0);
	assert_int_equal(by_name, 0);
	assert_int_equal(without_pipeline, 0);
	assert_string_equal(f->window.region.source, path);
}

static void anothers_file_of_a_similar_name_does_not_end_the_search(void **state)
{
	struct fixture *f = *state;
	struct ivp_geometry in = named(f->pipeline);
	struct ivp_window_query any = {.link = f->pipeline, .kind = IVP_WINDOW_DATA};
	char first[300], second[300];

	snprintf(first, sizeof(first), "/dev/shm/ivpipe.a%s.%s.data", f->pipeline, f->pipeline);
	snprintf(second, sizeof(second), "/dev/shm/ivpipe.b%s.%s.data", f->pipeline, f->pipeline);
	/* No regular file, as one that may not be opened: even root cannot open it as a region. */
	assert_int_equal(mkdir(first, 0700), 0);
	make_window(second, &in, IVP_WINDOW_DATA, 0);
	int error = ivp_window_locate(&any, &f->window, &f->why);
	assert_int_equal(rmdir(first), 0);
	assert_int_equal(unlink(second), 0);
	assert_int_equal(error, 0);
	assert_string_equal(f->window.region.source, second);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    in_folder(a_window_is_found_by_its_name_whatever_the_order_of_devices),
	    in_folder(data_that_we_write_is_mapped_write_combined_where_that_exists),
	    in_folder(the_uuid_tells_links_of_one_name_apart),
	    in_folder(a_device_can_be_named_by_address_or_label),
	    in_folder(a_file_can_be_named_and_is_verified),
	    in_folder(a_window_under_construction_is_not_there_yet),
	    in_folder(somebody_elses_file_is_refused_and_not_written),
	    in_folder(a_window_of_another_version_is_refused_and_told_so),
	    in_folder(a_damaged_window_is_refused_with_the_fault),
	    in_folder(what_is_not_found_lists_what_was_seen),
	    in_folder(a_shared_region_holds_both_windows),
	    in_folder(shared_memory_is_searched_by_pipeline_and_link),
	    in_folder(anothers_file_of_a_similar_name_does_not_end_the_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
