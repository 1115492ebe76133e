/* SPDX-License-Identifier: MIT */
#include "config/params.h"
#include "config/registry.h"
#include "helpers/test.h"

#include "stage/chain.h"

/* Adds a number to each byte. */
struct add {
	int amount;
	unsigned *prepared; /* how often; may be NULL */
};

static void prepare_add(const void *self, const struct ivp_shape *in, const struct ivp_shape *out,
			void *scratch)
{
	const struct add *add = self;

	(void)in;
	(void)out;
	memset(scratch, add->amount, 256);
	if (add->prepared)
		++*add->prepared;
}

static size_t add_scratch(const void *self, const struct ivp_shape *in, const struct ivp_shape *out)
{
	(void)self;
	(void)out;
	return 256 + in->width;
}

static void apply_add(const void *self, const struct ivp_input *in, const struct ivp_output *out,
		      struct ivp_rows rows, void *scratch)
{
	const uint8_t *table = scratch;
	size_t bytes = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);

	(void)self;
	assert_memory_equal(&in->shape, &out->shape, sizeof(in->shape));
	for (uint32_t y = rows.first; y < rows.end; y++)
		for (size_t x = 0; x < bytes; x++)
			out->pixels[y * out->stride + x] =
			    (uint8_t)(in->pixels[y * in->stride + x] + table[x % 256]);
}

static const struct ivp_filter adder = {
    .name = "add",
    .summary = "adds",
    .formats = IVP_FORMATS_8BIT,
    .scratch_bytes = add_scratch,
    .prepare = prepare_add,
    .apply = apply_add,
};

/* Doubles the width by showing each pixel twice; GRAY8 only, and no wider than 100. */
static int double_shape(const void *self, const struct ivp_shape *in, struct ivp_shape *out,
			struct ivp_why *why)
{
	const uint32_t *widest = self;

	if (in->width > *widest) {
		ivp_why_set(why, "wider than %u", *widest);
		return -EINVAL;
	}
	out->width = in->width * 2;
	return 0;
}

static void apply_double(const void *self, const struct ivp_input *in, const struct ivp_output *out,
			 struct ivp_rows rows, void *scratch)
{
	(void)self;
	(void)scratch;
	for (uint32_t y = rows.first; y < rows.end; y++)
		for (uint32_t x = 0; x < out->shape.width; x++)
			out->pixels[y * out->stride + x] = in->pixels[y * in->stride + x / 2];
}

static const struct ivp_filter doubler = {
    .name = "double",
    .summary = "doubles",
    .formats = IVP_FORMAT_BIT(IVP_FORMAT_GRAY8),
    .shape = double_shape,
    .apply = apply_double,
};

struct image {
	struct ivp_shape shape;
	size_t stride;
	uint8_t *pixels;
};

static struct image make_image(uint32_t width, uint32_t height, uint32_t format, uint8_t first)
{
	struct image image = {.shape = {width, height, format}};
	uint64_t bytes;

	assert_int_equal(ivp_shape_size(&image.shape, &image.stride, &bytes), 0);
	image.pixels = malloc(bytes);
	assert_non_null(image.pixels);
	memset(image.pixels, 0xee, bytes);
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width * ivp_format_pixel_bytes(format); x++)
			image.pixels[y * image.stride + x] = (uint8_t)(first + y * 7 + x);
	return image;
}

static void count_beat(void *context)
{
	++*(unsigned *)context;
}

static enum ivp_stores stores; /* of run */

/* Plans and applies. The result is the caller's to free. */
static struct image run(struct ivp_chain *chain, const struct image *in, unsigned *beats)
{
	struct ivp_shape shape;
	struct ivp_why why = {""};

	if (ivp_chain_plan(chain, &in->shape, &shape, &why) != 0)
		fail_msg("%s", why.text);
	struct image out = make_image(shape.width, shape.height, shape.format, 0);
	const struct ivp_input from = {in->shape, in->stride, in->pixels};
	const struct ivp_output to = {out.shape, out.stride, out.pixels, stores};
	ivp_chain_apply(chain, &from, &to, beats ? count_beat : NULL, beats);
	return out;
}

