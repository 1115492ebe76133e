/* SPDX-License-Identifier: MIT */
/*
 * Parameter tables at work: from text to a filter's private struct, and from the table to every
 * text that users see. No function keeps state; all are thread-safe.
 */
#ifndef IVP_CONFIG_PARAMS_H
#define IVP_CONFIG_PARAMS_H

#include <stdio.h>

#include <ivpipe/filter.h>

#define IVP_PARAM_FILE_MOST (64u << 20) /* bytes, whatever a row allows */

/* The row named key, or NULL. */
const struct ivp_param *ivp_param_find(const struct ivp_filter *filter, const char *key);
/* The nearest parameter name for an unknown key, or NULL: see ivp_nearest_word. */
const char *ivp_param_nearest(const struct ivp_filter *filter, const char *key);

/* Zeroes self (private_bytes long) and stores the defaults. */
void ivp_params_default(const struct ivp_filter *filter, void *self);
/* Frees the files that self holds, not self. */
void ivp_params_finish(const struct ivp_filter *filter, void *self);

/*
 * Parses text for param and stores it in self. The text may end with the parameter's unit.
 * Returns 0, or -EINVAL with a reason that names the limits, choices or unit; self is then as
 * before. NaN, infinities, hexadecimal floats and trailing junk are refused.
 * The text for a file is its path; it is read here and now. "" means none.
 */
int ivp_param_set(const struct ivp_param *param, void *self, const char *text, struct ivp_why *why);
/* Prints the value in self so that ivp_param_set reads it back. */
void ivp_param_print(const struct ivp_param *param, const void *self, FILE *to);

/* Reads a file of at most max bytes, and has the row parse it. Returns 0, with a file for
 * ivp_param_file_finish, or -EINVAL with the reason. */
int ivp_param_file_read(const struct ivp_param *param, const char *path,
			struct ivp_param_file *file, struct ivp_why *why);
/* Takes over bytes, from malloc, as the contents of a file; frees them if it fails. */
int ivp_param_file_take(const struct ivp_param *param, const char *name, uint8_t *bytes,
			size_t size, struct ivp_param_file *file, struct ivp_why *why);
void ivp_param_file_finish(struct ivp_param_file *file);

/* The same for a list: numbers in decimals with blanks, commas or line ends between them. */
int ivp_param_list_set(const struct ivp_param *param, void *self, const char *text,
		       struct ivp_why *why);
void ivp_param_list_print(const struct ivp_param_list *list, FILE *to);

/* Texts made from the tables. Each writes to a stream and returns nothing. */
void ivp_filter_list(FILE *to); /* a line each: name, summary */
void ivp_filter_describe(const struct ivp_filter *filter, FILE *to); /* for people */
void ivp_filter_describe_json(const struct ivp_filter *filter, FILE *to);
void ivp_filter_template(const struct ivp_filter *filter, FILE *to); /* a commented stage .conf */
void ivp_filter_manual(const struct ivp_filter *filter, FILE *to);   /* a mdoc(7) subsection */

#endif
