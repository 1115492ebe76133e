/* SPDX-License-Identifier: MIT */
/* OpenCV on one thread; results are reused. It has no C interface any more. */
#include "peer.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>

using namespace cv;

static Mat in, out;
static peer_job *job;

static double real(const char *key, double unset)
{
	return peer_real(job, key, unset);
}

static int side(const char *key, int unset)
{
	return 2 * peer_int(job, key, unset) + 1;
}

/* Each level by a table. */
static bool by_table(double (*level)(double))
{
	Mat table(1, 256, CV_8U);

	if (job->in.bits != 8)
		return false;
	for (int i = 0; i < 256; i++)
		table.data[i] = saturate_cast<uchar>(255 * level(i / 255.0));
	LUT(in, table, out);
	return true;
}

static bool sharpen()
{
	static Mat blurred;
	const double amount = real("amount", 1), sigma = real("sigma", 1);

	GaussianBlur(in, blurred, Size(), sigma, sigma, BORDER_REPLICATE);
	addWeighted(in, 1 + amount, blurred, -amount, 0, out);
	return real("threshold", 0) == 0;
}

static bool scale()
{
	const Size size((int)job->out.width, (int)job->out.height);
	const bool down = size.width < in.cols;
	const char *kernel = peer_text(job, "kernel", "lanczos3");

	if (peer_is(job, "linear", "no", "yes"))
		return false;
	if (strcmp(kernel, "nearest") == 0)
		return resize(in, out, size, 0, 0, INTER_NEAREST_EXACT), true;
	if (strcmp(kernel, "box") == 0 && down)
		return resize(in, out, size, 0, 0, INTER_AREA), true;
	if (strcmp(kernel, "bilinear") == 0)
		return resize(in, out, size, 0, 0, INTER_LINEAR),
		       !down || peer_differs(job, "aliases");
	if (strcmp(kernel, "bicubic") == 0)
		return resize(in, out, size, 0, 0, INTER_CUBIC),
		       peer_differs(job, down ? "aliases" : "a = -0.75");
	return false;
}

static bool edges()
{
	static Mat dx, dy, ax, ay;

	if (real("scale", 1) != 1 || job->in.bits != 8)
		return false;
	if (peer_is(job, "measure", "l2", "x")) {
		Sobel(in, dx, CV_16S, 1, 0, 3, 1, 0, BORDER_REPLICATE);
		convertScaleAbs(dx, out);
		return true;
	}
	if (peer_is(job, "measure", "l2", "l2")) {
		Sobel(in, dx, CV_32F, 1, 0, 3, 1, 0, BORDER_REPLICATE);
		Sobel(in, dy, CV_32F, 0, 1, 3, 1, 0, BORDER_REPLICATE);
		magnitude(dx, dy, ax);
		ax.convertTo(out, CV_8U);
		return true;
	}
	if (!peer_is(job, "measure", "l2", "l1"))
		return false;
	Sobel(in, dx, CV_16S, 1, 0, 3, 1, 0, BORDER_REPLICATE);
	Sobel(in, dy, CV_16S, 0, 1, 3, 1, 0, BORDER_REPLICATE);
	convertScaleAbs(dx, ax);
	convertScaleAbs(dy, ay);
	add(ax, ay, out);
	return true;
}

static bool laplacian()
{
	static const float weights[9] = {1, 1, 1, 1, -8, 1, 1, 1, 1};
	static const Mat kernel(3, 3, CV_32F, (void *)weights);
	static Mat signs;

	if (!peer_is(job, "kernel", "sides", "all") || !peer_is(job, "result", "size", "size") ||
	    job->in.bits != 8)
		return false;
	filter2D(in, signs, CV_16S, kernel, Point(-1, -1), 0, BORDER_REPLICATE);
	convertScaleAbs(signs, out);
	return true;
}

