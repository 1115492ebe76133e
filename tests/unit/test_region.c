/* SPDX-License-Identifier: MIT */
#include "helpers/links.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>

#define BYTES 65536

struct fixture {
	char folder[256], path[300], other[300];
	struct ivp_region region;
	struct ivp_why why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	make_test_folder(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/region", f->folder);
	snprintf(f->other, sizeof(f->other), "%s/other", f->folder);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ivp_region_close(&f->region);
	remove_test_folder(f->folder);
	free(f);
	return 0;
}

static void create(struct fixture *f)
{
	assert_int_equal(ivp_region_create(f->path, BYTES, 0600, NULL, &f->region, &f->why), 0);
}

static unsigned files_in(const char *folder)
{
	DIR *listing = opendir(folder);
	unsigned files = 0;

	assert_non_null(listing);
	for (struct dirent *entry; (entry = readdir(listing));)
		files += entry->d_name[0] != '.';
	closedir(listing);
	return files;
}

static void assert_why(const struct fixture *f, const char *words)
{
	if (!strstr(f->why.text, words))
		fail_msg("'%s' does not say '%s'", f->why.text, words);
}

static void what_one_mapping_stores_another_loads(void **state)
{
	struct fixture *f = *state;
	struct ivp_region again;

	create(f);
	assert_int_equal(f->region.bytes, BYTES);
	assert_true(f->region.writable);
	assert_string_equal(f->region.source, f->path);
	for (size_t i = 0; i < BYTES; i++)
		assert_int_equal(f->region.base[i], 0);
	f->region.base[BYTES - 1] = 42;
	assert_int_equal(ivp_region_open(f->path, false, &again, &f->why), 0);
	assert_int_equal(again.bytes, BYTES);
	assert_false(again.writable);
	assert_int_equal(again.base[BYTES - 1], 42);
	f->region.base[0] = 43;
	assert_int_equal(again.base[0], 43);
	ivp_region_close(&again);
	assert_null(again.base);
	ivp_region_close(&again);
	assert_int_equal(ivp_region_open(f->path, true, &again, &f->why), 0);
	again.base[1] = 44;
	assert_int_equal(f->region.base[1], 44);
	ivp_region_close(&again);
}

static void every_page_is_allocated_at_once(void **state)
{
	struct fixture *f = *state;
	struct stat info;

	create(f);
	assert_int_equal(stat(f->path, &info), 0);
	assert_true((uint64_t)info.st_blocks * 512 >= BYTES);
}

static void the_mode_is_what_was_asked_for_whatever_the_umask(void **state)
{
	struct fixture *f = *state;
	struct stat info;
	mode_t mask = umask(077);
	int error = ivp_region_create(f->path, BYTES, 0664, NULL, &f->region, &f->why);

	umask(mask);
	assert_int_equal(error, 0);
	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0664);
}

static void the_owner_is_what_was_asked_for(void **state)
{
	struct fixture *f = *state;
	char owner[64];
	struct stat info;

	/* Anybody may give a file to himself; root may give it to others. */
	unsigned user = geteuid() == 0 ? 12345 : geteuid();
	unsigned group = geteuid() == 0 ? 54321 : getegid();
	snprintf(owner, sizeof(owner), "%u:%u", user, group);
	assert_int_equal(ivp_region_create(f->path, BYTES, 0600, owner, &f->region, &f->why), 0);
	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_uid, user);
	assert_int_equal(info.st_gid, group);

	snprintf(owner, sizeof(owner), ":%u", group);
	struct ivp_region second;
	assert_int_equal(ivp_region_create(f->other, BYTES, 0600, owner, &second, &f->why), 0);
	assert_int_equal(stat(f->other, &info), 0);
	assert_int_equal(info.st_uid, geteuid());
	assert_int_equal(info.st_gid, group);
	ivp_region_close(&second);
}

