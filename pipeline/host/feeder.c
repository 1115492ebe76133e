/* SPDX-License-Identifier: MIT */
/*
 * A file is read into private memory and its header looked at before a slot is waited for, so
 * that the next image is ready when a slot becomes free. What a failed decoder left in a slot is
 * cleared: a consumer's guest sees all of the window.
 */
#include "host/feeder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "host/notes.h"
#include "host/rejects.h"

struct feed {
	struct ivp_output_port *port;
	const struct ivp_feeder_options *options;
	struct ivp_feeder_account *account;
	struct ivp_input_file file;
	int journal;              /* descriptor, or -1 */
	uint64_t rejected_before; /* by earlier runs, and those of earlier lives not in account */
	uint64_t wait_ns;         /* for the slot of the image at hand */
};

bool ivp_feeder_anew(const struct ivp_port_options *options)
{
	const struct ivp_window_query query = {
	    .pipeline = options->pipeline,
	    .link = options->link,
	    .uuid = options->uuid,
	    .kind = IVP_WINDOW_DATA,
	    .where = options->data,
	};
	const struct ivp_wire_owner *owner;
	struct ivp_window window;
	bool finished;

	if (ivp_window_locate(&query, &window, NULL) != 0)
		return true; /* it does not exist yet, or opening the port tells why not */
	owner = (const void *)(window.base + IVP_WIRE_OWNER_OFFSET);
	finished = ivp_load32_relaxed(&owner->state) == IVP_STATE_FINISHED;
	ivp_window_close(&window);
	return finished;
}

static int add_reject(void *context, size_t input, const char *reason)
{
	struct ivp_feeder_account *account = context;
	struct ivp_feeder_reject *rejects;

	rejects = reallocarray(account->rejects, account->reject_count + 1, sizeof(*rejects));
	if (!rejects)
		return -ENOMEM;
	account->rejects = rejects;
	rejects[account->reject_count].input = input;
	rejects[account->reject_count].reason = strdup(reason);
	if (!rejects[account->reject_count].reason)
		return -ENOMEM;
	account->reject_count++;
	return 0;
}

static int reject(struct feed *feed, size_t input, const char *reason)
{
	const char *path = feed->options->inputs->paths[input];
	const size_t length = strlen(path);
	int error;

	/* Some reasons name the file already. */
	if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
		reason += length + 2;
	ivp_log(IVP_LOG_WARNING, "%s: %s; left out", path, reason);
	error = feed->journal >= 0 ? ivp_rejects_add(feed->journal, input, reason) : 0;
	return error ? error : add_reject(feed->account, input, reason);
}

/*
 * Stored just before a commit, not when a file is rejected: after a restart the files behind the
 * last frame are looked at again, and must not be counted twice.
 */
static void publish_rejects(const struct feed *feed)
{
	ivp_store_relaxed(&feed->port->link.ring.own->rejected,
			  feed->rejected_before + feed->account->reject_count);
}

static bool add_record(const struct ivp_slot *slot, uint32_t *used, uint16_t type,
		       const void *value, uint32_t bytes)
{
	return ivp_metadata_put(slot->metadata, slot->metadata_bytes, used, type, value, bytes) ==
	       0;
}

/* Returns the bytes of the records that fit. */
static uint32_t put_metadata(const struct ivp_slot *slot, const char *path,
			     const struct ivp_decoder *decoder)
{
	const uint32_t orientation = ivp_decoder_orientation(decoder);
	char name[IVP_NAME_LIMIT + 1];
	uint32_t used = 0, icc_bytes;
	const uint8_t *icc = ivp_decoder_icc(decoder, &icc_bytes);

	if (!ivp_name_accept((const uint8_t *)path, strlen(path), name))
		ivp_log(IVP_LOG_INFO, "%s: goes on without its name, which is not plain UTF-8",
			path);
	else if (!add_record(slot, &used, IVP_META_NAME, name, (uint32_t)strlen(name)))
		ivp_log(IVP_LOG_INFO,
			"%s: goes on without its name: the link has room for %u bytes"
			" of metadata",
			path, slot->metadata_bytes);
	if (orientation != 1 &&
	    !add_record(slot, &used, IVP_META_ORIENTATION, &orientation, sizeof(orientation)))
		ivp_log(IVP_LOG_INFO,
			"%s: goes on without its orientation: the link has room for"
			" %u bytes of metadata",
			path, slot->metadata_bytes);
	if (icc && !add_record(slot, &used, IVP_META_ICC, icc, icc_bytes))
		ivp_log(IVP_LOG_INFO,
			"%s: goes on without its colour profile of %u bytes: the link"
			" has room for %u bytes of metadata",
			path, icc_bytes, slot->metadata_bytes);
	return used;
}

