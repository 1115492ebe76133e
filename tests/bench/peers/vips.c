/* SPDX-License-Identifier: MIT */
/* libvips with one worker and no cache; each run makes its result anew, there is no other way. */
#include "peer.h"

#include <vips/vips.h>

static struct peer_job *job;
static VipsImage *in;
static void *pixels;
static size_t bytes;

static int gauss(VipsImage **out)
{
	/* min_ampl: where the kernel is cut. By default at a fifth of the middle. */
	return vips_gaussblur(in, out, peer_real(job, "sigma", 2), "min_ampl", 0.01, NULL);
}

static int box(VipsImage **out)
{
	const int width = 2 * peer_int(job, "radius", 2) + 1;
	const int height = width == 3 ? 3 : 1; /* the smallest is better whole */
	VipsImage *mask = vips_image_new_matrix(width, height);
	int error;

	for (int i = 0; i < width * height; i++)
		*VIPS_MATRIX(mask, i % width, i / width) = 1;
	vips_image_set_double(mask, "scale", width * height);
	error = (height > 1 ? vips_conv : vips_convsep)(in, out, mask, "precision",
							VIPS_PRECISION_INTEGER, NULL);
	g_object_unref(mask);
	return error;
}

static int convolve(VipsImage **out)
{
	double weights[32 * 32];
	const int count = peer_list(job, "kernel", weights, 32 * 32);
	const int width = peer_kernel_width(job, count);
	VipsImage *mask = vips_image_new_matrix_from_array(width, count / width, weights, count);
	int error;

	vips_image_set_double(mask, "scale", peer_divisor(job, weights, count));
	error = vips_conv(in, out, mask, "precision", VIPS_PRECISION_INTEGER, NULL);
	g_object_unref(mask);
	return error;
}

static int median(VipsImage **out)
{
	return vips_median(in, out, 2 * peer_int(job, "radius", 1) + 1, NULL);
}

static int erode(VipsImage **out)
{
	return vips_rank(in, out, peer_int(job, "width", 3), peer_int(job, "height", 3), 0, NULL);
}

static int dilate(VipsImage **out)
{
	const int width = peer_int(job, "width", 3), height = peer_int(job, "height", 3);

	return vips_rank(in, out, width, height, width * height - 1, NULL);
}

static int scale(VipsImage **out)
{
	static const char *const names[] = {"nearest", "bilinear", "bicubic", "lanczos3"};
	static const VipsKernel kernels[] = {VIPS_KERNEL_NEAREST, VIPS_KERNEL_LINEAR,
					     VIPS_KERNEL_CUBIC, VIPS_KERNEL_LANCZOS3};
	const double x = (double)job->in.width / job->out.width;
	const double y = (double)job->in.height / job->out.height;
	const char *kernel = peer_text(job, "kernel", "lanczos3");

	if (peer_is(job, "linear", "no", "yes"))
		return -1;
	if (strcmp(kernel, "box") == 0)
		return vips_shrink(in, out, x, y, NULL);
	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(kernel, names[i]) != 0)
			continue;
		if (x >= 1)
			return vips_reduce(in, out, x, y, "kernel", kernels[i], NULL);
		peer_differs(job, "another phase");
		return vips_resize(in, out, 1 / x, "vscale", 1 / y, "kernel", kernels[i], NULL);
	}
	return -1;
}

static int sobel(VipsImage **out)
{
	peer_differs(job, "halves the sum");
	return peer_is(job, "measure", "l2", "l1") ? vips_sobel(in, out, NULL) : -1;
}

static int gray(VipsImage **out)
{
	peer_differs(job, "linear light");
	return vips_colourspace(in, out, VIPS_INTERPRETATION_B_W, NULL);
}

static int invert(VipsImage **out)
{
	return vips_invert(in, out, NULL);
}

static int copy(VipsImage **out)
{
	return vips_copy(in, out, NULL);
}

static int crop(VipsImage **out)
{
	const int width = (int)job->out.width, height = (int)job->out.height;

	if (!peer_is(job, "gravity", "", "centre"))
		return -1;
	return vips_crop(in, out, ((int)job->in.width - width) / 2,
			 ((int)job->in.height - height) / 2, width, height, NULL);
}

