/* SPDX-License-Identifier: MIT */
/* Threshold and equalize by their definitions, in every format. All are exact. */
#include "golden/reference.h"

#define WIDTH  61
#define HEIGHT 37

static unsigned most_of(const struct picture *picture)
{
	return IVP_FORMAT_BIT(picture->shape.format) & IVP_FORMATS_16BIT ? 65535 : 255;
}

static unsigned level_at(const struct picture *picture, int64_t x, int64_t y, size_t channel)
{
	const uint8_t *pixel = picture_at(picture, x, y);
	uint16_t wide;

	if (most_of(picture) == 255)
		return pixel[channel];
	memcpy(&wide, pixel + 2 * channel, sizeof(wide));
	return wide;
}

/* What a level of a colour becomes. */
typedef double definition(const struct picture *in, int64_t x, int64_t y, size_t colour);

static void check(const char *name, const char *a, const char *b, const char *c,
		  enum pattern pattern, definition *wanted)
{
	const struct ivp_filter *filter = ivp_filter_find(name);

	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(WIDTH, HEIGHT, format), out;
		void *self = filter_configure(filter, a, b, c, NULL);

		picture_fill(&in, pattern, format);
		out = filter_run(filter, self, &in);
		assert_memory_equal(&in.shape, &out.shape, sizeof(in.shape));
		for (int64_t y = 0; y < HEIGHT; y++)
			for (int64_t x = 0; x < WIDTH; x++)
				for (size_t k = 0; k < in.channels; k++) {
					double level =
					    k == 3 ? level_at(&in, x, y, k) : wanted(&in, x, y, k);

					if (fabs(level_at(&out, x, y, k) - level) > 0.5 + 1e-9)
						fail_msg("%s %s at %d,%d: %u, not %f", name,
							 ivp_format_name(format), (int)x, (int)y,
							 level_at(&out, x, y, k), level);
				}
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static double at_least_37_percent(const struct picture *in, int64_t x, int64_t y, size_t colour)
{
	return level_at(in, x, y, colour) >= 0.37 * most_of(in) ? most_of(in) : 0;
}

static double always(const struct picture *in, int64_t x, int64_t y, size_t colour)
{
	(void)x;
	(void)y;
	(void)colour;
	return most_of(in);
}

static double highest_only(const struct picture *in, int64_t x, int64_t y, size_t colour)
{
	return level_at(in, x, y, colour) == most_of(in) ? most_of(in) : 0;
}

static void a_fixed_threshold_is_a_share_of_the_highest_level(void **state)
{
	(void)state;
	check("threshold", "level=37", NULL, NULL, NOISE, at_least_37_percent);
	check("threshold", "level=0", NULL, NULL, NOISE, always);
	check("threshold", "level=100", NULL, NULL, BLACK_AND_WHITE, highest_only);
}

/* The variance between the classes below first and from first on, from all pixels. */
static double variance_between(const struct picture *in, size_t colour, unsigned first)
{
	double sum[2] = {0}, count[2] = {0};

	for (int64_t y = 0; y < HEIGHT; y++)
		for (int64_t x = 0; x < WIDTH; x++) {
			unsigned level = level_at(in, x, y, colour);

			sum[level >= first] += level;
			count[level >= first]++;
		}
	if (count[0] == 0 || count[1] == 0)
		return -1;
	return count[0] * count[1] * pow(sum[0] / count[0] - sum[1] / count[1], 2);
}

static void otsu_parts_with_the_greatest_variance_between(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("threshold");

	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA8; format++) {
		struct picture in = picture_make(WIDTH, HEIGHT, format), out;
		void *self = filter_configure(filter, "method=otsu", NULL);

		picture_fill(&in, SMOOTH, 5);
		out = filter_run(filter, self, &in);
		for (size_t c = 0; c < in.channels && c < 3; c++) {
			unsigned border = 256;
			double best = 0;

			for (int64_t y = 0; y < HEIGHT; y++)
				for (int64_t x = 0; x < WIDTH; x++)
					if (level_at(&out, x, y, c) == 255 &&
					    level_at(&in, x, y, c) < border)
						border = level_at(&in, x, y, c);
			for (unsigned first = 1; first < 256; first++)
				best = fmax(best, variance_between(&in, c, first));
			assert_true(variance_between(&in, c, border) > best * (1 - 1e-12));
			for (int64_t y = 0; y < HEIGHT; y++)
				for (int64_t x = 0; x < WIDTH; x++)
					assert_int_equal(level_at(&out, x, y, c),
							 level_at(&in, x, y, c) < border ? 0 : 255);
		}
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static double local(const struct picture *in, int64_t x, int64_t y, size_t colour, int radius,
		    double offset)
{
	double sum = 0, level = level_at(in, x, y, colour) + floor(offset * most_of(in) + 0.5);

	for (int64_t j = y - radius; j <= y + radius; j++)
		for (int64_t i = x - radius; i <= x + radius; i++)
			sum += level_at(in, border_index(i, WIDTH, false),
					border_index(j, HEIGHT, false), colour);
	if (level < 0)
		return 0;
	return fmin(level, most_of(in)) * (2 * radius + 1) * (2 * radius + 1) >= sum ? most_of(in)
										     : 0;
}

static double around_4(const struct picture *in, int64_t x, int64_t y, size_t colour)
{
	return local(in, x, y, colour, 4, 0.07);
}

static double around_50(const struct picture *in, int64_t x, int64_t y, size_t colour)
{
	return local(in, x, y, colour, 50, -0.02);
}

static void adaptive_compares_with_the_mean_around(void **state)
{
	(void)state;
	check("threshold", "method=adaptive", "radius=4", "offset=7", SMOOTH, around_4);
	check("threshold", "method=adaptive", "radius=50", "offset=-2", NOISE, around_50);
}

static double equalized(const struct picture *in, size_t begin, size_t end, unsigned level)
{
	double up_to = 0, lowest = 0, all = (double)WIDTH * HEIGHT * (double)(end - begin);
	unsigned least = 65536;

	for (int pass = 0; pass < 2; pass++)
		for (int64_t y = 0; y < HEIGHT; y++)
			for (int64_t x = 0; x < WIDTH; x++)
				for (size_t c = begin; c < end; c++) {
					unsigned other = level_at(in, x, y, c);

					if (pass == 0 && other < least)
						least = other;
					lowest += pass == 1 && other == least;
					up_to += pass == 1 && other <= level;
				}
	return all > lowest ? (up_to - lowest) / (all - lowest) * most_of(in) : level;
}

/* Slow by its definition, so not for every pixel. */
static void check_equalized(const char *colours, enum pattern pattern)
{
	const struct ivp_filter *filter = ivp_filter_find("equalize");
	const bool each = strcmp(colours, "colours=each") == 0;

	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(WIDTH, HEIGHT, format), out;
		void *self = filter_configure(filter, colours, NULL);
		const size_t colour_count = in.channels == 1 ? 1 : 3;

		picture_fill(&in, pattern, format);
		out = filter_run(filter, self, &in);
		for (int64_t y = 0; y < HEIGHT; y += 5)
			for (int64_t x = 0; x < WIDTH; x += 7)
				for (size_t c = 0; c < in.channels; c++) {
					unsigned level = level_at(&in, x, y, c);
					double wanted =
					    c == 3 ? level
						   : equalized(&in, each ? c : 0,
							       each ? c + 1 : colour_count, level);

					assert_true(fabs(level_at(&out, x, y, c) - wanted) <=
						    0.5 + 1e-9);
				}
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static void equalize_maps_levels_to_the_share_of_those_below(void **state)
{
	(void)state;
	check_equalized("colours=together", SMOOTH);
	check_equalized("colours=each", SMOOTH);
	check_equalized("colours=each", BLACK_AND_WHITE);
}

static void an_image_of_one_level_stays_through_equalize(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("equalize");
	void *self = filter_configure(filter, NULL);
	struct picture in = picture_make(9, 7, IVP_FORMAT_GRAY8), out;

	(void)state;
	for (int64_t y = 0; y < 7; y++)
		memset(picture_at(&in, 0, y), 77, 9);
	out = filter_run(filter, self, &in);
	for (int64_t y = 0; y < 7; y++)
		assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y), 9);
	picture_free(&in);
	picture_free(&out);
	free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fixed_threshold_is_a_share_of_the_highest_level),
	    cmocka_unit_test(otsu_parts_with_the_greatest_variance_between),
	    cmocka_unit_test(adaptive_compares_with_the_mean_around),
	    cmocka_unit_test(equalize_maps_levels_to_the_share_of_those_below),
	    cmocka_unit_test(an_image_of_one_level_stays_through_equalize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
