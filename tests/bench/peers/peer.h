/* SPDX-License-Identifier: MIT */
/*
 * What each measured library is to measure.py: a process that answers lines. Valid C and C++.
 *
 *     first, by itself        NAME  VERSION
 *     make JOB                made MS COUNTS NOTE OUT-FORMAT OUT-WIDTH OUT-HEIGHT, or none
 *     run TIMES COPY-BYTES    ran MS COPY-MS: the means of so many runs, of so many copies
 *     show                    shown; the result is in the memory of results
 *
 * Fields are separated by tabs. JOB is FILTER, format, width and height of the image, the same of
 * the result, then key=value as in a configuration of ivpipe. Images lie packed, rows from the top,
 * samples of 16 bits in the machine's order, in the memory behind descriptor 3, results in that
 * behind 4.
 *
 * make runs the job, so that tables are built and pages touched; twice, unless it is long. Processor time counts, of all
 * threads, unless PEER_WALL: then that of the clock on the wall.
 */
#ifndef IVP_BENCH_PEER_H
#define IVP_BENCH_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define PEER_LONG_MS 1000 /* what takes longer is run once */

struct peer_image {
	uint32_t width, height;
	unsigned channels, bits; /* 1, 3 or 4; 8 or 16 */
	uint8_t *pixels;
};

struct peer_job {
	const char *filter;
	struct peer_image in, out; /* out.pixels: where results are shown */
	const char *settings[16];
	unsigned setting_count;
	bool counts;      /* what it computes is the filter's definition */
	const char *note; /* how it differs, whether it counts or not; or "" */
};

struct peer {
	const char *name;
	const char *(*version)(void);
	/* Readies the job; what it allocates is drop's. false: this library has no such thing. */
	bool (*make)(struct peer_job *job);
	bool (*run)(struct peer_job *job);
	/* Writes the last run's result to job->out.pixels. */
	void (*show)(struct peer_job *job);
	void (*drop)(
	    struct peer_job *job); /* after make, whatever it returned; NULL: nothing to do */
};

static inline size_t peer_pixel(const struct peer_image *image)
{
	return image->channels * image->bits / 8;
}

static inline size_t peer_row(const struct peer_image *image)
{
	return image->width * peer_pixel(image);
}

static inline size_t peer_bytes(const struct peer_image *image)
{
	return peer_row(image) * image->height;
}

/* The value of a key, or what it is when it is not set. */
static inline const char *peer_text(const struct peer_job *job, const char *key, const char *unset)
{
	const size_t length = strlen(key);

	for (unsigned i = 0; i < job->setting_count; i++)
		if (strncmp(job->settings[i], key, length) == 0 && job->settings[i][length] == '=')
			return job->settings[i] + length + 1;
	return unset;
}

static inline double peer_real(const struct peer_job *job, const char *key, double unset)
{
	const char *text = peer_text(job, key, NULL);

	return text ? strtod(text, NULL) : unset;
}

static inline int peer_int(const struct peer_job *job, const char *key, int unset)
{
	return (int)peer_real(job, key, unset);
}

static inline bool peer_is(const struct peer_job *job, const char *key, const char *unset,
			   const char *word)
{
	return strcmp(peer_text(job, key, unset), word) == 0;
}

/* The numbers of a list, at most so many. Returns how many there are. */
static inline int peer_list(const struct peer_job *job, const char *key, double *numbers, int most)
{
	const char *text = peer_text(job, key, "");
	int count = 0;

	while (count < most) {
		char *end;

		numbers[count] = strtod(text, &end);
		if (end == text)
			break;
		text = end + strspn(end, ", ");
		count++;
	}
	return count;
}

/* Of the kernel of convolve: weights in a row, and what sums are divided by. */
static inline int peer_kernel_width(const struct peer_job *job, int count)
{
	int width = peer_int(job, "width", 0);

	while (width * width < count && peer_int(job, "width", 0) == 0)
		width++;
	return width;
}

static inline double peer_divisor(const struct peer_job *job, const double *weights, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += weights[i];
	return peer_real(job, "divisor", 0) != 0 ? peer_real(job, "divisor", 0)
	       : sum != 0                        ? sum
						 : 1;
}

/* It computes something else: it is shown, and not counted. Returns true. */
static inline bool peer_differs(struct peer_job *job, const char *how)
{
	job->counts = false;
	job->note = how;
	return true;
}

/* It counts, with a remark. Returns true. */
static inline bool peer_note(struct peer_job *job, const char *note)
{
	job->note = note;
	return true;
}

__attribute__((noreturn)) static inline void peer_die(const char *what)
{
	perror(what);
	exit(1);
}

