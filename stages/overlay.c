/* SPDX-License-Identifier: MIT */
/*
 * Overlay: an image from a file over each image (Porter and Duff 1984, "over", of straight alpha),
 * once or tiled. With e the file's alpha times opacity, in 255ths: colour = (s e + d (255 - e)) /
 * 255, rounded to nearest; over an image with alpha a: A = e + a (255 - e) / 255 and colour =
 * (s e + d a (255 - e) / 255) / A, rounded to nearest within 0.0001. Gray images get its luma.
 * Over 16 bits its levels, and opacity, are widened first, and 65535 stands for 255; there colours
 * over an image with alpha are within 0.02 of a level before they are rounded.
 */
#include <string.h>

#include <ivpipe/filter.h>

#include "format.h"
#include "gravity.h"
#include "need.h"
#include "rows.h"

#ifdef __AVX512VBMI__
#include <immintrin.h>
#endif

#define MAX_SIDE 65535
#define CHUNK    256 /* pixels at a time */

struct overlay {
	struct ivp_param_file file;
	double opacity;
	int x, y;
	unsigned gravity;
	bool tile;
};

static const char *const gravities[] = IVP_GRAVITIES;

static const struct ivp_param params[] = {
    IVP_PARAM(struct overlay, file, .max = 64 << 20, .parse = ivp_param_image_parse,
	      .help = "the image: PNG, JPEG, BMP, PGM or PPM; none changes nothing"),
    IVP_PARAM(struct overlay, opacity, .min = 0, .max = 100, .def = 100, .unit = "%",
	      .help = "its alpha is taken times this"),
    IVP_PARAM(struct overlay, x, .min = -MAX_SIDE, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "columns from the place that gravity names, inwards, or right of the centre"),
    IVP_PARAM(struct overlay, y, .min = -MAX_SIDE, .max = MAX_SIDE, .def = 0, .unit = "px",
	      .help = "rows from the place that gravity names, inwards, or below the centre"),
    IVP_PARAM(struct overlay, gravity, .choices = gravities, .def = IVP_GRAVITY_NORTH_WEST,
	      .help = "where the file's image lies"),
    IVP_PARAM(struct overlay, tile, .def = 0, .help = "repeat it in all directions from there"),
    {0},
};

/* n / 255 rounded to nearest, for n <= 65025. */
IVP_INLINE uint16_t by_255(uint16_t n)
{
	const uint16_t rounded = (uint16_t)(n + 128);

	return (uint16_t)(rounded + (rounded >> 8)) >> 8;
}

/* samples and alphas of the file, the latter not yet times opacity. */
static void mix(const uint8_t *restrict in, const uint8_t *restrict samples,
		const uint8_t *restrict alphas, uint8_t opacity, uint8_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint16_t e = by_255((uint16_t)(alphas[i] * opacity));

		out[i] = (uint8_t)by_255((uint16_t)(samples[i] * e + in[i] * (255 - e)));
	}
}

/* 16 pixels of 4 bytes are 48 of 3. */
static void split(const uint8_t *restrict over, uint8_t *restrict colours, uint8_t *restrict alphas,
		  size_t n)
{
	size_t i = 0;

#ifdef __AVX512VBMI__
	uint8_t of_colours[64] = {0}, of_alphas[64] = {0};
	__m512i colour_index, alpha_index;

	for (uint8_t k = 0; k < 48; k++) {
		of_colours[k] = (uint8_t)(k / 3 * 4 + k % 3);
		of_alphas[k] = (uint8_t)(k / 3 * 4 + 3);
	}
	colour_index = _mm512_loadu_si512(of_colours);
	alpha_index = _mm512_loadu_si512(of_alphas);
	for (; i + 16 <= n; i += 16) {
		const __m512i pixels = _mm512_loadu_si512(over + 4 * i);

		/* 16 bytes too many: there is room behind them, and the next ones follow. */
		_mm512_storeu_si512(colours + 3 * i, _mm512_permutexvar_epi8(colour_index, pixels));
		_mm512_storeu_si512(alphas + 3 * i, _mm512_permutexvar_epi8(alpha_index, pixels));
	}
#endif
	for (; i < n; i++)
		for (size_t c = 0; c < 3; c++) {
			colours[3 * i + c] = over[4 * i + c];
			alphas[3 * i + c] = over[4 * i + 3];
		}
}

static void over_rgb(const uint8_t *in, const uint8_t *over, uint8_t opacity, uint8_t *out,
		     size_t n)
{
	uint8_t colours[3 * CHUNK + 16], alphas[3 * CHUNK + 16];

	for (size_t i = 0; i < n; i += CHUNK) {
		const size_t count = n - i < CHUNK ? n - i : CHUNK;

		split(over + 4 * i, colours, alphas, count);
		mix(in + 3 * i, colours, alphas, opacity, out + 3 * i, 3 * count);
	}
}

