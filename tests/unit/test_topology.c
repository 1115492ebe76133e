/* SPDX-License-Identifier: MIT */
#include <ivpipe/link.h>
#include "helpers/test.h"

#include <sys/stat.h>

#include <glob.h>
#include <pthread.h>

#include "config/params.h"
#include "config/registry.h"
#include "config/isa.h"
#include "config/topology.h"
#include "transport/window.h"

#define CHAIN                                                                                      \
	"feeder { input = images output = raw }\n"                                                 \
	"link raw { }\n"                                                                           \
	"stage blur { input = raw output = done filter gaussian-blur { sigma = 2.5 } }\n"          \
	"link done { }\n"                                                                          \
	"sink { input = done output = out }\n"

/* A path in the source tree. Not for two at once. */
static const char *in_source(const char *path)
{
	static char joined[512];
	const char *source = getenv("IVP_SOURCE");

	snprintf(joined, sizeof(joined), "%s/%s", source ? source : ".", path);
	return joined;
}

static struct ivp_topology *parse(const char *text, const char *file)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *topology;

	if (ivp_topology_parse(text, file, &topology, &diag) != 0)
		fail_msg("%s", diag.text);
	assert_null(diag.text);
	return topology;
}

static struct ivp_topology *read_whole(const char *file)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *topology;

	if (ivp_topology_read(file, &topology, &diag) != 0)
		fail_msg("%s", diag.text);
	assert_null(diag.text);
	return topology;
}

static void expect_finding(const char *text, const char *finding)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *topology;

	assert_int_equal(ivp_topology_parse(text, "t.conf", &topology, &diag), -EINVAL);
	assert_null(topology);
	assert_string_equal(diag.text, finding);
	ivp_diag_finish(&diag);
}

static void what_is_left_out_has_the_documented_default(void **state)
{
	struct ivp_topology *t = parse(CHAIN, "chain.conf");
	const struct ivp_link_conf *link = ivp_topology_link(t, "raw");
	const struct ivp_stage_conf *stage = ivp_topology_stage(t, "blur");

	(void)state;
	assert_string_equal(t->file, "chain.conf");
	assert_string_equal(t->name, "chain");
	assert_true(link->declared);
	assert_int_equal(link->line, 2);
	assert_int_equal(link->slots, 4);
	assert_int_equal(link->frame_bytes, 16 << 20);
	assert_int_equal(link->metadata_bytes, 4096);
	assert_int_equal(link->policy, IVP_POLICY_BLOCK);
	assert_int_equal(link->isolation, IVP_ISOLATION_ONE_WAY);
	assert_false(link->checksum);
	assert_false(link->early_start);
	assert_int_equal(link->mode, 0600);
	assert_null(link->owner);
	assert_int_equal(link->timeout_ns, 60000000000ull);
	assert_false(link->has_uuid);
	assert_string_equal(link->data, "auto");
	assert_string_equal(link->credit, "auto");
	assert_int_equal(stage->run, IVP_RUN_GUEST);
	assert_int_equal(stage->memory_bytes, 128 << 20);
	assert_int_equal(stage->cpus, 1);
	assert_int_equal(stage->threads, 1);
	assert_string_equal(ivp_isa_words[stage->isa], "auto");
	assert_true(t->feeder.orient);
	assert_int_equal(t->feeder.max_pixels, 100000000);
	assert_int_equal(t->feeder.max_side, 30000);
	assert_int_equal(t->feeder.max_bytes, 256 << 20);
	assert_int_equal(t->feeder.threads, 0);
	assert_int_equal(t->sink.format, IVP_SINK_PNG);
	assert_int_equal(t->sink.quality, 90);
	assert_int_equal(t->sink.compression, 1);
	assert_int_equal(t->sink.threads, 0);
	ivp_topology_destroy(t);
}

