/* SPDX-License-Identifier: MIT */
/*
 * The flow of frames through a sink. Every frame ends in exactly one of delivered, dropped and
 * quarantined. This thread alone has to do with the link, the names, the ledger, in the order of
 * the frames; threads of the crew write files under hidden names, of frames that were looked at
 * ahead. A file gets its name, and its frame is released, when its turn comes. So whatever
 * happens, the folder and the account are those of a sink that does one frame after the other.
 * Times that cannot be are left out.
 */
#include "host/drain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/units.h"
#include "host/crew.h"
#include "transport/owner.h"

#define LATER   1          /* there is no frame to begin with now */
#define LOOK_NS 1000000u   /* between two looks for a frame while others are written */
#define BEAT_NS 100000000u /* between two signs of life */

/* A frame in hand: a piece of work of the crew. */
struct job {
	struct ivp_frame frame;
	struct ivp_notes notes;
	struct ivp_item item;
	int refused; /* by the writer's plan */
	bool work;
	uint64_t busy_ns;
};

struct flow {
	struct ivp_drain *drain;
	struct ivp_consumer *link;
	struct ivp_tally *tally;
	struct ivp_wire_owner *own; /* counters in our window, for monitors */
	struct ivp_crew crew;
	struct job *jobs;
	bool at_end;  /* the end of the stream is in hand */
	bool blocked; /* the frame to begin with must first be the next one */
	uint64_t before_ns, first_ns;
};

static void count_delivered(struct flow *flow, const struct ivp_frame *frame)
{
	const uint64_t now_ns = ivp_now_ns();

	flow->tally->delivered++;
	flow->tally->bytes += frame->payload_bytes;
	ivp_owner_count(&flow->own->bytes, frame->payload_bytes);
	ivp_tally_add_trail(flow->tally, frame);
	if (frame->source_time_ns != 0 && frame->source_time_ns <= now_ns)
		ivp_latency_add(flow->drain->ledger.latency ? flow->drain->ledger.latency
							    : &flow->drain->account->latency,
				now_ns - frame->source_time_ns);
}

static void quarantine(struct flow *flow, const struct job *job, const char *reason)
{
	flow->tally->quarantined++;
	ivp_owner_count(&flow->own->errors, 1);
	ivp_log(IVP_LOG_WARNING, "frame %llu (%s) failed: %s", (unsigned long long)job->frame.id,
		job->notes.name, reason);
}

/* A failure to keep the original takes nothing from the results: it is logged only. */
static void keep_original(struct flow *flow, const struct ivp_frame *frame, const char *reason)
{
	struct ivp_why why = {""};

	if (frame->status != IVP_FRAME_QUARANTINED || !flow->drain->originals ||
	    flow->drain->writer->folder < 0)
		return;
	if (ivp_quarantine_keep(flow->drain->writer->folder, flow->drain->originals, frame->id,
				reason, &why) == 0)
		ivp_log(IVP_LOG_INFO, "frame %llu: its original is kept in %s/quarantine",
			(unsigned long long)frame->id, flow->drain->writer->options.output);
	else
		ivp_log(IVP_LOG_WARNING, "frame %llu: its original cannot be kept: %s",
			(unsigned long long)frame->id, why.text);
}

static const char *status_text(unsigned status)
{
	switch (status) {
	case IVP_FRAME_UNSUPPORTED:
		return "a filter does not take it";
	case IVP_FRAME_TOO_LARGE:
		return "a result does not fit its slot";
	case IVP_FRAME_CHECKSUM:
		return "its payload is not what the producer wrote";
	case IVP_FRAME_QUARANTINED:
		return "it ended its stage too often";
	default:
		return "no reason was given";
	}
}

static int store_pixels(struct flow *flow, struct job *job, struct ivp_why *why)
{
	const struct ivp_frame *frame = &job->frame;
	const struct ivp_item *item = &job->item;
	int error = job->refused;

	if (ivp_format_channels(frame->shape.format) == 0) {
		quarantine(flow, job, "its pixel format is not known here");
		return 0;
	}
	if (job->notes.renamed)
		ivp_log(IVP_LOG_WARNING,
			"frame %llu: its name is not fit for a file; it becomes %s",
			(unsigned long long)frame->id, job->notes.name);
	flow->drain->said_full = false;
	if (!error)
		error = ivp_writer_store(flow->drain->writer, &job->item, why);
	if (error == -EINVAL) {
		quarantine(flow, job, job->refused ? item->why.text : why->text);
		return 0;
	}
	if (error)
		return error;
	if (item->taken)
		ivp_log(IVP_LOG_WARNING,
			"frame %llu (%s): the name is taken by another frame of this run; it "
			"becomes %s",
			(unsigned long long)frame->id, job->notes.name, item->name);
	count_delivered(flow, frame);
	return 0;
}