static inline double peer_milliseconds(void)
{
	static int clock = -1;
	struct timespec now;

	if (clock < 0)
		clock = getenv("PEER_WALL") ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
	if (clock_gettime(clock, &now) != 0)
		peer_die("clock_gettime");
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static inline uint8_t *peer_map(int descriptor)
{
	struct stat status;
	void *memory = MAP_FAILED;

	if (fstat(descriptor, &status) == 0)
		memory = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      descriptor, 0);
	if (memory == MAP_FAILED)
		peer_die("the memory of images, descriptors 3 and 4");
	return (uint8_t *)memory;
}

/* Touched at once, and aligned for any vector. */
static inline uint8_t *peer_allocate(size_t bytes)
{
	uint8_t *memory = (uint8_t *)aligned_alloc(64, (bytes + 127) & ~(size_t)63);

	if (!memory)
		peer_die("no memory for an image");
	memset(memory, 1, bytes);
	return memory;
}

static inline void peer_read_image(struct peer_image *image, char **line)
{
	const char *format = strsep(line, "\t\n");

	image->channels = strncmp(format, "RGBA", 4) == 0  ? 4
			  : strncmp(format, "RGB", 3) == 0 ? 3
							   : 1;
	image->bits = strstr(format, "16") ? 16 : 8;
	image->width = (uint32_t)strtoul(strsep(line, "\t\n"), NULL, 10);
	image->height = (uint32_t)strtoul(strsep(line, "\t\n"), NULL, 10);
}

static inline void peer_read_job(struct peer_job *job, char *line)
{
	char *setting;

	job->filter = strsep(&line, "\t\n");
	peer_read_image(&job->in, &line);
	peer_read_image(&job->out, &line);
	job->setting_count = 0;
	while ((setting = strsep(&line, "\t\n")) != NULL && job->setting_count < 16)
		if (*setting)
			job->settings[job->setting_count++] = setting;
	job->counts = true;
	job->note = "";
}

static inline void peer_make(const struct peer *peer, struct peer_job *job)
{
	static const char *const formats[] = {"", "GRAY", "", "RGB", "RGBA"};
	double ms;

	if (!peer->make(job)) {
		puts("none");
		return;
	}
	ms = peer_milliseconds();
	if (!peer->run(job)) {
		puts("none");
		return;
	}
	ms = peer_milliseconds() - ms;
	if (ms < PEER_LONG_MS) {
		ms = peer_milliseconds();
		peer->run(job);
		ms = peer_milliseconds() - ms;
	}
	printf("made\t%g\t%d\t%s\t%s%u\t%u\t%u\n", ms, job->counts, job->note,
	       formats[job->out.channels], job->out.bits, job->out.width, job->out.height);
}

static inline void peer_run(const struct peer *peer, struct peer_job *job, char *line)
{
	static uint8_t *from, *to;
	static size_t held;
	const unsigned long times = strtoul(line, &line, 10);
	const size_t bytes = strtoul(line, NULL, 10);
	double start, copied, done;

	if (!from || !to || bytes > held) {
		free(from);
		free(to);
		from = peer_allocate(bytes);
		to = peer_allocate(bytes);
		held = bytes;
	}
	/* Not timed: what other processes threw out of the caches comes back. That of a long run
	 * is no part of it that counts. */
	memcpy(to, from, bytes);
	if (times > 1)
		peer->run(job);
	start = peer_milliseconds();
	for (unsigned long i = 0; i < times; i++) {
		memcpy(to, from, bytes);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	copied = peer_milliseconds();
	for (unsigned long i = 0; i < times; i++)
		peer->run(job);
	done = peer_milliseconds();
	printf("ran\t%g\t%g\n", (done - copied) / (double)times, (copied - start) / (double)times);
}

/* The whole life of a peer's process, until its standard input ends. */
static inline int peer_serve(const struct peer *peer)
{
	static char line[2048], kept[2048];
	struct peer_job job;
	bool made = false;

	memset(&job, 0, sizeof(job));
	job.in.pixels = peer_map(3);
	job.out.pixels = peer_map(4);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\t%s\n", peer->name, peer->version());
	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "make\t", 5) == 0) {
			if (made && peer->drop)
				peer->drop(&job);
			made = true;
			memcpy(kept, line, sizeof(kept)); /* the job's texts point into it */
			peer_read_job(&job, kept + 5);
			peer_make(peer, &job);
		} else if (strncmp(line, "run\t", 4) == 0) {
			peer_run(peer, &job, line + 4);
		} else if (strcmp(line, "show\n") == 0) {
			peer->show(&job);
			puts("shown");
		}
	}
	if (made && peer->drop)
		peer->drop(&job);
	return 0;
}

#endif
