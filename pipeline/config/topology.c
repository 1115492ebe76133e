/* SPDX-License-Identifier: MIT */
/* The topology as an object: made from text, looked into, destroyed. */
#include "config/topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "config/params.h"
#include "transport/region.h"
#include "transport/window.h"

#define MIB    (1ull << 20)
#define SECOND 1000000000ull

/* Of a stage that has no key wake: the topology's may come behind it. */
#define AS_TOPOLOGY ((enum ivp_wake)(IVP_WAKE_POLL + 1))

const struct ivp_restart_conf ivp_restart_defaults = {
    .policy = IVP_RESTART_ON_FAILURE,
    .limit = 5,
    .delay_ns = SECOND / 10,
};

struct ivp_link_conf *ivp_topology_link(const struct ivp_topology *topology, const char *name)
{
	for (unsigned i = 0; i < topology->link_count; i++)
		if (strcmp(topology->links[i]->name, name) == 0)
			return topology->links[i];
	return NULL;
}

struct ivp_stage_conf *ivp_topology_stage(const struct ivp_topology *topology, const char *name)
{
	for (unsigned i = 0; i < topology->stage_count; i++)
		if (strcmp(topology->stages[i]->name, name) == 0)
			return topology->stages[i];
	return NULL;
}

enum ivp_wake ivp_stage_wake(const struct ivp_topology *topology,
			     const struct ivp_stage_conf *stage)
{
	return stage->wake == AS_TOPOLOGY ? topology->wake : stage->wake;
}

struct ivp_link_conf *ivp_build_link(struct ivp_builder *builder, const char *name,
				     const char *file, int line)
{
	struct ivp_topology *topology = builder->topology;
	struct ivp_link_conf *link = ivp_topology_link(topology, name), **links;

	if (link)
		return link;
	links =
	    realloc(topology->links, (topology->link_count + 1) * sizeof(struct ivp_link_conf *));
	if (links)
		topology->links = links;
	link = links ? calloc(1, sizeof(*link)) : NULL;
	if (!link) {
		builder->error = -ENOMEM;
		return NULL;
	}
	topology->links[topology->link_count++] = link;
	*link = (struct ivp_link_conf){
	    .file = file,
	    .line = line,
	    .slots = 4,
	    .frame_bytes = 16 * MIB,
	    .metadata_bytes = 4096,
	    .policy = IVP_POLICY_BLOCK,
	    .isolation = IVP_ISOLATION_ONE_WAY,
	    .mode = 0600,
	    .prefault = true,
	    .numa_node = -1,
	    .folder = IVP_REGION_FOLDER,
	    .timeout_ns = 60 * SECOND,
	    .data = strdup("auto"),
	    .credit = strdup("auto"),
	};
	snprintf(link->name, sizeof(link->name), "%s", name);
	if (!link->data || !link->credit)
		builder->error = -ENOMEM;
	return link;
}

struct ivp_stage_conf *ivp_build_stage(struct ivp_builder *builder, const char *name,
				       const char *file, int line)
{
	struct ivp_topology *topology = builder->topology;
	struct ivp_stage_conf **stages, *stage;

	stages = realloc(topology->stages,
			 (topology->stage_count + 1) * sizeof(struct ivp_stage_conf *));
	if (stages)
		topology->stages = stages;
	stage = stages ? calloc(1, sizeof(*stage)) : NULL;
	if (!stage) {
		builder->error = -ENOMEM;
		return NULL;
	}
	topology->stages[topology->stage_count++] = stage;
	*stage = (struct ivp_stage_conf){
	    .file = file,
	    .line = line,
	    .run = IVP_RUN_GUEST,
	    .memory_bytes = 128 * MIB,
	    .threads = 1,
	    .restart = ivp_restart_defaults,
	    .stall_ns = 60 * SECOND,
	    .wake = AS_TOPOLOGY,
	};
	snprintf(stage->name, sizeof(stage->name), "%s", name);
	return stage;
}

/* The file's name without folder and .conf, made into a name that the wire takes. */
static void name_after(const char *file, char name[IVP_NAME_BYTES])
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t bytes = strlen(base);

	if (bytes > 5 && strcmp(base + bytes - 5, ".conf") == 0)
		bytes -= 5;
	if (bytes >= IVP_NAME_BYTES)
		bytes = IVP_NAME_BYTES - 1;
	for (size_t i = 0; i < bytes; i++) {
		char c = base[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			c = '-';
		name[i] = c;
	}
	name[bytes] = '\0';
	if (*name < 'a' || *name > 'z')
		memcpy(name, "pipeline", sizeof("pipeline"));
}

static struct ivp_topology *make_empty(const char *file)
{
	struct ivp_topology *topology = calloc(1, sizeof(*topology));

	if (!topology)
		return NULL;
	name_after(file, topology->name);
	topology->feeder = (struct ivp_feeder_conf){
	    .orient = true,
	    .max_pixels = 100000000,
	    .max_side = 30000,
	    .max_bytes = 256 * MIB,
	};
	topology->sink = (struct ivp_sink_conf){
	    .format = IVP_SINK_PNG,
	    .quality = 90,
	    .compression = 1,
	};
	return topology;
}

