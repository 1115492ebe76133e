/* SPDX-License-Identifier: MIT */
/* The list grows word by word: it has some dozens, and is made once per child. */
#include "supervisor/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

void ivp_arguments_add(struct ivp_arguments *arguments, const char *format, ...)
{
	char **words, *word;
	va_list values;
	int n;

	if (arguments->error)
		return;
	va_start(values, format);
	n = vasprintf(&word, format, values);
	va_end(values);
	words = n < 0 ? NULL : reallocarray(arguments->words, arguments->count + 2, sizeof(*words));
	if (!words) {
		if (n >= 0)
			free(word);
		arguments->error = -ENOMEM;
		return;
	}
	words[arguments->count++] = word;
	words[arguments->count] = NULL;
	arguments->words = words;
}

void ivp_arguments_print(const struct ivp_arguments *arguments, FILE *to)
{
	for (unsigned i = 0; i < arguments->count; i++)
		fprintf(to, "%s\n", arguments->words[i]);
}

void ivp_arguments_finish(struct ivp_arguments *arguments)
{
	for (unsigned i = 0; i < arguments->count; i++)
		free(arguments->words[i]);
	free(arguments->words);
	*arguments = (struct ivp_arguments){0};
}
