/* SPDX-License-Identifier: MIT */
/*
 * The flow of images through a feeder. This thread alone opens files and has to do with the link,
 * in the order of the inputs; threads of the crew decode into slots that are reserved ahead, and a
 * slot is committed when its turn comes. So whatever happens, the link and the account are those
 * of a feeder that does one image after the other. To open a file takes about a fiftieth of the
 * time that it takes to decode it.
 */
#include "host/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/crew.h"
#include "host/picture.h"

#define LATER   1          /* there is no room now */
#define LOOK_NS 1000000u   /* between two looks for room while images are decoded */
#define BEAT_NS 100000000u /* between two signs of life */

/* What becomes of an input. */
enum fate { WANTED, REJECTED, DROPPED, IN_SLOT, IN_MEMORY };

/* An input in hand: a piece of work of the crew. */
struct job {
	struct ivp_picture picture;
	enum fate fate;
	bool opened;      /* and to be begun when there is room */
	uint8_t *memory;  /* of IN_MEMORY */
	uint64_t wait_ns; /* for its slot */
	int error;        /* of decoding */
	struct ivp_why reason;
};

struct flow {
	const struct ivp_feed *feed;
	struct ivp_producer *link;
	struct ivp_crew crew;
	struct job *jobs;
	size_t next;    /* input to begin with */
	unsigned slots; /* in hand */
	bool moves;     /* images in hand are one slot behind the place where they belong */
	bool in_memory;
	bool said_stop;
};

/*
 * Stored just before a commit, not when a file is rejected: after a restart the files behind the
 * last frame are looked at again, and must not be counted twice.
 */
static void publish_rejects(const struct flow *flow)
{
	ivp_store_relaxed(&flow->link->ring.own->rejected,
			  flow->feed->rejected_before + flow->feed->account->reject_count);
}

static void commit(struct flow *flow, const struct ivp_frame *frame)
{
	publish_rejects(flow);
	ivp_producer_commit(flow->link, frame);
}

/* On a thread of the crew, or our own. */
static void decode(void *context, unsigned place)
{
	struct job *job = &((struct flow *)context)->jobs[place];

	if (job->fate == IN_SLOT || job->fate == IN_MEMORY)
		job->error = ivp_picture_decode(&job->picture, &job->reason);
}

static int find_memory(const struct flow *flow, struct job *job, struct ivp_why *why)
{
	const uint64_t bytes = flow->link->header.payload_bytes;

	if (!job->memory) {
		job->memory = aligned_alloc(IVP_ROW_ALIGN, ivp_align(bytes, IVP_ROW_ALIGN));
		if (!job->memory) {
			ivp_why_set(why,
				    "not enough memory for images that are decoded side by side");
			return -ENOMEM;
		}
		/* Rows are written without their padding: it must not hold what malloc left. */
		memset(job->memory, 0, bytes);
	}
	job->fate = IN_MEMORY;
	job->picture.out.pixels = job->memory;
	return 0;
}

/*
 * Where the pixels go. With nothing in hand, in the next slot, for which we wait; else in the one
 * behind those that are in hand. Returns 0; LATER; or the -errno of the port.
 */
static int find_room(struct flow *flow, struct job *job, struct ivp_why *why)
{
	struct ivp_producer *link = flow->link;
	const unsigned kind = job->picture.frame.kind;
	const bool alone = ivp_crew_count(&flow->crew) == 0;
	struct ivp_slot slot;
	int error;

	if (flow->in_memory)
		return find_memory(flow, job, why);
	if (flow->moves)
		return LATER;
	if (alone)
		error = ivp_output_port_slot_for(flow->feed->port, kind, &slot, &job->wait_ns, why);
	else
		error = ivp_producer_reserve_ahead(link, flow->slots, &slot, why);
	if (error == IVP_FULL && !ivp_producer_may_drop(link, kind))
		return LATER;
	if (error == IVP_FULL) {
		job->fate = DROPPED;
		return 0;
	}
	if (error)
		return error;
	job->fate = IN_SLOT;
	job->picture.out.pixels = slot.payload;
	flow->slots++;
	return 0;
}

/* Begins with the next input. Returns 0; LATER; or the -errno of the port. */
static int begin(struct flow *flow, struct ivp_why *why)
{
	const unsigned place = ivp_crew_place(&flow->crew, ivp_crew_count(&flow->crew));
	struct job *job = &flow->jobs[place];
	int error = 0;

	ivp_producer_beat(flow->link);
	if (!job->opened) {
		job->wait_ns = 0;
		job->fate = WANTED;
		if (ivp_picture_open(&job->picture, flow->feed->options, flow->next,
				     &flow->link->header, &job->reason) != 0)
			job->fate = REJECTED;
	}
	if (job->fate == WANTED)
		error = find_room(flow, job, why);
	job->opened = error == LATER;
	if (error)
		return error;
	flow->next++;
	ivp_crew_give(&flow->crew);
	return 0;
}

/*
 * A file that turns out to be damaged leaves a gap: the images behind it move up by one slot, each
 * when its turn comes, and no new one begins before they have. What the decoder left is cleared,
 * as is what they leave: a consumer's guest sees all of the window.
 */
static int close_gap(struct flow *flow, struct job *job)
{
	const struct ivp_picture *picture = &job->picture;

	if (job->fate == IN_SLOT) {
		memset(picture->out.pixels, 0, picture->frame.payload_bytes);
		flow->slots--;
		flow->moves = flow->slots > 0;
	}
	return ivp_feed_reject(flow->feed, (size_t)picture->frame.id, job->reason.text);
}

