/* SPDX-License-Identifier: MIT */
/* Copy: the image as it is. For measuring what links cost, and as the shortest filter there is. */
#include <ivpipe/filter.h>

#include "copy-rows.h"
#include "need.h"

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	(void)self;
	(void)scratch;
	ivp_copy_rows(in, out, rows);
}

const struct ivp_filter ivp_filter_copy = {
    .name = "copy",
    .summary = "passes images on as they are, to measure links",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .need = ivp_need_same_rows,
    .apply = apply,
};
