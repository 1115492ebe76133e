/* SPDX-License-Identifier: MIT */
/* What the programs of a pipeline do alike: read their configuration, name their links. */
#ifndef IVP_PROGRAM_H
#define IVP_PROGRAM_H

#include "base/cli.h"
#include "config/topology.h"
#include "transport/port.h"

/* Reads the configuration and prints all findings on standard error. Returns EX_OK and the
 * topology, the caller's to destroy, or the exit code. */
int ivp_program_read(const struct ivp_cli *cli, const char *file, struct ivp_topology **topology);

/* How to open the port of a link. name overrides the configuration's pipeline name, or is NULL.
 * The strings are those of the topology and of name; the stop level is ivp_signal_level. */
struct ivp_port_options ivp_program_port(const struct ivp_topology *topology, const char *name,
					 const struct ivp_link_conf *link);

/* Gives up what feeding and draining files does not need, once the windows are open: they parse
 * what strangers made. Logs if it cannot. */
void ivp_program_confine(void);

#endif
