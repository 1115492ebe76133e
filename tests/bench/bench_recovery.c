/* SPDX-License-Identifier: MIT */
/*
 * What it takes to survive deaths. The price while nobody dies: the notes that only a restart
 * reads (attempts, the look at one's own window, the sink's ledger), next to the time that one
 * 1920x1080 RGB8 image takes to be copied, which is the cheapest stage there is. And the time from
 * a SIGKILL of a stage, a process of its own, to the next frame, if it is started again at once:
 * the supervisor adds its restart-delay.
 *
 * BUILD is the folder of the programs (default: build).
 */
#include "bench/stage.h"

#include "host/ledger.h"
#include "transport/port.h"
#include "transport/region.h"

#define NOTES     1000000u /* a sample, so that one takes milliseconds */
#define KILLS     5u       /* a round: a sample is their median */
#define FRAME     65536u
#define SLOTS     8u
#define LONGEST_S 60

static struct bench bench = {.name = "recovery", .rounds = 9};

static char folder[200];

enum { ATTEMPT, OWN, LEDGER, COPY, PRICE, RECOVERY, SERIES };
static struct bench_series series[SERIES] = {
    [ATTEMPT] = {.name = "a frame's attempt: noted, taken back", .unit = "ns"},
    [OWN] = {.name = "the look at one's own window, twice", .unit = "ns"},
    [LEDGER] = {.name = "the sink's ledger: a note", .unit = "ns"},
    [COPY] = {.name = "a 1080p RGB8 image: memcpy", .unit = "ns"},
    [PRICE] = {.name = "notes of a stage, of that", .unit = "%"},
    [RECOVERY] = {.name = "SIGKILL of a stage to its next frame", .unit = "ms"},
};

static void sample(unsigned which, double value)
{
	bench_add(&series[which], value, BENCH_NEAR, BENCH_FAR);
}

/* What ivp_consumer_begin and the end of a frame store: each frame is another one. */
static double time_attempts(const struct bench_link *link)
{
	struct ivp_consumer consumer;
	unsigned sum = 0;

	bench_consume_from(link, 0, &consumer);
	const uint64_t start = ivp_now_ns();
	for (unsigned i = 0; i < NOTES; i++) {
		consumer.ring.tail++;
		sum += ivp_consumer_begin(&consumer);
		ivp_store32_relaxed(&consumer.ring.own->attempt, 0);
	}
	const double ns = (double)(ivp_now_ns() - start) / NOTES;
	if (sum != NOTES)
		bench_die("an attempt was counted twice");
	return ns;
}

/* The loads and comparisons that ivp_producer_reserve and ivp_consumer_acquire make. */
static double time_own(const struct bench_link *link)
{
	struct ivp_consumer consumer;
	unsigned same = 0;

	bench_consume_from(link, 0, &consumer);
	const struct ivp_wire_owner *own = consumer.ring.own;
	const uint64_t start = ivp_now_ns();
	for (unsigned i = 0; i < 2 * NOTES; i++) {
		same += ivp_load_relaxed(&own->position) == consumer.ring.tail &&
			ivp_load32_relaxed(&own->generation) == consumer.generation;
		__asm__ __volatile__("" ::: "memory");
	}
	const double ns = (double)(ivp_now_ns() - start) / NOTES;
	if (same != 2 * NOTES)
		bench_die("our window is not ours");
	return ns;
}

static double time_ledger(void)
{
	struct ivp_ledger ledger = {0};
	struct ivp_tally tally = {0};
	struct ivp_why why;
	char path[256];

	snprintf(path, sizeof(path), "%s/ledger", folder);
	if (ivp_ledger_open(&ledger, path, 1, 0, &tally, &why) != 0)
		bench_fail(&why);
	const uint64_t start = ivp_now_ns();
	for (unsigned i = 0; i < NOTES; i++) {
		tally.delivered++;
		ivp_ledger_note(&ledger, i + 1, &tally);
	}
	const double ns = (double)(ivp_now_ns() - start) / NOTES;
	ivp_ledger_close(&ledger);
	unlink(path);
	return ns;
}

