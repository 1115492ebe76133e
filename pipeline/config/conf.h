/* SPDX-License-Identifier: MIT */
/*
 * Configuration text as a tree: sections, keys and their values, each with its file and line.
 * libconfuse reads the values; the tree adds what it cannot tell: where everything stands, what
 * is given twice, and more than the first error.
 */
#ifndef IVP_CONFIG_CONF_H
#define IVP_CONFIG_CONF_H

#include <confuse.h>
#include <stdbool.h>

#include "base/diag.h"

/* NAME = VALUE or NAME = { VALUE, ... } */
struct ivp_conf_key {
	char *name;
	const char *file;
	int line;
	bool list;            /* written with braces */
	unsigned value_count; /* 0 also for what libconfuse never saw: see hidden */
	char **values;
	bool hidden; /* a list where none may be, or a repetition: no values were read */
};

/* KIND { } or KIND TITLE { }; or the whole text, with kind NULL */
struct ivp_conf_section {
	char *kind;
	char *title; /* NULL: none */
	const char *file;
	int line;
	bool hidden; /* an unknown section or a repetition: nothing in it was looked at */
	unsigned key_count, section_count;
	struct ivp_conf_key *keys;          /* in the order of the file */
	struct ivp_conf_section **sections; /* the same */
};

struct ivp_conf {
	struct ivp_conf_section root;
	char **files; /* that the text came from: keys and sections point here */
	unsigned file_count;
	bool complete; /* false: there were syntax errors, values may be missing */
};

/*
 * Reads text, or the file itself if text is NULL, and what it includes. grammar names the
 * sections and the keys that are lists; other keys need not be in it.
 * Returns 0, also with syntax errors in diag; -errno (with a finding in diag) if the file cannot
 * be read or memory ends. The caller finishes *conf in any case. Thread-safe.
 */
int ivp_conf_load(const char *text, const char *file, cfg_opt_t *grammar, struct ivp_conf *conf,
		  struct ivp_diag *diag);
void ivp_conf_finish(struct ivp_conf *conf);

#define IVP_CONF_MOST 4096 /* keys or sections in one section: repetitions are searched pairwise */

/*
 * Adds to the tree; names need not end with NUL and are copied, file is not.
 * Return 0, -ENOMEM, or -ENOSPC if there are IVP_CONF_MOST already.
 */
int ivp_conf_add_key(struct ivp_conf_section *section, const char *name, size_t bytes,
		     const char *file, int line, struct ivp_conf_key **key);
int ivp_conf_add_section(struct ivp_conf_section *parent, const char *kind, size_t kind_bytes,
			 const char *title, size_t title_bytes, const char *file, int line,
			 struct ivp_conf_section **section);
/* Frees all in it, but not the section itself. */
void ivp_conf_finish_section(struct ivp_conf_section *section);

/* The key or section of that name (and title) before the one at index, or NULL. */
const struct ivp_conf_key *ivp_conf_earlier_key(const struct ivp_conf_section *section,
						unsigned index);
const struct ivp_conf_section *ivp_conf_earlier_section(const struct ivp_conf_section *section,
							unsigned index);

/* What outlining one file needs and gives. */
struct ivp_outline {
	const char *file;
	char *text;                    /* blanked where libconfuse must not look */
	cfg_opt_t *grammar;            /* of the root */
	struct ivp_conf_section *root; /* grows */
	struct ivp_diag *diag;
	struct ivp_conf_section
	    includes; /* a key each, named as the file; the caller finishes it */
	bool broken;  /* syntax errors were found */
};

/* Adds the sections and keys of one file to the tree. Returns 0 or -ENOMEM. */
int ivp_conf_outline(struct ivp_outline *outline);

#endif
