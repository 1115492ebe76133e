/* SPDX-License-Identifier: MIT */
/*
 * Regions whose file is cut short under a running program. The kernel answers the next touch of a
 * page that is gone with SIGBUS; a program that catches it here says what happened, in one line on
 * standard error, and ends. Only who may write to the file's folder or the file can do that to us:
 * guests cannot.
 */
#ifndef IVP_TRANSPORT_FAULT_H
#define IVP_TRANSPORT_FAULT_H

#include "transport/region.h"

/* For programs, not libraries: catches SIGBUS from now on. A fault outside of regions ends the
 * program as if nothing had been caught. program must live as long as it does. Returns 0 or
 * -errno. */
int ivp_fault_catch(const char *program);

/* Called by region.c for each region that is mapped, and before it is unmapped. Its source is
 * copied. Thread-safe on different regions. */
void ivp_fault_watch(const struct ivp_region *region);
void ivp_fault_forget(const struct ivp_region *region);

#endif