/* Ids rise by one from 0, and the end of the stream has the next: a gap is of frames that were
 * left out or dropped on the way. */
static void count_missing(struct flow *flow, uint64_t id)
{
	struct ivp_tally *tally = flow->tally;

	/* Without a ledger nobody knows what came before this life. */
	if (flow->drain->joins_late)
		tally->next_id = id;
	flow->drain->joins_late = false;
	/* Gaps lie apart below 2^64: so does their sum. */
	if (id > tally->next_id)
		tally->missing += id - tally->next_id;
	if (id >= tally->next_id && id < UINT64_MAX)
		tally->next_id = id + 1;
}

/* The oldest frame, which is done, goes into the account. Returns 0; or the writer's error. */
static int conclude(struct flow *flow, struct job *job, struct ivp_why *why)
{
	const struct ivp_frame *frame = &job->frame;
	const char *reason;

	count_missing(flow, frame->id);
	switch (frame->kind) {
	case IVP_KIND_END:
		/* First the writer: if we die in between, the end is still in the link. */
		ivp_writer_complete(flow->drain->writer);
		flow->tally->ended = true;
		return 0;
	case IVP_KIND_PIXELS:
		return store_pixels(flow, job, why);
	case IVP_KIND_DROPPED:
		flow->tally->dropped++;
		ivp_owner_count(&flow->own->dropped, 1);
		return 0;
	case IVP_KIND_ERROR:
		reason = job->notes.reason[0] ? job->notes.reason : status_text(frame->status);
		quarantine(flow, job, reason);
		keep_original(flow, frame, reason);
		return 0;
	default:
		quarantine(flow, job, "it is of a kind that this sink does not know");
		return 0;
	}
}

bool ivp_drain_stopped(const struct ivp_drain *drain)
{
	return drain->port->stop && *drain->port->stop >= 2;
}

/* On a thread of the crew, or our own. */
static void work(void *context, unsigned place)
{
	const struct flow *flow = context;
	struct job *job = &flow->jobs[place];
	const uint64_t begin_ns = ivp_now_ns();

	if (job->work)
		ivp_writer_work(flow->drain->writer, &job->item);
	job->busy_ns += ivp_now_ns() - begin_ns;
}

/* What has to be known of a frame before the crew gets it. Returns 0; or why it cannot be. */
static int prepare(struct flow *flow, struct job *job, bool is_next, struct ivp_why *why)
{
	const struct ivp_frame *frame = &job->frame;
	int error;

	job->refused = 0;
	job->work = false;
	if (frame->kind == IVP_KIND_END)
		return 0;
	error = ivp_notes_read(&job->notes, frame, why);
	if (error || frame->kind != IVP_KIND_PIXELS ||
	    ivp_format_channels(frame->shape.format) == 0)
		return error;
	error = ivp_writer_plan(flow->drain->writer, &job->item, frame, &job->notes, is_next,
				&job->item.why);
	job->work = error == 0;
	if (error == -EINVAL) {
		job->refused = error;
		return 0;
	}
	if (error)
		*why = job->item.why;
	return error;
}

/* Waits for a frame if none is in hand. Returns 0 with a frame; LATER; or -errno of the port. */
static int next_frame(struct flow *flow, struct ivp_frame *frame, struct ivp_why *why)
{
	const unsigned in_hand = ivp_crew_count(&flow->crew);
	uint64_t wait_ns = 0;
	int error;

	if (in_hand > 0) {
		/* What is wrong with it is told when it is the next one. */
		if (flow->at_end || flow->blocked || ivp_drain_stopped(flow->drain) ||
		    ivp_consumer_acquire_ahead(flow->link, in_hand, frame, NULL) != 0)
			return LATER;
		return 0;
	}
	if (ivp_drain_stopped(flow->drain)) {
		ivp_why_set(why, "stopped at once, as told; the rest is still in the link");
		return -EINTR;
	}
	error = ivp_input_port_next(flow->drain->port, frame, &wait_ns, why);
	ivp_owner_count(&flow->own->wait_ns, wait_ns);
	flow->blocked = false;
	if (!error)
		ivp_consumer_begin(flow->link);
	return error;
}