static void no_filters_copy_the_pixels_and_not_the_padding(void **state)
{
	struct image in = make_image(10, 3, IVP_FORMAT_RGB16, 1);
	struct ivp_chain chain;

	(void)state;
	assert_int_equal(ivp_chain_init(&chain, NULL, 0), 0);
	struct image out = run(&chain, &in, NULL);
	assert_memory_equal(&out.shape, &in.shape, sizeof(in.shape));
	for (unsigned y = 0; y < 3; y++) {
		assert_memory_equal(out.pixels + y * 64, in.pixels + y * 64, 60);
		assert_int_equal(out.pixels[y * 64 + 60], 0xee);
	}
	assert_int_equal(ivp_chain_memory(&chain), 0);
	free(in.pixels);
	free(out.pixels);
	ivp_chain_finish(&chain);
}

static void filters_run_in_their_order(void **state)
{
	struct add one = {1, NULL}, two = {2, NULL};
	uint32_t widest = 100;
	const struct ivp_filter_conf conf[] = {
	    {&adder, &one, 1}, {&doubler, &widest, 2}, {&adder, &two, 3}, {&doubler, &widest, 4}};
	struct ivp_chain chain;
	unsigned beats = 0;

	(void)state;
	for (unsigned count = 0; count <= 4; count++) {
		struct image in = make_image(5, 4, IVP_FORMAT_GRAY8, 10);
		assert_int_equal(ivp_chain_init(&chain, conf, count), 0);
		struct image out = run(&chain, &in, &beats);
		unsigned factor = count >= 4 ? 4 : count >= 2 ? 2 : 1;
		unsigned plus = count >= 3 ? 3 : count >= 1 ? 1 : 0;
		assert_int_equal(out.shape.width, 5 * factor);
		assert_int_equal(out.shape.height, 4);
		for (unsigned y = 0; y < 4; y++)
			for (unsigned x = 0; x < 5 * factor; x++)
				assert_int_equal(out.pixels[y * 64 + x],
						 10 + y * 7 + x / factor + plus);
		free(in.pixels);
		free(out.pixels);
		ivp_chain_finish(&chain);
	}
	assert_int_equal(beats, 1 + 2 + 3 + 4);
}

static void a_shape_is_planned_once_until_another_comes(void **state)
{
	unsigned prepared = 0;
	struct add one = {1, &prepared};
	const struct ivp_filter_conf conf = {&adder, &one, 1};
	const struct ivp_shape small = {5, 4, IVP_FORMAT_GRAY8}, tall = {5, 5, IVP_FORMAT_GRAY8},
			       rgb = {5, 5, IVP_FORMAT_RGB8};
	struct ivp_chain chain;
	struct ivp_shape out;

	(void)state;
	assert_int_equal(ivp_chain_init(&chain, &conf, 1), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ivp_chain_plan(&chain, &small, &out, NULL), 0);
	assert_int_equal(prepared, 1);
	assert_memory_equal(&out, &small, sizeof(out));
	assert_int_equal(ivp_chain_plan(&chain, &tall, &out, NULL), 0);
	assert_int_equal(prepared, 2);
	assert_int_equal(out.height, 5);
	assert_int_equal(ivp_chain_plan(&chain, &rgb, &out, NULL), 0);
	assert_int_equal(prepared, 3);
	assert_int_equal(ivp_chain_plan(&chain, &small, &out, NULL), 0);
	assert_int_equal(prepared, 4);
	ivp_chain_finish(&chain);
}

static void a_filter_that_does_not_take_an_image_is_named(void **state)
{
	struct add one = {1, NULL};
	uint32_t widest = 100;
	const struct ivp_filter_conf conf[] = {{&adder, &one, 1}, {&doubler, &widest, 2}};
	const struct ivp_shape good = {5, 4, IVP_FORMAT_GRAY8}, deep = {5, 4, IVP_FORMAT_GRAY16},
			       rgb = {5, 4, IVP_FORMAT_RGB8}, wide = {101, 4, IVP_FORMAT_GRAY8},
			       unknown = {5, 4, 77}, huge = {5, 4, 1u << 31};
	struct ivp_chain chain;
	struct ivp_shape out;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_chain_init(&chain, conf, 2), 0);
	assert_int_equal(ivp_chain_plan(&chain, &deep, &out, &why), -EINVAL);
	assert_string_equal(why.text, "filter 'add' does not take GRAY16 images");
	assert_int_equal(ivp_chain_plan(&chain, &rgb, &out, &why), -EINVAL);
	assert_string_equal(why.text, "filter 'double' does not take RGB8 images");
	assert_int_equal(ivp_chain_plan(&chain, &wide, &out, &why), -EINVAL);
	assert_string_equal(why.text, "filter 'double' does not take this image: wider than 100");
	assert_int_equal(ivp_chain_plan(&chain, &unknown, &out, &why), -EINVAL);
	assert_int_equal(ivp_chain_plan(&chain, &huge, &out, &why), -EINVAL);

	/* After an error nothing is planned: the good shape is prepared anew and works. */
	assert_int_equal(ivp_chain_plan(&chain, &good, &out, &why), 0);
	assert_int_equal(ivp_chain_plan(&chain, &wide, &out, &why), -EINVAL);
	struct image in = make_image(5, 4, IVP_FORMAT_GRAY8, 10);
	struct image result = run(&chain, &in, NULL);
	assert_int_equal(result.pixels[64 + 9], 10 + 7 + 4 + 1);
	free(in.pixels);
	free(result.pixels);
	ivp_chain_finish(&chain);
}

