/* SPDX-License-Identifier: MIT */
/*
 * Colour matrix against the matrices of the W3C's Filter Effects in double precision. Sums are in
 * single precision: of 16 bits a level may be off by a few hundredths.
 */
#include "golden/reference.h"

#define WIDTH  133
#define HEIGHT 11

static double share_at(const struct picture *picture, int64_t x, int64_t y, size_t channel)
{
	const uint8_t *pixel = picture_at(picture, x, y);
	uint16_t wide;

	if (!(IVP_FORMAT_BIT(picture->shape.format) & IVP_FORMATS_16BIT))
		return pixel[channel] / 255.0;
	memcpy(&wide, pixel + 2 * channel, sizeof(wide));
	return wide / 65535.0;
}

/* Rows of red, green, blue and a constant. */
static void check(const char *a, const char *b, const char *c, const double matrix[3][4])
{
	const struct ivp_filter *filter = ivp_filter_find("colour-matrix");
	void *self = filter_configure(filter, a, b, c, NULL);

	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(WIDTH, HEIGHT, format), out;
		const bool wide = IVP_FORMAT_BIT(format) & IVP_FORMATS_16BIT;
		const double most = wide ? 65535 : 255;

		picture_fill(&in, NOISE, format);
		out = filter_run(filter, self, &in);
		assert_int_equal(out.channels, in.channels == 1 ? 3 : in.channels);
		for (int64_t y = 0; y < HEIGHT; y++)
			for (int64_t x = 0; x < WIDTH; x++)
				for (size_t k = 0; k < out.channels; k++) {
					double level =
					    k == 3 ? share_at(&in, x, y, 3) : matrix[k][3];

					for (size_t i = 0; k < 3 && i < 3; i++)
						level +=
						    matrix[k][i] *
						    share_at(&in, x, y, in.channels == 1 ? 0 : i);
					level = fmin(fmax(level, 0), 1);
					assert_true(fabs(share_at(&out, x, y, k) - level) * most <
						    (wide ? 0.53 : 0.501));
				}
		picture_free(&in);
		picture_free(&out);
	}
	free(self);
}

static void by_itself_it_changes_nothing(void **state)
{
	(void)state;
	check(NULL, NULL, NULL, (const double[3][4]){{1}, {0, 1}, {0, 0, 1}});
}

static void weights_and_constants_are_the_matrix(void **state)
{
	(void)state;
	check("rr=0", "rb=1", "g=12.5",
	      (const double[3][4]){{0, 0, 1}, {0, 1, 0, 0.125}, {0, 0, 1}});
	check("br=-0.5", "bb=1.5", "b=-10",
	      (const double[3][4]){{1}, {0, 1}, {-0.5, 0, 1.5, -0.1}});
}

static void saturation_mixes_with_luma(void **state)
{
	(void)state;
	check("saturation=0", NULL, NULL,
	      (const double[3][4]){
		  {0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}});
	check("saturation=2", NULL, NULL,
	      (const double[3][4]){{1.7874, -0.7152, -0.0722},
				   {-0.2126, 1.2848, -0.0722},
				   {-0.2126, -0.7152, 1.9278}});
}

static void sepia_is_brown(void **state)
{
	(void)state;
	check("sepia=100", NULL, NULL,
	      (const double[3][4]){
		  {0.393, 0.769, 0.189}, {0.349, 0.686, 0.168}, {0.272, 0.534, 0.131}});
}

static void hue_turns_colours_and_leaves_gray(void **state)
{
	/* hueRotate(90): cos = 0, sin = 1 */
	(void)state;
	check(
	    "hue=90", NULL, NULL,
	    (const double[3][4]){{0, 0, 1}, {0.3556, 0.8552, -0.2108}, {-0.5748, 1.4304, 0.1444}});
	check("hue=360", NULL, NULL, (const double[3][4]){{1}, {0, 1}, {0, 0, 1}});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_itself_it_changes_nothing),
	    cmocka_unit_test(weights_and_constants_are_the_matrix),
	    cmocka_unit_test(saturation_mixes_with_luma),
	    cmocka_unit_test(sepia_is_brown),
	    cmocka_unit_test(hue_turns_colours_and_leaves_gray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
