/* SPDX-License-Identifier: MIT */
/* Ourselves, measured as the peers are. ivpipe [ISA [THREADS]]: "auto" and 1 unless given. */
#include "peer.h"

#include "config/params.h"
#include "config/registry.h"
#include "stage/chain.h"

static const struct ivp_isa *isa;
static unsigned threads = 1;

static struct ivp_chain chain;
static struct ivp_filter_conf conf;
static struct ivp_input in;
static struct ivp_output out;

static bool configure(const struct peer_job *job)
{
	struct ivp_why why;

	conf.self = calloc(1, conf.filter->private_bytes + 1);
	if (!conf.self)
		peer_die(job->filter);
	ivp_params_default(conf.filter, conf.self);
	for (unsigned i = 0; i < job->setting_count; i++) {
		const char *value = strchr(job->settings[i], '=') + 1;
		char key[64] = "";

		snprintf(key, sizeof(key), "%.*s", (int)(value - job->settings[i] - 1),
			 job->settings[i]);
		if (!ivp_param_find(conf.filter, key) ||
		    ivp_param_set(ivp_param_find(conf.filter, key), conf.self, value, &why))
			return false;
	}
	return !conf.filter->check || conf.filter->check(conf.self, &why) == 0;
}

static uint32_t format_of(const struct peer_image *image)
{
	static const uint32_t formats[] = {0, IVP_FORMAT_GRAY8, 0, IVP_FORMAT_RGB8,
					   IVP_FORMAT_RGBA8};

	return formats[image->channels] +
	       (image->bits == 16 ? IVP_FORMAT_GRAY16 - IVP_FORMAT_GRAY8 : 0);
}

static bool make(struct peer_job *job)
{
	struct ivp_why why;
	uint64_t bytes, out_bytes;

	in.shape = (struct ivp_shape){job->in.width, job->in.height, format_of(&job->in)};
	conf.filter = ivp_filter_find(job->filter);
	if (!conf.filter || !(conf.filter->formats & IVP_FORMAT_BIT(in.shape.format)) ||
	    !configure(job))
		return false;
	if (ivp_chain_init(&chain, &conf, 1))
		peer_die("ivp_chain_init");
	ivp_chain_set_isa(&chain, isa);
	if (ivp_chain_set_threads(&chain, threads) ||
	    ivp_chain_plan(&chain, &in.shape, &out.shape, &why) ||
	    ivp_shape_size(&in.shape, &in.stride, &bytes) ||
	    ivp_shape_size(&out.shape, &out.stride, &out_bytes))
		return false;
	uint8_t *pixels = peer_allocate(bytes);
	for (uint32_t y = 0; y < job->in.height; y++)
		memcpy(pixels + y * in.stride, job->in.pixels + y * peer_row(&job->in),
		       peer_row(&job->in));
	in.pixels = pixels;
	out.pixels = peer_allocate(out_bytes);
	job->out.width = out.shape.width;
	job->out.height = out.shape.height;
	job->out.channels = ivp_format_channels(out.shape.format);
	job->out.bits = 8 * ivp_format_pixel_bytes(out.shape.format) / job->out.channels;
	return true;
}

static bool run(struct peer_job *job)
{
	(void)job;
	ivp_chain_apply(&chain, &in, &out, NULL, NULL);
	return true;
}

static void show(struct peer_job *job)
{
	for (uint32_t y = 0; y < job->out.height; y++)
		memcpy(job->out.pixels + y * peer_row(&job->out), out.pixels + y * out.stride,
		       peer_row(&job->out));
}

static void drop(struct peer_job *job)
{
	(void)job;
	ivp_chain_finish(&chain);
	free(conf.self);
	free((void *)(uintptr_t)in.pixels);
	free(out.pixels);
	memset(&chain, 0, sizeof(chain));
	conf.self = NULL;
	in.pixels = out.pixels = NULL;
}

static const char *version(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s (%s)", IVP_VERSION, isa->name);
	return text;
}

int main(int argc, char **argv)
{
	static const struct peer ivpipe = {"ivpipe", version, make, run, show, drop};
	struct ivp_why why = {""};

	isa = ivp_isa_find(argc > 1 ? argv[1] : "auto", &why);
	if (!isa) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	if (argc > 2)
		threads = (unsigned)strtoul(argv[2], NULL, 10);
	return peer_serve(&ivpipe);
}
