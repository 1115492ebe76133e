/* SPDX-License-Identifier: MIT */
/*
 * What it costs to wait, by back end: a frame of a page goes from here through the stage copy and
 * back, after a pause in which all have gone to sleep; then nothing goes for a while, and the
 * processor time that the waiting takes is measured, here and in the process of the stage. Stages
 * are processes, and guests if a kernel and QEMU are there. Of a guest the idle time is that of
 * QEMU, most of which is not ours: its timers and its kernel.
 *
 * Environment: BUILD, as of make bench.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/units.h"
#include "config/topology.h"
#include "transport/port.h"

#define TRIPS    100
#define PAUSE_NS 50000000 /* longer than anybody spins; naps of who polls are 10 ms by then */
#define IDLE_NS  3000000000u
#define SLICE_NS 250000000u /* as a port waits */
#define BYTES    4096u

struct back_end {
	const char *name, *wake;
	bool guest;
};

static const struct back_end back_ends[] = {
    {"process, futex", "futex", false},
    {"process, doorbell by eventfd", "doorbell", false},
    {"process, polling", "poll", false},
    {"guest, doorbell by vfio-pci", "vfio", true},
    {"guest, doorbell by ivpipe_uio", "uio", true},
    {"guest, polling", "poll", true},
};

static char folder[256], name[32];
static const char *build;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_wakeups: %s: %s\n", what, why);
	exit(EX_OSERR);
}

/* Runs a command of the shell, with B the build folder, D ours and N the pipeline's name. */
static int shell(const char *command)
{
	char *line;
	int status;

	if (asprintf(&line, "B='%s' D='%s' N='%s' S='%s/..'; %s", build, folder, name, build,
		     command) < 0)
		die("shell", "no memory");
	status = system(line); /* NOLINT(cert-env33-c): pipes and loops, of our own words */
	free(line);
	return status;
}

/* The same in the background, ending with us; its words go to D/log. */
static pid_t start(const char *command)
{
	pid_t child = fork();

	if (child == 0) {
		char *line;
		int fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = open("/dev/null", O_RDONLY);
		if (dup2(fd, STDIN_FILENO) >= 0 &&
		    asprintf(&line, "B='%s' D='%s' N='%s'; exec >>$D/log 2>&1; %s", build, folder,
			     name, command) > 0)
			execl("/bin/bash", "bash", "-c", line, (char *)NULL);
		_exit(127);
	}
	if (child < 0)
		die("fork", strerror(errno));
	return child;
}

static void stop(pid_t child, int signal)
{
	kill(child, signal);
	(void)waitpid(child, NULL, 0);
}

static void write_conf(const struct back_end *end)
{
	char path[300];
	FILE *to;

	snprintf(path, sizeof(path), "%s/ping.conf", folder);
	to = fopen(path, "we");
	if (!to)
		die(path, strerror(errno));
	fprintf(to,
		"name = %s\nwake = %s\n"
		"link ping { slots = 4 frame = \"64KiB\" timeout = \"60s\" }\n"
		"link pong { slots = 4 frame = \"64KiB\" timeout = \"60s\" }\n"
		"stage copy { input = ping output = pong run = %s filter copy { } }\n"
		"feeder { input = { \"/dev/null\" } output = ping }\n"
		"sink { input = pong format = null }\n",
		name, end->wake, end->guest ? "guest" : "process");
	fclose(to);
}

/* The stage, in a process whose time is all its own. */
static pid_t start_stage(const struct back_end *end)
{
	if (!end->guest)
		return start("exec $B/pipeline-stage --config $D/ping.conf");
	if (shell("rm -f $D/*.cpio; grep -v '^feeder\\|^sink' $D/ping.conf >$D/stage.conf;"
		  "$B/pipeline image --init $B/guest/pipeline-stage --config $D/stage.conf "
		  "$(grep -q 'wake = poll' $D/ping.conf || echo --modules $S/build/kernel/modules) "
		  "--output $D/copy.cpio &&"
		  "$B/pipeline run $D/ping.conf --dry-run --run-dir $D 2>$D/log |"
		  "sed '/^#/d; /^$/d' >$D/arguments && [ -s $D/arguments ]") != 0)
		return -1;
	return start("mapfile -t a <$D/arguments; exec \"${a[@]}\"");
}

/* Processor time of another process, in seconds. */
static double time_of(pid_t process)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0)
		die("processor time of the stage", strerror(errno));
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static double own_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct ends {
	struct ivp_output_port ping;
	struct ivp_input_port pong;
};

