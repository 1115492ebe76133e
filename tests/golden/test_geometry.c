/* SPDX-License-Identifier: MIT */
/* Filters that only move pixels: crop, pad, rotate, flip, transpose, auto-orient. All are exact, in every format. */
#include "golden/reference.h"

/* Sides around those of tiles and vectors of every level, and some below. */
static const uint32_t sides[][2] = {{1, 1},   {1, 70},  {70, 1},   {5, 9},    {8, 17},
				    {64, 64}, {67, 33}, {33, 131}, {200, 66}, {129, 259}};

/* Where in a w x h image the pixel (x, y) of the result comes from. */
static void place(const char *how, int64_t w, int64_t h, int64_t x, int64_t y, int64_t from[2])
{
	const struct {
		const char *how;
		int64_t from[2];
	} places[] = {
	    {"direction=horizontal", {w - 1 - x, y}},
	    {"direction=vertical", {x, h - 1 - y}},
	    {"direction=both", {w - 1 - x, h - 1 - y}},
	    {"angle=90", {y, h - 1 - x}},
	    {"angle=180", {w - 1 - x, h - 1 - y}},
	    {"angle=270", {w - 1 - y, x}},
	    {"diagonal=main", {y, x}},
	    {"diagonal=anti", {w - 1 - y, h - 1 - x}},
	};

	for (size_t i = 0; i < count_of(places); i++)
		if (strcmp(places[i].how, how) == 0)
			memcpy(from, places[i].from, sizeof(places[i].from));
}

static void check_pixels(const char *how, const struct picture *in, const struct picture *out)
{
	const size_t pixel = ivp_format_pixel_bytes(in->shape.format);

	for (int64_t y = 0; y < out->shape.height; y++)
		for (int64_t x = 0; x < out->shape.width; x++) {
			int64_t from[2] = {-1, -1};

			place(how, in->shape.width, in->shape.height, x, y, from);
			if (memcmp(picture_at(in, from[0], from[1]), picture_at(out, x, y),
				   pixel) != 0)
				fail_msg("%s: %ux%u %s: pixel %d, %d is another", how,
					 in->shape.width, in->shape.height,
					 ivp_format_name(in->shape.format), (int)x, (int)y);
		}
}

