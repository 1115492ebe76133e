/* SPDX-License-Identifier: MIT */
/* Filters of the registry with parameters that the input chooses, each in the range of its row. */
#ifndef IVP_TESTS_FUZZ_FILTERS_H
#define IVP_TESTS_FUZZ_FILTERS_H

#include <math.h>

#include "config/params.h"
#include "config/registry.h"
#include "config/topology.h"
#include "fuzz/fuzz.h"

static inline const struct ivp_filter *take_filter(struct script *script)
{
	size_t count = 0;

	while (ivp_filters[count])
		count++;
	CHECK(count > 0);
	return ivp_filters[take8(script) % count];
}

/* What the input has instead of a file; none if the filter does not take it. */
static inline void take_file(struct script *script, const struct ivp_param *param, void *self)
{
	struct ivp_param_file file, *field = (void *)((uint8_t *)self + param->offset);
	struct ivp_why why = {""};
	const uint8_t *bytes;
	const size_t size = take_bytes(script, take16(script) % 2048, &bytes);
	uint8_t *copy = fuzz_memory(size + 1);

	if (size > 0)
		memcpy(copy, bytes, size);
	if (ivp_param_file_take(param, "fuzz", copy, size, &file, &why) == 0) {
		ivp_param_file_finish(field);
		*field = file;
	} else {
		CHECK(why.text[0]);
	}
}

/* Few numbers or many, as text. */
static inline void take_list(struct script *script, const struct ivp_param *param, void *self)
{
	const unsigned count = 1 + take16(script) % IVP_PARAM_LIST_MOST;
	char text[IVP_PARAM_LIST_MOST * 24];
	struct ivp_why why;
	size_t used = 0;

	for (unsigned i = 0; i < count; i++)
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%.6g%s",
				     param->min + (param->max - param->min) * take8(script) / 255,
				     i % 2 ? ", " : "\n");
	CHECK(ivp_param_set(param, self, text, &why) == 0);
}

/* The value as text, so that the way from text to the private struct is taken too. */
static inline void take_value(struct script *script, const struct ivp_param *param, void *self,
			      double most)
{
	if (param->type == IVP_PARAM_FILE) {
		take_file(script, param, self);
		return;
	}
	const unsigned step = take16(script);
	const double max = param->max < most ? param->max : most;
	double value = param->min + (max - param->min) * step / 65535;
	unsigned choices = 0;
	struct ivp_why why;
	char text[64];

	switch (param->type) {
	case IVP_PARAM_BOOL:
		snprintf(text, sizeof(text), "%s", step & 1 ? "yes" : "no");
		break;
	case IVP_PARAM_CHOICE:
		while (param->choices[choices])
			choices++;
		CHECK(choices > 0);
		snprintf(text, sizeof(text), "%s", param->choices[step % choices]);
		break;
	case IVP_PARAM_INT:
		snprintf(text, sizeof(text), "%.0f", floor(value));
		break;
	case IVP_PARAM_LIST:
		take_list(script, param, self);
		return;
	default:
		snprintf(text, sizeof(text), "%.15f", value);
	}
	CHECK(ivp_param_set(param, self, text, &why) == 0);
}

/*
 * A filter's private struct, which the caller ends and frees. most bounds numbers beyond the table, where
 * time and memory must be small. A row is left at its default if the input says so.
 */
static inline void *take_private(struct script *script, const struct ivp_filter *filter,
				 double most)
{
	void *self = fuzz_memory(filter->private_bytes);
	const uint8_t set = take8(script);
	struct ivp_why why = {""};
	unsigned row = 0;

	ivp_params_default(filter, self);
	for (const struct ivp_param *param = filter->params; param && param->name; param++, row++)
		if (set >> row % 8 & 1)
			take_value(script, param, self, most);
	if (filter->check && filter->check(self, &why) != 0) {
		CHECK(why.text[0]);
		ivp_params_finish(filter, self);
		ivp_params_default(filter, self);
	}
	return self;
}

#endif
