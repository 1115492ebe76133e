/* SPDX-License-Identifier: MIT */
/*
 * A run before it starts: the topology with the command line's changes, and the places of all
 * that it needs. Making a plan changes nothing on the machine. One thread at a time per plan.
 */
#ifndef IVP_SUPERVISOR_PLAN_H
#define IVP_SUPERVISOR_PLAN_H

#include <limits.h>

#include "config/topology.h"
#include "supervisor/arguments.h"
#include "supervisor/image.h"
#include "supervisor/walls.h"

enum ivp_accelerator { IVP_ACCELERATOR_AUTO, IVP_ACCELERATOR_KVM, IVP_ACCELERATOR_TCG };

/* The command line. NULL, 0, false: not given. */
struct ivp_run_options {
	const char *file;
	const char *name;
	unsigned input_count;
	const char **inputs; /* replace the topology's */
	const char *output;  /* replaces the topology's */
	const char *qemu, *kernel, *image;
	const char *folder; /* for this run's own files; must not be there yet */
	const char *user;   /* whom QEMU runs as */
	const char *log;    /* a file for what the children print */
	enum ivp_accelerator accelerator;
	bool local; /* all stages as processes */
	bool dry_run, json, keep;
	bool color; /* on standard error */
};

struct ivp_plan {
	const struct ivp_run_options *options;
	struct ivp_topology *topology;
	unsigned guests; /* how many stages are */
	bool kvm;
	struct ivp_walls walls; /* around the guests */
	char qemu[PATH_MAX], kernel[PATH_MAX], image[PATH_MAX];
	char modules[PATH_MAX]; /* folder of the guests' kernel modules */
	bool vfio, uio;         /* which are there */
	char feeder[PATH_MAX], stage[PATH_MAX], sink[PATH_MAX]; /* programs */
	char folder[PATH_MAX]; /* ends with XXXXXX if the name is still to be made */
};

/*
 * Reads and checks everything. All findings go to diag; a dry run takes missing programs, files
 * and memory as warnings. options must live as long as the plan.
 * Returns 0, or -errno if diag has errors. The caller finishes the plan in any case.
 */
int ivp_plan_make(struct ivp_plan *plan, const struct ivp_run_options *options,
		  struct ivp_diag *diag);
void ivp_plan_finish(struct ivp_plan *plan);

/* The argument lists of the children: appended to an empty list, whose error is to be looked at.
 * That of a guest returns 0 or -errno with the reason. */
void ivp_plan_feeder(const struct ivp_plan *plan, struct ivp_arguments *arguments);
void ivp_plan_sink(const struct ivp_plan *plan, struct ivp_arguments *arguments);
int ivp_plan_stage(const struct ivp_plan *plan, const struct ivp_stage_conf *stage,
		   struct ivp_arguments *arguments, struct ivp_why *why);

/* The kernel modules that the stage's guest gets. */
struct ivp_image_modules ivp_plan_modules(const struct ivp_plan *plan,
					  const struct ivp_stage_conf *stage);

/* Prints the argument list of each stage, one argument a line. Returns 0 or -errno. */
int ivp_plan_print(const struct ivp_plan *plan, FILE *to, struct ivp_why *why);

/* May a pipeline be called so? [a-z0-9-], begins with a letter, less than IVP_NAME_BYTES. */
bool ivp_plan_name_valid(const char *name);

#endif
