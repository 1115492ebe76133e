/* SPDX-License-Identifier: MIT */
/*
 * The levels of the processor that the filters are compiled for (rules/isa.mk). All give the same
 * results, bit for bit: which one runs is a matter of speed. Constant data; any thread.
 */
#ifndef IVP_CONFIG_ISA_H
#define IVP_CONFIG_ISA_H

#include <ivpipe/filter.h>

struct ivp_isa {
	const char *name; /* "avx512", "avx2", "sse2"; "baseline" where it is no x86-64 */
	const struct ivp_filter *const *filters; /* in the order of ivp_filters; ended by NULL */
	bool (*runs_here)(void);                 /* does this processor have it? */
};

/* The best level first, the baseline last; ended by a NULL name. */
extern const struct ivp_isa ivp_isas[];

/* The best level that runs on this processor. */
const struct ivp_isa *ivp_isa_best(void);
/* The level of that name, whether or not it runs here; NULL if there is none. "auto": the best. */
const struct ivp_isa *ivp_isa_find(const char *name);

/* filter, one of ivp_filters, as that level has it. */
const struct ivp_filter *ivp_isa_filter(const struct ivp_isa *isa, const struct ivp_filter *filter);

#endif
