/* SPDX-License-Identifier: MIT */
/*
 * What measure.py has no speed for itself: paints the image that all peers get, and compares their
 * results with definitions. Lines as in peer.h:
 *
 *     paint FORMAT WIDTH HEIGHT   painted; the image is in the memory of images
 *     make JOB                    made, or none: there is no definition
 *     compare                     compared MEAN MAX ALPHA, of the result in the memory of results.
 *                                 ALPHA: "straight alpha" if it is nearer to what comes out when
 *                                 alpha is taken for one more channel, as some peers do; or ""
 *
 * Errors are distances of levels to those of the definition, rounded, in a window in the middle,
 * where borders count only if a filter reaches that far. Colours count as much as alpha shows them.
 */
#include "definitions.h"
#include "helpers/pictures.h"

#define MOST_PIXELS ((size_t)4096 * 2304) /* larger images are not compared */

/* The window: so many parts of a side, and at most so much work. */
#define PARTS     8
#define MOST_WORK 1.5e7

/* The landscape of sample-images, once; larger images are tiled with it, every second one mirrored,
 * smaller ones cut out. Grain as a sensor has it. */
#define PAINTED_WIDTH  1920u
#define PAINTED_HEIGHT 1080u
static double painted[PAINTED_HEIGHT][PAINTED_WIDTH][4];

static struct peer_job job;
static const struct definition *definition;
static struct window window;
static struct samples wanted[2]; /* with alpha as ivpipe has it; with alpha as one more channel */

static void paint_once(void)
{
	static bool done;

	for (unsigned y = 0; y < PAINTED_HEIGHT && !done; y++)
		for (unsigned x = 0; x < PAINTED_WIDTH; x++) {
			const double u = (double)x / PAINTED_HEIGHT, v = (double)y / PAINTED_HEIGHT;
			struct colour c =
			    paint_landscape(x + 0.5, y + 0.5, PAINTED_WIDTH, PAINTED_HEIGHT);
			const double grain = 0.012 * noise(x * 0.9, y * 0.9, 1);

			painted[y][x][0] = clamp01(c.r + grain + 0.008 * noise(x, y * 0.9, 2));
			painted[y][x][1] = clamp01(c.g + grain + 0.008 * noise(x, y * 0.9, 3));
			painted[y][x][2] = clamp01(c.b + grain + 0.008 * noise(x, y * 0.9, 4));
			/* Mostly opaque, with soft edges and some holes. */
			painted[y][x][3] = ramp(-0.45, -0.15, rough(u * 3, v * 3, 3, 5));
		}
	done = true;
}

static unsigned mirrored(unsigned at, unsigned side)
{
	at %= 2 * side;
	return at < side ? at : 2 * side - 1 - at;
}

static void paint(const struct peer_image *image)
{
	const double most = image->bits == 16 ? 65535 : 255;
	uint8_t *to = image->pixels;

	paint_once();
	for (unsigned y = 0; y < image->height; y++)
		for (unsigned x = 0; x < image->width; x++) {
			const double *at =
			    painted[mirrored(y, PAINTED_HEIGHT)][mirrored(x, PAINTED_WIDTH)];

			for (unsigned c = 0; c < image->channels; c++) {
				const double value =
				    image->channels > 1
					? at[c]
					: 0.299 * at[0] + 0.587 * at[1] + 0.114 * at[2];
				const uint16_t level = (uint16_t)(value * most + 0.5);

				memcpy(to, &level, image->bits / 8); /* the lower byte first */
				to += image->bits / 8;
			}
		}
}

static double level_of_image(const struct peer_image *image, size_t x, size_t y, size_t c)
{
	const uint8_t *at = image->pixels + y * peer_row(image) + x * peer_pixel(image);

	return image->bits == 16 ? ((const uint16_t *)(const void *)at)[c] : at[c];
}

static struct samples samples_of_image(bool premultiply)
{
	struct samples in = samples_make(job.in.width, job.in.height, job.in.channels);

	for (size_t y = 0; y < in.height; y++)
		for (size_t x = 0; x < in.width; x++) {
			double *to = sample(&in, x, y);

			for (size_t c = 0; c < in.channels; c++)
				to[c] = level_of_image(&job.in, x, y, c);
			for (size_t c = 0; premultiply && c < 3; c++)
				to[c] *= to[3] / most_level(&job);
		}
	return in;
}

