/* SPDX-License-Identifier: MIT */
/* Glue between configuration and transport, which do not know each other. */
#include "program.h"

#include <errno.h>
#include <string.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/units.h"

int ivp_program_read(const struct ivp_cli *cli, const char *file, struct ivp_topology **topology)
{
	struct ivp_diag diag = {0};
	int error = ivp_topology_read(file, topology, &diag);

	ivp_cli_print_diag(cli, &diag);
	ivp_diag_finish(&diag);
	if (error == -EINVAL)
		return EX_CONFIG;
	return error ? ivp_exit_code(error) : EX_OK;
}

static void warn(const char *text)
{
	ivp_log(IVP_LOG_WARNING, "%s", text);
}

struct ivp_port_options ivp_program_port(const struct ivp_topology *topology, const char *name,
					 const struct ivp_link_conf *link)
{
	return (struct ivp_port_options){
	    .pipeline = name ? name : topology->name,
	    .link = link->name,
	    .uuid = link->has_uuid ? link->uuid : NULL,
	    .data = link->data,
	    .credit = link->credit,
	    .patience_ns = link->timeout_ns,
	    .checksum = link->checksum,
	    .wake = topology->wake,
	    .tell = warn,
	    .stores = link->stores,
	    .loads = link->loads,
	    .memory = {.lazy = !link->prefault, .lock = link->lock},
	    .stop = &ivp_signal_level,
	};
}

void ivp_program_confine(void)
{
	if (ivp_confine_to_files() < 0)
		ivp_log(IVP_LOG_WARNING, "cannot give up privileges: %s", strerror(errno));
}
