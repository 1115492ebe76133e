/* SPDX-License-Identifier: MIT */
/*
 * Walks the sections and keys in the order of the files, so that findings come in that order too.
 * A struct holds a valid value in every field at any time: a key that is wrong leaves the default.
 */
#include "config/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ivpipe/ring.h>

#define NEAREST_WORDS 24

static void *field_of(void *object, const struct ivp_rule *rule)
{
	return (char *)object + rule->offset;
}

static const char *label_of(const struct ivp_conf_section *section, char label[140])
{
	snprintf(label, 140, "%s%s%s", section->kind, section->title ? " " : "",
		 section->title ? section->title : "");
	return label;
}

/* "line 3", or "other.conf:3" for another file */
static const char *place_of(const char *file, int line, const char *from, char place[300])
{
	if (strcmp(file, from) == 0)
		snprintf(place, 300, "in line %d", line);
	else
		snprintf(place, 300, "in %s:%d", file, line);
	return place;
}

bool ivp_build_usable(struct ivp_builder *builder, const struct ivp_conf_section *section,
		      unsigned index, bool list)
{
	const struct ivp_conf_key *key = &section->keys[index];
	const struct ivp_conf_key *earlier = ivp_conf_earlier_key(section, index);
	char place[300];

	if (earlier)
		ivp_diag_error(builder->diag, key->file, key->line, key->name,
			       "is given twice; the first is %s",
			       place_of(earlier->file, earlier->line, key->file, place));
	else if (key->list && !list)
		ivp_diag_error(builder->diag, key->file, key->line, key->name,
			       "takes one value, not a list");
	else if (key->value_count == 0 && key->list && builder->complete)
		ivp_diag_error(builder->diag, key->file, key->line, key->name, "is empty");
	return !key->hidden && key->value_count > 0;
}

bool ivp_build_repeated(struct ivp_builder *builder, const struct ivp_conf_section *parent,
			unsigned index, const char *advice)
{
	const struct ivp_conf_section *section = parent->sections[index];
	const struct ivp_conf_section *earlier = ivp_conf_earlier_section(parent, index);
	char label[140], place[300];

	if (!earlier)
		return false;
	ivp_diag_error(builder->diag, section->file, section->line, label_of(section, label),
		       "is given twice; the first is %s%s",
		       place_of(earlier->file, earlier->line, section->file, place), advice);
	return true;
}

static void report_unknown(struct ivp_builder *builder, const struct ivp_conf_key *key,
			   const struct ivp_rule *rules)
{
	const char *names[NEAREST_WORDS + 1] = {NULL}, *nearest;

	for (unsigned i = 0; i < NEAREST_WORDS && rules[i].name; i++)
		names[i] = rules[i].name;
	nearest = ivp_nearest_word(key->name, names);
	if (nearest)
		ivp_diag_error(builder->diag, key->file, key->line, key->name,
			       "unknown key; did you mean %s?", nearest);
	else
		ivp_diag_error(builder->diag, key->file, key->line, key->name, "unknown key");
}

int ivp_build_relative(char **path, const char *prefix, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *rest = *path + strlen(prefix);
	char *joined;

	if (!slash || *rest == '/')
		return 0;
	if (asprintf(&joined, "%s%.*s/%s", prefix, (int)(slash - file), file, rest) < 0)
		return -ENOMEM;
	free(*path);
	*path = joined;
	return 0;
}

static int set_value(struct ivp_builder *builder, const struct ivp_conf_key *key,
		     const struct ivp_rule *rule, void *object, struct ivp_why *why)
{
	void *field = field_of(object, rule);
	char name[IVP_NAME_BYTES];
	int error = rule->parse(rule, key->values[0], rule->link ? name : field, why);

	if (error == 0 && rule->place && strncmp(*(char **)field, "file:", 5) == 0)
		error = ivp_build_relative(field, "file:", key->file);
	if (error == 0 && rule->link) {
		struct ivp_link_conf *link = ivp_build_link(builder, name, key->file, key->line);

		if (link)
			*(struct ivp_link_conf **)field = link;
	}
	return error;
}

