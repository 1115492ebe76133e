/* SPDX-License-Identifier: MIT */
/*
 * jansson's integers are signed: larger values, which only a hostile trail can bring about, become
 * the largest. Names of files need not be UTF-8, which JSON wants: other bytes become '?'.
 */
#include "host/account.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/file.h"

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *seconds(uint64_t ns)
{
	return json_real((double)ns / 1e9);
}

static json_t *text(const char *bytes)
{
	json_t *string = json_string(bytes);
	char *copy;

	if (string)
		return string;
	copy = strdup(bytes);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

static int write_file(const char *path, const json_t *report)
{
	char *folder_copy = strdup(path), *name_copy = strdup(path);
	struct ivp_file file = {0};
	int folder = -1, error = -ENOMEM;

	if (!folder_copy || !name_copy)
		goto out;
	folder = open(dirname(folder_copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = folder < 0 ? -errno : ivp_file_begin(&file, folder, basename(name_copy));
	if (error)
		goto out;
	if (json_dumpf(report, file.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) < 0 ||
	    fputc('\n', file.stream) == EOF) {
		error = errno ? -errno : -EIO;
		ivp_file_abandon(&file);
		goto out;
	}
	error = ivp_file_commit(&file);
out:
	if (folder >= 0)
		close(folder);
	free(folder_copy);
	free(name_copy);
	return error;
}

/* Takes over report, which may be NULL for lack of memory. */
static int write_report(const char *path, json_t *report, struct ivp_why *why)
{
	int error = report ? write_file(path, report) : -ENOMEM;

	json_decref(report);
	if (error)
		ivp_why_set(why, "%s: the report cannot be written: %s", path, strerror(-error));
	return error;
}

int ivp_account_write_feeder(const char *path, const struct ivp_inputs *inputs,
			     const struct ivp_feeder_account *account, struct ivp_why *why)
{
	json_t *rejects = json_array();

	for (size_t i = 0; i < account->reject_count; i++) {
		const struct ivp_feeder_reject *reject = &account->rejects[i];

		json_array_append_new(rejects, json_pack("{so so}", "file",
							 text(inputs->paths[reject->input]),
							 "reason", text(reject->reason)));
	}
	return write_report(
	    path,
	    json_pack("{so so so so so so so so so}", "inputs", number(inputs->count), "first",
		      number(account->first), "injected", number(account->injected), "rejected",
		      number(account->reject_count), "bytes", number(account->bytes), "seconds",
		      seconds(account->elapsed_ns), "busy_ns", number(account->busy_ns), "wait_ns",
		      number(account->wait_ns), "rejects", rejects),
	    why);
}

int ivp_account_write_sink(const char *path, const struct ivp_sink_account *account,
			   struct ivp_why *why)
{
	const struct ivp_latency *latency = &account->latency;
	json_t *stages = json_array();

	for (unsigned i = 0; i < account->tally.stage_count; i++)
		json_array_append_new(stages,
				      json_pack("{so so so}", "frames",
						number(account->tally.stages[i].frames), "busy_ns",
						number(account->tally.stages[i].busy_ns), "wait_ns",
						number(account->tally.stages[i].wait_ns)));
	return write_report(
	    path,
	    json_pack("{so so so so so so sb s{so so so} so}", "delivered",
		      number(account->tally.delivered), "dropped", number(account->tally.dropped),
		      "quarantined", number(account->tally.quarantined), "missing",
		      number(account->tally.missing), "bytes", number(account->tally.bytes),
		      "seconds", seconds(account->tally.elapsed_ns), "ended",
		      (int)account->tally.ended, "latency_ns", "p50",
		      number(ivp_latency_percentile(latency, 50)), "p99",
		      number(ivp_latency_percentile(latency, 99)), "max", number(latency->max_ns),
		      "stages", stages),
	    why);
}
