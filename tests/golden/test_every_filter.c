/* SPDX-License-Identifier: MIT */
/*
 * What holds for every filter of the registry, also for those to come: it stays inside its
 * memory for any shape and any values, and depends on nothing but its input. filter_run looks
 * after guards and runs twice on scratch memory full of rubbish.
 */
#include "golden/reference.h"

#define ROUNDS     200
#define MOST_BYTES (4u << 20)

/* One of a few texts that a filter may take; none if it does not. */
static void choose_file(const struct ivp_param *param, void *self, uint64_t *random)
{
	static const char *const texts[] = {
	    "LUT_1D_SIZE 3\n0 1 0\n0.8 0.5 1.5\n0.8 0 -0.5\n",
	    "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0.5 1\n0 1 1\n9 1 1\n",
	    "LUT_3D_SIZE 2\nDOMAIN_MAX 0.5 7 1\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0.5 1\n"
	    "0 1 1\n-9 1 1\n",
	};
	const char *text = texts[random_next(random) % count_of(texts)];
	struct ivp_param_file file, *field = (void *)((uint8_t *)self + param->offset);

	if (ivp_param_file_take(param, "made up", (uint8_t *)strdup(text), strlen(text), &file,
				NULL) == 0)
		*field = file;
}

/* Whole numbers or not, in such numbers as rectangles have. */
static void choose_list(const struct ivp_param *param, void *self, uint64_t *random)
{
	static const unsigned counts[] = {1, 3, 9, 15, 25, 49, 961};
	const unsigned count = counts[random_next(random) % count_of(counts)];
	const double part = random_next(random) & 1 ? 1 : 0.37;
	char text[IVP_PARAM_LIST_MOST * 8] = "";
	size_t used = 0;

	for (unsigned i = 0; i < count; i++) {
		double value = ((double)(random_next(random) % 9) - 4) * part;

		value = value < param->min ? param->min : value > param->max ? param->max : value;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%.3g ", value);
	}
	assert_int_equal(ivp_param_set(param, self, text, NULL), 0);
}

/* The least, the greatest, the default, or a value between, small ones more often. */
static void choose(const struct ivp_param *param, void *self, uint64_t *random)
{
	double part = random_next(random) % 1000 / 1000.0;
	double values[] = {param->min, param->max, param->def,
			   param->min + (param->max - param->min) * part * part * part};
	double value = values[random_next(random) % 4];
	unsigned choices = 1; /* at least */
	char text[64];

	if (param->type == IVP_PARAM_FILE) {
		choose_file(param, self, random);
		return;
	}
	if (param->type == IVP_PARAM_LIST) {
		choose_list(param, self, random);
		return;
	}
	while (param->type == IVP_PARAM_CHOICE && param->choices[choices])
		choices++;
	if (param->type == IVP_PARAM_CHOICE)
		snprintf(text, sizeof(text), "%s", param->choices[random_next(random) % choices]);
	else if (param->type == IVP_PARAM_BOOL)
		snprintf(text, sizeof(text), "%s", random_next(random) & 1 ? "yes" : "no");
	else
		snprintf(text, sizeof(text), "%.17g",
			 param->type == IVP_PARAM_INT ? floor(value) : value);
	assert_int_equal(ivp_param_set(param, self, text, NULL), 0);
}

static bool affordable(const struct ivp_filter *filter, const void *self,
		       const struct ivp_shape *in)
{
	struct ivp_shape out = *in;
	uint64_t bytes;
	size_t stride;

	if (filter->check && filter->check(self, NULL))
		return false;
	if (filter->shape && filter->shape(self, in, &out, NULL))
		return false;
	return ivp_shape_size(&out, &stride, &bytes) == 0 && bytes < MOST_BYTES;
}

static void run_at_random(const struct ivp_filter *filter, uint64_t *random)
{
	void *self = filter_configure(filter, NULL);
	struct ivp_shape shape = {.format = 1 + random_next(random) % 6};
	struct picture in, out;

	shape.width = 1 + random_next(random) % (random_next(random) & 1 ? 9 : 150);
	shape.height = 1 + random_next(random) % (random_next(random) & 1 ? 9 : 150);
	shape.orientation = random_next(random) % 10;
	for (const struct ivp_param *param = filter->params; param && param->name; param++)
		choose(param, self, random);
	if ((filter->formats & IVP_FORMAT_BIT(shape.format)) && affordable(filter, self, &shape)) {
		in = picture_make(shape.width, shape.height, shape.format);
		in.shape.orientation = shape.orientation;
		picture_fill(&in, random_next(random) % PATTERNS, random_next(random));
		out = filter_run(filter, self, &in);
		picture_free(&in);
		picture_free(&out);
	}
	ivp_params_finish(filter, self);
	free(self);
}

