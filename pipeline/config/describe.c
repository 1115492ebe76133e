/* SPDX-License-Identifier: MIT */
/* Every text about a filter that users see, made from its parameter table. */
#include "config/params.h"

#include <string.h>

#include "config/registry.h"

static const struct ivp_param no_params[1];

static const struct ivp_param *params_of(const struct ivp_filter *filter)
{
	return filter->params ? filter->params : no_params;
}

static void print_default(const struct ivp_param *param, FILE *to)
{
	switch (param->type) {
	case IVP_PARAM_BOOL:
		fputs(param->def != 0 ? "yes" : "no", to);
		break;
	case IVP_PARAM_CHOICE:
		fputs(param->choices[(unsigned)param->def], to);
		break;
	case IVP_PARAM_FILE:
		fputs("none", to);
		break;
	default:
		fprintf(to, "%g", param->def);
	}
}

/* "0.3 to 200 px", "nearest, box or lanczos3", "yes or no" */
static void print_range(const struct ivp_param *param, FILE *to)
{
	switch (param->type) {
	case IVP_PARAM_BOOL:
		fputs("yes or no", to);
		break;
	case IVP_PARAM_CHOICE:
		for (unsigned i = 0; param->choices[i]; i++)
			fprintf(to, "%s%s",
				i == 0                  ? ""
				: param->choices[i + 1] ? ", "
							: " or ",
				param->choices[i]);
		break;
	case IVP_PARAM_LIST:
		fprintf(to, "a list of up to %d numbers, each %g to %g", IVP_PARAM_LIST_MOST,
			param->min, param->max);
		break;
	case IVP_PARAM_FILE:
		fprintf(to, "a file of at most %.0f bytes", param->max);
		break;
	default:
		fprintf(to, "%g to %g", param->min, param->max);
		if (param->unit)
			fprintf(to, " %s", param->unit);
	}
}

static void print_formats(const struct ivp_filter *filter, const char *between, const char *quote,
			  FILE *to)
{
	const char *separator = "";

	for (uint32_t format = 0; format < 32; format++)
		if (filter->formats & IVP_FORMAT_BIT(format)) {
			fprintf(to, "%s%s%s%s", separator, quote, ivp_format_name(format), quote);
			separator = between;
		}
}

void ivp_filter_list(FILE *to)
{
	for (size_t i = 0; ivp_filters[i]; i++)
		fprintf(to, "%-16s %s\n", ivp_filters[i]->name, ivp_filters[i]->summary);
}

void ivp_filter_describe(const struct ivp_filter *filter, FILE *to)
{
	fprintf(to, "%s: %s\n\nformats: ", filter->name, filter->summary);
	print_formats(filter, ", ", "", to);
	fputs("\n", to);
	if (filter->params)
		fputs("\nparameters:\n", to);
	for (const struct ivp_param *param = params_of(filter); param->name; param++) {
		fprintf(to, "  %-12s %s\n  %-12s ", param->name, param->help, "");
		print_range(param, to);
		fputs(", default ", to);
		print_default(param, to);
		fputs("\n", to);
	}
}

/* Our own texts: quotes and backslashes are all that could need an escape. */
static void print_json_text(const char *text, FILE *to)
{
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

static void describe_param_json(const struct ivp_param *param, FILE *to)
{
	static const char *const types[] = {"int", "real", "bool", "choice", "file", "list"};
	bool number = param->type == IVP_PARAM_INT || param->type == IVP_PARAM_REAL;

	fputs("{\"name\": ", to);
	print_json_text(param->name, to);
	fprintf(to, ", \"type\": \"%s\", \"help\": ", types[param->type]);
	print_json_text(param->help, to);
	if (param->unit) {
		fputs(", \"unit\": ", to);
		print_json_text(param->unit, to);
	}
	if (number)
		fprintf(to, ", \"min\": %.17g, \"max\": %.17g, \"default\": %.17g", param->min,
			param->max, param->def);
	if (param->type == IVP_PARAM_LIST)
		fprintf(to,
			", \"min\": %.17g, \"max\": %.17g, \"max_count\": %d, \"default\": [%.17g]",
			param->min, param->max, IVP_PARAM_LIST_MOST, param->def);
	if (param->type == IVP_PARAM_BOOL)
		fprintf(to, ", \"default\": %s", param->def != 0 ? "true" : "false");
	if (param->type == IVP_PARAM_FILE)
		fprintf(to, ", \"max_bytes\": %.0f, \"default\": \"\"", param->max);
	if (param->type == IVP_PARAM_CHOICE) {
		fputs(", \"choices\": [", to);
		for (unsigned i = 0; param->choices[i]; i++) {
			fputs(i ? ", " : "", to);
			print_json_text(param->choices[i], to);
		}
		fputs("], \"default\": ", to);
		print_json_text(param->choices[(unsigned)param->def], to);
	}
	fputs("}", to);
}

void ivp_filter_describe_json(const struct ivp_filter *filter, FILE *to)
{
	fputs("{\"name\": ", to);
	print_json_text(filter->name, to);
	fputs(", \"summary\": ", to);
	print_json_text(filter->summary, to);
	fputs(", \"formats\": [", to);
	print_formats(filter, ", ", "\"", to);
	fputs("], \"parameters\": [", to);
	for (const struct ivp_param *param = params_of(filter); param->name; param++) {
		fputs(param == filter->params ? "" : ", ", to);
		describe_param_json(param, to);
	}
	fputs("]}", to);
}

void ivp_filter_template(const struct ivp_filter *filter, FILE *to)
{
	fprintf(to, "# %s: %s\n", filter->name, filter->summary);
	fprintf(to, "stage %s {\n    input  = raw\n    output = filtered\n", filter->name);
	if (filter->params == NULL) {
		fprintf(to, "    filter %s {}\n}\n", filter->name);
		return;
	}
	fprintf(to, "    filter %s {\n", filter->name);
	for (const struct ivp_param *param = params_of(filter); param->name; param++) {
		fprintf(to, "        # %s: ", param->help);
		print_range(param, to);
		fprintf(to, "\n        %s = ", param->name);
		if (param->type == IVP_PARAM_FILE)
			fputs("\"\"", to);
		else
			print_default(param, to);
		fputs("\n", to);
	}
	fputs("    }\n}\n", to);
}

void ivp_filter_manual(const struct ivp_filter *filter, FILE *to)
{
	fprintf(to, ".Ss %s\n", filter->name);
	fprintf(to, "%c%s.\nTakes ", filter->summary[0] - ('a' - 'A'), filter->summary + 1);
	print_formats(filter, ", ", "", to);
	fputs(".\n", to);
	if (filter->params == NULL)
		return;
	fputs(".Bl -tag -width Ds\n", to);
	for (const struct ivp_param *param = params_of(filter); param->name; param++) {
		fprintf(to, ".It Cm %s\n%c%s: ", param->name, param->help[0], param->help + 1);
		print_range(param, to);
		fputs(".\nThe default is ", to);
		print_default(param, to);
		fputs(".\n", to);
	}
	fputs(".El\n", to);
}