/* Reads all keys of a section but lists into the object. */
static void set_values(struct ivp_builder *builder, const struct ivp_conf_section *section,
		       const struct ivp_rule *rules, void *object)
{
	for (unsigned i = 0; i < section->key_count; i++) {
		const struct ivp_conf_key *key = &section->keys[i];
		const struct ivp_rule *rule = rules;
		struct ivp_why why = {""};
		int error;

		while (rule->name && strcmp(rule->name, key->name) != 0)
			rule++;
		if (!rule->name) {
			report_unknown(builder, key, rules);
			continue;
		}
		if (!ivp_build_usable(builder, section, i, rule->list) || rule->list)
			continue;
		error = set_value(builder, key, rule, object, &why);
		if (error == -EINVAL)
			ivp_diag_error(builder->diag, key->file, key->line, key->name, "%s",
				       why.text);
		else if (error)
			builder->error = error;
	}
}

static const struct ivp_conf_key *find_key(const struct ivp_conf_section *section, const char *name)
{
	for (unsigned i = 0; i < section->key_count; i++)
		if (strcmp(section->keys[i].name, name) == 0)
			return &section->keys[i];
	return NULL;
}

static void check_missing(struct ivp_builder *builder, const struct ivp_conf_section *section,
			  const struct ivp_rule *rules)
{
	char label[140];

	for (; builder->complete && rules->name; rules++)
		if (rules->missing && !find_key(section, rules->name))
			ivp_diag_error(builder->diag, section->file, section->line,
				       label_of(section, label), "%s is missing; add: %s",
				       rules->name, rules->missing);
}

/* The title as the name of a link or stage. False, and reported, if it cannot be one. */
static bool read_title(struct ivp_builder *builder, const struct ivp_conf_section *section,
		       char name[IVP_NAME_BYTES])
{
	struct ivp_why why;
	char label[140];

	if (!section->title)
		return false; /* reported by the outline */
	if (ivp_value_name(NULL, section->title, name, &why) == 0)
		return true;
	ivp_diag_error(builder->diag, section->file, section->line, label_of(section, label), "%s",
		       why.text);
	return false;
}

/* Links that overwrite need slots to go round those that a consumer has its hands on. */
static void check_slots(struct ivp_builder *builder, const struct ivp_conf_section *section,
			struct ivp_link_conf *link)
{
	const struct ivp_conf_key *key = find_key(section, "slots");
	const uint32_t least = ivp_ring_least_slots(link->policy, 1);
	uint32_t wanted = IVP_MIN_SLOTS;

	if (!key || link->slots >= least)
		return;
	/* Not from what is there: of a link without a proper name, or with a wrong number, that is 0. */
	while (wanted < least)
		wanted *= 2;
	link->slots = wanted;
	ivp_diag_error(builder->diag, key->file, key->line, key->name,
		       "policy = %s needs at least %u", ivp_policy_words[link->policy], wanted);
}

/* A frame that is only shown must not be dropped, nor what it would push out. */
static void check_early(struct ivp_builder *builder, const struct ivp_conf_section *section,
			struct ivp_link_conf *link)
{
	const struct ivp_conf_key *key = find_key(section, "early-start");

	if (!key || !link->early_start || link->policy == IVP_POLICY_BLOCK)
		return;
	link->early_start = false;
	ivp_diag_error(builder->diag, key->file, key->line, key->name,
		       "only links that block have it, this one has policy = %s",
		       ivp_policy_words[link->policy]);
}

static void build_link(struct ivp_builder *builder, const struct ivp_conf_section *section)
{
	struct ivp_link_conf ignored = {0}, *link = &ignored;
	char name[IVP_NAME_BYTES];
	const struct ivp_conf_key *key;

	if (read_title(builder, section, name))
		link = ivp_build_link(builder, name, section->file, section->line);
	if (!link)
		return;
	link->declared = true;
	link->file = section->file;
	link->line = section->line;
	set_values(builder, section, ivp_link_rules, link);
	check_slots(builder, section, link);
	check_early(builder, section, link);
	key = find_key(section, "uuid");
	link->has_uuid = key && key->value_count > 0;
	if (link == &ignored) {
		free(ignored.owner);
		free(ignored.data);
		free(ignored.credit);
	}
}

static void build_stage(struct ivp_builder *builder, const struct ivp_conf_section *section)
{
	char name[IVP_NAME_BYTES], label[140];
	struct ivp_stage_conf *stage;

	if (!read_title(builder, section, name))
		return;
	if (builder->topology->stage_count == IVP_MAX_STAGES) {
		ivp_diag_error(builder->diag, section->file, section->line,
			       label_of(section, label),
			       "more than %d stages; let one do several "
			       "filters",
			       IVP_MAX_STAGES);
		return;
	}
	stage = ivp_build_stage(builder, name, section->file, section->line);
	if (!stage)
		return;
	set_values(builder, section, ivp_stage_rules, stage);
	ivp_build_filters(builder, section, stage);
	check_missing(builder, section, ivp_stage_rules);
}

