/* SPDX-License-Identifier: MIT */
/* Planning (chain-plan.c) turns one input shape into shapes, scratch memory and tables for every
 * filter; applying then cannot fail. */
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

static void copy_rows(const struct ivp_input *in, const struct ivp_output *out, uint32_t first,
		      uint32_t end)
{
	size_t bytes = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);

	/* In one piece where nothing lies between rows: memcpy then sees how much it is, and keeps
	 * large images out of the caches. */
	if (in->stride == bytes && out->stride == bytes) {
		ivp_store_bytes(out->pixels + first * bytes, in->pixels + first * bytes,
				bytes * (end - first), out->stores);
		return;
	}
	for (uint32_t y = first; y < end; y++)
		ivp_store_bytes(out->pixels + y * out->stride, in->pixels + y * in->stride, bytes,
				out->stores);
}

static void beat(const struct ivp_chain *chain)
{
	if (chain->beat)
		chain->beat(chain->beat_context);
}

/* A result that is handed on row by row has so many pieces at least; threads are called together
 * for each. */
#define SLABS 8

static uint32_t slab_rows(const struct ivp_chain *chain, uint32_t height)
{
	const uint32_t rows = height / SLABS / IVP_CHAIN_BAND * IVP_CHAIN_BAND + IVP_CHAIN_BAND;

	return chain->rows && rows < height ? rows : height;
}

static uint32_t strip_rows(const struct ivp_chain *chain, const struct ivp_output *to)
{
	const uint32_t most = slab_rows(chain, to->shape.height);
	const uint32_t rows = ivp_chain_strip_rows(&to->shape, to->stride);

	return rows > most ? most : rows;
}

static bool await_rows(const struct ivp_chain *chain, uint32_t rows)
{
	return !chain->rows || !chain->rows->await ||
	       chain->rows->await(chain->rows->context, rows);
}

static void tell_rows(const struct ivp_chain *chain, uint32_t rows)
{
	if (chain->rows && chain->rows->made)
		chain->rows->made(chain->rows->context, rows);
}

/* Without filters: at once, if the rows need not be waited for. */
static bool copy_image(const struct ivp_chain *chain, const struct ivp_input *in,
		       const struct ivp_output *out)
{
	const uint32_t height = in->shape.height;
	const uint32_t strip = chain->rows ? strip_rows(chain, out) : height;

	for (uint32_t first = 0, end; first < height; first = end) {
		end = height - first > strip ? first + strip : height;
		if (!await_rows(chain, end))
			return false;
		copy_rows(in, out, first, end);
		tell_rows(chain, end);
		if (end < height)
			beat(chain);
	}
	return true;
}

/*
 * A pass whose result is to be stored past the caches makes its strips in private memory, where
 * they stay in the cache, and from there they are streamed, whatever the filter's own stores are
 * like: between processors without a common cache invert was 1.4 times as fast so, with a consumer
 * that reads each byte, and filters that have more to do no slower.
 */
static void make_rows(const struct ivp_chain *chain, const struct ivp_chain_step *step,
		      struct ivp_rows rows, unsigned thread)
{
	const size_t bytes = (rows.end - rows.first) * step->to.stride;
	const bool streams = step->to.stores == IVP_STORES_STREAMING && bytes <= chain->strip_bytes;
	const size_t first = rows.first * step->to.stride;
	uint8_t *scratch = ivp_chain_scratch(step, thread);
	uint8_t *strip = streams ? chain->strips + thread * chain->strip_bytes : NULL;
	struct ivp_output to = step->to;

	/* As if the whole image lay there. */
	if (streams)
		to = (struct ivp_output){to.shape, to.stride, strip - first, IVP_STORES_CACHED};
	if (step->filters > 1)
		step->filter->look_up(step->self, &step->from, &to, rows, scratch);
	else
		step->filter->apply(step->self, &step->from, &to, rows, scratch);
	if (streams)
		ivp_store_bytes(step->to.pixels + first, strip, bytes, IVP_STORES_STREAMING);
}

static void survey(const struct ivp_chain_step *step, unsigned thread)
{
	if (step->filter->survey && step->filters == 1)
		step->filter->survey(step->self, &step->from, ivp_chain_scratch(step, thread));
}

/* Makes the rows of step's result before end, and before them what they need of the steps before.
 * Depth: the number of passes. Returns false if rows of the image do not come. */
static bool make_until(struct ivp_chain *chain, unsigned index, uint32_t end)
{
	struct ivp_chain_step *step = chain->passes[index];
	const uint32_t strip = strip_rows(chain, &step->to), height = step->out.height;

	/* Of rows that have to be waited for no more than are needed: strips of all passes add up. */
	if (chain->rows && height - end > IVP_CHAIN_BAND)
		end = (end + IVP_CHAIN_BAND - 1) / IVP_CHAIN_BAND * IVP_CHAIN_BAND;
	while (step->done < end) {
		uint32_t need = step->in.height;
		const uint32_t left = (chain->rows ? end : height) - step->done;
		struct ivp_rows rows = {step->done, step->done + left, step->done > 0};

		if (left > strip)
			rows.end = rows.first + strip;
		if (step->filter->need)
			need = step->filter->need(step->self, &step->in, &step->out, rows.end);
		if (index > 0 ? !make_until(chain, index - 1, need) : !await_rows(chain, need))
			return false;
		if (!rows.go_on)
			survey(step, 0);
		make_rows(chain, step, rows, 0);
		step->done = rows.end;
		if (index + 1 == chain->pass_count)
			tell_rows(chain, step->done);
		beat(chain);
	}
	return true;
}

