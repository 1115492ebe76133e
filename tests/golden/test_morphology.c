/* SPDX-License-Identifier: MIT */
/* Erode, dilate, open, close: exact; what has alpha, to the rounding of premultiplication. */
#include "golden/levels.h"

static const int sides[][2] = {{3, 3}, {1, 1},  {2, 4},   {5, 1},
			       {1, 8}, {9, 10}, {30, 31}, {999, 999}};

/* Extremes by the definition, of premultiplied levels; the caller frees. */
static double *extremes(const struct picture *in, const double *from, const int side[2],
			bool largest)
{
	const int64_t width = in->shape.width, height = in->shape.height;
	const int64_t channels = (int64_t)in->channels;
	double *to = calloc((size_t)(width * height * channels), sizeof(double));

	assert_non_null(to);
	for (int64_t y = 0; y < height; y++)
		for (int64_t x = 0; x < width; x++)
			for (int64_t c = 0; c < channels; c++) {
				const int64_t left = x - (side[0] - 1 + largest) / 2;
				const int64_t top = y - (side[1] - 1 + largest) / 2;
				double best = largest ? -1 : 1e9;

				for (int64_t j = top < 0 ? 0 : top; j < top + side[1] && j < height;
				     j++)
					for (int64_t i = left < 0 ? 0 : left;
					     i < left + side[0] && i < width; i++) {
						double level = from[(j * width + i) * channels + c];

						best =
						    largest ? fmax(best, level) : fmin(best, level);
					}
				to[(y * width + x) * channels + c] = best;
			}
	return to;
}

struct wanted {
	const double *levels;
};

static double wanted_is(const struct picture *in, int64_t x, int64_t y, size_t c,
			const void *context)
{
	const struct wanted *wanted = context;
	const double *pixel = wanted->levels + (y * in->shape.width + x) * (int64_t)in->channels;

	if (!RGBA(in) || c == 3)
		return pixel[c];
	return pixel[3] > 0 ? floor(pixel[c] * most_level(in) / pixel[3] + 0.5) : 0;
}

static void compare(const char *name, const int side[2], uint32_t format, size_t size)
{
	const struct ivp_filter *filter = ivp_filter_find(name);
	const bool largest = name[0] == 'd' || name[0] == 'c',
		   twice = strlen(name) == 4 || name[0] == 'c';
	struct picture in = picture_of_noise(level_sizes[size], format, size), out;
	double *levels = calloc(in.bytes, sizeof(double)), *first, *second;
	char width[32], height[32];
	size_t i = 0;
	void *self;

	assert_non_null(levels);
	for (int64_t y = 0; y < in.shape.height; y++)
		for (int64_t x = 0; x < in.shape.width; x++)
			for (size_t c = 0; c < in.channels; c++)
				levels[i++] = seen_at(&in, x, y, c, "replicate");
	snprintf(width, sizeof(width), "width=%d", side[0]);
	snprintf(height, sizeof(height), "height=%d", side[1]);
	self = filter_configure(filter, width, height, NULL);
	out = filter_run(filter, self, &in);
	first = extremes(&in, levels, side, largest);
	second = extremes(&in, first, side, !largest);
	/* A quotient in float may come to the other side of a half. */
	assert_levels(&in, &out, wanted_is, &(struct wanted){twice ? second : first},
		      RGBA(&in) ? 1 : 0);
	free(self);
	free(levels);
	free(first);
	free(second);
	picture_free(&in);
	picture_free(&out);
}

static void every_level_is_the_extreme_of_its_rectangle(void **state)
{
	static const char *const names[] = {"erode", "dilate", "open", "close"};

	(void)state;
	for (size_t n = 0; n < count_of(names); n++)
		for (size_t s = 0; s < count_of(sides); s++)
			for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16;
			     format++)
				for (size_t size = 0; size < count_of(level_sizes); size++)
					if (sides[s][0] < 30 || level_sizes[size][0] < 60)
						compare(names[n], sides[s], format, size);
}

/* Also of even sides: else the second run would move the picture on. */
static void what_is_open_or_closed_stays_so(void **state)
{
	static const char *const names[] = {"open", "close"};

	(void)state;
	for (size_t n = 0; n < 2; n++)
		for (int side = 2; side < 12; side++) {
			const struct ivp_filter *filter = ivp_filter_find(names[n]);
			struct picture in = picture_of_noise(level_sizes[6], IVP_FORMAT_RGB8, 1);
			struct picture once, again;
			char width[32], height[32];
			void *self;

			snprintf(width, sizeof(width), "width=%d", side);
			snprintf(height, sizeof(height), "height=%d", 13 - side);
			self = filter_configure(filter, width, height, NULL);
			once = filter_run(filter, self, &in);
			again = filter_run(filter, self, &once);
			assert_memory_equal(once.pixels, again.pixels, once.bytes);
			free(self);
			picture_free(&in);
			picture_free(&once);
			picture_free(&again);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_level_is_the_extreme_of_its_rectangle),
	    cmocka_unit_test(what_is_open_or_closed_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
