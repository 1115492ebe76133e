/* SPDX-License-Identifier: MIT */
/*
 * One line at the bottom of a terminal that says how far a run is. Anybody who prints on standard
 * error clears it first. One thread.
 */
#ifndef IVP_SUPERVISOR_PROGRESS_H
#define IVP_SUPERVISOR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Start with ivp_progress_begin. */
struct ivp_progress {
	bool on;    /* standard error is a terminal that can move its cursor */
	bool shown; /* the line is on the screen */
	uint64_t drawn_ns;
	uint64_t first_ns; /* when the first frame was done */
};

void ivp_progress_begin(struct ivp_progress *progress);
/* Draws the line if it is time to: done of total frames (0: not known) are through. */
void ivp_progress_draw(struct ivp_progress *progress, uint64_t done, uint64_t total);
/* Draws a text in its place, before frames flow. */
void ivp_progress_say(struct ivp_progress *progress, const char *text);
void ivp_progress_clear(struct ivp_progress *progress);

#endif