/* Part's share of the rows is cut into strips too: they are signs of life. */
static void make_part(void *context, unsigned part)
{
	struct ivp_chain *chain = context;
	const struct ivp_chain_step *step = chain->passes[chain->at];
	const uint64_t bands =
	    ((uint64_t)step->end - step->done + IVP_CHAIN_BAND - 1) / IVP_CHAIN_BAND;
	const unsigned parts = ivp_chain_threads(chain);
	const uint64_t first = step->done + bands * part / parts * IVP_CHAIN_BAND,
		       behind = step->done + bands * (part + 1) / parts * IVP_CHAIN_BAND;
	const uint32_t strip = strip_rows(chain, &step->to);
	const uint32_t end = behind < step->end ? (uint32_t)behind : step->end;

	if (first >= end)
		return;
	survey(step, part);
	for (struct ivp_rows rows = {(uint32_t)first, 0, false}; rows.first < end;
	     rows.first = rows.end, rows.go_on = true) {
		rows.end = end - rows.first > strip ? rows.first + strip : end;
		make_rows(chain, step, rows, part);
		if (part == 0)
			beat(chain);
	}
	/* Who commits fences its own stores only. */
	ivp_store_fence();
}

/* What each pass has to make for the rows of the result before end, in whole bands. Returns how
 * many rows of the image that takes. */
static uint32_t plan_slab(struct ivp_chain *chain, uint32_t end)
{
	for (unsigned i = chain->pass_count; i-- > 0;) {
		struct ivp_chain_step *step = chain->passes[i];
		const uint32_t height = step->out.height;

		/* Each thread surveys by itself, so all do all at once. */
		if (end > height - height % IVP_CHAIN_BAND ||
		    (step->filter->survey && step->filters == 1))
			step->end = height;
		else
			step->end = (end + IVP_CHAIN_BAND - 1) / IVP_CHAIN_BAND * IVP_CHAIN_BAND;
		end = step->filter->need
			  ? step->filter->need(step->self, &step->in, &step->out, step->end)
			  : step->in.height;
	}
	return end;
}

static bool make_by_threads(struct ivp_chain *chain)
{
	const struct ivp_chain_step *last = chain->passes[chain->pass_count - 1];
	const uint32_t height = last->out.height;
	const uint32_t slab = slab_rows(chain, height);

	while (last->done < height) {
		const uint32_t left = height - last->done;

		if (!await_rows(chain, plan_slab(chain, left > slab ? last->done + slab : height)))
			return false;
		for (unsigned i = 0; i < chain->pass_count; i++) {
			struct ivp_chain_step *step = chain->passes[i];

			chain->at = i;
			if (step->end > step->done)
				ivp_workers_run(chain->workers, make_part, chain);
			step->done = step->end;
		}
		tell_rows(chain, last->done);
	}
	return true;
}

bool ivp_chain_apply_rows(struct ivp_chain *chain, const struct ivp_input *in,
			  const struct ivp_output *out, const struct ivp_chain_rows *rows,
			  void (*beat_function)(void *context), void *context)
{
	struct ivp_input from = *in;
	uint64_t bytes;

	chain->beat = beat_function;
	chain->beat_context = context;
	chain->rows = rows;
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
	if (chain->pass_count == 0)
		return copy_image(chain, in, out);
	return chain->workers ? make_by_threads(chain)
			      : make_until(chain, chain->pass_count - 1, chain->out.height);
}

void ivp_chain_apply(struct ivp_chain *chain, const struct ivp_input *in,
		     const struct ivp_output *out, void (*beat_function)(void *context),
		     void *context)
{
	(void)ivp_chain_apply_rows(chain, in, out, NULL, beat_function, context);
}

void ivp_chain_note(const struct ivp_chain *chain, ivp_filter_note *put, void *context)
{
	/* Every thread that had rows to make has surveyed; the last always has. */
	const unsigned last = ivp_chain_threads(chain) - 1;

	for (unsigned i = 0; i < chain->count; i++) {
		const struct ivp_chain_step *step = &chain->steps[i];

		if (step->filter->note)
			step->filter->note(step->self, &step->in, ivp_chain_scratch(step, last),
					   put, context);
	}
}

size_t ivp_chain_memory(const struct ivp_chain *chain)
{
	size_t bytes = chain->strips_held;

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
	free(chain->strips);
	free(chain->steps);
	free(chain->passes);
	memset(chain, 0, sizeof(*chain));
}
