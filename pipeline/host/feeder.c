/* SPDX-License-Identifier: MIT */
/* The life of a feeder: where it begins, what is left of earlier lives, its account. */
#include "host/feeder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "host/feed.h"
#include "host/rejects.h"

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

int ivp_feed_reject(const struct ivp_feed *feed, size_t input, const char *reason)
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

/* Where to begin, by what the own window says. Returns false if the stream is complete. */
static bool find_start(struct ivp_feed *feed)
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
static int take_over(struct ivp_feed *feed, struct ivp_why *why)
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
	struct ivp_feed feed = {
	    .port = port, .options = options, .account = account, .journal = -1};
	const uint64_t begin_ns = ivp_now_ns();
	bool more;
	int error;

	*account = (struct ivp_feeder_account){0};
	feed.rejected_before = port->link.ring.own->rejected;
	more = find_start(&feed);
	error = take_over(&feed, why);
	if (!error && more)
		error = ivp_feed_all(&feed, why);
	if (feed.journal >= 0)
		close(feed.journal);
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
