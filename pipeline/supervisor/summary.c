/* SPDX-License-Identifier: MIT */
/*
 * The frames' own trails, summed up by the sink, say how long each stage worked; where a stage
 * has no place in the trail, or the sink gave no report, the counters in the stage's windows do.
 */
#include "supervisor/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <ivpipe/ring.h>
#include "base/log.h"

static double seconds_between(uint64_t start_ns, uint64_t end_ns)
{
	return end_ns >= start_ns && start_ns > 0 ? (double)(end_ns - start_ns) / 1e9 : -1;
}

static void fill_stage(struct ivp_stage_summary *stage, const struct ivp_child *child,
		       const struct ivp_windows *windows, const struct ivp_stage_report *trail)
{
	const struct ivp_link_windows *in = ivp_windows_find(windows, child->stage->input);

	*stage = (struct ivp_stage_summary){
	    .name = child->name,
	    .guest = child->guest,
	    .restarts = child->restart.count,
	    .attached_s = seconds_between(child->started_ns, child->attached_ns),
	    .first_s = seconds_between(child->started_ns, child->first_frame_ns),
	};
	if (trail) {
		stage->frames = trail->frames;
		stage->busy_s = (double)trail->busy_ns / 1e9;
		stage->wait_s = (double)trail->wait_ns / 1e9;
	} else if (in) {
		stage->frames = ivp_load_relaxed(&in->consumer->frames);
		stage->busy_s = (double)ivp_load_relaxed(&in->consumer->busy_ns) / 1e9;
		stage->wait_s = (double)ivp_load_relaxed(&in->consumer->wait_ns) / 1e9;
	}
}

static void fill_reports(struct ivp_summary *summary, const struct ivp_launch *launch,
			 struct ivp_why *why)
{
	char path[PATH_MAX + 16];

	why->text[0] = '\0';
	snprintf(path, sizeof(path), "%s/feeder.json", launch->folder);
	ivp_feeder_report_read(path, &summary->feeder, why);
	snprintf(path, sizeof(path), "%s/sink.json", launch->folder);
	ivp_sink_report_read(path, &summary->sink, why);
}

static void fill_seconds(struct ivp_summary *summary, const struct ivp_launch *launch)
{
	uint64_t start = UINT64_MAX, end = 0;

	for (unsigned i = 0; i < launch->count; i++) {
		const struct ivp_child *child = &launch->children[i];

		if (child->started_ns == 0) /* the feeder, if a stage failed before it */
			continue;
		start = child->started_ns < start ? child->started_ns : start;
		end = child->ended_ns > end ? child->ended_ns : end;
	}
	summary->seconds = end > start ? (double)(end - start) / 1e9 : 0;
}

/* Only the side that drops counts; links that block have none. */
static void fill_links(struct ivp_summary *summary, const struct ivp_windows *windows)
{
	const uint64_t lost = ivp_account_lost(&summary->feeder, &summary->sink);
	uint64_t counted = 0;

	for (unsigned i = 0; i < windows->count; i++) {
		const struct ivp_link_windows *link = &windows->links[i];
		const struct ivp_wire_owner *owner =
		    ivp_ring_overwrites(link->link->policy) ? link->consumer : link->producer;
		struct ivp_link_summary *line = &summary->links[summary->link_count];

		if (link->link->policy == IVP_POLICY_BLOCK)
			continue;
		*line = (struct ivp_link_summary){
		    .name = link->link->name,
		    .policy = link->link->policy,
		    .dropped = ivp_load_relaxed(&owner->policy_dropped),
		};
		if (__builtin_add_overflow(counted, line->dropped, &counted))
			counted = UINT64_MAX;
		summary->link_count++;
	}
	if (__builtin_add_overflow(summary->sink.dropped, lost, &summary->dropped))
		summary->dropped = UINT64_MAX;
	summary->agrees =
	    (counted > lost ? counted - lost : lost - counted) <= summary->watch.restarts;
}

int ivp_summary_fill(struct ivp_summary *summary, const struct ivp_launch *launch,
		     const struct ivp_windows *windows, const struct ivp_watch_result *watch,
		     struct ivp_why *why)
{
	const struct ivp_topology *topology = launch->plan->topology;

	*summary = (struct ivp_summary){
	    .pipeline = topology->name, .kvm = launch->plan->kvm, .watch = *watch};
	summary->feeder_restarts = launch->children[0].restart.count;
	summary->sink_restarts = launch->children[launch->count - 1].restart.count;
	fill_reports(summary, launch, why);
	fill_seconds(summary, launch);
	summary->stages = calloc(topology->stage_count + 1, sizeof(*summary->stages));
	summary->links = calloc(windows->count + 1, sizeof(*summary->links));
	if (!summary->stages || !summary->links)
		return -ENOMEM;
	fill_links(summary, windows);
	summary->closes = ivp_account_closes(&summary->feeder, &summary->sink) && summary->agrees;
	summary->status =
	    summary->closes ? ivp_account_status(&summary->feeder, &summary->sink) : EX_SOFTWARE;
	if (watch->stopped)
		summary->status = EX_TEMPFAIL;
	if (watch->failures > 0)
		summary->status = EX_UNAVAILABLE;
	summary->stage_count = topology->stage_count;
	for (unsigned i = 0; i < topology->stage_count; i++)
		fill_stage(&summary->stages[i], &launch->children[1 + i], windows,
			   i < summary->sink.stage_count ? &summary->sink.stages[i] : NULL);
	return 0;
}