static void over_gray(const uint8_t *in, const uint8_t *over, uint8_t opacity, uint8_t *out,
		      size_t n)
{
	const ivp_pixel *pixels = (const ivp_pixel *)over;
	uint8_t lumas[CHUNK], alphas[CHUNK];

	for (size_t i = 0; i < n; i += CHUNK) {
		const size_t count = n - i < CHUNK ? n - i : CHUNK;

		for (size_t k = 0; k < count; k++) {
			const uint32_t pixel = pixels[i + k];

			lumas[k] = (uint8_t)(((pixel & 255) * 19595 + (pixel >> 8 & 255) * 38470 +
					      (pixel >> 16 & 255) * 7471 + 32768) >>
					     16);
			alphas[k] = (uint8_t)(pixel >> 24);
		}
		mix(in + i, lumas, alphas, opacity, out + i, count);
	}
}

/* One colour; all products are below 2^24, so floats hold them. */
IVP_INLINE uint32_t colour_of(uint32_t s, uint32_t d, uint32_t mine, uint32_t others, float inverse)
{
	const float sum = (float)(int32_t)(s * mine + d * others);

	return (uint32_t)(int32_t)(sum * inverse + 0.5f);
}

static void over_rgba(const uint8_t *restrict in, const uint8_t *restrict over, uint8_t opacity,
		      uint8_t *restrict out, size_t n)
{
	const ivp_pixel *from = (const ivp_pixel *)in, *overs = (const ivp_pixel *)over;
	ivp_pixel *to = (ivp_pixel *)out;

	for (size_t i = 0; i < n; i++) {
		const uint32_t s = overs[i], d = from[i];
		const uint32_t e = by_255((uint16_t)((s >> 24) * opacity));
		const uint32_t mine = e * 255, others = (d >> 24) * (255 - e), all = mine + others;
		/* Where both are transparent the quotient is not used: keep it finite. */
		const float inverse = 1.0f / (float)(int32_t)(all | (all == 0));
		const uint32_t red = colour_of(s & 255, d & 255, mine, others, inverse);
		const uint32_t green = colour_of(s >> 8 & 255, d >> 8 & 255, mine, others, inverse);
		const uint32_t blue =
		    colour_of(s >> 16 & 255, d >> 16 & 255, mine, others, inverse);
		const uint32_t alpha = by_255((uint16_t)all);
		const uint32_t seen = red | green << 8 | blue << 16 | alpha << 24;

		to[i] = e == 0 ? d : seen;
	}
}

/* n / 65535 rounded to nearest, for n <= 65535^2. */
IVP_INLINE uint32_t by_65535(uint32_t n)
{
	const uint32_t rounded = n + 32768;

	return (rounded + (rounded >> 16)) >> 16;
}

/* The file's alpha times opacity, of 16 bits. */
IVP_INLINE uint32_t part_16(uint8_t alpha, uint32_t opacity)
{
	return by_65535(alpha * 257u * opacity);
}

static void mix_16(const ivp_level16 *restrict in, const uint16_t *restrict samples,
		   const uint8_t *restrict alphas, uint32_t opacity, ivp_level16 *restrict out,
		   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t e = part_16(alphas[i], opacity);

		out[i] = (ivp_level16)by_65535(samples[i] * e + in[i] * (65535 - e));
	}
}

static void over_gray_16(const ivp_level16 *in, const uint8_t *over, uint32_t opacity,
			 ivp_level16 *out, size_t n)
{
	uint16_t lumas[CHUNK];
	uint8_t alphas[CHUNK];

	for (size_t i = 0; i < n; i += CHUNK, over += (size_t)4 * CHUNK) {
		const size_t count = n - i < CHUNK ? n - i : CHUNK;

		for (size_t k = 0; k < count; k++) {
			const uint8_t *s = over + 4 * k;

			/* 255 * 65536 * 257 + 32768 < 2^32. */
			lumas[k] =
			    (uint16_t)(((s[0] * 19595u + s[1] * 38470u + s[2] * 7471u) * 257 +
					32768) >>
				       16);
			alphas[k] = s[3];
		}
		mix_16(in + i, lumas, alphas, opacity, out + i, count);
	}
}

