/* SPDX-License-Identifier: MIT */
/* What code under test prints on a standard stream, as text. */
#ifndef IVP_TESTS_HELPERS_CAPTURE_H
#define IVP_TESTS_HELPERS_CAPTURE_H

#include "helpers/test.h"

struct capture {
	FILE *stream; /* stdout or stderr */
	int kept;     /* where it led before */
	FILE *file;
};

static inline void begin_capture(struct capture *capture, FILE *stream)
{
	fflush(stream);
	capture->stream = stream;
	capture->kept = dup(fileno(stream));
	capture->file = tmpfile();
	assert_true(capture->kept >= 0 && capture->file);
	assert_true(dup2(fileno(capture->file), fileno(stream)) >= 0);
}

/* Returns all that was printed, cut at 64 KiB. */
static inline const char *end_capture(struct capture *capture)
{
	static char text[65536];
	size_t bytes;

	fflush(capture->stream);
	assert_true(dup2(capture->kept, fileno(capture->stream)) >= 0);
	close(capture->kept);
	rewind(capture->file);
	bytes = fread(text, 1, sizeof(text) - 1, capture->file);
	text[bytes] = '\0';
	fclose(capture->file);
	return text;
}

#endif