static void every_key_reaches_its_field(void **state)
{
	struct ivp_topology *t = read_whole(in_source("tests/conf/pass-all-keys.conf"));
	const struct ivp_link_conf *raw = ivp_topology_link(t, "raw");
	const struct ivp_stage_conf *stage = ivp_topology_stage(t, "work");
	char path[600];

	(void)state;
	assert_string_equal(t->name, "all-keys");
	assert_int_equal(t->feeder.input_count, 3);
	snprintf(path, sizeof(path), "%s", in_source("tests/conf/photos"));
	assert_string_equal(t->feeder.inputs[0], path);
	assert_string_equal(t->feeder.inputs[1], "/srv/more photos");
	assert_ptr_equal(t->feeder.output, raw);
	assert_false(t->feeder.orient);
	assert_int_equal(t->feeder.max_pixels, 1000000);
	assert_int_equal(t->feeder.max_side, 20000);
	assert_int_equal(t->feeder.max_bytes, 1 << 30);
	assert_int_equal(t->feeder.threads, 3);
	assert_int_equal(raw->slots, 8);
	assert_int_equal(raw->frame_bytes, 64 << 20);
	assert_int_equal(raw->metadata_bytes, 65536);
	assert_int_equal(raw->isolation, IVP_ISOLATION_SHARED);
	assert_true(raw->checksum);
	assert_true(raw->early_start);
	assert_int_equal(raw->stores, IVP_STORES_ALWAYS_STREAMING);
	assert_int_equal(raw->loads, IVP_LOADS_STREAMING);
	assert_int_equal(raw->memory, IVP_MEMORY_HUGETLB);
	assert_false(raw->prefault);
	assert_true(raw->lock);
	assert_int_equal(raw->numa_node, 1);
	assert_string_equal(t->hugetlbfs, "/mnt/huge-1G");
	assert_int_equal(raw->mode, 0660);
	assert_string_equal(raw->owner, "root:video");
	assert_int_equal(raw->timeout_ns, 90000000000ull);
	assert_true(raw->has_uuid);
	assert_int_equal(raw->uuid[0], 0x01);
	assert_int_equal(raw->uuid[15], 0xcd);
	snprintf(path, sizeof(path), "file:%s", in_source("tests/conf/windows/raw"));
	assert_string_equal(raw->data, path);
	assert_string_equal(raw->credit, "pci:0000:00:11.0");
	assert_string_equal(ivp_topology_link(t, "done")->credit, "label:credit of done");
	assert_int_equal(stage->run, IVP_RUN_PROCESS);
	assert_int_equal(stage->memory_bytes, 256 << 20);
	assert_int_equal(stage->cpus, 2);
	assert_int_equal(stage->threads, 4);
	assert_string_equal(ivp_isa_words[stage->isa], "avx2");
	assert_int_equal(stage->restart.policy, IVP_RESTART_NO);
	assert_int_equal(stage->restart.limit, 7);
	assert_int_equal(stage->restart.delay_ns, 250000000);
	assert_int_equal(stage->stall_ns, 90000000000ull);
	assert_int_equal(stage->wait, IVP_WAIT_IDLE);
	assert_int_equal(t->feeder.wait, IVP_WAIT_LATENCY);
	assert_int_equal(t->sink.wait, IVP_WAIT_IDLE);
	assert_int_equal(stage->filter_count, 3);
	assert_string_equal(stage->filters[0].filter->name, "gaussian-blur");
	assert_string_equal(stage->filters[1].filter->name, "resize");
	assert_string_equal(stage->filters[2].filter->name, "gaussian-blur");
	assert_string_equal(t->sink.output, "-");
	assert_int_equal(t->sink.format, IVP_SINK_JPEG);
	assert_int_equal(t->sink.quality, 75);
	assert_int_equal(t->sink.compression, 9);
	assert_int_equal(t->sink.png_filter, 5);
	assert_int_equal(t->sink.png_strategy, 2);
	assert_int_equal(t->sink.threads, 4);
	ivp_topology_destroy(t);
}

static void a_parameter_reaches_the_filter(void **state)
{
	struct ivp_topology *t = parse(CHAIN, "chain.conf");
	const struct ivp_filter_conf *conf = &t->stages[0]->filters[0];
	const struct ivp_param *sigma = ivp_param_find(conf->filter, "sigma");
	const double *value = (const void *)((const char *)conf->self + sigma->offset);

	(void)state;
	assert_true(*value > 2.4999 && *value < 2.5001);
	ivp_topology_destroy(t);
}

