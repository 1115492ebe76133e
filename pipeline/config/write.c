/* SPDX-License-Identifier: MIT */
/* A stage as text. Numbers are written in the largest unit that is exact. */
#include "config/isa.h"
#include "config/topology.h"

#include <stdlib.h>
#include <string.h>

#include "config/params.h"
#include "transport/window.h"

static void write_size(FILE *to, const char *key, uint64_t bytes)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	unsigned i = 0;

	while (i < 3 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	fprintf(to, "    %s = \"%llu%s\"\n", key, (unsigned long long)bytes, units[i]);
}

static void write_duration(FILE *to, const char *key, uint64_t nanoseconds)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	unsigned i = 0;

	while (i < 3 && nanoseconds >= 1000 && nanoseconds % 1000 == 0) {
		nanoseconds /= 1000;
		i++;
	}
	fprintf(to, "    %s = \"%llu%s\"\n", key, (unsigned long long)nanoseconds, units[i]);
}

static void write_link(FILE *to, const struct ivp_link_conf *link)
{
	char uuid[37];

	fprintf(to, "\nlink %s {\n    slots = %u\n", link->name, link->slots);
	write_size(to, "frame", link->frame_bytes);
	write_size(to, "metadata", link->metadata_bytes);
	fprintf(to,
		"    policy = %s\n    isolation = %s\n    checksum = %s\n"
		"    early-start = %s\n    stores = %s\n",
		ivp_policy_words[link->policy],
		link->isolation == IVP_ISOLATION_SHARED ? "shared" : "one-way",
		link->checksum ? "yes" : "no", link->early_start ? "yes" : "no",
		ivp_stores_words[link->stores]);
	fprintf(to, "    loads = %s\n    prefault = %s\n    lock = %s\n",
		ivp_loads_words[link->loads], link->prefault ? "yes" : "no",
		link->lock ? "yes" : "no");
	write_duration(to, "timeout", link->timeout_ns);
	if (link->has_uuid)
		fprintf(to, "    uuid = \"%s\"\n", ivp_uuid_format(link->uuid, uuid));
	fputs("    data = auto\n    credit = auto\n}\n", to);
}

/* The file that the row holds, or NULL. */
static const struct ivp_param_file *file_in(const struct ivp_param *param, const void *self)
{
	const struct ivp_param_file *file =
	    (const struct ivp_param_file *)((const uint8_t *)self + param->offset);

	return param->type == IVP_PARAM_FILE && file->name ? file : NULL;
}

const struct ivp_param_file *ivp_topology_stage_file(const struct ivp_stage_conf *stage,
						     unsigned index, char place[IVP_FILE_PLACE])
{
	unsigned count = 0;

	for (unsigned i = 0; i < stage->filter_count; i++) {
		const struct ivp_filter_conf *conf = &stage->filters[i];
		const struct ivp_param *param = conf->filter->params;

		for (; param && param->name; param++)
			if (file_in(param, conf->self) && count++ == index) {
				snprintf(place, IVP_FILE_PLACE, "%s.file-%u", stage->name, count);
				return file_in(param, conf->self);
			}
	}
	return NULL;
}

static void write_file(FILE *to, const struct ivp_param *param, const struct ivp_stage_conf *stage,
		       const struct ivp_param_file *file)
{
	char place[IVP_FILE_PLACE] = "";
	unsigned index = 0;

	while (file && ivp_topology_stage_file(stage, index, place) != file)
		index++;
	fprintf(to, "        %s = \"%s\"\n", param->name, place);
}

/* A number or a word, as the parameter table prints it: in quotes unless it is plain. */
static void write_parameter(FILE *to, const struct ivp_param *param, const void *self)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_";
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);
	const char *quote;

	if (!memory)
		return;
	ivp_param_print(param, self, memory);
	if (fclose(memory) == 0) {
		quote = text[strspn(text, plain)] == '\0' ? "" : "\"";
		fprintf(to, "        %s = %s%s%s\n", param->name, quote, text, quote);
	}
	free(text);
}

/* Labels number the uses of a filter that the stage lists more than once. */
static void write_filter(FILE *to, const struct ivp_stage_conf *stage, unsigned index)
{
	const struct ivp_filter_conf *conf = &stage->filters[index];
	const struct ivp_param *param = conf->filter->params;
	unsigned earlier = 0;

	for (unsigned i = 0; i < index; i++)
		earlier += stage->filters[i].filter == conf->filter;
	fprintf(to, "    filter %s", conf->filter->name);
	if (earlier > 0)
		fprintf(to, ":%u", earlier + 1);
	fputs(" {\n", to);
	for (; param && param->name; param++)
		if (param->type == IVP_PARAM_FILE)
			write_file(to, param, stage, file_in(param, conf->self));
		else
			write_parameter(to, param, conf->self);
	fputs("    }\n", to);
}

void ivp_topology_write_stage(const struct ivp_topology *topology,
			      const struct ivp_stage_conf *stage, FILE *to)
{
	fprintf(to, "# Stage %s of pipeline %s.\n\nname = %s\n", stage->name, topology->name,
		topology->name);
	write_link(to, stage->input);
	if (stage->output != stage->input)
		write_link(to, stage->output);
	fprintf(to, "\nstage %s {\n    input = %s\n    output = %s\n    run = %s\n", stage->name,
		stage->input->name, stage->output->name,
		stage->run == IVP_RUN_PROCESS ? "process" : "guest");
	write_size(to, "memory", stage->memory_bytes);
	fprintf(to, "    cpus = %u\n    threads = %u\n    isa = %s\n    wait = %s\n", stage->cpus,
		stage->threads, ivp_isa_words[stage->isa], ivp_wait_words[stage->wait]);
	fprintf(to, "    restart = %s\n    restart-limit = %u\n",
		stage->restart.policy == IVP_RESTART_NO ? "no" : "on-failure",
		stage->restart.limit);
	write_duration(to, "restart-delay", stage->restart.delay_ns);
	write_duration(to, "stall", stage->stall_ns);
	fprintf(to, "    wake = %s\n", ivp_wake_words[ivp_stage_wake(topology, stage)]);
	for (unsigned i = 0; i < stage->filter_count; i++)
		write_filter(to, stage, i);
	fputs("}\n", to);
}
