/* SPDX-License-Identifier: MIT */
/*
 * Every filter through its parameter table with arbitrary geometry and pixels. It writes each
 * pixel of the result and nothing else, reads no padding, needs no clean scratch memory, and gives
 * the same bytes twice. Built by clang, pixels change under its feet in between: it may then give
 * what it likes, within its memory.
 */
#include "fuzz/filters.h"
#include "helpers/filter.h"

#include <ivpipe/filter.h>

#include "fuzz/hooks.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(HAS_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes)   ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

#define SMALL_PIXELS 500u
#define LARGE_PIXELS 8192u
#define MOST_RESULT  (1u << 16) /* bytes */
#define MOST_SCRATCH (1u << 26) /* bytes: far above what rows and columns of such sizes need */
#define GUARD        0xa5

struct image {
	struct ivp_shape shape;
	size_t stride, row, bytes; /* row: of pixels; bytes: up to the end of the last row's */
	uint8_t *pixels;
};

struct job {
	const struct ivp_filter *filter;
	void *self;
	struct image in, out;
	size_t scratch_bytes;
};

static void measure(struct image *image, unsigned padding)
{
	const unsigned pixel = ivp_format_pixel_bytes(image->shape.format);

	image->row = (size_t)image->shape.width * pixel;
	/* As on the wire, or any other that the contract allows. */
	image->stride = padding & 64 ? image->row + padding % 64 / pixel * pixel
				     : ivp_align(image->row, IVP_ROW_ALIGN);
	image->bytes = image->stride * (image->shape.height - 1) + image->row;
}

static void take_shape(struct script *script, struct ivp_shape *shape)
{
	const uint32_t sides = take32(script), small = sides & 0xff, other = sides >> 8 & 0xffff;
	uint32_t most;

	shape->format = IVP_FORMAT_GRAY8 + (sides >> 24) % 6;
	shape->width = 1 + small;
	shape->height = 1 + other;
	shape->orientation = sides % 10;
	if (sides >> 31) {
		shape->width = 1 + other;
		shape->height = 1 + small;
	}
	/* Most are small, for speed; some are not, for what filters do in pieces. */
	most = (sides >> 27 & 15) == 15 ? LARGE_PIXELS : SMALL_PIXELS;
	if (shape->width > most)
		shape->width = most;
	if (shape->height > most / shape->width)
		shape->height = 1 + shape->height % (most / shape->width);
}

/* Pixels from the script, then repeating with a drift. */
static void fill_pixels(struct image *image, const uint8_t *bytes, size_t count)
{
	image->pixels = aligned_alloc(64, ivp_align(image->bytes, 64));
	CHECK(image->pixels);
	for (size_t i = 0; i < image->bytes; i++)
		image->pixels[i] = count ? (uint8_t)(bytes[i % count] + i / count * 3) : 0;
}

static void set_padding(const struct image *image, uint8_t value)
{
	for (uint32_t y = 0; y + 1 < image->shape.height; y++)
		memset(image->pixels + y * image->stride + image->row, value,
		       image->stride - image->row);
}

/* Lets a sanitizer see reads of padding and beyond the end. */
static void guard_padding(const struct image *image, bool on)
{
	const size_t all = ivp_align(image->bytes, 64);

	ASAN_UNPOISON_MEMORY_REGION(image->pixels, all);
	if (!on)
		return;
	for (uint32_t y = 0; y < image->shape.height; y++) {
		uint8_t *end = image->pixels + y * image->stride + image->row;
		const size_t bytes = y + 1 < image->shape.height
					 ? image->stride - image->row
					 : (size_t)(image->pixels + all - end);

		/* The last of a row may share 8 bytes with the next row, which is to be read. */
		if (((uintptr_t)end + bytes) % 8 == 0)
			ASAN_POISON_MEMORY_REGION(end, bytes);
	}
}

