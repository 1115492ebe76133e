/* SPDX-License-Identifier: MIT */
/*
 * FFmpeg: libswscale resizes and makes gray, libavfilter does the rest, on one thread. Filters that
 * work on planes get planes: what it takes to make them is not timed.
 */
#include "peer.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>

static struct peer_job *job;
static AVFrame *in, *out;
static AVFilterGraph *graph;
static AVFilterContext *source, *sink;
static struct SwsContext *scaler;
static int64_t count;

enum layout { PACKED, PLANES };

static enum AVPixelFormat format_of(const struct peer_image *image, enum layout layout)
{
	static const enum AVPixelFormat formats[2][2][5] = {
	    {{AV_PIX_FMT_NONE, AV_PIX_FMT_GRAY8, AV_PIX_FMT_NONE, AV_PIX_FMT_RGB24,
	      AV_PIX_FMT_RGBA},
	     {AV_PIX_FMT_NONE, AV_PIX_FMT_GRAY16LE, AV_PIX_FMT_NONE, AV_PIX_FMT_RGB48LE,
	      AV_PIX_FMT_RGBA64LE}},
	    {{AV_PIX_FMT_NONE, AV_PIX_FMT_GRAY8, AV_PIX_FMT_NONE, AV_PIX_FMT_GBRP,
	      AV_PIX_FMT_GBRAP},
	     {AV_PIX_FMT_NONE, AV_PIX_FMT_GRAY16LE, AV_PIX_FMT_NONE, AV_PIX_FMT_GBRP16LE,
	      AV_PIX_FMT_GBRAP16LE}},
	};

	return formats[layout][image->bits == 16][image->channels];
}

/* What filters are there, as libavfilter writes them; %: radius, sigma or the like. */
static const struct {
	/* Only if key has this value, or is not set; NULL: always. */
	const char *filter, *key, *value;
	enum layout layout;
	const char *parameter, *graph;
	const char *note;
} counterparts[] = {
    {"gaussian-blur", NULL, NULL, PLANES, "sigma", "gblur=sigma=%g:steps=3", "planes, 3 steps"},
    {"box-blur", NULL, NULL, PLANES, "radius", "avgblur=sizeX=%g", "planes"},
    {"median", NULL, NULL, PLANES, "radius", "median=radius=%g", "planes"},
    {"non-local-means", NULL, NULL, PLANES, "strength", "nlmeans=s=%g:p=7:r=21",
     "planes, other weights"},
    {"sobel", "measure", "l2", PLANES, NULL, "sobel", "planes"},
    {"erode", "width", "3", PLANES, NULL, "erosion", "planes"},
    {"dilate", "width", "3", PLANES, NULL, "dilation", "planes"},
    {"invert", NULL, NULL, PLANES, NULL, "negate", "planes"},
    {"flip", "direction", "horizontal", PACKED, NULL, "hflip", ""},
    {"rotate", "angle", "90", PACKED, NULL, "transpose=clock", ""},
    {"transpose", "diagonal", "main", PACKED, NULL, "transpose=cclock_flip", ""},
};

static bool fill_frame(enum layout layout)
{
	const enum AVPixelFormat packed = format_of(&job->in, PACKED);
	const int width = (int)job->in.width, height = (int)job->in.height;
	struct SwsContext *apart;
	uint8_t *planes[4];
	int rows[4];

	in = av_frame_alloc();
	out = av_frame_alloc();
	if (!in || !out)
		return false;
	in->format = format_of(&job->in, layout);
	in->width = width;
	in->height = height;
	if (av_frame_get_buffer(in, 64) < 0 ||
	    av_image_fill_arrays(planes, rows, job->in.pixels, packed, width, height, 1) < 0)
		return false;
	if (in->format == packed) {
		av_image_copy(in->data, in->linesize, (const uint8_t **)planes, rows, packed, width,
			      height);
		return true;
	}
	apart = sws_getContext(width, height, packed, width, height, in->format, SWS_POINT, NULL,
			       NULL, NULL);
	if (!apart)
		return false;
	sws_scale(apart, (const uint8_t *const *)planes, rows, 0, height, in->data, in->linesize);
	sws_freeContext(apart);
	return true;
}

static bool make_graph(const char *text)
{
	AVFilterInOut *from = avfilter_inout_alloc(), *to = avfilter_inout_alloc();
	char shape[128];
	int error;

	graph = avfilter_graph_alloc();
	if (!graph || !from || !to)
		return false;
	graph->nb_threads = 1;
	snprintf(shape, sizeof(shape), "video_size=%dx%d:pix_fmt=%d:time_base=1/25", in->width,
		 in->height, in->format);
	error = avfilter_graph_create_filter(&source, avfilter_get_by_name("buffer"), "in", shape,
					     NULL, graph) < 0 ||
		avfilter_graph_create_filter(&sink, avfilter_get_by_name("buffersink"), "out", NULL,
					     NULL, graph) < 0;
	if (error)
		return false;
	from->name = av_strdup("in");
	from->filter_ctx = source;
	to->name = av_strdup("out");
	to->filter_ctx = sink;
	error = avfilter_graph_parse_ptr(graph, text, &to, &from, NULL) < 0 ||
		avfilter_graph_config(graph, NULL) < 0;
	avfilter_inout_free(&from);
	avfilter_inout_free(&to);
	/* A format that the filter has not is converted, which is not what is measured. */
	return !error && av_buffersink_get_format(sink) == in->format;
}

