/* SPDX-License-Identifier: MIT */
/* The filter sections of a stage: names from the registry, keys from the parameter tables. */
#include "config/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/params.h"
#include "config/registry.h"

#define MOST_FILTERS 64

/* The filter that the title NAME or NAME:LABEL means, or NULL after a finding. */
static const struct ivp_filter *find_filter(struct ivp_builder *builder,
					    const struct ivp_conf_section *section)
{
	const char *colon = strchr(section->title, ':');
	size_t bytes = colon ? (size_t)(colon - section->title) : strlen(section->title);
	const struct ivp_filter *filter;
	const char *nearest;
	char name[64], label[80];

	snprintf(name, sizeof(name), "%.*s", (int)bytes, section->title);
	snprintf(label, sizeof(label), "filter %s", section->title);
	if (colon && (colon[1] == '\0' ||
		      colon[1 + strspn(colon + 1, "abcdefghijklmnopqrstuvwxyz0123456789-")]))
		ivp_diag_error(builder->diag, section->file, section->line, label,
			       "a label is made of a-z, 0-9 and '-'");
	filter = ivp_filter_find(name);
	if (filter)
		return filter;
	nearest = ivp_filter_nearest(name);
	if (nearest)
		ivp_diag_error(builder->diag, section->file, section->line, label,
			       "unknown filter; did you mean %s?", nearest);
	else
		ivp_diag_error(builder->diag, section->file, section->line, label,
			       "unknown filter; \"pipeline filters\" lists them all");
	return NULL;
}

/* Sets the parameter from the key's value. Returns 0, -EINVAL with the reason, or -ENOMEM. */
static int set_value(const struct ivp_conf_key *key, const struct ivp_param *param, void *self,
		     struct ivp_why *why)
{
	const char *value = key->values[0];
	char *path;
	int error;

	if (param->type != IVP_PARAM_FILE || *value == '\0')
		return ivp_param_set(param, self, value, why);
	path = strdup(value);
	if (!path)
		return -ENOMEM;
	error = ivp_build_relative(&path, "", key->file);
	if (error == 0)
		error = ivp_param_set(param, self, path, why);
	free(path);
	return error;
}

static void set_parameter(struct ivp_builder *builder, const struct ivp_conf_section *section,
			  unsigned index, struct ivp_filter_conf *conf)
{
	const struct ivp_conf_key *key = &section->keys[index];
	const struct ivp_param *param = ivp_param_find(conf->filter, key->name);
	const char *nearest = ivp_param_nearest(conf->filter, key->name);
	struct ivp_why why = {""};
	int error;

	if (!param && nearest)
		ivp_diag_error(builder->diag, key->file, key->line, key->name,
			       "%s has no such parameter; did you mean %s?", conf->filter->name,
			       nearest);
	else if (!param)
		ivp_diag_error(builder->diag, key->file, key->line, key->name,
			       "%s has no such parameter; \"pipeline filters --describe %s\" lists "
			       "them",
			       conf->filter->name, conf->filter->name);
	else if (ivp_build_usable(builder, section, index, false)) {
		error = set_value(key, param, conf->self, &why);
		if (error == -EINVAL)
			ivp_diag_error(builder->diag, key->file, key->line, key->name, "%s",
				       why.text);
		else if (error)
			builder->error = error;
	}
}

static void build_filter(struct ivp_builder *builder, const struct ivp_conf_section *section,
			 struct ivp_filter_conf *conf)
{
	unsigned errors = builder->diag->errors;
	struct ivp_why why = {""};
	char label[80];

	ivp_params_default(conf->filter, conf->self);
	for (unsigned i = 0; i < section->key_count; i++)
		set_parameter(builder, section, i, conf);
	/* What check would say about a half-read filter would only confuse. */
	if (!builder->complete || builder->diag->errors != errors || !conf->filter->check)
		return;
	if (conf->filter->check(conf->self, &why) != 0) {
		snprintf(label, sizeof(label), "filter %s", section->title);
		ivp_diag_error(builder->diag, section->file, section->line, label, "%s", why.text);
	}
}

static bool add_filter(struct ivp_builder *builder, const struct ivp_conf_section *section,
		       const struct ivp_filter *filter, struct ivp_stage_conf *stage)
{
	struct ivp_filter_conf *filters;
	/* Never of size 0, so that NULL always means that memory has ended. */
	void *self = calloc(1, filter->private_bytes ? filter->private_bytes : 1);

	filters = realloc(stage->filters, (stage->filter_count + 1) * sizeof(*filters));
	if (filters)
		stage->filters = filters;
	if (!self || !filters) {
		free(self);
		builder->error = -ENOMEM;
		return false;
	}
	filters[stage->filter_count++] =
	    (struct ivp_filter_conf){.filter = filter, .self = self, .line = section->line};
	return true;
}

void ivp_build_filters(struct ivp_builder *builder, const struct ivp_conf_section *section,
		       struct ivp_stage_conf *stage)
{
	for (unsigned i = 0; i < section->section_count && builder->error == 0; i++) {
		const struct ivp_conf_section *inner = section->sections[i];
		const struct ivp_filter *filter;

		if (strcmp(inner->kind, "filter") != 0 || !inner->title ||
		    ivp_build_repeated(builder, section, i,
				       "; give this one a label: filter NAME:LABEL { ... }"))
			continue;
		if (stage->filter_count == MOST_FILTERS) {
			ivp_diag_error(builder->diag, inner->file, inner->line, "filter",
				       "more than %d filters in one stage", MOST_FILTERS);
			return;
		}
		filter = find_filter(builder, inner);
		if (filter && add_filter(builder, inner, filter, stage))
			build_filter(builder, inner, &stage->filters[stage->filter_count - 1]);
	}
}
