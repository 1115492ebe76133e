/* SPDX-License-Identifier: MIT */
/* The grammar as data: which sections there are, and which keys they have. */
#include "config/build.h"
#include "config/isa.h"

#define GIB    (1ull << 30)
#define SECOND 1000000000ull

static const char *const isolations[] = {"one-way", "shared", NULL};
static const char *const runs[] = {"guest", "process", NULL};
static const char *const restarts[] = {"on-failure", "no", NULL};
const char *const ivp_wake_words[] = {"auto", "futex", "doorbell", "vfio", "uio", "poll", NULL};
static const char *const formats[] = {"same", "png", "jpeg", "pnm", "null", "bytes", NULL};
static const char *const depths[] = {"8", "keep", NULL}; /* enum ivp_depth */
static const char *const shrinks[] = {"1", "2", "4", "8", "auto", NULL};
/* In the orders of enum ivp_png_filter and enum ivp_png_strategy. */
static const char *const png_filters[] = {"sub-up",  "none",  "sub", "up",
					  "average", "paeth", "all", NULL};
static const char *const png_strategies[] = {"default", "filtered", "rle", "huffman", NULL};
static const char *const when_full[] = {"fail", "wait", NULL};

const char *const ivp_policy_words[] = {"block", "drop-newest", "drop-oldest", "latest", NULL};

const char *const ivp_stores_words[] = {"auto", "cached", "streaming", NULL};
const char *const ivp_loads_words[] = {"auto", "cached", "streaming", NULL};
const char *const ivp_memory_words[] = {"normal", "thp", "hugetlb", "auto", NULL};
const char *const ivp_wait_words[] = {"balanced", "latency", "idle", NULL};

/* A key, its field and how to read it. */
#define RULE(type, key, field, reader, ...)                                                        \
	{                                                                                          \
		.name = key, .parse = reader, .offset = offsetof(struct type, field), __VA_ARGS__  \
	}

const struct ivp_rule ivp_root_rules[] = {
    RULE(ivp_topology, "name", name, ivp_value_name),
    RULE(ivp_topology, "wake", wake, ivp_value_word, .words = ivp_wake_words),
    RULE(ivp_topology, "hugetlbfs", hugetlbfs, ivp_value_text),
    {0},
};

const struct ivp_rule ivp_link_rules[] = {
    RULE(ivp_link_conf, "slots", slots, ivp_value_power, .min = IVP_MIN_SLOTS,
	 .max = IVP_MAX_SLOTS),
    RULE(ivp_link_conf, "frame", frame_bytes, ivp_value_size, .min = 64, .max = 1024 * GIB),
    RULE(ivp_link_conf, "metadata", metadata_bytes, ivp_value_size32, .min = 512,
	 .max = IVP_MAX_METADATA),
    RULE(ivp_link_conf, "policy", policy, ivp_value_word, .words = ivp_policy_words),
    RULE(ivp_link_conf, "isolation", isolation, ivp_value_word, .words = isolations),
    RULE(ivp_link_conf, "checksum", checksum, ivp_value_yes),
    RULE(ivp_link_conf, "early-start", early_start, ivp_value_yes),
    RULE(ivp_link_conf, "stores", stores, ivp_value_word, .words = ivp_stores_words),
    RULE(ivp_link_conf, "loads", loads, ivp_value_word, .words = ivp_loads_words),
    RULE(ivp_link_conf, "memory", memory, ivp_value_word, .words = ivp_memory_words),
    RULE(ivp_link_conf, "prefault", prefault, ivp_value_yes),
    RULE(ivp_link_conf, "lock", lock, ivp_value_yes),
    RULE(ivp_link_conf, "numa-node", numa_node, ivp_value_count, .min = 0, .max = 1023),
    RULE(ivp_link_conf, "mode", mode, ivp_value_mode),
    RULE(ivp_link_conf, "owner", owner, ivp_value_owner),
    RULE(ivp_link_conf, "timeout", timeout_ns, ivp_value_duration, .min = SECOND / 100,
	 .max = 86400 * SECOND),
    RULE(ivp_link_conf, "uuid", uuid, ivp_value_uuid),
    RULE(ivp_link_conf, "data", data, ivp_value_place, .place = true),
    RULE(ivp_link_conf, "credit", credit, ivp_value_place, .place = true),
    {0},
};

