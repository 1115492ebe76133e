/* SPDX-License-Identifier: MIT */
/* Parameter tables: a made-up one with a row of each type, then every table of the registry. */
#include "helpers/test.h"

#include <math.h>
#include <sys/stat.h>

#include <jansson.h>

#include "config/params.h"
#include "config/registry.h"

struct sample {
	int count;
	double size;
	bool fast;
	unsigned colour;
	struct ivp_param_file table;
	struct ivp_param_list weights;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

/* Takes what begins with '+', as a text in capitals. */
static size_t parse_table(const uint8_t *bytes, size_t size, void *parsed, struct ivp_why *why)
{
	char *text = parsed;

	if (size == 0 || bytes[0] != '+') {
		ivp_why_set(why, "has no plus sign in front");
		return 0;
	}
	for (size_t i = 0; text && i < size; i++)
		text[i] = (char)(bytes[i] >= 'a' && bytes[i] <= 'z' ? bytes[i] - 32 : bytes[i]);
	return size + 1;
}

static const struct ivp_param params[] = {
    IVP_PARAM(struct sample, count, .min = -3, .max = 70000, .def = 5, .help = "how many"),
    IVP_PARAM(struct sample, size, .min = 0.25, .max = 12.5, .def = 1.1, .unit = "px",
	      .help = "how \"large\""),
    IVP_PARAM(struct sample, fast, .def = 1, .help = "whether to hurry"),
    IVP_PARAM(struct sample, colour, .choices = colours, .def = 2, .help = "which one"),
    IVP_PARAM(struct sample, weights, .min = -8, .max = 8, .def = 1, .help = "how heavy"),
    IVP_PARAM(struct sample, table, .max = 10, .parse = parse_table, .help = "what to look up"),
    {0},
};

static const struct ivp_filter sample = {
    .name = "sample",
    .summary = "does nothing",
    .formats = IVP_FORMATS_8BIT,
    .private_bytes = sizeof(struct sample),
    .params = params,
};

static int set(struct sample *self, const char *key, const char *text, struct ivp_why *why)
{
	return ivp_param_set(ivp_param_find(&sample, key), self, text, why);
}

static void refuse(const char *key, const char *text, const char *reason)
{
	struct sample self, before;
	struct ivp_why why = {""};

	ivp_params_default(&sample, &self);
	before = self;
	assert_int_equal(set(&self, key, text, &why), -EINVAL);
	assert_string_equal(why.text, reason);
	assert_memory_equal(&self, &before, sizeof(self));
	assert_int_equal(set(&self, key, text, NULL), -EINVAL);
}

static void defaults_are_those_of_the_table(void **state)
{
	struct sample self;

	(void)state;
	memset(&self, 0xA5, sizeof(self));
	ivp_params_default(&sample, &self);
	assert_int_equal(self.count, 5);
	assert_true(self.size == 1.1);
	assert_true(self.fast);
	assert_int_equal(self.colour, 2);
}

static void keys_are_found_by_their_whole_names(void **state)
{
	(void)state;
	assert_ptr_equal(ivp_param_find(&sample, "size"), &params[1]);
	assert_null(ivp_param_find(&sample, "siz"));
	assert_null(ivp_param_find(&sample, ""));
	assert_string_equal(ivp_param_nearest(&sample, "color"), "colour");
	assert_null(ivp_param_nearest(&sample, "banana"));
	assert_null(ivp_param_find(ivp_filter_find("invert"), "size"));
	assert_null(ivp_param_nearest(ivp_filter_find("invert"), "size"));
}

static void values_of_each_type_are_read(void **state)
{
	struct sample self;

	(void)state;
	ivp_params_default(&sample, &self);
	assert_int_equal(set(&self, "count", "-3", NULL), 0);
	assert_int_equal(self.count, -3);
	assert_int_equal(set(&self, "count", "7e4", NULL), 0);
	assert_int_equal(self.count, 70000);
	assert_int_equal(set(&self, "size", ".25", NULL), 0);
	assert_true(self.size == 0.25);
	assert_int_equal(set(&self, "size", "2.5px", NULL), 0);
	assert_int_equal(set(&self, "size", "12.5 px", NULL), 0);
	assert_true(self.size == 12.5);
	assert_int_equal(set(&self, "fast", "no", NULL), 0);
	assert_false(self.fast);
	assert_int_equal(set(&self, "fast", "true", NULL), 0);
	assert_true(self.fast);
	assert_int_equal(set(&self, "colour", "green", NULL), 0);
	assert_int_equal(self.colour, 1);
	assert_int_equal(set(&self, "weights", " 1,-2.5\n\t8 ; .5, ", NULL), 0);
	assert_int_equal(self.weights.count, 4);
	assert_true(self.weights.values[1] == -2.5 && self.weights.values[3] == 0.5);
}

static void lists_are_as_long_as_they_may_be(void **state)
{
	char text[2 * IVP_PARAM_LIST_MOST + 3];
	struct sample self;

	(void)state;
	ivp_params_default(&sample, &self);
	assert_int_equal(self.weights.count, 1);
	for (size_t i = 0; i <= IVP_PARAM_LIST_MOST; i++)
		memcpy(text + 2 * i, "7 ", 3);
	refuse("weights", text, "has more than 961 numbers");
	text[2 * IVP_PARAM_LIST_MOST] = '\0';
	assert_int_equal(set(&self, "weights", text, NULL), 0);
	assert_int_equal(self.weights.count, IVP_PARAM_LIST_MOST);
	assert_true(self.weights.values[IVP_PARAM_LIST_MOST - 1] == 7);
}

static void what_is_no_value_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	refuse("count", "-4", "-4 is below the minimum -3");
	refuse("count", "70001", "70001 is above the maximum 70000");
	refuse("count", "2.5", "'2.5' is not a whole number");
	refuse("count", "5px", "'5px' is not a number");
	refuse("count", "", "'' is not a number");
	refuse("weights", " , ", "has no numbers; write them with blanks between them");
	refuse("weights", "1 2 x 4", "number 3: 'x' is not a number");
	refuse("weights", "1 9", "number 2: 9 is above the maximum 8");
	refuse("weights", "0000000000000000000000000000000001",
	       "number 1: '00000000000000000000000000000000...' is too long for a number");
	refuse("size", "0.2499", "0.2499 is below the minimum 0.25 px");
	refuse("size", "1e300", "1e+300 is above the maximum 12.5 px");
	refuse("size", "2 em", "'2 em' is not a number of px");
	refuse("size", "2px px", "'2px px' is not a number of px");
	refuse("fast", "maybe", "'maybe' is neither yes nor no");
	refuse("colour", "Red", "'Red' is not one of: red, green, blue");
	refuse("colour", "", "'' is not one of: red, green, blue");
}

