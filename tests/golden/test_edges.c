/* SPDX-License-Identifier: MIT */
/* Sobel and Laplacian: exact to the rounding of the result. */
#include "golden/levels.h"

struct edge {
	char measure[32], border[32], scale[32];
	unsigned kind;
	double factor;
};

static const char *const borders[] = {"replicate", "reflect", "constant"};

static double weighted(const struct picture *in, int64_t x, int64_t y, size_t c,
		       const double kernel[3][3], const char *border)
{
	double sum = 0;

	for (int64_t j = 0; j < 3; j++)
		for (int64_t i = 0; i < 3; i++)
			sum += kernel[j][i] * seen_at(in, x + i - 1, y + j - 1, c, border);
	return sum;
}

static double sobel_is(const struct picture *in, int64_t x, int64_t y, size_t c,
		       const void *context)
{
	static const double along_x[3][3] = {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}};
	static const double along_y[3][3] = {{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}};
	const struct edge *edge = context;
	double gx = weighted(in, x, y, c, along_x, edge->border);
	double gy = weighted(in, x, y, c, along_y, edge->border);
	const double sizes[] = {sqrt(gx * gx + gy * gy), fabs(gx) + fabs(gy), fabs(gx), fabs(gy)};

	return c == 3 ? level_at(in, x, y, 3) : sizes[edge->kind] * edge->factor;
}

static double laplacian_is(const struct picture *in, int64_t x, int64_t y, size_t c,
			   const void *context)
{
	static const double kernels[3][3][3] = {{{0, 1, 0}, {1, -4, 1}, {0, 1, 0}},
						{{1, 1, 1}, {1, -8, 1}, {1, 1, 1}},
						{{2, 0, 2}, {0, -8, 0}, {2, 0, 2}}};
	const struct edge *edge = context;
	double value = weighted(in, x, y, c, kernels[edge->kind / 2], edge->border) * edge->factor;

	if (c == 3)
		return level_at(in, x, y, 3);
	return edge->kind % 2 ? value + (most_level(in) + 1) / 2 : fabs(value);
}

static void compare(const char *name, const struct edge *edge, const char *first,
		    const char *second, definition *define)
{
	const struct ivp_filter *filter = ivp_filter_find(name);
	char border[32];
	void *self;

	snprintf(border, sizeof(border), "border=%s", edge->border);
	self = filter_configure(filter, border, edge->scale, first, second, NULL);
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
		for (size_t s = 0; s < count_of(level_sizes); s++) {
			struct picture in = picture_of_noise(level_sizes[s], format, s);
			struct picture out = filter_run(filter, self, &in);

			/* Float: 24 bits of a value that may be six times the range. */
			assert_levels(&in, &out, define, edge,
				      most_level(&in) > 255 ? 0.53 : 0.5001);
			picture_free(&in);
			picture_free(&out);
		}
	free(self);
}

static void sobel_is_the_rounded_gradient(void **state)
{
	static const char *const measures[] = {"measure=l2", "measure=l1", "measure=x",
					       "measure=y"};

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++)
		for (size_t b = 0; b < 3; b++)
			for (unsigned scaled = 0; scaled < 2; scaled++) {
				struct edge edge = {.kind = kind, .factor = scaled ? 0.23 : 1};

				snprintf(edge.border, sizeof(edge.border), "%s", borders[b]);
				snprintf(edge.scale, sizeof(edge.scale), "scale=%g", edge.factor);
				compare("sobel", &edge, measures[kind], NULL, sobel_is);
			}
}

static void laplacian_is_the_rounded_difference(void **state)
{
	static const char *const kernels[] = {"kernel=sides", "kernel=all", "kernel=corners"};
	static const char *const results[] = {"result=size", "result=signed"};

	(void)state;
	for (unsigned kind = 0; kind < 6; kind++)
		for (size_t b = 0; b < 3; b++)
			for (unsigned scaled = 0; scaled < 2; scaled++) {
				struct edge edge = {.kind = kind, .factor = scaled ? 0.3 : 1};

				snprintf(edge.border, sizeof(edge.border), "%s", borders[b]);
				snprintf(edge.scale, sizeof(edge.scale), "scale=%g", edge.factor);
				compare("laplacian", &edge, kernels[kind / 2], results[kind % 2],
					laplacian_is);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sobel_is_the_rounded_gradient),
	    cmocka_unit_test(laplacian_is_the_rounded_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
