/* SPDX-License-Identifier: MIT */
/* What stat says about an image, against sums in doubles over its values. */
#include "golden/reference.h"

#include "stage/chain.h"

struct said {
	const char *keys[32];
	double values[32];
	unsigned count;
};

static void hear(void *context, const char *key, double value)
{
	struct said *said = context;

	assert_true(said->count < 32);
	said->keys[said->count] = key;
	said->values[said->count++] = value;
}

static double value_at(const struct picture *picture, int64_t x, int64_t y, size_t channel)
{
	const uint8_t *pixel = picture_at(picture, x, y);

	if (picture->shape.format < IVP_FORMAT_GRAY16)
		return pixel[channel];
	return pixel[2 * channel] + 256 * pixel[2 * channel + 1];
}

static void check_channel(const struct picture *picture, size_t channel, const double *said)
{
	double *counts = calloc(65536, sizeof(double));
	double sum = 0, least = 65536, most = 0, entropy = 0;
	const double all = (double)picture->shape.width * picture->shape.height;

	assert_non_null(counts);
	for (int64_t y = 0; y < picture->shape.height; y++)
		for (int64_t x = 0; x < picture->shape.width; x++) {
			double value = value_at(picture, x, y, channel);

			sum += value;
			least = fmin(least, value);
			most = fmax(most, value);
			counts[(size_t)value]++;
		}
	for (size_t i = 0; i < 65536; i++)
		if (counts[i] > 0)
			entropy -= counts[i] / all * log2(counts[i] / all);
	assert_true(fabs(said[0] - sum / all) < 1e-9);
	assert_true(said[1] == least && said[2] == most);
	assert_true(fabs(said[3] - entropy) < 1e-9);
	free(counts);
}

/* On one thread and on two, of which the first may have no rows to make. */
static void the_numbers_are_those_of_the_definition(void **state)
{
	static const char *const firsts[] = {
	    [1] = "stat.gray.mean", [3] = "stat.red.mean", [4] = "stat.red.mean"};
	static const uint32_t sides[][2] = {{1, 1}, {5, 3}, {130, 47}};
	const struct ivp_filter_conf conf = {.filter = ivp_filter_find("stat")};

	(void)state;
	for (unsigned i = 0; i < 6 * 3 * 2; i++) {
		const uint32_t *side = sides[i / 6 % 3];
		struct picture in = picture_make(side[0], side[1], IVP_FORMAT_GRAY8 + i % 6);
		struct picture out = picture_make(side[0], side[1], IVP_FORMAT_GRAY8 + i % 6);
		struct said said = {.count = 0};
		struct ivp_chain chain;
		struct ivp_shape shape;

		picture_fill(&in, i % PATTERNS, i);
		assert_int_equal(ivp_chain_init(&chain, &conf, 1), 0);
		assert_int_equal(ivp_chain_set_threads(&chain, 1 + i / 18), 0);
		assert_int_equal(ivp_chain_plan(&chain, &in.shape, &shape, NULL), 0);
		ivp_chain_apply(&chain, &(struct ivp_input){in.shape, in.stride, in.pixels},
				&(struct ivp_output){out.shape, out.stride, out.pixels}, NULL,
				NULL);
		ivp_chain_note(&chain, hear, &said);
		assert_int_equal(said.count, 4 * in.channels);
		assert_string_equal(said.keys[0], firsts[in.channels]);
		for (size_t c = 0; c < in.channels; c++)
			check_channel(&in, c, said.values + 4 * c);
		assert_memory_equal(in.pixels, out.pixels, in.bytes);
		ivp_chain_finish(&chain);
		picture_free(&in);
		picture_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_numbers_are_those_of_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
