/* SPDX-License-Identifier: MIT */
#include "golden/reference.h"

static const struct ivp_filter *sharpen(void)
{
	return ivp_filter_find("sharpen");
}

/* x + amount * (x - blurred) of a channel, before rounding; alpha stays. */
static double wanted_level(const uint8_t *pixel, const double *blurred, size_t channels, size_t c,
			   double amount)
{
	double mean = blurred[c];

	if (channels == 4 && c == 3)
		return pixel[3];
	if (channels == 4)
		mean = blurred[3] > 0 ? blurred[c] / blurred[3] * 255 : pixel[c];
	return limited(pixel[c] + amount * (pixel[c] - mean));
}

/*
 * The largest error before rounding. RGBA8's colours count by the alpha around them: where hardly
 * anything is opaque the mean colour is not known well, and hardly seen.
 */
static double largest_error(const struct picture *in, const struct picture *out, double sigma,
			    double amount)
{
	struct samples blurred = reference_gauss(in, sigma, false);
	double largest = 0;

	for (uint32_t y = 0; y < in->shape.height; y++)
		for (uint32_t x = 0; x < in->shape.width; x++)
			for (size_t c = 0; c < in->channels; c++) {
				const double *mean = sample(&blurred, x, y);
				double level = wanted_level(picture_at(in, x, y), mean,
							    in->channels, c, amount);
				double error = fabs(picture_at(out, x, y)[c] - level);

				if (in->channels == 4)
					error *= mean[3] / 255;
				largest = fmax(largest, error);
			}
	free(blurred.at);
	return largest;
}

/* allowed: 0.5 for rounding and amount times the error of the blur, 0.04 to 0.2 levels. */
static void is_the_unsharp_mask_of_its_definition(void **state)
{
	static const struct {
		const char *sigma, *amount;
		double allowed;
	} cases[] = {
	    {"sigma=0.5", "amount=0.5", 0.53}, {"sigma=1", "amount=1", 0.56},
	    {"sigma=2", "amount=3", 0.7},      {"sigma=4", "amount=10", 1.3},
	    {"sigma=8", "amount=2", 0.8},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA8; format++) {
			void *self =
			    filter_configure(sharpen(), cases[i].sigma, cases[i].amount, NULL);
			struct picture in = picture_make(65, 39, format), out;
			double error;

			picture_fill(&in, i % PATTERNS, i);
			out = filter_run(sharpen(), self, &in);
			error = largest_error(&in, &out, strtod(cases[i].sigma + 6, NULL),
					      strtod(cases[i].amount + 7, NULL));
			if (error > cases[i].allowed)
				fail_msg("%s, %s, %s: error %.3f", ivp_format_name(format),
					 cases[i].sigma, cases[i].amount, error);
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

static void differences_below_the_threshold_stay(void **state)
{
	void *self = filter_configure(sharpen(), "threshold=30", "amount=2", NULL);
	struct picture in = picture_make(64, 4, IVP_FORMAT_GRAY8), out;

	(void)state;
	/* A step of 20 levels, and one of 200: the blur is off by at most half of each. */
	for (int64_t y = 0; y < 4; y++)
		for (int64_t x = 0; x < 64; x++)
			*picture_at(&in, x, y) = x < 20 ? 10 : x < 40 ? 30 : 230;
	out = filter_run(sharpen(), self, &in);
	for (int64_t x = 0; x < 30; x++)
		assert_int_equal(*picture_at(&out, x, 2), *picture_at(&in, x, 2));
	assert_int_equal(*picture_at(&out, 39, 2), 0);
	assert_int_equal(*picture_at(&out, 40, 2), 255);
	picture_free(&in);
	picture_free(&out);
	free(self);
}

static void amount_zero_changes_nothing(void **state)
{
	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA8; format++) {
		void *self = filter_configure(sharpen(), "amount=0", NULL);
		struct picture in = picture_make(33, 21, format), out;

		picture_fill(&in, NOISE, format);
		out = filter_run(sharpen(), self, &in);
		for (int64_t y = 0; y < 21; y++)
			assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y),
					    33 * in.channels);
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
