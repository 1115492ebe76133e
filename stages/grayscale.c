/* SPDX-License-Identifier: MIT */
/*
 * Grayscale: luma, the weighted sum of the R, G, B levels as they are (gamma-coded), by Rec. 601
 * or Rec. 709; weights in 1/65536, rounded to nearest. Result: GRAY8 or GRAY16; from RGBA8 and
 * RGBA16 with alpha = keep the same with R = G = B = luma, so that nothing transparent turns
 * opaque.
 */
#include <ivpipe/filter.h>

#include "copy-rows.h"
#include "format.h"
#include "luma.h"
#include "need.h"
#include "rows.h"

struct grayscale {
	unsigned luma, alpha;
};

enum { KEEP, DROP };

static const char *const lumas[] = {"rec601", "rec709", NULL};
static const char *const alphas[] = {"keep", "drop", NULL};

/* 0.299, 0.587, 0.114 and 0.2126, 0.7152, 0.0722; each row's sum is 65536. */
const uint32_t ivp_luma_weights[2][3] = {{19595, 38470, 7471}, {13933, 46871, 4732}};

static const struct ivp_param params[] = {
    IVP_PARAM(struct grayscale, luma, .choices = lumas, .def = 0,
	      .help = "weights of the colours, those of JPEG and television or of HDTV and sRGB"),
    IVP_PARAM(struct grayscale, alpha, .choices = alphas, .def = KEEP,
	      .help = "what RGBA becomes: gray RGBA, or GRAY without regard to alpha"),
    {0},
};

static int shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
		 struct ivp_why *why)
{
	const struct grayscale *grayscale = self;

	(void)why;
	*out = *in;
	if (ivp_format_channels(in->format) == 4 && grayscale->alpha == KEEP)
		return 0;
	out->format = ivp_is_wide(in->format) ? IVP_FORMAT_GRAY16 : IVP_FORMAT_GRAY8;
	return 0;
}

/* At most 65535 * 65536 + 32768: fits 32 bits, also of 16-bit levels. */
IVP_INLINE uint32_t luma_of(uint32_t r, uint32_t g, uint32_t b, const uint32_t w[3])
{
	return (r * w[0] + g * w[1] + b * w[2] + 32768) >> 16;
}

#if defined(__AVX512VNNI__) && defined(__AVX512VBMI__)
#include <immintrin.h>

/*
 * 16 pixels at a time, four bytes each: R, G, B and G again. vpdpbusd adds products of unsigned
 * levels and signed weights of a byte, so a weight is cut into 256 high + low, with low from -128
 * to 127, and the high part of green, which is above 127, is shared by the two G. With
 * L = sum of low * level + 32768 and H = sum of high * level,
 * floor((256 H + L) / 65536) = floor((H + floor(L / 256)) / 256): exact.
 */
struct luma {
	__m512i low, high;
};

IVP_INLINE struct luma luma_weights(const uint32_t w[3])
{
	uint32_t high[3], low[3];

	for (int i = 0; i < 3; i++) {
		high[i] = (w[i] + 128) >> 8;
		low[i] = (w[i] - (high[i] << 8)) & 255;
	}
	return (struct luma){
	    .low = _mm512_set1_epi32((int)(low[0] | low[1] << 8 | low[2] << 16)),
	    .high = _mm512_set1_epi32(
		(int)(high[0] | (high[1] + 1) / 2 << 8 | high[2] << 16 | high[1] / 2 << 24)),
	};
}

/* The luma is byte 1 of each result. */
IVP_INLINE __m512i luma_sums(const struct luma *luma, __m512i rgbg)
{
	__m512i low = _mm512_dpbusd_epi32(_mm512_set1_epi32(32768), rgbg, luma->low);

	return _mm512_dpbusd_epi32(_mm512_srai_epi32(low, 8), rgbg, luma->high);
}

/* Byte 1 of 64 results. */
IVP_INLINE __m512i luma_bytes(const __m512i sums[4])
{
	const __m512i places = _mm512_castsi256_si512(
	    _mm256_setr_epi32(0x0d090501, 0x1d191511, 0x2d292521, 0x3d393531, 0x4d494541,
			      0x5d595551, 0x6d696561, 0x7d797571));
	__m512i low = _mm512_permutex2var_epi8(sums[0], places, sums[1]);
	__m512i high = _mm512_permutex2var_epi8(sums[2], places, sums[3]);

	return _mm512_inserti64x4(low, _mm512_castsi512_si256(high), 1);
}

