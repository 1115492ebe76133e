/* SPDX-License-Identifier: MIT */
/* libyuv: channels of 4 bytes and planes, mostly. */
#include "peer.h"

#include <libyuv.h>
#include <libyuv/scale_rgb.h>

static struct peer_job *job;
static uint8_t *in, *out;
static int width, height, row, to_width, to_height, to_row;

/* The function for the channels at hand, if there is one for them. */
#define BY_CHANNELS(gray, rgb, rgba)                                                               \
	(job->in.channels == 1 ? (gray) : job->in.channels == 3 ? (rgb) : (rgba))

static bool scale_by(enum FilterMode mode)
{
	if (job->in.bits == 16)
		return job->in.channels == 1 &&
		       (ScalePlane_16((uint16_t *)in, width, width, height, (uint16_t *)out,
				      to_width, to_width, to_height, mode),
			true);
	if (job->in.channels == 1)
		ScalePlane(in, row, width, height, out, to_row, to_width, to_height, mode);
	return job->in.channels == 1 ||
	       BY_CHANNELS(
		   -1, RGBScale(in, row, width, height, out, to_row, to_width, to_height, mode),
		   ARGBScale(in, row, width, height, out, to_row, to_width, to_height, mode)) == 0;
}

static bool scale(void)
{
	const bool down = to_width < width;

	if (peer_is(job, "linear", "no", "yes"))
		return false;
	if (peer_is(job, "kernel", "lanczos3", "nearest"))
		return scale_by(kFilterNone);
	if (peer_is(job, "kernel", "lanczos3", "box") && down) {
		/* In one case its box is no mean of all pixels: seen in its errors. */
		if (job->in.channels > 1 && width != 2 * to_width)
			peer_differs(job, "leaves pixels out");
		return scale_by(kFilterBox);
	}
	if (job->in.channels > 1)
		peer_differs(job, "another phase");
	return peer_is(job, "kernel", "lanczos3", "bilinear") && !down && scale_by(kFilterBilinear);
}

static bool gray(void)
{
	if (!peer_is(job, "luma", "rec601", "rec601") || job->out.channels != 1)
		return false;
	return BY_CHANNELS(-1, RAWToJ400(in, row, out, to_row, width, height),
			   ABGRToJ400(in, row, out, to_row, width, height)) == 0;
}

static bool flip(void)
{
	if (peer_is(job, "direction", "horizontal", "vertical")) {
		CopyPlane(in, row, out, to_row, row, -height);
		return true;
	}
	if (!peer_is(job, "direction", "horizontal", "horizontal"))
		return false;
	if (job->in.channels == 1)
		MirrorPlane(in, row, out, to_row, width, height);
	return job->in.channels == 1 ||
	       BY_CHANNELS(-1, RGB24Mirror(in, row, out, to_row, width, height),
			   ARGBMirror(in, row, out, to_row, width, height)) == 0;
}

static bool turn(void)
{
	const int angle = peer_int(job, "angle", 90);

	if (angle != 90)
		return false;
	if (job->in.channels == 1)
		RotatePlane90(in, row, out, to_row, width, height);
	return job->in.channels == 1 ||
	       BY_CHANNELS(-1, -1, ARGBRotate(in, row, out, to_row, width, height, kRotate90)) == 0;
}

static bool box(void)
{
	static int32_t *sums;

	if (job->in.channels != 4)
		return false;
	free(sums);
	sums = (int32_t *)peer_allocate((size_t)width * 4 * sizeof(int32_t) * 64);
	return peer_int(job, "radius", 2) < 32 &&
	       ARGBBlur(in, row, out, to_row, sums, width * 4, width, height,
			peer_int(job, "radius", 2)) == 0;
}

static bool copy(void)
{
	CopyPlane(in, row, out, to_row, row, height);
	return true;
}

static const struct {
	const char *filter;
	bool deep; /* also for 16 bits */
	bool (*run)(void);
} counterparts[] = {
    {"resize", true, scale}, {"grayscale", false, gray}, {"flip", false, flip},
    {"rotate", false, turn}, {"box-blur", false, box},   {"copy", true, copy},
};

static bool (*chosen)(void);

static bool make(struct peer_job *made)
{
	job = made;
	chosen = NULL;
	for (size_t i = 0; i < sizeof(counterparts) / sizeof(counterparts[0]); i++)
		if (strcmp(counterparts[i].filter, job->filter) == 0 &&
		    (counterparts[i].deep || job->in.bits == 8))
			chosen = counterparts[i].run;
	width = (int)job->in.width;
	height = (int)job->in.height;
	row = (int)peer_row(&job->in);
	to_width = (int)job->out.width;
	to_height = (int)job->out.height;
	to_row = (int)peer_row(&job->out);
	in = peer_allocate(peer_bytes(&job->in));
	out = peer_allocate(peer_bytes(&job->out));
	memcpy(in, job->in.pixels, peer_bytes(&job->in));
	return chosen != NULL;
}

static bool run(struct peer_job *made)
{
	(void)made;
	return chosen();
}

static void show(struct peer_job *made)
{
	memcpy(made->out.pixels, out, peer_bytes(&made->out));
}

static void drop(struct peer_job *made)
{
	(void)made;
	free(in);
	free(out);
	in = out = NULL;
}

static const char *version(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", LIBYUV_VERSION);
	return text;
}

int main(void)
{
	static const struct peer libyuv = {"libyuv", version, make, run, show, drop};

	return peer_serve(&libyuv);
}