static void numbers_that_only_the_c_library_knows_are_refused(void **state)
{
	static const char *const texts[] = {"nan",   "inf",   "-inf", "infinity", "0x2",
					    "0x1p1", "1e999", "--1",  "+-1",      "1,5",
					    "2..",   "e3",    ".",    " 2"};

	(void)state;
	for (size_t i = 0; i < count_of(texts); i++) {
		struct sample self;

		ivp_params_default(&sample, &self);
		assert_int_equal(set(&self, "size", texts[i], NULL), -EINVAL);
		assert_int_equal(set(&self, "count", texts[i], NULL), -EINVAL);
	}
}

static char *printed(const struct ivp_param *param, const void *self)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	assert_non_null(to);
	ivp_param_print(param, self, to);
	assert_int_equal(fclose(to), 0);
	return text;
}

/* What is printed reads back as the same value. */
static void assert_round_trip(const struct ivp_filter *filter, const void *self)
{
	uint8_t *again = calloc(1, filter->private_bytes + 1);

	assert_non_null(again);
	ivp_params_default(filter, again);
	for (const struct ivp_param *param = filter->params; param && param->name; param++) {
		char *text = printed(param, self);

		assert_int_equal(ivp_param_set(param, again, text, NULL), 0);
		free(text);
	}
	assert_memory_equal(again, self, filter->private_bytes);
	free(again);
}