static void a_name_follows_from_the_file_if_none_is_given(void **state)
{
	static const struct {
		const char *file, *name;
	} cases[] = {
	    {"blur-resize.conf", "blur-resize"},
	    {"/etc/ivpipe/Night Shift.conf", "night-shift"},
	    {"a/b/c", "c"},
	    {"4k.conf", "pipeline"},
	    {".conf", "pipeline"},
	    {"a-very-long-name-of-a-file-that-must-be-cut.conf", "a-very-long-name-of-a-file-that"},
	};

	(void)state;
	for (size_t i = 0; i < count_of(cases); i++) {
		struct ivp_topology *t = parse(CHAIN, cases[i].file);

		assert_string_equal(t->name, cases[i].name);
		ivp_topology_destroy(t);
	}
}

static void inputs_count_from_the_folder_of_their_file(void **state)
{
	struct ivp_topology *t = parse("feeder { input = { \"a\", \"/b\", \"-\" } output = raw }\n"
				       "link raw { }",
				       "conf/x.conf");

	(void)state;
	assert_string_equal(t->feeder.inputs[0], "conf/a");
	assert_string_equal(t->feeder.inputs[1], "/b");
	assert_string_equal(t->feeder.inputs[2], "-");
	ivp_topology_destroy(t);
}

static void a_stage_alone_needs_no_declared_links(void **state)
{
	struct ivp_topology *t = parse("stage s { input = a  output = b }", "s.conf");

	(void)state;
	assert_int_equal(t->link_count, 2);
	assert_false(ivp_topology_link(t, "a")->declared);
	assert_ptr_equal(t->stages[0]->input, ivp_topology_link(t, "a"));
	assert_ptr_equal(t->stages[0]->output, ivp_topology_link(t, "b"));
	assert_int_equal(t->stages[0]->filter_count, 0);
	assert_null(ivp_topology_link(t, "c"));
	assert_null(ivp_topology_stage(t, "a"));
	ivp_topology_destroy(t);
}

static void the_chain_is_sorted_by_its_flow(void **state)
{
	static const char *const stages[] = {"first", "second", "third"};
	static const char *const links[] = {"a", "b", "c", "d"};
	struct ivp_topology *t = read_whole(in_source("tests/conf/pass-three-stages.conf"));
	struct ivp_diag diag = {0};

	(void)state;
	assert_int_equal(ivp_topology_check_chain(t, &diag), 0);
	assert_null(diag.text);
	assert_int_equal(t->stage_count, 3);
	assert_int_equal(t->link_count, 4);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(t->stages[i]->name, stages[i]);
	for (unsigned i = 0; i < 4; i++)
		assert_string_equal(t->links[i]->name, links[i]);
	ivp_topology_destroy(t);
}

static void checking_a_good_chain_again_changes_nothing(void **state)
{
	struct ivp_topology *t = parse(CHAIN, "chain.conf");
	struct ivp_diag diag = {0};

	(void)state;
	assert_int_equal(ivp_topology_check_chain(t, &diag), 0);
	assert_int_equal(ivp_topology_check_chain(t, &diag), 0);
	assert_string_equal(t->links[0]->name, "raw");
	ivp_topology_destroy(t);
}

static void a_chain_without_stages_is_one(void **state)
{
	struct ivp_topology *t = read_whole(in_source("tests/conf/pass-minimal.conf"));
	struct ivp_diag diag = {0};

	(void)state;
	assert_int_equal(ivp_topology_check_chain(t, &diag), 0);
	ivp_topology_destroy(t);
}

static void earlier_findings_of_the_caller_are_not_ours(void **state)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *t;

	(void)state;
	ivp_diag_error(&diag, "other.conf", 1, NULL, "is wrong");
	assert_int_equal(ivp_topology_parse(CHAIN, "chain.conf", &t, &diag), 0);
	assert_int_equal(ivp_topology_check_chain(t, &diag), 0);
	assert_int_equal(diag.errors, 1);
	ivp_topology_destroy(t);
	ivp_diag_finish(&diag);
}

