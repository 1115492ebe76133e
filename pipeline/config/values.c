/* SPDX-License-Identifier: MIT */
/* The field is only stored to when all is well, so a default survives a bad value. */
#include "config/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/units.h"
#include "transport/window.h"

int ivp_value_size(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	uint64_t bytes = 0;
	char limit[24];
	int error = ivp_parse_size(text, &bytes);

	if (error == -EINVAL) {
		ivp_why_set(why,
			    "'%s' is not a size: write a whole number of bytes, or one followed "
			    "by KiB, MiB or GiB, such as \"16MiB\"",
			    text);
		return -EINVAL;
	}
	if (error || bytes > rule->max) {
		ivp_why_set(why, "%s is above the maximum %s", text,
			    ivp_format_size(rule->max, limit));
		return -EINVAL;
	}
	if (bytes < rule->min) {
		ivp_why_set(why, "%s is below the minimum %s", text,
			    ivp_format_size(rule->min, limit));
		return -EINVAL;
	}
	*(uint64_t *)field = bytes;
	return 0;
}

int ivp_value_size32(const struct ivp_rule *rule, const char *text, void *field,
		     struct ivp_why *why)
{
	uint64_t bytes;
	int error = ivp_value_size(rule, text, &bytes, why);

	if (error == 0)
		*(uint32_t *)field = (uint32_t)bytes; /* rule->max fits */
	return error;
}

int ivp_value_duration(const struct ivp_rule *rule, const char *text, void *field,
		       struct ivp_why *why)
{
	uint64_t nanoseconds;
	int error = ivp_parse_duration(text, &nanoseconds);

	if (error == -EINVAL) {
		ivp_why_set(why,
			    "'%s' is not a duration: write seconds, or a number followed by ms, "
			    "s, min or h, such as \"30s\"",
			    text);
		return -EINVAL;
	}
	if (error || nanoseconds < rule->min || nanoseconds > rule->max) {
		ivp_why_set(why, "'%s' is not between %g s and %g s", text, (double)rule->min / 1e9,
			    (double)rule->max / 1e9);
		return -EINVAL;
	}
	*(uint64_t *)field = nanoseconds;
	return 0;
}

int ivp_value_number(const struct ivp_rule *rule, const char *text, void *field,
		     struct ivp_why *why)
{
	uint64_t value = 0;
	bool fits = true;

	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0') {
		ivp_why_set(why, "'%s' is not a whole number", text);
		return -EINVAL;
	}
	for (const char *digit = text; *digit; digit++)
		fits = fits && !__builtin_mul_overflow(value, 10u, &value) &&
		       !__builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value);
	if (!fits || value < rule->min || value > rule->max) {
		ivp_why_set(why, "%s is not between %llu and %llu", text,
			    (unsigned long long)rule->min, (unsigned long long)rule->max);
		return -EINVAL;
	}
	*(uint64_t *)field = value;
	return 0;
}

int ivp_value_count(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	uint64_t value;
	int error = ivp_value_number(rule, text, &value, why);

	if (error == 0)
		*(uint32_t *)field = (uint32_t)value; /* rule->max fits */
	return error;
}

int ivp_value_power(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	uint32_t value, below = 1;
	int error = ivp_value_count(rule, text, &value, why);

	if (error)
		return error;
	while (below <= value / 2)
		below *= 2;
	if (value != below) {
		/* rule->max is a power of two, so the next one is allowed as well */
		ivp_why_set(why, "%u is not a power of two; the nearest is %u", value,
			    value - below < 2 * below - value ? below : 2 * below);
		return -EINVAL;
	}
	*(uint32_t *)field = value;
	return 0;
}

int ivp_value_yes(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	(void)rule;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0) {
			*(bool *)field = i % 2;
			return 0;
		}
	ivp_why_set(why, "'%s' is neither yes nor no", text);
	return -EINVAL;
}

static void list_words(const char *const *words, char *list, size_t bytes)
{
	size_t used = 0;

	*list = '\0';
	for (; *words && used < bytes; words++) {
		int n = snprintf(list + used, bytes - used, "%s%s", used ? ", " : "", *words);

		if (n < 0)
			return;
		used += (size_t)n;
	}
}