/* The oldest image goes out. */
static int publish(struct flow *flow, struct job *job, struct ivp_why *why)
{
	struct ivp_picture *picture = &job->picture;
	const uint64_t bytes = picture->frame.payload_bytes;
	struct ivp_feeder_account *account = flow->feed->account;
	struct ivp_slot slot;
	/* There is one: this image's, or a link that overwrites. */
	const int error = ivp_producer_reserve(flow->link, &slot, why);

	if (error)
		return error;
	if (slot.payload != picture->out.pixels)
		ivp_store_bytes(slot.payload, picture->out.pixels, bytes, slot.stores);
	if (slot.payload != picture->out.pixels && job->fate == IN_SLOT)
		memset(picture->out.pixels, 0, bytes);
	if (job->fate == IN_SLOT) {
		flow->slots--;
		flow->moves = flow->moves && flow->slots > 0;
	}
	ivp_picture_describe(picture, &slot);
	ivp_producer_account(flow->link, picture->busy_ns, job->wait_ns);
	commit(flow, &picture->frame);
	account->injected++;
	account->bytes += bytes;
	account->busy_ns += picture->busy_ns;
	account->wait_ns += job->wait_ns;
	return 0;
}

/* The oldest image, which is done, goes its way. Returns 0 or -errno of the port. */
static int finish_oldest(struct flow *flow, struct ivp_why *why)
{
	struct job *job = &flow->jobs[ivp_crew_place(&flow->crew, 0)];
	int error = 0;

	if (job->fate == DROPPED) {
		publish_rejects(flow);
		ivp_producer_drop(flow->link, job->picture.frame.origin_position);
		flow->feed->account->injected++;
		flow->feed->account->dropped++;
	} else if (job->fate == REJECTED) {
		error =
		    ivp_feed_reject(flow->feed, (size_t)job->picture.frame.id, job->reason.text);
	} else if (job->error) {
		error = close_gap(flow, job);
	} else {
		error = publish(flow, job, why);
	}
	ivp_picture_close(&job->picture);
	ivp_crew_take(&flow->crew);
	return error;
}

static int feed_end(struct flow *flow, size_t id, struct ivp_why *why)
{
	const struct ivp_frame end = {
	    .id = id, .origin_position = id, .kind = IVP_KIND_END, .flags = IVP_FLAG_LAST};
	struct ivp_slot slot;
	int error =
	    ivp_output_port_slot(flow->feed->port, &slot, &flow->feed->account->wait_ns, why);

	if (!error)
		commit(flow, &end);
	return error;
}

static bool has_more(struct flow *flow)
{
	const struct ivp_feeder_options *options = flow->feed->options;
	const size_t count = options->inputs->count;

	if (flow->next < count && options->stop && *options->stop && !flow->said_stop) {
		ivp_log(IVP_LOG_INFO, "told to stop: %zu of %zu inputs are left out",
			count - flow->next, count);
		flow->said_stop = true;
	}
	return flow->next < count && !flow->said_stop;
}

static int feed_all(struct flow *flow, struct ivp_why *why)
{
	int error = 0;

	flow->next = flow->feed->account->first;
	while (!error || error == LATER) {
		const unsigned in_hand = ivp_crew_count(&flow->crew);
		const bool more = has_more(flow);

		if (!more && in_hand == 0)
			return feed_end(flow, flow->next, why);
		error = more && in_hand < flow->crew.places ? begin(flow, why) : LATER;
		if (error != LATER)
			continue;
		/* With nothing to begin, till the oldest is done; else till there may be room. */
		const bool look = more && in_hand < flow->crew.places;
		if (ivp_crew_wait(&flow->crew, look ? LOOK_NS : BEAT_NS))
			error = finish_oldest(flow, why);
		else
			ivp_producer_beat(flow->link);
	}
	return error;
}

/* Ends the crew. What never went out must not stay in the link's memory, if it is still ours. */
static void disband(struct flow *flow, bool ours)
{
	const unsigned places = flow->crew.places, in_hand = ivp_crew_count(&flow->crew);
	const unsigned oldest = ivp_crew_place(&flow->crew, 0);

	ivp_crew_finish(&flow->crew);
	for (unsigned i = 0; flow->jobs && i < places; i++) {
		struct job *job = &flow->jobs[(oldest + i) % places];

		if (i < in_hand && job->fate == IN_SLOT && ours)
			memset(job->picture.out.pixels, 0, job->picture.frame.payload_bytes);
		ivp_picture_finish(&job->picture);
		free(job->memory);
	}
	free(flow->jobs);
}

int ivp_feed_all(const struct ivp_feed *feed, struct ivp_why *why)
{
	struct flow flow = {.feed = feed, .link = &feed->port->link};
	int error = -ENOMEM;

	ivp_crew_init(&flow.crew, feed->options->threads, flow.link->header.slots, decode, &flow);
	/* On a link that overwrites there is one slot at a time to be filled. */
	flow.in_memory = flow.link->ring.overwrites && flow.crew.places > 1;
	flow.jobs = calloc(flow.crew.places, sizeof(*flow.jobs));
	if (flow.jobs)
		error = feed_all(&flow, why);
	else
		ivp_why_set(why, "not enough memory to begin");
	disband(&flow, error != -ESTALE);
	return error;
}
