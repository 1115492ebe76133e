/* SPDX-License-Identifier: MIT */
/* Convert between all formats: shares of the highest level in double precision, rounded once. */
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

static double expected(const struct picture *in, int64_t x, int64_t y, size_t channel,
		       size_t channels)
{
	if (channel == 3)
		return in->channels == 4 ? share_at(in, x, y, 3) : 1;
	if (in->channels == 1)
		return share_at(in, x, y, 0);
	if (channels == 1)
		return 0.299 * share_at(in, x, y, 0) + 0.587 * share_at(in, x, y, 1) +
		       0.114 * share_at(in, x, y, 2);
	return share_at(in, x, y, channel);
}

static void check(uint32_t from, const char *channels, const char *depth, uint32_t to)
{
	const struct ivp_filter *filter = ivp_filter_find("convert");
	void *self = filter_configure(filter, channels, depth, NULL);
	const bool wide = IVP_FORMAT_BIT(to) & IVP_FORMATS_16BIT;
	struct picture in = picture_make(WIDTH, HEIGHT, from), out;
	/* Luma of 16 bits has weights in 1/65536, and may be rounded before it becomes one of 8. */
	const double most = wide ? 65535 : 255, slack = ivp_format_channels(to) == 1 ? 1 : 1e-6;

	picture_fill(&in, NOISE, from);
	out = filter_run(filter, self, &in);
	assert_int_equal(out.shape.format, to);
	for (int64_t y = 0; y < HEIGHT; y++)
		for (int64_t x = 0; x < WIDTH; x++)
			for (size_t c = 0; c < out.channels; c++)
				assert_true(fabs(share_at(&out, x, y, c) -
						 expected(&in, x, y, c, out.channels)) *
						most <
					    0.5 + slack);
	picture_free(&in);
	picture_free(&out);
	free(self);
}

static void every_format_becomes_every_other(void **state)
{
	static const char *const kinds[] = {"channels=gray", "channels=rgb", "channels=rgba"};

	(void)state;
	for (uint32_t from = IVP_FORMAT_GRAY8; from <= IVP_FORMAT_RGBA16; from++)
		for (uint32_t i = 0; i < 3; i++) {
			const bool wide = IVP_FORMAT_BIT(from) & IVP_FORMATS_16BIT;

			check(from, kinds[i], "depth=8", IVP_FORMAT_GRAY8 + i);
			check(from, kinds[i], "depth=16", IVP_FORMAT_GRAY16 + i);
			check(from, kinds[i], "depth=same",
			      (wide ? IVP_FORMAT_GRAY16 : IVP_FORMAT_GRAY8) + i);
			check(from, "channels=same", wide ? "depth=8" : "depth=16",
			      wide ? from - 3 : from + 3);
		}
}

static void eight_bits_survive_sixteen(void **state)
{
	const struct ivp_filter *filter = ivp_filter_find("convert");
	void *up = filter_configure(filter, "depth=16", NULL);
	void *down = filter_configure(filter, "depth=8", NULL);
	struct picture in = picture_make(WIDTH, HEIGHT, IVP_FORMAT_RGBA8), middle, out;

	(void)state;
	picture_fill(&in, NOISE, 1);
	middle = filter_run(filter, up, &in);
	out = filter_run(filter, down, &middle);
	for (int64_t y = 0; y < HEIGHT; y++)
		assert_memory_equal(picture_at(&in, 0, y), picture_at(&out, 0, y),
				    (size_t)WIDTH * 4);
	picture_free(&in);
	picture_free(&middle);
	picture_free(&out);
	free(up);
	free(down);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_format_becomes_every_other),
	    cmocka_unit_test(eight_bits_survive_sixteen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
