/* SPDX-License-Identifier: MIT */
/*
 * An image through the filters of a stage. Early start (wire.h, section 9): work may begin on an
 * input that is only shown, and a result be shown before it is made. It is committed when the input
 * is, or thrown away.
 */
#include "stage/run.h"

#include "base/units.h"
#include "stage/records.h"
#include "transport/step.h"

#define SHOW_BYTES 65536 /* smaller results are done before anybody would wake up */

static void beat_both(void *context)
{
	struct ivp_run *run = context;

	ivp_consumer_beat(&run->input->link);
	ivp_producer_beat(&run->output->link);
}

/* An image on its way through the filters. */
struct job {
	struct ivp_run *run;
	const struct ivp_frame *in;
	const struct ivp_slot *slot;
	bool early;   /* in is only shown: its rows have to be waited for */
	bool shown;   /* the result is */
	bool fetched; /* the pixels are read in private memory */
	struct ivp_shape source, shape;
	size_t stride;
	uint64_t bytes;
	uint64_t begin_ns; /* the clock, less what was waited before */
	uint64_t busy_ns;
	uint32_t metadata_bytes; /* in the slot */
	int trouble;             /* why the rows do not come, as of ivp_input_port_rows */
	struct ivp_why *why;
};

/* Everything but the pixels. Returns IVP_FRAME_OK, or why it cannot be filtered. */
static int prepare(struct job *job)
{
	const struct ivp_frame *in = job->in;
	const struct ivp_shape *shape = &job->shape;
	const struct ivp_wire_header *header = &job->run->output->link.header;

	job->begin_ns = ivp_now_ns() - job->run->wait_ns;
	job->source = in->shape;
	job->source.orientation = ivp_records_orientation(in);
	if (ivp_format_channels(in->shape.format) == 0) {
		ivp_why_set(job->why, "its pixel format %u is not known here", in->shape.format);
		return IVP_FRAME_UNSUPPORTED;
	}
	if (ivp_chain_plan(job->run->chain, &job->source, &job->shape, job->why) != 0)
		return IVP_FRAME_UNSUPPORTED;
	if (ivp_shape_size(shape, &job->stride, &job->bytes) != 0) {
		ivp_why_set(job->why, "rows of %u pixels are too long", shape->width);
		return IVP_FRAME_UNSUPPORTED;
	}
	if (job->bytes > job->slot->payload_bytes) {
		ivp_why_set(job->why,
			    "the result has %ux%u pixels %s, %llu bytes; link '%s' has room for "
			    "%llu: raise its 'frame'",
			    shape->width, shape->height, ivp_format_name(shape->format),
			    (unsigned long long)job->bytes, header->link_name,
			    (unsigned long long)job->slot->payload_bytes);
		return IVP_FRAME_TOO_LARGE;
	}
	ivp_records_copy(in, 0, job->slot, &job->metadata_bytes);
	if (shape->orientation != job->source.orientation)
		ivp_records_turn_upright(job->slot, job->metadata_bytes);
	return IVP_FRAME_OK;
}

/* The result of in, which is the job's or what that has become. */
static struct ivp_frame result_of(const struct job *job, const struct ivp_frame *in)
{
	struct ivp_frame out = ivp_run_derive(job->run, in, job->busy_ns);

	out.shape = job->shape;
	out.stride = job->stride;
	out.payload_bytes = job->bytes;
	out.metadata_bytes = job->metadata_bytes;
	return out;
}

/* Rows that are there are fetched when they are needed: their filters find them in the cache. */
static bool await_rows(void *context, uint32_t rows)
{
	struct job *job = context;
	struct ivp_run *run = job->run;

	if (job->early)
		job->trouble = ivp_input_port_rows(run->input, rows, &run->wait_ns, job->why);
	if (job->trouble == 0 && job->fetched)
		ivp_fetch_until(&run->fetch, (uint64_t)rows * job->in->stride);
	return job->trouble == 0;
}

static void show_rows(void *context, uint32_t rows)
{
	struct job *job = context;
	struct ivp_producer *output = &job->run->output->link;

	if (job->shown) {
		ivp_producer_rows(output, rows);
	} else if (job->early || rows < job->shape.height) {
		const struct ivp_frame out = result_of(job, job->in);

		ivp_producer_show(output, &out, rows);
		job->shown = true;
	}
}

/* Where the pixels lie, or where they will be read more than once. */
static const uint8_t *find_pixels(struct job *job)
{
	struct ivp_run *run = job->run;
	const uint8_t *fetched = run->input->fetch ? ivp_fetch_begin(&run->fetch, job->in) : NULL;

	job->fetched = fetched != NULL;
	return fetched ? fetched : job->in->payload;
}

/* Makes the pixels. Returns false if the rows of the image do not come. */
static bool filter(struct job *job)
{
	struct ivp_run *run = job->run;
	const bool shows = ivp_link_is_early(&run->output->link.header) && job->bytes >= SHOW_BYTES;
	const struct ivp_input from = {job->source, job->in->stride, find_pixels(job)};
	const bool awaits = job->early || job->fetched;
	const struct ivp_chain_rows rows = {
	    .await = awaits ? await_rows : NULL, .made = shows ? show_rows : NULL, .context = job};
	const struct ivp_output to = {job->shape, job->stride, job->slot->payload,
				      job->slot->stores};

	IVP_STEP(fill);
	const bool made = ivp_chain_apply_rows(run->chain, &from, &to,
					       awaits || shows ? &rows : NULL, beat_both, run);
	job->busy_ns = ivp_now_ns() - run->wait_ns - job->begin_ns;
	return made;
}

/* in is committed; before, it may have been shown with less metadata. */
static void commit_result(struct job *job, const struct ivp_frame *in)
{
	struct ivp_frame out;

	ivp_records_copy(in, job->in->metadata_bytes, job->slot, &job->metadata_bytes);
	ivp_records_add_notes(job->slot, &job->metadata_bytes, job->run->chain);
	out = result_of(job, in);
	ivp_run_commit(job->run, &out, job->busy_ns);
	job->run->result->frames++;
}

int ivp_image_filter(struct ivp_run *run, const struct ivp_frame *in, const struct ivp_slot *slot,
		     struct ivp_why *why)
{
	struct job job = {.run = run, .in = in, .slot = slot, .why = why};
	const int status = prepare(&job);

	if (status != IVP_FRAME_OK)
		return status;
	(void)filter(&job); /* all rows are there */
	commit_result(&job, in);
	return IVP_FRAME_OK;
}

int ivp_image_filter_shown(struct ivp_run *run, struct ivp_frame *frame, struct ivp_why *why)
{
	struct ivp_slot slot;
	struct job job = {.run = run, .in = frame, .slot = &slot, .early = true, .why = why};
	struct ivp_frame whole;
	int result = ivp_output_port_slot(run->output, &slot, &run->wait_ns, why);

	if (result)
		return result;
	ivp_consumer_begin(&run->input->link);
	if (prepare(&job) != IVP_FRAME_OK)
		result = IVP_WITHDRAWN; /* the error frame, too, is made of what is committed */
	else if (!filter(&job))
		result = job.trouble;
	if (!result)
		result = ivp_input_port_next(run->input, &whole, &run->wait_ns, why);
	if (!result)
		result = ivp_consumer_confirm(&run->input->link, frame, &whole, why);
	if (result) {
		ivp_producer_withdraw(&run->output->link);
		ivp_consumer_abandon(&run->input->link);
		return result;
	}
	commit_result(&job, &whole);
	*frame = whole;
	return 0;
}
