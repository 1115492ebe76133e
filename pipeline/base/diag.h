/* SPDX-License-Identifier: MIT */
/*
 * A collection of findings about configuration text, reported all at once.
 * Not thread-safe; one diag belongs to one caller.
 */
#ifndef IVP_BASE_DIAG_H
#define IVP_BASE_DIAG_H

#include <stddef.h>
#include <stdio.h>

struct ivp_diag {
	char *text; /* lines "file:line: key: why" or "file:line: why", NULL while there are none */
	size_t bytes;
	unsigned errors;
	unsigned warnings;
};

/* Adds "file:line: key: why". file may be NULL, line 0, key NULL: such parts are left out. */
__attribute__((format(printf, 5, 6))) void ivp_diag_error(struct ivp_diag *diag, const char *file,
							  int line, const char *key,
							  const char *format, ...);
/* The same with "warning: " in front of the reason; does not count as an error. */
__attribute__((format(printf, 5, 6))) void ivp_diag_warn(struct ivp_diag *diag, const char *file,
							 int line, const char *key,
							 const char *format, ...);
void ivp_diag_print(const struct ivp_diag *diag, FILE *to);
/* Frees the text and zeroes the struct. */
void ivp_diag_finish(struct ivp_diag *diag);

/*
 * The word of words (ended by NULL) nearest to word by edit distance, if it is near enough to be
 * what was meant (at most a third of the letters wrong); NULL otherwise.
 */
const char *ivp_nearest_word(const char *word, const char *const *words);

#endif
