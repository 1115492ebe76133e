/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sys/stat.h>

#include "supervisor/cpio.h"
#include "supervisor/image.h"

/* A reader of our own, from the format's description: hexadecimal fields of 8 digits. */
struct entry {
	char name[64];
	unsigned mode, links, major, minor, inode;
	const char *data;
	size_t bytes;
};

static unsigned field(const char *header, size_t index)
{
	char digits[9] = "";

	memcpy(digits, header + 6 + 8 * index, 8);
	assert_int_equal(strspn(digits, "0123456789ABCDEFabcdef"), 8);
	return (unsigned)strtoul(digits, NULL, 16);
}

static size_t up4(size_t n)
{
	return (n + 3) / 4 * 4;
}

/* Reads the entry at *at, or returns false at the trailer, with *at behind it. */
static bool next_entry(const char *archive, size_t bytes, size_t *at, struct entry *entry)
{
	const char *header = archive + *at;
	size_t name_bytes;

	assert_true(*at % 4 == 0 && *at + 110 <= bytes);
	assert_memory_equal(header, "070701", 6);
	*entry = (struct entry){.inode = field(header, 0),
				.mode = field(header, 1),
				.links = field(header, 4),
				.bytes = field(header, 6),
				.major = field(header, 9),
				.minor = field(header, 10)};
	name_bytes = field(header, 11);
	assert_true(name_bytes > 1 && name_bytes <= sizeof(entry->name));
	memcpy(entry->name, header + 110, name_bytes);
	assert_int_equal(strlen(entry->name), name_bytes - 1);
	entry->data = archive + up4(*at + 110 + name_bytes);
	*at = up4((size_t)(entry->data - archive) + entry->bytes);
	assert_true(*at <= bytes);
	return strcmp(entry->name, "TRAILER!!!") != 0;
}

static void what_is_written_can_be_read_again(void **state)
{
	char *archive;
	size_t bytes, at = 0;
	FILE *to = open_memstream(&archive, &bytes);
	struct ivp_cpio cpio = {.to = to};
	struct entry entry;

	(void)state;
	assert_int_equal(ivp_cpio_folder(&cpio, "dev", 0755), 0);
	assert_int_equal(ivp_cpio_device(&cpio, "dev/console", 0600, 5, 1), 0);
	assert_int_equal(ivp_cpio_file(&cpio, "init", 0755, "\177ELF!", 5), 0);
	assert_int_equal(ivp_cpio_file(&cpio, "empty", 0644, "", 0), 0);
	assert_int_equal(ivp_cpio_finish(&cpio), 0);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(bytes % 512, 0);
	assert_int_equal(bytes, cpio.bytes);

	assert_true(next_entry(archive, bytes, &at, &entry));
	assert_string_equal(entry.name, "dev");
	assert_int_equal(entry.mode, S_IFDIR | 0755);
	assert_int_equal(entry.links, 2);
	assert_true(next_entry(archive, bytes, &at, &entry));
	assert_string_equal(entry.name, "dev/console");
	assert_int_equal(entry.mode, S_IFCHR | 0600);
	assert_int_equal(entry.major, 5);
	assert_int_equal(entry.minor, 1);
	assert_true(next_entry(archive, bytes, &at, &entry));
	assert_string_equal(entry.name, "init");
	assert_int_equal(entry.mode, S_IFREG | 0755);
	assert_int_equal(entry.inode, 2);
	assert_int_equal(entry.bytes, 5);
	assert_memory_equal(entry.data, "\177ELF!", 5);
	assert_true(next_entry(archive, bytes, &at, &entry));
	assert_string_equal(entry.name, "empty");
	assert_int_equal(entry.bytes, 0);
	assert_false(next_entry(archive, bytes, &at, &entry));
	for (; at < bytes; at++)
		assert_int_equal(archive[at], 0);
	free(archive);
}

static void a_full_disk_is_reported(void **state)
{
	static char large[1 << 16];
	FILE *full = fopen("/dev/full", "w");
	struct ivp_cpio cpio = {.to = full};

	(void)state;
	assert_non_null(full);
	assert_int_equal(ivp_cpio_file(&cpio, "large", 0644, large, sizeof(large)), -ENOSPC);
	fclose(full);
}

static char *read_file(const char *path, size_t *bytes)
{
	FILE *from = fopen(path, "r");
	char *data = malloc(1 << 20);

	assert_non_null(from);
	assert_non_null(data);
	*bytes = fread(data, 1, 1 << 20, from);
	assert_int_equal(fclose(from), 0);
	return data;
}

static void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static void an_image_has_init_and_a_console_and_conf_and_files_come_behind(void **state)
{
	char folder[256], init[300], image[300], whole[300];
	const struct ivp_image_file files[] = {{IVP_IMAGE_CONF, "stage x {}", 10},
					       {"x.file-1", "\0table", 6}};
	bool has_init = false, has_console = false, has_conf = false, has_table = false;
	struct ivp_why why = {""};
	struct entry entry;
	size_t bytes, at = 0;
	char *data;

	(void)state;
	make_test_folder(folder);
	snprintf(init, sizeof(init), "%s/init", folder);
	snprintf(image, sizeof(image), "%s/image", folder);
	snprintf(whole, sizeof(whole), "%s/whole", folder);
	write_file(init, "a program");
	assert_int_equal(ivp_image_create(init, image, &why), 0);
	assert_int_equal(ivp_image_add_files(image, files, 2, NULL, whole, &why), 0);

	data = read_file(whole, &bytes);
	while (next_entry(data, bytes, &at, &entry)) {
		if (strcmp(entry.name, "init") == 0)
			has_init = entry.mode == (S_IFREG | 0755) &&
				   memcmp(entry.data, "a program", entry.bytes) == 0;
		if (strcmp(entry.name, "dev/console") == 0)
			has_console = entry.mode == (S_IFCHR | 0600);
	}
	assert_true(has_init && has_console);
	while (at < bytes && data[at] == 0)
		at++;
	while (next_entry(data, bytes, &at, &entry)) {
		if (strcmp(entry.name, "etc/ivpipe/stage.conf") == 0)
			has_conf = entry.bytes == 10 && memcmp(entry.data, "stage x {}", 10) == 0;
		if (strcmp(entry.name, "etc/ivpipe/x.file-1") == 0)
			has_table = entry.bytes == 6 && memcmp(entry.data, "\0table", 6) == 0;
	}
	assert_true(has_conf && has_table);
	free(data);
	remove_test_folder(folder);
}

static void a_missing_program_is_named(void **state)
{
	char folder[256], init[300], image[300];
	struct ivp_why why = {""};

	(void)state;
	make_test_folder(folder);
	snprintf(init, sizeof(init), "%s/none", folder);
	snprintf(image, sizeof(image), "%s/image", folder);
	assert_int_equal(ivp_image_create(init, image, &why), -ENOENT);
	assert_non_null(strstr(why.text, init));
	assert_int_equal(access(image, F_OK), -1);
	remove_test_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_can_be_read_again),
	    cmocka_unit_test(a_full_disk_is_reported),
	    cmocka_unit_test(an_image_has_init_and_a_console_and_conf_and_files_come_behind),
	    cmocka_unit_test(a_missing_program_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
