/* SPDX-License-Identifier: MIT */
/* Lut: the files it takes, and what it makes of colours, in double precision by the definition. */
#include "golden/reference.h"

#include "../stages/cube.h"

#define WIDTH  133
#define HEIGHT 17
#define SIDE   5

static const struct ivp_filter *lut;

static int take(const char *text, struct ivp_param_file *file, struct ivp_why *why)
{
	return ivp_param_file_take(&lut->params[0], "test.cube", (uint8_t *)strdup(text),
				   strlen(text), file, why);
}

static void refuse(const char *text, const char *reason)
{
	struct ivp_param_file file;
	struct ivp_why why = {""};

	assert_int_equal(take(text, &file, &why), -EINVAL);
	assert_string_equal(why.text, reason);
}

static void a_file_that_is_no_table_is_refused_with_its_line(void **state)
{
	(void)state;
	refuse("", "'test.cube': has no LUT_1D_SIZE, no LUT_3D_SIZE, and 0 lines of levels, not "
		   "256 or 65536");
	refuse("1\n2\n3\n", "'test.cube': has no LUT_1D_SIZE, no LUT_3D_SIZE, and 3 lines of "
			    "levels, not 256 or 65536");
	refuse("LUT_1D_SIZE 2\n0 0 0\n", "'test.cube': has 1 lines of values, not 2");
	refuse("LUT_3D_SIZE 2\n0 0 0\n", "'test.cube': has 1 lines of values, not 8");
	refuse("LUT_1D_SIZE 1\n", "'test.cube': line 1: a size is a whole number from 2 to 65536");
	refuse("LUT_3D_SIZE 130", "'test.cube': line 1: a size is a whole number from 2 to 129");
	refuse("LUT_3D_SIZE 2.5", "'test.cube': line 1: a size is a whole number from 2 to 129");
	refuse("# a\n\nLUT_1D_SIZE 2\nLUT_1D_SIZE 2\n",
	       "'test.cube': line 4: the size comes too late, or twice");
	refuse("LUT_1D_SIZE 2\n0 0 0\n1 1 x\n",
	       "'test.cube': line 3: what should be a number is none");
	refuse("LUT_1D_SIZE 2\n0 0 0\n1 1 nan\n",
	       "'test.cube': line 3: what should be a number is none");
	refuse("LUT_1D_SIZE 2\n0 0 0\n1 1 1e999\n",
	       "'test.cube': line 3: what should be a number is none");
	refuse("LUT_1D_SIZE 2\n0 0\n", "'test.cube': line 2: has too few numbers, or too many");
	refuse("1\n2 2 2\n", "'test.cube': line 2: has not as many numbers as those before");
	refuse("GARBAGE 2\n",
	       "'test.cube': line 1: begins with a word that .cube files do not have");
	refuse("LUT_1D_SIZE 2\nDOMAIN_MAX 0 1 1\n0 0 0\n1 1 1",
	       "'test.cube': its domain is empty, or too large");
}

static void what_programs_write_into_such_files_is_taken(void **state)
{
	struct ivp_param_file file;
	const struct ivp_cube *cube;

	(void)state;
	assert_int_equal(
	    take("# by hand\r\nTITLE \"a b c d e\"\r\nLUT_3D_SIZE 2\r\n"
		 "DOMAIN_MIN 0 0 -1\r\n DOMAIN_MAX 1.0 1e0 +1\r\n\r\n"
		 "0 0 0\n1 0 0\n0 1 0\n1\t1 0 # red and green\n0 0 .5\n1 0 1.5e-1\n-7 1 1\n1 1 1",
		 &file, NULL),
	    0);
	cube = file.parsed;
	assert_int_equal(cube->dimensions, 3);
	assert_int_equal(cube->side, 2);
	assert_true(cube->low[2] == -1 && cube->scale[2] == 0.5f && cube->scale[0] == 1);
	assert_true(cube->values[1][0] == 1 && cube->values[4][2] == 0.5f);
	assert_true(cube->values[5][2] == 0.15f && cube->values[6][0] == -7);
	ivp_param_file_finish(&file);
}

/* A private struct with this text for a file. */
static void *configure(const char *text)
{
	void *self = filter_configure(lut, NULL);
	struct ivp_why why = {""};

	if (take(text, self, &why) != 0)
		fail_msg("%s", why.text);
	return self;
}

static void finish(void *self)
{
	ivp_params_finish(lut, self);
	free(self);
}

static double share_at(const struct picture *picture, int64_t x, int64_t y, size_t channel)
{
	const uint8_t *pixel = picture_at(picture, x, y);
	uint16_t wide;

	if (!(IVP_FORMAT_BIT(picture->shape.format) & IVP_FORMATS_16BIT))
		return pixel[channel] / 255.0;
	memcpy(&wide, pixel + 2 * channel, sizeof(wide));
	return wide / 65535.0;
}

typedef void definition(const double in[3], double out[3]);

