/* SPDX-License-Identifier: MIT */
/*
 * The words of a configuration file. libconfuse's own scanner counts comment lines twice, takes a
 * file that ends inside a string and is then confused for the rest of the process; so a file
 * passes through here first, and what libconfuse gets holds no comments and nothing unclosed.
 */
#ifndef IVP_CONFIG_SCAN_H
#define IVP_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

#define IVP_CONF_NAME 63 /* bytes: the longest name of a key or section */

enum ivp_token_type {
	IVP_TOKEN_END,
	IVP_TOKEN_WORD,
	IVP_TOKEN_STRING, /* text is what stands between the quotes, escapes as written */
	IVP_TOKEN_OPEN,   /* { */
	IVP_TOKEN_CLOSE,  /* } */
	IVP_TOKEN_EQUALS,
	IVP_TOKEN_COMMA,
	IVP_TOKEN_BEGIN,  /* ( */
	IVP_TOKEN_FINISH, /* ) */
	IVP_TOKEN_BROKEN, /* reported; nothing sensible follows */
};

struct ivp_token {
	enum ivp_token_type type;
	int line;
	const char *text; /* bytes long, not ended by NUL */
	size_t bytes;
	char *start, *end; /* with quotes, in the scanner's text */
};

struct ivp_scanner {
	char *at; /* the rest of the text, ended by NUL */
	int line; /* of at, from 1 */
	const char *file;
	struct ivp_diag *diag;
};

/* The next token. Comments before it are overwritten with blanks. */
struct ivp_token ivp_scan(struct ivp_scanner *scanner);
/* A word or a string? A word that may be the name of a key or a section? */
bool ivp_token_is_value(const struct ivp_token *token);
bool ivp_token_is_name(const struct ivp_token *token);
/* Overwrites the text from start up to end with blanks; line ends stay. */
void ivp_scan_blank(char *start, char *end);

#endif
