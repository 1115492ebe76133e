/* SPDX-License-Identifier: MIT */
/* A whole run, from the options to the summary. Logs, and prints what was asked for. */
#ifndef IVP_SUPERVISOR_RUN_H
#define IVP_SUPERVISOR_RUN_H

#include "supervisor/plan.h"

/* Prints the summary, JSON or argument lists on standard output (on standard error where the sink
 * writes images to standard output). Returns the exit status: see pipeline(1). One thread. */
int ivp_run(const struct ivp_run_options *options);

#endif
