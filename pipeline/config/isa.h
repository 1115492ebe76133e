/* SPDX-License-Identifier: MIT */
/*
 * The levels of the processor that the filters are compiled for (rules/isa.mk). All give the same
 * results, bit for bit: which one runs is a matter of speed. Constant data; any thread.
 */
#ifndef IVP_CONFIG_ISA_H
#define IVP_CONFIG_ISA_H

#include <ivpipe/filter.h>

struct ivp_isa {
	const char *name; /* "avx512", "avx2", "baseline": SSE2, or no x86-64 */
	const struct ivp_filter *const *filters; /* in the order of ivp_filters; ended by NULL */
	bool (*runs_here)(void);                 /* does this processor have it? */
};

/* The best level first, the baseline last; ended by a NULL name. */
extern const struct ivp_isa ivp_isas[];

/* What a configuration may say: "auto", then the names of levels of any processor; ended by NULL.
 * The same words everywhere, so that one file is good for all machines. */
extern const char *const ivp_isa_words[];

/* The best level that runs on this processor. */
const struct ivp_isa *ivp_isa_best(void);
/* The level of that name, one of ivp_isa_words; "auto": the best. NULL with the reason if this
 * processor or this build does not have it. */
const struct ivp_isa *ivp_isa_find(const char *name, struct ivp_why *why);

/* filter, one of ivp_filters or of any level's, as that level has it; another is itself. */
const struct ivp_filter *ivp_isa_filter(const struct ivp_isa *isa, const struct ivp_filter *filter);

#endif
