/* SPDX-License-Identifier: MIT */
/*
 * A pipeline as its file describes it. One grammar serves the whole topology (pipeline run) and
 * the part that one program needs (pipeline-stage --config blur.conf): a file with one stage and
 * no feeder or sink is as good.
 *
 * A topology is read once, then constant; any thread may read it.
 */
#ifndef IVP_CONFIG_TOPOLOGY_H
#define IVP_CONFIG_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <ivpipe/filter.h>
#include "base/diag.h"
#include "transport/bell.h"
#include "transport/hugepages.h"
#include "transport/loads.h"
#include "transport/memory.h"

/* By IVP_POLICY_*; NULL at the end. */
extern const char *const ivp_policy_words[];

/* link NAME { } */
struct ivp_link_conf {
	char name[IVP_NAME_BYTES];
	const char *file; /* where it is declared, or first named; so for all structs here */
	int line;
	bool declared;           /* false: only named by a stage, feeder or sink */
	uint32_t slots;          /* slots = 4 */
	uint64_t frame_bytes;    /* frame = "16MiB": the largest payload */
	uint32_t metadata_bytes; /* metadata = "4KiB" */
	unsigned policy;         /* policy = block | drop-newest | drop-oldest | latest */
	unsigned isolation;      /* isolation = one-way | shared */
	bool checksum;           /* checksum = no */
	bool early_start;        /* early-start = no */
	unsigned stores;         /* stores = auto: enum ivp_stores_choice */
	unsigned loads;          /* loads = auto: enum ivp_loads */
	unsigned memory;         /* memory = normal | thp | hugetlb | auto: enum ivp_memory */
	bool prefault;           /* prefault = yes: whole mappings at once */
	bool lock;               /* lock = no: its memory stays in memory */
	int numa_node;           /* numa-node = 0; -1: wherever the kernel puts it */
	mode_t mode;             /* mode = "0600" */
	char *owner;             /* owner = "user:group"; NULL: who creates it */
	uint64_t timeout_ns;     /* timeout = "60s": how long a peer may be absent or silent */
	bool has_uuid;           /* uuid = "..." */
	uint8_t uuid[16];
	char *data;   /* data = auto | pci:ADDRESS | label:LABEL | file:PATH | shm:NAME */
	char *credit; /* credit = the same, of the credit window */
	/* What ivp_memory_place makes of memory; what is in this file does not depend on it. */
	char folder[IVP_FOLDER_BYTES]; /* of the object that the data window is in */
	uint64_t page_bytes;           /* that its size is a multiple of; 0: any */
};

/* filter NAME { } or filter NAME:LABEL { } in a stage */
struct ivp_filter_conf {
	const struct ivp_filter *filter;
	void *self; /* private_bytes, filled and checked */
	int line;
};

enum ivp_run_as { IVP_RUN_GUEST, IVP_RUN_PROCESS };

enum ivp_restart_policy { IVP_RESTART_ON_FAILURE, IVP_RESTART_NO };

/* What pipeline run does when a child dies. */
struct ivp_restart_conf {
	enum ivp_restart_policy policy; /* restart = on-failure | no */
	uint32_t limit;                 /* restart-limit = 5, in a row without a frame done */
	uint64_t delay_ns;              /* restart-delay = "100ms", before the first of a row */
};

/* Of a stage that says nothing else, of the feeder and of the sink. */
extern const struct ivp_restart_conf ivp_restart_defaults;

/* In the orders of enum ivp_stores_choice, ivp_loads, ivp_memory and ivp_wait_mode. */
extern const char *const ivp_stores_words[];
extern const char *const ivp_loads_words[];
extern const char *const ivp_memory_words[];
extern const char *const ivp_wait_words[];

/* stage NAME { } */
struct ivp_stage_conf {
	char name[IVP_NAME_BYTES];
	const char *file;
	int line;
	struct ivp_link_conf *input;
	struct ivp_link_conf *output;
	enum ivp_run_as run;   /* run = guest | process */
	uint64_t memory_bytes; /* memory = "128MiB", of the guest */
	unsigned cpus;         /* cpus = 1, of the guest; if not said, threads */
	unsigned threads;      /* threads = 1, that filter */
	unsigned isa;          /* isa = auto: index into ivp_isa_words */
	unsigned wait;         /* wait = balanced: enum ivp_wait_mode */
	struct ivp_restart_conf restart;
	uint64_t stall_ns; /* stall = "60s": how long it may give no sign of life */
	enum ivp_wake
	    wake; /* wake = auto | futex | doorbell | vfio | uio | poll; else the topology's */
	unsigned filter_count;
	struct ivp_filter_conf *filters; /* in their order; none: frames are copied through */
};

enum ivp_depth { IVP_DEPTH_8, IVP_DEPTH_KEEP };

