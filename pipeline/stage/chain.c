/* SPDX-License-Identifier: MIT */
/* Planning turns one input shape into shapes, scratch memory and tables for every filter;
 * applying then cannot fail. */
#include "stage/chain.h"

#include <ivpipe/ring.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ivp_chain_init(struct ivp_chain *chain, const struct ivp_filter_conf *filters, unsigned count)
{
	memset(chain, 0, sizeof(*chain));
	if (count == 0)
		return 0;
	chain->steps = calloc(count, sizeof(*chain->steps));
	chain->passes = calloc(count, sizeof(struct ivp_chain_step *));
	if (chain->steps == NULL || chain->passes == NULL) {
		free(chain->steps);
		free(chain->passes);
		memset(chain, 0, sizeof(*chain));
		return -ENOMEM;
	}
	chain->count = count;
	for (unsigned i = 0; i < count; i++) {
		chain->steps[i].filter = filters[i].filter;
		chain->steps[i].self = filters[i].self;
	}
	ivp_chain_set_isa(chain, ivp_isa_best());
	return 0;
}

void ivp_chain_set_isa(struct ivp_chain *chain, const struct ivp_isa *isa)
{
	for (unsigned i = 0; i < chain->count; i++)
		chain->steps[i].filter = ivp_isa_filter(isa, chain->steps[i].filter);
}

int ivp_chain_set_threads(struct ivp_chain *chain, unsigned count)
{
	int error;

	if (count <= 1)
		return 0;
	chain->workers = calloc(1, sizeof(*chain->workers));
	if (chain->workers == NULL)
		return -ENOMEM;
	error = ivp_workers_init(chain->workers, count);
	if (error) {
		free(chain->workers);
		chain->workers = NULL;
	}
	return error;
}

static unsigned threads_of(const struct ivp_chain *chain)
{
	return chain->workers ? chain->workers->count : 1;
}

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
		filter->prepare(step->self, &step->in, &step->out,
				step->scratch + i * step->scratch_step);
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
					  : plan_scratch(step, threads_of(chain), why);
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
	if (error)
		return error;
	chain->in = *in;
	chain->out = *out = chain->count > 0 ? chain->steps[chain->count - 1].out : *in;
	chain->planned = true;
	return 0;
}

static void copy_rows(const struct ivp_input *in, const struct ivp_output *out)
{
	size_t bytes = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);

	/* In one piece where nothing lies between rows: memcpy then sees how much it is, and keeps
	 * large images out of the caches. */
	if (in->stride == bytes && out->stride == bytes) {
		ivp_store_bytes(out->pixels, in->pixels, bytes * in->shape.height, out->stores);
		return;
	}
	for (uint32_t y = 0; y < in->shape.height; y++)
		ivp_store_bytes(out->pixels + y * out->stride, in->pixels + y * in->stride, bytes,
				out->stores);
}

static void beat(const struct ivp_chain *chain)
{
	if (chain->beat)
		chain->beat(chain->beat_context);
}

/* Rows made in one call: about STRIP_BYTES of result, in whole bands of 16 rows (stages/bands.h)
 * so that filters which work in bands make none twice. */
#define STRIP_BYTES (128u << 10)
#define BAND        16

static uint32_t strip_rows(const struct ivp_chain_step *step)
{
	size_t rows = STRIP_BYTES / step->to.stride / BAND * BAND;

	return rows < BAND ? BAND : rows > step->out.height ? step->out.height : (uint32_t)rows;
}

static void make_rows(const struct ivp_chain_step *step, struct ivp_rows rows, unsigned thread)
{
	uint8_t *scratch = step->scratch + thread * step->scratch_step;

	if (step->filters > 1)
		step->filter->look_up(step->self, &step->from, &step->to, rows, scratch);
	else
		step->filter->apply(step->self, &step->from, &step->to, rows, scratch);
}

static void survey(const struct ivp_chain_step *step, unsigned thread)
{
	if (step->filter->survey && step->filters == 1)
		step->filter->survey(step->self, &step->from,
				     step->scratch + thread * step->scratch_step);
}

/* Makes the rows of step's result before end, and before them what they need of the steps before.
 * Depth: the number of passes. */