static void a_failure_leaves_nothing_behind(void **state)
{
	static const char *const owners[] = {"no-such-user", ":no-such-group", "-5",
					     "4294967295",   "99999999999",    "0:-1"};
	struct fixture *f = *state;

	for (size_t i = 0; i < count_of(owners); i++) {
		assert_int_equal(
		    ivp_region_create(f->path, BYTES, 0600, owners[i], &f->region, &f->why),
		    -ENOENT);
		assert_why(f, owners[i]);
		assert_why(f, f->path);
		assert_null(f->region.base);
		assert_int_equal(files_in(f->folder), 0);
	}
	/* More than any file system here has. */
	assert_true(ivp_region_create(f->path, (size_t)1 << 60, 0600, NULL, &f->region, &f->why) <
		    0);
	assert_why(f, "no room");
	assert_true(ivp_region_create(f->path, 0, 0600, NULL, &f->region, &f->why) < 0);
	assert_int_equal(files_in(f->folder), 0);
}

static void a_file_that_exists_is_not_replaced(void **state)
{
	struct fixture *f = *state;
	struct ivp_region second;

	create(f);
	f->region.base[7] = 7;
	assert_int_equal(ivp_region_create(f->path, 4096, 0600, NULL, &second, &f->why), -EEXIST);
	assert_why(f, f->path);
	ivp_region_close(&f->region);
	assert_int_equal(ivp_region_open(f->path, false, &f->region, &f->why), 0);
	assert_int_equal(f->region.bytes, BYTES);
	assert_int_equal(f->region.base[7], 7);
}

static void a_region_that_somebody_has_open_is_not_destroyed(void **state)
{
	struct fixture *f = *state;
	struct ivp_region reader;

	create(f);
	assert_int_equal(ivp_region_open(f->path, false, &reader, &f->why), 0);
	assert_int_equal(ivp_region_destroy(f->path, &f->why), -EBUSY);
	assert_why(f, "still has it open");
	ivp_region_close(&f->region);
	assert_int_equal(ivp_region_destroy(f->path, &f->why), -EBUSY);
	assert_int_equal(files_in(f->folder), 1);
	ivp_region_close(&reader);
	assert_int_equal(ivp_region_destroy(f->path, &f->why), 0);
	assert_int_equal(files_in(f->folder), 0);
	assert_int_equal(ivp_region_destroy(f->path, &f->why), -ENOENT);
}

static void symbolic_links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	struct ivp_region second;

	create(f);
	assert_int_equal(symlink(f->path, f->other), 0);
	assert_int_equal(ivp_region_open(f->other, true, &second, &f->why), -ELOOP);
	assert_int_equal(ivp_region_create(f->other, BYTES, 0600, NULL, &second, &f->why), -EEXIST);
	ivp_region_close(&f->region);
	assert_int_equal(ivp_region_destroy(f->other, &f->why), -ELOOP);
	assert_int_equal(files_in(f->folder), 2);
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(ivp_region_open(f->path, true, &f->region, &f->why), -EINVAL);
	assert_why(f, "not a regular file");
	assert_int_equal(ivp_region_open(f->path, false, &f->region, &f->why), -EINVAL);
	assert_int_equal(ivp_region_destroy(f->path, &f->why), -EINVAL);
	assert_int_equal(files_in(f->folder), 1);
	assert_int_equal(ivp_region_open(f->folder, false, &f->region, &f->why), -EINVAL);
	assert_true(ivp_region_open("/dev/zero", false, &f->region, &f->why) < 0);
}

static void a_file_too_short_for_a_window_is_refused(void **state)
{
	struct fixture *f = *state;

	create(f);
	ivp_region_close(&f->region);
	assert_int_equal(truncate(f->path, 4095), 0);
	assert_int_equal(ivp_region_open(f->path, false, &f->region, &f->why), -ENOMSG);
	assert_why(f, "4095 bytes");
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(ivp_region_open(f->path, false, &f->region, &f->why), -ENOMSG);
	assert_int_equal(ivp_region_open(f->other, false, &f->region, &f->why), -ENOENT);
	assert_why(f, f->other);
}

