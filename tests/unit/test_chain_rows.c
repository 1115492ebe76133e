/* SPDX-License-Identifier: MIT */
/* Chains whose image comes row by row and whose result is handed on so. */
#include "config/params.h"
#include "config/registry.h"
#include "helpers/test.h"

#include "stage/chain.h"

#define WIDTH      501u
#define HEIGHT     700u
#define STRIDE     1536u /* RGB8 */
#define NEVER      UINT32_MAX
#define MOST_BYTES (16u << 20) /* of a result */

struct setting {
	const char *name, *key, *value;
};

/* Whose first rows need few rows, or all; whose last rows come first; several passes. */
static const struct setting chains[][6] = {
    {{NULL}}, /* only copied */
    {{"gaussian-blur", "sigma", "6"},
     {"resize", "percent", "70"},
     {"box-blur", "radius", "9"},
     {"grayscale", NULL, NULL},
     {"sharpen", NULL, NULL}},
    {{"invert", NULL, NULL}, {"gamma", "gamma", "1.7"}, {"median", "radius", "2"}},
    {{"equalize", NULL, NULL}, {"sobel", NULL, NULL}},
    {{"median", "radius", "1"}, {"clahe", NULL, NULL}, {"erode", NULL, NULL}},
    {{"flip", "direction", "vertical"}, {"invert", NULL, NULL}},
    {{"rotate", "angle", "90"}, {"resize", "percent", "150"}},
    {{"crop", "height", "300"}, {"pad", "bottom", "40"}, {"stat", NULL, NULL}},
    {{"threshold", NULL, NULL}, {"transpose", NULL, NULL}},
    {{"resize", "percent", "13"}},
};

/* An image that comes late: rows that are not there yet hold something else. */
struct source {
	const uint8_t *whole;
	uint8_t *shown;
	uint32_t there, ends_at; /* rows; those from ends_at on never come */
	const struct ivp_chain *chain;
	const uint8_t *result;
	uint32_t made, tells;
	uint8_t *copy; /* of the result, as it was when it was said to be made */
	size_t stride;
};

static bool await(void *context, uint32_t rows)
{
	struct source *source = context;

	assert_in_range(rows, 0, HEIGHT);
	if (rows > source->ends_at)
		return false;
	if (rows > source->there) {
		memcpy(source->shown + source->there * STRIDE,
		       source->whole + source->there * STRIDE, (rows - source->there) * STRIDE);
		source->there = rows;
	}
	return true;
}

static void made(void *context, uint32_t rows)
{
	struct source *source = context;

	assert_in_range(rows, source->made + 1, source->chain->out.height);
	memcpy(source->copy + source->made * source->stride,
	       source->result + source->made * source->stride,
	       (rows - source->made) * source->stride);
	source->made = rows;
	source->tells++;
}

struct work {
	struct ivp_filter_conf conf[6];
	unsigned count;
	struct ivp_chain chain;
	struct ivp_shape shape; /* of the result */
	size_t stride;
	uint64_t bytes;
	uint8_t *in, *shown, *expected, *result, *copy;
};

static uint8_t *make_bytes(size_t bytes, uint8_t value)
{
	uint8_t *memory = aligned_alloc(IVP_ROW_ALIGN, bytes);

	assert_non_null(memory);
	memset(memory, value, bytes);
	return memory;
}

