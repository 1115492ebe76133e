/* SPDX-License-Identifier: MIT */
/*
 * The reports come from programs of ours, through a folder that only this user can write; they
 * are checked all the same, as any file is.
 */
#include "supervisor/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static int load(const char *path, json_t **root, struct ivp_why *why)
{
	json_error_t error;

	*root = NULL;
	if (access(path, R_OK) < 0) {
		int failed = -errno;

		ivp_why_set(why, "cannot read the report %s: %s", path, strerror(-failed));
		return failed;
	}
	*root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!*root) {
		ivp_why_set(why, "%s:%d: %s", path, error.line, error.text);
		return -EBADMSG;
	}
	return 0;
}

/* A count; 0, and *wrong set, if it is not there or is none. */
static uint64_t get_count(const json_t *object, const char *key, const char **wrong)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return (uint64_t)json_integer_value(value);
	*wrong = key;
	return 0;
}

static double get_seconds(const json_t *object, const char **wrong)
{
	const json_t *value = json_object_get(object, "seconds");

	if (json_is_number(value) && json_number_value(value) >= 0)
		return json_number_value(value);
	*wrong = "seconds";
	return 0;
}

static int judge(const char *path, const char *wrong, struct ivp_why *why)
{
	if (!wrong)
		return 0;
	ivp_why_set(why, "the report %s: \"%s\" is missing or not as it must be", path, wrong);
	return -EBADMSG;
}

static char *copy_text(const json_t *object, const char *key, const char **wrong)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		*wrong = key;
	return strdup(text ? text : "");
}

static void get_rejects(const json_t *list, struct ivp_feeder_report *report, const char **wrong)
{
	const size_t count = json_array_size(list);

	if (!json_is_array(list)) {
		*wrong = "rejects";
		return;
	}
	report->rejects = calloc(count ? count : 1, sizeof(*report->rejects));
	if (!report->rejects)
		return; /* the count says the same with fewer words */
	for (size_t i = 0; i < count; i++) {
		struct ivp_reject *reject = &report->rejects[report->reject_count++];

		reject->file = copy_text(json_array_get(list, i), "file", wrong);
		reject->reason = copy_text(json_array_get(list, i), "reason", wrong);
	}
}

int ivp_feeder_report_read(const char *path, struct ivp_feeder_report *report, struct ivp_why *why)
{
	const char *wrong = NULL;
	json_t *root;
	int error;

	*report = (struct ivp_feeder_report){0};
	error = load(path, &root, why);
	if (error)
		return error;
	report->inputs = get_count(root, "inputs", &wrong);
	report->injected = get_count(root, "injected", &wrong);
	report->rejected = get_count(root, "rejected", &wrong);
	report->bytes = get_count(root, "bytes", &wrong);
	report->seconds = get_seconds(root, &wrong);
	get_rejects(json_object_get(root, "rejects"), report, &wrong);
	json_decref(root);
	report->read = !wrong;
	return judge(path, wrong, why);
}

void ivp_feeder_report_finish(struct ivp_feeder_report *report)
{
	for (unsigned i = 0; i < report->reject_count; i++) {
		free(report->rejects[i].file);
		free(report->rejects[i].reason);
	}
	free(report->rejects);
	*report = (struct ivp_feeder_report){0};
}

static void get_stages(const json_t *list, struct ivp_sink_report *report, const char **wrong)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list))
		*wrong = "stages";
	if (count > IVP_TRAIL)
		count = IVP_TRAIL;
	for (size_t i = 0; i < count; i++) {
		const json_t *stage = json_array_get(list, i);

		report->stages[i] = (struct ivp_stage_report){
		    .frames = get_count(stage, "frames", wrong),
		    .busy_ns = get_count(stage, "busy_ns", wrong),
		    .wait_ns = get_count(stage, "wait_ns", wrong),
		};
	}
	report->stage_count = (unsigned)count;
}

int ivp_sink_report_read(const char *path, struct ivp_sink_report *report, struct ivp_why *why)
{
	const char *wrong = NULL;
	const json_t *latency;
	json_t *root;
	int error;

	*report = (struct ivp_sink_report){0};
	error = load(path, &root, why);
	if (error)
		return error;
	report->delivered = get_count(root, "delivered", &wrong);
	report->dropped = get_count(root, "dropped", &wrong);
	report->quarantined = get_count(root, "quarantined", &wrong);
	report->missing = get_count(root, "missing", &wrong);
	report->bytes = get_count(root, "bytes", &wrong);
	report->seconds = get_seconds(root, &wrong);
	latency = json_object_get(root, "latency_ns");
	report->p50_ns = get_count(latency, "p50", &wrong);
	report->p99_ns = get_count(latency, "p99", &wrong);
	report->max_ns = get_count(latency, "max", &wrong);
	get_stages(json_object_get(root, "stages"), report, &wrong);
	json_decref(root);
	report->read = !wrong;
	return judge(path, wrong, why);
}

uint64_t ivp_account_lost(const struct ivp_feeder_report *feeder,
			  const struct ivp_sink_report *sink)
{
	/* Ids are indices of inputs: what the feeder rejected is missing too. */
	return sink->missing > feeder->rejected ? sink->missing - feeder->rejected : 0;
}

bool ivp_account_closes(const struct ivp_feeder_report *feeder, const struct ivp_sink_report *sink)
{
	uint64_t arrived;

	/* Sums that wrap around are no sums. */
	if (__builtin_add_overflow(sink->delivered, sink->dropped, &arrived) ||
	    __builtin_add_overflow(arrived, sink->quarantined, &arrived) ||
	    __builtin_add_overflow(arrived, ivp_account_lost(feeder, sink), &arrived))
		return false;
	return feeder->read && sink->read && feeder->injected == arrived;
}

int ivp_account_status(const struct ivp_feeder_report *feeder, const struct ivp_sink_report *sink)
{
	if (!ivp_account_closes(feeder, sink))
		return EX_SOFTWARE;
	return feeder->rejected > 0 || sink->quarantined > 0 ? EX_DATAERR : EX_OK;
}
