/* SPDX-License-Identifier: MIT */
/*
 * Is this topology one whole chain? First every link by itself (who writes, who reads), then, if
 * that holds, the walk from the feeder to the sink. With one producer and one consumer a link, the
 * walk cannot come by the same stage twice, and what it does not reach goes in circles.
 */
#include "config/topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/fit.h"
#include "config/shrink.h"
#include "transport/window.h"

/* Who is at one end of a link. */
struct end {
	char label[64];
	const char *file;
	int line;
};

static void stage_label(const struct ivp_stage_conf *stage, char label[64])
{
	snprintf(label, 64, "stage %s", stage->name);
}

/* The first two that write to the link (or read from it). Returns how many there are. */
static unsigned find_ends(const struct ivp_topology *topology, const struct ivp_link_conf *link,
			  bool writers, struct end ends[2])
{
	const struct ivp_feeder_conf *feeder = &topology->feeder;
	const struct ivp_sink_conf *sink = &topology->sink;
	unsigned count = 0;

	if (writers && feeder->output == link)
		ends[count++] = (struct end){"feeder", feeder->file, feeder->line};
	if (!writers && sink->input == link)
		ends[count++] = (struct end){"sink", sink->file, sink->line};
	for (unsigned i = 0; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];

		if ((writers ? stage->output : stage->input) != link)
			continue;
		if (count < 2) {
			ends[count] = (struct end){"", stage->file, stage->line};
			stage_label(stage, ends[count].label);
		}
		count++;
	}
	return count;
}

static void check_ends(const struct ivp_topology *topology, const struct ivp_link_conf *link,
		       bool writers, struct ivp_diag *diag)
{
	const char *verb = writers ? "writes to" : "reads from";
	struct end ends[2];
	unsigned count = find_ends(topology, link, writers, ends);
	char label[64];

	snprintf(label, sizeof(label), "link %s", link->name);
	if (count == 0)
		ivp_diag_error(diag, link->file, link->line, label,
			       "nothing %s it; make it the %s of a stage or the %s", verb,
			       writers ? "output" : "input", writers ? "feeder" : "sink");
	else if (count > 1)
		ivp_diag_error(diag, ends[1].file, ends[1].line, ends[1].label,
			       "%s link %s, but so does %s (%s:%d); a link has one %s", verb,
			       link->name, ends[0].label, ends[0].file, ends[0].line,
			       writers ? "producer" : "consumer");
}

static void report_undeclared(const struct ivp_topology *topology, const struct ivp_link_conf *link,
			      struct ivp_diag *diag)
{
	const char **names = calloc(topology->link_count + 1, sizeof(*names));
	const char *nearest = NULL;
	unsigned count = 0;
	char label[64];

	for (unsigned i = 0; names && i < topology->link_count; i++)
		if (topology->links[i]->declared)
			names[count++] = topology->links[i]->name;
	if (names)
		nearest = ivp_nearest_word(link->name, names);
	free(names);
	snprintf(label, sizeof(label), "link %s", link->name);
	if (nearest)
		ivp_diag_error(diag, link->file, link->line, label,
			       "is not declared; did you mean %s?", nearest);
	else
		ivp_diag_error(diag, link->file, link->line, label,
			       "is not declared; add: link %s { frame = \"16MiB\" }", link->name);
}

static void check_link(const struct ivp_topology *topology, const struct ivp_link_conf *link,
		       struct ivp_diag *diag)
{
	struct ivp_layout layout;
	struct ivp_why why = {""};
	char label[64];

	if (!link->declared)
		report_undeclared(topology, link, diag);
	check_ends(topology, link, true, diag);
	check_ends(topology, link, false, diag);
	if (ivp_link_layout(link, &layout, &why) != 0) {
		snprintf(label, sizeof(label), "link %s", link->name);
		ivp_diag_error(diag, link->file, link->line, label, "%s", why.text);
	}
}

static void check_parts(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	if (!topology->feeder.declared)
		ivp_diag_error(diag, topology->file, 0, NULL,
			       "there is no feeder; add: feeder { input = { \"FOLDER\" } "
			       "output = LINK }");
	if (!topology->sink.declared)
		ivp_diag_error(diag, topology->file, 0, NULL,
			       "there is no sink; add: sink { input = LINK output = \"FOLDER\" }");
	for (unsigned i = 0; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];
		char label[64];

		stage_label(stage, label);
		if (stage->input == stage->output)
			ivp_diag_error(diag, stage->file, stage->line, label,
				       "reads from and writes to link %s; give it another output",
				       stage->input->name);
	}
	for (unsigned i = 0; i < topology->link_count; i++)
		check_link(topology, topology->links[i], diag);
}

/* Moves the link to index at of the topology's links. */
static void place_link(struct ivp_topology *topology, struct ivp_link_conf *link, unsigned at)
{
	unsigned from = at;

	while (topology->links[from] != link)
		from++;
	topology->links[from] = topology->links[at];
	topology->links[at] = link;
}

/* Sorts by the flow. What remains behind the stages that were reached goes in circles. */
static void sort_and_check_flow(struct ivp_topology *topology, struct ivp_diag *diag)
{
	const struct ivp_link_conf *link = topology->feeder.output;
	unsigned reached = 0;

	place_link(topology, topology->feeder.output, 0);
	while (link != topology->sink.input) {
		unsigned from = reached;
		struct ivp_stage_conf *stage;

		while (topology->stages[from]->input != link)
			from++;
		stage = topology->stages[from];
		memmove(&topology->stages[reached + 1], &topology->stages[reached],
			(from - reached) * sizeof(struct ivp_stage_conf *));
		topology->stages[reached++] = stage;
		place_link(topology, stage->output, reached);
		link = stage->output;
	}
	for (unsigned i = reached; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];
		char label[64];

		stage_label(stage, label);
		ivp_diag_error(diag, stage->file, stage->line, label,
			       "frames from the feeder never come here: its links form a circle");
	}
}

void ivp_topology_check_declared(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	for (unsigned i = 0; i < topology->link_count; i++)
		if (!topology->links[i]->declared)
			report_undeclared(topology, topology->links[i], diag);
}

int ivp_topology_check_chain(struct ivp_topology *topology, struct ivp_diag *diag)
{
	unsigned errors = diag->errors;

	check_parts(topology, diag);
	if (diag->errors == errors)
		sort_and_check_flow(topology, diag);
	if (diag->errors == errors) {
		ivp_check_fit(topology, diag);
		ivp_check_shrink(topology, diag);
	}
	return diag->errors == errors ? 0 : -EINVAL;
}
