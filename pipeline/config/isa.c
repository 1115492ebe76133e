/* SPDX-License-Identifier: MIT */
/* What is asked of the processor is what rules/isa.mk lets the compiler use, no more, no less. */
#include "config/isa.h"

#include <string.h>

#include "config/registry.h"

const char *const ivp_isa_words[] = {"auto", "baseline", "avx2", "avx512", NULL};

static bool always(void)
{
	return true;
}

#ifdef IVP_ISA_LEVELS
extern const struct ivp_filter *const ivp_filters_avx2[], *const ivp_filters_avx512[];

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("popcnt");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni");
}

const struct ivp_isa ivp_isas[] = {
    {"avx512", ivp_filters_avx512, has_avx512},
    {"avx2", ivp_filters_avx2, has_avx2},
    {"baseline", ivp_filters, always},
    {0},
};
#else
const struct ivp_isa ivp_isas[] = {{"baseline", ivp_filters, always}, {0}};
#endif

const struct ivp_isa *ivp_isa_best(void)
{
	const struct ivp_isa *isa = ivp_isas;

	while (!isa->runs_here())
		isa++;
	return isa;
}

const struct ivp_isa *ivp_isa_find(const char *name, struct ivp_why *why)
{
	if (strcmp(name, "auto") == 0)
		return ivp_isa_best();
	for (const struct ivp_isa *isa = ivp_isas; isa->name; isa++)
		if (strcmp(isa->name, name) == 0 && isa->runs_here())
			return isa;
	ivp_why_set(why, "this processor does not have '%s'; the best that it has is '%s'", name,
		    ivp_isa_best()->name);
	return NULL;
}

const struct ivp_filter *ivp_isa_filter(const struct ivp_isa *isa, const struct ivp_filter *filter)
{
	for (const struct ivp_isa *level = ivp_isas; level->name; level++)
		for (size_t i = 0; ivp_filters[i]; i++)
			if (level->filters[i] == filter)
				return isa->filters[i];
	return filter;
}
