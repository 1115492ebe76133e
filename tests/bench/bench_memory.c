/* SPDX-License-Identifier: MIT */
/*
 * What the programs of a chain hold in memory while it runs as local processes: their own (heap,
 * stacks, code: what would go if they went) and the windows, which all of them share. The largest
 * values seen in /proc while configs/blur-resize.conf takes sample-images in; its rounds are runs.
 *
 * Run it from the top folder; BUILD is the folder of the programs (default: build).
 */
#include "bench/bench.h"

#include <dirent.h>
#include <ftw.h>

#define LOOK_US  1000
#define PROGRAMS 4u

static struct bench bench = {.name = "memory", .rounds = 3};

static const char *const programs[PROGRAMS] = {"pipeline", "pipeline-feeder", "pipeline-stage",
					       "pipeline-sink"};

/* MiB; of stages, of the largest. */
struct memory {
	double own[PROGRAMS], windows[PROGRAMS];
};

/* The number behind key, if that is how the line begins. */
static double value_of(const char *line, const char *key)
{
	return strncmp(line, key, strlen(key)) == 0 ? strtod(line + strlen(key), NULL) : 0;
}

static void look(const char *pid, struct memory *memory)
{
	char path[300], line[256], name[64] = "";
	double anonymous = 0, file = 0, shared = 0;
	unsigned which = PROGRAMS;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	FILE *status = fopen(path, "re");
	if (status == NULL)
		return;
	while (fgets(line, sizeof(line), status)) {
		sscanf(line, "Name: %63s", name);
		anonymous += value_of(line, "RssAnon:");
		file += value_of(line, "RssFile:");
		shared += value_of(line, "RssShmem:");
	}
	fclose(status);
	for (unsigned i = 0; i < PROGRAMS; i++)
		if (strncmp(name, programs[i], 15) == 0) /* the kernel cuts names there */
			which = i;
	if (which == PROGRAMS)
		return;
	if ((anonymous + file) / 1024 > memory->own[which])
		memory->own[which] = (anonymous + file) / 1024;
	if (shared / 1024 > memory->windows[which])
		memory->windows[which] = shared / 1024;
}

/* The supervisor is session and leader of all that it starts. */
static void look_at_all(pid_t session, struct memory *memory)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;

	if (processes == NULL)
		bench_die("/proc");
	while ((entry = readdir(processes)) != NULL)
		if (getsid((pid_t)strtol(entry->d_name, NULL, 10)) == session)
			look(entry->d_name, memory);
	closedir(processes);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static _Noreturn void run(const char *folder)
{
	const char *build = getenv("BUILD");
	char program[4096], name[32];

	snprintf(program, sizeof(program), "%s/pipeline", build ? build : "build");
	snprintf(name, sizeof(name), "bench-%d", (int)getpid());
	if (setsid() < 0 || freopen("/dev/null", "w", stdout) == NULL ||
	    freopen("/dev/null", "w", stderr) == NULL)
		_exit(EX_OSERR);
	execl(program, program, "run", "configs/blur-resize.conf", "--local", "--name", name,
	      "--input", "sample-images", "--output", folder, (char *)NULL);
	_exit(EX_UNAVAILABLE);
}

static void measure(struct memory *memory)
{
	const char *base = getenv("TMPDIR");
	char folder[256];
	int status;

	snprintf(folder, sizeof(folder), "%s/ivpipe-bench-XXXXXX", base ? base : "/tmp");
	if (mkdtemp(folder) == NULL)
		bench_die("mkdtemp");
	fflush(NULL);
	pid_t child = fork();
	if (child < 0)
		bench_die("fork");
	if (child == 0)
		run(folder);
	while (waitpid(child, &status, WNOHANG) == 0) {
		look_at_all(child, memory);
		usleep(LOOK_US);
	}
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "bench: pipeline run failed, status %#x: is BUILD right?\n",
			(unsigned)status);
		exit(EX_SOFTWARE);
	}
}

static struct bench_series series[2 * PROGRAMS] = {
    {.name = "pipeline: own memory", .unit = "MiB"},
    {.name = "pipeline: windows", .unit = "MiB"},
    {.name = "pipeline-feeder: own memory", .unit = "MiB"},
    {.name = "pipeline-feeder: windows", .unit = "MiB"},
    {.name = "pipeline-stage: own memory", .unit = "MiB"},
    {.name = "pipeline-stage: windows", .unit = "MiB"},
    {.name = "pipeline-sink: own memory", .unit = "MiB"},
    {.name = "pipeline-sink: windows", .unit = "MiB"},
};

int main(int argc, char **argv)
{
	bench_options(&bench, argc, argv);
	for (unsigned round = 0; round < bench.rounds; round++) {
		struct memory memory = {{0}, {0}};
		measure(&memory);
		for (unsigned i = 0; i < PROGRAMS; i++) {
			bench_add(&series[2 * i], memory.own[i], BENCH_NEAR, BENCH_FAR);
			bench_add(&series[2 * i + 1], memory.windows[i], BENCH_NEAR, BENCH_FAR);
		}
	}
	return bench_report(&bench, series, 2 * PROGRAMS);
}