/* feeder { } */
struct ivp_feeder_conf {
	bool declared;
	const char *file;
	int line;
	unsigned input_count;
	char **inputs; /* input = { "../sample-images" }: files, folders, globs; absolute or
			  relative to the folder of the configuration file (made so on reading) */
	struct ivp_link_conf *output;
	bool orient;         /* orient = yes: turn upright by EXIF */
	unsigned depth;      /* depth = 8 | keep: what samples of 16 bits become; enum ivp_depth */
	uint64_t max_pixels; /* max-pixels = 100000000 */
	uint32_t max_side;   /* max-side = 30000 */
	uint64_t max_bytes;  /* max-bytes = "256MiB", of a file */
	unsigned shrink;     /* jpeg-shrink = 1 | 2 | 4 | 8 | auto: see shrink.h */
	unsigned threads;    /* threads = 2, that decode; 0, if not said: one for each processor */
	unsigned wait;       /* wait, as of a stage */
	bool bytes;          /* bytes = no: the input is one file, sent as it is */
};

enum ivp_sink_full { IVP_SINK_FAIL, IVP_SINK_WAIT };

enum ivp_sink_format {
	IVP_SINK_SAME,
	IVP_SINK_PNG,
	IVP_SINK_JPEG,
	IVP_SINK_PNM,
	IVP_SINK_NULL,
	IVP_SINK_BYTES, /* output is a file, and gets what a feeder with bytes = yes sends */
};

/* sink { } */
struct ivp_sink_conf {
	bool declared;
	const char *file;
	int line;
	struct ivp_link_conf *input;
	char *output;                /* output = "out": a folder, or "-" for standard output */
	enum ivp_sink_format format; /* format = png | jpeg | pnm | null | bytes | same */
	int quality;                 /* quality = 90, JPEG 1..100 */
	int compression;             /* compression = 1, PNG 0..9 */
	unsigned png_filter;         /* png-filter = sub-up: enum ivp_png_filter */
	unsigned png_strategy;       /* png-strategy = default: enum ivp_png_strategy */
	unsigned threads;            /* threads = 2, that write; 0: one for each processor */
	enum ivp_sink_full full;     /* full = fail | wait: when there is no room for results */
	unsigned wait;               /* wait, as of a stage */
};

struct ivp_topology {
	const char *file; /* the first of files */
	char **files;     /* the file and what it includes */
	unsigned file_count;
	char name[IVP_NAME_BYTES]; /* name = "blur-resize"; default: the file's, without .conf */
	enum ivp_wake wake;        /* wake = auto: of all that say nothing else */
	char *hugetlbfs; /* hugetlbfs = "/dev/hugepages"; NULL: the first that is mounted */
	unsigned link_count, stage_count;
	struct ivp_link_conf **links;
	struct ivp_stage_conf **stages;
	struct ivp_feeder_conf feeder;
	struct ivp_sink_conf sink;
};

/*
 * Reads file. All findings go to diag, as many as can be found at once.
 * Returns 0 and the topology, which the caller destroys; -EINVAL if diag has errors; or the
 * -errno of reading the file (also in diag).
 */
int ivp_topology_read(const char *file, struct ivp_topology **topology, struct ivp_diag *diag);
/* The same from text; file is used for messages and for relative paths. */
int ivp_topology_parse(const char *text, const char *file, struct ivp_topology **topology,
		       struct ivp_diag *diag);
void ivp_topology_destroy(struct ivp_topology *topology); /* NULL is fine */

/*
 * Checks that this is a whole chain, feeder to sink, each link with one producer and one
 * consumer, nothing unconnected, no circle; and that frames fit: slots, sizes, powers of two,
 * and, by shapes known from the configuration, the results of the filters.
 * Sorts stages and links in the order of the flow. Returns 0, or -EINVAL with findings in diag.
 */
int ivp_topology_check_chain(struct ivp_topology *topology, struct ivp_diag *diag);

/* The part of that which holds whatever else is wrong: links that are named, but not declared. */
void ivp_topology_check_declared(const struct ivp_topology *topology, struct ivp_diag *diag);

/* Named things, or NULL. */
struct ivp_link_conf *ivp_topology_link(const struct ivp_topology *topology, const char *name);
struct ivp_stage_conf *ivp_topology_stage(const struct ivp_topology *topology, const char *name);

/*
 * Writes the configuration of one stage, complete and readable by ivp_topology_parse: its links
 * with geometry, UUID and data = auto, its filters with every parameter. Files are named by the
 * places that ivp_topology_stage_file gives, relative to where the configuration will be.
 */
void ivp_topology_write_stage(const struct ivp_topology *topology,
			      const struct ivp_stage_conf *stage, FILE *to);

/* The index-th file that filters of the stage were given, and its place; NULL: there are fewer. */
#define IVP_FILE_PLACE (IVP_NAME_BYTES + 24)
const struct ivp_param_file *ivp_topology_stage_file(const struct ivp_stage_conf *stage,
						     unsigned index, char place[IVP_FILE_PLACE]);
/* The words of the key wake, in the order of enum ivp_wake; then NULL. */
extern const char *const ivp_wake_words[];
/* What the stage may be woken by. */
enum ivp_wake ivp_stage_wake(const struct ivp_topology *topology,
			     const struct ivp_stage_conf *stage);

/* The memory a link needs. */
struct ivp_layout;
int ivp_link_layout(const struct ivp_link_conf *link, struct ivp_layout *layout,
		    struct ivp_why *why);
/* How that is to be had, and mapped. */
struct ivp_memory_use ivp_link_memory(const struct ivp_link_conf *link);

#endif