static size_t luma_rgb_vectors(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
			       const uint32_t w[3])
{
	const __m512i spread = _mm512_setr_epi32(0x01020100, 0x04050403, 0x07080706, 0x0a0b0a09,
						 0x0d0e0d0c, 0x1011100f, 0x13141312, 0x16171615,
						 0x191a1918, 0x1c1d1c1b, 0x1f201f1e, 0x22232221,
						 0x25262524, 0x28292827, 0x2b2c2b2a, 0x2e2f2e2d);
	const struct luma luma = luma_weights(w);
	size_t i = 0;

	/* The last load reads 16 bytes behind its 64 pixels. */
	for (; i + 64 + 6 <= n; i += 64) {
		__m512i sums[4];

		for (size_t k = 0; k < 4; k++)
			sums[k] =
			    luma_sums(&luma, _mm512_permutexvar_epi8(
						 spread, _mm512_loadu_si512(in + 3 * i + 48 * k)));
		_mm512_storeu_si512(out + i, luma_bytes(sums));
	}
	return i;
}

static size_t luma_rgba_vectors(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
				const uint32_t w[3])
{
	const __m512i green_for_alpha =
	    _mm512_broadcast_i32x4(_mm_setr_epi32(0x01020100, 0x05060504, 0x090a0908, 0x0d0e0d0c));
	const struct luma luma = luma_weights(w);
	size_t i = 0;

	for (; i + 64 <= n; i += 64) {
		__m512i sums[4];

		for (size_t k = 0; k < 4; k++)
			sums[k] = luma_sums(
			    &luma, _mm512_shuffle_epi8(_mm512_loadu_si512(in + 4 * i + 64 * k),
						       green_for_alpha));
		_mm512_storeu_si512(out + i, luma_bytes(sums));
	}
	return i;
}
#elif defined(__AVX2__)
#include <immintrin.h>

/*
 * Eight pixels at a time: vpmaddwd adds R and half of G, and B and the other half, since a weight
 * of 16 bits has no room for that of G.
 */
static size_t luma_rgb_vectors(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
			       const uint32_t w[3])
{
	const __m256i rg = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
	const __m256i bg = _mm256_broadcastsi128_si256(
	    _mm_setr_epi8(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1));
	const __m256i w_rg = _mm256_set1_epi32((int)(w[0] | (w[1] + 1) / 2 << 16));
	const __m256i w_bg = _mm256_set1_epi32((int)(w[2] | w[1] / 2 << 16));
	const __m256i half = _mm256_set1_epi32(32768);
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	size_t i = 0;

	/* The last load reads 4 bytes behind its 32 pixels. */
	for (; i + 32 + 2 <= n; i += 32) {
		__m256i sums[4];

		for (size_t k = 0; k < 4; k++) {
			const uint8_t *from = in + 3 * i + 24 * k;
			__m256i levels = _mm256_inserti128_si256(
			    _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)from)),
			    _mm_loadu_si128((const __m128i *)(from + 12)), 1);
			__m256i sum = _mm256_add_epi32(
			    _mm256_madd_epi16(_mm256_shuffle_epi8(levels, rg), w_rg),
			    _mm256_madd_epi16(_mm256_shuffle_epi8(levels, bg), w_bg));

			sums[k] = _mm256_srli_epi32(_mm256_add_epi32(sum, half), 16);
		}
		sums[0] = _mm256_packus_epi16(_mm256_packus_epi32(sums[0], sums[1]),
					      _mm256_packus_epi32(sums[2], sums[3]));
		_mm256_storeu_si256((__m256i *)(out + i),
				    _mm256_permutevar8x32_epi32(sums[0], order));
	}
	return i;
}

static size_t luma_rgba_vectors(const uint8_t *in, uint8_t *out, size_t n, const uint32_t w[3])
{
	(void)in;
	(void)out;
	(void)n;
	(void)w;
	return 0;
}
#else
static size_t luma_rgb_vectors(const uint8_t *in, uint8_t *out, size_t n, const uint32_t w[3])
{
	(void)in;
	(void)out;
	(void)n;
	(void)w;
	return 0;
}
#define luma_rgba_vectors luma_rgb_vectors
#endif

