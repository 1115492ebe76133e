/* SPDX-License-Identifier: MIT */
/* A filter on a whole image at once. */
#ifndef IVP_TESTS_HELPERS_FILTER_H
#define IVP_TESTS_HELPERS_FILTER_H

#include <ivpipe/filter.h>

static inline void filter_whole(const struct ivp_filter *filter, const void *self,
				const struct ivp_input *in, const struct ivp_output *out,
				void *scratch)
{
	if (filter->survey)
		filter->survey(self, in, scratch);
	filter->apply(self, in, out, (struct ivp_rows){0, out->shape.height, false}, scratch);
}

#endif
