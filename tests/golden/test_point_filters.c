/* SPDX-License-Identifier: MIT */
/* Filters that look at one pixel at a time: grayscale, invert, copy. All are exact. */
#include "golden/reference.h"

static void grayscale_is_luma_rounded(void **state)
{
	static const double weights[2][3] = {{0.299, 0.587, 0.114}, {0.2126, 0.7152, 0.0722}};
	const struct ivp_filter *filter = ivp_filter_find("grayscale");

	(void)state;
	for (size_t luma = 0; luma < 2; luma++)
		for (uint32_t format = IVP_FORMAT_RGB8; format <= IVP_FORMAT_RGBA8; format++) {
			void *self = filter_configure(filter, luma ? "luma=rec709" : "luma=rec601",
						      "alpha=drop", NULL);
			struct picture in = picture_make(201, 33, format), out;

			picture_fill(&in, NOISE, luma);
			out = filter_run(filter, self, &in);
			assert_int_equal(out.shape.format, IVP_FORMAT_GRAY8);
			for (int64_t y = 0; y < 33; y++)
				for (int64_t x = 0; x < 201; x++) {
					const uint8_t *p = picture_at(&in, x, y);
					double wanted = p[0] * weights[luma][0] +
							p[1] * weights[luma][1] +
							p[2] * weights[luma][2];

					/* Weights are multiples of 1/65536. */
					assert_true(fabs(*picture_at(&out, x, y) - wanted) < 0.504);
				}
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

static void grayscale_of_16_bits_is_luma_rounded(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("grayscale");

	(void)state;
	for (uint32_t format = IVP_FORMAT_RGB16; format <= IVP_FORMAT_RGBA16; format++)
		for (unsigned keep = 0; keep < 2; keep++) {
			void *self =
			    filter_configure(filter, keep ? "alpha=keep" : "alpha=drop", NULL);
			struct picture in = picture_make(131, 9, format), out;

			picture_fill(&in, NOISE, format);
			out = filter_run(filter, self, &in);
			assert_int_equal(out.channels, keep && in.channels == 4 ? 4 : 1);
			for (int64_t y = 0; y < 9; y++)
				for (int64_t x = 0; x < 131; x++) {
					const uint16_t *p = (void *)picture_at(&in, x, y);
					const uint16_t *q = (void *)picture_at(&out, x, y);
					double wanted = p[0] * 0.299 + p[1] * 0.587 + p[2] * 0.114;

					/* Weights are multiples of 1/65536. */
					assert_true(fabs(q[0] - wanted) < 1.5);
					if (out.channels == 4)
						assert_true(q[0] == q[1] && q[0] == q[2] &&
							    q[3] == p[3]);
				}
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

static void grayscale_keeps_alpha_unless_told_to_drop_it(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("grayscale");
	void *keep = filter_configure(filter, NULL);
	void *drop = filter_configure(filter, "alpha=drop", NULL);
	struct picture in = picture_make(70, 9, IVP_FORMAT_RGBA8), kept, dropped;

	(void)state;
	picture_fill(&in, NOISE, 3);
	kept = filter_run(filter, keep, &in);
	dropped = filter_run(filter, drop, &in);
	assert_int_equal(kept.shape.format, IVP_FORMAT_RGBA8);
	for (int64_t y = 0; y < 9; y++)
		for (int64_t x = 0; x < 70; x++) {
			uint8_t luma = *picture_at(&dropped, x, y);
			uint8_t wanted[4] = {luma, luma, luma, picture_at(&in, x, y)[3]};

			assert_memory_equal(picture_at(&kept, x, y), wanted, 4);
		}
	picture_free(&in);
	picture_free(&kept);
	picture_free(&dropped);
	free(keep);
	free(drop);
}

static void invert_is_255_minus_and_leaves_alpha(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("invert");

	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA8; format++) {
		struct picture in = picture_make(131, 5, format), out;

		picture_fill(&in, NOISE, format);
		out = filter_run(filter, NULL, &in);
		for (int64_t y = 0; y < 5; y++)
			for (int64_t x = 0; x < 131; x++)
				for (size_t c = 0; c < in.channels; c++) {
					unsigned level = picture_at(&in, x, y)[c];

					assert_int_equal(picture_at(&out, x, y)[c],
							 c == 3 ? level : 255 - level);
				}
		picture_free(&in);
		picture_free(&out);
	}
}

static void gray_through_grayscale_and_anything_through_copy_stays(void **state)
{
	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++) {
		const struct ivp_filter *filter = ivp_filter_find("copy");
		void *self;

		if (format == IVP_FORMAT_GRAY8)
			filter = ivp_filter_find("grayscale");
		self = filter_configure(filter, NULL);
		struct picture in = picture_make(77, 6, format), out;

		picture_fill(&in, NOISE, format);
		out = filter_run(filter, self, &in);
		for (int64_t y = 0; y < 6; y++)
			assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y),
					    (size_t)77 * ivp_format_pixel_bytes(format));
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grayscale_is_luma_rounded),
	    cmocka_unit_test(grayscale_of_16_bits_is_luma_rounded),
	    cmocka_unit_test(grayscale_keeps_alpha_unless_told_to_drop_it),
	    cmocka_unit_test(invert_is_255_minus_and_leaves_alpha),
	    cmocka_unit_test(gray_through_grayscale_and_anything_through_copy_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
