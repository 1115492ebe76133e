/* SPDX-License-Identifier: MIT */
/*
 * What a child's windows say of its lives: how far it has come, whether it left in good order,
 * whether it is stuck. Windows outlive their writers, so this is known after a kill too.
 * One thread at a time per child.
 */
#ifndef IVP_SUPERVISOR_LIVES_H
#define IVP_SUPERVISOR_LIVES_H

#include "supervisor/child.h"
#include "supervisor/windows.h"

/* Has it left its links in good order? Then its work is done, however its process ended. A
 * guest's exit_line, if its last line did not come through, is taken from the window. */
bool ivp_lives_finished(const struct ivp_windows *windows, struct ivp_child *child);

/* Frames that it has released, or, the feeder, committed. */
uint64_t ivp_lives_position(const struct ivp_windows *windows, const struct ivp_child *child);

/* To be called before a life begins: what ivp_lives_attached compares with. */
void ivp_lives_begin(const struct ivp_windows *windows, struct ivp_child *child);
/* Has this life attached to all its links? */
bool ivp_lives_attached(const struct ivp_windows *windows, const struct ivp_child *child);

/* Has this stage, attached, given no sign of life for as long as its configuration says?
 * *position is that of the frame it is at, or, if *at_work is false, waits for. To be called about
 * once a second or more often. */
bool ivp_lives_stalled(const struct ivp_windows *windows, struct ivp_child *child, uint64_t now_ns,
		       uint64_t *position, bool *at_work);

#endif