/* In the middle, and smaller if a level is dear. */
static void choose_window(void)
{
	const double levels =
	    (double)job.out.width * job.out.height / (PARTS * PARTS) * job.out.channels;
	const double work = levels * (definition->cost ? definition->cost(&job) : 1);
	const double side = (work > MOST_WORK ? sqrt(MOST_WORK / work) : 1) / PARTS;

	window.width = (size_t)fmax(1, job.out.width * side);
	window.height = (size_t)fmax(1, job.out.height * side);
	window.x = (job.out.width - window.width) / 2;
	window.y = (job.out.height - window.height) / 2;
}

static bool define(struct samples *out, bool premultiply)
{
	struct samples in = samples_of_image(premultiply);
	bool defined;

	*out = samples_make(window.width, window.height, job.out.channels);
	defined = definition->define(&in, &job, window, out);
	free(in.at);
	if (!defined) {
		free(out->at);
		out->at = NULL;
	}
	return defined;
}

static void keep_alpha(struct samples *out)
{
	for (size_t y = 0; y < window.height && out->channels == 4; y++)
		for (size_t x = 0; x < window.width; x++)
			sample(out, x, y)[3] =
			    level_of_image(&job.in, window.x + x, window.y + y, 3);
}

static bool make(void)
{
	bool defined;

	definition = NULL;
	for (size_t i = 0; i < count_of(definitions); i++)
		if (strcmp(definitions[i].filter, job.filter) == 0)
			definition = &definitions[i];
	for (size_t i = 0; i < count_of(wanted); i++) {
		free(wanted[i].at);
		wanted[i].at = NULL;
	}
	if (!definition || (size_t)job.in.width * job.in.height > MOST_PIXELS)
		return false;
	choose_window();
	/* With alpha, PLAIN is not what ours computes. */
	if (job.in.channels == 4 && definition->kind == PLAIN)
		return false;
	defined = define(&wanted[0], job.in.channels == 4 && definition->kind == MIXES) &&
		  define(&wanted[1], false);
	if (defined && definition->kind == TONES)
		keep_alpha(&wanted[0]);
	return defined;
}

/* Returns the mean error, and sets the largest. */
static double compare(const struct samples *reference, bool premultiplied, double *largest)
{
	const double most = most_level(&job);
	double sum = 0;

	*largest = 0;
	for (size_t y = 0; y < window.height; y++)
		for (size_t x = 0; x < window.width; x++) {
			const double *pixel = sample(reference, x, y);

			for (size_t c = 0; c < reference->channels; c++) {
				double level = pixel[c], weight = 1, error;

				if (premultiplied && c < 3) {
					if (pixel[3] < 0.5 * most / 255)
						continue;
					weight = fmin(pixel[3] / most, 1);
					level = pixel[c] / pixel[3] * most;
				}
				level = floor(fmax(0, fmin(most, level)) + 0.5);
				error =
				    fabs(level_of_image(&job.out, window.x + x, window.y + y, c) -
					 level) *
				    weight;
				sum += error;
				*largest = fmax(*largest, error);
			}
		}
	return sum / (double)(window.width * window.height * reference->channels);
}

static void compare_both(void)
{
	const bool alpha = definition->kind == MIXES && job.out.channels == 4;
	double largest[2], means[2] = {compare(&wanted[0], alpha, &largest[0]),
				       compare(&wanted[1], false, &largest[1])};
	const bool straight = means[1] < means[0];

	printf("compared\t%.6g\t%.6g\t%s\n", means[straight], largest[straight],
	       straight ? "straight alpha" : "");
}

int main(void)
{
	static char line[2048], kept[2048];
	bool made = false;

	job.in.pixels = peer_map(3);
	job.out.pixels = peer_map(4);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("definitions\t%s\n", IVP_VERSION);
	while (fgets(line, sizeof(line), stdin)) {
		char *rest = line + strcspn(line, "\t\n");

		*rest++ = '\0';
		if (strcmp(line, "paint") == 0) {
			peer_read_image(&job.in, &rest);
			paint(&job.in);
			puts("painted");
		} else if (strcmp(line, "make") == 0) {
			memcpy(kept, rest, sizeof(kept) - (size_t)(rest - line));
			peer_read_job(&job, kept);
			made = make();
			puts(made ? "made" : "none");
		} else if (made) {
			compare_both();
		} else {
			puts("none");
		}
	}
	return EXIT_SUCCESS;
}
