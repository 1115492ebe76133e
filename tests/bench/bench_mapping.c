/* SPDX-License-Identifier: MIT */
/*
 * What the keys memory, prefault and loads of a link cost and bring, in one process on one core.
 *
 *     create         a region of 64 MiB, all of its pages taken and zeroed
 *     attach         mapping it anew, with or without prefault
 *     first frame    1920x1080 RGB8 stored into one slot of what was just mapped
 *     later frames   the same into all slots in turn
 *
 * For each kind of pages that the machine has: transparent ones need a /dev/shm that allows them,
 * reserved ones 32 free huge pages. Of loads: a filter that reads its image in the region, and one
 * whose image is fetched first, as where windows are not cached; here they are, so the difference is
 * what the copy costs.
 */
#include "bench/stage.h"

#include "stage/fetch.h"
#include "transport/loads.h"

#define REGION (64u << 20)
#define SLOTS  10u /* frames in it */

static struct bench bench = {.name = "mapping", .rounds = 7};

static const char *const kinds[] = {"normal", "thp", "hugetlb"};
enum { KINDS = 3 };
enum { CREATE, ATTACH, ATTACH_LAZY, FIRST, FIRST_LAZY, LATER, MEASURES };

static const char *const measures[MEASURES] = {"create 64 MiB",
					       "attach, prefault = yes",
					       "attach, prefault = no",
					       "first frame, prefault = yes",
					       "first frame, prefault = no",
					       "later frames"};

static const struct {
	const char *name;
	const char *set[3][2];
} filters[] = {
    {"invert", {{NULL}}},
    {"box-blur", {{NULL}}},
    {"median", {{NULL}}},
    {"gaussian-blur", {{"sigma", "5"}}},
};
#define FILTERS (sizeof(filters) / sizeof(filters[0]))

static struct bench_series pages[KINDS * MEASURES];
static struct bench_series copies[2] = {{.name = "copy of a frame, memcpy", .unit = "ms"},
					{.name = "copy of a frame, streaming loads", .unit = "ms"}};
static struct bench_series loads[2 * FILTERS];
static char names[KINDS * MEASURES + 2 * FILTERS][64];
static uint8_t *source;

static double ms_since(uint64_t start_ns)
{
	return (double)(ivp_now_ns() - start_ns) / 1e6;
}

static void add(struct bench_series *series, double value)
{
	bench_add(series, value, BENCH_NEAR, BENCH_FAR);
}

static void name_series(void)
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned i = 0; i < MEASURES; i++) {
			struct bench_series *series = &pages[kind * MEASURES + i];

			snprintf(names[kind * MEASURES + i], sizeof(names[0]), "%s: %s",
				 kinds[kind], measures[i]);
			*series = (struct bench_series){.name = names[kind * MEASURES + i],
							.unit = "ms",
							.reference = kind > 0 ? &pages[i] : NULL};
		}
	for (unsigned i = 0; i < 2 * FILTERS; i++) {
		char *name = names[KINDS * MEASURES + i];

		snprintf(name, sizeof(names[0]), "%s, loads = %s", filters[i / 2].name,
			 i % 2 ? "streaming" : "cached");
		loads[i] = (struct bench_series){
		    .name = name, .unit = "ms", .reference = i % 2 ? &loads[i - 1] : NULL};
	}
	copies[1].reference = &copies[0];
}

/* Where a region of this kind would be; false if there is none of it here. */
static bool find_place(unsigned kind, char path[256])
{
	struct ivp_hugetlb at = {.folder = IVP_REGION_FOLDER};
	struct ivp_why why;

	if (kind == IVP_MEMORY_THP && ivp_thp_allowed(&why) != 0)
		return false;
	if (kind == IVP_MEMORY_HUGETLB &&
	    (ivp_hugetlb_find(NULL, &at, &why) != 0 || at.free < ivp_hugetlb_pages(&at, REGION)))
		return false;
	snprintf(path, 256, "%s/ivpipe.bench-%d.mapping.data", at.folder, (int)getpid());
	return true;
}

