/* SPDX-License-Identifier: MIT */
/*
 * feeder -> stage -> sink for tests that kill them at steps of the protocol: what each of the
 * processes does, and where it dies. The transport is compiled into the test with its steps; the
 * library is free of them.
 *
 * A test says first: EARLY_START, whether its links have it.
 */
#ifndef IVP_TESTS_HELPERS_KILL_ROLES_H
#define IVP_TESTS_HELPERS_KILL_ROLES_H

#define IVP_STEPS

#include "helpers/inverter.h"
#include "helpers/links.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../stages/need.h"

/* What the transport calls for futexes: as the system call, but sleeps never end by themselves. */
static long call_futex(long number, const uint32_t *word, int operation, uint32_t value,
		       const struct timespec *timeout, void *none, int zero)
{
	(void)timeout;
	return syscall(number, word, operation, value, NULL, none, zero);
}

#define syscall call_futex
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "stage/image.c"
#include "stage/runner.c"
#include "transport/attach.c"
#include "transport/consume.c"
#include "transport/produce.c"
#include "transport/notify.c"
#include "transport/overwrite.c"
#include "transport/port.c"
#include "transport/watermark.c"
/* NOLINTEND(bugprone-suspicious-include) */
#undef syscall

#define FRAMES       6
#define SLOTS        2
#define PATIENCE     3600000000000u
#define RANDOM_KILLS 8    /* in each random run */
#define TALL         1100 /* rows of 64 bytes: enough for a stage to show its result */
#define LINGER       300  /* looks whether somebody waits for rows */
#define HANG_S       60   /* without a step of anybody */

/* PASSES: how often a step is passed before it is deadly. Sanitized processes are slow to fork. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PASSES      1
#define RANDOM_RUNS 15
#else
#define PASSES      3
#define RANDOM_RUNS 60
#endif

enum { FEEDER, STAGE, SINK, ROLES };
static const char *const role_names[ROLES] = {"feeder", "stage", "sink"};

#define STEP_NAME(name) #name,
static const char *const step_names[IVP_STEP_COUNT] = {IVP_STEP_NAMES(STEP_NAME)};

/* What the sink has stored of the frame at a position. */
struct record {
	uint64_t id;
	uint32_t kind, sum, times;
};

/* Seen by all processes. */
struct board {
	uint32_t passed[ROLES][IVP_STEP_COUNT];
	struct record stored[FRAMES + 1];
	uint32_t life[FRAMES]; /* of the feeder, that drew the frame last: each draws others */
};

struct fixture {
	char folder[256];
	struct test_link before, after;
	struct board *board;
	pid_t children[ROLES]; /* 0: not running */
	bool done[ROLES];
	/* Who is to die next, and where: at a step, or after so many steps of any kind. */
	int victim, step, countdown;
	unsigned pass;
	unsigned deaths[ROLES][IVP_STEP_COUNT];
	unsigned kills, kills_before; /* in all, and in earlier streams */
	uint64_t random;
	char story[256]; /* of the run at hand, for messages */
};

/* In a child: its part of the fixture. */
static struct fixture *here;
static int my_role;
static int my_countdown; /* 0: none */
static bool marked;      /* this life is to end at the step that the fixture names */

void ivp_step(enum ivp_step step)
{
	uint32_t passed = ++here->board->passed[my_role][step];

	if ((marked && (int)step == here->step && passed == here->pass) ||
	    (my_countdown > 0 && --my_countdown == 0)) {
		kill(getpid(), SIGKILL);
		pause();
	}
}

static struct ivp_port_options options_for(const struct test_link *link)
{
	return (struct ivp_port_options){.link = link->geometry.link_name,
					 .data = link->data_where,
					 .credit = link->credit_where,
					 .patience_ns = PATIENCE,
					 .checksum = true};
}

static struct ivp_shape shape_of(uint64_t id)
{
	return (struct ivp_shape){20 + (uint32_t)(id * 7 % 40),
				  1 + (uint32_t)(id % 3) + (EARLY_START ? TALL : 0),
				  IVP_FORMAT_GRAY8};
}

static uint8_t pixel_of(const struct fixture *f, uint64_t id, uint32_t x, uint32_t y)
{
	return (uint8_t)(id * 31 + f->board->life[id] * 17 + 3 * x + 5 * y + 1);
}

/* Gives whoever waits for rows the time to begin on those that are there. */
static void linger(const struct fixture *f)
{
	const struct ivp_wire_owner *stage = owner_in(f->before.credit[0].base);

	for (int i = 0; i < LINGER && ivp_load_relaxed(&stage->wake_rows) == 0; i++)
		sched_yield();
}

/* Fills the slot, and shows it third by third. */
static void draw(const struct fixture *f, struct ivp_producer *producer,
		 const struct ivp_frame *frame, const struct ivp_slot *slot)
{
	const uint32_t height = frame->shape.height, third = height / 3 + 1;

	f->board->life[frame->id] = producer->generation;
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < frame->shape.width; x++)
			slot->payload[y * frame->stride + x] = pixel_of(f, frame->id, x, y);
		if (!EARLY_START || (y + 1) % third != 0)
			continue;
		if (y + 1 == third)
			ivp_producer_show(producer, frame, y + 1);
		else
			ivp_producer_rows(producer, y + 1);
		linger(f);
	}
}

