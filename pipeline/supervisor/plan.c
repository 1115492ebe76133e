/* SPDX-License-Identifier: MIT */
/*
 * What the command line changes is written into the topology, so that everything after this
 * reads one description. The children read the file themselves and get the same changes as
 * options.
 */
#include "supervisor/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/bells.h"
#include "supervisor/memory.h"
#include "supervisor/places.h"
#include "supervisor/qemu.h"
#include "supervisor/requirements.h"

bool ivp_plan_name_valid(const char *name)
{
	const size_t length = strlen(name);

	return length > 0 && length < IVP_NAME_BYTES && *name >= 'a' && *name <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static int replace_inputs(struct ivp_feeder_conf *feeder, const struct ivp_run_options *options)
{
	char **inputs = calloc(options->input_count, sizeof(*inputs));

	if (!inputs)
		return -ENOMEM;
	for (unsigned i = 0; i < feeder->input_count; i++)
		free(feeder->inputs[i]);
	free(feeder->inputs);
	feeder->inputs = inputs;
	feeder->input_count = 0;
	for (unsigned i = 0; i < options->input_count; i++) {
		inputs[i] = strdup(options->inputs[i]);
		if (!inputs[i])
			return -ENOMEM;
		feeder->input_count++;
	}
	/* What findings name from now on. */
	feeder->file = "--input";
	feeder->line = 0;
	return 0;
}

/* The command line over the file. */
static int apply_options(struct ivp_plan *plan)
{
	const struct ivp_run_options *options = plan->options;
	struct ivp_topology *topology = plan->topology;
	int error = 0;

	if (options->name)
		snprintf(topology->name, sizeof(topology->name), "%s", options->name);
	if (options->input_count > 0)
		error = replace_inputs(&topology->feeder, options);
	if (!error && options->output) {
		char *output = strdup(options->output);

		if (!output)
			return -ENOMEM;
		free(topology->sink.output);
		topology->sink.output = output;
		topology->sink.file = "--output";
		topology->sink.line = 0;
	}
	for (unsigned i = 0; i < topology->stage_count; i++) {
		if (options->local)
			topology->stages[i]->run = IVP_RUN_PROCESS;
		plan->guests += topology->stages[i]->run == IVP_RUN_GUEST;
	}
	return error;
}

static int choose_accelerator(struct ivp_plan *plan, struct ivp_why *why)
{
	const enum ivp_accelerator wish = plan->options->accelerator;
	const bool usable = wish != IVP_ACCELERATOR_TCG && ivp_qemu_has_kvm();

	plan->kvm = usable || wish == IVP_ACCELERATOR_KVM;
	if (!plan->kvm || usable)
		return 0;
	ivp_why_set(why, "--accel kvm: this user cannot use /dev/kvm; --accel tcg always works, "
			 "slowly");
	return -ENODEV;
}

/* Adds the reason as a finding if the result is a failure. */
static void note(struct ivp_diag *diag, int error, const struct ivp_why *why)
{
	if (error)
		ivp_diag_error(diag, NULL, 0, NULL, "%s", why->text);
}

static bool has_modules(const struct ivp_plan *plan, bool vfio)
{
	const struct ivp_image_modules modules = {
	    .folder = plan->modules, .vfio = vfio, .uio = !vfio};

	return ivp_image_has_modules(&modules);
}

/* Modules are beside their kernel. Without them guests can ring and are not rung. */
static void find_modules(struct ivp_plan *plan, struct ivp_diag *diag)
{
	const char *slash = strrchr(plan->kernel, '/');
	struct ivp_image_modules modules;
	bool missing = false;

	if (!plan->kernel[0])
		return;
	snprintf(plan->modules, sizeof(plan->modules), "%.*s/modules",
		 slash ? (int)(slash - plan->kernel) : 1, slash ? plan->kernel : ".");
	plan->vfio = has_modules(plan, true);
	plan->uio = has_modules(plan, false);
	for (unsigned i = 0; i < plan->topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = plan->topology->stages[i];

		modules = ivp_plan_modules(plan, stage);
		missing =
		    missing || (stage->run == IVP_RUN_GUEST && !modules.vfio && !modules.uio &&
				ivp_bells_wanted(plan->topology, stage->input));
	}
	if (missing)
		ivp_diag_warn(
		    diag, NULL, 0, NULL,
		    "guests poll: the kernel modules that a doorbell needs are not in %s; "
		    "'make kernel' puts them there, 'wake = poll' takes this message away",
		    plan->modules);
}

static void find_all(struct ivp_plan *plan, struct ivp_diag *diag)
{
	const struct ivp_run_options *options = plan->options;
	struct ivp_why why;

	note(diag, ivp_places_program("pipeline-feeder", plan->feeder, &why), &why);
	note(diag, ivp_places_program("pipeline-sink", plan->sink, &why), &why);
	if (plan->guests < plan->topology->stage_count)
		note(diag, ivp_places_program("pipeline-stage", plan->stage, &why), &why);
	if (plan->guests == 0)
		return;
	note(diag, ivp_places_qemu(options->qemu, plan->qemu, &why), &why);
	note(diag, ivp_places_kernel(options->kernel, plan->kernel, &why), &why);
	find_modules(plan, diag);
	note(diag, ivp_places_image(options->image, plan->image, &why), &why);
	note(diag, choose_accelerator(plan, &why), &why);
	note(diag, ivp_walls_choose(options->user, plan->kvm, &plan->walls, &why), &why);
}

/* What this machine lacks. Returns 0, or the -errno that stands for the gravest finding. */
static int require_all(struct ivp_plan *plan, struct ivp_diag *diag)
{
	const int placed = ivp_memory_place(plan->topology, diag);
	const unsigned before = diag->errors;
	int files, memory;

	find_all(plan, diag);
	if (diag->errors > before) {
		ivp_require_files(plan->topology, diag);
		ivp_require_memory(plan->topology, diag);
		return -ENODEV;
	}
	files = ivp_require_files(plan->topology, diag);
	memory = ivp_require_memory(plan->topology, diag);
	return files ? files : placed ? placed : memory;
}

static int name_folder(struct ivp_plan *plan)
{
	const struct ivp_run_options *options = plan->options;
	int n;

	if (options->folder)
		n = snprintf(plan->folder, PATH_MAX, "%s", options->folder);
	else
		n = snprintf(plan->folder, PATH_MAX, "%s/ivpipe-%s-XXXXXX", ivp_places_runtime(),
			     plan->topology->name);
	/* Files in it are named by stages. */
	return n >= PATH_MAX - IVP_NAME_BYTES - 8 ? -ENAMETOOLONG : 0;
}

/* Adds the findings of missing; a dry run can do without what is missing, and only warns. */
static void take_over(struct ivp_diag *diag, struct ivp_diag *missing, bool dry_run)
{
	char *line, *rest = missing->text;

	while (rest && (line = strsep(&rest, "\n")) != NULL) {
		if (*line && dry_run)
			ivp_diag_warn(diag, NULL, 0, NULL, "%s", line);
		else if (*line)
			ivp_diag_error(diag, NULL, 0, NULL, "%s", line);
	}
}

/* A run makes its windows itself, at places of its own: the feeder and the sink, which read the
 * same file, would look elsewhere. */
static int refuse_places(const struct ivp_topology *topology, struct ivp_diag *diag)
{
	int error = 0;

	for (unsigned i = 0; i < topology->link_count; i++) {
		const struct ivp_link_conf *link = topology->links[i];
		const char *places[] = {link->data, link->credit};

		for (unsigned j = 0; j < 2; j++) {
			if (!places[j] || strcmp(places[j], "auto") == 0)
				continue;
			ivp_diag_error(diag, link->file, link->line, j ? "credit" : "data",
				       "link %s: a run makes its windows itself; leave this out",
				       link->name);
			error = -EINVAL;
		}
	}
	return error;
}

int ivp_plan_make(struct ivp_plan *plan, const struct ivp_run_options *options,
		  struct ivp_diag *diag)
{
	struct ivp_diag missing = {0};
	int error;

	*plan = (struct ivp_plan){.options = options};
	error = ivp_topology_read(options->file, &plan->topology, diag);
	if (error)
		return error;
	error = ivp_topology_check_chain(plan->topology, diag);
	if (!error)
		error = refuse_places(plan->topology, diag);
	if (!error)
		error = apply_options(plan);
	if (!error)
		error = name_folder(plan);
	if (error) {
		if (diag->errors == 0)
			ivp_diag_error(diag, NULL, 0, NULL, "%s", strerror(-error));
		return error;
	}
	error = require_all(plan, &missing);
	take_over(diag, &missing, options->dry_run);
	ivp_diag_finish(&missing);
	return options->dry_run ? 0 : error;
}

void ivp_plan_finish(struct ivp_plan *plan)
{
	ivp_topology_destroy(plan->topology);
	plan->topology = NULL;
}

/* The options that feeder and sink share: the file, what to call the pipeline, the report. */
static void add_common(const struct ivp_plan *plan, const char *report,
		       struct ivp_arguments *arguments)
{
	ivp_arguments_add(arguments, "--config");
	ivp_arguments_add(arguments, "%s", plan->options->file);
	ivp_arguments_add(arguments, "--report");
	ivp_arguments_add(arguments, "%s/%s", plan->folder, report);
	if (plan->options->name) {
		ivp_arguments_add(arguments, "--name");
		ivp_arguments_add(arguments, "%s", plan->options->name);
	}
}

void ivp_plan_feeder(const struct ivp_plan *plan, struct ivp_arguments *arguments)
{
	ivp_arguments_add(arguments, "%s", plan->feeder);
	add_common(plan, "feeder.json", arguments);
	for (unsigned i = 0; i < plan->options->input_count; i++) {
		ivp_arguments_add(arguments, "--input");
		ivp_arguments_add(arguments, "%s", plan->options->inputs[i]);
	}
}

void ivp_plan_sink(const struct ivp_plan *plan, struct ivp_arguments *arguments)
{
	ivp_arguments_add(arguments, "%s", plan->sink);
	add_common(plan, "sink.json", arguments);
	for (unsigned i = 0; i < plan->options->input_count; i++) {
		ivp_arguments_add(arguments, "--original");
		ivp_arguments_add(arguments, "%s", plan->options->inputs[i]);
	}
	if (plan->options->output) {
		ivp_arguments_add(arguments, "--output");
		ivp_arguments_add(arguments, "%s", plan->options->output);
	}
}

struct ivp_image_modules ivp_plan_modules(const struct ivp_plan *plan,
					  const struct ivp_stage_conf *stage)
{
	const enum ivp_wake wake = ivp_stage_wake(plan->topology, stage);
	const bool any = wake == IVP_WAKE_AUTO || wake == IVP_WAKE_DOORBELL;

	/* ivpipe_uio also maps windows better than sysfs does, however its stage is woken. */
	return (struct ivp_image_modules){
	    .folder = plan->modules,
	    .vfio = plan->vfio && (any || wake == IVP_WAKE_VFIO),
	    .uio = plan->uio && wake != IVP_WAKE_VFIO,
	};
}

int ivp_plan_stage(const struct ivp_plan *plan, const struct ivp_stage_conf *stage,
		   struct ivp_arguments *arguments, struct ivp_why *why)
{
	char initrd[PATH_MAX + IVP_NAME_BYTES + 8];
	const struct ivp_qemu_options options = {.program = plan->qemu,
						 .kernel = plan->kernel,
						 .initrd = initrd,
						 .kvm = plan->kvm,
						 .iommu = ivp_plan_modules(plan, stage).vfio};

	if (stage->run == IVP_RUN_GUEST) {
		snprintf(initrd, sizeof(initrd), "%s/%s.cpio", plan->folder, stage->name);
		return ivp_qemu_arguments(plan->topology, stage, &options, arguments, why);
	}
	ivp_arguments_add(arguments, "%s", plan->stage);
	ivp_arguments_add(arguments, "--config");
	ivp_arguments_add(arguments, "%s/%s.conf", plan->folder, stage->name);
	return arguments->error;
}

int ivp_plan_print(const struct ivp_plan *plan, FILE *to, struct ivp_why *why)
{
	for (unsigned i = 0; i < plan->topology->stage_count; i++) {
		const struct ivp_stage_conf *stage = plan->topology->stages[i];
		struct ivp_arguments arguments = {0};
		int error = ivp_plan_stage(plan, stage, &arguments, why);

		if (error) {
			ivp_arguments_finish(&arguments);
			return error;
		}
		fprintf(to, "%s# stage %s: %s\n", i > 0 ? "\n" : "", stage->name,
			stage->run == IVP_RUN_GUEST ? "guest" : "process");
		ivp_arguments_print(&arguments, to);
		ivp_arguments_finish(&arguments);
	}
	return 0;
}
