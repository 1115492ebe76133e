/* SPDX-License-Identifier: MIT */
/*
 * Every frame ends in exactly one of delivered, dropped and quarantined. Times that
 * cannot be are left out.
 */
#include "host/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"

#define FULL_US 100000 /* between two tries to write to a disk that is full */

struct drain {
	struct ivp_input_port *port;
	struct ivp_writer *writer;
	struct ivp_sink_account *account;
	struct ivp_tally *tally; /* of account */
	struct ivp_ledger ledger;
	const struct ivp_originals *originals; /* NULL: they are not kept */
	bool said_full;
	struct ivp_wire_owner *own; /* counters in our window, for monitors */
	struct ivp_notes notes;
	bool joins_late;
};

static void count(uint64_t *counter, uint64_t by)
{
	ivp_store_relaxed(counter, *counter + by);
}

static void count_delivered(struct drain *drain, const struct ivp_frame *frame)
{
	const uint64_t now_ns = ivp_now_ns();

	drain->tally->delivered++;
	drain->tally->bytes += frame->payload_bytes;
	count(&drain->own->bytes, frame->payload_bytes);
	ivp_tally_add_trail(drain->tally, frame);
	if (frame->source_time_ns != 0 && frame->source_time_ns <= now_ns)
		ivp_latency_add(drain->ledger.latency ? drain->ledger.latency
						      : &drain->account->latency,
				now_ns - frame->source_time_ns);
}

static void quarantine(struct drain *drain, const struct ivp_frame *frame, const char *reason)
{
	drain->tally->quarantined++;
	count(&drain->own->errors, 1);
	ivp_log(IVP_LOG_WARNING, "frame %llu (%s) failed: %s", (unsigned long long)frame->id,
		drain->notes.name, reason);
}

