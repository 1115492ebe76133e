/* SPDX-License-Identifier: MIT */
/*
 * Nothing lost, nothing twice: the output names its input (origin_position), is committed by one
 * store, and only then the input is released. A runner that starts compares its last committed
 * output with its first unreleased input (wire.h, restart) and releases what is out already.
 */
#include "stage/runner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "stage/records.h"
#include "stage/run.h"
#include "transport/step.h"

#define MAX_ATTEMPTS 3 /* a frame that ends its stage so often is passed on as an error */

struct ivp_frame ivp_run_derive(const struct ivp_run *run, const struct ivp_frame *from,
				uint64_t busy_ns)
{
	struct ivp_frame frame = {
	    .id = from->id,
	    .origin_position = from->position,
	    .kind = from->kind,
	    .flags = IVP_FLAG_LAST,
	    .status = from->status,
	    .source_time_ns = from->source_time_ns,
	    .trail_count = from->trail_count,
	};

	memcpy(frame.trail, from->trail, sizeof(frame.trail));
	if (frame.trail_count < IVP_TRAIL)
		frame.trail[frame.trail_count] =
		    (struct ivp_wire_trail){.busy_ns = busy_ns, .wait_ns = run->wait_ns};
	frame.trail_count++;
	return frame;
}

void ivp_run_commit(struct ivp_run *run, const struct ivp_frame *frame, uint64_t busy_ns)
{
	ivp_producer_account(&run->output->link, busy_ns, run->wait_ns);
	ivp_producer_commit(&run->output->link, frame);
	run->result->busy_ns += busy_ns;
	run->result->wait_ns += run->wait_ns;
}

static uint32_t copy_metadata(const struct ivp_frame *from, const struct ivp_slot *slot)
{
	uint32_t used = 0;

	ivp_records_copy(from, 0, slot, &used);
	return used;
}

static int put_reason(const struct ivp_slot *slot, const char *reason, uint32_t *used)
{
	return ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, IVP_META_REASON, reason,
				(uint32_t)strlen(reason));
}

static void pass_error(struct ivp_run *run, const struct ivp_frame *in, const struct ivp_slot *slot,
		       uint16_t status, const char *reason)
{
	struct ivp_frame out = ivp_run_derive(run, in, 0);

	out.kind = IVP_KIND_ERROR;
	out.status = status;
	out.metadata_bytes = copy_metadata(in, slot);
	if (reason[0] && put_reason(slot, reason, &out.metadata_bytes) != 0) {
		/* No room for all: the reason comes first. */
		out.metadata_bytes = 0;
		put_reason(slot, reason, &out.metadata_bytes);
		ivp_records_copy(in, 0, slot, &out.metadata_bytes);
	}
	if (run->report)
		run->report(run->context, in, reason);
	ivp_run_commit(run, &out, 0);
	run->result->errors++;
}

/* Frames without pixels of ours go through as they are. */
static void pass_on(struct ivp_run *run, const struct ivp_frame *in, const struct ivp_slot *slot)
{
	struct ivp_frame out = ivp_run_derive(run, in, 0);

	out.metadata_bytes = copy_metadata(in, slot);
	ivp_run_commit(run, &out, 0);
	if (in->kind == IVP_KIND_ERROR)
		run->result->errors++;
}

/* Bytes without meaning to us go through a stage that only copies. */
static int copy_frame(struct ivp_run *run, const struct ivp_frame *in, const struct ivp_slot *slot,
		      struct ivp_why *why)
{
	const uint64_t start = ivp_now_ns();

	if (run->chain->count > 0) {
		ivp_why_set(why, "frames of kind %u are not filtered here", in->kind);
		return IVP_FRAME_UNSUPPORTED;
	}
	if (in->payload_bytes > slot->payload_bytes) {
		ivp_why_set(
		    why, "it has %llu bytes; link '%s' has room for %llu: raise its 'frame'",
		    (unsigned long long)in->payload_bytes, run->output->link.header.link_name,
		    (unsigned long long)slot->payload_bytes);
		return IVP_FRAME_TOO_LARGE;
	}
	IVP_STEP(fill);
	if (run->input->fetch)
		ivp_fetch_copy(&run->fetch, in, slot->payload, slot->stores);
	else
		ivp_store_bytes(slot->payload, in->payload, in->payload_bytes, slot->stores);
	const uint64_t busy_ns = ivp_now_ns() - start;
	struct ivp_frame out = ivp_run_derive(run, in, busy_ns);
	out.payload_bytes = in->payload_bytes;
	out.metadata_bytes = copy_metadata(in, slot);
	ivp_run_commit(run, &out, busy_ns);
	run->result->frames++;
	return IVP_FRAME_OK;
}

