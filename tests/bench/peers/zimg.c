/* SPDX-License-Identifier: MIT */
/* zimg: resizes planes. Images are handed to it as planes; taking them apart is not timed. */
#include "peer.h"

#include <math.h>
#include <zimg.h>

static zimg_filter_graph *graph;
static uint8_t *scratch, *in, *out;

/* Samples of a plane to their places among the others, or back. */
static void move_plane(const struct peer_image *image, uint8_t *packed, uint8_t *planes,
		       unsigned plane, bool back)
{
	const size_t count = (size_t)image->width * image->height, sample = image->bits / 8;

	for (size_t i = 0; i < count; i++) {
		uint8_t *a = packed + (i * image->channels + plane) * sample;
		uint8_t *b = planes + (plane * count + i) * sample;

		memcpy(back ? a : b, back ? b : a, sample);
	}
}

static bool choose(const struct peer_job *job, zimg_graph_builder_params *params)
{
	static const struct {
		const char *name;
		zimg_resample_filter_e filter;
		double a, b;
	} kernels[] = {
	    {"nearest", ZIMG_RESIZE_POINT, NAN, NAN},
	    {"bilinear", ZIMG_RESIZE_BILINEAR, NAN, NAN},
	    {"bicubic", ZIMG_RESIZE_BICUBIC, 0, 0.5},
	    {"lanczos3", ZIMG_RESIZE_LANCZOS, 3, NAN},
	};

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		if (!peer_is(job, "kernel", "lanczos3", kernels[i].name))
			continue;
		params->resample_filter = kernels[i].filter;
		params->filter_param_a = kernels[i].a;
		params->filter_param_b = kernels[i].b;
		return true;
	}
	return false;
}

static bool make(struct peer_job *job)
{
	zimg_image_format from, to;
	zimg_graph_builder_params params;
	size_t scratch_bytes;

	in = out = scratch = NULL;
	graph = NULL;
	zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
	if (strcmp(job->filter, "resize") != 0 || peer_is(job, "linear", "no", "yes") ||
	    !choose(job, &params))
		return false;
	if (job->in.channels > 1)
		peer_note(job, "planes");
	zimg_image_format_default(&from, ZIMG_API_VERSION);
	from.width = job->in.width;
	from.height = job->in.height;
	from.pixel_type = job->in.bits == 16 ? ZIMG_PIXEL_WORD : ZIMG_PIXEL_BYTE;
	from.depth = job->in.bits;
	from.color_family = ZIMG_COLOR_GREY;
	from.pixel_range = ZIMG_RANGE_FULL;
	to = from;
	to.width = job->out.width;
	to.height = job->out.height;
	params.cpu_type = ZIMG_CPU_AUTO_64B;
	params.dither_type = ZIMG_DITHER_NONE;
	graph = zimg_filter_graph_build(&from, &to, &params);
	if (!graph || zimg_filter_graph_get_tmp_size(graph, &scratch_bytes) != ZIMG_ERROR_SUCCESS)
		return false;
	scratch = peer_allocate(scratch_bytes);
	in = peer_allocate(peer_bytes(&job->in));
	out = peer_allocate(peer_bytes(&job->out));
	for (unsigned plane = 0; plane < job->in.channels; plane++)
		move_plane(&job->in, job->in.pixels, in, plane, false);
	return true;
}

static bool run(struct peer_job *job)
{
	const size_t sample = job->in.bits / 8;
	zimg_image_buffer_const from = {.version = ZIMG_API_VERSION};
	zimg_image_buffer to = {.version = ZIMG_API_VERSION};
	bool fine = true;

	from.plane[0].stride = (ptrdiff_t)(job->in.width * sample);
	to.plane[0].stride = (ptrdiff_t)(job->out.width * sample);
	from.plane[0].mask = to.plane[0].mask = ZIMG_BUFFER_MAX;
	for (unsigned plane = 0; plane < job->in.channels; plane++) {
		from.plane[0].data = in + plane * (peer_bytes(&job->in) / job->in.channels);
		to.plane[0].data = out + plane * (peer_bytes(&job->out) / job->in.channels);
		fine &= zimg_filter_graph_process(graph, &from, &to, scratch, NULL, NULL, NULL,
						  NULL) == ZIMG_ERROR_SUCCESS;
	}
	return fine;
}

static void show(struct peer_job *job)
{
	for (unsigned plane = 0; plane < job->out.channels; plane++)
		move_plane(&job->out, job->out.pixels, out, plane, true);
}

static void drop(struct peer_job *job)
{
	(void)job;
	zimg_filter_graph_free(graph);
	free(scratch);
	free(in);
	free(out);
}

static const char *version(void)
{
	static char text[32];
	unsigned major, minor, micro;

	zimg_get_version_info(&major, &minor, &micro);
	snprintf(text, sizeof(text), "%u.%u.%u", major, minor, micro);
	return text;
}

int main(void)
{
	static const struct peer zimg = {"zimg", version, make, run, show, drop};

	return peer_serve(&zimg);
}
