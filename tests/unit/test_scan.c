/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "config/scan.h"

/* Scans the text and compares the kinds of its tokens, a letter each, with kinds. */
static void expect(const char *text, const char *kinds)
{
	static const char letters[] = "$ws{}=,()!";
	char copy[256], found[64];
	struct ivp_diag diag = {0};
	struct ivp_scanner scanner = {.at = copy, .line = 1, .file = "t", .diag = &diag};
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (count < sizeof(found) - 1) {
		struct ivp_token token = ivp_scan(&scanner);

		found[count++] = letters[token.type];
		if (token.type == IVP_TOKEN_END || token.type == IVP_TOKEN_BROKEN)
			break;
	}
	found[count] = '\0';
	assert_string_equal(found, kinds);
	assert_int_equal(diag.errors, strchr(kinds, '!') ? 1 : 0);
	ivp_diag_finish(&diag);
}

static void words_strings_and_marks_are_told_apart(void **state)
{
	(void)state;
	expect("", "$");
	expect("name = x", "w=w$");
	expect("link a{slots=4}", "ww{w=w}$");
	expect("input = { \"a\", 'b' }", "w={s,s}$");
	expect("include(\"x\")", "w(s)$");
	expect("a:b/c.d-e_f;g", "w$");
	expect("\"a\"b'c'", "sws$");
}

static void comments_are_no_tokens(void **state)
{
	(void)state;
	expect("# a = b", "$");
	expect("a // b\nc", "ww$");
	expect("a /* b\n */ c", "ww$");
	expect("http://x", "w$");
	expect("\"#\" '//' \"/*\"", "sss$");
	expect("/**/ /* * / */ x", "w$");
}

static void what_cannot_be_read_is_reported_once(void **state)
{
	(void)state;
	expect("a \"b", "w!");
	expect("a 'b\nc'", "w!");
	expect("a /* b", "w!");
	expect("a * b", "w!");
	expect("a += b", "w!");
	expect("a$", "w!");
	expect("a\001", "w!");
	expect("\rb", "!");
	expect("\"\\n\"", "!");
	expect("\"\\", "!");
	expect("\"${", "!");
	expect("\"${}\"", "!");
	expect("\"${A-b}\"", "!");
	expect("\"${IVPIPE_TEST_NOT_SET}\"", "!");
}

static void escapes_and_variables_stay_in_their_string(void **state)
{
	(void)state;
	expect("\"a \\\" b\" c", "sw$");
	expect("\"a \\\\\" c", "sw$");
	expect("'a \\' \" b' c", "sw$");
	expect("\"\\${x\"", "s$");
	expect("\"${IVPIPE_TEST_NOT_SET:-a}\"", "s$");
	expect("\"$5\"", "s$");
}

static void every_token_knows_its_line_and_text(void **state)
{
	char text[] = "one # x\n\n/* y\n*/ \"two three\"\r\n}";
	struct ivp_diag diag = {0};
	struct ivp_scanner scanner = {.at = text, .line = 1, .file = "t", .diag = &diag};
	struct ivp_token token = ivp_scan(&scanner);

	(void)state;
	assert_int_equal(token.line, 1);
	assert_int_equal(token.bytes, 3);
	assert_memory_equal(token.text, "one", 3);
	token = ivp_scan(&scanner);
	assert_int_equal(token.line, 4);
	assert_int_equal(token.bytes, strlen("two three"));
	assert_memory_equal(token.text, "two three", token.bytes);
	assert_int_equal(*token.start, '"');
	assert_ptr_equal(token.end, token.text + token.bytes + 1);
	token = ivp_scan(&scanner);
	assert_int_equal(token.line, 5);
	assert_int_equal(token.type, IVP_TOKEN_CLOSE);
	assert_string_equal(text, "one    \n\n    \n   \"two three\"\r\n}");
}

static void blanking_keeps_the_lines(void **state)
{
	char text[] = "a = {\n1, 2 }\nb";

	(void)state;
	ivp_scan_blank(text + 2, text + 12);
	assert_string_equal(text, "a    \n      \nb");
}

static int forget_the_variable(void **state)
{
	(void)state;
	return unsetenv("IVPIPE_TEST_NOT_SET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_strings_and_marks_are_told_apart),
	    cmocka_unit_test(comments_are_no_tokens),
	    cmocka_unit_test(what_cannot_be_read_is_reported_once),
	    cmocka_unit_test(escapes_and_variables_stay_in_their_string),
	    cmocka_unit_test(every_token_knows_its_line_and_text),
	    cmocka_unit_test(blanking_keeps_the_lines),
	};

	return cmocka_run_group_tests(tests, forget_the_variable, NULL);
}