/* A failure to keep the original takes nothing from the results: it is logged only. */
static void keep_original(struct drain *drain, const struct ivp_frame *frame, const char *reason)
{
	struct ivp_why why = {""};

	if (frame->status != IVP_FRAME_QUARANTINED || !drain->originals ||
	    drain->writer->folder < 0)
		return;
	if (ivp_quarantine_keep(drain->writer->folder, drain->originals, frame->id, reason, &why) ==
	    0)
		ivp_log(IVP_LOG_INFO, "frame %llu: its original is kept in %s/quarantine",
			(unsigned long long)frame->id, drain->writer->options.output);
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

static int write_pixels(struct drain *drain, const struct ivp_frame *frame, struct ivp_why *why)
{
	const struct ivp_notes *notes = &drain->notes;
	int error;

	if (ivp_format_channels(frame->shape.format) == 0) {
		quarantine(drain, frame, "its pixel format is not known here");
		return 0;
	}
	if (notes->renamed)
		ivp_log(IVP_LOG_WARNING,
			"frame %llu: its name is not fit for a file; it becomes %s",
			(unsigned long long)frame->id, notes->name);
	drain->said_full = false;
	error = ivp_writer_put(drain->writer, frame, notes, why);
	if (error == -EINVAL) {
		quarantine(drain, frame, why->text);
		return 0;
	}
	if (error)
		return error;
	if (drain->writer->last_taken)
		ivp_log(IVP_LOG_WARNING,
			"frame %llu (%s): the name is taken by another frame of this run; it "
			"becomes %s",
			(unsigned long long)frame->id, notes->name, drain->writer->last);
	count_delivered(drain, frame);
	return 0;
}

/* Ids rise by one from 0, and the end of the stream has the next: a gap is of frames that were
 * left out or dropped on the way. */
static void count_missing(struct drain *drain, uint64_t id)
{
	struct ivp_tally *tally = drain->tally;

	/* Without a ledger nobody knows what came before this life. */
	if (drain->joins_late)
		tally->next_id = id;
	drain->joins_late = false;
	/* Gaps lie apart below 2^64: so does their sum. */
	if (id > tally->next_id)
		tally->missing += id - tally->next_id;
	if (id >= tally->next_id && id < UINT64_MAX)
		tally->next_id = id + 1;
}

static int take_frame(struct drain *drain, const struct ivp_frame *frame, struct ivp_why *why)
{
	struct ivp_notes *notes = &drain->notes;
	const char *reason;
	int error;

	count_missing(drain, frame->id);
	if (frame->kind == IVP_KIND_END) {
		/* First the writer: if we die in between, the end is still in the link. */
		ivp_writer_complete(drain->writer);
		drain->tally->ended = true;
		return 0;
	}
	error = ivp_notes_read(notes, frame, why);
	if (error)
		return error;
	switch (frame->kind) {
	case IVP_KIND_PIXELS:
		return write_pixels(drain, frame, why);
	case IVP_KIND_DROPPED:
		drain->tally->dropped++;
		count(&drain->own->dropped, 1);
		return 0;
	case IVP_KIND_ERROR:
		reason = notes->reason[0] ? notes->reason : status_text(frame->status);
		quarantine(drain, frame, reason);
		keep_original(drain, frame, reason);
		return 0;
	default:
		quarantine(drain, frame, "it is of a kind that this sink does not know");
		return 0;
	}
}

/* Is it the second signal? */
static bool told_to_stop(const struct ivp_input_port *port)
{
	return port->stop && *port->stop >= 2;
}

/* For the writer: a while later, unless we are to stop. The stage before us must not take us for
 * dead. */
static bool wait_for_room(void *context, const char *file)
{
	struct drain *drain = context;

	if (!drain->said_full)
		ivp_log(IVP_LOG_WARNING, "%s/%s: no room left there; waiting until there is some",
			drain->writer->options.output, file);
	drain->said_full = true;
	ivp_consumer_beat(&drain->port->link);
	usleep(FULL_US);
	return !told_to_stop(drain->port);
}

static int run(struct drain *drain, struct ivp_why *why)
{
	struct ivp_consumer *link = &drain->port->link;
	const uint64_t before_ns = drain->tally->elapsed_ns;
	uint64_t first_ns = 0, begin_ns, wait_ns;
	struct ivp_frame frame;
	int error = 0;

	while (!error && !drain->tally->ended) {
		if (told_to_stop(drain->port)) {
			ivp_why_set(why, "stopped at once, as told; the rest is still in the link");
			return -EINTR;
		}
		wait_ns = 0;
		error = ivp_input_port_next(drain->port, &frame, &wait_ns, why);
		count(&drain->own->wait_ns, wait_ns);
		if (error == -EINTR && !told_to_stop(drain->port))
			return 0;
		if (error)
			break;
		begin_ns = ivp_now_ns();
		if (first_ns == 0)
			first_ns = begin_ns;
		ivp_consumer_begin(link);
		error = take_frame(drain, &frame, why);
		if (error)
			break;
		drain->tally->elapsed_ns = before_ns + (ivp_now_ns() - first_ns);
		ivp_ledger_note(&drain->ledger, link->ring.tail + 1, drain->tally);
		ivp_consumer_release(link);
		count(&drain->own->busy_ns, ivp_now_ns() - begin_ns);
	}
	return error;
}

int ivp_sink_take_over(const struct ivp_consumer *link, const char *path, struct ivp_ledger *ledger,
		       struct ivp_tally *tally, struct ivp_why *why)
{
	if (!path)
		return 0;
	if (ivp_ledger_open(ledger, path, link->header.epoch, link->ring.released, tally, why) != 0)
		return -EIO;
	/* Of a stream that was left in good order: the next one is another. */
	if (tally->ended && link->left_state != IVP_STATE_ATTACHED)
		ivp_ledger_clear(ledger, link->ring.released, tally);
	return 0;
}

bool ivp_sink_has_ended(struct ivp_consumer *link)
{
	if (link->left_state != IVP_STATE_ATTACHED || !ivp_consumer_ended(link))
		return false;
	ivp_log(IVP_LOG_INFO, "the stream is complete already");
	return true;
}

static int begin_and_run(struct drain *drain, struct ivp_why *why)
{
	struct ivp_consumer *link = &drain->port->link;
	int error;

	if (ivp_sink_has_ended(link)) {
		drain->tally->ended = true;
		return 0;
	}
	error = ivp_writer_begin(drain->writer, link->header.link_name, link->header.epoch,
				 link->ring.released, why);
	return error ? error : run(drain, why);
}

static void say_what_was_done(const struct ivp_tally *tally)
{
	char missing[64] = "";

	if (tally->missing > 0)
		snprintf(missing, sizeof(missing), ", %llu never came",
			 (unsigned long long)tally->missing);
	ivp_log(IVP_LOG_INFO, "%llu delivered, %llu dropped, %llu quarantined%s; %.3f s%s",
		(unsigned long long)tally->delivered, (unsigned long long)tally->dropped,
		(unsigned long long)tally->quarantined, missing, (double)tally->elapsed_ns / 1e9,
		tally->ended ? "" : "; the end of the stream has not come yet");
}

int ivp_sink_run(struct ivp_input_port *port, struct ivp_writer *writer,
		 const struct ivp_sink_options *options, struct ivp_sink_account *account,
		 struct ivp_why *why)
{
	struct drain drain = {
	    .port = port,
	    .originals = options && options->originals.count > 0 ? &options->originals : NULL,
	    .writer = writer,
	    .account = account,
	    .tally = &account->tally,
	    .own = port->link.ring.own};
	int error;

	*account = (struct ivp_sink_account){0};
	error = ivp_notes_init(&drain.notes, port->link.header.metadata_bytes);
	if (error) {
		ivp_why_set(why, "not enough memory for a frame's metadata");
		return error;
	}
	/* Until the end of this function, which takes both back. cppcheck-suppress autoVariables */
	writer->context = &drain;
	writer->full = options && options->wait_when_full ? wait_for_room : NULL;
	drain.joins_late = !(options && options->ledger) && port->link.ring.released > 0;
	error = ivp_sink_take_over(&port->link, options ? options->ledger : NULL, &drain.ledger,
				   drain.tally, why);
	if (!error)
		error = begin_and_run(&drain, why);
	if (drain.ledger.latency)
		account->latency = *drain.ledger.latency;
	writer->full = NULL;
	writer->context = NULL;
	ivp_ledger_close(&drain.ledger);
	ivp_notes_finish(&drain.notes);
	say_what_was_done(&account->tally);
	return error;
}
