/* SPDX-License-Identifier: MIT */
#include "golden/levels.h"

static const struct ivp_filter *sharpen(void)
{
	return ivp_filter_find("sharpen");
}

/* x + amount * (x - blurred) of a channel, before rounding; alpha stays. */
static double wanted_level(const struct picture *in, size_t x, size_t y, size_t c,
			   const double *blurred, double amount)
{
	const double level = level_in(in, x, y, c), most = largest_level(in);
	double mean = blurred[c];

	if (in->channels == 4 && c == 3)
		return level;
	if (in->channels == 4)
		mean = blurred[3] > 0 ? blurred[c] / blurred[3] * most : level;
	return limited_to(level + amount * (level - mean), most);
}

/*
 * The largest error before rounding. With alpha, colours count by the alpha around them: where
 * hardly anything is opaque the mean colour is not known well, and hardly seen.
 */
static double largest_error(const struct picture *in, const struct picture *out, double sigma,
			    double amount)
{
	struct samples blurred = reference_gauss(in, sigma, REPLICATED);
	double largest = 0;

	for (uint32_t y = 0; y < in->shape.height; y++)
		for (uint32_t x = 0; x < in->shape.width; x++)
			for (size_t c = 0; c < in->channels; c++) {
				const double *mean = sample(&blurred, x, y);
				double level = wanted_level(in, x, y, c, mean, amount);
				double error = fabs(level_in(out, x, y, c) - level);

				if (in->channels == 4)
					error *= mean[3] / largest_level(in);
				largest = fmax(largest, error);
			}
	free(blurred.at);
	return largest;
}

/* allowed: 0.5 for rounding and amount times the error of the blur, 0.04 to 0.2 levels; of 16 bits
 * 3 levels. */
static void is_the_unsharp_mask_of_its_definition(void **state)
{
	static const struct {
		const char *sigma, *amount;
		double allowed, allowed_fine;
	} cases[] = {
	    {"sigma=0.5", "amount=0.5", 0.53, 1.5}, {"sigma=1", "amount=1", 0.56, 3},
	    {"sigma=2", "amount=3", 0.7, 9},        {"sigma=4", "amount=10", 1.3, 30},
	    {"sigma=8", "amount=2", 0.8, 6},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
			void *self =
			    filter_configure(sharpen(), cases[i].sigma, cases[i].amount, NULL);
			struct picture in = picture_of_noise((uint32_t[]){65, 39}, format, i), out;
			double error;

			out = filter_run(sharpen(), self, &in);
			error = largest_error(&in, &out, strtod(cases[i].sigma + 6, NULL),
					      strtod(cases[i].amount + 7, NULL));
			if (error >
			    (format <= IVP_FORMAT_RGBA8 ? cases[i].allowed : cases[i].allowed_fine))
				fail_msg("%s, %s, %s: error %.3f", ivp_format_name(format),
					 cases[i].sigma, cases[i].amount, error);
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

/* A step of 20 levels of 255, and one of 200: the blur is off by at most half of each. */
static void differences_below_the_threshold_stay(void **state)
{
	void *self = filter_configure(sharpen(), "threshold=30", "amount=2", NULL);

	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_GRAY16;
	     format += IVP_FORMAT_GRAY16 - IVP_FORMAT_GRAY8) {
		struct picture in = picture_make(64, 4, format), out;

		for (int64_t y = 0; y < 4; y++)
			for (int64_t x = 0; x < 64; x++)
				memset(picture_at(&in, x, y),
				       x < 20   ? 10
				       : x < 40 ? 30
						: 230,
				       ivp_format_pixel_bytes(format));
		out = filter_run(sharpen(), self, &in);
		for (size_t x = 0; x < 30; x++)
			assert_true(level_in(&out, x, 2, 0) == level_in(&in, x, 2, 0));
		assert_true(level_in(&out, 39, 2, 0) == 0);
		assert_true(level_in(&out, 40, 2, 0) == largest_level(&out));
		picture_free(&in);
		picture_free(&out);
	}
	free(self);
}

static void amount_zero_changes_nothing(void **state)
{
	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		void *self = filter_configure(sharpen(), "amount=0", NULL);
		struct picture in = picture_make(33, 21, format), out;

		picture_fill(&in, NOISE, format);
		out = filter_run(sharpen(), self, &in);
		for (int64_t y = 0; y < 21; y++)
			assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y),
					    (size_t)33 * ivp_format_pixel_bytes(format));
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_the_unsharp_mask_of_its_definition),
	    cmocka_unit_test(differences_below_the_threshold_stay),
	    cmocka_unit_test(amount_zero_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
