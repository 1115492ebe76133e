/* SPDX-License-Identifier: MIT */
#include "golden/reference-resize.h"

/* Largest allowed error before rounding; 0.5 is what rounding costs, and integer weights, where
 * there is no alpha, up to 0.03. nearest has none. */
#define ALLOWED 0.53

static const struct ivp_filter *resize(void)
{
	return ivp_filter_find("resize");
}

static struct samples reference_resize(const struct picture *picture, size_t kernel,
				       const struct ivp_shape *whole, const struct ivp_shape *out)
{
	struct samples in = samples_of(picture);
	struct samples wide =
	    reference_axis(&in, kernel, whole->width, (whole->width - out->width) / 2, out->width);
	struct samples result = reference_axis(&wide, kernel, whole->height,
					       (whole->height - out->height) / 2, out->height);

	free(in.at);
	free(wide.at);
	return result;
}

static void every_kernel_is_as_exact_as_rounding_allows(void **state)
{
	static const int sizes[][4] = {
	    {1, 1, 5, 7},    {64, 48, 31, 17}, {63, 65, 200, 129}, {100, 80, 1, 1},
	    {7, 300, 9, 40}, {65, 33, 65, 33}, {257, 40, 33, 3},   {2, 2, 3, 3},
	    {1, 90, 1, 30},  {90, 1, 30, 1},   {120, 60, 120, 30}, {50, 40, 100, 80},
	};

	(void)state;
	for (size_t kernel = 0; kernel < count_of(reference_kernels); kernel++)
		for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA8; format++)
			for (size_t s = 0; s < count_of(sizes); s++) {
				struct picture in = picture_make((uint32_t)sizes[s][0],
								 (uint32_t)sizes[s][1], format);
				struct distance distance = {0};
				struct picture out;
				struct samples wanted;
				char width[32], height[32], name[32];
				void *self;

				snprintf(width, sizeof(width), "width=%d", sizes[s][2]);
				snprintf(height, sizeof(height), "height=%d", sizes[s][3]);
				snprintf(name, sizeof(name), "kernel=%s",
					 reference_kernels[kernel]);
				self = filter_configure(resize(), "mode=exact", width, height, name,
							NULL);
				picture_fill(&in, s % PATTERNS, s);
				out = filter_run(resize(), self, &in);
				wanted = reference_resize(&in, kernel, &out.shape, &out.shape);
				distance_add(&distance, &out, &wanted);
				if (distance.largest > (kernel == 0 ? 1e-9 : ALLOWED))
					fail_msg("%s, %s, %d x %d to %d x %d: largest %.4f",
						 reference_kernels[kernel], ivp_format_name(format),
						 sizes[s][0], sizes[s][1], sizes[s][2], sizes[s][3],
						 distance.largest);
				free(wanted.at);
				picture_free(&in);
				picture_free(&out);
				free(self);
			}
}

