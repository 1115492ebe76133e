/* SPDX-License-Identifier: MIT */
/* Plain integer sums: no result depends on the order of additions. */
#include "box-sums.h"

#include <string.h>

#include "alpha.h"
#include "floats.h"
#include "format.h"

#define BLOCK ((size_t)3072) /* samples that are summed up along the row at once; whole pixels */

static size_t step_of(const struct ivp_box *box)
{
	return ivp_format_channels(box->shape.format);
}

struct ivp_box *ivp_box_make(struct ivp_carve *carve, const struct ivp_shape *shape,
			     unsigned radius, unsigned border)
{
	const size_t row = (size_t)shape->width * ivp_format_pixel_bytes(shape->format);
	const size_t pad = ((size_t)radius + 1) * ivp_format_channels(shape->format);
	const size_t samples = (size_t)shape->width * ivp_format_channels(shape->format);
	const size_t premultiplied = ivp_has_alpha(shape->format) ? samples * 2 : 0;
	const size_t block = samples < BLOCK ? samples : BLOCK;
	struct ivp_box *made = ivp_carve(carve, sizeof(*made)), box = {0};

	box.shape = *shape;
	box.radius = radius;
	box.border = border;
	box.black = ivp_carve(carve, row);
	box.more = ivp_carve(carve, premultiplied);
	box.less = ivp_carve(carve, premultiplied);
	box.columns = ivp_carve(carve, (samples + 2 * pad + 1) * sizeof(uint32_t));
	box.doubled = ivp_carve(carve, (block + 2 * pad) * sizeof(uint32_t));
	box.sums = ivp_carve(carve, (ivp_floats_room(block) + 1) * sizeof(uint32_t));
	if (!made)
		return NULL;
	memset(box.black, 0, row);
	box.columns += pad;
	*made = box;
	return made;
}

static void slide8(const uint8_t *restrict add, const uint8_t *restrict drop,
		   uint32_t *restrict sums, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] += (uint32_t)(add[i] - drop[i]);
}

static void slide16(const uint16_t *restrict add, const uint16_t *restrict drop,
		    uint32_t *restrict sums, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] += (uint32_t)(add[i] - drop[i]);
}

static const uint8_t *border_row(const struct ivp_box *box, const struct ivp_input *in, int64_t y)
{
	int64_t row = ivp_border_index(y, box->shape.height, box->border);

	return row < 0 ? box->black : in->pixels + (size_t)row * in->stride;
}

/* Products of 8 bits are exact. */
static void premultiply(uint32_t format, const uint8_t *from, uint16_t *to, size_t width)
{
	if (format == IVP_FORMAT_RGBA8)
		ivp_row_products(from, to, width);
	else
		ivp_premultiply(format, from, to, width);
}

static void slide(struct ivp_box *box, const uint8_t *add, const uint8_t *drop)
{
	const uint32_t format = box->shape.format;
	const size_t width = box->shape.width;
	const void *more = add, *less = drop;

	if (ivp_has_alpha(format)) {
		premultiply(format, add, box->more, width);
		premultiply(format, drop, box->less, width);
		more = box->more;
		less = box->less;
	}
	if (ivp_is_wide(format) || ivp_has_alpha(format))
		slide16(more, less, box->columns, width * step_of(box));
	else
		slide8(more, less, box->columns, width * step_of(box));
}

/* The sums of the row before, so that every row begins with a step. */
void ivp_box_start(struct ivp_box *box, const struct ivp_input *in, uint32_t y)
{
	memset(box->columns, 0, box->shape.width * step_of(box) * sizeof(uint32_t));
	for (int64_t k = (int64_t)y - 1 - box->radius; k < y + box->radius; k++)
		slide(box, border_row(box, in, k), box->black);
}

/* Sums of four sums each, from places that lie apart. to may be from: what is written is not read
 * any more. */
static void add_fours(const uint32_t *from, size_t apart, uint32_t *to, size_t n)
{
	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++)
		to[i] = (from[i] + from[i + apart]) + (from[i + 2 * apart] + from[i + 3 * apart]);
}

