/* SPDX-License-Identifier: MIT */
/* Overlay against the definition of "over", pixel by pixel in doubles. */
#include "golden/levels.h"

#include "codec/codec.h"

/* Gives self's file the picture, as a PNG. */
static void name_file(void *self, const struct picture *picture)
{
	const struct ivp_param *param = ivp_param_find(ivp_filter_find("overlay"), "file");
	const struct ivp_encode_options options = {.encoding = IVP_ENCODE_PNG, .compression = 1};
	struct ivp_why why = {""};
	char *bytes = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&bytes, &size);

	assert_non_null(to);
	assert_int_equal(
	    ivp_encode(&(struct ivp_input){picture->shape, picture->stride, picture->pixels},
		       &options, to, &why),
	    0);
	fclose(to);
	if (ivp_param_file_take(param, "over.png", (uint8_t *)bytes, size,
				(struct ivp_param_file *)((uint8_t *)self + param->offset), &why))
		fail_msg("%s", why.text);
}

static void free_self(void *self)
{
	const struct ivp_param *param = ivp_param_find(ivp_filter_find("overlay"), "file");

	ivp_param_file_finish((struct ivp_param_file *)((uint8_t *)self + param->offset));
	free(self);
}

/* Colour and alpha of over, with its alpha times opacity, over one pixel of the image. */
static void over(const struct picture *in, int64_t x, int64_t y, const uint8_t *s, double percent,
		 double wanted[4])
{
	const double most = most_level(in), opacity = floor(percent * most / 100 + 0.5);
	const double e = floor(s[3] * most / 255 * opacity / most + 0.5) / most;
	const double a = in->channels == 4 ? level_at(in, x, y, 3) / most : 1,
		     all = e + a * (1 - e);
	const double luma =
	    floor((19595.0 * s[0] + 38470.0 * s[1] + 7471.0 * s[2]) * (most / 255) / 65536 + 0.5);

	for (size_t c = 0; c < in->channels && c < 3; c++) {
		const double mine = in->channels == 1 ? luma : s[c] * most / 255;
		const double d = level_at(in, x, y, c);

		wanted[c] = e > 0 ? (mine * e + d * a * (1 - e)) / all : d;
	}
	wanted[3] = all * most;
}

static void check(const struct picture *in, const struct picture *out, const struct picture *file,
		  const int64_t place[2], bool tile, double percent)
{
	const int64_t wide = file->shape.width, high = file->shape.height;

	for (int64_t y = 0; y < in->shape.height; y++)
		for (int64_t x = 0; x < in->shape.width; x++) {
			int64_t at[2] = {x - place[0], y - place[1]};
			double wanted[4];

			while (tile && at[0] < 0)
				at[0] += wide;
			while (tile && at[1] < 0)
				at[1] += high;
			if (tile) {
				at[0] %= wide;
				at[1] %= high;
			}
			if (at[0] < 0 || at[0] >= wide || at[1] < 0 || at[1] >= high) {
				assert_memory_equal(picture_at(in, x, y), picture_at(out, x, y),
						    ivp_format_pixel_bytes(in->shape.format));
				continue;
			}
			over(in, x, y, picture_at(file, at[0], at[1]), percent, wanted);
			for (size_t c = 0; c < in->channels; c++)
				if (fabs(level_at(out, x, y, c) - wanted[c]) >
				    (most_level(in) > 255 ? 0.52 : 0.5001))
					fail_msg("%d, %d of %s: %g instead of %.3f", (int)x, (int)y,
						 ivp_format_name(in->shape.format),
						 level_at(out, x, y, c), wanted[c]);
		}
}