const struct ivp_rule ivp_stage_rules[] = {
    RULE(ivp_stage_conf, "input", input, ivp_value_name, .link = true, .missing = "input = LINK"),
    RULE(ivp_stage_conf, "output", output, ivp_value_name, .link = true,
	 .missing = "output = LINK"),
    RULE(ivp_stage_conf, "run", run, ivp_value_word, .words = runs),
    RULE(ivp_stage_conf, "memory", memory_bytes, ivp_value_size, .min = 64ull << 20,
	 .max = 1024 * GIB),
    RULE(ivp_stage_conf, "cpus", cpus, ivp_value_count, .min = 1, .max = 64),
    RULE(ivp_stage_conf, "threads", threads, ivp_value_count, .min = 1, .max = 64),
    RULE(ivp_stage_conf, "isa", isa, ivp_value_word, .words = ivp_isa_words),
    RULE(ivp_stage_conf, "wait", wait, ivp_value_word, .words = ivp_wait_words),
    RULE(ivp_stage_conf, "restart", restart.policy, ivp_value_word, .words = restarts),
    RULE(ivp_stage_conf, "restart-limit", restart.limit, ivp_value_count, .min = 0, .max = 1000000),
    RULE(ivp_stage_conf, "restart-delay", restart.delay_ns, ivp_value_duration,
	 .min = SECOND / 1000, .max = 5 * SECOND),
    RULE(ivp_stage_conf, "stall", stall_ns, ivp_value_duration, .min = SECOND,
	 .max = 86400 * SECOND),
    RULE(ivp_stage_conf, "wake", wake, ivp_value_word, .words = ivp_wake_words),
    {0},
};

const struct ivp_rule ivp_feeder_rules[] = {
    RULE(ivp_feeder_conf, "input", inputs, ivp_value_text, .list = true,
	 .missing = "input = { \"FOLDER\" }"),
    RULE(ivp_feeder_conf, "output", output, ivp_value_name, .link = true,
	 .missing = "output = LINK"),
    RULE(ivp_feeder_conf, "orient", orient, ivp_value_yes),
    RULE(ivp_feeder_conf, "depth", depth, ivp_value_word, .words = depths),
    RULE(ivp_feeder_conf, "max-pixels", max_pixels, ivp_value_number, .min = 1,
	 .max = 1000000000000),
    RULE(ivp_feeder_conf, "max-side", max_side, ivp_value_count, .min = 1, .max = INT32_MAX),
    RULE(ivp_feeder_conf, "max-bytes", max_bytes, ivp_value_size, .min = 1, .max = 1024 * GIB),
    RULE(ivp_feeder_conf, "jpeg-shrink", shrink, ivp_value_word, .words = shrinks),
    RULE(ivp_feeder_conf, "threads", threads, ivp_value_count, .min = 1, .max = 64),
    RULE(ivp_feeder_conf, "wait", wait, ivp_value_word, .words = ivp_wait_words),
    RULE(ivp_feeder_conf, "bytes", bytes, ivp_value_yes),
    {0},
};

const struct ivp_rule ivp_sink_rules[] = {
    RULE(ivp_sink_conf, "input", input, ivp_value_name, .link = true, .missing = "input = LINK"),
    RULE(ivp_sink_conf, "output", output, ivp_value_text),
    RULE(ivp_sink_conf, "format", format, ivp_value_word, .words = formats),
    RULE(ivp_sink_conf, "quality", quality, ivp_value_count, .min = 1, .max = 100),
    RULE(ivp_sink_conf, "compression", compression, ivp_value_count, .min = 0, .max = 9),
    RULE(ivp_sink_conf, "png-filter", png_filter, ivp_value_word, .words = png_filters),
    RULE(ivp_sink_conf, "png-strategy", png_strategy, ivp_value_word, .words = png_strategies),
    RULE(ivp_sink_conf, "threads", threads, ivp_value_count, .min = 1, .max = 64),
    RULE(ivp_sink_conf, "full", full, ivp_value_word, .words = when_full),
    RULE(ivp_sink_conf, "wait", wait, ivp_value_word, .words = ivp_wait_words),
    {0},
};

static cfg_opt_t plain[] = {CFG_END()};
static cfg_opt_t stage[] = {CFG_SEC("filter", plain, CFGF_MULTI | CFGF_TITLE), CFG_END()};
static cfg_opt_t feeder[] = {CFG_STR_LIST("input", NULL, CFGF_NODEFAULT), CFG_END()};

cfg_opt_t ivp_grammar[] = {
    CFG_SEC("link", plain, CFGF_MULTI | CFGF_TITLE),
    CFG_SEC("stage", stage, CFGF_MULTI | CFGF_TITLE),
    CFG_SEC("feeder", feeder, CFGF_NONE),
    CFG_SEC("sink", plain, CFGF_NONE),
    CFG_END(),
};