static void begin(struct work *work, const struct setting *settings, unsigned threads)
{
	const struct ivp_shape in = {WIDTH, HEIGHT, IVP_FORMAT_RGB8};
	struct ivp_why why = {""};

	memset(work, 0, sizeof(*work));
	for (unsigned i = 0; i < 6 && settings[i].name; i++, work->count++) {
		struct ivp_filter_conf *conf = &work->conf[i];

		conf->filter = ivp_filter_find(settings[i].name);
		assert_non_null(conf->filter);
		conf->self = calloc(1, conf->filter->private_bytes + 1);
		assert_non_null(conf->self);
		ivp_params_default(conf->filter, conf->self);
		if (settings[i].key)
			assert_int_equal(
			    ivp_param_set(ivp_param_find(conf->filter, settings[i].key), conf->self,
					  settings[i].value, NULL),
			    0);
	}
	assert_int_equal(ivp_chain_init(&work->chain, work->conf, work->count), 0);
	assert_int_equal(ivp_chain_set_threads(&work->chain, threads), 0);
	if (ivp_chain_plan(&work->chain, &in, &work->shape, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(ivp_shape_size(&work->shape, &work->stride, &work->bytes), 0);
	assert_in_range(work->bytes, 1, MOST_BYTES);
	work->in = make_bytes(HEIGHT * STRIDE, 0);
	for (size_t i = 0; i < HEIGHT * STRIDE; i++)
		work->in[i] = (uint8_t)((i / STRIDE) * 7 + i % STRIDE + (i * 2654435761u >> 29));
	work->shown = make_bytes(HEIGHT * STRIDE, 0xcc);
	work->expected = make_bytes(work->bytes, 0xee);
	work->result = make_bytes(work->bytes, 0xee);
	work->copy = make_bytes(work->bytes, 0xee);
}

static void finish(struct work *work)
{
	ivp_chain_finish(&work->chain);
	for (unsigned i = 0; i < work->count; i++)
		free(work->conf[i].self);
	free(work->in);
	free(work->shown);
	free(work->expected);
	free(work->result);
	free(work->copy);
}

static struct source source_for(struct work *work, uint32_t ends_at)
{
	return (struct source){.whole = work->in,
			       .shown = work->shown,
			       .ends_at = ends_at,
			       .chain = &work->chain,
			       .result = work->result,
			       .copy = work->copy,
			       .stride = work->stride};
}

static bool apply(struct work *work, struct source *source)
{
	const struct ivp_chain_rows rows = {await, made, source};
	const struct ivp_input from = {work->chain.in, STRIDE, work->shown};
	const struct ivp_output to = {work->shape, work->stride, work->result, IVP_STORES_CACHED};

	return ivp_chain_apply_rows(&work->chain, &from, &to, &rows, NULL, NULL);
}

static void check_rows(const struct setting *settings, unsigned threads)
{
	struct work work;

	begin(&work, settings, threads);
	const struct ivp_input from = {work.chain.in, STRIDE, work.in};
	const struct ivp_output to = {work.shape, work.stride, work.expected, IVP_STORES_CACHED};
	ivp_chain_apply(&work.chain, &from, &to, NULL, NULL);
	struct source source = source_for(&work, NEVER);
	assert_true(apply(&work, &source));
	assert_int_equal(source.made, work.shape.height);
	/* The bytes that were there when they were said to be, and at the end. */
	assert_memory_equal(work.result, work.expected, work.bytes);
	assert_memory_equal(work.copy, work.expected, work.bytes);
	if (work.bytes > 1u << 20)
		assert_true(source.tells > 4);
	finish(&work);
}

static void rows_that_come_late_give_the_same_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_of(chains); i++)
		for (unsigned threads = 1; threads <= 3; threads++)
			check_rows(chains[i], threads);
}

/* A chain of filters that need few rows begins long before the last has come. */
static void results_are_made_before_all_rows_are_there(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads++)
		for (size_t i = 0; i < 3; i++) {
			struct work work;

			begin(&work, chains[i], threads);
			struct source source = source_for(&work, HEIGHT * 3 / 4);
			assert_false(apply(&work, &source));
			assert_true(source.made > work.shape.height / 3);
			finish(&work);
		}
}

static void rows_that_never_come_end_the_work_and_the_next_image_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_of(chains); i++)
		for (unsigned threads = 1; threads <= 2; threads++) {
			struct work work;

			begin(&work, chains[i], threads);
			struct source cut = source_for(&work, HEIGHT / 2);
			(void)apply(&work, &cut);
			assert_true(cut.there <= HEIGHT / 2);
			memset(work.shown, 0xcc, HEIGHT * STRIDE);
			struct source whole = source_for(&work, NEVER);
			assert_true(apply(&work, &whole));
			const struct ivp_input from = {work.chain.in, STRIDE, work.in};
			const struct ivp_output to = {work.shape, work.stride, work.expected,
						      IVP_STORES_CACHED};
			ivp_chain_apply(&work.chain, &from, &to, NULL, NULL);
			assert_memory_equal(work.result, work.expected, work.bytes);
			finish(&work);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_that_come_late_give_the_same_bits),
	    cmocka_unit_test(results_are_made_before_all_rows_are_there),
	    cmocka_unit_test(rows_that_never_come_end_the_work_and_the_next_image_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
