/* SPDX-License-Identifier: MIT */
/* Rows that stay as they are. */
#ifndef IVP_STAGES_COPY_ROWS_H
#define IVP_STAGES_COPY_ROWS_H

#include <ivpipe/filter.h>

/* The rows of in to out, of the same shape: in one piece where nothing lies between them. */
static inline void ivp_copy_rows(const struct ivp_input *in, const struct ivp_output *out,
				 struct ivp_rows rows)
{
	const size_t row = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);

	if (in->stride == row && out->stride == row) {
		ivp_store_bytes(out->pixels + rows.first * row, in->pixels + rows.first * row,
				(rows.end - rows.first) * row, out->stores);
		return;
	}
	for (uint32_t y = rows.first; y < rows.end; y++)
		ivp_store_bytes(out->pixels + y * out->stride, in->pixels + y * in->stride, row,
				out->stores);
}

#endif
