/* SPDX-License-Identifier: MIT */
/* The list of findings, for people and for programs. */
#include "supervisor/doctor.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"ok", "note", "problem"};

/* Names and reasons come from memory that peers write: they must not reach a terminal raw. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void ivp_doctor_add(struct ivp_doctor *doctor, enum ivp_verdict verdict, const char *what,
		    const char *mend, const char *format, ...)
{
	struct ivp_finding *findings, *finding;
	va_list values;

	if (doctor->error)
		return;
	findings = reallocarray(doctor->findings, doctor->count + 1, sizeof(*findings));
	if (!findings) {
		doctor->error = -ENOMEM;
		return;
	}
	doctor->findings = findings;
	finding = &findings[doctor->count++];
	doctor->problems += verdict == IVP_VERDICT_PROBLEM;
	finding->verdict = verdict;
	snprintf(finding->what, sizeof(finding->what), "%s", what);
	snprintf(finding->mend, sizeof(finding->mend), "%s", mend ? mend : "");
	va_start(values, format);
	vsnprintf(finding->text, sizeof(finding->text), format, values);
	va_end(values);
	make_printable(finding->what);
	make_printable(finding->text);
	make_printable(finding->mend);
}

void ivp_doctor_finish(struct ivp_doctor *doctor)
{
	free(doctor->findings);
	*doctor = (struct ivp_doctor){0};
}

int ivp_doctor_print(const struct ivp_doctor *doctor, FILE *to)
{
	for (unsigned i = 0; i < doctor->count; i++) {
		const struct ivp_finding *finding = &doctor->findings[i];

		fprintf(to, "%-8s %s: %s\n", words[finding->verdict], finding->what, finding->text);
		if (finding->mend[0])
			fprintf(to, "%-8s   %s\n", "", finding->mend);
	}
	if (doctor->problems > 0)
		fprintf(to, "%u problem%s\n", doctor->problems, doctor->problems == 1 ? "" : "s");
	else
		fprintf(to, "no problems\n");
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

int ivp_doctor_print_json(const struct ivp_doctor *doctor, FILE *to)
{
	json_t *list = json_array(), *root;
	int error = 0;

	for (unsigned i = 0; i < doctor->count; i++) {
		const struct ivp_finding *finding = &doctor->findings[i];

		error |= json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s*}", "verdict", words[finding->verdict],
				    "what", finding->what, "text", finding->text, "mend",
				    finding->mend[0] ? finding->mend : NULL));
	}
	root = json_pack("{s:i, s:o}", "problems", (int)doctor->problems, "findings", list);
	if (error || !root)
		error = -ENOMEM;
	else if (json_dumpf(root, to, JSON_INDENT(2)) != 0 || fputc('\n', to) == EOF ||
		 fflush(to) != 0)
		error = -EIO;
	json_decref(root);
	return error;
}