static void a_link_becomes_a_layout(void **state)
{
	struct ivp_topology *t = parse("stage s { input = a output = b }\n"
				       "link a { slots = 4 frame = 1MiB }\n"
				       "link b { slots = 4 frame = 1MiB isolation = shared }",
				       "s.conf");
	struct ivp_layout one_way, shared;
	struct ivp_why why = {""};

	(void)state;
	assert_int_equal(ivp_link_layout(ivp_topology_link(t, "a"), &one_way, &why), 0);
	assert_int_equal(ivp_link_layout(ivp_topology_link(t, "b"), &shared, &why), 0);
	assert_true(one_way.payload_stride >= 1 << 20);
	assert_int_equal(one_way.data_object_bytes, 8 << 20);
	assert_int_equal(one_way.credit_object_bytes, 4096);
	assert_int_equal(shared.credit_object_bytes, 0);
	ivp_topology_destroy(t);
}

static void more_than_64_stages_are_refused(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);

	(void)state;
	for (int i = 0; i < 65; i++)
		fprintf(to, "stage s%d { input = l%d output = l%d }\n", i, i, i + 1);
	assert_int_equal(fclose(to), 0);
	expect_finding(text,
		       "t.conf:65: stage s64: more than 64 stages; let one do several filters\n");
	free(text);
}

static void more_entries_than_any_file_needs_are_refused(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);
	struct ivp_diag diag = {0};
	struct ivp_topology *t;

	(void)state;
	for (int i = 0; i < 5000; i++)
		fprintf(to, "a%d = 1\n", i);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(ivp_topology_parse(text, "t.conf", &t, &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "t.conf:4097: more than 4096 keys or sections"));
	ivp_diag_finish(&diag);
	free(text);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
	char folder[256], file[300], expected[400];
	struct ivp_diag diag = {0};
	struct ivp_topology *t;
	FILE *to;

	(void)state;
	make_test_folder(folder);
	snprintf(file, sizeof(file), "%s/none.conf", folder);
	assert_int_equal(ivp_topology_read(file, &t, &diag), -ENOENT);
	snprintf(expected, sizeof(expected), "%s: cannot be read: No such file or directory\n",
		 file);
	assert_string_equal(diag.text, expected);
	ivp_diag_finish(&diag);
	assert_int_equal(ivp_topology_read(folder, &t, &diag), -EISDIR);
	ivp_diag_finish(&diag);
	to = fopen(file, "w");
	assert_non_null(to);
	fwrite("name\0x", 1, 6, to);
	fclose(to);
	assert_true(ivp_topology_read(file, &t, &diag) < 0);
	assert_non_null(strstr(diag.text, "holds a NUL byte"));
	ivp_diag_finish(&diag);
	assert_int_equal(truncate(file, 2 << 20), 0);
	assert_int_equal(ivp_topology_read(file, &t, &diag), -EFBIG);
	assert_non_null(strstr(diag.text, "larger than 1 MiB"));
	ivp_diag_finish(&diag);
	remove_test_folder(folder);
}

static void assert_same_link(const struct ivp_link_conf *a, const struct ivp_link_conf *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->slots, b->slots);
	assert_int_equal(a->frame_bytes, b->frame_bytes);
	assert_int_equal(a->metadata_bytes, b->metadata_bytes);
	assert_int_equal(a->policy, b->policy);
	assert_int_equal(a->isolation, b->isolation);
	assert_int_equal(a->checksum, b->checksum);
	assert_int_equal(a->early_start, b->early_start);
	assert_int_equal(a->stores, b->stores);
	assert_int_equal(a->timeout_ns, b->timeout_ns);
	assert_int_equal(a->has_uuid, b->has_uuid);
	assert_memory_equal(a->uuid, b->uuid, 16);
	assert_string_equal(b->data, "auto");
	assert_string_equal(b->credit, "auto");
}

static void assert_same_stage(const struct ivp_stage_conf *a, const struct ivp_stage_conf *b)
{
	assert_string_equal(a->name, b->name);
	assert_same_link(a->input, b->input);
	assert_same_link(a->output, b->output);
	assert_int_equal(a->run, b->run);
	assert_int_equal(a->memory_bytes, b->memory_bytes);
	assert_int_equal(a->cpus, b->cpus);
	assert_int_equal(a->threads, b->threads);
	assert_int_equal(a->isa, b->isa);
	assert_int_equal(a->filter_count, b->filter_count);
	assert_int_equal(a->restart.policy, b->restart.policy);
	assert_int_equal(a->restart.limit, b->restart.limit);
	assert_int_equal(a->restart.delay_ns, b->restart.delay_ns);
	assert_int_equal(a->stall_ns, b->stall_ns);
	assert_int_equal(a->wait, b->wait);
	for (unsigned i = 0; i < a->filter_count; i++) {
		assert_ptr_equal(a->filters[i].filter, b->filters[i].filter);
		assert_memory_equal(a->filters[i].self, b->filters[i].self,
				    a->filters[i].filter->private_bytes);
	}
}

