/* SPDX-License-Identifier: MIT */
/* See shrink.h. What a filter makes of an image is told by its shape function alone. */
#include "config/shrink.h"

#include <string.h>

const struct ivp_filter_conf *ivp_shrink_filter(const struct ivp_topology *topology,
						const struct ivp_link_conf *link)
{
	for (unsigned i = 0; i < topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = topology->stages[i];

		if (stage->input == link)
			return stage->filter_count > 0 ? &stage->filters[0] : NULL;
	}
	return NULL;
}

/* What comes out of the filter; false: it does not take such an image. */
static bool send_through(const struct ivp_filter_conf *conf, const struct ivp_shape *in,
			 struct ivp_shape *out)
{
	*out = *in;
	if (!(conf->filter->formats & IVP_FORMAT_BIT(in->format)))
		return false;
	return !conf->filter->shape || conf->filter->shape(conf->self, in, out, NULL) == 0;
}

static bool is_resize(const struct ivp_filter_conf *conf)
{
	return conf && strcmp(conf->filter->name, "resize") == 0;
}

static bool is_on(const struct ivp_filter_conf *conf, const char *name)
{
	for (const struct ivp_param *param = conf->filter->params; param && param->name; param++)
		if (strcmp(param->name, name) == 0 && param->type == IVP_PARAM_BOOL)
			return *(const bool *)((const uint8_t *)conf->self + param->offset);
	return false;
}

unsigned ivp_shrink_choose(const struct ivp_filter_conf *first, const struct ivp_shape *shape)
{
	struct ivp_shape wanted, result;

	if (!is_resize(first) || is_on(first, "linear") || !send_through(first, shape, &wanted))
		return 1;
	for (unsigned by = 8; by > 1; by /= 2) {
		struct ivp_shape shrunk = *shape;

		shrunk.width = (shape->width + by - 1) / by;
		shrunk.height = (shape->height + by - 1) / by;
		if (send_through(first, &shrunk, &result) && result.width == wanted.width &&
		    result.height == wanted.height && shrunk.width / 2 >= wanted.width &&
		    shrunk.height / 2 >= wanted.height)
			return by;
	}
	return 1;
}

unsigned ivp_shrink_factor(const struct ivp_feeder_conf *feeder)
{
	static const unsigned factors[] = {1, 2, 4, 8, 0};

	return factors[feeder->shrink];
}

/* As large as images come: what does not shrink this one does not shrink any. */
static const struct ivp_shape large = {16384, 16384, IVP_FORMAT_RGB8, 0};

void ivp_check_shrink(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	const struct ivp_feeder_conf *feeder = &topology->feeder;
	const struct ivp_filter_conf *first = ivp_shrink_filter(topology, feeder->output);
	const unsigned by = ivp_shrink_factor(feeder);
	struct ivp_shape result = large;

	if (feeder->bytes || by == 1)
		return;
	if (by == 0 && ivp_shrink_choose(first, &large) == 1)
		ivp_diag_warn(diag, feeder->file, feeder->line, "feeder",
			      "jpeg-shrink = auto does nothing here: the first filter that images "
			      "come to is not a resize to sides of its own, without linear = yes");
	if (by == 0)
		return;
	if (is_resize(first))
		(void)send_through(first, &large, &result);
	if (result.width > large.width / by || result.height > large.height / by)
		ivp_diag_warn(diag, feeder->file, feeder->line, "feeder",
			      "jpeg-shrink = %u makes results smaller, or softer: the first filter "
			      "that images come to does not shrink them that much",
			      by);
}
