/* SPDX-License-Identifier: MIT */
/*
 * Filters of single levels, in every format: their curves in double precision, rounded once. All
 * are exact but where a curve runs within 1e-9 of the middle between two levels.
 */
#include "golden/reference.h"

#define WIDTH  517
#define HEIGHT 23

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

/* share: of the highest level; colour: 0 to 2, 0 for gray. */
typedef double curve(double share, size_t colour, bool gray);

static void compare(const struct picture *in, const struct picture *out, curve *wanted)
{
	const double most = most_of(in);

	assert_memory_equal(&in->shape, &out->shape, sizeof(in->shape));
	for (int64_t y = 0; y < HEIGHT; y++)
		for (int64_t x = 0; x < WIDTH; x++)
			for (size_t c = 0; c < in->channels; c++) {
				unsigned level = level_at(in, x, y, c),
					 got = level_at(out, x, y, c);
				double share = wanted(level / most, c, in->channels == 1);

				share = share < 0 ? 0 : share > 1 ? 1 : share;
				if (c == 3)
					assert_int_equal(got, level);
				else if (fabs(got - share * most) > 0.5 + 1e-9)
					fail_msg("%s: %u becomes %u, not %f",
						 ivp_format_name(in->shape.format), level, got,
						 share * most);
			}
}

/* In all formats, by the filter's table and, if it has another way, by that too. */
static void check_curve(const char *name, const char *a, const char *b, const char *c,
			curve *wanted)
{
	const struct ivp_filter *filter = ivp_filter_find(name);

	assert_int_equal(filter->formats, IVP_FORMATS_8BIT | IVP_FORMATS_16BIT);
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(WIDTH, HEIGHT, format), out;
		void *self = filter_configure(filter, a, b, c, NULL);

		if (filter->check)
			assert_int_equal(filter->check(self, NULL), 0);
		picture_fill(&in, NOISE, format);
		out = filter_run(filter, self, &in);
		compare(&in, &out, wanted);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static double invert(double share, size_t colour, bool gray)
{
	(void)colour;
	(void)gray;
	return 1 - share;
}

static void invert_is_the_rest_to_the_highest_level(void **state)
{
	(void)state;
	check_curve("invert", NULL, NULL, NULL, invert);
}

static double contrast(double share, size_t colour, bool gray)
{
	(void)colour;
	(void)gray;
	return (share - 0.5) * 1.7 + 0.5 - 0.13;
}

static double flat(double share, size_t colour, bool gray)
{
	(void)share;
	(void)colour;
	(void)gray;
	return 0.5;
}

static double same(double share, size_t colour, bool gray)
{
	(void)colour;
	(void)gray;
	return share;
}

static void contrast_turns_about_the_middle_and_brightness_adds(void **state)
{
	(void)state;
	check_curve("brightness-contrast", "contrast=1.7", "brightness=-13", NULL, contrast);
	check_curve("brightness-contrast", "contrast=0", NULL, NULL, flat);
	check_curve("brightness-contrast", NULL, NULL, NULL, same);
}

static double gamma_2_2(double share, size_t colour, bool gray)
{
	(void)colour;
	(void)gray;
	return pow(share, 1 / 2.2);
}

static double gamma_0_1(double share, size_t colour, bool gray)
{
	(void)colour;
	(void)gray;
	return pow(share, 10);
}

static void gamma_is_a_power_of_the_share(void **state)
{
	(void)state;
	check_curve("gamma", "gamma=2.2", NULL, NULL, gamma_2_2);
	check_curve("gamma", "gamma=0.1", NULL, NULL, gamma_0_1);
	check_curve("gamma", NULL, NULL, NULL, same);
}

static double stretched(double share, size_t colour, bool gray)
{
	(void)colour;
	(void)gray;
	share = (share - 0.2) / 0.5;
	return pow(share < 0 ? 0 : share > 1 ? 1 : share, 1 / 0.7);
}

static double green_only(double share, size_t colour, bool gray)
{
	return colour == 1 && !gray ? 0.9 - share * 0.8 : share;
}

static void levels_stretch_bend_and_map(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("levels");
	void *empty = filter_configure(filter, "black=50", "white=50", NULL);
	struct ivp_why why = {""};

	(void)state;
	check_curve("levels", "black=20", "white=70", "gamma=0.7", stretched);
	check_curve("levels", "channel=green", "darkest=90", "lightest=10", green_only);
	check_curve("levels", NULL, NULL, NULL, same);
	assert_int_equal(filter->check(empty, &why), -EINVAL);
	assert_string_equal(why.text, "black (50 %) must be below white (50 %)");
	free(empty);
}

/* How many levels there are, and that their shares of the old ones are the same to one. */
static void check_posterized(uint32_t format, unsigned levels)
{
	const unsigned most = format == IVP_FORMAT_GRAY16 ? 65535 : 255;
	const struct ivp_filter *filter = ivp_filter_find("posterize");
	const struct ivp_shape shape = {1, 1, format};
	uint16_t wide[65536];
	uint8_t narrow[256];
	char text[32];
	void *self;
	unsigned before = 0, steps = 1, begin = 0;

	snprintf(text, sizeof(text), "levels=%u", levels);
	self = filter_configure(filter, text, NULL);
	assert_int_equal(
	    1, filter->table(self, &shape, 0, most == 255 ? (void *)narrow : (void *)wide));
	for (unsigned level = 0; level <= most; level++) {
		unsigned now = most == 255 ? narrow[level] : wide[level];

		if (now != before) {
			assert_in_range(level - begin, (most + 1) / levels, most / levels + 1);
			begin = level;
			steps++;
		}
		assert_true(fabs(now - (steps - 1.0) * most / (levels - 1)) <= 0.5);
		before = now;
	}
	assert_int_equal(before, most);
	assert_int_equal(steps, levels);
	free(self);
}

static void posterize_leaves_evenly_spread_levels(void **state)
{
	static const unsigned levels[] = {2, 3, 4, 7, 100, 255, 256};

	(void)state;
	for (size_t i = 0; i < count_of(levels); i++) {
		check_posterized(IVP_FORMAT_GRAY8, levels[i]);
		check_posterized(IVP_FORMAT_GRAY16, levels[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(invert_is_the_rest_to_the_highest_level),
	    cmocka_unit_test(contrast_turns_about_the_middle_and_brightness_adds),
	    cmocka_unit_test(gamma_is_a_power_of_the_share),
	    cmocka_unit_test(levels_stretch_bend_and_map),
	    cmocka_unit_test(posterize_leaves_evenly_spread_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