static void make_until(struct ivp_chain *chain, unsigned index, uint32_t end)
{
	struct ivp_chain_step *step = chain->passes[index];
	const uint32_t strip = strip_rows(step);

	while (step->done < end) {
		uint32_t need = step->in.height, height = step->out.height;
		struct ivp_rows rows = {step->done, height, step->done > 0};

		if (height - rows.first > strip)
			rows.end = rows.first + strip;
		if (step->filter->need)
			need = step->filter->need(step->self, &step->in, &step->out, rows.end);
		if (index > 0)
			make_until(chain, index - 1, need);
		if (!rows.go_on)
			survey(step, 0);
		make_rows(step, rows, 0);
		step->done = rows.end;
		beat(chain);
	}
}

/* Part's share of the rows is cut into strips too: they are signs of life. */
static void make_part(void *context, unsigned part)
{
	struct ivp_chain *chain = context;
	const struct ivp_chain_step *step = chain->passes[chain->at];
	const uint64_t bands = ((uint64_t)step->out.height + BAND - 1) / BAND;
	const unsigned parts = threads_of(chain);
	const uint64_t first = bands * part / parts * BAND,
		       behind = bands * (part + 1) / parts * BAND;
	const uint32_t strip = strip_rows(step);
	const uint32_t end = behind < step->out.height ? (uint32_t)behind : step->out.height;

	if (first >= end)
		return;
	survey(step, part);
	for (struct ivp_rows rows = {(uint32_t)first, 0, false}; rows.first < end;
	     rows.first = rows.end, rows.go_on = true) {
		rows.end = end - rows.first > strip ? rows.first + strip : end;
		make_rows(step, rows, part);
		if (part == 0)
			beat(chain);
	}
	/* Who commits fences its own stores only. */
	ivp_store_fence();
}

void ivp_chain_apply(struct ivp_chain *chain, const struct ivp_input *in,
		     const struct ivp_output *out, void (*beat_function)(void *context),
		     void *context)
{
	struct ivp_input from = *in;
	uint64_t bytes;

	chain->beat = beat_function;
	chain->beat_context = context;
	if (chain->count == 0)
		copy_rows(in, out);
	for (unsigned i = 0; i < chain->pass_count; i++) {
		struct ivp_chain_step *step = chain->passes[i];

		step->from = from;
		step->to = *out;
		step->done = 0;
		if (i + 1 < chain->pass_count) {
			step->to.shape = step->out;
			step->to.pixels = step->middle;
			step->to.stores = IVP_STORES_CACHED;
			ivp_shape_size(&step->to.shape, &step->to.stride, &bytes);
		}
		from = (struct ivp_input){step->to.shape, step->to.stride, step->to.pixels};
	}
	if (chain->pass_count > 0 && chain->workers == NULL)
		make_until(chain, chain->pass_count - 1, chain->out.height);
	for (unsigned i = 0; chain->workers && i < chain->pass_count; i++) {
		chain->at = i;
		ivp_workers_run(chain->workers, make_part, chain);
	}
}

void ivp_chain_note(const struct ivp_chain *chain, ivp_filter_note *put, void *context)
{
	/* Every thread that had rows to make has surveyed; the last always has. */
	const unsigned last = threads_of(chain) - 1;

	for (unsigned i = 0; i < chain->count; i++) {
		const struct ivp_chain_step *step = &chain->steps[i];

		if (step->filter->note)
			step->filter->note(step->self, &step->in,
					   step->scratch + last * step->scratch_step, put, context);
	}
}

size_t ivp_chain_memory(const struct ivp_chain *chain)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < chain->count; i++)
		bytes += chain->steps[i].scratch_held + chain->steps[i].middle_bytes;
	return bytes;
}

void ivp_chain_finish(struct ivp_chain *chain)
{
	if (chain->workers)
		ivp_workers_finish(chain->workers);
	free(chain->workers);
	for (unsigned i = 0; i < chain->count; i++) {
		free(chain->steps[i].scratch);
		free(chain->steps[i].middle);
	}
	free(chain->steps);
	free(chain->passes);
	memset(chain, 0, sizeof(*chain));
}
