/* SPDX-License-Identifier: MIT */
/* Bilateral filter against its definition in double precision. */
#include "golden/levels.h"

struct bilateral {
	int radius;
	double sigma, range;
	const char *border;
};

/* A premultiplied sample, not rounded. */
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

static double weight_of(const struct picture *in, int64_t x, int64_t y, int64_t dx, int64_t dy,
			const struct bilateral *by)
{
	double difference = 0, unit = most_level(in) / 255;

	for (size_t c = 0; c < in->channels; c++) {
		double d =
		    mixed_at(in, x + dx, y + dy, c, by->border) - mixed_at(in, x, y, c, by->border);

		difference += d * d / (unit * unit);
	}
	return exp(-(double)(dx * dx + dy * dy) / (2 * by->sigma * by->sigma) -
		   difference / (2 * by->range * by->range));
}

static void mean_of(const struct picture *in, int64_t x, int64_t y, const struct bilateral *by,
		    double mean[4])
{
	double total = 0;

	memset(mean, 0, 4 * sizeof(double));
	for (int64_t dy = -by->radius; dy <= by->radius; dy++)
		for (int64_t dx = -by->radius; dx <= by->radius; dx++) {
			double weight;

			if (dx * dx + dy * dy > by->radius * by->radius)
				continue;
			weight = weight_of(in, x, y, dx, dy, by);
			total += weight;
			for (size_t c = 0; c < in->channels; c++)
				mean[c] += weight * mixed_at(in, x + dx, y + dy, c, by->border);
		}
	for (size_t c = 0; c < 4; c++)
		mean[c] /= total;
}

static void assert_means(const struct picture *in, const struct picture *out,
			 const struct bilateral *by)
{
	const double most = most_level(in);

	for (int64_t y = 0; y < in->shape.height; y++)
		for (int64_t x = 0; x < in->shape.width; x++) {
			double mean[4];

			mean_of(in, x, y, by, mean);
			for (size_t c = 0; c < in->channels; c++) {
				double wanted = mean[c], error = most > 255 ? 0.8 : 0.505;

				if (RGBA(in) && c < 3) {
					wanted = mean[3] >= 0.5 ? wanted * most / mean[3] : 0;
					error *= mean[3] >= 0.5 ? most / mean[3] : 1;
				}
				if (RGBA(in) && fabs(mean[3] - 0.5) < 0.01)
					continue;
				if (!(fabs(level_at(out, x, y, c) - wanted) <= error))
					fail_msg("%s %ux%u, pixel %d, %d, channel %d: %g, not %g",
						 ivp_format_name(in->shape.format), in->shape.width,
						 in->shape.height, (int)x, (int)y, (int)c,
						 level_at(out, x, y, c), wanted);
			}
		}
}

static void every_pixel_is_the_weighted_mean(void **state)
{
	static const struct bilateral settings[] = {{1, 0.5, 20, "replicate"},
						    {4, 2, 30, "reflect"},
						    {7, 200, 1000, "constant"},
						    {3, 5, 0.5, "replicate"}};
	const struct ivp_filter *filter = ivp_filter_find("bilateral");

	(void)state;
	for (size_t k = 0; k < count_of(settings); k++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
			for (size_t s = 0; s < 5; s++) {
				const struct bilateral *by = &settings[k];
				struct picture in = picture_of_noise(level_sizes[s], format, s + 2);
				struct picture out;
				char text[4][32];
				void *self;

				snprintf(text[0], 32, "radius=%d", by->radius);
				snprintf(text[1], 32, "sigma=%g", by->sigma);
				snprintf(text[2], 32, "range=%g", by->range);
				snprintf(text[3], 32, "border=%s", by->border);
				self = filter_configure(filter, text[0], text[1], text[2], text[3],
							NULL);
				out = filter_run(filter, self, &in);
				assert_means(&in, &out, by);
				free(self);
				picture_free(&in);
				picture_free(&out);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pixel_is_the_weighted_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
