/* SPDX-License-Identifier: MIT */
/* Values of parameters, between text and a filter's private struct. */
#include "config/params.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define MAX_PARAMS 64

const struct ivp_param *ivp_param_find(const struct ivp_filter *filter, const char *key)
{
	for (const struct ivp_param *param = filter->params; param && param->name; param++)
		if (strcmp(param->name, key) == 0)
			return param;
	return NULL;
}

const char *ivp_param_nearest(const struct ivp_filter *filter, const char *key)
{
	const char *names[MAX_PARAMS + 1] = {NULL};
	size_t count = 0;

	for (const struct ivp_param *param = filter->params;
	     param && param->name && count < MAX_PARAMS; param++)
		names[count++] = param->name;
	return ivp_nearest_word(key, names);
}

static struct ivp_param_file *file_of(const struct ivp_param *param, void *self)
{
	return (struct ivp_param_file *)((uint8_t *)self + param->offset);
}

static void store(const struct ivp_param *param, void *self, double value)
{
	void *field = (uint8_t *)self + param->offset;

	switch (param->type) {
	case IVP_PARAM_INT:
		*(int *)field = (int)value;
		break;
	case IVP_PARAM_REAL:
		*(double *)field = value;
		break;
	case IVP_PARAM_BOOL:
		*(bool *)field = value != 0;
		break;
	case IVP_PARAM_CHOICE:
		*(unsigned *)field = (unsigned)value;
		break;
	case IVP_PARAM_LIST:
		*(struct ivp_param_list *)field = (struct ivp_param_list){1, {value}};
		break;
	case IVP_PARAM_FILE:
		break; /* none */
	}
}

void ivp_params_default(const struct ivp_filter *filter, void *self)
{
	memset(self, 0, filter->private_bytes);
	for (const struct ivp_param *param = filter->params; param && param->name; param++)
		store(param, self, param->def);
}

void ivp_params_finish(const struct ivp_filter *filter, void *self)
{
	for (const struct ivp_param *param = filter->params; param && param->name; param++)
		if (param->type == IVP_PARAM_FILE)
			ivp_param_file_finish(file_of(param, self));
}

/* Does rest hold nothing, or the unit? */
static bool is_unit(const struct ivp_param *param, const char *rest)
{
	while (*rest == ' ')
		rest++;
	return *rest == 0 || (param->unit && strcmp(rest, param->unit) == 0);
}

/* Decimal notation only: strtod would also take "inf", "nan" and "0x1p3". */
static bool looks_decimal(const char *text)
{
	if (*text == '-' || *text == '+')
		text++;
	return (*text >= '0' && *text <= '9' && text[1] != 'x' && text[1] != 'X') || *text == '.';
}

static int set_number(const struct ivp_param *param, void *self, const char *text,
		      struct ivp_why *why)
{
	const char *unit = param->unit ? param->unit : "", *space = param->unit ? " " : "";
	char *end = NULL;
	double value = 0;

	if (looks_decimal(text))
		value = strtod(text, &end);
	if (end == NULL || end == text || !is_unit(param, end) || !isfinite(value)) {
		ivp_why_set(why, "'%s' is not a number%s%s", text, param->unit ? " of " : "", unit);
		return -EINVAL;
	}
	if (param->type == IVP_PARAM_INT && value != floor(value)) {
		ivp_why_set(why, "'%s' is not a whole number", text);
		return -EINVAL;
	}
	if (value < param->min) {
		ivp_why_set(why, "%g is below the minimum %g%s%s", value, param->min, space, unit);
		return -EINVAL;
	}
	if (value > param->max) {
		ivp_why_set(why, "%g is above the maximum %g%s%s", value, param->max, space, unit);
		return -EINVAL;
	}
	store(param, self, value);
	return 0;
}

static int set_bool(const struct ivp_param *param, void *self, const char *text,
		    struct ivp_why *why)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0) {
			store(param, self, i % 2 ? 1 : 0);
			return 0;
		}
	ivp_why_set(why, "'%s' is neither yes nor no", text);
	return -EINVAL;
}

static int set_choice(const struct ivp_param *param, void *self, const char *text,
		      struct ivp_why *why)
{
	char list[160] = "";
	size_t used = 0;

	for (unsigned i = 0; param->choices[i]; i++) {
		if (strcmp(text, param->choices[i]) == 0) {
			store(param, self, i);
			return 0;
		}
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 i ? ", " : "", param->choices[i]);
	}
	ivp_why_set(why, "'%s' is not one of: %s", text, list);
	return -EINVAL;
}

static int set_file(const struct ivp_param *param, void *self, const char *text,
		    struct ivp_why *why)
{
	struct ivp_param_file file = {0};
	int error = *text ? ivp_param_file_read(param, text, &file, why) : 0;

	if (error)
		return error;
	ivp_param_file_finish(file_of(param, self));
	*file_of(param, self) = file;
	return 0;
}

int ivp_param_set(const struct ivp_param *param, void *self, const char *text, struct ivp_why *why)
{
	switch (param->type) {
	case IVP_PARAM_BOOL:
		return set_bool(param, self, text, why);
	case IVP_PARAM_CHOICE:
		return set_choice(param, self, text, why);
	case IVP_PARAM_FILE:
		return set_file(param, self, text, why);
	case IVP_PARAM_LIST:
		return ivp_param_list_set(param, self, text, why);
	default:
		return set_number(param, self, text, why);
	}
}

void ivp_param_print(const struct ivp_param *param, const void *self, FILE *to)
{
	const void *field = (const uint8_t *)self + param->offset;
	double real;
	char text[32];

	switch (param->type) {
	case IVP_PARAM_INT:
		fprintf(to, "%d", *(const int *)field);
		break;
	case IVP_PARAM_REAL:
		/* The shortest text that reads back as the same number. */
		real = *(const double *)field;
		for (int digits = 6; digits <= 17; digits++) {
			snprintf(text, sizeof(text), "%.*g", digits, real);
			if (strtod(text, NULL) == real)
				break;
		}
		fputs(text, to);
		break;
	case IVP_PARAM_BOOL:
		fputs(*(const bool *)field ? "yes" : "no", to);
		break;
	case IVP_PARAM_CHOICE:
		fputs(param->choices[*(const unsigned *)field], to);
		break;
	case IVP_PARAM_LIST:
		ivp_param_list_print(field, to);
		break;
	case IVP_PARAM_FILE:
		if (((const struct ivp_param_file *)field)->name)
			fputs(((const struct ivp_param_file *)field)->name, to);
		break;
	}
}
