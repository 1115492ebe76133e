/* SPDX-License-Identifier: MIT */
/* The filters that this build has: those of stages/stages.def, in that order. Constant data. */
#ifndef IVP_CONFIG_REGISTRY_H
#define IVP_CONFIG_REGISTRY_H

#include <ivpipe/filter.h>

/* Ended by NULL. */
extern const struct ivp_filter *const ivp_filters[];

/* The filter of that name, or NULL. */
const struct ivp_filter *ivp_filter_find(const char *name);
/* The nearest filter name, or NULL: see ivp_nearest_word. */
const char *ivp_filter_nearest(const char *name);

#endif