static uint64_t trip(struct ends *ends, struct ivp_why *why)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct ivp_frame frame = {.kind = IVP_KIND_PIXELS,
				  .flags = IVP_FLAG_LAST,
				  .shape = {.width = 64, .height = 64, .format = IVP_FORMAT_GRAY8},
				  .stride = 64,
				  .payload_bytes = BYTES};
	struct ivp_slot slot;
	uint64_t start_ns;

	nanosleep(&pause, NULL);
	if (ivp_output_port_slot(&ends->ping, &slot, NULL, why) != 0)
		die("ping", why->text);
	memset(slot.payload, 1, BYTES);
	start_ns = ivp_now_ns();
	ivp_producer_commit(&ends->ping.link, &frame);
	if (ivp_input_port_next(&ends->pong, &frame, NULL, why) != 0)
		die("pong", why->text);
	start_ns = ivp_now_ns() - start_ns;
	ivp_consumer_release(&ends->pong.link);
	return start_ns;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double percentile_us(const uint64_t *sorted, unsigned percent)
{
	const size_t at = (size_t)TRIPS * percent / 100;

	return (double)sorted[at] / 1e3;
}

static json_t *measure(struct ends *ends, pid_t stage)
{
	static uint64_t trips[TRIPS];
	struct ivp_why why = {""};
	double idle_own, idle_stage;
	uint64_t start_ns;

	for (unsigned i = 0; i < TRIPS / 10; i++)
		(void)trip(ends, &why);
	for (unsigned i = 0; i < TRIPS; i++)
		trips[i] = trip(ends, &why);
	qsort(trips, TRIPS, sizeof(trips[0]), compare);
	idle_stage = time_of(stage);
	idle_own = own_time();
	start_ns = ivp_now_ns();
	while (ivp_now_ns() - start_ns < IDLE_NS)
		if (ivp_consumer_wait(&ends->pong.link, SLICE_NS) < 0)
			die("pong", "corrupt");
	const double seconds = (double)(ivp_now_ns() - start_ns) / 1e9;
	return json_pack("{s:f, s:f, s:f, s:f, s:f}", "round trip p50, us",
			 percentile_us(trips, 50), "p90, us", percentile_us(trips, 90), "p99, us",
			 percentile_us(trips, 99), "idle here, percent",
			 (own_time() - idle_own) / seconds * 100, "idle stage, percent",
			 (time_of(stage) - idle_stage) / seconds * 100);
}

static void tell(const char *text)
{
	fprintf(stderr, "bench_wakeups: %s\n", text);
}

static json_t *run(const struct back_end *end)
{
	struct ivp_port_options options = {
	    .pipeline = name, .patience_ns = 60000000000u, .tell = tell};
	const bool bells = strcmp(end->wake, "futex") != 0 && strcmp(end->wake, "poll") != 0;
	struct ivp_why why = {""};
	struct ends ends;
	json_t *result = NULL;
	pid_t server = -1, stage;

	write_conf(end);
	for (unsigned i = 0; ivp_wake_words[i]; i++)
		if (strcmp(ivp_wake_words[i], end->wake) == 0)
			options.wake = (enum ivp_wake)i;
	if (shell("$B/pipeline create $D/ping.conf >$D/log 2>&1") != 0)
		die("cannot create links", folder);
	if (bells) {
		server = start("exec $B/pipeline doorbell-server $D/ping.conf");
		while (shell("[ -S /dev/shm/ivpipe.$N.pong.bell ]") != 0)
			usleep(1000);
	}
	stage = start_stage(end);
	if (stage > 0) {
		options.link = "ping";
		if (ivp_output_port_open(&ends.ping, &options, &why) != 0)
			die("ping", why.text);
		options.link = "pong";
		if (ivp_input_port_open(&ends.pong, &options, &why) != 0)
			die("pong", why.text);
		result = measure(&ends, stage);
		ivp_output_port_close(&ends.ping, IVP_STATE_FINISHED, 0);
		ivp_input_port_close(&ends.pong, IVP_STATE_FINISHED, 0);
		stop(stage, SIGKILL);
	}
	if (server > 0)
		stop(server, SIGTERM);
	shell("$B/pipeline destroy $N >$D/log 2>&1; rm -f $D/*.cpio");
	return result ? result : json_null();
}

int main(void)
{
	const char *base = getenv("TMPDIR");
	json_t *results = json_object();

	build = getenv("BUILD");
	if (!build)
		die("BUILD", "is not set: make bench");
	snprintf(folder, sizeof(folder), "%s/ivpipe-bench-XXXXXX", base ? base : "/tmp");
	snprintf(name, sizeof(name), "bench-%d", (int)getpid());
	if (!mkdtemp(folder))
		die(folder, strerror(errno));
	for (size_t i = 0; i < sizeof(back_ends) / sizeof(back_ends[0]); i++) {
		const bool there =
		    !back_ends[i].guest ||
		    (shell("[ -s $B/guest/pipeline-stage ] && command -v qemu-system-x86_64 "
			   ">/dev/null") == 0 &&
		     (strcmp(back_ends[i].wake, "uio") != 0 ||
		      shell("[ -e $S/build/kernel/modules/ivpipe_uio.ko ]") == 0));

		json_object_set_new(results, back_ends[i].name,
				    there ? run(&back_ends[i]) : json_null());
	}
	shell("rm -rf $D");
	results = json_pack("{s:s, s:o}", "name", "wakeups", "results", results);
	json_dumpf(results, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(results);
	return EX_OK;
}