static void add_twos(const uint32_t *from, size_t apart, uint32_t *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i] + from[i + apart];
}

static void add_ones(const uint32_t *from, uint32_t *restrict to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

/* Of n samples of gray from sample first on, into box->sums. The window's width is odd: one column,
 * and then two to the power of each other binary digit. */
static void double_windows(struct ivp_box *box, size_t first, size_t n)
{
	const size_t width = 2 * (size_t)box->radius + 1;
	const uint32_t *parts =
	    box->columns + first - (size_t)box->radius; /* sums of bit columns */
	size_t done = 1;

	memcpy(box->sums, parts, n * sizeof(uint32_t));
	for (size_t bit = 1; 2 * bit <= width; bit *= 4) {
		if (width & 2 * bit) {
			add_twos(parts + done, bit, box->sums, n);
			done += 2 * bit;
		}
		if (4 * bit > width)
			break;
		add_fours(parts, bit, box->doubled, n + width - 4 * bit);
		parts = box->doubled;
		if (width & 4 * bit) {
			add_ones(parts + done, box->sums, n);
			done += 4 * bit;
		}
	}
}

/* Four samples: those of a pixel, or the first of the next one besides, which is as good. */
typedef uint32_t four __attribute__((vector_size(16)));

IVP_INLINE void four_at(const uint32_t *at, four *samples)
{
	memcpy(samples, at, sizeof(*samples));
}

/*
 * Of width pixels, into sums; columns: the one in front of the first window, ahead: from there to
 * its last one. sum: of the window before. What changes is written down first, so that a sum waits
 * for one addition only. step is a constant wherever this is inlined.
 */
IVP_INLINE void run(const uint32_t *restrict columns, size_t ahead, size_t step,
		    uint32_t *restrict changes, uint32_t *restrict sums, size_t width, four *sum)
{
	four total = *sum;

	for (size_t i = 0; i < width * step; i++)
		changes[i] = columns[i + ahead] - columns[i];
	for (size_t i = 0; i < width * step; i += step) {
		four change;

		four_at(changes + i, &change);
		total += change;
		memcpy(sums + i, &total, sizeof(total));
	}
	*sum = total;
}

static void run_windows(struct ivp_box *box, size_t first, size_t n, four *sum)
{
	const size_t step = step_of(box), side = 2 * (size_t)box->radius + 1;
	const uint32_t *columns = box->columns + first - ((size_t)box->radius + 1) * step;

	if (first == 0) {
		*sum = (four){0};
		for (size_t k = 0; k < side; k++) {
			four column;

			four_at(columns + k * step, &column);
			*sum += column;
		}
	}
	if (step == 3)
		run(columns, side * 3, 3, box->doubled, box->sums, n / 3, sum);
	else
		run(columns, side * 4, 4, box->doubled, box->sums, n / 4, sum);
}

/*
 * (sum + divisor / 2) / divisor in whole numbers, of a divisor above 1, by way of a float quotient
 * that is made a little too small: inverse = 2 / divisor * (1 - 2^-20). Below 65536 it is then at most
 * 1 short, which the remainder shows. Half of the dividend has a sign to spare.
 */
IVP_INLINE uint32_t quotient(uint32_t sum, uint32_t divisor, float inverse)
{
	const uint32_t dividend = sum + divisor / 2;
	const uint32_t q = (uint32_t)(int32_t)((float)(int32_t)(dividend >> 1) * inverse);
	const int32_t rest = (int32_t)(dividend - q * divisor - divisor);

	/* GCC shifts signs in: -1 where there is nothing to add. */
	/* cppcheck-suppress shiftTooManyBitsSigned */
	return q + 1 + (uint32_t)(rest >> 31);
}

/* The bit that half of the dividend lost makes it 2 short where the divisor is 1. */
IVP_INLINE uint32_t quotient_by_any(uint32_t sum, uint32_t divisor, float inverse)
{
	const uint32_t q = quotient(sum, divisor, inverse);

	return q + (sum + divisor / 2 - q * divisor >= divisor);
}

#define SLIGHTLY_LESS (2 - 0x1p-19f)

static void means8(const uint32_t *restrict sums, uint8_t *restrict to, size_t n, uint32_t divisor)
{
	const float inverse = SLIGHTLY_LESS / (float)divisor;

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)quotient(sums[i], divisor, inverse);
}

