/* SPDX-License-Identifier: MIT */
#include "config/registry.h"

#include <string.h>

#include "base/diag.h"

#define MOST_FILTERS 256 /* to choose a near name from */

const struct ivp_filter *ivp_filter_find(const char *name)
{
	for (size_t i = 0; ivp_filters[i]; i++)
		if (strcmp(ivp_filters[i]->name, name) == 0)
			return ivp_filters[i];
	return NULL;
}

const char *ivp_filter_nearest(const char *name)
{
	const char *names[MOST_FILTERS + 1];
	size_t i;

	for (i = 0; i < MOST_FILTERS && ivp_filters[i]; i++)
		names[i] = ivp_filters[i]->name;
	names[i] = NULL;
	return ivp_nearest_word(name, names);
}