/* Begins with the next frame. Returns as next_frame, and as prepare for the one that is next. */
static int begin(struct flow *flow, struct ivp_why *why)
{
	const unsigned in_hand = ivp_crew_count(&flow->crew);
	struct job *job = &flow->jobs[ivp_crew_place(&flow->crew, in_hand)];
	int error = next_frame(flow, &job->frame, why);
	const uint64_t begin_ns = ivp_now_ns();

	if (error)
		return error;
	if (flow->first_ns == 0)
		flow->first_ns = begin_ns;
	error = prepare(flow, job, in_hand == 0, why);
	if (error && in_hand > 0) {
		flow->blocked = true;
		return LATER;
	}
	if (error)
		return error;
	flow->at_end = job->frame.kind == IVP_KIND_END;
	job->busy_ns = ivp_now_ns() - begin_ns;
	ivp_crew_give(&flow->crew);
	return 0;
}

/* The oldest frame is done: it goes into the account and back to its producer. */
static int finish_oldest(struct flow *flow, struct ivp_why *why)
{
	struct job *job = &flow->jobs[ivp_crew_place(&flow->crew, 0)];
	const uint64_t begin_ns = ivp_now_ns();
	const int error = conclude(flow, job, why);

	if (error)
		return error;
	flow->tally->elapsed_ns = flow->before_ns + (ivp_now_ns() - flow->first_ns);
	ivp_ledger_note(&flow->drain->ledger, flow->link->ring.tail + 1, flow->tally);
	ivp_consumer_release(flow->link);
	ivp_crew_take(&flow->crew);
	flow->blocked = false;
	if (ivp_crew_count(&flow->crew) > 0)
		ivp_consumer_begin(flow->link);
	ivp_owner_count(&flow->own->busy_ns, job->busy_ns + (ivp_now_ns() - begin_ns));
	return 0;
}

static int drain_all(struct flow *flow, struct ivp_why *why)
{
	int error = 0;

	while ((!error || error == LATER) && !flow->tally->ended) {
		const bool room = ivp_crew_count(&flow->crew) < flow->crew.places;

		error = room ? begin(flow, why) : LATER;
		if (error == -EINTR && !ivp_drain_stopped(flow->drain))
			return 0;
		if (error != LATER)
			continue;
		const bool look = room && !flow->at_end && !flow->blocked;
		if (ivp_crew_wait(&flow->crew, look ? LOOK_NS : BEAT_NS))
			error = finish_oldest(flow, why);
		else
			ivp_consumer_beat(flow->link);
	}
	return error;
}

static int make_jobs(struct flow *flow)
{
	const uint32_t metadata_bytes = flow->link->header.metadata_bytes;
	int error = 0;

	flow->jobs = calloc(flow->crew.places, sizeof(*flow->jobs));
	if (!flow->jobs)
		return -ENOMEM;
	for (unsigned i = 0; i < flow->crew.places && !error; i++)
		error = ivp_notes_init(&flow->jobs[i].notes, metadata_bytes);
	return error;
}

int ivp_drain_all(struct ivp_drain *drain, struct ivp_why *why)
{
	struct ivp_consumer *link = &drain->port->link;
	struct flow flow = {
	    .drain = drain,
	    .link = link,
	    .tally = &drain->account->tally,
	    .own = link->ring.own,
	    .before_ns = drain->account->tally.elapsed_ns,
	};
	/* On a link that overwrites only one frame at a time can be held. */
	const unsigned most = link->ring.overwrites ? 1 : link->header.slots;
	struct ivp_why reason = {""};
	unsigned places;
	int error;

	ivp_crew_init(&flow.crew, drain->threads, most, work, &flow);
	places = flow.crew.places;
	error = make_jobs(&flow);
	if (error)
		ivp_why_set(&reason, "not enough memory for the metadata of frames");
	else
		error = drain_all(&flow, &reason);
	ivp_crew_finish(&flow.crew);
	for (unsigned i = 0; flow.jobs && i < places; i++) {
		ivp_item_finish(&flow.jobs[i].item);
		ivp_notes_finish(&flow.jobs[i].notes);
	}
	free(flow.jobs);
	if (error && why)
		*why = reason;
	return error;
}
