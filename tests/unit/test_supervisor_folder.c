/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "supervisor/folder.h"

static char base[200];
static unsigned removed;
static struct ivp_why why;

static int begin(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(base, sizeof(base), "%s/ivpipe-folder-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(base) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return rmdir(base);
}

static char *in_base(const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", base, name);
	return path;
}

static void put(const char *folder, const char *name)
{
	char path[PATH_MAX + 50];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void drop(const char *folder, const char *name)
{
	char path[PATH_MAX + 50];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static int make(const char *name, char path[PATH_MAX])
{
	in_base(name, path);
	return ivp_folder_make(path, &removed, &why);
}

static void a_folder_is_for_its_user_alone_and_goes_with_its_files(void **state)
{
	char path[PATH_MAX];
	struct stat info;
	int lock = make("run-XXXXXX", path);

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(removed, 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	put(path, "a.conf");
	ivp_folder_leave(path, lock, false);
	assert_false(is_there(path));
}

static void what_a_dead_run_left_is_removed_and_what_a_living_one_has_is_not(void **state)
{
	char dead[PATH_MAX], living[PATH_MAX], path[PATH_MAX];
	int one = make("run-XXXXXX", dead), two = make("run-XXXXXX", living), three;

	(void)state;
	assert_int_equal(removed, 0);
	put(dead, "sink.json");
	put(living, "sink.json");
	close(one); /* as the kernel does for a process that is killed */
	three = make("run-XXXXXX", path);
	assert_true(three >= 0);
	assert_int_equal(removed, 1);
	assert_false(is_there(dead));
	assert_true(is_there(living));
	ivp_folder_leave(living, two, false);
	ivp_folder_leave(path, three, false);
}

static void a_run_that_died_before_it_had_a_lock_left_an_empty_folder(void **state)
{
	char empty[PATH_MAX], path[PATH_MAX];
	int lock;

	(void)state;
	assert_int_equal(mkdir(in_base("run-a1B2c3", empty), 0700), 0);
	lock = make("run-XXXXXX", path);
	assert_int_equal(removed, 1);
	assert_false(is_there(empty));
	ivp_folder_leave(path, lock, false);
}

/* Another pipeline's, a user's, and one that was kept to be looked at. */
static void folders_that_are_no_dead_runs_of_this_name_stay(void **state)
{
	static const char *const names[] = {"run-other-abcdef", "run-abcde", "run-abcde.",
					    "ran-abcdef"};
	char path[PATH_MAX], kept[PATH_MAX], theirs[PATH_MAX];
	int lock = make("run-XXXXXX", kept);

	(void)state;
	put(kept, "sink.json");
	ivp_folder_leave(kept, lock, true);
	assert_int_equal(mkdir(in_base("run-theirs", theirs), 0700), 0);
	put(theirs, "letter");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(mkdir(in_base(names[i], path), 0700), 0);
	lock = make("run-XXXXXX", path);
	assert_int_equal(removed, 0);
	ivp_folder_leave(path, lock, false);
	drop(kept, "sink.json");
	drop(theirs, "letter");
	assert_int_equal(rmdir(kept), 0);
	assert_int_equal(rmdir(theirs), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(rmdir(in_base(names[i], path)), 0);
}

static void a_folder_that_was_named_is_taken_from_a_dead_run_only(void **state)
{
	char path[PATH_MAX], again[PATH_MAX];
	int lock = make("mine", path);

	(void)state;
	assert_true(lock >= 0);
	put(path, "feeder.json");
	assert_int_equal(make("mine", again), -EEXIST);
	assert_non_null(strstr(why.text, "/mine: File exists"));
	assert_true(is_there(path));
	close(lock);
	lock = make("mine", again);
	assert_true(lock >= 0);
	assert_int_equal(removed, 1);
	ivp_folder_leave(again, lock, false);

	assert_int_equal(mkdir(path, 0700), 0);
	put(path, "letter");
	assert_int_equal(make("mine", again), -EEXIST);
	drop(path, "letter");
	assert_int_equal(rmdir(path), 0);
}

static void a_folder_that_is_a_link_to_a_dead_one_is_not_followed(void **state)
{
	char dead[PATH_MAX], link[PATH_MAX], path[PATH_MAX];
	int lock = make("dead", dead);

	(void)state;
	close(lock);
	assert_int_equal(symlink(dead, in_base("run-abcdef", link)), 0);
	lock = make("run-XXXXXX", path);
	assert_int_equal(removed, 0);
	assert_true(is_there(dead));
	ivp_folder_leave(path, lock, false);
	assert_int_equal(unlink(link), 0);
	lock = make("dead", dead);
	ivp_folder_leave(dead, lock, false);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	    in_folder(a_folder_is_for_its_user_alone_and_goes_with_its_files),
	    in_folder(what_a_dead_run_left_is_removed_and_what_a_living_one_has_is_not),
	    in_folder(a_run_that_died_before_it_had_a_lock_left_an_empty_folder),
	    in_folder(folders_that_are_no_dead_runs_of_this_name_stay),
	    in_folder(a_folder_that_was_named_is_taken_from_a_dead_run_only),
	    in_folder(a_folder_that_is_a_link_to_a_dead_one_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