static int pad(VipsImage **out)
{
	if (!peer_is(job, "fill", "colour", "colour") || job->in.channels == 4)
		return -1;
	return vips_embed(in, out, peer_int(job, "left", 0), peer_int(job, "top", 0),
			  (int)job->out.width, (int)job->out.height, NULL);
}

static int flip(VipsImage **out)
{
	return vips_flip(in, out,
			 peer_is(job, "direction", "horizontal", "horizontal")
			     ? VIPS_DIRECTION_HORIZONTAL
			     : VIPS_DIRECTION_VERTICAL,
			 NULL);
}

static int turn(VipsImage **out)
{
	const int angle = peer_int(job, "angle", 90);

	return vips_rot(in, out,
			angle == 90    ? VIPS_ANGLE_D90
			: angle == 180 ? VIPS_ANGLE_D180
				       : VIPS_ANGLE_D270,
			NULL);
}

static int gamma_curve(VipsImage **out)
{
	VipsImage *line = NULL, *curve = NULL, *table = NULL;
	int error = vips_identity(&line, "ushort", job->in.bits == 16, NULL) ||
		    vips_gamma(line, &curve, "exponent", peer_real(job, "gamma", 1), NULL) ||
		    vips_cast(curve, &table, in->BandFmt, NULL) ||
		    vips_maplut(in, out, table, NULL);

	g_clear_object(&line);
	g_clear_object(&curve);
	g_clear_object(&table);
	return error;
}

static int threshold(VipsImage **out)
{
	if (job->in.bits != 8 || !peer_is(job, "method", "fixed", "fixed"))
		return -1;
	return vips_moreeq_const1(in, out, peer_real(job, "level", 50) * 2.55, NULL);
}

static int equalize(VipsImage **out)
{
	return job->in.channels == 1 ? vips_hist_equal(in, out, NULL) : -1;
}

static const struct {
	const char *filter;
	int (*build)(VipsImage **out);
} counterparts[] = {
    {"gaussian-blur", gauss}, {"box-blur", box},  {"median", median},     {"convolve", convolve},
    {"resize", scale},        {"sobel", sobel},   {"erode", erode},       {"dilate", dilate},
    {"grayscale", gray},      {"invert", invert}, {"gamma", gamma_curve}, {"threshold", threshold},
    {"equalize", equalize},   {"copy", copy},     {"crop", crop},         {"pad", pad},
    {"flip", flip},           {"rotate", turn},
};

static int (*build)(VipsImage **out);

static bool make(struct peer_job *made)
{
	static const VipsInterpretation meanings[2][2] = {
	    {VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_sRGB},
	    {VIPS_INTERPRETATION_GREY16, VIPS_INTERPRETATION_RGB16}};
	const struct peer_image *image = &made->in;
	VipsImage *raw;

	job = made;
	build = NULL;
	for (size_t i = 0; i < sizeof(counterparts) / sizeof(counterparts[0]); i++)
		if (strcmp(counterparts[i].filter, job->filter) == 0)
			build = counterparts[i].build;
	if (!build)
		return false;
	raw = vips_image_new_from_memory_copy(
	    image->pixels, peer_bytes(image), (int)image->width, (int)image->height,
	    (int)image->channels, image->bits == 16 ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
	if (!raw)
		return false;
	if (vips_copy(raw, &in, "interpretation", meanings[image->bits == 16][image->channels > 1],
		      NULL) != 0)
		in = NULL;
	g_object_unref(raw);
	return in != NULL;
}

static bool run(struct peer_job *made)
{
	VipsImage *out = NULL;

	(void)made;
	g_free(pixels);
	pixels = NULL;
	if (build(&out) == 0)
		pixels = vips_image_write_to_memory(out, &bytes);
	g_clear_object(&out);
	vips_error_clear();
	return pixels && bytes == peer_bytes(&job->out);
}

static void show(struct peer_job *made)
{
	memcpy(made->out.pixels, pixels, bytes);
}

static void drop(struct peer_job *made)
{
	(void)made;
	g_free(pixels);
	pixels = NULL;
	g_clear_object(&in);
}

static const char *version(void)
{
	return vips_version_string();
}

int main(int argc, char **argv)
{
	static const struct peer vips = {"libvips", version, make, run, show, drop};

	(void)argc;
	if (VIPS_INIT(argv[0]))
		return 1;
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	return peer_serve(&vips);
}