static void means16(const uint32_t *restrict sums, uint16_t *restrict to, size_t n,
		    uint32_t divisor)
{
	const float inverse = SLIGHTLY_LESS / (float)divisor;

	for (size_t i = 0; i < n; i++)
		to[i] = (uint16_t)quotient(sums[i], divisor, inverse);
}

/* Whether all alphas of width pixels are 255. */
static bool is_opaque(const uint32_t *sums, size_t width, uint32_t area)
{
	uint32_t less = 0;

	for (size_t x = 0; x < width; x++)
		less |= sums[4 * x + 3] ^ (area * 255 * 255);
	return less == 0;
}

/* 255 in numbers modulo 2^32: what is a multiple of it is divided so. */
#define INVERSE_OF_255 0xfefefeffu

static void means_rgba(const uint32_t *restrict sums, uint8_t *restrict to, size_t width,
		       uint32_t area)
{
	ivp_pixel *restrict pixels = (ivp_pixel *)to;
	const float inverse = SLIGHTLY_LESS / (float)area;

	for (size_t x = 0; x < width; x++) {
		const uint32_t alpha = sums[4 * x + 3] * INVERSE_OF_255;
		/* Where all alphas are 0 the colours' sums are 0 too: any divisor will do. */
		const uint32_t weight = alpha + (alpha == 0);
		const float by_weight = SLIGHTLY_LESS / (float)(int32_t)weight;
		uint32_t pixel = quotient(alpha, area, inverse) << 24;

		for (unsigned c = 0; c < 3; c++)
			pixel |= (quotient_by_any(sums[4 * x + c], weight, by_weight) & 255)
				 << 8 * c;
		pixels[x] = pixel;
	}
}

/* In float: an error of some 2^-7 levels. */
static void means_rgba16(uint32_t *sums, uint8_t *to, size_t n, uint32_t area)
{
	float *values = (float *)(void *)sums;
	const float factor = 2 / (float)area;

	IVP_INDEPENDENT
	for (size_t i = 0; i < n; i++) {
		float value = (float)(int32_t)(sums[i] >> 1);

		memcpy(&values[i], &value, sizeof(value));
	}
	ivp_floats_straighten(IVP_FORMAT_RGBA16, values, n, factor, 0, NULL);
	ivp_floats_store(IVP_FORMAT_RGBA16, values, to, n, 1, 0);
}

void ivp_box_row(struct ivp_box *box, const struct ivp_input *in, uint32_t y, uint8_t *to)
{
	const uint32_t format = box->shape.format, side = (uint32_t)(2 * box->radius + 1);
	const size_t step = step_of(box), samples = box->shape.width * step;
	const uint32_t area = side * side;
	four sum;

	slide(box, border_row(box, in, y + box->radius),
	      border_row(box, in, (int64_t)y - box->radius - 1));
	ivp_row_pad(box->columns, box->shape.width, step * sizeof(uint32_t),
		    (size_t)box->radius + 1, box->border);
	for (size_t i = 0; i < samples; i += BLOCK) {
		const size_t n = samples - i < BLOCK ? samples - i : BLOCK;

		if (step == 1)
			double_windows(box, i, n);
		else
			run_windows(box, i, n, &sum);
		if (format == IVP_FORMAT_RGBA16)
			means_rgba16(box->sums, to + 2 * i, n, area);
		else if (ivp_is_wide(format))
			means16(box->sums, (uint16_t *)(void *)to + i, n, area);
		else if (format != IVP_FORMAT_RGBA8)
			means8(box->sums, to + i, n, area);
		else if (is_opaque(box->sums, n / 4, area))
			means8(box->sums, to + i, n, 255 * area);
		else
			means_rgba(box->sums, to + i, n / 4, area);
	}
}
