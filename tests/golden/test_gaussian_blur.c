/* SPDX-License-Identifier: MIT */
#include "golden/levels.h"

static const struct ivp_filter *blur(void)
{
	return ivp_filter_find("gaussian-blur");
}

/*
 * The largest allowed error: to the exact sums before rounding (0.5 is what rounding costs), and
 * on average to the exact result, rounded. Noise of full contrast is the worst case there is. Black
 * outside adds what the cut kernel does not see of it.
 */
static const struct {
	const char *sigma;
	double largest[4]; /* by format, of 8 bits */
	double mean;
} allowed[] = {
    {"0.3", {0, 0.53, 0.53, 0.55}, 0.01},  {"0.8", {0, 0.53, 0.53, 0.55}, 0.02},
    {"1.5", {0, 0.54, 0.54, 0.56}, 0.02},  {"3", {0, 0.56, 0.56, 0.6}, 0.03},
    {"4.99", {0, 0.57, 0.57, 0.64}, 0.04}, {"5", {0, 0.6, 0.6, 0.7}, 0.04},
    {"5.39", {0, 0.62, 0.62, 0.7}, 0.04},  {"5.4", {0, 0.62, 0.62, 0.7}, 0.04},
    {"5.59", {0, 0.62, 0.62, 0.7}, 0.04},  {"7.1", {0, 0.62, 0.62, 0.7}, 0.04},
    {"8", {0, 0.63, 0.63, 0.75}, 0.04},    {"20", {0, 0.62, 0.62, 0.7}, 0.04},
    {"60", {0, 0.62, 0.62, 0.7}, 0.04},    {"200", {0, 0.65, 0.65, 0.7}, 0.05},
};
static const struct distance allowed_black = {.largest = 0.08, .mean = 0.01};
/* Of 16 bits, for every sigma and border. */
static const struct distance allowed_fine = {.largest = 3.5, .mean = 0.8};

static const uint32_t sizes[][2] = {{1, 1},   {1, 70},  {70, 1},  {2, 2},   {3, 5},
				    {63, 40}, {64, 33}, {65, 50}, {17, 300}};

/* Of all sizes and patterns. */
static struct distance distance_of(const char *sigma, uint32_t format, enum outside outside)
{
	static const char *const borders[] = {"border=replicate", "border=reflect",
					      "border=constant"};
	struct distance distance = {0};
	char text[32];
	void *self;

	snprintf(text, sizeof(text), "sigma=%s", sigma);
	self = filter_configure(blur(), text, borders[outside], NULL);
	for (size_t s = 0; s < count_of(sizes); s++) {
		struct picture in = picture_of_noise(sizes[s], format, s);
		struct picture out = filter_run(blur(), self, &in);
		struct samples wanted = reference_gauss(&in, strtod(sigma, NULL), outside);

		distance_add(&distance, &out, &wanted);
		free(wanted.at);
		picture_free(&in);
		picture_free(&out);
	}
	free(self);
	return distance;
}

static void is_as_exact_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_of(allowed); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
			for (enum outside outside = REPLICATED; outside <= BLACK; outside++) {
				struct distance is = distance_of(allowed[i].sigma, format, outside);
				struct distance most = allowed_fine;

				if (format <= IVP_FORMAT_RGBA8) {
					most.largest = allowed[i].largest[format];
					most.mean = allowed[i].mean;
				}
				if (format <= IVP_FORMAT_RGBA8 && outside == BLACK) {
					most.largest += allowed_black.largest;
					most.mean += allowed_black.mean;
				}
				if (is.largest > most.largest || is.mean > most.mean)
					fail_msg("sigma %s, %s, border %d: largest %.3f, mean %.4f",
						 allowed[i].sigma, ivp_format_name(format),
						 (int)outside, is.largest, is.mean);
			}
}

static void an_impulse_becomes_the_kernel(void **state)
{
	const double sigma = 1.5;
	void *self = filter_configure(blur(), "sigma=1.5", NULL);
	struct picture in = picture_make(31, 31, IVP_FORMAT_GRAY8), out;
	double total = 0;

	(void)state;
	for (int k = -9; k <= 9; k++)
		total += exp(-k * k / (2 * sigma * sigma));
	for (int64_t y = 0; y < 31; y++)
		memset(picture_at(&in, 0, y), 0, 31);
	*picture_at(&in, 15, 15) = 255;
	out = filter_run(blur(), self, &in);
	for (int64_t y = 0; y < 31; y++)
		for (int64_t x = 0; x < 31; x++) {
			double squared = (double)((x - 15) * (x - 15) + (y - 15) * (y - 15));
			double wanted = 255 * exp(-squared / (2 * sigma * sigma)) / total / total;

			assert_true(fabs(*picture_at(&out, x, y) - wanted) < 0.54);
		}
	picture_free(&in);
	picture_free(&out);
	free(self);
}

