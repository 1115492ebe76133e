/* SPDX-License-Identifier: MIT */
/* From the tree of a configuration to the structs of a topology. Not thread-safe on one builder. */
#ifndef IVP_CONFIG_BUILD_H
#define IVP_CONFIG_BUILD_H

#include "config/conf.h"
#include "config/topology.h"
#include "config/values.h"

#define IVP_MAX_STAGES 64

struct ivp_builder {
	struct ivp_topology *topology;
	struct ivp_diag *diag;
	bool complete; /* false: values are missing because of syntax errors */
	int error;     /* -ENOMEM */
};

/* The tables of the fixed keys. */
extern const struct ivp_rule ivp_root_rules[];
extern const struct ivp_rule ivp_link_rules[];
extern const struct ivp_rule ivp_stage_rules[];
extern const struct ivp_rule ivp_feeder_rules[];
extern const struct ivp_rule ivp_sink_rules[];
/* The sections, and the keys that may be lists, for libconfuse. */
extern cfg_opt_t ivp_grammar[];

/* Structs with their defaults, added to the topology. NULL when memory ends. */
struct ivp_link_conf *ivp_build_link(struct ivp_builder *builder, const char *name,
				     const char *file, int line);
struct ivp_stage_conf *ivp_build_stage(struct ivp_builder *builder, const char *name,
				       const char *file, int line);

/* Fills the whole topology. Findings go to diag. */
void ivp_build_topology(struct ivp_builder *builder, const struct ivp_conf_section *root);
/* Fills the filters of a stage. */
void ivp_build_filters(struct ivp_builder *builder, const struct ivp_conf_section *section,
		       struct ivp_stage_conf *stage);

/* Reports what is wrong with a key before its value is looked at: a repetition, a list where none
 * may be, no value. True if the value may be used. */
bool ivp_build_usable(struct ivp_builder *builder, const struct ivp_conf_section *section,
		      unsigned index, bool list);
/* Makes the path in *path, behind a prefix, relative to the folder of the file that names it.
 * Returns 0 or -ENOMEM. */
int ivp_build_relative(char **path, const char *prefix, const char *file);
/* Reports a repeated section; true if it is one. */
bool ivp_build_repeated(struct ivp_builder *builder, const struct ivp_conf_section *parent,
			unsigned index, const char *advice);

#endif