static double time_copy(void)
{
	uint8_t *from = bench_map(BENCH_BYTES), *to = bench_map(BENCH_BYTES);
	const unsigned count = 40;

	memset(from, 1, BENCH_BYTES);
	memset(to, 2, BENCH_BYTES);
	const uint64_t start = ivp_now_ns();
	for (unsigned i = 0; i < count; i++) {
		memcpy(to, from, BENCH_BYTES);
		__asm__ __volatile__("" ::: "memory");
	}
	const double ns = (double)(ivp_now_ns() - start) / count;
	munmap(from, BENCH_BYTES);
	munmap(to, BENCH_BYTES);
	return ns;
}

static void make_window(const char *link, const char *part, size_t bytes,
			const struct ivp_geometry *geometry, const struct ivp_layout *layout,
			unsigned kind)
{
	struct ivp_region region;
	struct ivp_why why;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.%s", folder, link, part);
	if (ivp_region_create(path, bytes, 0600, NULL, &region, &why) != 0)
		bench_fail(&why);
	ivp_window_format(region.base, geometry, layout, kind, 0);
	ivp_region_close(&region);
}

static void make_link(const char *name)
{
	struct ivp_geometry geometry = {.pipeline_name = "bench",
					.epoch = ivp_epoch_make(),
					.slots = SLOTS,
					.consumers = 1,
					.payload_bytes = FRAME,
					.metadata_bytes = 4096};
	struct ivp_layout layout;
	struct ivp_why why;

	snprintf(geometry.link_name, sizeof(geometry.link_name), "%s", name);
	ivp_uuid_make(geometry.uuid);
	if (ivp_layout_compute(&geometry, &layout, &why) != 0)
		bench_fail(&why);
	make_window(name, "data", layout.data_object_bytes, &geometry, &layout, IVP_WINDOW_DATA);
	make_window(name, "credit", layout.credit_object_bytes, &geometry, &layout,
		    IVP_WINDOW_CREDIT);
}

static void write_conf(void)
{
	static const char *const links[] = {"in", "out"};
	char path[256];
	FILE *to;

	snprintf(path, sizeof(path), "%s/stage.conf", folder);
	to = fopen(path, "we");
	if (!to)
		bench_die(path);
	for (unsigned i = 0; i < 2; i++)
		fprintf(to,
			"link %s { slots = %u frame = %u data = \"file:%s/%s.data\" "
			"credit = \"file:%s/%s.credit\" }\n",
			links[i], SLOTS, FRAME, folder, links[i], folder, links[i]);
	fputs("stage copy { input = in output = out filter copy { } }\n", to);
	if (fclose(to) != 0)
		bench_die(path);
}

static pid_t start_stage(void)
{
	const char *build = getenv("BUILD");
	char program[4096], conf[256];
	pid_t child;

	snprintf(program, sizeof(program), "%s/pipeline-stage", build ? build : "build");
	snprintf(conf, sizeof(conf), "%s/stage.conf", folder);
	fflush(NULL);
	child = fork();
	if (child < 0)
		bench_die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, "--config", conf, (char *)NULL);
		_exit(EX_UNAVAILABLE);
	}
	return child;
}

/* As many frames as there is room for. */
static void feed(struct ivp_output_port *port)
{
	const struct ivp_frame frame = {.kind = IVP_KIND_PIXELS,
					.flags = IVP_FLAG_LAST,
					.shape = {256, 256, IVP_FORMAT_GRAY8},
					.stride = 256,
					.payload_bytes = FRAME};
	struct ivp_slot slot;

	while (ivp_producer_reserve(&port->link, &slot, NULL) == 0)
		ivp_producer_commit(&port->link, &frame);
}

