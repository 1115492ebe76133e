/* SPDX-License-Identifier: MIT */
/*
 * What the windows of a pipeline say of its links, looked at from outside, again and again. A
 * monitor trusts nobody: it maps nothing, writes nothing and takes each page as one copy.
 * One thread at a time on one object.
 */
#ifndef IVP_SUPERVISOR_STATS_H
#define IVP_SUPERVISOR_STATS_H

#include <stdio.h>

#include "config/topology.h"
#include "transport/region.h"

#define IVP_STATS_PATIENCE_NS 1000000000u /* a peer that beats is silent for less */

union ivp_stats_page {
	uint8_t bytes[IVP_PAGE];
	uint64_t words[IVP_PAGE / 8];
};

/* What a side of a link is, by its window and our own clock. */
enum ivp_stats_state {
	IVP_SIDE_UNREADABLE, /* trouble says why */
	IVP_SIDE_ABSENT,     /* never attached */
	IVP_SIDE_ALIVE,      /* its heartbeat moves */
	IVP_SIDE_SILENT,     /* it has not moved since the first look, but that is not long ago */
	IVP_SIDE_STALLED,    /* nor for longer than the patience */
	IVP_SIDE_DEAD,       /* attached, but no process of this kernel holds the window */
	IVP_SIDE_FINISHED,
	IVP_SIDE_FAILED,
	IVP_SIDE_STATES
};
extern const char *const ivp_stats_words[IVP_SIDE_STATES];

struct ivp_stats_side {
	enum ivp_stats_state state;
	char trouble[160]; /* why it cannot be read, or why it refused to attach; "" */
	struct ivp_wire_header header;
	struct ivp_wire_owner owner; /* of the last look */
	uint64_t silent_ns;
	double rate; /* frames a second between the last two looks; negative: not known */
	/* Between looks: */
	bool seen, moved;
	uint64_t looked_ns, changed_ns;
};

struct ivp_stats_link {
	char name[IVP_NAME_BYTES];
	struct ivp_stats_side producer, consumers[IVP_MAX_CONSUMERS];
	unsigned consumer_count;
};

struct ivp_stats {
	char pipeline[IVP_NAME_BYTES];
	uint64_t kernel_id; /* ours */
	unsigned link_count;
	struct ivp_stats_link *links;
};

/*
 * Which links there are: those of the topology, in its order, or if that is NULL those whose
 * windows are in /dev/shm under the pipeline's name. Returns 0, -ENOENT if there are none, or
 * -ENOMEM, with the reason.
 */
int ivp_stats_open(struct ivp_stats *stats, const char *pipeline,
		   const struct ivp_topology *topology, struct ivp_why *why);
void ivp_stats_close(struct ivp_stats *stats);

/* Looks at all windows. */
void ivp_stats_look(struct ivp_stats *stats, uint64_t now_ns);
/* Is everybody who is attached known to live or not, so that one more look changes nothing? */
bool ivp_stats_settled(const struct ivp_stats *stats);
/* Could everything be read? */
bool ivp_stats_readable(const struct ivp_stats *stats);

/* A look at one window, whose first page this is, of a memory object of so many bytes. held: does
 * a process of this kernel write it, as its lock says? */
void ivp_stats_take(struct ivp_stats_side *side, const union ivp_stats_page *page, uint64_t bytes,
		    unsigned kind, bool held, uint64_t kernel_id, uint64_t now_ns);

void ivp_stats_print(const struct ivp_stats *stats, FILE *to);
/* One object, on one line if compact. Returns 0, -ENOMEM, or -EIO. */
int ivp_stats_print_json(const struct ivp_stats *stats, bool compact, FILE *to);

#endif
