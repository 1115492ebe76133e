/* SPDX-License-Identifier: MIT */
/*
 * What a run needs of this machine besides a correct topology, checked before anything starts.
 * Each function adds what is missing to diag and returns 0, or the -errno that stands for the
 * first finding. Nothing is changed. Thread-safe but for diag.
 */
#ifndef IVP_SUPERVISOR_REQUIREMENTS_H
#define IVP_SUPERVISOR_REQUIREMENTS_H

#include "config/topology.h"

/* The feeder's inputs are there and the sink's output can be written. */
int ivp_require_files(const struct ivp_topology *topology, struct ivp_diag *diag);

/* /dev/shm has room for the windows, and the memory available for them and for the guests. */
int ivp_require_memory(const struct ivp_topology *topology, struct ivp_diag *diag);

/* Bytes that the kernel calls available; 0 if it does not say. */
uint64_t ivp_memory_available(void);

#endif