static void a_result_that_no_memory_could_hold_is_refused(void **state)
{
	uint32_t widest = UINT32_MAX;
	const struct ivp_filter_conf conf[] = {{&doubler, &widest, 1}, {&doubler, &widest, 2}};
	const struct ivp_shape in = {1u << 30, 1, IVP_FORMAT_GRAY8};
	struct ivp_chain chain;
	struct ivp_shape out;
	struct ivp_why why;

	(void)state;
	assert_int_equal(ivp_chain_init(&chain, conf, 2), 0);
	/* Rows of 2^31 bytes: one more than a stride can tell. */
	assert_int_equal(ivp_chain_plan(&chain, &in, &out, &why), -EINVAL);
	assert_non_null(strstr(why.text, "filter 'double' makes an image of 2147483648x1"));
	ivp_chain_finish(&chain);
}

static void memory_is_taken_once_for_shapes_that_come_back(void **state)
{
	struct add one = {1, NULL}, two = {2, NULL};
	const struct ivp_filter_conf conf[] = {
	    {&adder, &one, 1}, {&adder, &two, 2}, {&adder, &one, 3}, {&adder, &two, 4}};
	struct ivp_chain chain;
	struct ivp_shape out;
	size_t held = 0;

	(void)state;
	assert_int_equal(ivp_chain_init(&chain, conf, 4), 0);
	assert_int_equal(ivp_chain_memory(&chain), 0);
	for (int round = 0; round < 10; round++) {
		const void *middle = chain.steps[0].middle, *scratch = chain.steps[2].scratch;
		for (uint32_t side = 100; side > 0; side -= 10) {
			const struct ivp_shape in = {side, 110 - side, IVP_FORMAT_RGB8};
			assert_int_equal(ivp_chain_plan(&chain, &in, &out, NULL), 0);
		}
		if (round == 0)
			held = ivp_chain_memory(&chain);
		else
			assert_ptr_equal(chain.steps[0].middle, middle);
		if (round > 0)
			assert_ptr_equal(chain.steps[2].scratch, scratch);
		assert_int_equal(ivp_chain_memory(&chain), held);
	}
	/* Four filters need three images between them, of at most 100 rows of 192 bytes or so. */
	assert_true(held >= 4 * 356);
	assert_true(held < 100000);
	ivp_chain_finish(&chain);
	assert_int_equal(ivp_chain_memory(&chain), 0);
}

static void shapes_may_change_from_frame_to_frame(void **state)
{
	struct add one = {1, NULL}, two = {2, NULL};
	uint32_t widest = 100;
	const struct ivp_filter_conf conf[] = {
	    {&adder, &one, 1}, {&doubler, &widest, 2}, {&adder, &two, 3}};
	struct ivp_chain chain;
	uint32_t seed = 1;

	(void)state;
	assert_int_equal(ivp_chain_init(&chain, conf, 3), 0);
	for (int i = 0; i < 200; i++) {
		seed = seed * 1664525u + 1013904223u;
		uint32_t width = seed >> 16 & 63, height = seed >> 24 & 31;
		struct image in = make_image(width + 1, height + 1, IVP_FORMAT_GRAY8, (uint8_t)i);
		struct image out = run(&chain, &in, NULL);
		for (uint32_t y = 0; y <= height; y++)
			for (uint32_t x = 0; x < 2 * (width + 1); x++)
				assert_int_equal(out.pixels[y * out.stride + x],
						 (uint8_t)(i + y * 7 + x / 2 + 3));
		free(in.pixels);
		free(out.pixels);
	}
	ivp_chain_finish(&chain);
}