/* The curve of sRGB and its inverse, of and to shares of full light. */
static double to_light(double share)
{
	return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

static double from_light(double share)
{
	return share <= 0.04045 / 12.92 ? share * 12.92 : 1.055 * pow(share, 1 / 2.4) - 0.055;
}

static double share_at(const struct picture *picture, size_t x, size_t y, size_t channel)
{
	const uint8_t *pixel = picture_at(picture, (int64_t)x, (int64_t)y);
	uint16_t wide;

	if (picture->shape.format < IVP_FORMAT_GRAY16)
		return pixel[channel] / 255.0;
	memcpy(&wide, pixel + 2 * channel, sizeof(wide));
	return wide / 65535.0;
}

static struct samples shares_of(const struct picture *picture, bool linear)
{
	struct samples in =
	    samples_make(picture->shape.width, picture->shape.height, picture->channels);

	for (size_t y = 0; y < in.height; y++)
		for (size_t x = 0; x < in.width; x++)
			for (size_t c = 0; c < in.channels; c++) {
				const double share = share_at(picture, x, y, c);
				const bool colour = c < 3 || in.channels < 4;

				sample(&in, x, y)[c] =
				    (linear && colour ? to_light(share) : share) *
				    (in.channels == 4 && c < 3 ? share_at(picture, x, y, 3) : 1);
			}
	return in;
}

/* Levels that out is off at most, colours times their alpha. */
static double largest_error(const struct picture *out, const struct samples *wanted, bool linear)
{
	const double top = out->shape.format < IVP_FORMAT_GRAY16 ? 255 : 65535;
	double largest = 0;

	for (size_t y = 0; y < wanted->height; y++)
		for (size_t x = 0; x < wanted->width; x++)
			for (size_t c = 0; c < wanted->channels; c++) {
				const double *want = sample(wanted, x, y);
				const bool alpha = wanted->channels == 4 && c == 3;
				const double cover =
				    wanted->channels == 4 && !alpha ? fmin(1, want[3]) : 1;
				double share = want[c];

				if (cover * top < 0.5 + 1e-6)
					continue;
				share = fmax(0, fmin(1, wanted->channels == 4 && !alpha
							    ? share / want[3]
							    : share));
				share = linear && !alpha ? from_light(share) : share;
				largest = fmax(largest,
					       fabs(share_at(out, x, y, c) - share) * top * cover);
			}
	return largest;
}

static void light_and_16_bits_are_as_exact_as_rounding_allows(void **state)
{
	static const char *const sizes[][2] = {
	    {"width=31", "height=17"}, {"width=200", "height=129"}, {"width=5", "height=40"}};

	(void)state;
	for (unsigned i = 0; i < 6 * 2 * count_of(sizes) * 3; i++) {
		const uint32_t format = IVP_FORMAT_GRAY8 + i % 6;
		const bool linear = i / 6 % 2;
		const char *const *size = sizes[i / 12 % count_of(sizes)];
		const size_t kernel = (size_t[]){1, 2, 7}[i / 36];
		/* Single floats have 24 bits, and the curve is 12.92 times as steep in the dark. */
		const double allowed = format < IVP_FORMAT_GRAY16 ? ALLOWED : linear ? 0.75 : 0.55;
		char name[32];
		struct picture in = picture_make(63, 48, format), out;
		struct samples shares, wide, wanted;
		double largest;
		void *self;

		snprintf(name, sizeof(name), "kernel=%s", reference_kernels[kernel]);
		self = filter_configure(resize(), "mode=exact", size[0], size[1], name,
					linear ? "linear=yes" : "linear=no", NULL);
		picture_fill(&in, i % PATTERNS, i);
		out = filter_run(resize(), self, &in);
		shares = shares_of(&in, linear);
		wide = reference_axis(&shares, kernel, out.shape.width, 0, out.shape.width);
		wanted = reference_axis(&wide, kernel, out.shape.height, 0, out.shape.height);
		largest = largest_error(&out, &wanted, linear);
		if (largest > allowed)
			fail_msg("%s, %s, %s, %s: largest %.4f", reference_kernels[kernel],
				 ivp_format_name(format), size[0], linear ? "light" : "levels",
				 largest);
		free(shares.at);
		free(wide.at);
		free(wanted.at);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static uint32_t level_at(const struct picture *picture, int64_t x, int64_t y, size_t channel)
{
	const uint8_t *pixel = picture_at(picture, x, y);
	uint16_t wide;

	if (picture->shape.format < IVP_FORMAT_GRAY16)
		return pixel[channel];
	memcpy(&wide, pixel + 2 * channel, sizeof(wide));
	return wide;
}

/* The mean of 2 x 2 levels, or of those of colours by their alphas, halves rounded up. */
static uint32_t mean_of_four(const struct picture *in, int64_t x, int64_t y, size_t channel)
{
	const bool alpha = in->channels == 4;
	uint64_t sum = 0, weights = 0;

	for (int64_t k = 0; k < 4; k++) {
		const uint64_t weight = alpha ? level_at(in, 2 * x + k % 2, 2 * y + k / 2, 3) : 1;

		weights += weight;
		sum += level_at(in, 2 * x + k % 2, 2 * y + k / 2, channel) *
		       (alpha && channel == 3 ? 1 : weight);
	}
	if (alpha && weights < 2)
		return 0;
	if (alpha && channel == 3)
		return (uint32_t)(weights + 2) / 4;
	return (uint32_t)((2 * sum + weights) / (2 * weights));
}

/* Opaque on the left, then as it was, here and there with an alpha of 0 or 1. */
static void set_alphas(struct picture *in)
{
	const size_t bytes = in->shape.format == IVP_FORMAT_RGBA8 ? 1 : 2;

	for (int64_t y = 0; y < in->shape.height; y++)
		for (int64_t x = 0; x < in->shape.width; x++) {
			uint8_t *alpha = picture_at(in, x, y) + 3 * bytes;

			if (x < in->shape.width / 2) {
				memset(alpha, 255, bytes);
			} else if (x % 16 < 6) {
				memset(alpha, 0, bytes);
				alpha[0] = (x + y) % 5 == 0;
			}
		}
}

static void halves_by_area_are_exact(void **state)
{
	static const uint32_t sides[][2] = {{1, 1}, {7, 3}, {40, 5}, {333, 4}};

	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA16; format++)
		for (size_t s = 0; s < count_of(sides); s++) {
			struct picture in = picture_make(2 * sides[s][0], 2 * sides[s][1], format);
			void *self = filter_configure(resize(), "kernel=box", NULL);
			struct picture out;

			picture_fill(&in, NOISE, s);
			if (in.channels == 4)
				set_alphas(&in);
			out = filter_run(resize(), self, &in);
			assert_int_equal(out.shape.width, sides[s][0]);
			assert_int_equal(out.shape.height, sides[s][1]);
			for (int64_t y = 0; y < out.shape.height; y++)
				for (int64_t x = 0; x < out.shape.width; x++)
					for (size_t c = 0; c < in.channels; c++) {
						const int64_t off =
						    (int64_t)level_at(&out, x, y, c) -
						    mean_of_four(&in, x, y, c);
						/* Colours times alpha of 16 bits are floats. */
						const bool close = format == IVP_FORMAT_RGBA16 &&
								   x >= out.shape.width / 2;

						if (off < -close || off > close)
							fail_msg("%s: %d off at %d, %d",
								 ivp_format_name(format), (int)off,
								 (int)x, (int)y);
					}
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

/* Of the source samples next to a result sample the nearer one counts three times. */
static uint32_t mean_of_sixteen(const struct picture *in, int64_t x, int64_t y, size_t channel)
{
	const int64_t side[2] = {in->shape.width - 1, in->shape.height - 1};
	const int64_t near[2] = {x / 2, y / 2};
	int64_t far[2] = {near[0] + (x % 2 ? 1 : -1), near[1] + (y % 2 ? 1 : -1)};

	for (size_t i = 0; i < 2; i++)
		far[i] = far[i] < 0 ? 0 : far[i] > side[i] ? side[i] : far[i];
	return (9 * level_at(in, near[0], near[1], channel) +
		3 * level_at(in, far[0], near[1], channel) +
		3 * level_at(in, near[0], far[1], channel) + level_at(in, far[0], far[1], channel) +
		8) /
	       16;
}

static void doubles_by_triangles_are_exact(void **state)
{
	static const uint32_t formats[] = {IVP_FORMAT_GRAY8, IVP_FORMAT_RGB8, IVP_FORMAT_GRAY16,
					   IVP_FORMAT_RGB16};
	static const uint32_t sides[][2] = {{1, 1}, {2, 5}, {33, 3}, {641, 2}, {962, 2}};

	(void)state;
	for (unsigned i = 0; i < count_of(formats) * count_of(sides); i++) {
		const uint32_t *side = sides[i / count_of(formats)];
		struct picture in = picture_make(side[0], side[1], formats[i % count_of(formats)]);
		void *self = filter_configure(resize(), "percent=200", "kernel=bilinear", NULL);
		struct picture out;

		picture_fill(&in, i % 2 ? NOISE : BLACK_AND_WHITE, i);
		out = filter_run(resize(), self, &in);
		for (int64_t y = 0; y < out.shape.height; y++)
			for (int64_t x = 0; x < out.shape.width; x++)
				for (size_t c = 0; c < in.channels; c++)
					if (level_at(&out, x, y, c) !=
					    mean_of_sixteen(&in, x, y, c))
						fail_msg("%s: wrong at %d, %d",
							 ivp_format_name(in.shape.format), (int)x,
							 (int)y);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static void fill_cuts_the_middle_out_of_the_scaled_image(void **state)
{
	static const uint32_t sizes[][2] = {{100, 40}, {40, 100}, {60, 60}};

	(void)state;
	for (size_t s = 0; s < count_of(sizes); s++) {
		void *self = filter_configure(resize(), "mode=fill", "width=30", "height=20",
					      "kernel=bicubic", NULL);
		struct picture in = picture_make(sizes[s][0], sizes[s][1], IVP_FORMAT_RGB8);
		struct ivp_shape whole = {30, 30 * sizes[s][1] / sizes[s][0], 0};
		struct distance distance = {0};
		struct picture out;
		struct samples wanted;

		if (whole.height < 20)
			whole = (struct ivp_shape){20 * sizes[s][0] / sizes[s][1], 20, 0};
		picture_fill(&in, NOISE, s);
		out = filter_run(resize(), self, &in);
		assert_int_equal(out.shape.width, 30);
		assert_int_equal(out.shape.height, 20);
		wanted = reference_resize(&in, 3, &whole, &out.shape);
		distance_add(&distance, &out, &wanted);
		assert_true(distance.largest < ALLOWED);
		free(wanted.at);
		picture_free(&in);
		picture_free(&out);
		free(self);
	}
}

static void modes_give_the_promised_sizes(void **state)
{
	static const struct {
		uint32_t in[2];
		const char *mode, *width, *height, *percent;
		uint32_t out[2];
	} cases[] = {
	    {{1920, 1080}, "mode=exact", "width=640", "height=100", "percent=50", {640, 100}},
	    {{1920, 1080}, "mode=exact", "width=640", "height=0", "percent=50", {640, 360}},
	    {{1920, 1080}, "mode=exact", "width=0", "height=540", "percent=50", {960, 540}},
	    {{1920, 1080}, "mode=fit", "width=640", "height=640", "percent=50", {640, 360}},
	    {{1080, 1920}, "mode=fit", "width=640", "height=640", "percent=50", {360, 640}},
	    {{100, 100}, "mode=fit", "width=640", "height=320", "percent=50", {320, 320}},
	    {{1920, 1080}, "mode=fit", "width=0", "height=27", "percent=50", {48, 27}},
	    {{1920, 1080}, "mode=fit", "width=48", "height=0", "percent=50", {48, 27}},
	    {{10000, 1}, "mode=fit", "width=10", "height=10", "percent=50", {10, 1}},
	    {{1920, 1080}, "mode=fill", "width=500", "height=500", "percent=50", {500, 500}},
	    {{1920, 1080}, "mode=cover", "width=500", "height=500", "percent=50", {889, 500}},
	    {{1080, 1920}, "mode=cover", "width=500", "height=500", "percent=50", {500, 889}},
	    {{1, 60000}, "mode=fill", "width=9", "height=2", "percent=50", {9, 2}},
	    {{1921, 1080}, "mode=percent", "width=0", "height=0", "percent=50", {961, 540}},
	    {{3, 3}, "mode=percent", "width=0", "height=0", "percent=0.1", {1, 1}},
	    {{60000, 2}, "mode=percent", "width=0", "height=0", "percent=200", {65535, 4}},
	    {{2, 60000}, "mode=exact", "width=65535", "height=0", "percent=50", {65535, 65535}},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		void *self = filter_configure(resize(), cases[i].mode, cases[i].width,
					      cases[i].height, cases[i].percent, NULL);
		struct ivp_shape in = {cases[i].in[0], cases[i].in[1], IVP_FORMAT_RGB8}, out;

		assert_int_equal(resize()->shape(self, &in, &out, NULL), 0);
		assert_int_equal(out.width, cases[i].out[0]);
		assert_int_equal(out.height, cases[i].out[1]);
		assert_int_equal(out.format, IVP_FORMAT_RGB8);
		free(self);
	}
}

static void sizes_that_a_mode_lacks_are_asked_for(void **state)
{
	struct ivp_why why = {""};
	void *self = filter_configure(resize(), "mode=fit", NULL);

	(void)state;
	assert_int_equal(resize()->check(self, &why), -EINVAL);
	assert_string_equal(why.text,
			    "mode fit needs width or height: give one of them, at least 1 px");
	free(self);
	self = filter_configure(resize(), "mode=fill", "width=5", NULL);
	assert_int_equal(resize()->check(self, &why), -EINVAL);
	assert_string_equal(why.text, "mode fill needs width and height: give both, at least 1 px");
	free(self);
	self = filter_configure(resize(), "width=5", NULL);
	assert_int_equal(resize()->check(self, &why), -EINVAL);
	assert_string_equal(why.text, "width and height have no meaning in mode percent: set mode "
				      "to exact, fit, fill or cover, or leave them out");
	free(self);
	self = filter_configure(resize(), NULL);
	assert_int_equal(resize()->check(self, &why), 0);
	free(self);
}

static void a_constant_stays_what_it_is_also_at_borders(void **state)
{
	(void)state;
	for (size_t kernel = 0; kernel < count_of(reference_kernels); kernel++)
		for (unsigned level = 0; level < 256; level += 5) {
			struct picture in = picture_make(29, 11, IVP_FORMAT_RGBA8), out;
			char name[32];
			void *self;

			snprintf(name, sizeof(name), "kernel=%s", reference_kernels[kernel]);
			self = filter_configure(resize(), "mode=exact", "width=40", "height=7",
						name, NULL);
			for (int64_t y = 0; y < 11; y++)
				memset(picture_at(&in, 0, y), (int)level, (size_t)29 * 4);
			for (int64_t y = 0; y < 11; y++)
				for (int64_t x = 0; x < 29; x++)
					picture_at(&in, x, y)[3] = 200;
			out = filter_run(resize(), self, &in);
			for (int64_t y = 0; y < 7; y++)
				for (int64_t x = 0; x < 40; x++)
					assert_memory_equal(picture_at(&out, x, y),
							    picture_at(&in, 0, 0), 4);
			picture_free(&in);
			picture_free(&out);
			free(self);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kernel_is_as_exact_as_rounding_allows),
	    cmocka_unit_test(light_and_16_bits_are_as_exact_as_rounding_allows),
	    cmocka_unit_test(halves_by_area_are_exact),
	    cmocka_unit_test(doubles_by_triangles_are_exact),
	    cmocka_unit_test(fill_cuts_the_middle_out_of_the_scaled_image),
	    cmocka_unit_test(modes_give_the_promised_sizes),
	    cmocka_unit_test(sizes_that_a_mode_lacks_are_asked_for),
	    cmocka_unit_test(a_constant_stays_what_it_is_also_at_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
