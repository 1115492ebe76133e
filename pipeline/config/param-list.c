/* SPDX-License-Identifier: MIT */
/* Lists of numbers: each is read and printed as a parameter that is one number. */
#include "config/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BETWEEN     " ,;\t\r\n"
#define NUMBER_MOST 32 /* characters */

/* A row for one number of the list, stored in a double. */
static struct ivp_param number_of(const struct ivp_param *list)
{
	struct ivp_param number = *list;

	number.type = IVP_PARAM_REAL;
	number.offset = 0;
	return number;
}

static int read_list(const struct ivp_param *param, const char *text, struct ivp_param_list *list,
		     struct ivp_why *why)
{
	const struct ivp_param number = number_of(param);

	for (text += strspn(text, BETWEEN); *text; text += strspn(text, BETWEEN)) {
		const size_t length = strcspn(text, BETWEEN);
		struct ivp_why reason = {""};
		char digits[NUMBER_MOST + 1] = "";

		if (list->count == IVP_PARAM_LIST_MOST) {
			ivp_why_set(why, "has more than %d numbers", IVP_PARAM_LIST_MOST);
			return -EINVAL;
		}
		memcpy(digits, text, length < NUMBER_MOST ? length : NUMBER_MOST);
		if (length > NUMBER_MOST)
			ivp_why_set(&reason, "'%s...' is too long for a number", digits);
		else
			ivp_param_set(&number, &list->values[list->count], digits, &reason);
		list->count++;
		if (reason.text[0]) {
			ivp_why_set(why, "number %u: %s", list->count, reason.text);
			return -EINVAL;
		}
		text += length;
	}
	if (list->count == 0) {
		ivp_why_set(why, "has no numbers; write them with blanks between them");
		return -EINVAL;
	}
	return 0;
}

int ivp_param_list_set(const struct ivp_param *param, void *self, const char *text,
		       struct ivp_why *why)
{
	struct ivp_param_list *list = calloc(1, sizeof(*list));
	int error;

	if (!list)
		return -ENOMEM;
	error = read_list(param, text, list, why);
	if (error == 0)
		memcpy((uint8_t *)self + param->offset, list, sizeof(*list));
	free(list);
	return error;
}

void ivp_param_list_print(const struct ivp_param_list *list, FILE *to)
{
	static const struct ivp_param number = {.type = IVP_PARAM_REAL};

	for (unsigned i = 0; i < list->count; i++) {
		fputs(i ? " " : "", to);
		ivp_param_print(&number, &list->values[i], to);
	}
}