/* Real filters that need rows above and below, all rows, or others than their own. */
static const struct filter_setting {
	const char *name, *key, *value;
} mixed[] = {{"gaussian-blur", "sigma", "6"}, {"resize", "percent", "70"},
	     {"box-blur", "radius", "9"},     {"grayscale", NULL, NULL},
	     {"sharpen", NULL, NULL},         {"resize", "percent", "150"}};
#define MIXED (sizeof(mixed) / sizeof(mixed[0]))

/* Filters of single levels, with others between. */
static const struct filter_setting levelled[] = {
    {"levels", "channel", "blue"},  {"gamma", "gamma", "1.7"},
    {"invert", NULL, NULL},         {"box-blur", "radius", "1"},
    {"invert", NULL, NULL},         {"sharpen", NULL, NULL},
    {"posterize", "levels", "200"}, {"brightness-contrast", "contrast", "0.7"}};
#define LEVELLED (sizeof(levelled) / sizeof(levelled[0]))

static void configure(const struct filter_setting *settings, size_t count,
		      struct ivp_filter_conf *conf)
{
	for (size_t i = 0; i < count; i++) {
		conf[i].filter = ivp_filter_find(settings[i].name);
		conf[i].self = calloc(1, conf[i].filter->private_bytes + 1);
		assert_non_null(conf[i].self);
		ivp_params_default(conf[i].filter, conf[i].self);
		if (settings[i].key)
			assert_int_equal(
			    ivp_param_set(ivp_param_find(conf[i].filter, settings[i].key),
					  conf[i].self, settings[i].value, NULL),
			    0);
	}
}

/* Each filter on the whole image, one after the other. */
static struct image run_alone(const struct ivp_filter_conf *conf, size_t count,
			      const struct image *first)
{
	struct image in = *first;

	for (size_t i = 0; i < count; i++) {
		struct ivp_chain chain;
		struct image out;

		assert_int_equal(ivp_chain_init(&chain, &conf[i], 1), 0);
		out = run(&chain, &in, NULL);
		ivp_chain_finish(&chain);
		if (i > 0)
			free(in.pixels);
		in = out;
	}
	return in;
}

static void assert_same_image(const struct image *a, const struct image *b)
{
	const size_t row = a->shape.width * ivp_format_pixel_bytes(a->shape.format);

	assert_memory_equal(&a->shape, &b->shape, sizeof(a->shape));
	for (uint32_t y = 0; y < a->shape.height; y++)
		assert_memory_equal(a->pixels + y * a->stride, b->pixels + y * b->stride, row);
}

/* At every level, on one to three threads and with both kinds of stores, as one filter after the
 * other. */
static void check_chain(const struct filter_setting *settings, size_t count, unsigned passes,
			struct image *in)
{
	struct ivp_filter_conf conf[8];
	struct image alone;

	assert_in_range(count, 1, count_of(conf));
	configure(settings, count, conf);
	alone = run_alone(conf, count, in);
	for (const struct ivp_isa *isa = ivp_isas; isa->name; isa++)
		for (unsigned threads = 1; threads <= 3 && isa->runs_here(); threads++) {
			struct ivp_chain chain;
			unsigned beats = 0;

			assert_int_equal(ivp_chain_init(&chain, conf, (unsigned)count), 0);
			ivp_chain_set_isa(&chain, isa);
			assert_int_equal(ivp_chain_set_threads(&chain, threads), 0);
			for (unsigned round = 0; round < 2; round++) {
				stores = round ? IVP_STORES_STREAMING : IVP_STORES_CACHED;
				struct image out = run(&chain, in, &beats);

				stores = IVP_STORES_CACHED;
				assert_same_image(&alone, &out);
				free(out.pixels);
			}
			assert_int_equal(chain.pass_count, passes);
			assert_true(beats >= 2 * passes);
			ivp_chain_finish(&chain);
		}
	for (size_t i = 0; i < count; i++)
		free(conf[i].self);
	free(alone.pixels);
}

static void strips_threads_and_levels_give_the_same_bits(void **state)
{
	struct image in = make_image(501, 700, IVP_FORMAT_RGB8, 3);

	(void)state;
	check_chain(mixed, MIXED, MIXED, &in);
	free(in.pixels);
}

