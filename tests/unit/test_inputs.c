/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include <sys/stat.h>

#include "config/inputs.h"

static char folder[256];
static struct ivp_why why;

static const char *in_folder(const char *name)
{
	static char paths[16][320];
	static unsigned next;
	char *path = paths[next++ % 16];

	snprintf(path, 320, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	write_test_file(in_folder(name), text);
}

static int set_up(void **state)
{
	static const char *const names[] = {"b.png",     "a.JPG",       "C.ppm",
					    "README.md", ".hidden.png", "noext",
					    "sub/d.png", "sub/e.jpeg",  "odd/[x].png"};

	(void)state;
	make_test_folder(folder);
	assert_int_equal(mkdir(in_folder("sub"), 0700), 0);
	assert_int_equal(mkdir(in_folder("odd"), 0700), 0);
	assert_int_equal(mkdir(in_folder("bare"), 0700), 0);
	assert_int_equal(mkdir(in_folder("folder.png"), 0700), 0);
	assert_int_equal(mkfifo(in_folder("pipe.png"), 0600), 0);
	for (size_t i = 0; i < count_of(names); i++)
		write_file(names[i], names[i]);
	assert_int_equal(symlink("sub/d.png", in_folder("link.png")), 0);
	assert_int_equal(symlink("nowhere", in_folder("broken.png")), 0);
	memset(&why, 0, sizeof(why));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_test_folder(folder);
	return 0;
}

/* names: relative to the folder, ended by NULL */
static void expect_list(const struct ivp_inputs *inputs, const char *const *names)
{
	size_t i;

	for (i = 0; names[i]; i++) {
		assert_true(i < inputs->count);
		assert_string_equal(inputs->paths[i], in_folder(names[i]));
	}
	assert_int_equal(inputs->count, i);
}

static void a_folder_gives_its_images_in_byte_order(void **state)
{
	const char *words[] = {folder};
	struct ivp_inputs inputs;

	(void)state;
	assert_int_equal(ivp_inputs_collect(words, 1, &inputs, &why), 0);
	expect_list(&inputs, (const char *[]){"C.ppm", "a.JPG", "b.png", "link.png", NULL});
	ivp_inputs_finish(&inputs);
	assert_int_equal(inputs.count, 0);
	ivp_inputs_finish(&inputs);
}

static void a_named_file_is_taken_whatever_its_name(void **state)
{
	const char *words[] = {in_folder("noext"), in_folder(".hidden.png"),
			       in_folder("README.md")};
	struct ivp_inputs inputs;

	(void)state;
	assert_int_equal(ivp_inputs_collect(words, 3, &inputs, &why), 0);
	expect_list(&inputs, (const char *[]){"noext", ".hidden.png", "README.md", NULL});
	ivp_inputs_finish(&inputs);
}

static void patterns_match_in_byte_order(void **state)
{
	const char *words[] = {in_folder("sub/*"), in_folder("[a-c].*")};
	struct ivp_inputs inputs;

	(void)state;
	assert_int_equal(ivp_inputs_collect(words, 2, &inputs, &why), 0);
	expect_list(&inputs, (const char *[]){"sub/d.png", "sub/e.jpeg", "a.JPG", "b.png", NULL});
	ivp_inputs_finish(&inputs);
}

static void a_name_that_exists_is_no_pattern(void **state)
{
	const char *words[] = {in_folder("odd/[x].png")};
	struct ivp_inputs inputs;

	(void)state;
	assert_int_equal(ivp_inputs_collect(words, 1, &inputs, &why), 0);
	expect_list(&inputs, (const char *[]){"odd/[x].png", NULL});
	ivp_inputs_finish(&inputs);
}

static void a_file_is_listed_once_where_it_comes_first(void **state)
{
	const char *words[] = {in_folder("sub/e.jpeg"), in_folder("sub"),
			       in_folder("./sub/../b.png"), folder, in_folder("sub/*.png")};
	struct ivp_inputs inputs;

	(void)state;
	assert_int_equal(ivp_inputs_collect(words, 5, &inputs, &why), 0);
	/* link.png and sub/d.png are the same bytes under two names: two inputs. */
	expect_list(&inputs, (const char *[]){"sub/e.jpeg", "sub/d.png", "./sub/../b.png", "C.ppm",
					      "a.JPG", "link.png", NULL});
	ivp_inputs_finish(&inputs);
}

static void a_word_that_gives_nothing_is_named(void **state)
{
	static const struct {
		const char *word;
		int error;
		const char *reason;
	} cases[] = {
	    {"missing.png", -ENOENT, "missing.png: No such file"},
	    {"*.tiff", -ENOENT, "*.tiff: no file matches"},
	    {"bare", -ENOENT, "bare: the folder has no image files"},
	    {"pipe.png", -EINVAL, "pipe.png: is neither a regular file nor a folder"},
	    {"broken.png", -ENOENT, "broken.png: No such file"},
	    {"b.png/x", -ENOTDIR, "b.png/x: Not a directory"},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		const char *words[] = {in_folder("b.png"), in_folder(cases[i].word)};
		struct ivp_inputs inputs;

		assert_int_equal(ivp_inputs_collect(words, 2, &inputs, &why), cases[i].error);
		assert_non_null(strstr(why.text, cases[i].reason));
		assert_int_equal(inputs.count, 0);
		assert_null(inputs.paths);
	}
	assert_int_equal(ivp_inputs_collect((const char *[]){""}, 1, &(struct ivp_inputs){0}, &why),
			 -ENOENT);
	assert_non_null(strstr(why.text, "(empty word)"));
}

static void no_words_give_no_files(void **state)
{
	struct ivp_inputs inputs;

	(void)state;
	assert_int_equal(ivp_inputs_collect(NULL, 0, &inputs, &why), 0);
	assert_int_equal(inputs.count, 0);
	ivp_inputs_finish(&inputs);
}

static void reading_uses_its_memory_again(void **state)
{
	struct ivp_input_file file = {0};
	const uint8_t *data;

	(void)state;
	assert_int_equal(ivp_input_read(in_folder("sub/e.jpeg"), 100, &file, &why), 0);
	assert_int_equal(file.bytes, 10);
	assert_memory_equal(file.data, "sub/e.jpeg", 10);
	data = file.data;
	assert_int_equal(ivp_input_read(in_folder("b.png"), 100, &file, &why), 0);
	assert_int_equal(file.bytes, 5);
	assert_memory_equal(file.data, "b.png", 5);
	assert_ptr_equal(file.data, data);
	assert_int_equal(ivp_input_read(in_folder("odd/[x].png"), 100, &file, &why), 0);
	assert_memory_equal(file.data, "odd/[x].png", 11);
	write_file("empty.png", "");
	assert_int_equal(ivp_input_read(in_folder("empty.png"), 100, &file, &why), 0);
	assert_int_equal(file.bytes, 0);
	ivp_input_file_finish(&file);
	assert_null(file.data);
}

static void what_cannot_be_read_is_refused_at_once(void **state)
{
	struct ivp_input_file file = {0};

	(void)state;
	assert_int_equal(ivp_input_read(in_folder("b.png"), 5, &file, &why), 0);
	assert_int_equal(ivp_input_read(in_folder("b.png"), 4, &file, &why), -E2BIG);
	assert_non_null(strstr(why.text, "b.png: is longer than max-bytes = 4"));
	assert_int_equal(ivp_input_read(in_folder("pipe.png"), 4, &file, &why), -EINVAL);
	assert_non_null(strstr(why.text, "pipe.png: is not a regular file"));
	assert_int_equal(ivp_input_read(in_folder("sub"), 4, &file, &why), -EINVAL);
	assert_int_equal(ivp_input_read(in_folder("missing"), 4, &file, &why), -ENOENT);
	assert_non_null(strstr(why.text, "missing: cannot open: No such file"));
	/* A file that says 0 bytes and gives more: the limit holds while reading. */
	assert_int_equal(ivp_input_read("/proc/self/status", 4, &file, &why), -E2BIG);
	assert_int_equal(ivp_input_read("/proc/self/status", 1 << 20, &file, &why), 0);
	assert_true(file.bytes > 100);
	ivp_input_file_finish(&file);
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    with_folder(a_folder_gives_its_images_in_byte_order),
	    with_folder(a_named_file_is_taken_whatever_its_name),
	    with_folder(patterns_match_in_byte_order),
	    with_folder(a_name_that_exists_is_no_pattern),
	    with_folder(a_file_is_listed_once_where_it_comes_first),
	    with_folder(a_word_that_gives_nothing_is_named),
	    with_folder(no_words_give_no_files),
	    with_folder(reading_uses_its_memory_again),
	    with_folder(what_cannot_be_read_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