static void every_constant_stays_what_it_is(void **state)
{
	const char *sigmas[] = {"sigma=0.3", "sigma=2", "sigma=4.9", "sigma=5", "sigma=200"};

	(void)state;
	for (size_t s = 0; s < count_of(sigmas); s++) {
		void *self = filter_configure(blur(), sigmas[s], NULL);

		for (unsigned level = 0; level < 256; level++) {
			struct picture in = picture_make(37, 9, IVP_FORMAT_RGBA8), out;

			for (int64_t y = 0; y < 9; y++)
				for (int64_t x = 0; x < 37; x++)
					memcpy(picture_at(&in, x, y),
					       (uint8_t[]){(uint8_t)level, (uint8_t)(255 - level),
							   77, 255},
					       4);
			out = filter_run(blur(), self, &in);
			for (int64_t y = 0; y < 9; y++)
				assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y),
						    (size_t)37 * 4);
			picture_free(&in);
			picture_free(&out);
		}
		free(self);
	}
}

static void every_constant_of_16_bits_too(void **state)
{
	const char *sigmas[] = {"sigma=0.3", "sigma=2", "sigma=5.3", "sigma=5.4", "sigma=200"};

	(void)state;
	for (size_t s = 0; s < count_of(sigmas); s++) {
		void *self = filter_configure(blur(), sigmas[s], NULL);

		for (unsigned level = 0; level < 65536; level += 771) {
			struct picture in = picture_make(37, 9, IVP_FORMAT_RGBA16), out;
			const uint16_t pixel[4] = {(uint16_t)level, (uint16_t)(65535 - level), 77,
						   65535};

			for (int64_t y = 0; y < 9; y++)
				for (int64_t x = 0; x < 37; x++)
					memcpy(picture_at(&in, x, y), pixel, sizeof(pixel));
			out = filter_run(blur(), self, &in);
			for (int64_t y = 0; y < 9; y++)
				assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y),
						    37 * sizeof(pixel));
			picture_free(&in);
			picture_free(&out);
		}
		free(self);
	}
}

static double sum_of(const struct picture *picture)
{
	double sum = 0;

	for (uint32_t y = 0; y < picture->shape.height; y++)
		for (uint32_t x = 0; x < picture->shape.width; x++)
			sum += *picture_at(picture, x, y);
	return sum;
}

static void the_sum_stays_but_for_rounding(void **state)
{
	const char *sigmas[] = {"sigma=1", "sigma=4", "sigma=7", "sigma=12"};

	(void)state;
	for (size_t s = 0; s < count_of(sigmas); s++) {
		void *self = filter_configure(blur(), sigmas[s], NULL);
		struct picture in = picture_make(200, 200, IVP_FORMAT_GRAY8), out;
		uint64_t random = 1;

		/* Black up to 3.5 sigma from the border, so that nothing is lost there. */
		for (int64_t y = 0; y < 200; y++)
			memset(picture_at(&in, 0, y), 0, 200);
		for (int64_t y = 60; y < 140; y++)
			for (int64_t x = 60; x < 140; x++)
				*picture_at(&in, x, y) = (uint8_t)(random_next(&random) & 255);
		out = filter_run(blur(), self, &in);
		assert_true(fabs(sum_of(&out) / sum_of(&in) - 1) < 0.002);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static void colour_of_transparent_pixels_does_not_bleed(void **state)
{
	const char *sigmas[] = {"sigma=2", "sigma=9"};

	(void)state;
	for (size_t s = 0; s < count_of(sigmas); s++) {
		void *self = filter_configure(blur(), sigmas[s], NULL);
		struct picture in = picture_make(60, 20, IVP_FORMAT_RGBA8), out;

		/* Opaque red beside transparent green. */
		for (int64_t y = 0; y < 20; y++)
			for (int64_t x = 0; x < 60; x++)
				memcpy(picture_at(&in, x, y),
				       x < 30 ? (uint8_t[]){200, 0, 0, 255}
					      : (uint8_t[]){0, 255, 0, 0},
				       4);
		out = filter_run(blur(), self, &in);
		for (int64_t y = 0; y < 20; y++)
			for (int64_t x = 0; x < 60; x++) {
				const uint8_t *pixel = picture_at(&out, x, y);

				assert_int_equal(pixel[1], 0);
				if (pixel[3] > 8)
					assert_in_range(pixel[0], 198, 202);
			}
		assert_in_range(picture_at(&out, 29, 10)[3], 128, 160);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_as_exact_as_the_table_says),
	    cmocka_unit_test(an_impulse_becomes_the_kernel),
	    cmocka_unit_test(every_constant_stays_what_it_is),
	    cmocka_unit_test(every_constant_of_16_bits_too),
	    cmocka_unit_test(the_sum_stays_but_for_rounding),
	    cmocka_unit_test(colour_of_transparent_pixels_does_not_bleed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