static void filters_of_single_levels_become_one_pass(void **state)
{
	const uint32_t wide[] = {IVP_FORMAT_GRAY16, IVP_FORMAT_RGB16, IVP_FORMAT_RGBA16};

	(void)state;
	for (uint32_t format = IVP_FORMAT_GRAY8; format <= IVP_FORMAT_RGBA8; format++) {
		struct image in = make_image(301, 200, format, 5);

		check_chain(levelled, LEVELLED, 5, &in);
		check_chain(levelled, 3, 1, &in);
		free(in.pixels);
	}
	for (size_t i = 0; i < count_of(wide); i++) {
		struct image in = make_image(301, 200, wide[i], 5);

		check_chain(levelled, 3, 1, &in);
		check_chain(levelled + 6, 2, 1, &in);
		free(in.pixels);
	}
}

static void each_filter_streams_the_same_bits(void **state)
{
	struct image in = make_image(301, 400, IVP_FORMAT_RGB8, 9);

	(void)state;
	for (unsigned i = 0; ivp_filters[i]; i++) {
		struct ivp_filter_conf conf = {.filter = ivp_filters[i]};
		struct ivp_chain chain;
		struct ivp_shape shape;

		conf.self = calloc(1, conf.filter->private_bytes + 1);
		assert_non_null(conf.self);
		ivp_params_default(conf.filter, conf.self);
		assert_int_equal(ivp_chain_init(&chain, &conf, 1), 0);
		/* Those that have to be told something by their user need not be here. */
		if ((!conf.filter->check || conf.filter->check(conf.self, NULL) == 0) &&
		    ivp_chain_plan(&chain, &in.shape, &shape, NULL) == 0) {
			struct image cached = run(&chain, &in, NULL);

			stores = IVP_STORES_STREAMING;
			struct image streamed = run(&chain, &in, NULL);

			stores = IVP_STORES_CACHED;
			assert_same_image(&cached, &streamed);
			free(cached.pixels);
			free(streamed.pixels);
		}
		ivp_chain_finish(&chain);
		free(conf.self);
	}
	free(in.pixels);
}

static void what_is_streamed_has_no_padding_of_other_images(void **state)
{
	struct filter_setting invert = {"invert", NULL, NULL};
	struct image wide = make_image(64, 40, IVP_FORMAT_GRAY8, 1),
		     narrow = make_image(60, 40, IVP_FORMAT_GRAY8, 1);
	struct ivp_filter_conf conf;
	struct ivp_chain chain;

	(void)state;
	configure(&invert, 1, &conf);
	assert_int_equal(ivp_chain_init(&chain, &conf, 1), 0);
	stores = IVP_STORES_STREAMING;
	struct image first = run(&chain, &wide, NULL), second = run(&chain, &narrow, NULL);

	stores = IVP_STORES_CACHED;
	for (unsigned i = 60; i < 64; i++)
		assert_int_equal(second.pixels[i], 0);
	ivp_chain_finish(&chain);
	free(conf.self);
	free(first.pixels);
	free(second.pixels);
	free(wide.pixels);
	free(narrow.pixels);
}

static void a_zeroed_chain_may_be_finished(void **state)
{
	struct ivp_chain chain = {0};

	(void)state;
	ivp_chain_finish(&chain);
	assert_int_equal(ivp_chain_init(&chain, NULL, 0), 0);
	ivp_chain_finish(&chain);
	ivp_chain_finish(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_filters_copy_the_pixels_and_not_the_padding),
	    cmocka_unit_test(filters_run_in_their_order),
	    cmocka_unit_test(a_shape_is_planned_once_until_another_comes),
	    cmocka_unit_test(a_filter_that_does_not_take_an_image_is_named),
	    cmocka_unit_test(a_result_that_no_memory_could_hold_is_refused),
	    cmocka_unit_test(memory_is_taken_once_for_shapes_that_come_back),
	    cmocka_unit_test(shapes_may_change_from_frame_to_frame),
	    cmocka_unit_test(strips_threads_and_levels_give_the_same_bits),
	    cmocka_unit_test(filters_of_single_levels_become_one_pass),
	    cmocka_unit_test(each_filter_streams_the_same_bits),
	    cmocka_unit_test(what_is_streamed_has_no_padding_of_other_images),
	    cmocka_unit_test(a_zeroed_chain_may_be_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
