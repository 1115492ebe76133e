/* SPDX-License-Identifier: MIT */
/* GraphicsMagick with 16 bits a sample, on one thread; each run makes its result anew. */
#include "peer.h"

#include <magick/api.h>

static struct peer_job *job;
static ExceptionInfo why;
static Image *in, *out;

static const char *map_of(const struct peer_image *image)
{
	return image->channels == 1 ? "I" : image->channels == 3 ? "RGB" : "RGBA";
}

static Image *scale(void)
{
	static const struct {
		const char *name;
		FilterTypes filter;
	} kernels[] = {{"nearest", PointFilter},
		       {"box", BoxFilter},
		       {"bilinear", TriangleFilter},
		       {"bicubic", CatromFilter},
		       {"lanczos3", LanczosFilter}};

	if (peer_is(job, "linear", "no", "yes"))
		return NULL;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (peer_is(job, "kernel", "lanczos3", kernels[i].name))
			return ResizeImage(in, job->out.width, job->out.height, kernels[i].filter,
					   1, &why);
	return NULL;
}

static Image *gauss(void)
{
	return BlurImage(in, 0, peer_real(job, "sigma", 2), &why);
}

static Image *sharpen(void)
{
	return UnsharpMaskImage(in, 0, peer_real(job, "sigma", 1), peer_real(job, "amount", 1), 0,
				&why);
}

static Image *median(void)
{
	return MedianFilterImage(in, peer_int(job, "radius", 1), &why);
}

static Image *copy(void)
{
	return CloneImage(in, 0, 0, 1, &why);
}

static Image *negate(void)
{
	Image *image = copy();

	if (image)
		NegateImage(image, 0);
	return image;
}

static Image *equalize(void)
{
	Image *image = job->in.channels == 1 ? copy() : NULL;

	if (image)
		EqualizeImage(image);
	return image;
}

static Image *flip(void)
{
	return peer_is(job, "direction", "horizontal", "horizontal") ? FlopImage(in, &why)
								     : FlipImage(in, &why);
}

static Image *crop(void)
{
	const RectangleInfo part = {job->out.width, job->out.height,
				    (job->in.width - job->out.width) / 2,
				    (job->in.height - job->out.height) / 2};

	return peer_is(job, "gravity", "", "centre") ? CropImage(in, &part, &why) : NULL;
}

static Image *turn(void)
{
	return RotateImage(in, peer_int(job, "angle", 90), &why);
}

static const struct {
	const char *filter;
	Image *(*run)(void);
} counterparts[] = {
    {"gaussian-blur", gauss}, {"sharpen", sharpen},   {"median", median},
    {"resize", scale},        {"invert", negate},     {"flip", flip},
    {"rotate", turn},         {"equalize", equalize}, {"crop", crop},
};

static Image *(*chosen)(void);

static bool make(struct peer_job *made)
{
	const struct peer_image *image = &made->in;

	job = made;
	chosen = NULL;
	for (size_t i = 0; i < sizeof(counterparts) / sizeof(counterparts[0]); i++)
		if (strcmp(counterparts[i].filter, job->filter) == 0)
			chosen = counterparts[i].run;
	if (!chosen)
		return false;
	in = ConstituteImage(image->width, image->height, map_of(image),
			     image->bits == 16 ? ShortPixel : CharPixel, image->pixels, &why);
	return in != NULL;
}

static bool run(struct peer_job *made)
{
	(void)made;
	if (out)
		DestroyImage(out);
	out = chosen();
	return out && out->columns == job->out.width && out->rows == job->out.height;
}

static void show(struct peer_job *made)
{
	DispatchImage(out, 0, 0, out->columns, out->rows, map_of(&made->out),
		      made->out.bits == 16 ? ShortPixel : CharPixel, made->out.pixels, &why);
}

static void drop(struct peer_job *made)
{
	(void)made;
	if (in)
		DestroyImage(in);
	if (out)
		DestroyImage(out);
	in = out = NULL;
}

static const char *version(void)
{
	return MagickLibVersionText;
}

int main(int argc, char **argv)
{
	static const struct peer magick = {"GraphicsMagick", version, make, run, show, drop};

	(void)argc;
	InitializeMagick(argv[0]);
	SetMagickResourceLimit(ThreadsResource, 1);
	GetExceptionInfo(&why);
	return peer_serve(&magick);
}
