/* SPDX-License-Identifier: MIT */
#include "adaptive.h"

#include <string.h>

#include "rows.h"
#include "tone.h"

struct sums {
	uint32_t *columns; /* of the rows around the next row, by sample */
	uint32_t *running; /* of the columns, from radius pixels in front of the row */
};

static struct sums lay_out(struct ivp_carve *carve, const struct ivp_shape *shape)
{
	const size_t channels = ivp_format_channels(shape->format);
	struct sums sums;

	sums.columns = ivp_carve(carve, shape->width * channels * sizeof(uint32_t));
	sums.running = ivp_carve(carve, (shape->width + 2 * (size_t)IVP_ADAPTIVE_RADIUS + 1) *
					    channels * sizeof(uint32_t));
	return sums;
}

void ivp_adaptive_carve(struct ivp_carve *carve, const struct ivp_shape *shape)
{
	lay_out(carve, shape);
}

static const uint8_t *row_at(const struct ivp_input *in, int64_t y)
{
	y = ivp_border_index(y, in->shape.height, IVP_BORDER_REPLICATE);
	return in->pixels + (size_t)y * in->stride;
}

static void slide_8(const uint8_t *restrict add, const uint8_t *restrict drop,
		    uint32_t *restrict columns, size_t samples)
{
	for (size_t i = 0; i < samples; i++)
		columns[i] += (uint32_t)add[i] - drop[i];
}

static void slide_16(const ivp_level16 *restrict add, const ivp_level16 *restrict drop,
		     uint32_t *restrict columns, size_t samples)
{
	for (size_t i = 0; i < samples; i++)
		columns[i] += (uint32_t)add[i] - drop[i];
}

static void add_8(const uint8_t *restrict add, uint32_t *restrict columns, size_t samples)
{
	for (size_t i = 0; i < samples; i++)
		columns[i] += add[i];
}

static void add_16(const ivp_level16 *restrict add, uint32_t *restrict columns, size_t samples)
{
	for (size_t i = 0; i < samples; i++)
		columns[i] += add[i];
}

/* The columns around row y: from what they were around the row before, or from nothing. */
static void sum_columns(const struct ivp_input *in, int64_t y, int radius, bool go_on,
			uint32_t *columns)
{
	const size_t samples = (size_t)in->shape.width * ivp_format_channels(in->shape.format);
	const bool wide = ivp_is_wide(in->shape.format);

	if (go_on) {
		const uint8_t *add = row_at(in, y + radius), *drop = row_at(in, y - radius - 1);

		if (wide)
			slide_16((const ivp_level16 *)add, (const ivp_level16 *)drop, columns,
				 samples);
		else
			slide_8(add, drop, columns, samples);
		return;
	}
	memset(columns, 0, samples * sizeof(*columns));
	for (int64_t k = y - radius; k <= y + radius; k++)
		if (wide)
			add_16((const ivp_level16 *)row_at(in, k), columns, samples);
		else
			add_8(row_at(in, k), columns, samples);
}

/* running[i]: the sum of the i columns from radius in front of the row on. */
IVP_INLINE void run(const uint32_t *columns, size_t width, size_t radius, const size_t channels,
		    uint32_t *running)
{
	uint32_t sum[4] = {0};

	for (size_t i = 0; i < radius; i++)
		for (size_t c = 0; c < channels; c++, running++) {
			*running = sum[c];
			sum[c] += columns[c];
		}
	for (size_t i = 0; i < width; i++)
		for (size_t c = 0; c < channels; c++, running++) {
			*running = sum[c];
			sum[c] += columns[i * channels + c];
		}
	for (size_t i = 0; i <= radius; i++)
		for (size_t c = 0; c < channels; c++, running++) {
			*running = sum[c];
			sum[c] += columns[(width - 1) * channels + c];
		}
}

struct border {
	uint32_t area, most, add, take; /* the offset as one to add or one to take off */
};

IVP_INLINE uint32_t is_white(uint32_t level, uint32_t sum, const struct border *border)
{
	uint32_t raised = level + border->add, lowered;

	raised = raised > border->most ? border->most : raised;
	lowered = raised < border->take ? 0 : raised - border->take;
	return -(uint32_t)((lowered * border->area >= sum) & (raised >= border->take));
}

static void compare_8(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
		      const uint32_t *restrict begin, const uint32_t *restrict end,
		      struct border border)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)is_white(in[i], end[i] - begin[i], &border);
}

static void compare_16(const ivp_level16 *restrict in, ivp_level16 *restrict out, size_t n,
		       const uint32_t *restrict begin, const uint32_t *restrict end,
		       struct border border)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (ivp_level16)is_white(in[i], end[i] - begin[i], &border);
}

void ivp_adaptive_apply(const struct ivp_input *in, const struct ivp_output *out,
			struct ivp_rows rows, int radius, int32_t offset, void *scratch)
{
	const unsigned channels = ivp_format_channels(in->shape.format);
	const size_t width = in->shape.width, samples = width * channels;
	const uint32_t side = 2 * (uint32_t)radius + 1, most = ivp_most_level(in->shape.format);
	const struct border border = {.area = side * side,
				      .most = most,
				      .add = offset > 0 ? (uint32_t)offset : 0,
				      .take = offset < 0 ? (uint32_t)-offset : 0};
	struct ivp_carve carve = ivp_carve_from(scratch);
	struct sums sums = lay_out(&carve, &in->shape);
	const uint32_t *end = sums.running + (size_t)side * channels;

	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;

		sum_columns(in, y, radius, rows.go_on || y > rows.first, sums.columns);
		if (channels == 1)
			run(sums.columns, width, (size_t)radius, 1, sums.running);
		else if (channels == 3)
			run(sums.columns, width, (size_t)radius, 3, sums.running);
		else
			run(sums.columns, width, (size_t)radius, 4, sums.running);
		if (most == 255)
			compare_8(from, to, samples, sums.running, end, border);
		else
			compare_16((const ivp_level16 *)from, (ivp_level16 *)to, samples,
				   sums.running, end, border);
		if (channels == 4)
			ivp_tone_keep_alpha(in->shape.format, from, to, width);
	}
}
