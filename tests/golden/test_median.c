/* SPDX-License-Identifier: MIT */
/* Median: exact; what has alpha, to the rounding of premultiplication. */
#include "golden/levels.h"

static const char *const borders[] = {"replicate", "reflect", "constant"};

struct square {
	int64_t radius;
	const char *border;
};

static int by_level(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double middle(const struct picture *in, int64_t x, int64_t y, size_t c,
		     const struct square *square)
{
	const int64_t side = 2 * square->radius + 1, count = side * side;
	static uint16_t levels[101 * 101];

	for (int64_t k = 0; k < count; k++)
		levels[k] = (uint16_t)seen_at(in, x + k % side - square->radius,
					      y + k / side - square->radius, c, square->border);
	qsort(levels, (size_t)count, sizeof(levels[0]), by_level);
	return levels[count / 2];
}

static double median_is(const struct picture *in, int64_t x, int64_t y, size_t c,
			const void *context)
{
	const double level = middle(in, x, y, c, context);
	double alpha;

	if (!RGBA(in) || c == 3)
		return level;
	alpha = middle(in, x, y, 3, context);
	return alpha > 0 ? floor(level * most_level(in) / alpha + 0.5) : 0;
}

static void compare(int64_t radius, uint32_t last_format, size_t sizes)
{
	const struct ivp_filter *filter = ivp_filter_find("median");
	char text[2][32];
	void *self;

	for (size_t b = 0; b < count_of(borders); b++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= last_format; format++)
			for (size_t s = 0; s < sizes; s++) {
				struct square square = {radius, borders[b]};
				struct picture in = picture_of_noise(level_sizes[s], format, s + 1);
				struct picture out;

				snprintf(text[0], sizeof(text[0]), "radius=%d", (int)radius);
				snprintf(text[1], sizeof(text[1]), "border=%s", borders[b]);
				self = filter_configure(filter, text[0], text[1], NULL);
				out = filter_run(filter, self, &in);
				assert_levels(&in, &out, median_is, &square, RGBA(&in) ? 1 : 0);
				free(self);
				picture_free(&in);
				picture_free(&out);
			}
}

static void small_squares_give_their_middle_level(void **state)
{
	(void)state;
	compare(1, IVP_FORMAT_RGBA16, count_of(level_sizes));
	compare(2, IVP_FORMAT_RGBA16, count_of(level_sizes));
}

static void large_squares_give_their_middle_level(void **state)
{
	(void)state;
	compare(3, IVP_FORMAT_RGBA16, count_of(level_sizes));
	compare(10, IVP_FORMAT_RGBA16, 5);
	compare(50, IVP_FORMAT_RGBA16, 4);
}

/* Zeros and ones decide whether a network of comparisons is right (Knuth 5.3.4): random ones,
 * with any number of ones, in many more windows than there are ways to fail. */
static void networks_are_right_for_zeros_and_ones(void **state)
{
	static const uint32_t size[] = {700, 300};
	struct picture in = picture_make(size[0], size[1], IVP_FORMAT_GRAY8);
	uint64_t random = 5;

	(void)state;
	for (int64_t y = 0; y < size[1]; y++)
		for (int64_t x = 0; x < size[0]; x++)
			*picture_at(&in, x, y) = random_next(&random) % 700 < (uint32_t)x ? 1 : 0;
	for (int64_t radius = 1; radius <= 2; radius++) {
		const struct ivp_filter *filter = ivp_filter_find("median");
		void *self = filter_configure(filter, radius == 1 ? "radius=1" : "radius=2", NULL);
		struct picture out = filter_run(filter, self, &in);

		assert_levels(&in, &out, median_is, &(struct square){radius, "replicate"}, 0);
		free(self);
		picture_free(&out);
	}
	picture_free(&in);
}

/* Tiles of 16 bits: several beside and below each other, and levels that are mostly the same. */
static void tiles_show_no_seams(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("median");
	static const char *const settings[] = {"radius=3", "radius=9"};

	(void)state;
	for (size_t k = 0; k < 2; k++)
		for (uint32_t step = 1; step <= 1000; step *= 1000) {
			struct picture in = picture_make(300, 150, IVP_FORMAT_GRAY16), out;
			void *self = filter_configure(filter, settings[k], NULL);
			uint64_t random = step;

			for (int64_t y = 0; y < 150; y++)
				for (int64_t x = 0; x < 300; x++) {
					uint16_t level =
					    (uint16_t)(random_next(&random) % 60 * step);

					memcpy(picture_at(&in, x, y), &level, 2);
				}
			out = filter_run(filter, self, &in);
			assert_levels(&in, &out, median_is,
				      &(struct square){k ? 9 : 3, "replicate"}, 0);
			free(self);
			picture_free(&in);
			picture_free(&out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_squares_give_their_middle_level),
	    cmocka_unit_test(large_squares_give_their_middle_level),
	    cmocka_unit_test(networks_are_right_for_zeros_and_ones),
	    cmocka_unit_test(tiles_show_no_seams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
