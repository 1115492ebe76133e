/* SPDX-License-Identifier: MIT */
/* Non-local means against its definition in double precision. */
#include "golden/levels.h"

struct means {
	double strength;
	int patch, search;
};

/* Of 16 bits the upper 11 count. */
static double compared_at(const struct picture *in, int64_t x, int64_t y, size_t c)
{
	const double level = seen_at(in, x, y, c, "replicate");

	return most_level(in) > 255 ? floor(level / 32) * 32 / 257 : level;
}

static double distance_of(const struct picture *in, int64_t x, int64_t y, int64_t dx, int64_t dy,
			  int64_t patch)
{
	double sum = 0;

	for (int64_t j = -patch; j <= patch; j++)
		for (int64_t i = -patch; i <= patch; i++)
			for (size_t c = 0; c < in->channels; c++) {
				double d = compared_at(in, x + i, y + j, c) -
					   compared_at(in, x + dx + i, y + dy + j, c);

				sum += d * d;
			}
	return sum / ((double)((2 * patch + 1) * (2 * patch + 1)) * (double)in->channels);
}

static void mean_of(const struct picture *in, int64_t x, int64_t y, const struct means *means,
		    double mean[4])
{
	double total = 0;

	memset(mean, 0, 4 * sizeof(double));
	for (int64_t dy = -means->search; dy <= means->search; dy++)
		for (int64_t dx = -means->search; dx <= means->search; dx++) {
			double weight;

			if (x + dx < 0 || x + dx >= in->shape.width || y + dy < 0 ||
			    y + dy >= in->shape.height)
				continue;
			weight = exp(-distance_of(in, x, y, dx, dy, means->patch) /
				     (means->strength * means->strength));
			total += weight;
			for (size_t c = 0; c < in->channels; c++)
				mean[c] += weight * seen_at(in, x + dx, y + dy, c, "replicate");
		}
	for (size_t c = 0; c < 4; c++)
		mean[c] /= total;
}

static void assert_means(const struct picture *in, const struct picture *out,
			 const struct means *means)
{
	for (int64_t y = 0; y < in->shape.height; y++)
		for (int64_t x = 0; x < in->shape.width; x++) {
			double mean[4];

			mean_of(in, x, y, means, mean);
			for (size_t c = 0; c < in->channels; c++) {
				/* Hundreds of weights, each rounded to 1 / 16383; of 16 bits all that is seen. */
				const double most = most_level(in);
				double wanted = mean[c], error = most > 255 ? 60 : 0.6;

				if (RGBA(in) && fabs(mean[3] - 0.5) < (most > 255 ? 60 : 0.1))
					continue;
				if (RGBA(in) && c < 3) {
					wanted = mean[3] >= 0.5 ? wanted * most / mean[3] : 0;
					error *= mean[3] >= 0.5 ? most / mean[3] : 1;
				}
				if (!(fabs(level_at(out, x, y, c) - wanted) <= error))
					fail_msg("%s %ux%u, pixel %d, %d, channel %d: %g, not %g",
						 ivp_format_name(in->shape.format), in->shape.width,
						 in->shape.height, (int)x, (int)y, (int)c,
						 level_at(out, x, y, c), wanted);
			}
		}
}

static void every_pixel_is_the_mean_of_its_likes(void **state)
{
	static const struct means settings[] = {{10, 1, 2}, {60, 3, 5}, {200, 5, 15}};
	static const uint32_t sizes[][2] = {{1, 1}, {9, 3}, {3, 40}, {33, 17}, {270, 2}};
	const struct ivp_filter *filter = ivp_filter_find("non-local-means");

	(void)state;
	for (size_t k = 0; k < count_of(settings); k++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
			for (size_t s = 0; s < count_of(sizes) - (k == 2) * 2; s++) {
				struct picture in = picture_of_noise(sizes[s], format, s + 1);
				struct picture out;
				char text[3][32];
				void *self;

				snprintf(text[0], 32, "strength=%g", settings[k].strength);
				snprintf(text[1], 32, "patch=%d", settings[k].patch);
				snprintf(text[2], 32, "search=%d", settings[k].search);
				self = filter_configure(filter, text[0], text[1], text[2], NULL);
				out = filter_run(filter, self, &in);
				assert_means(&in, &out, &settings[k]);
				free(self);
				picture_free(&in);
				picture_free(&out);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pixel_is_the_mean_of_its_likes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
