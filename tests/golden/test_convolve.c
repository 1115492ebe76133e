/* SPDX-License-Identifier: MIT */
/* Convolution against its definition: exact to the rounding of the result, where alpha is small to
 * what is seen of it. */
#include "golden/levels.h"

struct kernel {
	const char *text; /* weights */
	int width, height;
	double values[81];
	double divisor, offset;
	const char *border;
};

static struct kernel kernels[] = {
    {"1", 1, 1, {0}, 1, 0, "replicate"},
    {"0 -1 0 -1 5 -1 0 -1 0", 3, 3, {0}, 1, 0, "reflect"},
    {"1 2 1 2 4 2 1 2 1", 3, 3, {0}, 16, 0, "constant"},
    {"-1 -1 -1 -1 8 -1 -1 -1 -1", 3, 3, {0}, 1, 128, "replicate"},
    {"3 0 -6 900 0 -1800 3 0 -6", 3, 3, {0}, -2718, 5, "replicate"},
    {"0.1 0.2 0.4 0.1 0.2", 5, 1, {0}, 1, 0, "reflect"},
    {"0.5 0 .25", 1, 3, {0}, 0.75, 0, "constant"},
    {"1000000 0 0 0 999999 0 0 0 7", 3, 3, {0}, 2000006, 0, "replicate"},
    {"0 0 0", 3, 1, {0}, 1, 17, "replicate"},
    {".5 1 .25 1 2 .5 -.5 -1 -.25", 3, 3, {0}, 3.5, 0, "reflect"},
    {"1 2 3 4 5 4 3 2 1 0 1 1 1 9 1 1 1 0 2 2 2 2 2 2 2 2 2 0 0 0 0 0 0 0 0 0 1 2 3 4 5 4 3 2 1 "
     "0 1 1 1 9 1 1 1 0 2 2 2 2 2 2 2 2 2",
     9,
     7,
     {0},
     136,
     0,
     "reflect"},
};

/* A premultiplied sample, not rounded: what convolution mixes. */
static double mixed_at(const struct picture *in, int64_t x, int64_t y, size_t c, const char *border)
{
	x = level_index(x, in->shape.width, border);
	y = level_index(y, in->shape.height, border);
	if (x < 0 || y < 0)
		return 0;
	if (RGBA(in) && c < 3)
		return level_at(in, x, y, c) * level_at(in, x, y, 3) / most_level(in);
	return level_at(in, x, y, c);
}

static double sum_at(const struct picture *in, int64_t x, int64_t y, size_t c,
		     const struct kernel *kernel)
{
	double sum = 0;

	for (int64_t j = 0; j < kernel->height; j++)
		for (int64_t i = 0; i < kernel->width; i++)
			sum += kernel->values[j * kernel->width + i] *
			       mixed_at(in, x + i - kernel->width / 2, y + j - kernel->height / 2,
					c, kernel->border);
	return sum / kernel->divisor;
}

static void assert_convolved(const struct picture *in, const struct picture *out,
			     const struct kernel *kernel)
{
	const double most = most_level(in);
	double total = 0, size = 0, rounding;

	for (int i = 0; i < kernel->width * kernel->height; i++) {
		total += kernel->values[i];
		size += fabs(kernel->values[i] / kernel->divisor);
	}
	/* Sums of floats: some units in the last of 24 bits. */
	rounding = 0.5001 + most * size * 0x1p-22;
	for (int64_t y = 0; y < in->shape.height; y++)
		for (int64_t x = 0; x < in->shape.width; x++) {
			double alpha = RGBA(in) ? sum_at(in, x, y, 3, kernel) : most;
			bool mixes = RGBA(in) && fabs(total) > 1e-9;

			for (size_t c = 0; c < in->channels; c++) {
				double wanted = sum_at(in, x, y, c, kernel), error = rounding;

				if (mixes && c < 3 && alpha >= 0.5) {
					wanted *= most / alpha;
					error += rounding * fmax(most / alpha - 1, 0);
				}
				wanted += mixes && c == 3 ? 0 : kernel->offset;
				if (RGBA(in) && c == 3 && !mixes)
					wanted = level_at(in, x, y, 3);
				if (mixes && alpha < 0.5)
					wanted = 0;
				if (mixes && fabs(alpha - 0.5) < 0.01)
					continue;
				wanted = wanted < 0 ? 0 : wanted > most ? most : wanted;
				if (!(fabs(level_at(out, x, y, c) - wanted) <= error))
					fail_msg(
					    "%s %ux%u, kernel %.60s, pixel %d, %d, channel %d: "
					    "%g, not %g",
					    ivp_format_name(in->shape.format), in->shape.width,
					    in->shape.height, kernel->text, (int)x, (int)y, (int)c,
					    level_at(out, x, y, c), wanted);
			}
		}
}

