/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer is all the peers of a run; under test is the supervisor, which watches their windows
 * and sums up. Whatever they claim, the summary can be printed, and its JSON can be read and has
 * no number below zero but the status of a failure.
 */
#include "fuzz/peer.h"

#include <jansson.h>

#include "base/log.h"
#include "supervisor/lives.h"
#include "supervisor/stats.h"
#include "supervisor/summary.h"

static struct ivp_topology *topology;

static void forget_topology(void)
{
	ivp_topology_destroy(topology);
}

static void make_topology(void)
{
	struct ivp_diag diag = {0};

	if (topology)
		return;
	CHECK(ivp_topology_parse("stage s { input = a output = b }\n", "fuzz.conf", &topology,
				 &diag) == 0);
	ivp_diag_finish(&diag);
	CHECK(atexit(forget_topology) == 0);
}

static void check_numbers(json_t *value)
{
	json_t *inner;
	const char *key;
	size_t index;

	if (json_is_integer(value))
		CHECK(json_integer_value(value) >= 0);
	if (json_is_real(value))
		CHECK(json_real_value(value) >= 0);
	json_object_foreach(value, key, inner) check_numbers(inner);
	json_array_foreach(value, index, inner) check_numbers(inner);
}

static void check_texts(const struct ivp_summary *summary)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	json_t *root;

	CHECK(to);
	ivp_summary_print(summary, to);
	CHECK(fclose(to) == 0 && size > 0);
	free(text);
	text = NULL;
	to = open_memstream(&text, &size);
	CHECK(to && ivp_summary_print_json(summary, to) == 0 && fclose(to) == 0);
	root = json_loads(text, 0, NULL);
	CHECK(root);
	check_numbers(root);
	json_decref(root);
	free(text);
}

/* What the watchdog asks. */
static void check_lives(const struct ivp_windows *windows, const struct ivp_child *stage)
{
	struct ivp_child child = *stage;
	uint64_t position;
	bool at_work;

	child.pidfd = 0; /* it lives; nobody looks there */
	ivp_lives_begin(windows, &child);
	for (uint64_t i = 1; i < 20; i++)
		ivp_lives_stalled(windows, &child, i << 33, &position, &at_work);
	ivp_lives_position(windows, &child);
	ivp_lives_finished(windows, &child);
	CHECK(child.exit_line >= -1 && child.exit_line <= 255);
}

/* What pipeline stats does, but for the files. */
static void check_stats(struct ivp_stats *stats)
{
	static uint64_t now_ns = 1;
	char *text = NULL;
	size_t size = 0;
	FILE *to;
	json_t *root;

	now_ns += 300000000;
	for (unsigned i = 0; i < stats->link_count; i++) {
		const struct peer_link *peers = peer_link_at(i);
		struct ivp_stats_link *link = &stats->links[i];
		union ivp_stats_page page;

		memcpy(page.bytes, peers->data.base, IVP_PAGE);
		ivp_stats_take(&link->producer, &page, peers->data.bytes, IVP_WINDOW_DATA,
			       now_ns & 4, 7, now_ns);
		memcpy(page.bytes, peers->credit[0].base, IVP_PAGE);
		ivp_stats_take(&link->consumers[0], &page, IVP_PAGE, IVP_WINDOW_CREDIT, now_ns & 2,
			       7, now_ns);
		link->consumer_count = 1;
	}
	to = open_memstream(&text, &size);
	CHECK(to);
	ivp_stats_print(stats, to);
	CHECK(fclose(to) == 0 && size > 0);
	free(text);
	text = NULL;
	to = open_memstream(&text, &size);
	CHECK(to && ivp_stats_print_json(stats, false, to) == 0 && fclose(to) == 0);
	root = json_loads(text, 0, NULL);
	CHECK(root);
	check_numbers(root);
	json_decref(root);
	free(text);
}

static void watch(const struct ivp_windows *windows)
{
	struct ivp_child children[3] = {
	    {.name = "feeder", .role = IVP_CHILD_FEEDER, .pidfd = -1, .output = -1, .ended = true},
	    {.name = "s",
	     .role = IVP_CHILD_STAGE,
	     .guest = true,
	     .stage = topology->stages[0],
	     .from = topology->stages[0]->input,
	     .to = topology->stages[0]->output,
	     .exit_line = -1,
	     .pidfd = -1,
	     .output = -1,
	     .started_ns = 5,
	     .ended = true},
	    {.name = "sink", .role = IVP_CHILD_SINK, .pidfd = -1, .output = -1, .ended = true},
	};
	struct ivp_plan plan = {.topology = topology};
	struct ivp_launch launch = {
	    .plan = &plan, .folder = "/nonexistent", .count = 3, .children = children};
	const struct ivp_bells none = {.ready = -1};
	const struct ivp_watch_options options = {
	    .windows = windows, .bells = &none, .signals = -1};
	struct ivp_watch_result result;
	struct ivp_summary summary;
	struct ivp_why why = {""};

	check_lives(windows, &children[1]);
	CHECK(ivp_watch_run(&launch, &options, &result, &why) == 0);
	CHECK(ivp_summary_fill(&summary, &launch, windows, &result, &why) == 0);
	check_texts(&summary);
	ivp_summary_finish(&summary);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct ivp_link_windows links[PEER_LINKS] = {0};
	struct ivp_windows windows = {.count = PEER_LINKS, .links = links};
	struct ivp_stats_link lines[PEER_LINKS] = {{.name = "a"}, {.name = "b"}};
	struct ivp_stats stats = {.pipeline = "fuzz", .link_count = PEER_LINKS, .links = lines};

	make_topology();
	ivp_log_open("fuzz", "", IVP_LOG_ERROR);
	peer_begin(&script);
	for (unsigned i = 0; i < PEER_LINKS; i++) {
		const struct peer_link *link = peer_add_link(PEER_TESTS_MONITOR);

		links[i].link = topology->links[i];
		links[i].layout = link->layout;
		links[i].producer =
		    (const void *)((const uint8_t *)link->data.base + IVP_WIRE_OWNER_OFFSET);
		links[i].consumer =
		    (const void *)((const uint8_t *)link->credit[0].base + IVP_WIRE_OWNER_OFFSET);
	}
	while (script_left(&script) > 0)
		if (!peer_step()) {
			if (take8(&script) % 2)
				check_stats(&stats);
			else
				watch(&windows);
		}
	watch(&windows);
	check_stats(&stats);
	peer_finish();
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	for (uint8_t i = 0; i < 16; i++) {
		struct seed seed = {.size = 0};

		put_number(&seed, i * 3u, 2);
		put_number(&seed, i * 5u, 2);
		put_step(&seed, PEER_FRAME, 8 | i % 2, 0);
		put_number(&seed, 0x01020304, 4);
		put_step(&seed, PEER_LIFE, i % 2, 0);
		put_number(&seed, i * 17u, 1);
		put_step(&seed, PEER_WORD, i % 2, i); /* counters */
		put_number(&seed, i & 1 ? 2 : 0xc2, 1);
		put_number(&seed, 32u + i % 10, 1);
		put_number(&seed, 0x23 + i % 4 * 16u, 1);
		put_number(&seed, 0, 1);
		put_step(&seed, PEER_POSITION, i % 2, 0);
		put_number(&seed, 0xff, 1);
		add(seed.bytes, seed.size);
	}
}