static void every_pixel_comes_to_its_place(void **state)
{
	static const struct {
		const char *filter, *how;
		bool swaps;
	} cases[] = {
	    {"flip", "direction=horizontal", false}, {"flip", "direction=vertical", false},
	    {"flip", "direction=both", false},       {"rotate", "angle=90", true},
	    {"rotate", "angle=180", false},          {"rotate", "angle=270", true},
	    {"transpose", "diagonal=main", true},    {"transpose", "diagonal=anti", true},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
			for (size_t s = 0; s < count_of(sides); s++) {
				const struct ivp_filter *filter = ivp_filter_find(cases[i].filter);
				void *self = filter_configure(filter, cases[i].how, NULL);
				struct picture in = picture_make(sides[s][0], sides[s][1], format);
				struct picture out;

				picture_fill(&in, NOISE, i + s);
				out = filter_run(filter, self, &in);
				assert_int_equal(out.shape.width, sides[s][cases[i].swaps]);
				assert_int_equal(out.shape.height, sides[s][!cases[i].swaps]);
				assert_int_equal(out.shape.format, format);
				check_pixels(cases[i].how, &in, &out);
				picture_free(&in);
				picture_free(&out);
				free(self);
			}
}

static void auto_orient_turns_as_the_orientation_says(void **state)
{
	/* What each of them has to do to an image. */
	static const char *const how[] = {[2] = "direction=horizontal",
					  [3] = "angle=180",
					  [4] = "direction=vertical",
					  [5] = "diagonal=main",
					  [6] = "angle=90",
					  [7] = "diagonal=anti",
					  [8] = "angle=270"};
	const struct ivp_filter *filter = ivp_filter_find("auto-orient");

	(void)state;
	for (uint32_t orientation = 0; orientation < 11; orientation++) {
		struct picture in = picture_make(70, 40, IVP_FORMAT_RGB8), out;
		struct ivp_shape shape;

		in.shape.orientation = orientation;
		picture_fill(&in, NOISE, orientation);
		out = filter_run(filter, NULL, &in);
		assert_int_equal(filter->shape(NULL, &in.shape, &shape, NULL), 0);
		if (orientation < 2 || orientation > 8) {
			assert_int_equal(shape.orientation, orientation);
			assert_memory_equal(in.pixels, out.pixels, in.bytes);
		} else {
			assert_int_equal(shape.orientation, 1);
			check_pixels(how[orientation], &in, &out);
		}
		picture_free(&in);
		picture_free(&out);
	}
}

/* Pixel (x, y) of out is that at from of in, or the color if there is one. */
static void check_place(const struct picture *in, const struct picture *out, int64_t x, int64_t y,
			const int64_t from[2], const uint8_t *color)
{
	const size_t pixel = ivp_format_pixel_bytes(in->shape.format);

	assert_memory_equal(picture_at(out, x, y), color ? color : picture_at(in, from[0], from[1]),
			    pixel);
}

static void crop_gives_what_lies_in_the_rectangle(void **state)
{
	/* Of images of 100 x 50. */
	static const struct {
		const char *how[5];
		uint32_t x, y, width, height;
	} cases[] = {
	    {{"x=3", "y=5", "width=20", "height=7"}, 3, 5, 20, 7},
	    {{"x=90", "y=-4", "width=20", "height=7"}, 90, 0, 10, 3},
	    {{"gravity=south-east", "x=1", "y=2", "width=9", "height=8"}, 90, 40, 9, 8},
	    {{"gravity=centre", "width=11", "height=50"}, 44, 0, 11, 50},
	    {{"gravity=east", "percent=25"}, 75, 18, 25, 13},
	    {{"gravity=centre", "width=400", "height=400"}, 0, 0, 100, 50},
	    {{"percent=0.1"}, 0, 0, 1, 1},
	};
	const struct ivp_filter *filter = ivp_filter_find("crop");

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
			const char *const *how = cases[i].how;
			void *self =
			    filter_configure(filter, how[0], how[1], how[2], how[3], how[4], NULL);
			struct picture in = picture_make(100, 50, format), out;

			picture_fill(&in, NOISE, i);
			out = filter_run(filter, self, &in);
			assert_int_equal(out.shape.width, cases[i].width);
			assert_int_equal(out.shape.height, cases[i].height);
			for (uint32_t y = 0; y < out.shape.height; y++)
				for (uint32_t x = 0; x < out.shape.width; x++)
					check_place(&in, &out, x, y,
						    (int64_t[]){cases[i].x + x, cases[i].y + y},
						    NULL);
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

static void crop_outside_of_an_image_is_refused(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("crop");
	void *self = filter_configure(filter, "x=100", "width=5", NULL);
	struct ivp_shape in = {100, 50, IVP_FORMAT_RGB8}, out;
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(filter->shape(self, &in, &out, &why), -EINVAL);
	assert_string_equal(why.text, "the rectangle lies outside of its 100 x 50 pixels");
	in.width = 101;
	assert_int_equal(filter->shape(self, &in, &out, &why), 0);
	assert_int_equal(out.width, 1);
	free(self);
}

/* Pads of 13 columns and 9 rows, more than the least image has. */
static void check_pad(const char *fill, uint32_t width, uint32_t height, uint32_t format)
{
	static const uint8_t colors[][8] = {{0},
					    {99},
					    {200, 50, 90},
					    {200, 50, 90, 7},
					    {99, 99},
					    {200, 200, 50, 50, 90, 90},
					    {200, 200, 50, 50, 90, 90, 7, 7}};
	const struct ivp_filter *filter = ivp_filter_find("pad");
	void *self = filter_configure(filter, fill, "left=13", "right=2", "top=9", "bottom=11",
				      "red=200", "green=50", "blue=90", "alpha=7", NULL);
	const bool reflect = strcmp(fill, "fill=reflect") == 0;
	struct picture in = picture_make(width, height, format), out;

	picture_fill(&in, NOISE, width);
	out = filter_run(filter, self, &in);
	assert_int_equal(out.shape.width, width + 15);
	assert_int_equal(out.shape.height, height + 20);
	for (int64_t y = 0; y < out.shape.height; y++)
		for (int64_t x = 0; x < out.shape.width; x++) {
			const bool outside = x < 13 || x >= 13 + width || y < 9 || y >= 9 + height;
			const int64_t from[2] = {border_index(x - 13, width, reflect),
						 border_index(y - 9, height, reflect)};

			check_place(&in, &out, x, y, from,
				    outside && strcmp(fill, "fill=colour") == 0 ? colors[format]
										: NULL);
		}
	picture_free(&in);
	picture_free(&out);
	free(self);
}

static void pad_fills_the_sides_as_it_is_told(void **state)
{
	static const char *const fills[] = {"fill=colour", "fill=replicate", "fill=reflect"};

	(void)state;
	for (size_t i = 0; i < count_of(fills); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
			check_pad(fills[i], 1, 1, format);
			check_pad(fills[i], 5, 4, format);
			check_pad(fills[i], 40, 30, format);
		}
}

static void pad_makes_a_size_where_the_image_is_smaller(void **state)
{
	static const struct {
		const char *gravity;
		uint32_t in[2], out[2];
		int64_t at[2];
	} cases[] = {
	    {"gravity=centre", {10, 11}, {40, 30}, {15, 9}},
	    {"gravity=south-east", {10, 11}, {40, 30}, {30, 19}},
	    {"gravity=north", {10, 50}, {40, 50}, {15, 0}},
	    {"gravity=west", {50, 11}, {50, 30}, {0, 9}},
	};
	const struct ivp_filter *filter = ivp_filter_find("pad");

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		void *self =
		    filter_configure(filter, cases[i].gravity, "width=40", "height=30", NULL);
		struct picture in = picture_make(cases[i].in[0], cases[i].in[1], IVP_FORMAT_RGB8);
		struct picture out;

		picture_fill(&in, NOISE, i);
		out = filter_run(filter, self, &in);
		assert_int_equal(out.shape.width, cases[i].out[0]);
		assert_int_equal(out.shape.height, cases[i].out[1]);
		for (int64_t y = 0; y < in.shape.height; y++)
			for (int64_t x = 0; x < in.shape.width; x++)
				check_place(&in, &out, x + cases[i].at[0], y + cases[i].at[1],
					    (int64_t[]){x, y}, NULL);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crop_gives_what_lies_in_the_rectangle),
	    cmocka_unit_test(crop_outside_of_an_image_is_refused),
	    cmocka_unit_test(pad_fills_the_sides_as_it_is_told),
	    cmocka_unit_test(pad_makes_a_size_where_the_image_is_smaller),
	    cmocka_unit_test(every_pixel_comes_to_its_place),
	    cmocka_unit_test(auto_orient_turns_as_the_orientation_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
