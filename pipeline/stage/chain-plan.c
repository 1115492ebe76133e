/* SPDX-License-Identifier: MIT */
/*
 * What a chain prepares for images of one shape: the shapes between filters, which filters are run
 * together, and the memory that they work in. Memory only grows.
 */
#include "stage/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Makes *memory at least bytes long; its contents are lost if it has to grow. */
static int grow(uint8_t **memory, size_t *held, size_t bytes)
{
	if (*held >= bytes)
		return 0;
	free(*memory);
	*held = 0;
	bytes = ivp_align(bytes, IVP_ROW_ALIGN);
	*memory = aligned_alloc(IVP_ROW_ALIGN, bytes);
	if (*memory == NULL)
		return -ENOMEM;
	*held = bytes;
	return 0;
}

static int plan_scratch(struct ivp_chain_step *step, unsigned threads, struct ivp_why *why)
{
	const struct ivp_filter *filter = step->filter;
	size_t bytes = 0, all;

	if (filter->scratch_bytes)
		bytes = filter->scratch_bytes(step->self, &step->in, &step->out);
	step->scratch_step = ivp_align(bytes, IVP_ROW_ALIGN);
	if (__builtin_mul_overflow(step->scratch_step, threads, &all) ||
	    grow(&step->scratch, &step->scratch_held, all) != 0) {
		ivp_why_set(why, "filter '%s': no memory for %u times %zu bytes of scratch",
			    filter->name, threads, bytes);
		return -ENOMEM;
	}
	for (unsigned i = 0; filter->prepare && i < threads; i++)
		filter->prepare(step->self, &step->in, &step->out, ivp_chain_scratch(step, i));
	return 0;
}

/* How many tables the filter has; 0 if it is none of single levels. */
static unsigned tables_of(const struct ivp_chain_step *step)
{
	return step->filter->table ? step->filter->table(step->self, &step->in, 0, NULL) : 0;
}

/* One table for one colour out of those of several filters: first into table, then the others,
 * each by way of next, through what is there. */
static void merge_tables(const struct ivp_chain_step *steps, unsigned colour, size_t bytes,
			 void *table, void *next)
{
	const struct ivp_shape *shape = &steps->in;
	uint16_t *wide = table, *next_wide = next;
	uint8_t *narrow = table, *next_narrow = next;

	steps->filter->table(steps->self, shape, colour, table);
	for (unsigned i = 1; i < steps->filters; i++) {
		steps[i].filter->table(steps[i].self, shape, colour, next);
		if (bytes == 256)
			for (size_t level = 0; level < 256; level++)
				narrow[level] = next_narrow[narrow[level]];
		else
			for (size_t level = 0; level < 65536; level++)
				wide[level] = next_wide[wide[level]];
	}
}

/* The tables of a pass that stands for several filters: one area for all threads. */
static int plan_tables(struct ivp_chain_step *step, struct ivp_why *why)
{
	const bool wide = IVP_FORMAT_BIT(step->in.format) & IVP_FORMATS_16BIT;
	const unsigned colours = ivp_format_channels(step->in.format) == 1 ? 1 : 3;
	const size_t bytes = wide ? sizeof(uint16_t) << 16 : 256;
	struct ivp_tables *tables;
	bool one = true;

	if (grow(&step->scratch, &step->scratch_held, IVP_ROW_ALIGN + (colours + 1) * bytes) != 0) {
		ivp_why_set(why, "filter '%s': no memory for tables", step->filter->name);
		return -ENOMEM;
	}
	step->scratch_step = 0;
	tables = (struct ivp_tables *)step->scratch;
	for (unsigned i = 0; i < step->filters; i++)
		one = one && tables_of(&step[i]) == 1;
	for (unsigned i = 0; i < colours; i++) {
		uint8_t *table = step->scratch + IVP_ROW_ALIGN + i * bytes;

		tables->of[i] = one ? step->scratch + IVP_ROW_ALIGN : table;
		if (i == 0 || !one)
			merge_tables(step, i, bytes, table, table + (colours - i) * bytes);
	}
	return 0;
}

