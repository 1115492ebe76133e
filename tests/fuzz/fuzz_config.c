/* SPDX-License-Identifier: MIT */
/*
 * Configuration text. What is refused has a reason; what is taken can be written as the
 * configuration of each stage, and that reads back as what was written.
 */
#include "fuzz/fuzz.h"

#include <errno.h>

#include "config/build.h"
#include "config/params.h"
#include "config/registry.h"

/* Files are another matter, and the input must not choose which to open: all hold the same. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) the linker's name */
int __wrap_ivp_param_file_read(const struct ivp_param *param, const char *path,
			       struct ivp_param_file *file, struct ivp_why *why);
int __wrap_ivp_param_file_read(const struct ivp_param *param, const char *path,
			       struct ivp_param_file *file, struct ivp_why *why)
{
	static const char text[] = "0 100 50 255\n";
	uint8_t *bytes = fuzz_memory(sizeof(text));

	memcpy(bytes, text, sizeof(text));
	return ivp_param_file_take(param, path, bytes, sizeof(text) - 1, file, why);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* Values as they are written; of files those that were read, which are called otherwise. */
static void check_values(const struct ivp_filter *filter, const void *one, const void *other)
{
	for (const struct ivp_param *param = filter->params; param && param->name; param++) {
		const struct ivp_param_file *a =
		    (const void *)((const uint8_t *)one + param->offset);
		const struct ivp_param_file *b =
		    (const void *)((const uint8_t *)other + param->offset);
		const size_t bytes = param->type == IVP_PARAM_REAL   ? sizeof(double)
				     : param->type == IVP_PARAM_BOOL ? sizeof(bool)
				     : param->type == IVP_PARAM_LIST ? sizeof(struct ivp_param_list)
								     : sizeof(int);

		if (param->type == IVP_PARAM_FILE)
			CHECK(!a->name == !b->name && a->size == b->size);
		else
			CHECK(memcmp(a, b, bytes) == 0);
	}
}

static void check_filters(const struct ivp_stage_conf *one, const struct ivp_stage_conf *other)
{
	CHECK(one->filter_count == other->filter_count);
	for (unsigned i = 0; i < one->filter_count; i++) {
		CHECK(one->filters[i].filter == other->filters[i].filter);
		check_values(one->filters[i].filter, one->filters[i].self, other->filters[i].self);
	}
}

static void check_link(const struct ivp_link_conf *one, const struct ivp_link_conf *other)
{
	CHECK(strcmp(one->name, other->name) == 0);
	CHECK(one->slots == other->slots && one->frame_bytes == other->frame_bytes);
	CHECK(one->metadata_bytes == other->metadata_bytes && one->policy == other->policy);
	CHECK(one->isolation == other->isolation && one->checksum == other->checksum);
	CHECK(one->timeout_ns == other->timeout_ns);
}

static void check_written(const struct ivp_topology *topology, const struct ivp_stage_conf *stage)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *again = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	CHECK(to);
	ivp_topology_write_stage(topology, stage, to);
	CHECK(fclose(to) == 0);
	if (ivp_topology_parse(text, "written.conf", &again, &diag) != 0) {
		fprintf(stderr, "%s\n%s", text, diag.text);
		CHECK(!"what was written reads back");
	}
	CHECK(again->stage_count == 1 && strcmp(again->stages[0]->name, stage->name) == 0);
	check_filters(stage, again->stages[0]);
	check_link(stage->input, again->stages[0]->input);
	check_link(stage->output, again->stages[0]->output);
	ivp_topology_destroy(again);
	ivp_diag_finish(&diag);
	free(text);
}