/* Fits the image the link's slots? Returns its sizes, or false with the reason. */
static bool fits(const struct feed *feed, const struct ivp_shape *shape, size_t *stride,
		 uint64_t *bytes, struct ivp_why *why)
{
	const struct ivp_wire_header *header = &feed->port->link.header;

	if (ivp_shape_size(shape, stride, bytes) != 0) {
		ivp_why_set(why, "%ux%u pixels are too many", shape->width, shape->height);
		return false;
	}
	if (*bytes <= header->payload_bytes)
		return true;
	ivp_why_set(why,
		    "%ux%u pixels %s need %llu bytes, link '%s' has room for %llu: raise its "
		    "'frame'",
		    shape->width, shape->height, ivp_format_name(shape->format),
		    (unsigned long long)*bytes, header->link_name,
		    (unsigned long long)header->payload_bytes);
	return false;
}

static void commit(struct feed *feed, const struct ivp_frame *frame)
{
	publish_rejects(feed);
	ivp_producer_commit(&feed->port->link, frame);
}

/* From the decoder into the next slot, if there is one or the link's policy is to wait. Returns 0, 1 if the pixels are damaged (with the reason),
 * or -errno of the port. */
static int decode_and_commit(struct feed *feed, size_t input, struct ivp_decoder *decoder,
			     struct ivp_frame *frame, struct ivp_why *why)
{
	struct ivp_output out = {.shape = frame->shape, .stride = frame->stride};
	struct ivp_slot slot;
	uint64_t busy_ns;
	int error = ivp_output_port_slot_for(feed->port, frame->kind, &slot, &feed->wait_ns, why);

	if (error == IVP_FULL) {
		publish_rejects(feed);
		ivp_producer_drop(&feed->port->link, frame->origin_position);
		feed->account->injected++;
		feed->account->dropped++;
		return 0;
	}
	if (error)
		return error;
	out.pixels = slot.payload;
	error = ivp_decoder_read(decoder, &out, why);
	if (error) {
		memset(slot.payload, 0, frame->payload_bytes);
		return 1;
	}
	frame->metadata_bytes = put_metadata(&slot, feed->options->inputs->paths[input], decoder);
	busy_ns = ivp_now_ns() - frame->source_time_ns - feed->wait_ns;
	ivp_producer_account(&feed->port->link, busy_ns, feed->wait_ns);
	commit(feed, frame);
	feed->account->injected++;
	feed->account->bytes += frame->payload_bytes;
	feed->account->busy_ns += busy_ns;
	feed->account->wait_ns += feed->wait_ns;
	return 0;
}

static int feed_one(struct feed *feed, size_t input, struct ivp_why *why)
{
	const struct ivp_feeder_options *options = feed->options;
	struct ivp_frame frame = {
	    .id = input,
	    .origin_position = input,
	    .kind = IVP_KIND_PIXELS,
	    .flags = IVP_FLAG_LAST,
	    .source_time_ns = ivp_now_ns(),
	};
	struct ivp_decoder *decoder = NULL;
	struct ivp_why reason = {""};
	int error;

	feed->wait_ns = 0;
	ivp_producer_beat(&feed->port->link);
	if (ivp_input_read(options->inputs->paths[input], options->decode.limits.max_bytes,
			   &feed->file, &reason) != 0 ||
	    ivp_decoder_create(feed->file.data, feed->file.bytes, &options->decode, &decoder,
			       &reason) != 0)
		return reject(feed, input, reason.text);
	frame.shape = *ivp_decoder_shape(decoder);
	if (fits(feed, &frame.shape, &frame.stride, &frame.payload_bytes, &reason))
		error = decode_and_commit(feed, input, decoder, &frame, &reason);
	else
		error = 1;
	ivp_decoder_destroy(decoder);
	if (error > 0)
		return reject(feed, input, reason.text);
	if (error < 0 && why)
		*why = reason;
	return error;
}