static void printed_values_read_back_as_they_were(void **state)
{
	static const double sizes[] = {0.25, 0.1 + 0.2, 1.0 / 3, 12.5, 3.141592653589793, 2};
	struct sample self;

	(void)state;
	for (size_t i = 0; i < count_of(sizes); i++) {
		ivp_params_default(&sample, &self);
		self.size = sizes[i];
		self.count = (int)i * 13999;
		self.fast = i & 1;
		self.colour = i % 3;
		assert_round_trip(&sample, &self);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static void a_file_is_read_and_parsed_when_it_is_named(void **state)
{
	const struct ivp_param *param = ivp_param_find(&sample, "table");
	char folder[256], path[300];
	struct sample self;

	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/table", folder);
	write_file(path, "+abc");
	ivp_params_default(&sample, &self);
	assert_null(self.table.name);
	assert_int_equal(ivp_param_set(param, &self, path, NULL), 0);
	assert_string_equal(self.table.name, path);
	assert_int_equal(self.table.size, 4);
	assert_memory_equal(self.table.bytes, "+abc", 4);
	assert_string_equal(self.table.parsed, "+ABC");
	write_file(path, "+ten bytes");
	assert_int_equal(ivp_param_set(param, &self, path, NULL), 0);
	assert_string_equal(self.table.parsed, "+TEN BYTES");
	assert_int_equal(ivp_param_set(param, &self, "", NULL), 0);
	assert_null(self.table.name);
	assert_null(self.table.parsed);
	assert_int_equal(ivp_param_set(param, &self, path, NULL), 0);
	ivp_params_finish(&sample, &self);
	assert_null(self.table.bytes);
	remove_test_folder(folder);
}

static void refuse_file(const char *path, const char *reason)
{
	const struct ivp_param *param = ivp_param_find(&sample, "table");
	struct ivp_why why = {""};
	struct sample self;
	char text[400];

	snprintf(text, sizeof(text), reason, path);
	ivp_params_default(&sample, &self);
	assert_int_equal(ivp_param_set(param, &self, path, &why), -EINVAL);
	assert_string_equal(why.text, text);
	assert_null(self.table.name);
	assert_int_equal(ivp_param_set(param, &self, path, NULL), -EINVAL);
}

static void a_file_that_will_not_do_is_refused_with_its_name(void **state)
{
	char folder[256], path[300];

	(void)state;
	make_test_folder(folder);
	snprintf(path, sizeof(path), "%s/table", folder);
	refuse_file(path, "cannot read '%s': No such file or directory");
	refuse_file(folder, "cannot read '%s': it is no file");
	write_file(path, "");
	refuse_file(path, "'%s': has no plus sign in front");
	write_file(path, "abc");
	refuse_file(path, "'%s': has no plus sign in front");
	write_file(path, "+11 bytes..");
	refuse_file(path, "'%s' has more than 10 bytes");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse_file(path, "cannot read '%s': it is no file");
	remove_test_folder(folder);
}

static void set_to(const struct ivp_filter *filter, const struct ivp_param *param, double value,
		   int result)
{
	uint8_t *self = calloc(1, filter->private_bytes + 1);
	char text[64];

	assert_non_null(self);
	ivp_params_default(filter, self);
	snprintf(text, sizeof(text), "%.17g", value);
	if (ivp_param_set(param, self, text, NULL) != result)
		fail_msg("%s: %s = %s: not %s", filter->name, param->name, text,
			 result ? "refused" : "accepted");
	if (result == 0)
		assert_round_trip(filter, self);
	free(self);
}

static void every_table_takes_its_limits_and_nothing_beyond(void **state)
{
	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++)
		for (const struct ivp_param *param = ivp_filters[i]->params; param && param->name;
		     param++) {
			bool whole = param->type == IVP_PARAM_INT;

			if (param->type == IVP_PARAM_FILE)
				assert_in_range(param->max, 1, IVP_PARAM_FILE_MOST);
			if (param->type != IVP_PARAM_INT && param->type != IVP_PARAM_REAL &&
			    param->type != IVP_PARAM_LIST)
				continue;
			assert_true(param->min <= param->def && param->def <= param->max);
			set_to(ivp_filters[i], param, param->min, 0);
			set_to(ivp_filters[i], param, param->max, 0);
			set_to(ivp_filters[i], param, param->def, 0);
			set_to(ivp_filters[i], param,
			       whole ? param->min - 1 : nextafter(param->min, -INFINITY), -EINVAL);
			set_to(ivp_filters[i], param,
			       whole ? param->max + 1 : nextafter(param->max, INFINITY), -EINVAL);
		}
}

static void every_table_takes_its_choices_and_no_others(void **state)
{
	static const char *const junk[] = {"", "junk", "nan", "1e999", "0x1", "-"};

	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++)
		for (const struct ivp_param *param = ivp_filters[i]->params; param && param->name;
		     param++) {
			uint8_t *self = calloc(1, ivp_filters[i]->private_bytes + 1);
			unsigned choices = 0;

			assert_non_null(self);
			ivp_params_default(ivp_filters[i], self);
			for (size_t j = param->type == IVP_PARAM_FILE; j < count_of(junk); j++)
				assert_int_equal(ivp_param_set(param, self, junk[j], NULL),
						 -EINVAL);
			for (; param->type == IVP_PARAM_CHOICE && param->choices[choices];
			     choices++) {
				assert_int_equal(
				    ivp_param_set(param, self, param->choices[choices], NULL), 0);
				assert_round_trip(ivp_filters[i], self);
			}
			if (param->type == IVP_PARAM_CHOICE)
				assert_true(param->def >= 0 && param->def < choices);
			free(self);
		}
}

