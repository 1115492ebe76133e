/* SPDX-License-Identifier: MIT */
/* The summary as one JSON object. Times that never came are null. */
#include <errno.h>
#include <jansson.h>

#include "supervisor/summary.h"

/* jansson's integers are signed: what only a hostile peer can count to becomes the largest. */
static json_t *count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *time_or_null(double seconds)
{
	return seconds < 0 ? json_null() : json_real(seconds);
}

static json_t *make_rejects(const struct ivp_feeder_report *feeder)
{
	json_t *list = json_array();

	/* A file's name may be any bytes; what JSON cannot hold is left out, the count is not. */
	for (unsigned i = 0; i < feeder->reject_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s*, s:s*}", "file", feeder->rejects[i].file,
						"reason", feeder->rejects[i].reason));
	return list;
}

static json_t *make_stages(const struct ivp_summary *summary)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < summary->stage_count; i++) {
		const struct ivp_stage_summary *stage = &summary->stages[i];
		const char *accelerator = summary->kvm ? "kvm" : "tcg";

		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o, s:f, s:f, s:i}", "name", stage->name,
			      "run", stage->guest ? "guest" : "process", "accelerator",
			      stage->guest ? accelerator : NULL, "attached_seconds",
			      time_or_null(stage->attached_s), "first_frame_seconds",
			      time_or_null(stage->first_s), "frames", count(stage->frames),
			      "busy_seconds", stage->busy_s, "wait_seconds", stage->wait_s,
			      "restarts", (int)stage->restarts));
	}
	return list;
}

static json_t *make_links(const struct ivp_summary *summary)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < summary->link_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name",
						      summary->links[i].name, "policy",
						      ivp_policy_words[summary->links[i].policy],
						      "dropped", count(summary->links[i].dropped)));
	return list;
}

static json_t *make_latency(const struct ivp_sink_report *sink)
{
	return json_pack("{s:o, s:o, s:o}", "p50", count(sink->p50_ns), "p99", count(sink->p99_ns),
			 "max", count(sink->max_ns));
}

int ivp_summary_print_json(const struct ivp_summary *summary, FILE *to)
{
	const struct ivp_feeder_report *feeder = &summary->feeder;
	const struct ivp_sink_report *sink = &summary->sink;
	json_t *root =
	    json_pack("{s:s, s:i, s:b, s:b, s:b, s:i, s:f}", "pipeline", summary->pipeline,
		      "status", summary->status, "account_closes", summary->closes, "drained",
		      summary->watch.drained, "stopped", summary->watch.stopped, "failed_children",
		      (int)summary->watch.failures, "seconds", summary->seconds);
	int error = 0;

	if (!root)
		return -ENOMEM;
	error |= json_object_set_new(root, "restarts", json_integer(summary->watch.restarts));
	error |=
	    json_object_set_new(root, "feeder_restarts", json_integer(summary->feeder_restarts));
	error |= json_object_set_new(root, "sink_restarts", json_integer(summary->sink_restarts));
	error |= json_object_set_new(root, "inputs", count(feeder->inputs));
	error |= json_object_set_new(root, "rejected", count(feeder->rejected));
	error |= json_object_set_new(root, "injected", count(feeder->injected));
	error |= json_object_set_new(root, "delivered", count(sink->delivered));
	error |= json_object_set_new(root, "dropped", count(summary->dropped));
	error |= json_object_set_new(root, "quarantined", count(sink->quarantined));
	error |= json_object_set_new(root, "bytes_in", count(feeder->bytes));
	error |= json_object_set_new(root, "bytes_out", count(sink->bytes));
	error |= json_object_set_new(root, "flow_seconds", json_real(sink->seconds));
	error |= json_object_set_new(root, "latency_ns", make_latency(sink));
	error |= json_object_set_new(root, "stages", make_stages(summary));
	error |= json_object_set_new(root, "dropping_links", make_links(summary));
	error |= json_object_set_new(root, "rejects", make_rejects(feeder));
	if (error)
		error = -ENOMEM;
	else if (json_dumpf(root, to, JSON_INDENT(2)) != 0 || fputc('\n', to) == EOF)
		error = -EIO;
	json_decref(root);
	return error;
}
