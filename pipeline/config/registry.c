/* SPDX-License-Identifier: MIT */
#include "config/registry.h"

#include <string.h>

#include "base/diag.h"

#define STAGE(symbol) extern const struct ivp_filter ivp_filter_##symbol;
#include "../../stages/stages.def"
#undef STAGE

const struct ivp_filter *const ivp_filters[] = {
#define STAGE(symbol) &ivp_filter_##symbol,
#include "../../stages/stages.def"
#undef STAGE
    NULL,
};

const struct ivp_filter *ivp_filter_find(const char *name)
{
	for (size_t i = 0; ivp_filters[i]; i++)
		if (strcmp(ivp_filters[i]->name, name) == 0)
			return ivp_filters[i];
	return NULL;
}

const char *ivp_filter_nearest(const char *name)
{
	const char *names[sizeof(ivp_filters) / sizeof(ivp_filters[0])];
	size_t i;

	for (i = 0; ivp_filters[i]; i++)
		names[i] = ivp_filters[i]->name;
	names[i] = NULL;
	return ivp_nearest_word(name, names);
}