static void every_table_is_written_for_people(void **state)
{
	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++) {
		const struct ivp_filter *filter = ivp_filters[i];

		for (const struct ivp_param *param = filter->params; param && param->name;
		     param++) {
			assert_in_range(param->help[0], 'a', 'z');
			assert_int_not_equal(param->help[strlen(param->help) - 1], '.');
			assert_null(strchr(param->help, '\n'));
			assert_null(strchr(param->name, '_'));
			for (const struct ivp_param *other = param + 1; other->name; other++)
				assert_string_not_equal(param->name, other->name);
		}
	}
}

/* Templates and defaults must be usable as they are. */
static void every_default_passes_the_filters_own_check(void **state)
{
	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++) {
		uint8_t *self = calloc(1, ivp_filters[i]->private_bytes + 1);
		struct ivp_why why = {""};

		assert_non_null(self);
		ivp_params_default(ivp_filters[i], self);
		if (ivp_filters[i]->check && ivp_filters[i]->check(self, &why))
			fail_msg("%s: %s", ivp_filters[i]->name, why.text);
		free(self);
	}
}

typedef void writer(const struct ivp_filter *filter, FILE *to);

static char *written(writer *write, const struct ivp_filter *filter)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	assert_non_null(to);
	write(filter, to);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void assert_json_of(const struct ivp_filter *filter)
{
	char *text = written(ivp_filter_describe_json, filter);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const struct ivp_param *param = filter->params;
	json_t *row;
	size_t i;

	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "name")), filter->name);
	json_array_foreach(json_object_get(json, "parameters"), i, row)
	{
		assert_string_equal(json_string_value(json_object_get(row, "name")), param[i].name);
		assert_string_equal(json_string_value(json_object_get(row, "help")), param[i].help);
		if (param[i].type == IVP_PARAM_REAL)
			assert_true(json_number_value(json_object_get(row, "max")) == param[i].max);
	}
	assert_true(i == 0 || param[i].name == NULL);
	json_decref(json);
	free(text);
}

