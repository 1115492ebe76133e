/* SPDX-License-Identifier: MIT */
/*
 * Findings are kept as the text that people read, in the order in which they were made. Running
 * out of memory loses texts but never the count: a caller that looks at errors fails all the same.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#define SHORTEST_PART 4
#define LONGEST_WORD  63

static void append(struct ivp_diag *diag, const char *line, size_t bytes)
{
	char *text = realloc(diag->text, diag->bytes + bytes + 1);

	if (!text)
		return;
	memcpy(text + diag->bytes, line, bytes);
	diag->text = text;
	diag->bytes += bytes;
	diag->text[diag->bytes] = '\0';
}

static void add(struct ivp_diag *diag, const char *file, int line, const char *key,
		const char *severity, const char *format, va_list arguments)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	if (file)
		fprintf(to, "%s:", file);
	if (line > 0)
		fprintf(to, "%d:", line);
	if (file || line > 0)
		fputc(' ', to);
	if (key)
		fprintf(to, "%s: ", key);
	fputs(severity, to);
	vfprintf(to, format, arguments);
	fputc('\n', to);
	if (fclose(to) == 0)
		append(diag, text, bytes);
	free(text);
}

void ivp_diag_error(struct ivp_diag *diag, const char *file, int line, const char *key,
		    const char *format, ...)
{
	va_list arguments;

	diag->errors++;
	va_start(arguments, format);
	add(diag, file, line, key, "", format, arguments);
	va_end(arguments);
}

void ivp_diag_warn(struct ivp_diag *diag, const char *file, int line, const char *key,
		   const char *format, ...)
{
	va_list arguments;

	diag->warnings++;
	va_start(arguments, format);
	add(diag, file, line, key, "warning: ", format, arguments);
	va_end(arguments);
}

void ivp_diag_print(const struct ivp_diag *diag, FILE *to)
{
	if (diag->text)
		fputs(diag->text, to);
}

void ivp_diag_finish(struct ivp_diag *diag)
{
	free(diag->text);
	*diag = (struct ivp_diag){0};
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours
 * cost 1 each. (Damerau, "A technique for computer detection and correction of spelling errors",
 * Communications of the ACM 7(3), 1964; Wagner and Fischer's table, with three rows kept.)
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][LONGEST_WORD + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[b_length];
}

/* Of a name of several words, one that was left out is no typing error: "gausian", "limit". The
 * distance to the nearest of its words, or SIZE_MAX if it has but one. Short words are too alike. */
static size_t distance_to_part(const char *word, size_t length, const char *name)
{
	size_t best = SIZE_MAX;

	if (!strchr(name, '-'))
		return best;
	while (*name) {
		const size_t part = strcspn(name, "-");
		const size_t wrong = distance(word, length, name, part);

		if (part >= SHORTEST_PART && 4 * wrong <= part && wrong < best)
			best = wrong;
		name += part + (name[part] == '-');
	}
	return best;
}

static const char *nearest_by_part(const char *word, size_t length, const char *const *words)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (; *words; words++) {
		const size_t wrong = strlen(*words) > LONGEST_WORD
					 ? SIZE_MAX
					 : distance_to_part(word, length, *words);

		if (wrong < best_distance) {
			best_distance = wrong;
			best = *words;
		}
	}
	return best;
}

const char *ivp_nearest_word(const char *word, const char *const *words)
{
	const char *const *const all = words;
	size_t length = strlen(word);
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	if (length > LONGEST_WORD)
		return NULL;
	for (; *words; words++) {
		size_t other = strlen(*words);
		size_t longer = other > length ? other : length;
		size_t wrong;

		if (other > LONGEST_WORD)
			continue;
		wrong = distance(word, length, *words, other);
		if (3 * wrong <= longer && wrong < best_distance) {
			best = *words;
			best_distance = wrong;
		}
	}
	return best ? best : nearest_by_part(word, length, all);
}