static void open_and_store(const char *path, struct bench_series *series, bool lazy)
{
	const struct ivp_memory_use use = {.lazy = lazy};
	struct ivp_region region;
	struct ivp_why why;
	uint64_t start_ns = ivp_now_ns();

	if (ivp_region_open_as(path, true, &use, &region, &why) != 0)
		bench_fail(&why);
	add(&series[lazy ? ATTACH_LAZY : ATTACH], ms_since(start_ns));
	start_ns = ivp_now_ns();
	memcpy(region.base, source, BENCH_BYTES);
	add(&series[lazy ? FIRST_LAZY : FIRST], ms_since(start_ns));
	for (unsigned i = 0; i < SLOTS; i++)
		memcpy(region.base + i * BENCH_BYTES, source, BENCH_BYTES);
	start_ns = ivp_now_ns();
	for (unsigned i = 0; i < SLOTS; i++)
		memcpy(region.base + i * BENCH_BYTES, source, BENCH_BYTES);
	if (!lazy)
		add(&series[LATER], ms_since(start_ns) / SLOTS);
	ivp_region_close(&region);
}

static void measure_pages(unsigned kind)
{
	const struct ivp_memory_use use = {.memory = kind};
	struct bench_series *series = &pages[kind * MEASURES];
	struct ivp_region region;
	struct ivp_why why;
	char path[256];

	if (!find_place(kind, path))
		return;
	const uint64_t start_ns = ivp_now_ns();
	if (ivp_region_create_as(path, REGION, 0600, NULL, &use, &region, &why) != 0)
		bench_fail(&why);
	add(&series[CREATE], ms_since(start_ns));
	open_and_store(path, series, false);
	open_and_store(path, series, true);
	ivp_region_close(&region);
	if (ivp_region_destroy(path, &why) != 0)
		bench_fail(&why);
}

static void measure_loads(const uint8_t *slot, uint8_t *out)
{
	const struct ivp_frame frame = {.payload = slot, .payload_bytes = BENCH_BYTES};
	struct ivp_fetch fetch = {0};
	uint64_t start_ns = ivp_now_ns();
	struct ivp_shape shape;

	memcpy(out, slot, BENCH_BYTES);
	add(&copies[0], ms_since(start_ns));
	start_ns = ivp_now_ns();
	ivp_load_bytes(out, slot, BENCH_BYTES);
	add(&copies[1], ms_since(start_ns));
	if (memcmp(out, slot, BENCH_BYTES) != 0)
		exit(EX_SOFTWARE);
	for (unsigned i = 0; i < 2 * FILTERS; i++) {
		struct ivp_filter_conf conf = bench_filter(filters[i / 2].name, filters[i / 2].set);
		const struct ivp_output to = {bench_shape, BENCH_STRIDE, out, IVP_STORES_CACHED};
		struct ivp_chain chain;

		if (ivp_chain_init(&chain, &conf, 1) != 0 ||
		    ivp_chain_plan(&chain, &bench_shape, &shape, NULL) != 0)
			exit(EX_SOFTWARE);
		/* The second time nothing is new. */
		for (unsigned pass = 0; pass < 2; pass++) {
			struct ivp_input from = {bench_shape, BENCH_STRIDE, slot};

			start_ns = ivp_now_ns();
			if (i % 2) {
				from.pixels = ivp_fetch_begin(&fetch, &frame);
				ivp_fetch_until(&fetch, BENCH_BYTES);
			}
			ivp_chain_apply(&chain, &from, &to, NULL, NULL);
			if (pass)
				add(&loads[i], ms_since(start_ns));
		}
		ivp_chain_finish(&chain);
		ivp_params_finish(conf.filter, conf.self);
		free(conf.self);
	}
	ivp_fetch_finish(&fetch);
}

/* Who never sleeps may not stay at realtime priority for long. */
static void let_others_run(void)
{
	bench_realtime(&bench, true);
	usleep(1000);
}

int main(int argc, char **argv)
{
	struct bench_series all[KINDS * MEASURES + 2 + 2 * FILTERS];
	uint8_t *memory;

	bench_options(&bench, argc, argv);
	bench_pin(0);
	name_series();
	source = bench_map(2 * BENCH_BYTES);
	memory = source + BENCH_BYTES;
	for (size_t i = 0; i < BENCH_BYTES; i++)
		source[i] = (uint8_t)(i * 2654435761u >> 24);
	for (unsigned round = 0; round < bench.rounds; round++) {
		for (unsigned kind = 0; kind < KINDS; kind++) {
			let_others_run();
			measure_pages(kind);
		}
		let_others_run();
		measure_loads(source, memory);
	}
	bench_realtime(&bench, false);
	memcpy(all, pages, sizeof(pages));
	memcpy(all + KINDS * MEASURES, copies, sizeof(copies));
	memcpy(all + KINDS * MEASURES + 2, loads, sizeof(loads));
	return bench_report(&bench, all, KINDS * MEASURES + 2 + 2 * FILTERS);
}
