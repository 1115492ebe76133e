/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "base/units.h"

static void sizes_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
	    {"0", 0},
	    {"4096", 4096},
	    {"1B", 1},
	    {"4K", 4096},
	    {"4KiB", 4096},
	    {"64MiB", 64ull << 20},
	    {"64M", 64ull << 20},
	    {"2GiB", 2ull << 30},
	    {"2G", 2ull << 30},
	    {"3kB", 3000},
	    {"100MB", 100000000},
	    {"5GB", 5000000000ull},
	    {"4611686018427387904", 1ull << 62},
	    {"4294967296GiB", 1ull << 62},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		uint64_t bytes = 1;

		assert_int_equal(ivp_parse_size(cases[i].text, &bytes), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const cases[] = {
	    "",       "MiB",  "-1",    "+1",     " 1",    "1 ",   "1 MiB",
	    "1.5MiB", "0x10", "1e3",   "1mib",   "1KIB",  "1Kb",  "1TiB",
	    "nan",    "inf",  "1,000", "16MiB;", "1KiBK", "1K1K", "\xc2\xb9",
	};
	uint64_t bytes = 77;

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		assert_int_equal(ivp_parse_size(cases[i], &bytes), -EINVAL);
	assert_int_equal(bytes, 77);
}

static void sizes_beyond_the_limit_are_out_of_range(void **state)
{
	static const char *const cases[] = {
	    "4611686018427387905",  "18446744073709551615",
	    "18446744073709551616", "99999999999999999999999999",
	    "4294967297GiB",        "99999999999999999999999999MiB",
	    "17179869185GiB",
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		assert_int_equal(ivp_parse_size(cases[i], &bytes), -ERANGE);
}

static void durations_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		uint64_t nanoseconds;
	} cases[] = {
	    {"0", 0},
	    {"1", 1000000000ull},
	    {"1.5", 1500000000ull},
	    {"250ms", 250000000ull},
	    {"30s", 30000000000ull},
	    {"2min", 120000000000ull},
	    {"1h", 3600000000000ull},
	    {"7us", 7000},
	    {"9ns", 9},
	    {"0.000000001", 1},
	    {"0.1s", 100000000ull},
	    {"1.5min", 90000000000ull},
	    {"0.999999999h", 3599999996400ull},
	    {"1000000000", 1000000000000000000ull},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		uint64_t nanoseconds = 1;

		assert_int_equal(ivp_parse_duration(cases[i].text, &nanoseconds), 0);
		assert_int_equal(nanoseconds, cases[i].nanoseconds);
	}
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const cases[] = {
	    "",   "s",     "-1",   "1.",   ".5",  "1.5.5", "1s2",          "1 s",
	    "1d", "1msec", "1e3s", "0x1s", "nan", "inf",   "1.0000000001", "1S",
	};
	uint64_t nanoseconds = 77;

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		assert_int_equal(ivp_parse_duration(cases[i], &nanoseconds), -EINVAL);
	assert_int_equal(nanoseconds, 77);
}

static void durations_beyond_the_limit_are_out_of_range(void **state)
{
	static const char *const cases[] = {
	    "1000000001",
	    "1000000000.000000001",
	    "277778h",
	    "18446744073709551616ns",
	    "99999999999999999999999999999s",
	};
	uint64_t nanoseconds;

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		assert_int_equal(ivp_parse_duration(cases[i], &nanoseconds), -ERANGE);
}

static void sizes_are_written_with_one_decimal(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
	    {0, "0 B"},
	    {1023, "1023 B"},
	    {1024, "1.0 KiB"},
	    {1536, "1.5 KiB"},
	    {12ull << 20, "12.0 MiB"},
	    {(1ull << 20) - 1, "1.0 MiB"},
	    {(1ull << 30) - 1, "1.0 GiB"},
	    {5ull << 40, "5.0 TiB"},
	    {UINT64_MAX, "16.0 EiB"},
	};
	char text[24];

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		assert_string_equal(ivp_format_size(cases[i].bytes, text), cases[i].text);
}

static void the_clock_does_not_go_back(void **state)
{
	uint64_t before = ivp_now_ns();

	(void)state;
	assert_true(before > 0);
	assert_true(ivp_now_ns() >= before);
}

static void failures_have_exit_codes_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(ivp_exit_code(0), EX_OK);
	assert_int_equal(ivp_exit_code(-EINVAL), EX_CONFIG);
	assert_int_equal(ivp_exit_code(-ENOENT), EX_NOINPUT);
	assert_int_equal(ivp_exit_code(-EACCES), EX_NOPERM);
	assert_int_equal(ivp_exit_code(-ETIMEDOUT), EX_TEMPFAIL);
	assert_int_equal(ivp_exit_code(-EBADMSG), EX_PROTOCOL);
	assert_int_equal(ivp_exit_code(-EPROTONOSUPPORT), EX_PROTOCOL);
	assert_int_equal(ivp_exit_code(-EILSEQ), EX_DATAERR);
	assert_int_equal(ivp_exit_code(-ENOSPC), EX_CANTCREAT);
	assert_int_equal(ivp_exit_code(-EIO), EX_IOERR);
	assert_int_equal(ivp_exit_code(-ENOMEM), EX_OSERR);
	assert_int_equal(ivp_exit_code(-ENOSYS), EX_SOFTWARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_are_read_exactly),
	    cmocka_unit_test(what_is_no_size_is_refused),
	    cmocka_unit_test(sizes_beyond_the_limit_are_out_of_range),
	    cmocka_unit_test(durations_are_read_exactly),
	    cmocka_unit_test(what_is_no_duration_is_refused),
	    cmocka_unit_test(durations_beyond_the_limit_are_out_of_range),
	    cmocka_unit_test(sizes_are_written_with_one_decimal),
	    cmocka_unit_test(the_clock_does_not_go_back),
	    cmocka_unit_test(failures_have_exit_codes_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