static void over_rgb_16(const ivp_level16 *in, const uint8_t *over, uint32_t opacity,
			ivp_level16 *out, size_t n)
{
	uint8_t colours[3 * CHUNK + 16], alphas[3 * CHUNK + 16];
	uint16_t samples[3 * CHUNK];

	for (size_t i = 0; i < n; i += CHUNK) {
		const size_t count = n - i < CHUNK ? n - i : CHUNK;

		split(over + 4 * i, colours, alphas, count);
		for (size_t k = 0; k < 3 * count; k++)
			samples[k] = (uint16_t)(colours[k] * 257);
		mix_16(in + 3 * i, samples, alphas, opacity, out + 3 * i, 3 * count);
	}
}

/* Colour = d + (s - d) e / A: floats hold the levels, and are right to 2^-24. */
static void over_rgba_16(const ivp_level16 *restrict in, const uint8_t *restrict over,
			 uint32_t opacity, ivp_level16 *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t e = part_16(over[4 * i + 3], opacity), a = in[4 * i + 3];
		const float mine = (float)(int32_t)e * 65535;
		const float all = mine + (float)(int32_t)a * (float)(int32_t)(65535 - e);
		/* Where both are transparent the image stays. */
		const float share = mine / (e == 0 ? 1 : all);

		for (size_t c = 0; c < 3; c++) {
			const float d = in[4 * i + c], s = (float)(over[4 * i + c] * 257);

			out[4 * i + c] = (ivp_level16)(d + (s - d) * share + 0.5f);
		}
		out[4 * i + 3] = (ivp_level16)by_65535(e * 65535 + a * (65535 - e));
	}
}

static void over_pixels_16(uint32_t format, const ivp_level16 *in, const uint8_t *over,
			   uint32_t opacity, ivp_level16 *out, size_t n)
{
	if (format == IVP_FORMAT_GRAY16)
		over_gray_16(in, over, opacity, out, n);
	else if (format == IVP_FORMAT_RGB16)
		over_rgb_16(in, over, opacity, out, n);
	else
		over_rgba_16(in, over, opacity, out, n);
}

static void over_pixels(uint32_t format, const uint8_t *in, const uint8_t *over, double percent,
			uint8_t *out, size_t n)
{
	const uint8_t opacity = (uint8_t)(percent * 2.55 + 0.5);

	if (ivp_is_wide(format))
		over_pixels_16(format, (const ivp_level16 *)in, over,
			       (uint32_t)(percent * 655.35 + 0.5), (ivp_level16 *)out, n);
	else if (format == IVP_FORMAT_GRAY8)
		over_gray(in, over, opacity, out, n);
	else if (format == IVP_FORMAT_RGB8)
		over_rgb(in, over, opacity, out, n);
	else
		over_rgba(in, over, opacity, out, n);
}

/* index, which may be any, in 0..count-1 once more and more. */
static int64_t wrapped(int64_t index, int64_t count)
{
	index %= count;
	return index < 0 ? index + count : index;
}

/* A row with one of the file over it, piece by piece: beside it, or from end to end of it. */
static void overlay_row(const struct overlay *overlay, const struct ivp_param_image *image,
			const struct ivp_input *in, const uint8_t *over, int64_t place,
			const uint8_t *from, uint8_t *to)
{
	const size_t pixel = ivp_format_pixel_bytes(in->shape.format);
	const int64_t width = in->shape.width, wide = image->width;
	int64_t x = 0;

	while (x < width) {
		const int64_t at = overlay->tile ? wrapped(x - place, wide) : x - place;
		int64_t end = x + (at < 0 ? -at : wide - at);
		const size_t offset = (size_t)x * pixel;

		if (at >= wide || end > width)
			end = width;
		if (at < 0 || at >= wide)
			memcpy(to + offset, from + offset, (size_t)(end - x) * pixel);
		else
			over_pixels(in->shape.format, from + offset, over + 4 * at,
				    overlay->opacity, to + offset, (size_t)(end - x));
		x = end;
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct overlay *overlay = self;
	const struct ivp_param_image *image = overlay->file.parsed;
	const size_t row = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);

	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++) {
		const uint8_t *from = in->pixels + y * in->stride;
		uint8_t *to = out->pixels + y * out->stride;
		int64_t line = -1;

		if (image) {
			line = y - ivp_gravity_place(overlay->gravity / 3, in->shape.height,
						     image->height, overlay->y);
			if (overlay->tile)
				line = wrapped(line, image->height);
		}
		if (line < 0 || line >= image->height)
			memcpy(to, from, row);
		else
			overlay_row(overlay, image, in,
				    image->pixels + (size_t)line * image->width * 4,
				    ivp_gravity_place(overlay->gravity % 3, in->shape.width,
						      image->width, overlay->x),
				    from, to);
	}
}

const struct ivp_filter ivp_filter_overlay = {
    .name = "overlay",
    .summary = "lays an image from a file over each image",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct overlay),
    .params = params,
    .need = ivp_need_same_rows,
    .apply = apply,
};
