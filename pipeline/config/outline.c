/* SPDX-License-Identifier: MIT */
/*
 * The outline of one file: which sections and keys stand where. A recursive descent over three
 * levels (file, section, filter), which finds every syntax error that it can get past. What
 * libconfuse could not take (unknown sections, repetitions, includes) is blanked in the text.
 */
#include "config/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "config/scan.h"

#define IVP_CONF_NAME 63
#define SEVERAL_WORDS "; a value of several words needs quotes"

struct level {
	const struct level *parent; /* NULL: the file */
	cfg_opt_t *grammar;
	struct ivp_conf_section *section;
};

struct parser {
	struct ivp_outline *outline;
	struct ivp_scanner scanner;
	struct ivp_token token;     /* the next one, not used yet */
	char *end;                  /* of the last one that was used */
	int value_line;             /* where the last value stood */
	const struct level *unwind; /* a closing brace is missing: go back to this level */
	bool stop;
	int error;
};

__attribute__((format(printf, 4, 5))) static void
report(struct parser *parser, int line, const struct ivp_token *name, const char *format, ...)
{
	char key[2 * IVP_CONF_NAME + 2] = "", why[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	if (name)
		snprintf(key, sizeof(key), "%.*s", (int)name->bytes, name->text);
	ivp_diag_error(parser->outline->diag, parser->outline->file, line, name ? key : NULL, "%s",
		       why);
	parser->outline->broken = true;
}

static void report_section(struct parser *parser, int line, const struct ivp_conf_section *section,
			   const char *why)
{
	char label[2 * IVP_CONF_NAME + 2];

	snprintf(label, sizeof(label), "%s%s%s", section->kind, section->title ? " " : "",
		 section->title ? section->title : "");
	ivp_diag_error(parser->outline->diag, parser->outline->file, line, label, "%s", why);
	parser->outline->broken = true;
}

static void advance(struct parser *parser)
{
	parser->end = parser->token.end;
	parser->token = ivp_scan(&parser->scanner);
	if (parser->token.type == IVP_TOKEN_BROKEN) {
		parser->outline->broken = true;
		parser->stop = true;
	}
}

/* After an error: past the rest of the line, but not past a brace that opens or closes. */
static void skip_line(struct parser *parser, int line)
{
	while (!parser->stop && parser->token.line == line && parser->token.type != IVP_TOKEN_END &&
	       parser->token.type != IVP_TOKEN_CLOSE) {
		if (parser->token.type == IVP_TOKEN_OPEN)
			parser->stop = true; /* whose section it is cannot be told */
		advance(parser);
	}
}

static bool is_title(const struct ivp_token *token)
{
	return token->bytes > 0 && token->bytes <= IVP_CONF_NAME &&
	       !memchr(token->text, '\\', token->bytes) && !memchr(token->text, '$', token->bytes);
}

static cfg_opt_t *find_option(cfg_opt_t *grammar, const struct ivp_token *name)
{
	for (cfg_opt_t *option = grammar; option->name; option++)
		if (strlen(option->name) == name->bytes &&
		    memcmp(option->name, name->text, name->bytes) == 0)
			return option;
	return NULL;
}

/* Takes the result of adding to the tree. True if all is well. */
static bool added(struct parser *parser, int error, int line)
{
	if (error == -ENOSPC)
		report(parser, line, NULL, "more than %d keys or sections in one place",
		       IVP_CONF_MOST);
	else if (error)
		parser->error = error;
	if (error)
		parser->stop = true;
	return error == 0;
}

/* From the opening brace to behind the closing one. */
static void parse_list(struct parser *parser, const struct ivp_token *name)
{
	int line = parser->token.line;

	advance(parser);
	while (!parser->stop && parser->token.type != IVP_TOKEN_CLOSE) {
		if (ivp_token_is_value(&parser->token)) {
			advance(parser);
			if (parser->token.type == IVP_TOKEN_CLOSE)
				break;
			if (parser->token.type == IVP_TOKEN_COMMA) {
				advance(parser);
				continue;
			}
		}
		if (!parser->stop)
			report(parser, parser->token.line, name,
			       "the list that begins in line %d needs a comma between its values "
			       "and a brace at its end",
			       line);
		parser->stop = true; /* what was meant to be in it cannot be told */
	}
	if (!parser->stop)
		advance(parser);
}

static void parse_assignment(struct parser *parser, const struct level *level,
			     const struct ivp_token *name)
{
	const struct ivp_outline *outline = parser->outline;
	const cfg_opt_t *option = find_option(level->grammar, name);
	struct ivp_conf_key *key;
	bool list;

	advance(parser);
	list = parser->token.type == IVP_TOKEN_OPEN;
	if (parser->stop)
		return;
	if (parser->token.line != name->line || (!list && !ivp_token_is_value(&parser->token))) {
		report(parser, name->line, name, "a value is missing after '='");
		skip_line(parser, name->line);
		return;
	}
	parser->value_line = parser->token.line;
	if (list)
		parse_list(parser, name);
	else
		advance(parser);
	if (option && option->type == CFGT_SEC) {
		report(parser, name->line, name, "is a section and takes no value: %s%s { ... }",
		       option->name, option->flags & CFGF_TITLE ? " NAME" : "");
		return;
	}
	if (!added(parser,
		   ivp_conf_add_key(level->section, name->text, name->bytes, outline->file,
				    name->line, &key),
		   name->line))
		return;
	key->list = list;
	key->hidden = (list && !(option && option->flags & CFGF_LIST)) ||
		      ivp_conf_earlier_key(level->section, level->section->key_count - 1);
	if (key->hidden)
		ivp_scan_blank(name->start, parser->end);
}

/* A section that nobody will look into. */
static void skip_section(struct parser *parser, const struct ivp_conf_section *section)
{
	unsigned depth = 0;

	do {
		if (parser->token.type == IVP_TOKEN_OPEN)
			depth++;
		else if (parser->token.type == IVP_TOKEN_CLOSE)
			depth--;
		else if (parser->token.type == IVP_TOKEN_END) {
			report_section(parser, section->line, section,
				       "the file ends inside the section that begins here; its "
				       "closing brace is missing");
			parser->stop = true;
		}
		if (!parser->stop)
			advance(parser);
	} while (depth > 0 && !parser->stop);
}

static void parse_body(struct parser *parser, const struct level *level);

/* Is this the beginning of a section that belongs to a level further out? Then a brace is
 * missing: says so, and makes all levels up to that one end. */
static bool unwinds(struct parser *parser, const struct level *level, const struct ivp_token *name)
{
	for (const struct level *outer = level->parent; outer; outer = outer->parent) {
		const cfg_opt_t *option = find_option(outer->grammar, name);
		char why[160];

		if (!option || option->type != CFGT_SEC)
			continue;
		snprintf(why, sizeof(why),
			 "the section that begins here is not closed before the %s in line %d; "
			 "its closing brace is missing",
			 option->name, name->line);
		report_section(parser, level->section->line, level->section, why);
		parser->unwind = outer;
		return true;
	}
	return false;
}

/* The next token is the opening brace. */
static void parse_section(struct parser *parser, const struct level *level,
			  const struct ivp_token *name, const struct ivp_token *title)
{
	struct level inner = {0};
	const struct level *unwind;
	const cfg_opt_t *option = find_option(level->grammar, name);
	bool known = option && option->type == CFGT_SEC;

	if (!known && unwinds(parser, level, name))
		level = parser->unwind;
	option = find_option(level->grammar, name);
	known = option && option->type == CFGT_SEC;
	if (title && !is_title(title)) {
		report(parser, title->line, name, "\"%.*s\" cannot be a name", (int)title->bytes,
		       title->text);
		title = NULL;
	} else if (known && title && !(option->flags & CFGF_TITLE)) {
		report(parser, name->line, name, "takes no name: %s { ... }", option->name);
	} else if (known && !title && option->flags & CFGF_TITLE) {
		report(parser, name->line, name, "a name is missing: %s NAME { ... }",
		       option->name);
	}
	inner.parent = level;
	if (!added(parser,
		   ivp_conf_add_section(level->section, name->text, name->bytes,
					title ? title->text : NULL, title ? title->bytes : 0,
					parser->outline->file, name->line, &inner.section),
		   name->line))
		return;
	inner.section->hidden =
	    !known || ivp_conf_earlier_section(level->section, level->section->section_count - 1);
	if (inner.section->hidden) {
		skip_section(parser, inner.section);
		ivp_scan_blank(name->start, parser->end);
		return;
	}
	inner.grammar = option->subopts;
	unwind = parser->unwind;
	parser->unwind = NULL;
	advance(parser);
	parse_body(parser, &inner);
	/* The body may have unwound further than we are to: then that level is the one. */
	if (!parser->unwind)
		parser->unwind = unwind;
}

/* include("FILE"): the next token is the opening parenthesis. */
static void parse_call(struct parser *parser, const struct level *level,
		       const struct ivp_token *name)
{
	struct ivp_conf_key *include;
	struct ivp_token file;

	advance(parser);
	file = parser->token;
	if (parser->stop)
		return;
	if (name->bytes != strlen("include") || memcmp(name->text, "include", name->bytes) != 0) {
		report(parser, name->line, name,
		       "cannot be called; the only function is include(\"FILE\")");
		skip_line(parser, name->line);
		return;
	}
	if (ivp_token_is_value(&file))
		advance(parser);
	if (!is_title(&file) || !ivp_token_is_value(&file) ||
	    parser->token.type != IVP_TOKEN_FINISH) {
		if (!parser->stop)
			report(parser, name->line, name,
			       "takes the name of one file: include(\"FILE\")");
		skip_line(parser, name->line);
		return;
	}
	advance(parser);
	if (level->parent)
		report(parser, name->line, name, "may only stand outside of sections");
	else
		added(parser,
		      ivp_conf_add_key(&parser->outline->includes, file.text, file.bytes,
				       parser->outline->file, name->line, &include),
		      name->line);
	ivp_scan_blank(name->start, parser->end);
}

/* A word that is followed by nothing that could make a statement of it. */
static void report_bare(struct parser *parser, const struct level *level,
			const struct ivp_token *name)
{
	const cfg_opt_t *option = find_option(level->grammar, name);

	if (option && option->type == CFGT_SEC)
		report(parser, name->line, name, "'{' is missing: %s%s { ... }", option->name,
		       option->flags & CFGF_TITLE ? " NAME" : "");
	else
		report(parser, name->line, name, "'=' and a value are missing%s",
		       parser->value_line == name->line ? SEVERAL_WORDS : "");
	skip_line(parser, name->line);
}

static void parse_statement(struct parser *parser, const struct level *level)
{
	struct ivp_token name = parser->token, title;

	if (!ivp_token_is_name(&name)) {
		report(parser, name.line, NULL,
		       "a key or a section is expected here, not %s%.*s%s%s",
		       name.type == IVP_TOKEN_STRING ? "\"" : "'",
		       name.bytes > IVP_CONF_NAME ? IVP_CONF_NAME : (int)name.bytes, name.text,
		       name.type == IVP_TOKEN_STRING ? "\"" : "'",
		       parser->value_line == name.line ? SEVERAL_WORDS : "");
		skip_line(parser, name.line);
		return;
	}
	advance(parser);
	title = parser->token;
	if (title.type == IVP_TOKEN_EQUALS) {
		parse_assignment(parser, level, &name);
	} else if (title.type == IVP_TOKEN_BEGIN) {
		parse_call(parser, level, &name);
	} else if (title.type == IVP_TOKEN_OPEN) {
		parse_section(parser, level, &name, NULL);
	} else if (ivp_token_is_value(&title) && title.line == name.line) {
		advance(parser);
		if (parser->token.type == IVP_TOKEN_OPEN)
			parse_section(parser, level, &name, &title);
		else if (!parser->stop)
			report_bare(parser, level, &name);
	} else if (!parser->stop) {
		report_bare(parser, level, &name);
	}
}

/* Up to behind the closing brace, or to the end of the file. */
static void parse_body(struct parser *parser, const struct level *level)
{
	while (!parser->stop) {
		if (parser->token.type == IVP_TOKEN_END) {
			if (level->parent)
				report_section(parser, level->section->line, level->section,
					       "the file ends inside the section that begins "
					       "here; its closing brace is missing");
			parser->stop = true;
		} else if (parser->token.type == IVP_TOKEN_CLOSE) {
			int line = parser->token.line;

			advance(parser);
			if (level->parent)
				return;
			report(parser, line, NULL, "a closing brace without a section to close");
		} else {
			parse_statement(parser, level);
		}
		if (parser->unwind && parser->unwind != level)
			return;
		parser->unwind = NULL;
	}
}

int ivp_conf_outline(struct ivp_outline *outline)
{
	struct level root = {.grammar = outline->grammar, .section = outline->root};
	struct parser parser = {
	    .outline = outline,
	    .scanner = {.at = outline->text,
			.line = 1,
			.file = outline->file,
			.diag = outline->diag},
	};

	advance(&parser);
	parse_body(&parser, &root);
	return parser.error;
}