static void the_file_lies_over_the_image_where_it_should(void **state)
{
	static const struct {
		const char *opacity, *x, *y, *gravity, *tile;
		uint32_t file[2];
		int64_t place[2]; /* in an image of 300 x 90 */
		double percent;
	} cases[] = {
	    {"opacity=100", "x=0", "y=0", "gravity=north-west", "tile=no", {300, 90}, {0, 0}, 100},
	    {"opacity=100",
	     "x=7",
	     "y=5",
	     "gravity=south-east",
	     "tile=no",
	     {50, 20},
	     {243, 65},
	     100},
	    {"opacity=37", "x=-9", "y=0", "gravity=west", "tile=no", {50, 20}, {-9, 35}, 37},
	    {"opacity=0", "x=0", "y=0", "gravity=centre", "tile=no", {50, 20}, {125, 35}, 0},
	    {"opacity=80", "x=0", "y=0", "gravity=centre", "tile=yes", {17, 20}, {141, 35}, 80},
	    {"opacity=100", "x=999", "y=0", "gravity=centre", "tile=no", {3, 3}, {1147, 43}, 100},
	    {"opacity=100",
	     "x=2",
	     "y=0",
	     "gravity=centre",
	     "tile=no",
	     {777, 300},
	     {-237, -105},
	     100},
	};
	const struct ivp_filter *filter = ivp_filter_find("overlay");

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
			void *self =
			    filter_configure(filter, cases[i].opacity, cases[i].x, cases[i].y,
					     cases[i].gravity, cases[i].tile, NULL);
			struct picture in = picture_make(300, 90, format), out;
			struct picture file =
			    picture_make(cases[i].file[0], cases[i].file[1], IVP_FORMAT_RGBA8);

			picture_fill(&in, NOISE, i);
			picture_fill(&file, i % PATTERNS, i + 50);
			name_file(self, &file);
			out = filter_run(filter, self, &in);
			check(&in, &out, &file, cases[i].place, i == 4, cases[i].percent);
			picture_free(&in);
			picture_free(&out);
			picture_free(&file);
			free_self(self);
		}
}

/* All of them, against division. */
static void every_mean_of_two_levels_is_rounded_to_nearest(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("overlay");
	struct picture file = picture_make(256, 1, IVP_FORMAT_RGBA8), out;
	struct picture in = picture_make(256, 256, IVP_FORMAT_GRAY8);

	(void)state;
	for (unsigned level = 0; level < 256; level++) {
		void *self = filter_configure(filter, "tile=yes", NULL);

		for (int64_t x = 0; x < 256; x++) {
			memset(picture_at(&file, x, 0), (int)level, 3);
			picture_at(&file, x, 0)[3] = (uint8_t)x;
			for (int64_t y = 0; y < 256; y++)
				*picture_at(&in, x, y) = (uint8_t)y;
		}
		name_file(self, &file);
		out = filter_run_once(filter, self, &in);
		for (unsigned x = 0; x < 256; x++)
			for (unsigned y = 0; y < 256; y++)
				assert_int_equal(*picture_at(&out, x, y),
						 (level * x + y * (255 - x) + 127) / 255);
		picture_free(&out);
		free_self(self);
	}
	picture_free(&in);
	picture_free(&file);
}

static void what_is_no_image_is_refused_with_the_reason(void **state)
{
	static const uint8_t png[] =
	    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x06\0\0";
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_param_image_parse((const uint8_t *)"hello", 5, NULL, &why), 0);
	assert_string_equal(why.text, "no image that is known here: PNG, JPEG, BMP, PGM or PPM");
	assert_int_equal(ivp_param_image_parse(png, sizeof(png), NULL, &why), 0);
	assert_non_null(strstr(why.text, "image"));
	assert_int_equal(
	    ivp_param_image_parse((const uint8_t *)"P6 60000 60000 255\n", 19, NULL, &why), 0);
	assert_string_equal(why.text, "60000 x 60000 pixels are more than 33554432");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_file_lies_over_the_image_where_it_should),
	    cmocka_unit_test(every_mean_of_two_levels_is_rounded_to_nearest),
	    cmocka_unit_test(what_is_no_image_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
