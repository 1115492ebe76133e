/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>

#include "host/file.h"

static char folder[256];
static int folder_fd;

static int begin_folder(void **state)
{
	(void)state;
	make_test_folder(folder);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
	return folder_fd < 0;
}

static int end_folder(void **state)
{
	(void)state;
	close(folder_fd);
	remove_test_folder(folder);
	return 0;
}

static void write_whole(const char *name, const char *text)
{
	struct ivp_file file;

	assert_int_equal(ivp_file_begin(&file, folder_fd, name), 0);
	fputs(text, file.stream);
	assert_int_equal(ivp_file_commit(&file), 0);
}

static void assert_holds(const char *name, const char *wanted)
{
	char text[64] = "";
	int fd = openat(folder_fd, name, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, wanted);
}

static unsigned count_files(void)
{
	unsigned count = 0;
	DIR *all = opendir(folder);

	assert_non_null(all);
	for (struct dirent *entry; (entry = readdir(all)) != NULL;)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(all);
	return count;
}

static void a_committed_file_takes_the_place_of_the_earlier_one(void **state)
{
	(void)state;
	write_whole("a.txt", "one");
	write_whole("a.txt", "two");
	assert_holds("a.txt", "two");
	assert_int_equal(count_files(), 1);
}

static void nothing_shows_before_the_commit(void **state)
{
	struct ivp_file file;

	(void)state;
	write_whole("a.txt", "one");
	assert_int_equal(ivp_file_begin(&file, folder_fd, "a.txt"), 0);
	fputs("two", file.stream);
	fflush(file.stream);
	assert_holds("a.txt", "one");
	ivp_file_abandon(&file);
	assert_holds("a.txt", "one");
	assert_int_equal(count_files(), 1);
}

static void what_a_killed_writer_left_is_removed(void **state)
{
	struct ivp_file file;
	int fd = openat(folder_fd, ".a.txt.part", O_WRONLY | O_CREAT, 0400);

	(void)state;
	assert_int_equal(write(fd, "older and longer", 16), 16);
	close(fd);
	assert_int_equal(ivp_file_begin(&file, folder_fd, "a.txt"), 0);
	fputs("new", file.stream);
	assert_int_equal(ivp_file_commit(&file), 0);
	assert_holds("a.txt", "new");
	assert_int_equal(count_files(), 1);
}

static void a_link_in_the_hidden_place_is_not_followed(void **state)
{
	(void)state;
	write_whole("victim", "kept");
	assert_int_equal(symlinkat("victim", folder_fd, ".a.txt.part"), 0);
	write_whole("a.txt", "new");
	assert_holds("victim", "kept");
	assert_holds("a.txt", "new");
}

static void a_write_that_fails_leaves_nothing(void **state)
{
	struct rlimit kept, small;
	struct ivp_file file;
	int error;

	(void)state;
	write_whole("a.txt", "one");
	/* A full disk by way of the limit on file sizes: EFBIG instead of ENOSPC. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
	small = kept;
	small.rlim_cur = 4096;
	assert_int_equal(ivp_file_begin(&file, folder_fd, "a.txt"), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 10000; i++)
		fputs("text", file.stream);
	error = ivp_file_commit(&file);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
	assert_true(error < 0);
	assert_holds("a.txt", "one");
	assert_int_equal(count_files(), 1);
}

static void a_folder_in_its_place_is_an_error(void **state)
{
	struct ivp_file file;

	(void)state;
	assert_int_equal(mkdirat(folder_fd, "a.txt", 0700), 0);
	assert_int_equal(ivp_file_begin(&file, folder_fd, "a.txt"), 0);
	assert_int_equal(ivp_file_commit(&file), -EISDIR);
	assert_int_equal(count_files(), 1);
}

static void a_name_too_long_is_refused(void **state)
{
	struct ivp_file file;
	char name[NAME_MAX];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[NAME_MAX - 1] = '\0';
	assert_int_equal(ivp_file_begin(&file, folder_fd, name), -ENAMETOOLONG);
	ivp_file_abandon(&file);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin_folder, end_folder)
	const struct CMUnitTest tests[] = {
	    test(a_committed_file_takes_the_place_of_the_earlier_one),
	    test(nothing_shows_before_the_commit),
	    test(what_a_killed_writer_left_is_removed),
	    test(a_link_in_the_hidden_place_is_not_followed),
	    test(a_write_that_fails_leaves_nothing),
	    test(a_folder_in_its_place_is_an_error),
	    test(a_name_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
