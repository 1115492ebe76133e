/* SPDX-License-Identifier: MIT */
/* Statistics for people and as JSON. Numbers are a peer's word: only their form is made sure of. */
#include "supervisor/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/log.h"

static const char *policy_of(const struct ivp_wire_header *header)
{
	return header->policy <= IVP_POLICY_LATEST ? ivp_policy_words[header->policy] : "?";
}

/* Committed, not yet released by the slowest consumer, and still there. */
static uint64_t waiting_in(const struct ivp_stats_link *link)
{
	const uint64_t head = link->producer.owner.position;
	uint64_t most = 0;

	for (unsigned i = 0; i < link->consumer_count; i++) {
		const uint64_t tail = link->consumers[i].owner.position;

		if (link->consumers[i].state != IVP_SIDE_UNREADABLE && head > tail &&
		    head - tail > most)
			most = head - tail;
	}
	return most < link->producer.header.slots ? most : link->producer.header.slots;
}

static void print_side(const struct ivp_stats_side *side, const char *role, FILE *to)
{
	const struct ivp_wire_owner *owner = &side->owner;
	char trouble[sizeof(side->trouble)], rate[24] = "-";

	memcpy(trouble, side->trouble, sizeof(trouble));
	trouble[sizeof(trouble) - 1] = '\0';
	ivp_log_make_harmless(trouble);
	if (side->state == IVP_SIDE_UNREADABLE) {
		fprintf(to, "  %-11s %-10s %s\n", role, ivp_stats_words[side->state], trouble);
		return;
	}
	if (side->rate >= 0)
		snprintf(rate, sizeof(rate), "%.1f", side->rate);
	fprintf(to,
		"  %-11s %-10s %10" PRIu64 " %10" PRIu64 " %9s %10.1f %7" PRIu64 " %7" PRIu64
		" %7" PRIu64 " %7" PRIu32 " %10.3f %10.3f %8" PRIu64 " %8" PRIu64 " %7" PRIu32
		" %5" PRIu32 "\n",
		role, ivp_stats_words[side->state], owner->position, owner->frames, rate,
		(double)owner->bytes / 1e6, owner->errors, owner->dropped, owner->policy_dropped,
		owner->attempt, (double)owner->busy_ns / 1e9, (double)owner->wait_ns / 1e9,
		owner->sleeps, owner->wakeups, owner->process_id, owner->generation);
	if (side->state == IVP_SIDE_STALLED)
		fprintf(to, "  %11s no sign of life for %.1f s\n", "",
			(double)side->silent_ns / 1e9);
	if (side->state == IVP_SIDE_FAILED)
		fprintf(to, "  %11s it left with status %" PRIu32 "\n", "", owner->exit_code);
	if (trouble[0])
		fprintf(to, "  %11s %s\n", "", trouble);
}

void ivp_stats_print(const struct ivp_stats *stats, FILE *to)
{
	fprintf(to,
		"%s\n  %-11s %-10s %10s %10s %9s %10s %7s %7s %7s %7s %10s %10s %8s %8s %7s %5s\n",
		stats->pipeline, "side", "state", "position", "frames", "frames/s", "MB", "errors",
		"dropped", "policy", "attempt", "busy s", "waited s", "sleeps", "wake-ups",
		"process", "lives");
	for (unsigned i = 0; i < stats->link_count; i++) {
		const struct ivp_stats_link *link = &stats->links[i];
		const struct ivp_wire_header *header = &link->producer.header;

		fprintf(to, "link %s", link->name);
		if (link->producer.state != IVP_SIDE_UNREADABLE)
			fprintf(to, ": %" PRIu32 " slots, %s, %" PRIu64 " waiting", header->slots,
				policy_of(header), waiting_in(link));
		fputc('\n', to);
		print_side(&link->producer, "producer", to);
		for (unsigned j = 0; j < link->consumer_count; j++) {
			char role[24] = "consumer";

			if (link->consumer_count > 1)
				snprintf(role, sizeof(role), "consumer %u", j);
			print_side(&link->consumers[j], role, to);
		}
	}
}

/* jansson's integers are signed: what only a hostile peer can count to becomes the largest. */
static json_t *count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *seconds(uint64_t ns)
{
	return json_real((double)ns / 1e9);
}

static json_t *make_side(const struct ivp_stats_side *side, const char *role, unsigned index)
{
	const struct ivp_wire_owner *owner = &side->owner;
	char trouble[sizeof(side->trouble)];
	json_t *object;

	memcpy(trouble, side->trouble, sizeof(trouble));
	trouble[sizeof(trouble) - 1] = '\0';
	ivp_log_make_harmless(trouble);
	object = json_pack("{s:s, s:i, s:s, s:s*}", "role", role, "index", (int)index, "state",
			   ivp_stats_words[side->state], "trouble", trouble[0] ? trouble : NULL);
	if (!object || side->state == IVP_SIDE_UNREADABLE)
		return object;
	const struct {
		const char *key;
		json_t *value;
	} members[] = {
	    {"silent_seconds", seconds(side->silent_ns)},
	    {"process", count(owner->process_id)},
	    {"generation", count(owner->generation)},
	    {"exit_code", count(owner->exit_code)},
	    {"position", count(owner->position)},
	    {"frames", count(owner->frames)},
	    {"frames_per_second", side->rate >= 0 ? json_real(side->rate) : json_null()},
	    {"bytes", count(owner->bytes)},
	    {"errors", count(owner->errors)},
	    {"dropped", count(owner->dropped)},
	    {"policy_dropped", count(owner->policy_dropped)},
	    {"attempt", count(owner->attempt)},
	    {"busy_seconds", seconds(owner->busy_ns)},
	    {"wait_seconds", seconds(owner->wait_ns)},
	    {"sleeps", count(owner->sleeps)},
	    {"wakeups", count(owner->wakeups)},
	    {"rejected", count(owner->rejected)},
	    {"expected", count(owner->expected)},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		error |= json_object_set_new(object, members[i].key, members[i].value);
	if (error) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *make_link(const struct ivp_stats_link *link)
{
	const struct ivp_wire_header *header = &link->producer.header;
	const bool readable = link->producer.state != IVP_SIDE_UNREADABLE;
	json_t *sides = json_array();

	json_array_append_new(sides, make_side(&link->producer, "producer", 0));
	for (unsigned i = 0; i < link->consumer_count; i++)
		json_array_append_new(sides, make_side(&link->consumers[i], "consumer", i));
	return json_pack("{s:s, s:s?, s:i, s:s?, s:o, s:o}", "name", link->name, "policy",
			 readable ? policy_of(header) : NULL, "slots",
			 readable ? (int)header->slots : 0, "isolation",
			 !readable                                   ? NULL
			 : header->isolation == IVP_ISOLATION_SHARED ? "shared"
								     : "one-way",
			 "waiting", count(readable ? waiting_in(link) : 0), "sides", sides);
}

int ivp_stats_print_json(const struct ivp_stats *stats, bool compact, FILE *to)
{
	json_t *links = json_array(), *root;
	int error = 0;

	for (unsigned i = 0; i < stats->link_count; i++)
		error |= json_array_append_new(links, make_link(&stats->links[i]));
	root = json_pack("{s:s, s:o}", "pipeline", stats->pipeline, "links", links);
	if (error || !root)
		error = -ENOMEM;
	else if (json_dumpf(root, to,
			    JSON_REAL_PRECISION(9) | (compact ? JSON_COMPACT : JSON_INDENT(2))) !=
		     0 ||
		 fputc('\n', to) == EOF)
		error = -EIO;
	json_decref(root);
	return error;
}