static void check_taken(struct ivp_topology *topology)
{
	struct ivp_diag diag = {0};

	CHECK(topology->name[0]);
	for (unsigned i = 0; i < topology->stage_count; i++)
		check_written(topology, topology->stages[i]);
	if (ivp_topology_check_chain(topology, &diag) != 0)
		CHECK(diag.errors > 0 && diag.text);
	ivp_diag_finish(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ivp_topology *topology = NULL;
	struct ivp_diag diag = {0};
	char *text = fuzz_memory(size + 1);
	int error;

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	/* As with the files of parameters. */
	if (!strstr(text, "include")) {
		error = ivp_topology_parse(text, "fuzz.conf", &topology, &diag);
		if (error == 0)
			check_taken(topology);
		else
			CHECK(error == -EINVAL && diag.errors > 0 && diag.text);
		ivp_topology_destroy(topology);
	}
	ivp_diag_finish(&diag);
	free(text);
	return 0;
}

static void add_template(fuzz_add *add, const struct ivp_filter *filter)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	CHECK(to);
	ivp_filter_template(filter, to);
	CHECK(fclose(to) == 0);
	add(text, size);
	free(text);
}

void fuzz_seeds(fuzz_add *add)
{
	static const char *const texts[] = {
	    "feeder { input = { \"a\", b } output = x }\nlink x { }\n"
	    "sink { input = x output = \"-\" format = pnm }\n",
	    "feeder { input = a output = x max-pixels = 1000 max-side = 9 orient = no }\n"
	    "link x { } link y { frame = 4KiB } link z { slots = 4 isolation = shared }\n"
	    "stage s { input = x output = y filter resize { mode = exact width = 70 height = 9 } "
	    "}\n"
	    "stage t { input = y output = z filter grayscale { } filter invert { } }\n"
	    "sink { input = z output = o format = jpeg quality = 3 compression = 1 }\n",
	    "name = p\nlink x { slots = 8 frame = \"1MiB\" metadata = 4KiB checksum = yes\n"
	    " timeout = \"1.5s\" isolation = shared policy = block mode = \"0640\" owner = \":0\"\n"
	    " uuid = \"01234567-89ab-4def-8123-456789abcdef\" data = \"shm:x\" credit = auto }\n"
	    "stage s { input = x output = y run = process memory = 64MiB cpus = 2\n"
	    " filter gaussian-blur { sigma = 1.5 } filter resize:2 { percent = 50 } }\n",
	    "/* c */ # d\nfeeder { }\nstage a { input = \"${HOME:-x}\" output = \"\\\"\" }\n",
	    "stage a { input = x output = y filter sharpen { ",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add(texts[i], strlen(texts[i]));
	for (size_t i = 0; ivp_filters[i]; i++)
		add_template(add, ivp_filters[i]);
}

static void put_rules(FILE *to, const struct ivp_rule *rules)
{
	for (; rules->name; rules++) {
		fuzz_word(to, rules->name, strlen(rules->name));
		for (const char *const *word = rules->words; word && *word; word++)
			fuzz_word(to, *word, strlen(*word));
	}
}

void fuzz_dictionary(FILE *to)
{
	static const char *const marks[] = {"link ", "stage ", "filter ", "feeder ",   "sink ",
					    " { ",   " }\n",   " = ",     "\"16MiB\"", "${A:-b}",
					    "auto",  "pci:",   "label:",  "file:",     "shm:",
					    "\\\"",  "/*",     "*/",      "yes",       "no"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		fuzz_word(to, marks[i], strlen(marks[i]));
	put_rules(to, ivp_root_rules);
	put_rules(to, ivp_link_rules);
	put_rules(to, ivp_stage_rules);
	put_rules(to, ivp_feeder_rules);
	put_rules(to, ivp_sink_rules);
	for (size_t i = 0; ivp_filters[i]; i++) {
		fuzz_word(to, ivp_filters[i]->name, strlen(ivp_filters[i]->name));
		for (const struct ivp_param *param = ivp_filters[i]->params; param && param->name;
		     param++) {
			fuzz_word(to, param->name, strlen(param->name));
			for (const char *const *word = param->choices; word && *word; word++)
				fuzz_word(to, *word, strlen(*word));
		}
	}
}
