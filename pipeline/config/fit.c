/* SPDX-License-Identifier: MIT */
/*
 * Filters tell the shape of a result only for a given input, so a set of very different shapes is
 * sent down the chain. Where all that are left have the same sides, these do not depend on what
 * comes in: the configuration fixes them.
 */
#include "config/fit.h"

#include <ivpipe/ring.h>
#include "base/units.h"

static const struct {
	uint32_t width, height;
} sides[] = {{1, 1}, {16, 9}, {300, 400}, {4096, 100}, {100, 4097}, {8191, 8191}};

static const uint32_t formats[] = {
    IVP_FORMAT_GRAY8,  IVP_FORMAT_RGB8,  IVP_FORMAT_RGBA8,
    IVP_FORMAT_GRAY16, IVP_FORMAT_RGB16, IVP_FORMAT_RGBA16,
};

#define SIDES   (sizeof(sides) / sizeof(sides[0]))
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

struct probe {
	bool alive; /* no filter has refused it */
	struct ivp_shape shape;
};

static void fill(struct probe probes[SIDES][FORMATS])
{
	for (size_t i = 0; i < SIDES; i++)
		for (size_t j = 0; j < FORMATS; j++)
			probes[i][j] = (struct probe){
			    .alive = true, .shape = {sides[i].width, sides[i].height, formats[j]}};
}

static void send_through(const struct ivp_filter_conf *conf, struct probe *probe)
{
	struct ivp_shape out = probe->shape;

	if (!probe->alive)
		return;
	if (!(conf->filter->formats & IVP_FORMAT_BIT(probe->shape.format)) ||
	    (conf->filter->shape &&
	     conf->filter->shape(conf->self, &probe->shape, &out, NULL) != 0))
		probe->alive = false;
	else
		probe->shape = out;
}

/* What the surviving probes of a link agree on. */
struct findings {
	bool fixed;             /* the sides are the same for all */
	struct ivp_shape least; /* the one that takes the fewest bytes */
	uint64_t least_bytes;
	uint64_t rgba_bytes; /* 0: none is RGBA8 */
	struct ivp_shape rgba;
};

static struct findings look_at(struct probe probes[SIDES][FORMATS])
{
	struct findings found = {.least_bytes = UINT64_MAX};
	unsigned survivors = 0;

	found.fixed = true;
	for (size_t i = 0; i < SIDES; i++) {
		bool survived = false;

		for (size_t j = 0; j < FORMATS; j++) {
			const struct ivp_shape *shape = &probes[i][j].shape;
			size_t stride;
			uint64_t bytes;

			if (!probes[i][j].alive || ivp_shape_size(shape, &stride, &bytes) != 0)
				continue;
			survived = true;
			if (found.least_bytes != UINT64_MAX &&
			    (shape->width != found.least.width ||
			     shape->height != found.least.height))
				found.fixed = false;
			if (bytes < found.least_bytes) {
				found.least = *shape;
				found.least_bytes = bytes;
			}
			if (shape->format == IVP_FORMAT_RGBA8) {
				found.rgba = *shape;
				found.rgba_bytes = bytes;
			}
		}
		survivors += survived;
	}
	/* One alone says nothing about the others. */
	found.fixed = found.fixed && survivors > 1;
	return found;
}

/* The frame size to write for so many bytes: whole KiB. */
static void suggest(uint64_t bytes, char text[32])
{
	snprintf(text, 32, "%lluKiB", (unsigned long long)((bytes + 1023) / 1024));
}

static void compare(const struct findings *found, const struct ivp_link_conf *link,
		    struct ivp_diag *diag)
{
	char label[64], needed[24], frame[24], write[32];

	snprintf(label, sizeof(label), "link %s", link->name);
	ivp_format_size(link->frame_bytes, frame);
	if (found->least_bytes > link->frame_bytes) {
		suggest(found->rgba_bytes ? found->rgba_bytes : found->least_bytes, write);
		ivp_diag_error(diag, link->file, link->line, label,
			       "images of %u x %u pixels come here and need %s or more, but "
			       "frame is %s; write frame = \"%s\"",
			       found->least.width, found->least.height,
			       ivp_format_size(found->least_bytes, needed), frame, write);
	} else if (found->rgba_bytes > link->frame_bytes) {
		suggest(found->rgba_bytes, write);
		ivp_diag_warn(diag, link->file, link->line, label,
			      "images of %u x %u pixels come here and need %s if they are "
			      "RGBA8, but frame is %s; write frame = \"%s\"",
			      found->rgba.width, found->rgba.height,
			      ivp_format_size(found->rgba_bytes, needed), frame, write);
	}
}

static void check_bytes(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	const struct ivp_feeder_conf *feeder = &topology->feeder;
	const struct ivp_sink_conf *sink = &topology->sink;

	if (feeder->input_count != 1)
		ivp_diag_error(diag, feeder->file, feeder->line, "feeder",
			       "bytes = yes sends one file, but input names %u",
			       feeder->input_count);
	if (sink->format != IVP_SINK_BYTES)
		ivp_diag_error(diag, sink->file, sink->line, "sink",
			       "the feeder sends bytes; write format = bytes");
	for (unsigned i = 0; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];
		char label[64];

		snprintf(label, sizeof(label), "stage %s", stage->name);
		if (stage->filter_count > 0)
			ivp_diag_error(diag, stage->file, stage->line, label,
				       "has filters, but the feeder sends bytes: only a stage "
				       "without filters passes them on");
		if (stage->output->frame_bytes < stage->input->frame_bytes)
			ivp_diag_error(diag, stage->file, stage->line, label,
				       "frame of link %s is smaller than that of link %s, which "
				       "the chunks of the file fill",
				       stage->output->name, stage->input->name);
	}
}

static void check_threads(unsigned threads, const struct ivp_link_conf *link, const char *file,
			  int line, const char *label, struct ivp_diag *diag)
{
	if (threads > link->slots)
		ivp_diag_warn(
		    diag, file, line, label,
		    "threads = %u, but link %s has %u slots: no more images than that are "
		    "at work at a time",
		    threads, link->name, link->slots);
}

/* What was said of threads that cannot be. */
static void check_all_threads(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	const struct ivp_feeder_conf *feeder = &topology->feeder;
	const struct ivp_sink_conf *sink = &topology->sink;

	check_threads(feeder->threads, feeder->output, feeder->file, feeder->line, "feeder", diag);
	check_threads(sink->threads, sink->input, sink->file, sink->line, "sink", diag);
	if (sink->threads > 1 && ivp_ring_overwrites(sink->input->policy))
		ivp_diag_warn(diag, sink->file, sink->line, "sink",
			      "threads = %u, but with policy = %s link %s lets the sink have one "
			      "image at a time",
			      sink->threads, ivp_policy_words[sink->input->policy],
			      sink->input->name);
}

void ivp_check_fit(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	struct probe probes[SIDES][FORMATS];

	check_all_threads(topology, diag);
	if (topology->feeder.bytes) {
		check_bytes(topology, diag);
		return;
	}
	if (topology->sink.format == IVP_SINK_BYTES)
		ivp_diag_error(diag, topology->sink.file, topology->sink.line, "sink",
			       "format = bytes is for a feeder that has bytes = yes");
	fill(probes);
	for (unsigned i = 0; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];
		struct findings found;

		for (unsigned j = 0; j < stage->filter_count; j++)
			for (size_t k = 0; k < SIDES * FORMATS; k++)
				send_through(&stage->filters[j], &probes[k / FORMATS][k % FORMATS]);
		found = look_at(probes);
		if (found.fixed)
			compare(&found, stage->output, diag);
	}
}
