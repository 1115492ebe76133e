/* SPDX-License-Identifier: MIT */
/*
 * Values of the fixed keys of the grammar: text in, typed field out, with a reason that says what
 * would do. The parameters of filters have tables of their own: see params.h. All thread-safe.
 */
#ifndef IVP_CONFIG_VALUES_H
#define IVP_CONFIG_VALUES_H

#include <ivpipe/frame.h>

struct ivp_rule;

/* Stores the value in the field. Returns 0; -EINVAL with the reason, and the field as before; or
 * -ENOMEM. */
typedef int ivp_value_parser(const struct ivp_rule *rule, const char *text, void *field,
			     struct ivp_why *why);

/* One key of a section. A table of rules ends with one whose name is NULL. */
struct ivp_rule {
	const char *name;
	const char *missing; /* what to write if it is not there; NULL: it may be left out */
	ivp_value_parser *parse;
	size_t offset; /* of the field in the section's struct */
	uint64_t min, max;
	const char *const *words; /* ivp_value_word: ended by NULL, stored as their index */
	bool place;               /* "file:" in it is relative to the folder of the configuration */
	bool link;                /* names a link; the field is a struct ivp_link_conf * */
	bool list;                /* may be a list: the field is handled by who has the section */
};

ivp_value_parser ivp_value_size;     /* uint64_t, bytes */
ivp_value_parser ivp_value_size32;   /* uint32_t, bytes */
ivp_value_parser ivp_value_duration; /* uint64_t, nanoseconds */
ivp_value_parser ivp_value_number;   /* uint64_t */
ivp_value_parser ivp_value_count;    /* uint32_t, unsigned or int */
ivp_value_parser ivp_value_power;    /* uint32_t, a power of two */
ivp_value_parser ivp_value_yes;      /* bool */
ivp_value_parser ivp_value_word;     /* unsigned or enum */
ivp_value_parser ivp_value_mode;     /* mode_t */
ivp_value_parser ivp_value_uuid;     /* uint8_t[16] */
ivp_value_parser ivp_value_text;     /* char *, freed and replaced; not empty */
ivp_value_parser ivp_value_owner;    /* the same: "user:group" */
ivp_value_parser ivp_value_place;    /* the same: where a window is */
ivp_value_parser ivp_value_name;     /* char[IVP_NAME_BYTES] */

#endif
