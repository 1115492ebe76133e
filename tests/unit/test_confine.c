/* SPDX-License-Identifier: MIT */
/* Each test gives up the privileges of a child of its own. */
#include "helpers/test.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/confine.h"
#include "supervisor/walls.h"

/* A line of this process's status as a number; caps are hexadecimal. */
static unsigned long long status_of(const char *key, int base)
{
	FILE *from = fopen("/proc/self/status", "re");
	unsigned long long value = ~0ull;
	const size_t length = strlen(key);
	char line[256];

	while (from && fgets(line, sizeof(line), from))
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			value = strtoull(line + length + 1, NULL, base);
	if (from)
		fclose(from);
	return value;
}

/* Runs it in a child, where it returns whether all is as it should be. */
static void assert_in_child(bool (*holds)(void))
{
	int status;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(holds() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool confined(void)
{
	return ivp_confine(0) == 0 && status_of("CapEff", 16) == 0 &&
	       status_of("CapPrm", 16) == 0 && status_of("NoNewPrivs", 10) == 1;
}

static void who_is_confined_has_no_capabilities_and_gets_none(void **state)
{
	(void)state;
	assert_in_child(confined);
}

static bool confined_to_files(void)
{
	const unsigned long long kept =
	    1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH | 1ull << CAP_FOWNER;
	const unsigned long long before = status_of("CapPrm", 16);

	return ivp_confine_to_files() == 0 && status_of("CapEff", 16) == (before & kept) &&
	       status_of("NoNewPrivs", 10) == 1;
}

static void who_works_on_files_keeps_the_right_to_files_alone(void **state)
{
	(void)state;
	assert_in_child(confined_to_files);
}

static bool behind_walls(void)
{
	/* Room for the shadow of a sanitizer. */
	const struct ivp_walls walls = {.uid = geteuid(), .address_bytes = 1ull << 47};
	struct rlimit limit;

	return ivp_walls_enter(&walls) == 0 && status_of("CapEff", 16) == 0 &&
	       getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_max == 0 &&
	       getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
}

static void behind_the_walls_no_file_grows_and_no_core_is_left(void **state)
{
	(void)state;
	assert_in_child(behind_walls);
}

static void a_user_that_is_not_there_is_named(void **state)
{
	struct ivp_walls walls;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_walls_choose("no-such-user", false, &walls, &why), -ENOENT);
	assert_non_null(strstr(why.text, "no-such-user"));
}

static void only_root_starts_guests_as_somebody_else(void **state)
{
	struct ivp_walls walls;
	struct ivp_why why;
	int error = ivp_walls_choose(NULL, false, &walls, &why);

	(void)state;
	assert_int_equal(error, 0);
	assert_int_equal(walls.other, geteuid() == 0);
	if (walls.other)
		assert_int_not_equal(walls.uid, 0);
	if (geteuid() != 0)
		assert_int_equal(ivp_walls_choose("root", false, &walls, &why), -EPERM);
}

/* An open file of this mode, its path in path. */
static int make_file(const char *folder, mode_t mode, char path[300])
{
	int fd;

	snprintf(path, 300, "%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "content", 7), 7);
	assert_int_equal(fchmod(fd, mode), 0);
	return fd;
}

static void a_file_is_given_away_only_where_it_may_and_must_be(void **state)
{
	const struct ivp_walls walls = {.other = true, .uid = 65534, .gid = 65534};
	char folder[256], path[300];
	struct stat info;
	int fd;

	(void)state;
	make_test_folder(folder);
	fd = make_file(folder, 0604, path);
	assert_int_equal(ivp_walls_admit(&walls, fd, false, false), 0);
	assert_int_equal(ivp_walls_admit(&walls, fd, true, false), -EACCES);
	assert_int_equal(ivp_walls_admit(&walls, fd, false, true), 0);
	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_uid, geteuid()); /* reading needed no gift */
	if (geteuid() == 0) {
		assert_int_equal(ivp_walls_admit(&walls, fd, true, true), 0);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_uid, 65534);
		assert_int_equal(info.st_mode & 0777, 0604);
	}
	close(fd);
	remove_test_folder(folder);
}

static void a_file_that_is_closed_to_others_is_copied_and_sealed(void **state)
{
	const struct ivp_walls walls = {.other = true, .uid = 65534, .gid = 65534};
	char folder[256], path[300], text[16] = "";
	struct stat info, copied;
	int fd, copy;

	(void)state;
	make_test_folder(folder);
	fd = make_file(folder, 0600, path);
	copy = ivp_walls_open(&walls, path);
	assert_true(copy >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(fstat(copy, &copied), 0);
	assert_true(info.st_ino != copied.st_ino || info.st_dev != copied.st_dev);
	assert_int_equal(pread(copy, text, sizeof(text), 0), 7);
	assert_string_equal(text, "content");
	assert_int_equal(pwrite(copy, "x", 1, 0), -1);
	close(copy);
	assert_int_equal(fchmod(fd, 0644), 0);
	copy = ivp_walls_open(&walls, path);
	assert_int_equal(fstat(copy, &copied), 0);
	assert_int_equal(info.st_ino, copied.st_ino);
	close(copy);
	close(fd);
	remove_test_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_confined_has_no_capabilities_and_gets_none),
	    cmocka_unit_test(who_works_on_files_keeps_the_right_to_files_alone),
	    cmocka_unit_test(behind_the_walls_no_file_grows_and_no_core_is_left),
	    cmocka_unit_test(a_user_that_is_not_there_is_named),
	    cmocka_unit_test(only_root_starts_guests_as_somebody_else),
	    cmocka_unit_test(a_file_is_given_away_only_where_it_may_and_must_be),
	    cmocka_unit_test(a_file_that_is_closed_to_others_is_copied_and_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
