/* SPDX-License-Identifier: MIT */
/*
 * Files in, tree out. Every file is outlined, then read by libconfuse on its own: includes are
 * followed here, because libconfuse's stack of included files does not survive an error in one.
 */
#include "config/conf.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE  (1u << 20) /* bytes; also stops endless devices */
#define DEEPEST_LEVEL 8          /* of includes */
#define MOST_FILES    64

struct loader {
	struct ivp_conf *conf;
	cfg_opt_t *grammar;
	struct ivp_diag *diag;
};

/* libconfuse's scanner is global. */
static pthread_mutex_t confuse_lock = PTHREAD_MUTEX_INITIALIZER;
/* What libconfuse said last: its callback has no argument of ours. Under the lock. */
static char confuse_error[200];
static int confuse_line;

static void keep_error(cfg_t *cfg, const char *format, va_list arguments)
{
	vsnprintf(confuse_error, sizeof(confuse_error), format, arguments);
	confuse_line = cfg->line;
}

/* Copies the values of a key out of libconfuse. Returns 0 or -ENOMEM. */
static int fetch_values(struct ivp_conf_key *key, cfg_t *cfg)
{
	unsigned count = cfg_size(cfg, key->name);

	key->values = calloc(count ? count : 1, sizeof(*key->values));
	if (!key->values)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		const char *value = cfg_getnstr(cfg, key->name, i);

		key->values[i] = strdup(value ? value : "");
		if (!key->values[i])
			return -ENOMEM;
		key->value_count++;
	}
	return 0;
}

/* Copies what libconfuse has read for the keys and sections from these indexes on. */
static int fetch(struct ivp_conf_section *section, cfg_t *cfg, unsigned first_key,
		 unsigned first_section)
{
	int error = 0;

	for (unsigned i = first_key; i < section->key_count && error == 0; i++)
		if (!section->keys[i].hidden)
			error = fetch_values(&section->keys[i], cfg);
	for (unsigned i = first_section; i < section->section_count && error == 0; i++) {
		struct ivp_conf_section *inner = section->sections[i];
		cfg_t *inner_cfg;

		if (inner->hidden)
			continue;
		inner_cfg = inner->title ? cfg_gettsec(cfg, inner->kind, inner->title)
					 : cfg_getsec(cfg, inner->kind);
		if (!inner_cfg)
			return -EPROTO; /* libconfuse and the outline disagree: a bug */
		error = fetch(inner, inner_cfg, 0, 0);
	}
	return error;
}

/* Has libconfuse read the blanked text of one file, and takes over the values. */
static int read_values(struct loader *loader, const struct ivp_outline *outline, unsigned first_key,
		       unsigned first_section)
{
	cfg_t *cfg;
	int error = 0;

	pthread_mutex_lock(&confuse_lock);
	snprintf(confuse_error, sizeof(confuse_error), "cannot be read");
	confuse_line = 0;
	/* KEYSTRVAL: keys that the grammar does not list are taken as strings. */
	cfg = cfg_init(loader->grammar, CFGF_KEYSTRVAL);
	if (!cfg) {
		error = -ENOMEM;
	} else {
		cfg_set_error_function(cfg, keep_error);
		if (cfg_parse_buf(cfg, outline->text) != CFG_SUCCESS)
			error = -EPROTO;
		else
			error = fetch(outline->root, cfg, first_key, first_section);
		cfg_free(cfg);
	}
	if (error == -EPROTO) {
		ivp_diag_error(loader->diag, outline->file, confuse_line, NULL, "%s",
			       confuse_error);
		loader->conf->complete = false;
		error = 0;
	}
	pthread_mutex_unlock(&confuse_lock);
	return error;
}

/* Reads up to the limit into text, which has room for two bytes more. */
static int read_stream(FILE *from, char *text)
{
	size_t bytes;

	errno = 0;
	bytes = fread(text, 1, LARGEST_FILE + 1, from);
	text[bytes] = '\0';
	if (ferror(from))
		return errno ? -errno : -EIO;
	if (bytes > LARGEST_FILE)
		return -EFBIG;
	return memchr(text, '\0', bytes) ? -EILSEQ : 0;
}

/* Returns the text, ended by NUL, or NULL with *error set. */
static char *read_file(const char *file, int *error)
{
	FILE *from = fopen(file, "re");
	char *text;

	if (!from) {
		*error = -errno;
		return NULL;
	}
	text = malloc(LARGEST_FILE + 2);
	*error = text ? read_stream(from, text) : -ENOMEM;
	fclose(from);
	if (*error == 0)
		return text;
	free(text);
	return NULL;
}