static int plan_step(struct ivp_chain_step *step, const struct ivp_shape *in, struct ivp_why *why)
{
	const struct ivp_filter *filter = step->filter;
	struct ivp_why part = {""};

	if (in->format >= 32 || !(filter->formats & IVP_FORMAT_BIT(in->format))) {
		ivp_why_set(why, "filter '%s' does not take %s images", filter->name,
			    ivp_format_name(in->format));
		return -EINVAL;
	}
	step->in = step->out = *in;
	if (filter->shape && filter->shape(step->self, in, &step->out, &part) != 0) {
		ivp_why_set(why, "filter '%s' does not take this image: %s", filter->name,
			    part.text);
		return -EINVAL;
	}
	return 0;
}

/* The shapes of all images. */
static int plan_shapes(struct ivp_chain *chain, const struct ivp_shape *in, struct ivp_why *why)
{
	const struct ivp_shape *shape = in;
	uint64_t bytes;
	size_t stride;

	for (unsigned i = 0; i < chain->count; i++) {
		struct ivp_chain_step *step = &chain->steps[i];
		int error = plan_step(step, shape, why);

		if (error)
			return error;
		shape = &step->out;
		if (ivp_shape_size(shape, &stride, &bytes) != 0) {
			ivp_why_set(why, "filter '%s' makes an image of %ux%u pixels: too large",
				    step->filter->name, shape->width, shape->height);
			return -EINVAL;
		}
	}
	return 0;
}

static int plan_middle(struct ivp_chain_step *step, struct ivp_why *why)
{
	uint64_t bytes;
	size_t stride;

	if (ivp_shape_size(&step->out, &stride, &bytes) == 0 &&
	    grow(&step->middle, &step->middle_bytes, bytes) == 0)
		return 0;
	ivp_why_set(why, "no memory for an image of %ux%u pixels", step->out.width,
		    step->out.height);
	return -ENOMEM;
}

static int plan_strips(struct ivp_chain *chain, struct ivp_why *why)
{
	const struct ivp_shape *shape = &chain->steps[chain->count - 1].out;
	uint64_t image;
	size_t stride, all;

	chain->strip_bytes = 0;
	if (ivp_shape_size(shape, &stride, &image) != 0 ||
	    IVP_CHAIN_STRIP_MOST / stride < ivp_chain_strip_rows(shape, stride))
		return 0;
	chain->strip_bytes = stride * ivp_chain_strip_rows(shape, stride);
	all = chain->strip_bytes * ivp_chain_threads(chain);
	if (grow(&chain->strips, &chain->strips_held, all) != 0) {
		ivp_why_set(why, "no memory for strips of an image of %ux%u pixels", shape->width,
			    shape->height);
		return -ENOMEM;
	}
	/* Filters leave the padding of rows alone, and it is streamed with them. */
	memset(chain->strips, 0, all);
	return 0;
}

/* Which filters are run together, and the memory that they work in. */
static int plan_passes(struct ivp_chain *chain, struct ivp_why *why)
{
	chain->pass_count = 0;
	for (unsigned i = 0, next; i < chain->count; i = next) {
		struct ivp_chain_step *step = &chain->steps[i];
		int error;

		next = i + 1;
		while (tables_of(step) && next < chain->count && tables_of(&chain->steps[next]))
			chain->steps[next++].filters = 0;
		step->filters = next - i;
		error = step->filters > 1 ? plan_tables(step, why)
					  : plan_scratch(step, ivp_chain_threads(chain), why);
		if (!error && next < chain->count)
			error = plan_middle(step, why);
		if (error)
			return error;
		chain->passes[chain->pass_count++] = step;
	}
	return 0;
}

int ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in, struct ivp_shape *out,
		   struct ivp_why *why)
{
	int error;

	if (chain->planned && memcmp(in, &chain->in, sizeof(*in)) == 0) {
		*out = chain->out;
		return 0;
	}
	chain->planned = false;
	error = plan_shapes(chain, in, why);
	if (!error)
		error = plan_passes(chain, why);
	if (!error && chain->count > 0)
		error = plan_strips(chain, why);
	if (error)
		return error;
	chain->in = *in;
	chain->out = *out = chain->count > 0 ? chain->steps[chain->count - 1].out : *in;
	chain->planned = true;
	return 0;
}