/* Writes every stage of the file and reads it back. */
static void round_trip(const char *file)
{
	struct ivp_topology *t = read_whole(file);

	for (unsigned i = 0; i < t->stage_count; i++) {
		struct ivp_topology *back;
		char *text = NULL;
		size_t bytes = 0;
		FILE *to = open_memstream(&text, &bytes);

		ivp_topology_write_stage(t, t->stages[i], to);
		assert_int_equal(fclose(to), 0);
		back = parse(text, "other.conf");
		free(text);
		assert_string_equal(back->name, t->name);
		assert_int_equal(back->stage_count, 1);
		assert_int_equal(back->link_count, 2);
		assert_same_stage(t->stages[i], back->stages[0]);
		ivp_topology_destroy(back);
	}
	ivp_topology_destroy(t);
}

static void a_written_stage_reads_back_the_same(void **state)
{
	static const char *const patterns[] = {"configs/*.conf", "configs/stages/*.conf",
					       "tests/conf/pass-*.conf"};

	(void)state;
	for (size_t i = 0; i < count_of(patterns); i++) {
		glob_t files;

		assert_int_equal(glob(in_source(patterns[i]), 0, NULL, &files), 0);
		for (size_t j = 0; j < files.gl_pathc; j++)
			round_trip(files.gl_pathv[j]);
		globfree(&files);
	}
}

static void write_text(const char *folder, const char *name, const void *text, size_t bytes)
{
	char path[600];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "w");
	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, bytes, to), bytes);
	assert_int_equal(fclose(to), 0);
}

#define FILES_STAGE                                                                                \
	"link a {}\nlink b {}\nstage s {\n input = a\n output = b\n"                               \
	" filter lut { file = one.cube }\n filter invert {}\n"                                     \
	" filter lut:2 { file = \"\" }\n filter lut:3 { file = \"sub/../two.cube\" }\n}\n"

/* As the supervisor does it: files beside the configuration, by the places that it names. */
static void files_of_a_written_stage_are_found_beside_it(void **state)
{
	static const char one[] = "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n",
			  two[] = "LUT_1D_SIZE 2\n1 1 1\n0 0 0\n";
	char from[256], to[256], path[600], place[IVP_FILE_PLACE], sub[300], *text = NULL;
	const struct ivp_param_file *file;
	struct ivp_topology *t, *back;
	size_t bytes = 0;
	FILE *stream;

	(void)state;
	make_test_folder(from);
	make_test_folder(to);
	snprintf(sub, sizeof(sub), "%s/sub", from);
	assert_int_equal(mkdir(sub, 0700), 0);
	write_text(from, "one.cube", one, strlen(one));
	write_text(from, "two.cube", two, strlen(two));
	write_text(from, "files.conf", FILES_STAGE, strlen(FILES_STAGE));
	snprintf(path, sizeof(path), "%s/files.conf", from);
	t = read_whole(path);
	for (unsigned i = 0; (file = ivp_topology_stage_file(t->stages[0], i, place)) != NULL;
	     i++) {
		assert_string_equal(place, i == 0 ? "s.file-1" : "s.file-2");
		assert_non_null(file->parsed);
		assert_memory_equal(file->bytes, i == 0 ? one : two, strlen(one));
		write_text(to, place, file->bytes, file->size);
	}
	stream = open_memstream(&text, &bytes);
	ivp_topology_write_stage(t, t->stages[0], stream);
	assert_int_equal(fclose(stream), 0);
	write_text(to, "stage.conf", text, bytes);
	free(text);
	snprintf(path, sizeof(path), "%s/stage.conf", to);
	back = read_whole(path);
	file = ivp_topology_stage_file(back->stages[0], 1, place);
	assert_non_null(file);
	assert_memory_equal(file->bytes, two, strlen(two));
	assert_null(ivp_topology_stage_file(back->stages[0], 2, place));
	ivp_topology_destroy(t);
	ivp_topology_destroy(back);
	remove_test_folder(from);
	remove_test_folder(to);
}