static bool pad()
{
	if (!peer_is(job, "fill", "colour", "colour"))
		return false;
	copyMakeBorder(in, out, peer_int(job, "top", 0), peer_int(job, "bottom", 0),
		       peer_int(job, "left", 0), peer_int(job, "right", 0), BORDER_CONSTANT,
		       Scalar(0, 0, 0, job->in.bits == 16 ? 65535 : 255));
	return true;
}

static bool turn()
{
	const int angle = peer_int(job, "angle", 90);

	rotate(in, out,
	       angle == 90    ? ROTATE_90_CLOCKWISE
	       : angle == 180 ? ROTATE_180
			      : ROTATE_90_COUNTERCLOCKWISE);
	return angle % 90 == 0;
}

static bool shape(MorphTypes what)
{
	const Size size(peer_int(job, "width", 3), peer_int(job, "height", 3));

	/* Its default border does not count, as with us. */
	morphologyEx(in, out, what, getStructuringElement(MORPH_RECT, size));
	return true;
}

static bool cut_out()
{
	const int width = (int)job->out.width, height = (int)job->out.height;
	in(Rect((in.cols - width) / 2, (in.rows - height) / 2, width, height)).copyTo(out);
	return peer_is(job, "gravity", "", "centre");
}

static bool gray()
{
	if (job->out.channels != 1 || job->in.channels == 1 ||
	    !peer_is(job, "luma", "rec601", "rec601"))
		return false;
	cvtColor(in, out, job->in.channels == 4 ? COLOR_RGBA2GRAY : COLOR_RGB2GRAY);
	return true;
}

static bool clahe()
{
	static Ptr<CLAHE> engine = createCLAHE();

	if (job->in.channels != 1)
		return false;
	engine->setClipLimit(real("clip", 2));
	engine->setTilesGridSize(Size(peer_int(job, "columns", 8), peer_int(job, "rows", 8)));
	engine->apply(in, out);
	return peer_note(job, "its own way of clipping");
}

static bool bilateral()
{
	if (job->in.bits != 8 || job->in.channels == 4)
		return false;
	bilateralFilter(in, out, side("radius", 4), real("range", 30), real("sigma", 2),
			BORDER_REPLICATE);
	/* Not the root of the sum of squares; of gray it is the same. */
	return job->in.channels == 1 || peer_note(job, "adds up differences");
}

static bool denoise()
{
	if (job->in.bits != 8 || job->in.channels == 4)
		return false;
	fastNlMeansDenoising(in, out, (float)real("strength", 10), side("patch", 3),
			     side("search", 10));
	return true;
}

static double raised(double level)
{
	return pow(level, 1 / real("gamma", 1));
}

/* Ours is white from the level on, OpenCV's above it. */
static bool threshold_at()
{
	const double percent = 255 / 100.0;

	if (job->in.bits != 8)
		return false;
	if (peer_is(job, "method", "fixed", "fixed"))
		threshold(in, out, std::ceil(real("level", 50) * percent) - 1, 255, THRESH_BINARY);
	else if (peer_is(job, "method", "fixed", "otsu"))
		threshold(in, out, 0, 255, THRESH_BINARY | THRESH_OTSU);
	else
		adaptiveThreshold(in, out, 255, ADAPTIVE_THRESH_MEAN_C, THRESH_BINARY,
				  side("radius", 15), real("offset", 5) * percent);
	return true;
}

static bool convolve()
{
	double weights[32 * 32];
	const int count = peer_list(job, "kernel", weights, 32 * 32);
	const int width = peer_kernel_width(job, count);
	const Mat kernel(count / width, width, CV_64F, weights);

	filter2D(in, out, -1, kernel / peer_divisor(job, weights, count), Point(-1, -1),
		 real("offset", 0), BORDER_REPLICATE);
	return true;
}

