/* SPDX-License-Identifier: MIT */
/* Box blur is exact: no error is allowed, but where 16 bits have alpha. */
#include "golden/levels.h"

static const struct ivp_filter *blur(void)
{
	return ivp_filter_find("box-blur");
}

/* Sums along a row or a column, 2 * radius + 1 values of channels each. */
static void sum_line(const uint64_t *from, uint64_t *to, int64_t count, size_t step,
		     size_t channels, int64_t radius, const char *border)
{
	for (int64_t x = 0; x < count; x++)
		for (size_t c = 0; c < channels; c++) {
			uint64_t sum = 0;

			for (int64_t k = x - radius; k <= x + radius; k++)
				if (level_index(k, count, border) >= 0)
					sum +=
					    from[(size_t)level_index(k, count, border) * step + c];
			to[(size_t)x * step + c] = sum;
		}
}

/* Sums over the square around each pixel; colours times alpha. The caller frees. */
static uint64_t *sum_squares(const struct picture *in, int64_t radius, const char *border)
{
	const size_t width = in->shape.width, height = in->shape.height, channels = in->channels;
	uint64_t *levels = calloc(width * height * channels, sizeof(uint64_t));
	uint64_t *sums = calloc(width * height * channels, sizeof(uint64_t));

	assert_non_null(levels);
	assert_non_null(sums);
	for (size_t y = 0; y < height; y++) {
		uint64_t *row = levels + y * width * channels;

		for (size_t i = 0; i < width * channels; i++) {
			row[i] = (uint64_t)level_in(in, i / channels, y, i % channels);
			if (channels == 4 && i % 4 < 3)
				row[i] *= (uint64_t)level_in(in, i / 4, y, 3);
		}
		sum_line(row, sums + y * width * channels, (int64_t)width, channels, channels,
			 radius, border);
	}
	for (size_t x = 0; x < width; x++)
		sum_line(sums + x * channels, levels + x * channels, (int64_t)height,
			 width * channels, channels, radius, border);
	free(sums);
	return levels;
}

static void assert_is_the_mean(const struct picture *in, const struct picture *out, int64_t radius,
			       const char *border)
{
	const uint64_t area = (uint64_t)((2 * radius + 1) * (2 * radius + 1));

	uint64_t *all = sum_squares(in, radius, border);

	for (int64_t y = 0; y < in->shape.height; y++)
		for (int64_t x = 0; x < in->shape.width; x++) {
			const uint64_t *sums =
			    all + ((size_t)y * in->shape.width + (size_t)x) * in->channels;

			for (size_t c = 0; c < in->channels; c++) {
				bool colour = in->channels == 4 && c < 3;
				uint64_t divisor = colour ? sums[3] : area;
				uint64_t mean = divisor ? (sums[c] + divisor / 2) / divisor : 0;
				double got = level_in(out, (size_t)x, (size_t)y, c), exact = 0.01;

				/* Premultiplied levels are rounded, and seen as far as alpha is. */
				if (in->shape.format == IVP_FORMAT_RGBA16)
					exact = colour ? 1 + 65535.0 * (double)area /
								 ((double)divisor + 1)
						       : 1;
				if (colour && divisor < area / 2 + 1 &&
				    in->shape.format == IVP_FORMAT_RGBA16)
					continue;
				if (fabs(got - (double)mean) > exact)
					fail_msg(
					    "%s, radius %d, pixel %d, %d, channel %d: %g, not %d",
					    ivp_format_name(in->shape.format), (int)radius, (int)x,
					    (int)y, (int)c, got, (int)mean);
			}
		}
	free(all);
}

static void every_pixel_is_the_exact_mean(void **state)
{
	static const char *const borders[] = {"replicate", "reflect", "constant"};
	static const int radii[] = {1, 2, 3, 4, 5, 6, 7, 8, 31, 100};
	static const uint32_t sizes[][2] = {{1, 1},   {1, 33},  {33, 1},  {2, 2},
					    {63, 17}, {64, 16}, {65, 31}, {7, 90}};

	(void)state;
	for (size_t r = 0; r < count_of(radii); r++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
			for (size_t s = 0; s < count_of(sizes); s++) {
				struct picture in = picture_of_noise(sizes[s], format, s + 5);
				struct picture out;
				const char *border = borders[(s + r) % 3];
				char radius[32], text[32];
				void *self;

				snprintf(radius, sizeof(radius), "radius=%d", radii[r]);
				snprintf(text, sizeof(text), "border=%s", border);
				self = filter_configure(blur(), radius, text, NULL);
				out = filter_run(blur(), self, &in);
				assert_is_the_mean(&in, &out, radii[r], border);
				picture_free(&in);
				picture_free(&out);
				free(self);
			}
}

/* Sums of alphas of 1, 2, 3 are the smallest divisors. */
static void the_faintest_pixels_keep_their_colours(void **state)
{
	struct picture in = picture_make(61, 40, IVP_FORMAT_RGBA8), out;
	void *self = filter_configure(blur(), "radius=2", NULL);

	(void)state;
	for (uint32_t i = 0; i < 61 * 40; i++) {
		const uint8_t pixel[4] = {(uint8_t)(i * 7), (uint8_t)(i * 3 + 1), (uint8_t)~i,
					  i % 13 == 0 ? (uint8_t)(1 + i % 2) : 0};

		memcpy(picture_at(&in, i % 61, i / 61), pixel, sizeof(pixel));
	}
	out = filter_run(blur(), self, &in);
	assert_is_the_mean(&in, &out, 2, "replicate");
	picture_free(&in);
	picture_free(&out);
	free(self);
}

static void white_at_the_largest_radius_does_not_overflow(void **state)
{
	void *self = filter_configure(blur(), "radius=100", NULL);

	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(210, 210, format), out;
		const size_t row = (size_t)210 * ivp_format_pixel_bytes(format);

		for (int64_t y = 0; y < 210; y++)
			memset(picture_at(&in, 0, y), 255, row);
		out = filter_run(blur(), self, &in);
		for (int64_t y = 0; y < 210; y++)
			assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y), row);
		picture_free(&in);
		picture_free(&out);
	}
	free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pixel_is_the_exact_mean),
	    cmocka_unit_test(the_faintest_pixels_keep_their_colours),
	    cmocka_unit_test(white_at_the_largest_radius_does_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