/* slack: in levels of 8 bits, beyond half a level of the format. */
static void check(const char *text, definition *wanted, double slack)
{
	void *self = configure(text);

	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(WIDTH, HEIGHT, format), out;
		const double half =
		    IVP_FORMAT_BIT(format) & IVP_FORMATS_16BIT ? 0.5 / 65535 : 0.5 / 255;

		picture_fill(&in, NOISE, format);
		out = filter_run(lut, self, &in);
		assert_int_equal(out.shape.format, format);
		for (int64_t y = 0; y < HEIGHT; y++)
			for (int64_t x = 0; x < WIDTH; x++) {
				const bool gray = in.channels == 1;
				double colour[3], result[4] = {0};

				for (size_t c = 0; c < 3; c++)
					colour[c] = share_at(&in, x, y, gray ? 0 : c);
				wanted(colour, result);
				if (gray)
					result[0] = 0.299 * result[0] + 0.587 * result[1] +
						    0.114 * result[2];
				if (in.channels == 4)
					result[3] = share_at(&in, x, y, 3);
				for (size_t c = 0; c < in.channels; c++) {
					double level = fmin(fmax(result[c], 0), 1);

					if (fabs(share_at(&out, x, y, c) - level) >
					    half + slack / 255)
						fail_msg("%s at %d,%d: %f, not %f",
							 ivp_format_name(format), (int)x, (int)y,
							 share_at(&out, x, y, c) * 255,
							 level * 255);
				}
			}
		picture_free(&in);
		picture_free(&out);
	}
	finish(self);
}

static void with_no_file_nothing_changes(void **state)
{
	void *self = filter_configure(lut, NULL);
	struct picture in = picture_make(WIDTH, HEIGHT, IVP_FORMAT_RGBA8), out;

	(void)state;
	picture_fill(&in, NOISE, 4);
	out = filter_run(lut, self, &in);
	for (int64_t y = 0; y < HEIGHT; y++)
		assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y), 4 * WIDTH);
	picture_free(&in);
	picture_free(&out);
	finish(self);
}

static void squares_of_levels(const double in[3], double out[3])
{
	for (int c = 0; c < 3; c++) {
		double at = in[c] * 255, low = floor(at), part = at - low;

		out[c] = (floor(low * low / 255) * (1 - part) +
			  floor((low + 1) * (low + 1) / 255) * part) /
			 255;
	}
}

static void a_text_of_256_lines_is_a_curve_of_levels(void **state)
{
	char text[256 * 5 + 1] = "";
	size_t used = 0;

	(void)state;
	for (int level = 0; level < 256; level++)
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%d\n", level * level / 255);
	check(text, squares_of_levels, 1e-4);
}

static void three_curves(const double in[3], double out[3])
{
	out[0] = in[0] < 0.5 ? in[0] * 1.6 : 0.8;
	out[1] = 1 - in[1];
	out[2] = in[2] < 0.5 ? in[2] * 3 : 1.5 - (in[2] - 0.5) * 2;
}

static void a_cube_of_one_dimension_is_three_curves(void **state)
{
	(void)state;
	check("LUT_1D_SIZE 3\n0 1 0\n0.8 0.5 1.5\n0.8 0 0.5\n", three_curves, 1e-4);
}

/* By the definition: the corners in the order of the parts, and their weights. */
static double corner(int64_t r, int64_t g, int64_t b, int c)
{
	uint64_t random = (uint64_t)(r + SIDE * (g + SIDE * b)) * 3 + (uint64_t)c;

	random_next(&random);
	return (double)(random_next(&random) % 1000) / 1000;
}

static void tetrahedra(const double in[3], double out[3])
{
	int64_t at[3];
	double part[3];

	for (int c = 0; c < 3; c++) {
		at[c] = (int64_t)fmin(floor(in[c] * (SIDE - 1)), SIDE - 2);
		part[c] = in[c] * (SIDE - 1) - (double)at[c];
	}
	for (int c = 0; c < 3; c++) {
		int64_t now[3] = {at[0], at[1], at[2]};
		bool passed[3] = {false};
		double before = corner(now[0], now[1], now[2], c);

		out[c] = before;
		for (int step = 0; step < 3; step++) {
			int axis = -1;

			for (int i = 0; i < 3; i++)
				if (!passed[i] && (axis < 0 || part[i] > part[axis]))
					axis = i;
			passed[axis] = true;
			now[axis]++;
			out[c] += part[axis] * (corner(now[0], now[1], now[2], c) - before);
			before = corner(now[0], now[1], now[2], c);
		}
	}
}

static void a_cube_of_three_dimensions_is_mixed_in_tetrahedra(void **state)
{
	char text[SIDE * SIDE * SIDE * 20 + 40];
	size_t used = (size_t)snprintf(text, sizeof(text), "LUT_3D_SIZE %d\n", SIDE);

	(void)state;
	for (int b = 0; b < SIDE; b++)
		for (int g = 0; g < SIDE; g++)
			for (int r = 0; r < SIDE; r++)
				used += (size_t)snprintf(text + used, sizeof(text) - used,
							 "%.3f %.3f %.3f\n", corner(r, g, b, 0),
							 corner(r, g, b, 1), corner(r, g, b, 2));
	check(text, tetrahedra, 1e-3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_that_is_no_table_is_refused_with_its_line),
	    cmocka_unit_test(what_programs_write_into_such_files_is_taken),
	    cmocka_unit_test(with_no_file_nothing_changes),
	    cmocka_unit_test(a_text_of_256_lines_is_a_curve_of_levels),
	    cmocka_unit_test(a_cube_of_one_dimension_is_three_curves),
	    cmocka_unit_test(a_cube_of_three_dimensions_is_mixed_in_tetrahedra),
	};

	lut = ivp_filter_find("lut");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