static void json_says_what_the_table_says(void **state)
{
	(void)state;
	assert_json_of(&sample);
	for (size_t i = 0; ivp_filters[i]; i++)
		assert_json_of(ivp_filters[i]);
}

static void texts_for_people_name_every_parameter_with_its_limits(void **state)
{
	char *text = written(ivp_filter_describe, &sample);

	(void)state;
	assert_string_equal(text,
			    "sample: does nothing\n"
			    "\n"
			    "formats: GRAY8, RGB8, RGBA8\n"
			    "\n"
			    "parameters:\n"
			    "  count        how many\n"
			    "               -3 to 70000, default 5\n"
			    "  size         how \"large\"\n"
			    "               0.25 to 12.5 px, default 1.1\n"
			    "  fast         whether to hurry\n"
			    "               yes or no, default yes\n"
			    "  colour       which one\n"
			    "               red, green or blue, default blue\n"
			    "  weights      how heavy\n"
			    "               a list of up to 961 numbers, each -8 to 8, default 1\n"
			    "  table        what to look up\n"
			    "               a file of at most 10 bytes, default none\n");
	free(text);
}

static void the_template_is_a_commented_stage(void **state)
{
	char *text = written(ivp_filter_template, &sample);

	(void)state;
	assert_string_equal(text, "# sample: does nothing\n"
				  "stage sample {\n"
				  "    input  = raw\n"
				  "    output = filtered\n"
				  "    filter sample {\n"
				  "        # how many: -3 to 70000\n"
				  "        count = 5\n"
				  "        # how \"large\": 0.25 to 12.5 px\n"
				  "        size = 1.1\n"
				  "        # whether to hurry: yes or no\n"
				  "        fast = yes\n"
				  "        # which one: red, green or blue\n"
				  "        colour = blue\n"
				  "        # how heavy: a list of up to 961 numbers, each -8 to 8\n"
				  "        weights = 1\n"
				  "        # what to look up: a file of at most 10 bytes\n"
				  "        table = \"\"\n"
				  "    }\n"
				  "}\n");
	free(text);
}

static void the_manual_has_an_item_for_each_parameter(void **state)
{
	char *text = written(ivp_filter_manual, &sample);

	(void)state;
	assert_non_null(strstr(text, ".Ss sample\nDoes nothing.\n"));
	assert_non_null(strstr(text, ".It Cm size\n"));
	assert_non_null(strstr(text, "0.25 to 12.5 px.\nThe default is 1.1.\n"));
	assert_non_null(strstr(text, "\n.El\n"));
	free(text);
	text = written(ivp_filter_manual, ivp_filter_find("invert"));
	assert_null(strstr(text, ".Bl"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_those_of_the_table),
	    cmocka_unit_test(keys_are_found_by_their_whole_names),
	    cmocka_unit_test(values_of_each_type_are_read),
	    cmocka_unit_test(lists_are_as_long_as_they_may_be),
	    cmocka_unit_test(what_is_no_value_is_refused_and_changes_nothing),
	    cmocka_unit_test(numbers_that_only_the_c_library_knows_are_refused),
	    cmocka_unit_test(printed_values_read_back_as_they_were),
	    cmocka_unit_test(a_file_is_read_and_parsed_when_it_is_named),
	    cmocka_unit_test(a_file_that_will_not_do_is_refused_with_its_name),
	    cmocka_unit_test(every_table_takes_its_limits_and_nothing_beyond),
	    cmocka_unit_test(every_table_takes_its_choices_and_no_others),
	    cmocka_unit_test(every_table_is_written_for_people),
	    cmocka_unit_test(every_default_passes_the_filters_own_check),
	    cmocka_unit_test(json_says_what_the_table_says),
	    cmocka_unit_test(texts_for_people_name_every_parameter_with_its_limits),
	    cmocka_unit_test(the_template_is_a_commented_stage),
	    cmocka_unit_test(the_manual_has_an_item_for_each_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
