/* SPDX-License-Identifier: MIT */
/* The tree itself: how it grows, what repeats in it, how it goes. */
#include "config/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one more in an array of count, whose room is the next power of two. */
static int grow(void **array, unsigned count, size_t each)
{
	void *grown;

	if (count >= IVP_CONF_MOST)
		return -ENOSPC;
	if ((count & (count - 1)) != 0)
		return 0;
	grown = realloc(*array, (count ? 2u * count : 1u) * each);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	return 0;
}

int ivp_conf_add_key(struct ivp_conf_section *section, const char *name, size_t bytes,
		     const char *file, int line, struct ivp_conf_key **key)
{
	void *keys = section->keys;
	int error = grow(&keys, section->key_count, sizeof(*section->keys));

	if (error)
		return error;
	section->keys = keys;
	*key = &section->keys[section->key_count];
	**key = (struct ivp_conf_key){.file = file, .line = line, .name = strndup(name, bytes)};
	if (!(*key)->name)
		return -ENOMEM;
	section->key_count++;
	return 0;
}

int ivp_conf_add_section(struct ivp_conf_section *parent, const char *kind, size_t kind_bytes,
			 const char *title, size_t title_bytes, const char *file, int line,
			 struct ivp_conf_section **section)
{
	void *sections = parent->sections;
	int error = grow(&sections, parent->section_count, sizeof(*parent->sections));

	if (error)
		return error;
	parent->sections = sections;
	*section = calloc(1, sizeof(**section));
	if (!*section)
		return -ENOMEM;
	(*section)->file = file;
	(*section)->line = line;
	(*section)->kind = strndup(kind, kind_bytes);
	if (title)
		(*section)->title = strndup(title, title_bytes);
	if (!(*section)->kind || (title && !(*section)->title)) {
		ivp_conf_finish_section(*section);
		free(*section);
		return -ENOMEM;
	}
	parent->sections[parent->section_count++] = *section;
	return 0;
}

const struct ivp_conf_key *ivp_conf_earlier_key(const struct ivp_conf_section *section,
						unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (strcmp(section->keys[i].name, section->keys[index].name) == 0)
			return &section->keys[i];
	return NULL;
}

const struct ivp_conf_section *ivp_conf_earlier_section(const struct ivp_conf_section *section,
							unsigned index)
{
	const struct ivp_conf_section *later = section->sections[index];

	for (unsigned i = 0; i < index; i++) {
		const struct ivp_conf_section *earlier = section->sections[i];

		if (strcmp(earlier->kind, later->kind) == 0 && !earlier->title == !later->title &&
		    (!later->title || strcmp(earlier->title, later->title) == 0))
			return earlier;
	}
	return NULL;
}

void ivp_conf_finish_section(struct ivp_conf_section *section)
{
	for (unsigned i = 0; i < section->key_count; i++) {
		for (unsigned j = 0; j < section->keys[i].value_count; j++)
			free(section->keys[i].values[j]);
		free(section->keys[i].values);
		free(section->keys[i].name);
	}
	for (unsigned i = 0; i < section->section_count; i++) {
		ivp_conf_finish_section(section->sections[i]);
		free(section->sections[i]);
	}
	free(section->keys);
	free(section->sections);
	free(section->kind);
	free(section->title);
}