static void stays_inside_its_memory_for_any_shape(void **state)
{
	uint64_t random = 2026;

	(void)state;
	for (size_t f = 0; ivp_filters[f]; f++)
		for (unsigned round = 0; round < ROUNDS; round++)
			run_at_random(ivp_filters[f], &random);
}

/* The rows after those that it says it needs are made others. */
static void spoil_from(struct picture *in, uint32_t row, uint64_t *random)
{
	for (; row < in->shape.height; row++)
		for (uint32_t x = 0; x < in->shape.width * ivp_format_pixel_bytes(in->shape.format);
		     x++)
			picture_at(in, 0, row)[x] = (uint8_t)random_next(random);
}

/* The result in pieces of random heights: some go on from the one before, others begin anew. */
static struct picture run_cut(const struct ivp_filter *filter, const void *self,
			      const struct picture *in, const struct ivp_shape *shape,
			      uint64_t *random)
{
	struct picture out = picture_make(shape->width, shape->height, shape->format);
	struct picture part = picture_make(in->shape.width, in->shape.height, in->shape.format);
	const size_t bytes =
	    filter->scratch_bytes ? filter->scratch_bytes(self, &in->shape, shape) : 0;
	void *scratch = aligned_alloc(64, ivp_align(bytes, 64) + 64);
	struct ivp_rows rows = {0};

	assert_non_null(scratch);
	memset(scratch, GUARD_BYTE, bytes);
	if (filter->prepare)
		filter->prepare(self, &in->shape, shape, scratch);
	if (filter->survey)
		filter->survey(self, &(struct ivp_input){in->shape, in->stride, in->pixels},
			       scratch);
	while (rows.end < shape->height) {
		uint32_t need = in->shape.height;

		rows.go_on = rows.end > 0 && random_next(random) % 3 > 0;
		rows.first = rows.end;
		rows.end += 1 + random_next(random) % 40;
		rows.end = rows.end < shape->height ? rows.end : shape->height;
		if (filter->need)
			need = filter->need(self, &in->shape, shape, rows.end);
		assert_in_range(need, 1, in->shape.height);
		memcpy(part.pixels, in->pixels, in->bytes);
		spoil_from(&part, need, random);
		filter->apply(self, &(struct ivp_input){in->shape, in->stride, part.pixels},
			      &(struct ivp_output){out.shape, out.stride, out.pixels}, rows,
			      scratch);
	}
	free(scratch);
	picture_free(&part);
	picture_assert_guards(&out);
	return out;
}

static void compare_whole_and_cut(const struct ivp_filter *filter, uint64_t *random)
{
	void *self = filter_configure(filter, NULL);
	const struct ivp_shape shape = {1 + random_next(random) % 30, 1 + random_next(random) % 300,
					1 + random_next(random) % 6};
	struct picture in, whole, cut;

	for (const struct ivp_param *param = filter->params; param && param->name; param++)
		choose(param, self, random);
	if ((filter->formats & IVP_FORMAT_BIT(shape.format)) && affordable(filter, self, &shape)) {
		in = picture_make(shape.width, shape.height, shape.format);
		picture_fill(&in, random_next(random) % PATTERNS, random_next(random));
		whole = filter_run(filter, self, &in);
		cut = run_cut(filter, self, &in, &whole.shape, random);
		if (memcmp(whole.pixels, cut.pixels, whole.bytes) != 0)
			fail_msg("%s: %ux%u %s differs when made in pieces", filter->name,
				 shape.width, shape.height, ivp_format_name(shape.format));
		picture_free(&in);
		picture_free(&whole);
		picture_free(&cut);
	}
	ivp_params_finish(filter, self);
	free(self);
}

static void gives_the_same_in_pieces(void **state)
{
	uint64_t random = 1123;

	(void)state;
	for (size_t f = 0; ivp_filters[f]; f++)
		for (unsigned round = 0; round < ROUNDS; round++)
			compare_whole_and_cut(ivp_filters[f], &random);
}

/* Sides far apart: scratch must follow the sides, not the area. */
static void needs_scratch_for_sides_not_for_areas(void **state)
{
	(void)state;
	for (size_t f = 0; ivp_filters[f]; f++) {
		const struct ivp_filter *filter = ivp_filters[f];
		void *self = filter_configure(filter, NULL);
		struct ivp_shape in = {20000, 20000, IVP_FORMAT_RGB8}, out = in;

		if (filter->shape)
			assert_int_equal(filter->shape(self, &in, &out, NULL), 0);
		if (filter->scratch_bytes)
			assert_true(filter->scratch_bytes(self, &in, &out) <
				    (size_t)20000 * 3 * 4 * 64);
		ivp_params_finish(filter, self);
		free(self);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stays_inside_its_memory_for_any_shape),
	    cmocka_unit_test(gives_the_same_in_pieces),
	    cmocka_unit_test(needs_scratch_for_sides_not_for_areas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
