/* SPDX-License-Identifier: MIT */
/* The filters of this folder, as stages.def lists them. rules/isa.mk compiles this once for each
 * level of the processor, with another IVP_STAGES. */
#include <ivpipe/filter.h>

#ifndef IVP_STAGES
#define IVP_STAGES ivp_filters
#endif

#define STAGE(symbol) extern const struct ivp_filter ivp_filter_##symbol;
#include "stages.def"
#undef STAGE

extern const struct ivp_filter *const IVP_STAGES[];
const struct ivp_filter *const IVP_STAGES[] = {
#define STAGE(symbol) &ivp_filter_##symbol,
#include "stages.def"
#undef STAGE
    NULL,
};