static void a_region_that_is_being_removed_is_not_opened(void **state)
{
	struct fixture *f = *state;

	create(f);
	ivp_region_close(&f->region);
	int remover = open(f->path, O_RDONLY | O_CLOEXEC);
	assert_true(remover >= 0);
	assert_int_equal(flock(remover, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(ivp_region_open(f->path, false, &f->region, &f->why), -EWOULDBLOCK);
	assert_why(f, "being removed");
	close(remover);
	assert_int_equal(ivp_region_open(f->path, false, &f->region, &f->why), 0);
}

struct maker {
	const char *path;
	uint32_t stop;
};

static void *make_and_destroy(void *argument)
{
	struct maker *maker = argument;

	while (!ivp_load32_relaxed(&maker->stop)) {
		struct ivp_region region;

		if (ivp_region_create(maker->path, 4096, 0600, NULL, &region, NULL) == 0)
			ivp_region_close(&region);
		ivp_region_destroy(maker->path, NULL);
	}
	return NULL;
}

static void a_region_that_opens_is_one_that_others_can_find(void **state)
{
	struct fixture *f = *state;
	struct maker maker = {.path = f->path};
	pthread_t thread;
	unsigned removed = 0;
	struct stat info;

	assert_int_equal(pthread_create(&thread, NULL, make_and_destroy, &maker), 0);
	for (int i = 0; i < 20000; i++) {
		if (ivp_region_open(f->path, false, &f->region, NULL) != 0)
			continue;
		/* While we hold it nobody destroys it, so the name must still be there. */
		assert_int_equal(fstat(f->region.fd, &info), 0);
		removed += info.st_nlink == 0;
		ivp_region_close(&f->region);
	}
	ivp_store32_relaxed(&maker.stop, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(removed, 0);
}

static void the_path_tells_pipeline_link_and_window(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(
	    ivp_region_path(path, sizeof(path), IVP_REGION_FOLDER, "demo", "a", IVP_WINDOW_DATA, 3),
	    27);
	assert_string_equal(path, "/dev/shm/ivpipe.demo.a.data");
	assert_int_equal(ivp_region_path(path, sizeof(path), IVP_REGION_FOLDER, "demo", "a",
					 IVP_WINDOW_CREDIT, 3),
			 30);
	assert_string_equal(path, "/dev/shm/ivpipe.demo.a.credit3");
	assert_int_equal(
	    ivp_region_path(path, 27, IVP_REGION_FOLDER, "demo", "a", IVP_WINDOW_DATA, 0),
	    -ENAMETOOLONG);
}

static void a_zeroed_region_may_be_closed_and_costs_no_descriptor(void **state)
{
	struct ivp_region zeroed = {0};
	int input = dup(0);

	(void)state;
	/* Descriptor 0 is open, whatever the test was started with. */
	if (input < 0)
		assert_int_equal(open("/dev/null", O_RDONLY), 0);
	else
		close(input);
	ivp_region_close(&zeroed);
	assert_true(fcntl(0, F_GETFD) >= 0);
	assert_int_equal(zeroed.fd, -1);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    in_folder(what_one_mapping_stores_another_loads),
	    in_folder(every_page_is_allocated_at_once),
	    in_folder(the_mode_is_what_was_asked_for_whatever_the_umask),
	    in_folder(the_owner_is_what_was_asked_for),
	    in_folder(a_failure_leaves_nothing_behind),
	    in_folder(a_file_that_exists_is_not_replaced),
	    in_folder(a_region_that_somebody_has_open_is_not_destroyed),
	    in_folder(symbolic_links_are_not_followed),
	    in_folder(what_is_no_regular_file_is_refused_without_waiting),
	    in_folder(a_file_too_short_for_a_window_is_refused),
	    in_folder(a_region_that_is_being_removed_is_not_opened),
	    in_folder(a_region_that_opens_is_one_that_others_can_find),
	    cmocka_unit_test(the_path_tells_pipeline_link_and_window),
	    cmocka_unit_test(a_zeroed_region_may_be_closed_and_costs_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
