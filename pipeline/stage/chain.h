/* SPDX-License-Identifier: MIT */
/*
 * The filters of one stage, in their order. The first reads the input where it lies, the last
 * writes the output where it belongs; between two filters an image lives in private memory.
 * Memory is taken when a shape first needs it and kept: none is allocated for a frame whose
 * shape was seen before it. One thread at a time per chain.
 */
#ifndef IVP_STAGE_CHAIN_H
#define IVP_STAGE_CHAIN_H

#include "config/topology.h"

struct ivp_chain_step {
	const struct ivp_filter *filter;
	const void *self;
	struct ivp_shape in, out;
	void *scratch;
	size_t scratch_bytes;
};

struct ivp_chain {
	const char *stage; /* its name, for messages; NULL: none */
	unsigned count;
	struct ivp_chain_step *steps;
	bool planned;
	struct ivp_shape in, out; /* planned for */
	uint8_t *middle[2];       /* images between filters, in turn */
	size_t middle_bytes[2];
};

/* filters stay the caller's and must outlive the chain. Returns 0 or -ENOMEM. */
int ivp_chain_init(struct ivp_chain *chain, const struct ivp_filter_conf *filters, unsigned count);

/*
 * Prepares for images of shape in and tells the shape that comes out. Cheap if in is as it was
 * last time. Returns 0; -EINVAL with a reason that names the filter which does not take such an
 * image; -ENOMEM. After an error nothing is planned.
 */
int ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in, struct ivp_shape *out,
		   struct ivp_why *why);

/* Filters. The shapes are those of the last plan. beat, if not NULL, is called between filters
 * with context: a sign of life of long work. */
void ivp_chain_apply(struct ivp_chain *chain, const struct ivp_input *in,
		     const struct ivp_output *out, void (*beat)(void *context), void *context);

/* Bytes of private memory held. */
size_t ivp_chain_memory(const struct ivp_chain *chain);

void ivp_chain_finish(struct ivp_chain *chain); /* a zeroed chain is fine */

#endif
