/* SPDX-License-Identifier: MIT */
/*
 * The filters of one stage, in their order. The first reads the input where it lies, the last
 * writes the output where it belongs; between two filters an image lives in private memory.
 *
 * On one thread the chain works strip by strip: a filter makes rows as soon as the one before has
 * made those that it needs, while they are still in the cache. On several each filter's rows are
 * dealt out to the threads, filter after filter. Both give the same bits.
 *
 * Adjacent filters of single levels (struct ivp_filter, table) are one pass through the tables that
 * come of looking up one after the other.
 *
 * Memory is taken when a shape first needs it and kept: none is allocated for a frame whose
 * shape was seen before it. One caller at a time per chain.
 */
#ifndef IVP_STAGE_CHAIN_H
#define IVP_STAGE_CHAIN_H

#include "config/isa.h"
#include "config/topology.h"
#include "stage/workers.h"

struct ivp_chain_step {
	const struct ivp_filter *filter;
	const void *self;
	struct ivp_shape in, out;
	unsigned filters;    /* that it stands for, from this one on; 0: an earlier step does */
	uint8_t *scratch;    /* an area for each thread */
	size_t scratch_held; /* bytes of all */
	size_t scratch_step; /* bytes from one to the next */
	uint8_t *middle;     /* the image that it hands on; the last step has none */
	size_t middle_bytes;
	/* Of the image at hand: */
	struct ivp_input from;
	struct ivp_output to;
	uint32_t done; /* rows made */
	uint32_t end;  /* threads: rows to make now are done..end-1 */
};

/* For images that come, or are handed on, row by row. Called by the caller's thread. */
struct ivp_chain_rows {
	/* Returns when that many rows of the input are there, from the top; false: never, give up.
	 * NULL: all are there. */
	bool (*await)(void *context, uint32_t rows);
	/* That many rows of the result are made, stored by this thread or fenced, and will not be
	 * touched again. NULL: nobody wants to know. */
	void (*made)(void *context, uint32_t rows);
	void *context;
};

struct ivp_chain {
	const char *stage; /* its name, for messages; NULL: none */
	unsigned count;
	struct ivp_chain_step *steps;   /* one for each filter */
	struct ivp_chain_step **passes; /* those that stand for filters: what is run */
	unsigned pass_count;
	struct ivp_workers *workers; /* NULL: one thread */
	bool planned;
	struct ivp_shape in, out; /* planned for */
	void (*beat)(void *context);
	void *beat_context;
	const struct ivp_chain_rows *rows; /* NULL: all are there, and nobody wants to know */
	unsigned at;                       /* the pass that the threads are at */
	/* Strips of the last pass for outputs that are streamed, one for each thread; strip_bytes 0:
	 * they would be too large for a cache. */
	uint8_t *strips;
	size_t strips_held, strip_bytes;
};

/* filters stay the caller's and must outlive the chain. It runs on one thread, at the best level
 * of the processor. Returns 0 or -ENOMEM. */
int ivp_chain_init(struct ivp_chain *chain, const struct ivp_filter_conf *filters, unsigned count);

/* Uses this level of the processor, which must run here. Before the first plan. */
void ivp_chain_set_isa(struct ivp_chain *chain, const struct ivp_isa *isa);

/* Uses so many threads, 1..IVP_MAX_THREADS. Before the first plan. Returns 0 or -errno. */
int ivp_chain_set_threads(struct ivp_chain *chain, unsigned count);

/* A thread's area; NULL if the filter needs none. */
static inline uint8_t *ivp_chain_scratch(const struct ivp_chain_step *step, unsigned thread)
{
	return step->scratch ? step->scratch + thread * step->scratch_step : NULL;
}

/* Rows made in one call: about STRIP_BYTES of result, in whole bands of 16 rows (stages/bands.h)
 * so that filters which work in bands make none twice. */
#define IVP_CHAIN_STRIP_BYTES (128u << 10)
#define IVP_CHAIN_STRIP_MOST  (512u << 10) /* to be made in a cache */
#define IVP_CHAIN_BAND        16

static inline uint32_t ivp_chain_strip_rows(const struct ivp_shape *shape, size_t stride)
{
	size_t rows = IVP_CHAIN_STRIP_BYTES / stride / IVP_CHAIN_BAND * IVP_CHAIN_BAND;

	rows = rows < IVP_CHAIN_BAND ? IVP_CHAIN_BAND : rows;
	return rows > shape->height ? shape->height : (uint32_t)rows;
}

static inline unsigned ivp_chain_threads(const struct ivp_chain *chain)
{
	return chain->workers ? chain->workers->count : 1;
}

/*
 * Prepares for images of shape in and tells the shape that comes out. Cheap if in is as it was
 * last time. Returns 0; -EINVAL with a reason that names the filter which does not take such an
 * image; -ENOMEM. After an error nothing is planned.
 */
int ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in, struct ivp_shape *out,
		   struct ivp_why *why);

/*
 * Filters. The shapes are those of the last plan. beat, if not NULL, is called now and then with
 * context, by the caller's thread: a sign of life of long work. The second waits for rows of in and
 * tells of those of out; it returns false, with out half made, if they will not come.
 */
void ivp_chain_apply(struct ivp_chain *chain, const struct ivp_input *in,
		     const struct ivp_output *out, void (*beat)(void *context), void *context);
bool ivp_chain_apply_rows(struct ivp_chain *chain, const struct ivp_input *in,
			  const struct ivp_output *out, const struct ivp_chain_rows *rows,
			  void (*beat)(void *context), void *context);

/* What the filters have to say about the image of the last apply, in their order. */
void ivp_chain_note(const struct ivp_chain *chain, ivp_filter_note *put, void *context);

/* Bytes of private memory held. */
size_t ivp_chain_memory(const struct ivp_chain *chain);

void ivp_chain_finish(struct ivp_chain *chain); /* a zeroed chain is fine */

#endif
