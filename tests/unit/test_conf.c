/* SPDX-License-Identifier: MIT */
/*
 * The corpora of tests/conf: pass-*.conf is accepted (pass-*.err then holds warnings), fail-*.conf
 * gives exactly the findings of fail-*.err. Each is treated as "pipeline check" would: a file that
 * has a feeder or a sink, or no stage, or several, must be a whole chain.
 */
#include "helpers/test.h"

#include <glob.h>

#include "config/topology.h"

#define LARGEST 16384

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016) */
static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static void read_whole(const char *file, char text[LARGEST])
{
	FILE *from = fopen(file, "r");
	size_t bytes;

	assert_non_null(from);
	bytes = fread(text, 1, LARGEST - 1, from);
	assert_true(bytes < LARGEST - 1);
	text[bytes] = '\0';
	fclose(from);
}

static int check_whole(struct ivp_topology *topology, struct ivp_diag *diag)
{
	if (topology->feeder.declared || topology->sink.declared || topology->stage_count != 1)
		return ivp_topology_check_chain(topology, diag);
	return 0;
}

static int check_file(const char *file, struct ivp_diag *diag)
{
	struct ivp_topology *topology;
	int error = ivp_topology_read(file, &topology, diag);

	if (error == 0)
		error = check_whole(topology, diag);
	ivp_topology_destroy(topology);
	return error;
}

static int check_text(const char *text)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *topology;
	int error = ivp_topology_parse(text, "text.conf", &topology, &diag);

	assert_true((error == 0) == (topology != NULL));
	assert_true((error == 0) == (diag.errors == 0));
	if (topology)
		error = check_whole(topology, &diag);
	assert_true((error == 0) == (diag.errors == 0));
	ivp_topology_destroy(topology);
	ivp_diag_finish(&diag);
	return error;
}

static void find_files(const char *pattern, unsigned least, glob_t *files)
{
	assert_int_equal(glob(pattern, 0, NULL, files), 0);
	assert_true(files->gl_pathc >= least);
}

/* Compares the findings about a file with those in its .err file, if there is one. */
static bool as_expected(const char *file, bool pass)
{
	char name[300], expected[LARGEST] = "";
	struct ivp_diag diag = {0};
	int error = check_file(file, &diag);
	bool right;

	snprintf(name, sizeof(name), "%.*s.err", (int)strlen(file) - 5, file);
	if (!pass || access(name, F_OK) == 0)
		read_whole(name, expected);
	right = (error == 0) == pass && strcmp(diag.text ? diag.text : "", expected) == 0;
	if (!right)
		print_error("%s: returned %d, expected:\n%sbut found:\n%s", file, error, expected,
			    diag.text ? diag.text : "(nothing)\n");
	ivp_diag_finish(&diag);
	return right;
}

static void every_sound_file_is_accepted(void **state)
{
	glob_t files;
	bool right = true;

	(void)state;
	find_files("pass-*.conf", 8, &files);
	for (size_t i = 0; i < files.gl_pathc; i++)
		right &= as_expected(files.gl_pathv[i], true);
	globfree(&files);
	assert_true(right);
}

static void every_faulty_file_gives_its_exact_findings(void **state)
{
	glob_t files;
	bool right = true;

	(void)state;
	find_files("fail-*.conf", 35, &files);
	for (size_t i = 0; i < files.gl_pathc; i++)
		right &= as_expected(files.gl_pathv[i], false);
	globfree(&files);
	assert_true(right);
}

static void a_file_cut_off_anywhere_does_no_harm(void **state)
{
	glob_t files;
	char text[LARGEST];

	(void)state;
	find_files("pass-*.conf", 8, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		read_whole(files.gl_pathv[i], text);
		for (size_t bytes = strlen(text); bytes-- > 0;) {
			text[bytes] = '\0';
			check_text(text);
		}
	}
	globfree(&files);
}

/* No quotes or comments with braces are in this file: counting them tells where sections end. */
static void a_file_cut_off_in_a_section_is_refused(void **state)
{
	char text[LARGEST];
	size_t bytes;
	unsigned refused = 0;

	(void)state;
	read_whole("pass-all-keys.conf", text);
	bytes = strlen(text);
	while (bytes-- > 0) {
		int depth = 0;

		text[bytes] = '\0';
		for (const char *c = text; *c; c++)
			depth += *c == '{' ? 1 : *c == '}' ? -1 : 0;
		if (depth > 0) {
			assert_int_equal(check_text(text), -EINVAL);
			refused++;
		}
	}
	assert_true(refused > 500);
}

static void a_flipped_byte_anywhere_does_no_harm(void **state)
{
	glob_t files;
	char text[LARGEST];

	(void)state;
	find_files("*.conf", 43, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t bytes;

		read_whole(files.gl_pathv[i], text);
		bytes = strlen(text);
		for (size_t at = 0; at < bytes; at++) {
			char kept = text[at];

			text[at] = (char)(text[at] ^ (1u << (random_next() % 8)));
			check_text(text);
			text[at] = kept;
		}
	}
	globfree(&files);
}

static void shuffled_pieces_do_no_harm(void **state)
{
	static const char *const pieces[] = {
	    "link",      "stage", "filter", "feeder",      "sink",
	    "include",   "name",  "slots",  "input",       "gaussian-blur",
	    "sigma",     "{",     "}",      "{",           "}",
	    "=",         "=",     ",",      "(",           ")",
	    "\"",        "'",     "\\",     "${",          "#",
	    "//",        "/*",    "*/",     "\n",          "\n",
	    "\n",        "a",     "4",      "\"x\"",       "+=",
	    "\t",        "\r",    "\x80",   "$",           "link a {",
	    "stage s {", "\n}\n", "= {",    "input = a\n",
	};

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		char text[1024] = "";
		size_t used = 0;
		unsigned count = (unsigned)(random_next() % 40);

		for (unsigned i = 0; i < count; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 pieces[random_next() % count_of(pieces)],
						 random_next() % 3 ? " " : "");
		check_text(text);
	}
}

/* libconfuse's scanner is global: what a broken file leaves in it would show now. */
static void sound_files_are_accepted_after_broken_ones(void **state)
{
	static const char *const broken[] = {
	    "name = \"a",
	    "name = 'a",
	    "/* a",
	    "link a {",
	    "include(\"inc/cut-off.conf\")",
	    "name = \"\\7777\"",
	    "name = \"${",
	    "feeder { input = { a",
	};

	(void)state;
	for (size_t i = 0; i < count_of(broken); i++) {
		assert_int_equal(check_text(broken[i]), -EINVAL);
		every_sound_file_is_accepted(NULL);
	}
}

static int enter_corpora(void **state)
{
	const char *source = getenv("IVP_SOURCE");

	(void)state;
	unsetenv("IVPIPE_TEST_NOT_SET");
	return chdir(source ? source : ".") == 0 && chdir("tests/conf") == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_sound_file_is_accepted),
	    cmocka_unit_test(every_faulty_file_gives_its_exact_findings),
	    cmocka_unit_test(a_file_cut_off_anywhere_does_no_harm),
	    cmocka_unit_test(a_file_cut_off_in_a_section_is_refused),
	    cmocka_unit_test(a_flipped_byte_anywhere_does_no_harm),
	    cmocka_unit_test(shuffled_pieces_do_no_harm),
	    cmocka_unit_test(sound_files_are_accepted_after_broken_ones),
	};

	return cmocka_run_group_tests(tests, enter_corpora, NULL);
}
