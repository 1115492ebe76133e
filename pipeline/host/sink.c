/* SPDX-License-Identifier: MIT */
/* The life of a sink: what it takes over from earlier ones, when it has nothing to do. */
#include "host/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "host/drain.h"

#define FULL_US 100000 /* between two tries to write to a disk that is full */

/* For the writer: a while later, unless we are to stop. The stage before us must not take us for
 * dead. */
static bool wait_for_room(void *context, const char *file)
{
	struct ivp_drain *drain = context;

	if (!drain->said_full)
		ivp_log(IVP_LOG_WARNING, "%s/%s: no room left there; waiting until there is some",
			drain->writer->options.output, file);
	drain->said_full = true;
	ivp_consumer_beat(&drain->port->link);
	usleep(FULL_US);
	return !ivp_drain_stopped(drain);
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

static int begin_and_run(struct ivp_drain *drain, struct ivp_why *why)
{
	struct ivp_consumer *link = &drain->port->link;
	int error;

	if (ivp_sink_has_ended(link)) {
		drain->account->tally.ended = true;
		return 0;
	}
	error = ivp_writer_begin(drain->writer, link->header.link_name, link->header.epoch,
				 link->ring.released, why);
	return error ? error : ivp_drain_all(drain, why);
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
	struct ivp_drain drain = {
	    .port = port,
	    .originals = options && options->originals.count > 0 ? &options->originals : NULL,
	    .writer = writer,
	    .threads = options ? options->threads : 1,
	    .account = account,
	};
	int error;

	*account = (struct ivp_sink_account){0};
	/* Until the end of this function, which takes both back. cppcheck-suppress autoVariables */
	writer->context = &drain;
	writer->full = options && options->wait_when_full ? wait_for_room : NULL;
	drain.joins_late = !(options && options->ledger) && port->link.ring.released > 0;
	error = ivp_sink_take_over(&port->link, options ? options->ledger : NULL, &drain.ledger,
				   &account->tally, why);
	if (!error)
		error = begin_and_run(&drain, why);
	if (drain.ledger.latency)
		account->latency = *drain.ledger.latency;
	writer->full = NULL;
	writer->context = NULL;
	ivp_ledger_close(&drain.ledger);
	say_what_was_done(&account->tally);
	return error;
}