/* Takes the frames that are there. Returns how many. */
static unsigned drain(struct ivp_input_port *port)
{
	struct ivp_frame frame;
	unsigned count = 0;

	while (ivp_consumer_acquire(&port->link, &frame, NULL) == 0) {
		ivp_consumer_release(&port->link);
		count++;
	}
	return count;
}

static void await_frame(struct ivp_output_port *to, struct ivp_input_port *from)
{
	const uint64_t start = ivp_now_ns();

	while (drain(from) == 0) {
		feed(to);
		ivp_consumer_wait(&from->link, 1000000);
		if (ivp_now_ns() - start > LONGEST_S * 1000000000ull) {
			fprintf(stderr, "bench: no frame comes: is BUILD right?\n");
			exit(EX_SOFTWARE);
		}
	}
}

static double time_recovery(struct ivp_output_port *to, struct ivp_input_port *from, pid_t *stage)
{
	uint64_t start;

	feed(to);
	await_frame(to, from);
	start = ivp_now_ns();
	kill(*stage, SIGKILL);
	while (waitpid(*stage, NULL, 0) < 0 && errno == EINTR)
		;
	*stage = start_stage();
	drain(from); /* what it had put out */
	await_frame(to, from);
	return (double)(ivp_now_ns() - start) / 1e6;
}

static void open_ports(struct ivp_output_port *to, struct ivp_input_port *from)
{
	struct ivp_port_options options = {.patience_ns = 10000000000u};
	char data[256], credit[256];
	struct ivp_why why;

	options.data = data;
	options.credit = credit;
	options.link = "in";
	snprintf(data, sizeof(data), "file:%s/in.data", folder);
	snprintf(credit, sizeof(credit), "file:%s/in.credit", folder);
	if (ivp_output_port_open(to, &options, &why) != 0)
		bench_fail(&why);
	options.link = "out";
	snprintf(data, sizeof(data), "file:%s/out.data", folder);
	snprintf(credit, sizeof(credit), "file:%s/out.credit", folder);
	if (ivp_input_port_open(from, &options, &why) != 0)
		bench_fail(&why);
}

static void measure_recovery(void)
{
	struct ivp_output_port to;
	struct ivp_input_port from;
	pid_t stage;

	make_link("in");
	make_link("out");
	write_conf();
	open_ports(&to, &from);
	stage = start_stage();
	for (unsigned round = 0; round < bench.rounds; round++) {
		double times[KILLS];

		for (unsigned i = 0; i < KILLS; i++)
			times[i] = time_recovery(&to, &from, &stage);
		sample(RECOVERY, bench_median(times, KILLS));
	}
	kill(stage, SIGKILL);
	while (waitpid(stage, NULL, 0) < 0 && errno == EINTR)
		;
	ivp_output_port_close(&to, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&from, IVP_STATE_FINISHED, 0);
}

static void remove_files(void)
{
	static const char *const files[] = {"in.data", "in.credit", "out.data", "out.credit",
					    "stage.conf"};
	char path[256];

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

int main(int argc, char **argv)
{
	struct bench_link link;

	bench_options(&bench, argc, argv);
	/* In memory, as the windows of a run are. */
	snprintf(folder, sizeof(folder), "/dev/shm/ivpipe-bench-XXXXXX");
	if (mkdtemp(folder) == NULL)
		bench_die(folder);
	if (atexit(remove_files) != 0)
		bench_die("atexit");
	link = bench_link_create("notes", 2, 4096);
	for (unsigned round = 0; round < bench.rounds; round++) {
		const double attempt = time_attempts(&link), own = time_own(&link);
		const double copy = time_copy();

		sample(ATTEMPT, attempt);
		sample(OWN, own);
		sample(LEDGER, time_ledger());
		sample(COPY, copy);
		sample(PRICE, 100 * (attempt + own) / copy);
	}
	bench_link_destroy(&link);
	measure_recovery();
	return bench_report(&bench, series, SERIES);
}