/* One input, whatever it is, to one output. */
static void process(struct ivp_run *run, const struct ivp_frame *in, const struct ivp_slot *slot)
{
	struct ivp_why why = {""};
	unsigned attempt = ivp_consumer_begin(&run->input->link);
	int status = IVP_FRAME_UNSUPPORTED;

	switch (in->kind) {
	case IVP_KIND_END:
	case IVP_KIND_DROPPED:
		pass_on(run, in, slot);
		return;
	case IVP_KIND_ERROR:
		if (in->status == IVP_FRAME_CHECKSUM)
			pass_error(run, in, slot, in->status,
				   "its checksum is wrong: the payload was changed on the way");
		else
			pass_on(run, in, slot);
		return;
	case IVP_KIND_PIXELS:
	case IVP_KIND_BYTES:
		if (attempt > MAX_ATTEMPTS) {
			status = IVP_FRAME_QUARANTINED;
			ivp_why_set(&why, "it ended %s %s %u times",
				    run->chain->stage ? "stage" : "its",
				    run->chain->stage ? run->chain->stage : "stage", attempt - 1);
		} else {
			status = in->kind == IVP_KIND_PIXELS ? ivp_image_filter(run, in, slot, &why)
							     : copy_frame(run, in, slot, &why);
		}
		break;
	default:
		ivp_why_set(&why, "frames of kind %u are not filtered here", in->kind);
	}
	if (status != IVP_FRAME_OK)
		pass_error(run, in, slot, (uint16_t)status, why.text);
}

/* It is not even filtered: the slot that the result would go to is what is missing. */
static void drop(struct ivp_run *run, const struct ivp_frame *in)
{
	ivp_producer_drop(&run->output->link, in->position);
	run->result->dropped++;
}

/* Is the output for the input at this position out already, or dropped? Known by the own output
 * window. */
static bool is_done(struct ivp_output_port *output, uint64_t position)
{
	struct ivp_frame last;

	if (ivp_producer_dropped(&output->link) == position + 1)
		return true;
	return ivp_producer_last(&output->link, &last) && last.origin_position == position &&
	       (last.flags & IVP_FLAG_LAST);
}

/* Did an earlier life die after it had released the end of the stream, with nothing after it?
 * Then nothing will come: whoever ended the stream has left. */
static bool has_ended(struct ivp_input_port *input, struct ivp_output_port *output)
{
	struct ivp_frame last, next;

	/* It leaves one link after the other: either may tell. */
	return (input->link.left_state == IVP_STATE_ATTACHED ||
		output->link.left_state == IVP_STATE_ATTACHED) &&
	       ivp_producer_last(&output->link, &last) && last.kind == IVP_KIND_END &&
	       last.origin_position + 1 == input->link.ring.tail &&
	       ivp_consumer_acquire(&input->link, &next, NULL) == IVP_EMPTY;
}

/* The next frame that is committed. *done: it was shown before, and its result is out. */
static int next_frame(struct ivp_run *run, struct ivp_frame *frame, bool *done, struct ivp_why *why)
{
	bool shown;
	int result = ivp_input_port_next_early(run->input, frame, &shown, &run->wait_ns, why);

	*done = false;
	if (result || !shown)
		return result;
	/* Nothing is dropped for a frame that may never be. */
	if (ivp_producer_may_drop(&run->output->link, frame->kind))
		result = IVP_WITHDRAWN;
	else
		result = ivp_image_filter_shown(run, frame, why);
	*done = result == 0;
	return result == IVP_WITHDRAWN ? ivp_input_port_next(run->input, frame, &run->wait_ns, why)
				       : result;
}

/* Frame by frame, until the end of the stream. */
static int follow(struct ivp_run *run, struct ivp_why *why)
{
	struct ivp_output_port *output = run->output;
	struct ivp_frame frame;
	struct ivp_slot slot;
	bool first = true, done;
	int error;

	for (;;) {
		run->wait_ns = 0;
		error = next_frame(run, &frame, &done, why);
		if (error)
			return error;
		uint16_t kind = frame.kind;
		if (!done && first && is_done(output, frame.position)) {
			run->result->repeated++;
		} else if (!done) {
			error = ivp_output_port_slot_for(output, kind, &slot, &run->wait_ns, why);
			if (error < 0)
				return error;
			if (error == IVP_FULL)
				drop(run, &frame);
			else
				process(run, &frame, &slot);
		}
		first = false;
		ivp_consumer_release(&run->input->link);
		if (kind == IVP_KIND_END) {
			run->result->ended = true;
			return 0;
		}
	}
}

int ivp_runner_run(struct ivp_input_port *input, struct ivp_output_port *output,
		   struct ivp_chain *chain, ivp_runner_report *report, void *context,
		   struct ivp_runner_result *result, struct ivp_why *why)
{
	struct ivp_runner_result unused;
	struct ivp_run run = {.input = input,
			      .output = output,
			      .chain = chain,
			      .report = report,
			      .context = context,
			      .result = result ? result : &unused};
	int error;

	memset(run.result, 0, sizeof(*run.result));
	ivp_ports_join(input, output);
	if (has_ended(input, output)) {
		run.result->ended = true;
		return 0;
	}
	error = follow(&run, why);
	ivp_fetch_finish(&run.fetch);
	return error == -EINTR ? 0 : error;
}