static void a_file_that_is_missing_is_named_with_file_line_and_key(void **state)
{
	struct ivp_diag diag = {0};
	struct ivp_topology *t;

	(void)state;
	assert_int_equal(ivp_topology_parse(FILES_STAGE, "nowhere/t.conf", &t, &diag), -EINVAL);
	assert_string_equal(
	    diag.text, "nowhere/t.conf:6: file: cannot read 'nowhere/one.cube': No such file "
		       "or directory\n"
		       "nowhere/t.conf:9: file: cannot read 'nowhere/sub/../two.cube': No such "
		       "file or directory\n");
	ivp_diag_finish(&diag);
}

static void every_example_is_a_whole_chain(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob(in_source("configs/*.conf"), 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 4);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct ivp_topology *t = read_whole(files.gl_pathv[i]);
		struct ivp_diag diag = {0};

		if (ivp_topology_check_chain(t, &diag) != 0 || diag.text)
			fail_msg("%s", diag.text);
		ivp_topology_destroy(t);
	}
	globfree(&files);
}

static void every_filter_has_an_example_with_all_its_defaults(void **state)
{
	(void)state;
	for (size_t i = 0; ivp_filters[i]; i++) {
		const struct ivp_filter *filter = ivp_filters[i];
		void *defaults = calloc(1, filter->private_bytes + 1);
		struct ivp_topology *t;
		char path[128];

		snprintf(path, sizeof(path), "configs/stages/%s.conf", filter->name);
		t = read_whole(in_source(path));
		assert_int_equal(t->stage_count, 1);
		assert_int_equal(t->stages[0]->filter_count, 1);
		assert_ptr_equal(t->stages[0]->filters[0].filter, filter);
		assert_string_equal(t->stages[0]->input->name, "raw");
		assert_string_equal(t->stages[0]->output->name, "filtered");
		assert_non_null(defaults);
		ivp_params_default(filter, defaults);
		assert_memory_equal(t->stages[0]->filters[0].self, defaults, filter->private_bytes);
		free(defaults);
		ivp_topology_destroy(t);
	}
}

static void *read_often(void *failures)
{
	for (int i = 0; i < 200; i++) {
		struct ivp_diag diag = {0};
		struct ivp_topology *t;
		const char *text = i % 2 ? CHAIN : CHAIN "link x {";

		if ((ivp_topology_parse(text, "t.conf", &t, &diag) == 0) != (i % 2 == 1))
			++*(int *)failures;
		ivp_topology_destroy(t);
		ivp_diag_finish(&diag);
	}
	return NULL;
}

static void two_threads_may_read_at_once(void **state)
{
	pthread_t threads[2];
	int failures[2] = {0, 0};

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_often, &failures[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(failures[0] + failures[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_left_out_has_the_documented_default),
	    cmocka_unit_test(every_key_reaches_its_field),
	    cmocka_unit_test(a_parameter_reaches_the_filter),
	    cmocka_unit_test(a_name_follows_from_the_file_if_none_is_given),
	    cmocka_unit_test(inputs_count_from_the_folder_of_their_file),
	    cmocka_unit_test(a_stage_alone_needs_no_declared_links),
	    cmocka_unit_test(the_chain_is_sorted_by_its_flow),
	    cmocka_unit_test(checking_a_good_chain_again_changes_nothing),
	    cmocka_unit_test(a_chain_without_stages_is_one),
	    cmocka_unit_test(earlier_findings_of_the_caller_are_not_ours),
	    cmocka_unit_test(a_link_becomes_a_layout),
	    cmocka_unit_test(more_than_64_stages_are_refused),
	    cmocka_unit_test(more_entries_than_any_file_needs_are_refused),
	    cmocka_unit_test(a_file_that_cannot_be_read_says_why),
	    cmocka_unit_test(a_written_stage_reads_back_the_same),
	    cmocka_unit_test(files_of_a_written_stage_are_found_beside_it),
	    cmocka_unit_test(a_file_that_is_missing_is_named_with_file_line_and_key),
	    cmocka_unit_test(every_example_is_a_whole_chain),
	    cmocka_unit_test(every_filter_has_an_example_with_all_its_defaults),
	    cmocka_unit_test(two_threads_may_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