void ivp_summary_finish(struct ivp_summary *summary)
{
	ivp_feeder_report_finish(&summary->feeder);
	free(summary->stages);
	free(summary->links);
	summary->stages = NULL;
	summary->links = NULL;
}

static void print_time(double seconds, FILE *to)
{
	if (seconds < 0)
		fprintf(to, " %10s", "-");
	else
		fprintf(to, " %8.3f s", seconds);
}

static void print_stages(const struct ivp_summary *summary, FILE *to)
{
	fprintf(to, "  %-16s %-8s %10s %10s %8s %10s %10s\n", "stage", "runs as", "attached",
		"first out", "frames", "busy", "waited");
	for (unsigned i = 0; i < summary->stage_count; i++) {
		const struct ivp_stage_summary *stage = &summary->stages[i];

		fprintf(to, "  %-16s %-8s", stage->name, stage->guest ? "guest" : "process");
		print_time(stage->attached_s, to);
		print_time(stage->first_s, to);
		fprintf(to, " %8llu", (unsigned long long)stage->frames);
		print_time(stage->busy_s, to);
		print_time(stage->wait_s, to);
		fputc('\n', to);
	}
}

static void print_restarted(const char *kind, const char *name, unsigned count, FILE *to)
{
	if (count > 0)
		fprintf(to, "  %s %s was started again %u time%s\n", kind, name, count,
			count == 1 ? "" : "s");
}

static void print_restarts(const struct ivp_summary *summary, FILE *to)
{
	print_restarted("the", "feeder", summary->feeder_restarts, to);
	for (unsigned i = 0; i < summary->stage_count; i++)
		print_restarted("stage", summary->stages[i].name, summary->stages[i].restarts, to);
	print_restarted("the", "sink", summary->sink_restarts, to);
}

static void print_account(const struct ivp_summary *summary, FILE *to)
{
	const struct ivp_feeder_report *feeder = &summary->feeder;
	const struct ivp_sink_report *sink = &summary->sink;

	if (!feeder->read || !sink->read) {
		fprintf(to, "The account is open: no report of the %s\n",
			feeder->read ? "sink" : "feeder");
		return;
	}
	fprintf(to, "injected %llu %s delivered %llu + dropped %llu + quarantined %llu: %s\n",
		(unsigned long long)feeder->injected,
		summary->closes ? "=" : "!=", (unsigned long long)sink->delivered,
		(unsigned long long)summary->dropped, (unsigned long long)sink->quarantined,
		summary->closes ? "the account closes" : "THE ACCOUNT DOES NOT CLOSE");
}

static void print_drops(const struct ivp_summary *summary, FILE *to)
{
	for (unsigned i = 0; i < summary->link_count; i++)
		fprintf(to, "  link %s dropped %llu frame%s (%s)\n", summary->links[i].name,
			(unsigned long long)summary->links[i].dropped,
			summary->links[i].dropped == 1 ? "" : "s",
			ivp_policy_words[summary->links[i].policy]);
	if (!summary->agrees && summary->feeder.read && summary->sink.read)
		fprintf(to, "  %llu frames did not arrive, which is not what the links dropped\n",
			(unsigned long long)ivp_account_lost(&summary->feeder, &summary->sink));
}

static bool any_guest(const struct ivp_summary *summary)
{
	for (unsigned i = 0; i < summary->stage_count; i++)
		if (summary->stages[i].guest)
			return true;
	return false;
}

static void print_flow(const struct ivp_summary *summary, FILE *to)
{
	const struct ivp_sink_report *sink = &summary->sink;
	const double seconds = sink->seconds > 0 ? sink->seconds : 0;

	fprintf(to, "%s: %llu frames in %.3f s", summary->pipeline,
		(unsigned long long)sink->delivered, summary->seconds);
	if (any_guest(summary))
		fprintf(to, ", guests under %s", summary->kvm ? "KVM" : "TCG");
	fputc('\n', to);
	if (sink->delivered == 0)
		return;
	if (seconds > 0)
		fprintf(to,
			"  flow     %.1f frames/s, %.1f MB/s in, %.1f MB/s out while frames "
			"flowed\n",
			(double)sink->delivered / seconds,
			(double)summary->feeder.bytes / seconds / 1e6,
			(double)sink->bytes / seconds / 1e6);
	fprintf(to, "  latency  p50 %.3f ms, p99 %.3f ms, longest %.3f ms, from file to result\n",
		(double)sink->p50_ns / 1e6, (double)sink->p99_ns / 1e6, (double)sink->max_ns / 1e6);
}

/* Names of files may be any bytes. */
static void print_reject(const struct ivp_reject *reject, FILE *to)
{
	char line[PATH_MAX + 512];

	snprintf(line, sizeof(line), "%s: %s", reject->file, reject->reason);
	ivp_log_make_harmless(line);
	fprintf(to, "    %s\n", line);
}

void ivp_summary_print(const struct ivp_summary *summary, FILE *to)
{
	const struct ivp_feeder_report *feeder = &summary->feeder;

	print_flow(summary, to);
	print_stages(summary, to);
	print_restarts(summary, to);
	if (feeder->rejected > 0)
		fprintf(to, "  %llu of %llu inputs rejected:\n",
			(unsigned long long)feeder->rejected, (unsigned long long)feeder->inputs);
	for (unsigned i = 0; i < feeder->reject_count; i++)
		print_reject(&feeder->rejects[i], to);
	print_drops(summary, to);
	print_account(summary, to);
}
