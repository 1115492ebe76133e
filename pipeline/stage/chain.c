/* SPDX-License-Identifier: MIT */
/* Planning turns one input shape into shapes, scratch memory and tables for every filter;
 * applying then cannot fail. */
#include "stage/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ivp_chain_init(struct ivp_chain *chain, const struct ivp_filter_conf *filters, unsigned count)
{
	memset(chain, 0, sizeof(*chain));
	if (count == 0)
		return 0;
	chain->steps = calloc(count, sizeof(*chain->steps));
	if (chain->steps == NULL)
		return -ENOMEM;
	chain->count = count;
	for (unsigned i = 0; i < count; i++) {
		chain->steps[i].filter = filters[i].filter;
		chain->steps[i].self = filters[i].self;
	}
	return 0;
}

/* Makes *memory at least bytes long; its contents are lost if it has to grow. */
static int grow(void **memory, size_t *held, size_t bytes)
{
	if (*held >= bytes)
		return 0;
	free(*memory);
	*held = 0;
	bytes = ivp_align(bytes, IVP_ROW_ALIGN);
	*memory = aligned_alloc(IVP_ROW_ALIGN, bytes);
	if (*memory == NULL)
		return -ENOMEM;
	*held = bytes;
	return 0;
}

static int plan_step(struct ivp_chain_step *step, const struct ivp_shape *in, struct ivp_why *why)
{
	const struct ivp_filter *filter = step->filter;
	struct ivp_why part = {""};
	size_t bytes = 0;

	if (in->format >= 32 || !(filter->formats & IVP_FORMAT_BIT(in->format))) {
		ivp_why_set(why, "filter '%s' does not take %s images", filter->name,
			    ivp_format_name(in->format));
		return -EINVAL;
	}
	step->in = step->out = *in;
	if (filter->shape && filter->shape(step->self, in, &step->out, &part) != 0) {
		ivp_why_set(why, "filter '%s' does not take this image: %s", filter->name,
			    part.text);
		return -EINVAL;
	}
	if (filter->scratch_bytes)
		bytes = filter->scratch_bytes(step->self, &step->in, &step->out);
	if (grow(&step->scratch, &step->scratch_bytes, bytes) != 0) {
		ivp_why_set(why, "filter '%s': no memory for %zu bytes of scratch", filter->name,
			    bytes);
		return -ENOMEM;
	}
	if (filter->prepare)
		filter->prepare(step->self, &step->in, &step->out, step->scratch);
	return 0;
}

int ivp_chain_plan(struct ivp_chain *chain, const struct ivp_shape *in, struct ivp_shape *out,
		   struct ivp_why *why)
{
	struct ivp_shape shape = *in;
	uint64_t bytes;
	size_t stride;
	int error;

	if (chain->planned && memcmp(in, &chain->in, sizeof(*in)) == 0) {
		*out = chain->out;
		return 0;
	}
	chain->planned = false;
	for (unsigned i = 0; i < chain->count; i++) {
		error = plan_step(&chain->steps[i], &shape, why);
		if (error)
			return error;
		shape = chain->steps[i].out;
		error = ivp_shape_size(&shape, &stride, &bytes);
		if (error) {
			ivp_why_set(why, "filter '%s' makes an image of %ux%u pixels: too large",
				    chain->steps[i].filter->name, shape.width, shape.height);
			return -EINVAL;
		}
		if (i + 1 < chain->count &&
		    grow((void **)&chain->middle[i & 1], &chain->middle_bytes[i & 1], bytes) != 0) {
			ivp_why_set(why, "no memory for an image of %ux%u pixels", shape.width,
				    shape.height);
			return -ENOMEM;
		}
	}
	chain->in = *in;
	chain->out = *out = shape;
	chain->planned = true;
	return 0;
}

static void copy_rows(const struct ivp_input *in, const struct ivp_output *out)
{
	size_t bytes = (size_t)in->shape.width * ivp_format_pixel_bytes(in->shape.format);

	/* In one piece where nothing lies between rows: memcpy then sees how much it is, and keeps
	 * large images out of the caches. */
	if (in->stride == bytes && out->stride == bytes) {
		memcpy(out->pixels, in->pixels, bytes * in->shape.height);
		return;
	}
	for (uint32_t y = 0; y < in->shape.height; y++)
		memcpy(out->pixels + y * out->stride, in->pixels + y * in->stride, bytes);
}

void ivp_chain_apply(struct ivp_chain *chain, const struct ivp_input *in,
		     const struct ivp_output *out, void (*beat)(void *context), void *context)
{
	struct ivp_input from = *in;
	uint64_t bytes;

	if (chain->count == 0)
		copy_rows(in, out);
	for (unsigned i = 0; i < chain->count; i++) {
		struct ivp_chain_step *step = &chain->steps[i];
		struct ivp_output to = *out;

		if (i + 1 < chain->count) {
			to.shape = step->out;
			to.pixels = chain->middle[i & 1];
			ivp_shape_size(&to.shape, &to.stride, &bytes);
		}
		step->filter->apply(step->self, &from, &to, step->scratch);
		from = (struct ivp_input){to.shape, to.stride, to.pixels};
		if (beat)
			beat(context);
	}
}

size_t ivp_chain_memory(const struct ivp_chain *chain)
{
	size_t bytes = chain->middle_bytes[0] + chain->middle_bytes[1];

	for (unsigned i = 0; i < chain->count; i++)
		bytes += chain->steps[i].scratch_bytes;
	return bytes;
}

void ivp_chain_finish(struct ivp_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++)
		free(chain->steps[i].scratch);
	free(chain->steps);
	free(chain->middle[0]);
	free(chain->middle[1]);
	memset(chain, 0, sizeof(*chain));
}