static bool has_end(const struct ivp_topology *topology, const struct ivp_link_conf *link)
{
	for (unsigned i = 0; i < topology->stage_count; i++)
		if (topology->stages[i]->input == link || topology->stages[i]->output == link)
			return true;
	return topology->feeder.output == link || topology->sink.input == link;
}

/* A link that nothing names is a misspelt one, in a whole chain as well as in a part of it. */
static void check_unused(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	for (unsigned i = 0; i < topology->link_count; i++) {
		const struct ivp_link_conf *link = topology->links[i];
		char label[64];

		snprintf(label, sizeof(label), "link %s", link->name);
		if (!has_end(topology, link))
			ivp_diag_error(diag, link->file, link->line, label,
				       "no stage, feeder or sink uses it");
	}
}

/* Where it is not said how many processors a guest has. */
static void choose_cpus(const struct ivp_topology *topology)
{
	for (unsigned i = 0; i < topology->stage_count; i++)
		if (topology->stages[i]->cpus == 0)
			topology->stages[i]->cpus = topology->stages[i]->threads;
}

static int read_topology(const char *text, const char *file, struct ivp_topology **result,
			 struct ivp_diag *diag)
{
	struct ivp_builder builder = {.diag = diag};
	unsigned errors = diag->errors;
	struct ivp_conf conf;
	int error = ivp_conf_load(text, file, ivp_grammar, &conf, diag);

	*result = NULL;
	builder.topology = error ? NULL : make_empty(file);
	if (error == 0 && !builder.topology)
		error = -ENOMEM;
	if (error == 0) {
		builder.topology->files = conf.files;
		builder.topology->file_count = conf.file_count;
		builder.topology->file = conf.files[0];
		conf.files = NULL;
		conf.file_count = 0;
		builder.complete = conf.complete;
		ivp_build_topology(&builder, &conf.root);
		error = builder.error;
		if (error)
			ivp_diag_error(diag, file, 0, NULL, "%s", strerror(-error));
	}
	ivp_conf_finish(&conf);
	if (error == 0)
		choose_cpus(builder.topology);
	if (error == 0 && diag->errors == errors)
		check_unused(builder.topology, diag);
	/* A part of a chain may leave links to their defaults; a chain with a wrong value will not be
	 * looked at as a whole. */
	else if (error == 0 && builder.complete &&
		 (builder.topology->feeder.declared || builder.topology->sink.declared))
		ivp_topology_check_declared(builder.topology, diag);
	if (error == 0 && diag->errors != errors)
		error = -EINVAL;
	if (error) {
		ivp_topology_destroy(builder.topology);
		return error;
	}
	*result = builder.topology;
	return 0;
}

int ivp_topology_read(const char *file, struct ivp_topology **topology, struct ivp_diag *diag)
{
	return read_topology(NULL, file, topology, diag);
}

int ivp_topology_parse(const char *text, const char *file, struct ivp_topology **topology,
		       struct ivp_diag *diag)
{
	return read_topology(text, file, topology, diag);
}

void ivp_topology_destroy(struct ivp_topology *topology)
{
	if (!topology)
		return;
	for (unsigned i = 0; i < topology->link_count; i++) {
		free(topology->links[i]->owner);
		free(topology->links[i]->data);
		free(topology->links[i]->credit);
		free(topology->links[i]);
	}
	for (unsigned i = 0; i < topology->stage_count; i++) {
		struct ivp_stage_conf *stage = topology->stages[i];

		for (unsigned j = 0; j < stage->filter_count; j++) {
			ivp_params_finish(stage->filters[j].filter, stage->filters[j].self);
			free(stage->filters[j].self);
		}
		free(stage->filters);
		free(stage);
	}
	for (unsigned i = 0; i < topology->feeder.input_count; i++)
		free(topology->feeder.inputs[i]);
	free(topology->feeder.inputs);
	free(topology->sink.output);
	free(topology->hugetlbfs);
	for (unsigned i = 0; i < topology->file_count; i++)
		free(topology->files[i]);
	free(topology->files);
	free(topology->links);
	free(topology->stages);
	free(topology);
}

int ivp_link_layout(const struct ivp_link_conf *link, struct ivp_layout *layout,
		    struct ivp_why *why)
{
	struct ivp_geometry geometry = {
	    .epoch = 1, /* any but 0: sizes do not depend on it */
	    .slots = link->slots,
	    .consumers = 1,
	    .policy = (uint16_t)link->policy,
	    .isolation = (uint16_t)link->isolation,
	    .early_start = link->early_start,
	    .payload_bytes = link->frame_bytes,
	    .metadata_bytes = link->metadata_bytes,
	};

	memcpy(geometry.link_name, link->name, sizeof(geometry.link_name));
	int error = ivp_layout_compute(&geometry, layout, why);
	/* Both are powers of two. */
	if (!error && layout->data_object_bytes < link->page_bytes)
		layout->data_object_bytes = link->page_bytes;
	return error;
}

struct ivp_memory_use ivp_link_memory(const struct ivp_link_conf *link)
{
	return (struct ivp_memory_use){
	    .memory = link->memory,
	    .lazy = !link->prefault,
	    .lock = link->lock,
	    .bind = link->numa_node >= 0,
	    .node = link->numa_node >= 0 ? (unsigned)link->numa_node : 0,
	};
}
