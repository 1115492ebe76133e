/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "host/quarantine.h"

static char folder[64];
static int fd;

static void put(const char *name, const char *text)
{
	const int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
}

static void assert_holds(const char *name, const char *text)
{
	char got[400];
	const int file = openat(fd, name, O_RDONLY);
	ssize_t n;

	assert_true(file >= 0);
	n = read(file, got, sizeof(got) - 1);
	close(file);
	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, text);
}

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ivpipe-quarantine-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(fd, "a", 0700), 0);
	assert_int_equal(mkdirat(fd, "b", 0700), 0);
	put("a/x.png", "first");
	put("b/x.png", "second");
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = {"a/x.png", "b/x.png", "quarantine/x.png",
					    "quarantine/1-x.png", "quarantine/reasons.txt"};
	static const char *const folders[] = {"a", "b", "quarantine"};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		unlinkat(fd, files[i], 0);
	for (size_t i = 0; i < 3; i++)
		unlinkat(fd, folders[i], AT_REMOVEDIR);
	close(fd);
	return rmdir(folder);
}

static int keep(uint64_t id, const char *reason, struct ivp_why *why)
{
	char first[100], second[100];
	const char *const words[] = {first, second};
	const struct ivp_originals originals = {words, 2, 1000};

	snprintf(first, sizeof(first), "%s/a", folder);
	snprintf(second, sizeof(second), "%s/b", folder);
	return ivp_quarantine_keep(fd, &originals, id, reason, why);
}

static void an_original_is_kept_with_its_reason_once(void **state)
{
	struct ivp_why why;

	(void)state;
	assert_int_equal(keep(0, "it ended stage s 3 times", &why), 0);
	assert_int_equal(keep(0, "it ended stage s 3 times", &why), 0);
	assert_holds("quarantine/x.png", "first");
	assert_holds("quarantine/reasons.txt", "0 x.png: it ended stage s 3 times\n");
}

static void a_name_that_is_taken_gets_the_number_in_front(void **state)
{
	struct ivp_why why;

	(void)state;
	assert_int_equal(keep(0, "one", &why), 0);
	assert_int_equal(keep(1, "two\nlines", &why), 0);
	assert_int_equal(keep(1, "two\nlines", &why), 0);
	assert_holds("quarantine/x.png", "first");
	assert_holds("quarantine/1-x.png", "second");
	assert_holds("quarantine/reasons.txt", "0 x.png: one\n1 1-x.png: two lines\n");
}

static void a_number_that_is_no_input_is_refused(void **state)
{
	struct ivp_why why;

	(void)state;
	assert_int_equal(keep(UINT64_MAX, "lie", &why), -ENOENT);
	assert_non_null(strstr(why.text, "18446744073709551615"));
}

static void an_input_cannot_take_the_place_of_the_reasons(void **state)
{
	char path[100];
	const char *const words[] = {path};
	const struct ivp_originals originals = {words, 1, 1000};
	struct ivp_why why;

	(void)state;
	put("a/reasons.txt", "mine");
	snprintf(path, sizeof(path), "%s/a/reasons.txt", folder);
	assert_int_equal(ivp_quarantine_keep(fd, &originals, 0, "why not", &why), 0);
	assert_holds("quarantine/0-reasons.txt", "mine");
	assert_holds("quarantine/reasons.txt", "0 0-reasons.txt: why not\n");
	unlinkat(fd, "a/reasons.txt", 0);
	unlinkat(fd, "quarantine/0-reasons.txt", 0);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	    test(an_original_is_kept_with_its_reason_once),
	    test(a_name_that_is_taken_gets_the_number_in_front),
	    test(a_number_that_is_no_input_is_refused),
	    test(an_input_cannot_take_the_place_of_the_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