static bool plan(struct job *job)
{
	struct ivp_why why = {""};
	uint64_t bytes;

	if (!(job->filter->formats & IVP_FORMAT_BIT(job->in.shape.format)))
		return false;
	job->out.shape = job->in.shape;
	if (job->filter->shape &&
	    job->filter->shape(job->self, &job->in.shape, &job->out.shape, &why) != 0) {
		CHECK(why.text[0]);
		return false;
	}
	CHECK(job->out.shape.width > 0 && job->out.shape.height > 0);
	CHECK(ivp_format_channels(job->out.shape.format) > 0);
	if (ivp_shape_size(&job->out.shape, &job->out.stride, &bytes) != 0 || bytes > MOST_RESULT)
		return false;
	job->scratch_bytes =
	    job->filter->scratch_bytes
		? job->filter->scratch_bytes(job->self, &job->in.shape, &job->out.shape)
		: 0;
	CHECK(job->scratch_bytes <= MOST_SCRATCH);
	return true;
}

/* Applies with memory full of garbage; out is filled with GUARD before. */
static void apply(const struct job *job, uint8_t garbage)
{
	const struct ivp_input in = {job->in.shape, job->in.stride, job->in.pixels};
	const struct ivp_output out = {job->out.shape, job->out.stride, job->out.pixels};
	uint8_t *scratch = NULL;

	if (job->scratch_bytes > 0) {
		scratch = aligned_alloc(64, ivp_align(job->scratch_bytes, 64));
		CHECK(scratch);
		memset(scratch, garbage, job->scratch_bytes);
	}
	memset(out.pixels, garbage, job->out.bytes);
	set_padding(&job->out, GUARD);
	if (job->filter->prepare)
		job->filter->prepare(job->self, &in.shape, &out.shape, scratch);
	guard_padding(&job->in, true);
	guard_padding(&job->out, true);
	filter_whole(job->filter, job->self, &in, &out, scratch);
	guard_padding(&job->in, false);
	guard_padding(&job->out, false);
	for (uint32_t y = 0; y + 1 < out.shape.height; y++)
		for (size_t x = job->out.row; x < out.stride; x++)
			CHECK(out.pixels[y * out.stride + x] == GUARD);
	free(scratch);
}

static void check_filter(struct job *job)
{
	uint8_t *first = aligned_alloc(64, ivp_align(job->out.bytes, 64));
	uint8_t *second = aligned_alloc(64, ivp_align(job->out.bytes, 64));

	CHECK(first && second);
	job->out.pixels = first;
	set_padding(&job->in, 0);
	apply(job, 0);
	job->out.pixels = second;
	set_padding(&job->in, 0xff);
	apply(job, 0xff);
	CHECK(memcmp(first, second, job->out.bytes) == 0);
	hooks_flip(job->in.pixels, job->in.bytes);
	apply(job, 0x5a);
	hooks_flip(NULL, 0);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, data + size};
	struct job job = {.filter = take_filter(&script)};
	const uint8_t padding = take8(&script), *bytes;
	size_t count;

	take_shape(&script, &job.in.shape);
	job.self = take_private(&script, job.filter, 1e30);
	count = take_bytes(&script, 1 << 16, &bytes);
	if (plan(&job)) {
		measure(&job.in, padding);
		measure(&job.out, padding * 3u);
		fill_pixels(&job.in, bytes, count);
		check_filter(&job);
		free(job.in.pixels);
	}
	ivp_params_finish(job.filter, job.self);
	free(job.self);
	return 0;
}

void fuzz_seeds(fuzz_add *add)
{
	static const uint16_t sides[][2] = {{1, 1}, {3, 7}, {64, 33}, {255, 2}, {1, 300}};

	for (uint8_t filter = 0; ivp_filters[filter]; filter++)
		for (uint8_t i = 0; i < 30; i++) {
			struct seed seed = {.size = 0};

			put_number(&seed, filter, 1);
			put_number(&seed, i * 37u, 1);
			put_number(&seed, sides[i % 5][0] - 1u, 1);
			put_number(&seed, sides[i % 5][1] - 1u, 2);
			put_number(&seed, i % 4 == 3 ? 0x78u + i % 8 : i % 6, 1);
			put_number(&seed, i < 6 ? 0 : i * 9u, 1);
			for (unsigned n = 0; n < 8; n++)
				put_number(&seed, i * 2111u * (n + 1), 2);
			for (unsigned n = 0; n < 40; n++)
				put_number(&seed, n * n * 5, 1);
			add(seed.bytes, seed.size);
		}
}
