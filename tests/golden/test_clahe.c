/* SPDX-License-Identifier: MIT */
/* CLAHE by its definition in double precision. Weights are multiples of 2^-14, curves mixed
 * downwards of 2^-7: together at most 0.04 of a level. Of 16 bits, weights alone make 3 levels, and
 * the ends of bins and curves mixed are whole levels. */
#include "golden/levels.h"

static const double weights[3] = {19595 / 65536.0, 38470 / 65536.0, 7471 / 65536.0};

static unsigned luma_at(const struct picture *in, int64_t x, int64_t y)
{
	double luma = 0.5;

	if (in->channels == 1)
		return (unsigned)level_at(in, x, y, 0);
	for (size_t c = 0; c < 3; c++)
		luma += level_at(in, x, y, c) * weights[c];
	return (unsigned)luma;
}

/* What the curve of a tile makes of a level, from the pixels of the tile. */
static double curve(const struct picture *in, uint32_t tiles[2], uint32_t i, uint32_t j,
		    double clip, unsigned level)
{
	const uint32_t width = in->shape.width, height = in->shape.height;
	const unsigned in_bin = most_level(in) > 255 ? 256 : 1, bin = level / in_bin;
	double counts[256] = {0}, all = 0, limit = INFINITY, excess = 0, sum = 0;
	double share = (level % in_bin + 1.0) / in_bin; /* of the bin */

	for (int64_t y = (int64_t)height * j / tiles[1]; y < (int64_t)height * (j + 1) / tiles[1];
	     y++)
		for (int64_t x = (int64_t)width * i / tiles[0];
		     x < (int64_t)width * (i + 1) / tiles[0]; x++) {
			counts[luma_at(in, x, y) / in_bin]++;
			all++;
		}
	if (clip > 0)
		limit = fmax(1, floor(clip * all / 256));
	for (unsigned v = 0; v < 256; v++)
		excess += fmax(0, counts[v] - limit);
	for (unsigned v = 0; v < bin; v++)
		sum += fmin(counts[v], limit);
	sum += fmin(counts[bin], limit) * share + excess * (bin + share) / 256;
	return in_bin == 1 ? floor(255 * sum / all + 0.5) : 65535 * sum / all;
}

static double equalized(const struct picture *in, uint32_t tiles[2], double clip, int64_t x,
			int64_t y)
{
	const double at[2] = {((double)x + 0.5) * tiles[0] / in->shape.width - 0.5,
			      ((double)y + 0.5) * tiles[1] / in->shape.height - 0.5};
	uint32_t first[2], second[2];
	double part[2], result = 0;

	for (int k = 0; k < 2; k++) {
		double limited_at = fmin(fmax(at[k], 0), tiles[k] - 1);

		first[k] = (uint32_t)floor(limited_at);
		second[k] = first[k] + 1 < tiles[k] ? first[k] + 1 : first[k];
		part[k] = limited_at - first[k];
	}
	for (int k = 0; k < 4; k++)
		result += (k & 1 ? part[0] : 1 - part[0]) * (k & 2 ? part[1] : 1 - part[1]) *
			  curve(in, tiles, k & 1 ? second[0] : first[0],
				k & 2 ? second[1] : first[1], clip, luma_at(in, x, y));
	return result;
}

static void check(uint32_t width, uint32_t height, const char *columns, const char *rows,
		  const char *clip)
{
	const struct ivp_filter *filter = ivp_filter_find("clahe");
	void *self = filter_configure(filter, columns, rows, clip, NULL);

	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		struct picture in = picture_make(width, height, format), out;
		uint32_t tiles[2] = {(uint32_t)strtoul(columns + 8, NULL, 10),
				     (uint32_t)strtoul(rows + 5, NULL, 10)};

		tiles[0] = tiles[0] < width ? tiles[0] : width;
		tiles[1] = tiles[1] < height ? tiles[1] : height;
		picture_fill(&in, SMOOTH, format);
		out = filter_run(filter, self, &in);
		for (int64_t y = 0; y < height; y += 3)
			for (int64_t x = 0; x < width; x += 5) {
				double change =
				    equalized(&in, tiles, strtod(clip + 5, NULL), x, y) -
				    luma_at(&in, x, y);

				for (size_t c = 0; c < in.channels; c++) {
					const double most = most_level(&in);
					double level = level_at(&in, x, y, c);
					double got = level_at(&out, x, y, c);

					if (c == 3)
						assert_true(got == level);
					else
						level = fmin(fmax(level + change, 0), most);
					if (fabs(got - level) > (most > 255 ? 5 : 0.54))
						fail_msg("%s %d,%d: %g, not %f",
							 ivp_format_name(format), (int)x, (int)y,
							 got, level);
				}
			}
		picture_free(&in);
		picture_free(&out);
	}
	free(self);
}

static void each_pixel_is_mixed_from_the_curves_around_it(void **state)
{
	(void)state;
	check(97, 61, "columns=8", "rows=8", "clip=2");
	check(150, 40, "columns=3", "rows=5", "clip=0");
	check(64, 64, "columns=1", "rows=1", "clip=1.5");
}

static void more_tiles_than_pixels_are_as_many_as_there_are(void **state)
{
	(void)state;
	check(5, 3, "columns=8", "rows=64", "clip=2");
	check(1, 1, "columns=8", "rows=8", "clip=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_pixel_is_mixed_from_the_curves_around_it),
	    cmocka_unit_test(more_tiles_than_pixels_are_as_many_as_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