static int feed_end(struct feed *feed, size_t id, struct ivp_why *why)
{
	const struct ivp_frame end = {
	    .id = id, .origin_position = id, .kind = IVP_KIND_END, .flags = IVP_FLAG_LAST};
	struct ivp_slot slot;
	int error = ivp_output_port_slot(feed->port, &slot, &feed->account->wait_ns, why);

	if (!error)
		commit(feed, &end);
	return error;
}

/* Where to begin, by what the own window says. Returns false if the stream is complete. */
static bool find_start(struct feed *feed)
{
	struct ivp_wire_owner *own = feed->port->link.ring.own;
	const size_t count = feed->options->inputs->count;
	const uint64_t dropped = ivp_producer_dropped(&feed->port->link);
	struct ivp_frame last;
	uint64_t next;

	if (ivp_producer_last(&feed->port->link, &last)) {
		if (last.kind == IVP_KIND_END && !feed->options->anew) {
			ivp_log(IVP_LOG_INFO, "the stream is complete already");
			feed->account->first = last.id < count ? (size_t)last.id : count;
			return false;
		}
		if (last.kind != IVP_KIND_END) {
			next = last.id < count ? last.id + 1 : count;
			next = dropped > next ? dropped : next;
			feed->account->first = next < count ? (size_t)next : count;
			ivp_log(IVP_LOG_INFO, "goes on behind frame %llu, the last in the link",
				(unsigned long long)last.id);
			return true;
		}
	}
	ivp_producer_forget_drops(&feed->port->link);
	/* The counters run on through all streams of the link. */
	ivp_store_relaxed(&own->expected, own->frames + own->rejected + count);
	return true;
}

/*
 * What earlier lives of this stream did. Each input before first was committed, dropped or rejected
 * by one of them; the journal knows the rejects, so all others were injected.
 */
static int take_over(struct feed *feed, struct ivp_why *why)
{
	struct ivp_feeder_account *account = feed->account;

	if (!feed->options->journal)
		return 0;
	feed->journal = ivp_rejects_open(feed->options->journal, feed->port->link.header.epoch,
					 account->first, add_reject, account, why);
	if (feed->journal < 0)
		return feed->journal;
	account->injected = account->first - account->reject_count;
	if (account->first > 0) {
		account->bytes = feed->port->link.ring.own->bytes;
		feed->rejected_before -= account->reject_count < feed->rejected_before
					     ? account->reject_count
					     : feed->rejected_before;
	}
	return 0;
}

static int feed_all(struct feed *feed, struct ivp_why *why)
{
	const struct ivp_feeder_options *options = feed->options;
	size_t input;
	int error = 0;

	for (input = feed->account->first; input < options->inputs->count && !error; input++) {
		if (options->stop && *options->stop) {
			ivp_log(IVP_LOG_INFO, "told to stop: %zu of %zu inputs are left out",
				options->inputs->count - input, options->inputs->count);
			break;
		}
		error = feed_one(feed, input, why);
	}
	return error ? error : feed_end(feed, input, why);
}

static void say_what_was_done(const struct ivp_feeder_account *account)
{
	char dropped[64] = "";

	if (account->dropped > 0)
		snprintf(dropped, sizeof(dropped), " (%llu dropped at once)",
			 (unsigned long long)account->dropped);
	ivp_log(IVP_LOG_INFO, "%llu frames injected%s, %zu files left out; %.3f s",
		(unsigned long long)account->injected, dropped, account->reject_count,
		(double)account->elapsed_ns / 1e9);
}

int ivp_feeder_run(struct ivp_output_port *port, const struct ivp_feeder_options *options,
		   struct ivp_feeder_account *account, struct ivp_why *why)
{
	struct feed feed = {.port = port, .options = options, .account = account, .journal = -1};
	const uint64_t begin_ns = ivp_now_ns();
	bool more;
	int error;

	*account = (struct ivp_feeder_account){0};
	feed.rejected_before = port->link.ring.own->rejected;
	more = find_start(&feed);
	error = take_over(&feed, why);
	if (!error && more)
		error = feed_all(&feed, why);
	if (feed.journal >= 0)
		close(feed.journal);
	ivp_input_file_finish(&feed.file);
	account->elapsed_ns = ivp_now_ns() - begin_ns;
	if (more)
		say_what_was_done(account);
	return error;
}

void ivp_feeder_account_finish(struct ivp_feeder_account *account)
{
	for (size_t i = 0; i < account->reject_count; i++)
		free(account->rejects[i].reason);
	free(account->rejects);
	*account = (struct ivp_feeder_account){0};
}