int ivp_value_word(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	const char *nearest = ivp_nearest_word(text, rule->words);
	char list[128];

	for (unsigned i = 0; rule->words[i]; i++)
		if (strcmp(text, rule->words[i]) == 0) {
			*(unsigned *)field = i;
			return 0;
		}
	list_words(rule->words, list, sizeof(list));
	ivp_why_set(why, "'%s' is not one of: %s%s%s%s", text, list,
		    nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
	return -EINVAL;
}

int ivp_value_mode(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	size_t digits = strspn(text, "01234567");

	(void)rule;
	if (text[digits] != '\0' || digits < 3 || digits > 4 || (digits == 4 && *text != '0')) {
		ivp_why_set(why,
			    "'%s' is not a file mode: write three octal digits after a 0, such "
			    "as 0660",
			    text);
		return -EINVAL;
	}
	*(mode_t *)field = (mode_t)strtoul(text, NULL, 8);
	return 0;
}

int ivp_value_uuid(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	uint8_t uuid[16];

	(void)rule;
	if (ivp_uuid_parse(text, uuid) != 0) {
		ivp_why_set(why,
			    "'%s' is not a UUID: write 32 hexadecimal digits as "
			    "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
			    text);
		return -EINVAL;
	}
	memcpy(field, uuid, sizeof(uuid));
	return 0;
}

int ivp_value_text(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	char *copy;

	(void)rule;
	if (*text == '\0') {
		ivp_why_set(why, "is empty");
		return -EINVAL;
	}
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return 0;
}

int ivp_value_owner(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-$";
	size_t user = strspn(text, letters);
	size_t group = text[user] == ':' ? strspn(text + user + 1, letters) : 0;
	size_t bytes = user + (text[user] == ':') + group;

	if (text[bytes] != '\0' || (user == 0 && group == 0) || (text[user] == ':' && group == 0)) {
		ivp_why_set(why,
			    "'%s' is not an owner: write \"user:group\", \"user\" or "
			    "\":group\"",
			    text);
		return -EINVAL;
	}
	return ivp_value_text(rule, text, field, why);
}

/* [dddd:]bb:dd.f, hexadecimal */
static bool is_pci_address(const char *text)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	size_t bytes = strlen(text);

	if (bytes == strlen("0000:00:10.0")) {
		if (strspn(text, hex) != 4 || text[4] != ':')
			return false;
		text += 5;
	} else if (bytes != strlen("00:10.0")) {
		return false;
	}
	return strspn(text, hex) == 2 && text[2] == ':' && strspn(text + 3, hex) == 2 &&
	       text[5] == '.' && text[6] >= '0' && text[6] <= '7';
}

int ivp_value_place(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	const char *rest = strchr(text, ':');
	size_t bytes = rest ? (size_t)(rest - text) : 0;
	bool known = strcmp(text, "auto") == 0;

	if (rest && rest[1] != '\0') {
		rest++;
		if (bytes == 3 && strncmp(text, "pci", 3) == 0) {
			if (!is_pci_address(rest)) {
				ivp_why_set(why,
					    "'%s' is not a PCI address: write it as lspci does, "
					    "such as pci:0000:00:10.0",
					    rest);
				return -EINVAL;
			}
			known = true;
		}
		known |= (bytes == 5 && strncmp(text, "label", 5) == 0) ||
			 (bytes == 4 && strncmp(text, "file", 4) == 0) ||
			 (bytes == 3 && strncmp(text, "shm", 3) == 0 && !strchr(rest, '/'));
	}
	if (!known) {
		ivp_why_set(why,
			    "'%s' is not a place: write auto, pci:ADDRESS, label:LABEL, "
			    "file:PATH or shm:NAME",
			    text);
		return -EINVAL;
	}
	return ivp_value_text(rule, text, field, why);
}

int ivp_value_name(const struct ivp_rule *rule, const char *text, void *field, struct ivp_why *why)
{
	size_t bytes = strlen(text);

	(void)rule;
	if (bytes >= IVP_NAME_BYTES) {
		ivp_why_set(why, "the name '%s' is longer than %d bytes", text, IVP_NAME_BYTES - 1);
		return -EINVAL;
	}
	if (*text < 'a' || *text > 'z' ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
		ivp_why_set(why,
			    "'%s' cannot be a name: names begin with a letter and hold only "
			    "a-z, 0-9 and '-'",
			    text);
		return -EINVAL;
	}
	memset(field, 0, IVP_NAME_BYTES);
	memcpy(field, text, bytes);
	return 0;
}