static void *configure(struct kernel *kernel)
{
	char text[5][512];
	char *end;

	snprintf(text[0], sizeof(text[0]), "kernel=%s", kernel->text);
	snprintf(text[1], sizeof(text[1]), "width=%d", kernel->width);
	snprintf(text[2], sizeof(text[2]), "divisor=%.17g", kernel->divisor);
	snprintf(text[3], sizeof(text[3]), "offset=%g", kernel->offset);
	snprintf(text[4], sizeof(text[4]), "border=%s", kernel->border);
	end = (char *)kernel->text;
	for (int i = 0; i < kernel->width * kernel->height; i++)
		kernel->values[i] = strtod(end, &end);
	return filter_configure(ivp_filter_find("convolve"), text[0], text[1], text[2], text[3],
				text[4], NULL);
}

static void every_level_is_the_weighted_sum(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("convolve");

	(void)state;
	for (size_t k = 0; k < count_of(kernels); k++) {
		void *self = configure(&kernels[k]);

		assert_int_equal(filter->check(self, NULL), 0);
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
			for (size_t s = 0; s < count_of(level_sizes); s++) {
				struct picture in = picture_of_noise(level_sizes[s], format, s);
				struct picture out = filter_run(filter, self, &in);

				assert_convolved(&in, &out, &kernels[k]);
				picture_free(&in);
				picture_free(&out);
			}
		free(self);
	}
}

/* The kernel is laid on as it is written: a lone white pixel shows it turned. */
static void a_lone_pixel_shows_the_kernel(void **state)
{
	static const uint32_t size[2] = {5, 5};
	void *self = filter_configure(ivp_filter_find("convolve"), "kernel=1 2 3 4 5 6 7 8 9",
				      "divisor=51", NULL);
	struct picture in = picture_make(size[0], size[1], IVP_FORMAT_GRAY8), out;

	(void)state;
	for (int64_t y = 0; y < 5; y++)
		memset(picture_at(&in, 0, y), 0, 5);
	*picture_at(&in, 2, 2) = 255;
	out = filter_run(ivp_filter_find("convolve"), self, &in);
	for (int64_t k = 0; k < 9; k++)
		assert_int_equal(*picture_at(&out, 3 - k % 3, 3 - k / 3), 5 * (k + 1));
	picture_free(&in);
	picture_free(&out);
	free(self);
}

static void refuse(const char *kernel, const char *width, const char *reason)
{
	const struct ivp_filter *filter = ivp_filter_find("convolve");
	void *self = filter_configure(filter, kernel, width, NULL);
	struct ivp_why why = {""};

	assert_int_equal(filter->check(self, &why), -EINVAL);
	assert_string_equal(why.text, reason);
	free(self);
}

static void kernels_that_are_no_rectangle_with_a_middle_are_refused(void **state)
{
	(void)state;
	refuse("kernel=1 2 3", "width=0", "a kernel of 3 numbers is no square; set width");
	refuse("kernel=1 2 3 4", "width=3", "a kernel of 4 numbers has no rows of 3");
	refuse("kernel=1 2 3 4", "width=0",
	       "a kernel of 2 x 2; its sides must be odd, and at most 31");
	refuse("kernel=1 2 3 4", "width=4",
	       "a kernel of 4 x 1; its sides must be odd, and at most 31");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_level_is_the_weighted_sum),
	    cmocka_unit_test(a_lone_pixel_shows_the_kernel),
	    cmocka_unit_test(kernels_that_are_no_rectangle_with_a_middle_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