static bool make_scaler(void)
{
	static const struct {
		const char *name;
		int flag;
	} kernels[] = {{"nearest", SWS_POINT},
		       {"box", SWS_AREA},
		       {"bilinear", SWS_BILINEAR},
		       {"bicubic", SWS_BICUBIC},
		       {"lanczos3", SWS_LANCZOS}};
	/* Catmull-Rom: B = 0, C = 1/2. */
	static const double cubic[2] = {0, 0.5};
	int flags = SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
	const bool resizes = strcmp(job->filter, "resize") == 0;

	if (peer_is(job, "linear", "no", "yes"))
		return false;
	if (!resizes && (strcmp(job->filter, "grayscale") != 0 || job->out.channels != 1))
		return false;
	for (size_t i = 0; resizes && i < 5; i++)
		if (peer_is(job, "kernel", "lanczos3", kernels[i].name))
			flags |= kernels[i].flag;
	out->format = format_of(&job->out, PACKED);
	out->width = (int)job->out.width;
	out->height = (int)job->out.height;
	if (av_frame_get_buffer(out, 64) < 0)
		return false;
	scaler = sws_getContext(in->width, in->height, in->format, out->width, out->height,
				out->format, resizes ? flags : SWS_POINT, NULL, NULL,
				peer_is(job, "kernel", "lanczos3", "bicubic") ? cubic : NULL);
	return scaler != NULL;
}

static bool make(struct peer_job *made)
{
	char text[128];

	job = made;
	if (strcmp(job->filter, "resize") == 0 || strcmp(job->filter, "grayscale") == 0)
		return fill_frame(PACKED) && make_scaler();
	for (size_t i = 0; i < sizeof(counterparts) / sizeof(counterparts[0]); i++) {
		if (strcmp(counterparts[i].filter, job->filter) != 0 ||
		    (counterparts[i].key && !peer_is(job, counterparts[i].key,
						     counterparts[i].value, counterparts[i].value)))
			continue;
		job->note = counterparts[i].note;
		snprintf(text, sizeof(text), "%s", counterparts[i].graph);
		if (counterparts[i].parameter) {
			const size_t fixed = strcspn(text, "%");

			snprintf(text + fixed, sizeof(text) - fixed, "%g%s",
				 peer_real(job, counterparts[i].parameter, 2),
				 counterparts[i].graph + fixed + 2);
		}
		return fill_frame(counterparts[i].layout) && make_graph(text);
	}
	return false;
}

static bool run(struct peer_job *made)
{
	AVFrame *frame;
	int error;

	(void)made;
	if (scaler)
		return sws_scale(scaler, (const uint8_t *const *)in->data, in->linesize, 0,
				 in->height, out->data, out->linesize) == out->height;
	frame = av_frame_clone(in);
	if (!frame)
		return false;
	frame->pts = count++;
	error = av_buffersrc_add_frame_flags(source, frame, 0);
	av_frame_free(&frame);
	av_frame_unref(out);
	return error >= 0 && av_buffersink_get_frame(sink, out) >= 0 &&
	       out->width == (int)job->out.width && out->height == (int)job->out.height;
}

static void show(struct peer_job *made)
{
	const enum AVPixelFormat packed = format_of(&made->out, PACKED);
	struct SwsContext *together;
	uint8_t *planes[4];
	int rows[4];

	av_image_fill_arrays(planes, rows, made->out.pixels, packed, out->width, out->height, 1);
	together = sws_getContext(out->width, out->height, out->format, out->width, out->height,
				  packed, SWS_POINT, NULL, NULL, NULL);
	sws_scale(together, (const uint8_t *const *)out->data, out->linesize, 0, out->height,
		  planes, rows);
	sws_freeContext(together);
}

static void drop(struct peer_job *made)
{
	(void)made;
	avfilter_graph_free(&graph);
	sws_freeContext(scaler);
	scaler = NULL;
	av_frame_free(&in);
	av_frame_free(&out);
}

static const char *version(void)
{
	return av_version_info();
}

int main(void)
{
	static const struct peer ffmpeg = {"FFmpeg", version, make, run, show, drop};

	av_log_set_level(AV_LOG_QUIET);
	return peer_serve(&ffmpeg);
}