static int feed(struct fixture *f, struct ivp_why *why)
{
	struct ivp_port_options options = options_for(&f->before);
	struct ivp_output_port port;
	struct ivp_frame last;
	struct ivp_slot slot;
	int error = ivp_output_port_open(&port, &options, why);
	uint64_t id = !error && ivp_producer_last(&port.link, &last) ? last.id + 1 : 0;

	for (; !error && id <= FRAMES; id++) {
		struct ivp_frame frame = {.id = id, .flags = IVP_FLAG_LAST, .kind = IVP_KIND_END};

		error = ivp_output_port_slot(&port, &slot, NULL, why);
		if (error)
			break;
		if (id < FRAMES) {
			IVP_STEP(fill);
			frame.kind = IVP_KIND_PIXELS;
			frame.shape = shape_of(id);
			ivp_shape_size(&frame.shape, &frame.stride, &frame.payload_bytes);
			draw(f, &port.link, &frame, &slot);
		}
		ivp_producer_commit(&port.link, &frame);
	}
	if (!error)
		ivp_output_port_close(&port, IVP_STATE_FINISHED, 0);
	return error;
}

static const struct ivp_filter inverter = {.name = "invert",
					   .formats = IVP_FORMATS_8BIT,
					   .need = ivp_need_same_rows,
					   .apply = apply_invert};

static int work(struct fixture *f, struct ivp_why *why)
{
	struct ivp_port_options before = options_for(&f->before), after = options_for(&f->after);
	const struct ivp_filter_conf conf = {&inverter, NULL, 1};
	struct ivp_runner_result result = {0};
	struct ivp_output_port output;
	struct ivp_input_port input;
	struct ivp_chain chain;
	int error = ivp_chain_init(&chain, &conf, 1);

	if (!error)
		error = ivp_input_port_open(&input, &before, why);
	if (!error)
		error = ivp_output_port_open(&output, &after, why);
	if (!error)
		error = ivp_runner_run(&input, &output, &chain, NULL, NULL, &result, why);
	if (error)
		return error;
	if (!result.ended || result.errors != 0) {
		ivp_why_set(why, "the stage stopped before the end, or made errors");
		return -EINVAL;
	}
	ivp_output_port_close(&output, IVP_STATE_FINISHED, 0);
	ivp_input_port_close(&input, IVP_STATE_FINISHED, 0);
	ivp_chain_finish(&chain);
	return 0;
}

static uint32_t sum_bytes(uint32_t sum, uint8_t byte)
{
	return (sum ^ byte) * 0x01000193u; /* FNV-1a */
}

static void store(struct fixture *f, const struct ivp_frame *frame)
{
	struct record *record = &f->board->stored[frame->position];

	record->sum = 0x811c9dc5u;
	for (uint64_t i = 0; i < frame->payload_bytes; i++)
		record->sum = sum_bytes(record->sum, frame->payload[i]);
	record->id = frame->id;
	record->kind = frame->kind;
	record->times++;
}

/* Sums a frame up as its rows come. Returns 0 when it is committed, and is what was read;
 * IVP_WITHDRAWN; or -errno. */
static int read_shown(struct ivp_input_port *port, struct ivp_frame *frame, struct ivp_why *why)
{
	const uint32_t step = frame->shape.height / 4;
	struct ivp_frame whole;
	uint32_t sum = 0x811c9dc5u, rest = 0x811c9dc5u, y = 0;
	int error = 0;

	ivp_consumer_begin(&port->link);
	while (!error && y < frame->shape.height) {
		const uint32_t end =
		    y + step < frame->shape.height ? y + step : frame->shape.height;

		error = ivp_input_port_rows(port, end, NULL, why);
		for (; !error && y < end; y++)
			for (uint32_t x = 0; x < frame->shape.width; x++)
				sum = sum_bytes(sum, frame->payload[y * frame->stride + x]);
	}
	if (!error)
		error = ivp_input_port_next(port, &whole, NULL, why);
	if (!error)
		error = ivp_consumer_confirm(&port->link, frame, &whole, why);
	if (error) {
		ivp_consumer_abandon(&port->link);
		return error;
	}
	*frame = whole;
	for (y = 0; y < whole.shape.height; y++)
		for (uint32_t x = 0; x < whole.shape.width; x++)
			rest = sum_bytes(rest, whole.payload[y * whole.stride + x]);
	if (sum == rest)
		return 0;
	ivp_why_set(why, "rows of frame %llu were others than those that were committed",
		    (unsigned long long)frame->id);
	return -EILSEQ;
}

static int next_frame_of_sink(struct ivp_input_port *port, struct ivp_frame *frame,
			      struct ivp_why *why)
{
	bool shown;
	int error = ivp_input_port_next_early(port, frame, &shown, NULL, why);

	if (!error && shown)
		error = read_shown(port, frame, why);
	else if (!error)
		ivp_consumer_begin(&port->link);
	if (error != IVP_WITHDRAWN)
		return error;
	error = ivp_input_port_next(port, frame, NULL, why);
	if (!error)
		ivp_consumer_begin(&port->link);
	return error;
}

static int drain(struct fixture *f, struct ivp_why *why)
{
	struct ivp_port_options options = options_for(&f->after);
	struct ivp_input_port port;
	struct ivp_frame frame;
	int error = ivp_input_port_open(&port, &options, why);

	/* The end may have been taken by a life that died before it could leave. */
	while (!error && port.link.ring.tail <= FRAMES) {
		error = next_frame_of_sink(&port, &frame, why);
		if (error)
			break;
		store(f, &frame);
		ivp_consumer_release(&port.link);
	}
	if (!error)
		ivp_input_port_close(&port, IVP_STATE_FINISHED, 0);
	return error;
}

#endif
