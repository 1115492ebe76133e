/* SPDX-License-Identifier: MIT */
/* What it costs to wake a sleeping thread on this machine, as it is now. */
#ifndef IVP_TRANSPORT_WAKEUP_H
#define IVP_TRANSPORT_WAKEUP_H

#include <stdint.h>

/*
 * Nanoseconds from the call that wakes a thread until that runs, between 5 and 200 us. Measured
 * when it is first asked for, in some milliseconds at most, with a second thread; 0 if there is
 * one processor only: then spinning keeps from running whoever is waited for. Thread-safe.
 */
uint64_t ivp_wakeup_cost_ns(void);

#endif