static const char *describe_failure(int error)
{
	switch (error) {
	case -EFBIG:
		return "larger than 1 MiB; is it a configuration file?";
	case -EILSEQ:
		return "holds a NUL byte; is it a configuration file?";
	default:
		return strerror(-error);
	}
}

/* Keeps a name as long as the tree. Returns it, or NULL. */
static const char *keep_file(struct ivp_conf *conf, char *file)
{
	char **files;

	if (!file)
		return NULL;
	files = realloc(conf->files, (conf->file_count + 1) * sizeof(*files));
	if (!files) {
		free(file);
		return NULL;
	}
	conf->files = files;
	conf->files[conf->file_count++] = file;
	return file;
}

/* file, seen from the folder of the file that names it. */
static char *resolve(const char *file, const char *from)
{
	const char *slash = strrchr(from, '/');
	char *path;

	if (*file == '/' || !slash)
		return strdup(file);
	if (asprintf(&path, "%.*s/%s", (int)(slash - from), from, file) < 0)
		return NULL;
	return path;
}

static int load_text(struct loader *loader, const char *file, char *text, unsigned depth);

/* A file may come in once: the second time round it would only repeat itself. */
static bool is_loaded(const struct ivp_conf *conf, const char *file)
{
	for (unsigned i = 0; i < conf->file_count; i++)
		if (strcmp(conf->files[i], file) == 0)
			return true;
	return false;
}

static int load_include(struct loader *loader, const struct ivp_conf_key *include, unsigned depth)
{
	char *file = resolve(include->name, include->file), *text;
	const char *why = NULL, *kept;
	int error = 0;

	if (!file)
		return -ENOMEM;
	text = read_file(file, &error);
	if (error)
		why = describe_failure(error);
	else if (is_loaded(loader->conf, file))
		why = "it is included already, or includes itself";
	else if (depth >= DEEPEST_LEVEL || loader->conf->file_count >= MOST_FILES)
		why = "too many includes";
	if (why) {
		ivp_diag_error(loader->diag, include->file, include->line, "include",
			       "cannot take %s: %s", file, why);
		loader->conf->complete = false;
		free(text);
		free(file);
		return error == -ENOMEM ? error : 0;
	}
	kept = keep_file(loader->conf, file);
	error = kept ? load_text(loader, kept, text, depth + 1) : -ENOMEM;
	free(text);
	return error;
}

static int load_text(struct loader *loader, const char *file, char *text, unsigned depth)
{
	struct ivp_conf_section *root = &loader->conf->root;
	unsigned first_key = root->key_count, first_section = root->section_count;
	struct ivp_outline outline = {
	    .file = file,
	    .text = text,
	    .grammar = loader->grammar,
	    .root = root,
	    .diag = loader->diag,
	};
	int error = ivp_conf_outline(&outline);

	if (outline.broken)
		loader->conf->complete = false;
	else if (error == 0)
		error = read_values(loader, &outline, first_key, first_section);
	for (unsigned i = 0; i < outline.includes.key_count && error == 0; i++)
		error = load_include(loader, &outline.includes.keys[i], depth);
	ivp_conf_finish_section(&outline.includes);
	return error;
}

int ivp_conf_load(const char *text, const char *file, cfg_opt_t *grammar, struct ivp_conf *conf,
		  struct ivp_diag *diag)
{
	struct loader loader = {.conf = conf, .grammar = grammar, .diag = diag};
	char *copy;
	int error;

	*conf = (struct ivp_conf){.complete = true};
	copy = text ? strdup(text) : read_file(file, &error);
	if (!copy && !text && error != -ENOMEM) {
		ivp_diag_error(diag, file, 0, NULL, "cannot be read: %s", describe_failure(error));
		return error;
	}
	file = keep_file(conf, strdup(file));
	error = copy && file ? load_text(&loader, file, copy, 0) : -ENOMEM;
	free(copy);
	if (error)
		ivp_diag_error(diag, file, 0, NULL, "%s", strerror(-error));
	return error;
}

void ivp_conf_finish(struct ivp_conf *conf)
{
	ivp_conf_finish_section(&conf->root);
	for (unsigned i = 0; i < conf->file_count; i++)
		free(conf->files[i]);
	free(conf->files);
	*conf = (struct ivp_conf){0};
}
