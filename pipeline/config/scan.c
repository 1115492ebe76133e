/* SPDX-License-Identifier: MIT */
/*
 * Takes a part of what libconfuse's scanner takes, and takes it in the same way: bytes that
 * libconfuse would skip in silence ('*', '+' outside quotes) and escapes that it treats in a
 * surprising way are errors here.
 */
#include "config/scan.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(const char *at)
{
	return *at == ' ' || *at == '\t' || *at == '\n' || (*at == '\r' && at[1] == '\n');
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static bool ends_word(const char *at)
{
	return *at == '\0' || is_blank(at) || strchr("#\"'{}()=+,*$", *at) || is_control(*at);
}

bool ivp_token_is_value(const struct ivp_token *token)
{
	return token->type == IVP_TOKEN_WORD || token->type == IVP_TOKEN_STRING;
}

bool ivp_token_is_name(const struct ivp_token *token)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return token->type == IVP_TOKEN_WORD && token->bytes <= IVP_CONF_NAME &&
	       strspn(token->text, letters) >= token->bytes;
}

void ivp_scan_blank(char *start, char *end)
{
	for (; start < end; start++)
		if (*start != '\n')
			*start = ' ';
}

static struct ivp_token broken(const struct ivp_scanner *scanner, int line)
{
	return (struct ivp_token){.type = IVP_TOKEN_BROKEN,
				  .line = line,
				  .text = scanner->at,
				  .start = scanner->at,
				  .end = scanner->at};
}

/* Moves past blanks and comments. False after an error. */
static bool skip_blanks(struct ivp_scanner *scanner)
{
	for (;;) {
		char *start = scanner->at;
		int line = scanner->line;

		if (is_blank(start)) {
			if (*start == '\n')
				scanner->line++;
			scanner->at++;
		} else if (*start == '#' || (start[0] == '/' && start[1] == '/')) {
			scanner->at += strcspn(start, "\n");
			ivp_scan_blank(start, scanner->at);
		} else if (start[0] == '/' && start[1] == '*') {
			char *end = strstr(start + 2, "*/");

			if (!end) {
				ivp_diag_error(scanner->diag, scanner->file, line, NULL,
					       "the comment that begins here is never closed: "
					       "\"*/\" is missing");
				return false;
			}
			for (; scanner->at < end + 2; scanner->at++)
				if (*scanner->at == '\n')
					scanner->line++;
			ivp_scan_blank(start, scanner->at);
		} else {
			return true;
		}
	}
}

/*
 * Checks "${NAME}" or "${NAME:-default}" at dollar, which libconfuse replaces in double quotes.
 * Returns what follows, or NULL after an error.
 */
static char *check_variable(struct ivp_scanner *scanner, char *dollar)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
				      "0123456789";
	char *name = dollar + 2, *close = name + strcspn(name, "}\"\\\n");
	size_t bytes = strspn(name, letters);
	char copy[64];

	if (*close != '}' || bytes == 0 || bytes >= sizeof(copy) ||
	    (name[bytes] != '}' && strncmp(name + bytes, ":-", 2) != 0)) {
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "\"${\" begins the name of an environment variable, as in ${HOME} "
			       "or ${HOME:-/root}; write \"\\${\" if it is meant as it stands");
		return NULL;
	}
	memcpy(copy, name, bytes);
	copy[bytes] = '\0';
	if (name[bytes] == '}' && !getenv(copy)) {
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "the environment variable %s is not set; set it, or give a default: "
			       "${%s:-value}",
			       copy, copy);
		return NULL;
	}
	return close + 1;
}

/* Is what stands here in a string wrong? Says so. */
static bool complain_about(struct ivp_scanner *scanner, const char *at, char quote)
{
	const char *escaped = quote == '"' ? "\"\\$" : "'\\";

	if (*at == '\0' || *at == '\n' || (*at == '\r' && at[1] == '\n'))
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "a string is not closed at the end of its line: %c is missing",
			       quote);
	else if (is_control(*at))
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "control character 0x%02x in a string", (unsigned char)*at);
	else if (*at == '\\' && (at[1] == '\0' || !strchr(escaped, at[1])))
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "a backslash in a string must be doubled, or stand before %s",
			       quote == '"' ? "\" or $" : "'");
	else
		return false;
	return true;
}

/* The end of a string, where its closing quote is; NULL after an error. */
static char *find_quote(struct ivp_scanner *scanner, char *at, char quote)
{
	while (at && *at != quote) {
		if (complain_about(scanner, at, quote))
			return NULL;
		if (*at == '\\')
			at += 2;
		else if (quote == '"' && at[0] == '$' && at[1] == '{')
			at = check_variable(scanner, at);
		else
			at++;
	}
	return at;
}

static struct ivp_token scan_string(struct ivp_scanner *scanner)
{
	char *start = scanner->at;
	char *end = find_quote(scanner, start + 1, *start);

	if (!end)
		return broken(scanner, scanner->line);
	scanner->at = end + 1;
	return (struct ivp_token){.type = IVP_TOKEN_STRING,
				  .line = scanner->line,
				  .text = start + 1,
				  .bytes = (size_t)(end - start - 1),
				  .start = start,
				  .end = end + 1};
}

static struct ivp_token complain(struct ivp_scanner *scanner)
{
	char c = *scanner->at;

	if (is_control(c))
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "control character 0x%02x; is this a configuration file?",
			       (unsigned char)c);
	else
		ivp_diag_error(scanner->diag, scanner->file, scanner->line, NULL,
			       "'%c' must stand in quotes", c);
	return broken(scanner, scanner->line);
}

struct ivp_token ivp_scan(struct ivp_scanner *scanner)
{
	static const char marks[] = "{}=,()";
	static const enum ivp_token_type types[] = {IVP_TOKEN_OPEN,   IVP_TOKEN_CLOSE,
						    IVP_TOKEN_EQUALS, IVP_TOKEN_COMMA,
						    IVP_TOKEN_BEGIN,  IVP_TOKEN_FINISH};
	struct ivp_token token;
	const char *mark;

	if (!skip_blanks(scanner))
		return broken(scanner, scanner->line);
	token =
	    (struct ivp_token){.line = scanner->line, .text = scanner->at, .start = scanner->at};
	if (*scanner->at == '\0') {
		token.type = IVP_TOKEN_END;
	} else if (*scanner->at == '"' || *scanner->at == '\'') {
		return scan_string(scanner);
	} else if ((mark = strchr(marks, *scanner->at))) {
		token.type = types[mark - marks];
		scanner->at++;
	} else if (!ends_word(scanner->at)) {
		token.type = IVP_TOKEN_WORD;
		while (!ends_word(scanner->at))
			scanner->at++;
	} else {
		return complain(scanner);
	}
	token.end = scanner->at;
	token.bytes = (size_t)(token.end - token.start);
	return token;
}
