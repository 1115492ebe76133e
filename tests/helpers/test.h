/* SPDX-License-Identifier: MIT */
/* What every test includes: cmocka with its prerequisites, and a folder that goes away again. */
#ifndef IVP_TESTS_HELPERS_TEST_H
#define IVP_TESTS_HELPERS_TEST_H

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define count_of(array) (sizeof(array) / sizeof((array)[0]))

/* Makes a new empty folder below TMPDIR; path has room for 256 bytes. */
static inline void make_test_folder(char path[256])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, 256, "%s/ivpipe-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(path));
}

/* Makes the file anew. */
static inline void write_test_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void remove_test_folder(const char *path)
{
	assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