static void set_inputs(struct ivp_builder *builder, const struct ivp_conf_key *key,
		       struct ivp_feeder_conf *feeder)
{
	feeder->inputs = calloc(key->value_count + 1, sizeof(*feeder->inputs));
	if (!feeder->inputs) {
		builder->error = -ENOMEM;
		return;
	}
	for (unsigned i = 0; i < key->value_count; i++) {
		char **input = &feeder->inputs[feeder->input_count];
		struct ivp_why why;
		int error = ivp_value_text(NULL, key->values[i], input, &why);

		if (error == -EINVAL)
			ivp_diag_error(builder->diag, key->file, key->line, key->name,
				       "an entry is empty");
		else if (error == 0 && strcmp(*input, "-") != 0)
			error = ivp_build_relative(input, "", key->file);
		if (*input)
			feeder->input_count++;
		if (error == -ENOMEM)
			builder->error = error;
	}
}

static void build_feeder(struct ivp_builder *builder, const struct ivp_conf_section *section)
{
	struct ivp_feeder_conf *feeder = &builder->topology->feeder;
	const struct ivp_conf_key *key = find_key(section, "input");

	feeder->declared = true;
	feeder->file = section->file;
	feeder->line = section->line;
	set_values(builder, section, ivp_feeder_rules, feeder);
	if (key && !key->hidden && key->value_count > 0)
		set_inputs(builder, key, feeder);
	check_missing(builder, section, ivp_feeder_rules);
}

static void build_sink(struct ivp_builder *builder, const struct ivp_conf_section *section)
{
	struct ivp_sink_conf *sink = &builder->topology->sink;

	sink->declared = true;
	sink->file = section->file;
	sink->line = section->line;
	set_values(builder, section, ivp_sink_rules, sink);
	check_missing(builder, section, ivp_sink_rules);
	if (builder->complete && sink->format != IVP_SINK_NULL && !find_key(section, "output"))
		ivp_diag_error(builder->diag, section->file, section->line, section->kind,
			       "output is missing; add: output = \"FOLDER\", or format = null");
}

/* Reports this section or those in it if the grammar does not have them. What is in the grammar
 * besides sections are lists. */
static void check_section(struct ivp_builder *builder, const struct ivp_conf_section *section,
			  const cfg_opt_t *grammar)
{
	const char *names[NEAREST_WORDS + 1] = {NULL}, *nearest;
	unsigned count = 0;

	for (; count < NEAREST_WORDS && grammar->name; grammar++) {
		if (grammar->type != CFGT_SEC)
			continue;
		if (strcmp(grammar->name, section->kind) == 0) {
			for (unsigned i = 0; i < section->section_count; i++)
				check_section(builder, section->sections[i], grammar->subopts);
			return;
		}
		names[count++] = grammar->name;
	}
	nearest = ivp_nearest_word(section->kind, names);
	if (strcmp(section->kind, "filter") == 0)
		ivp_diag_error(builder->diag, section->file, section->line, section->kind,
			       "may only stand inside a stage");
	else if (nearest)
		ivp_diag_error(builder->diag, section->file, section->line, section->kind,
			       "unknown section; did you mean %s?", nearest);
	else
		ivp_diag_error(builder->diag, section->file, section->line, section->kind,
			       "unknown section");
}

static void build_section(struct ivp_builder *builder, const struct ivp_conf_section *root,
			  unsigned index)
{
	static const struct {
		const char *kind;
		void (*build)(struct ivp_builder *builder, const struct ivp_conf_section *section);
	} kinds[] = {
	    {"link", build_link},
	    {"stage", build_stage},
	    {"feeder", build_feeder},
	    {"sink", build_sink},
	};
	const struct ivp_conf_section *section = root->sections[index];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, section->kind) == 0 &&
		    !ivp_build_repeated(builder, root, index, ""))
			kinds[i].build(builder, section);
	check_section(builder, section, ivp_grammar);
}

void ivp_build_topology(struct ivp_builder *builder, const struct ivp_conf_section *root)
{
	const struct ivp_topology *topology = builder->topology;

	set_values(builder, root, ivp_root_rules, builder->topology);
	for (unsigned i = 0; i < root->section_count && builder->error == 0; i++)
		build_section(builder, root, i);
	if (builder->complete && root->section_count == 0)
		ivp_diag_error(builder->diag, topology->file, 0, NULL,
			       "there is no stage, feeder or sink in it");
}