/* Channels, or bits. */
static bool convert()
{
	const unsigned from = job->in.channels, to = job->out.channels;

	if (from == to)
		in.convertTo(out, job->out.bits == 16 ? CV_16U : CV_8U,
			     job->in.bits == job->out.bits ? 1
			     : job->out.bits == 16         ? 257
							   : 1 / 257.0);
	else if (from == 1)
		cvtColor(in, out, to == 3 ? COLOR_GRAY2RGB : COLOR_GRAY2RGBA);
	else
		cvtColor(in, out,
			 to == 1   ? COLOR_RGB2GRAY
			 : to == 3 ? COLOR_RGBA2RGB
				   : COLOR_RGB2RGBA);
	return from == to || job->in.bits == job->out.bits;
}

struct counterpart {
	const char *filter;
	bool (*run)();
};

static constexpr counterpart counterparts[] = {
    {"gaussian-blur",
     [] {
	     GaussianBlur(in, out, Size(), real("sigma", 2), 0, BORDER_REPLICATE);
	     return true;
     }},
    {"box-blur",
     [] {
	     const int width = side("radius", 2);
	     blur(in, out, Size(width, width), Point(-1, -1), BORDER_REPLICATE);
	     return true;
     }},
    {"median",
     [] {
	     medianBlur(in, out, side("radius", 1));
	     return true;
     }},
    {"sharpen", sharpen},
    {"bilateral", bilateral},
    {"non-local-means", denoise},
    {"resize", scale},
    {"sobel", edges},
    {"laplacian", laplacian},
    {"pad", pad},
    {"erode", [] { return shape(MORPH_ERODE); }},
    {"dilate", [] { return shape(MORPH_DILATE); }},
    {"open", [] { return shape(MORPH_OPEN); }},
    {"close", [] { return shape(MORPH_CLOSE); }},
    {"grayscale", gray},
    {"invert",
     [] {
	     bitwise_not(in, out);
	     return true;
     }},
    {"brightness-contrast",
     [] {
	     const double most = job->in.bits == 16 ? 65535 : 255, contrast = real("contrast", 1);
	     in.convertTo(out, -1, contrast,
			  most * (0.5 - contrast / 2 + real("brightness", 0) / 100));
	     return true;
     }},
    {"gamma", [] { return by_table(raised); }},
    {"threshold", threshold_at},
    {"convolve", convolve},
    {"convert", convert},
    {"equalize",
     [] {
	     equalizeHist(in, out);
	     return true;
     }},
    {"clahe", clahe},
    {"copy",
     [] {
	     in.copyTo(out);
	     return true;
     }},
    {"crop", cut_out},
    {"flip",
     [] {
	     flip(in, out, peer_is(job, "direction", "horizontal", "horizontal") ? 1 : 0);
	     return !peer_is(job, "direction", "horizontal", "both");
     }},
    {"rotate", turn},
    {"transpose",
     [] {
	     transpose(in, out);
	     return peer_is(job, "diagonal", "main", "main");
     }},
};

static bool (*chosen)();

static bool make(peer_job *made)
{
	job = made;
	for (const auto &counterpart : counterparts) {
		if (strcmp(counterpart.filter, job->filter) != 0)
			continue;
		const int type =
		    CV_MAKETYPE(job->in.bits == 16 ? CV_16U : CV_8U, (int)job->in.channels);
		Mat((int)job->in.height, (int)job->in.width, type, job->in.pixels).copyTo(in);
		out.release();
		chosen = counterpart.run;
		return true;
	}
	return false;
}

static bool run(peer_job *)
{
	try {
		return chosen();
	} catch (const cv::Exception &) {
		return false; /* this format is not for this function */
	}
}

static void show(peer_job *)
{
	Mat packed = out.isContinuous() ? out : out.clone();

	memcpy(job->out.pixels, packed.data, packed.total() * packed.elemSize());
}

static const char *version()
{
	return CV_VERSION;
}

int main()
{
	static const peer opencv = {"OpenCV", version, make, run, show, nullptr};

	setNumThreads(1);
	redirectError([](int, const char *, const char *, const char *, int, void *) { return 0; });
	return peer_serve(&opencv);
}