void ivp_luma_rgb(const uint8_t *restrict in, uint8_t *restrict out, size_t n, const uint32_t w[3])
{
	const uint32_t copy[3] = {w[0], w[1], w[2]};

	for (size_t i = luma_rgb_vectors(in, out, n, w); i < n; i++)
		out[i] = (uint8_t)luma_of(in[3 * i], in[3 * i + 1], in[3 * i + 2], copy);
}

void ivp_luma_rgba(const uint8_t *restrict in, uint8_t *restrict out, size_t n, const uint32_t w[3])
{
	const ivp_pixel *pixels = (const ivp_pixel *)in;
	const uint32_t copy[3] = {w[0], w[1], w[2]};

	for (size_t i = luma_rgba_vectors(in, out, n, w); i < n; i++)
		out[i] = (uint8_t)luma_of(pixels[i] & 255, pixels[i] >> 8 & 255,
					  pixels[i] >> 16 & 255, copy);
}

static void luma_rgba_keep(const uint8_t *restrict in, uint8_t *restrict out, size_t n,
			   const uint32_t w[3])
{
	const ivp_pixel *pixels = (const ivp_pixel *)in;
	const uint32_t copy[3] = {w[0], w[1], w[2]};
	ivp_pixel *to = (ivp_pixel *)out;

	for (size_t i = 0; i < n; i++) {
		uint32_t pixel = pixels[i];

		to[i] = (pixel & 0xff000000) |
			luma_of(pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255, copy) * 0x010101;
	}
}

/* From 3 or 4 channels to 1, or to 4 with alpha. */
IVP_INLINE void luma_16(const ivp_level16 *restrict in, ivp_level16 *restrict out, size_t n,
			const uint32_t w[3], const size_t channels, const bool keep)
{
	const uint32_t copy[3] = {w[0], w[1], w[2]};

	for (size_t i = 0; i < n; i++) {
		const ivp_level16 *pixel = in + i * channels;
		const ivp_level16 luma = (ivp_level16)luma_of(pixel[0], pixel[1], pixel[2], copy);

		if (keep) {
			out[4 * i] = out[4 * i + 1] = out[4 * i + 2] = luma;
			out[4 * i + 3] = pixel[3];
		} else {
			out[i] = luma;
		}
	}
}

void ivp_luma_16(const uint16_t *in, uint16_t *out, size_t n, unsigned channels,
		 const uint32_t w[3])
{
	if (channels == 3)
		luma_16(in, out, n, w, 3, false);
	else
		luma_16(in, out, n, w, 4, false);
}

static void convert_row(uint32_t format, bool keep, const uint8_t *from, uint8_t *to, size_t width,
			const uint32_t w[3])
{
	const ivp_level16 *wide = (const ivp_level16 *)from;

	switch (format) {
	case IVP_FORMAT_RGB8:
		ivp_luma_rgb(from, to, width, w);
		break;
	case IVP_FORMAT_RGBA8:
		if (keep)
			luma_rgba_keep(from, to, width, w);
		else
			ivp_luma_rgba(from, to, width, w);
		break;
	case IVP_FORMAT_RGB16:
		ivp_luma_16((const uint16_t *)from, (uint16_t *)to, width, 3, w);
		break;
	default:
		if (keep)
			luma_16(wide, (ivp_level16 *)to, width, w, 4, true);
		else
			ivp_luma_16((const uint16_t *)from, (uint16_t *)to, width, 4, w);
		break;
	}
}

static void apply(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		  struct ivp_rows rows, void *scratch)
{
	const struct grayscale *grayscale = self;

	(void)scratch;
	if (ivp_format_channels(in->shape.format) == 1) {
		ivp_copy_rows(in, out, rows);
		return;
	}
	for (uint32_t y = rows.first; y < rows.end; y++)
		convert_row(in->shape.format, grayscale->alpha == KEEP, in->pixels + y * in->stride,
			    out->pixels + y * out->stride, in->shape.width,
			    ivp_luma_weights[grayscale->luma]);
}

const struct ivp_filter ivp_filter_grayscale = {
    .name = "grayscale",
    .summary = "turns colours into shades of gray",
    .formats = IVP_FORMATS_8BIT | IVP_FORMATS_16BIT,
    .private_bytes = sizeof(struct grayscale),
    .params = params,
    .shape = shape,
    .need = ivp_need_same_rows,
    .apply = apply,
};
