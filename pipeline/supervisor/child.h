/* SPDX-License-Identifier: MIT */
/*
 * Children: a program or a guest that the supervisor started, and what it knows of it.
 * One thread at a time per child. A child dies with its supervisor (PR_SET_PDEATHSIG), and is in
 * a process group of its own, so that Ctrl-C on a terminal reaches the supervisor alone.
 */
#ifndef IVP_SUPERVISOR_CHILD_H
#define IVP_SUPERVISOR_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/topology.h"
#include "supervisor/arguments.h"
#include "supervisor/console.h"
#include "supervisor/walls.h"
#include "supervisor/restart.h"

enum ivp_child_role { IVP_CHILD_FEEDER, IVP_CHILD_STAGE, IVP_CHILD_SINK };

/* Start with {.pidfd = -1, .output = -1} and who it is. */
struct ivp_child {
	const char *name;
	enum ivp_child_role role;
	bool guest;
	const struct ivp_stage_conf *stage;    /* of the role STAGE */
	const struct ivp_link_conf *from, *to; /* NULL: of the feeder, of the sink */
	struct ivp_restart_conf policy;
	struct ivp_restart restart;
	struct ivp_stall stall;
	/* Of its windows when this life began: others once it attached. */
	uint32_t generation_in, generation_out;
	bool late; /* this life did not attach in time, and was killed */
	bool told; /* this life was told to end the stream */
	struct ivp_arguments arguments;
	pid_t pid; /* 0: not started yet */
	int pidfd; /* readable when it has ended; -1: not running */
	int output;
	struct ivp_console console;
	bool ended;
	int wait_code, wait_status; /* of an ended one: CLD_EXITED with an exit code, CLD_KILLED or
				       CLD_DUMPED with a signal */
	int exit_line; /* what a guest's stage printed as its exit status; -1: nothing */
	/* CLOCK_MONOTONIC; 0: not yet */
	uint64_t started_ns, attached_ns, first_frame_ns, ended_ns; /* all lives as one */
	uint64_t life_ns;                                           /* when this life began */
};

/* What a child gets besides its arguments. */
struct ivp_child_files {
	int input;       /* its standard input; -1: /dev/null */
	int output;      /* its standard output; -1: the console, as standard error always is */
	const int *kept; /* descriptors that it inherits under their numbers */
	unsigned kept_count;
	const struct ivp_walls *walls; /* that it is put behind; or NULL */
};

/* Starts child->arguments, for the first time or again. Returns 0 or -errno with the reason (no such program, say). */
int ivp_child_start(struct ivp_child *child, const struct ivp_child_files *files,
		    struct ivp_why *why);

/* Sends a signal, if the child runs. */
void ivp_child_signal(const struct ivp_child *child, int signal);

/* Is it over? Collects its status then, without waiting. */
bool ivp_child_reap(struct ivp_child *child);

/* Did it end well: with exit status 0, or 65 for inputs that were not (EX_DATAERR)? A guest: did
 * its stage? */
bool ivp_child_succeeded(const struct ivp_child *child);

/* Writes how it ended, "was killed by signal 9 (Killed)" and the like, to text. Returns text. */
char *ivp_child_describe_end(const struct ivp_child *child, char text[160]);

/* Kills it if it runs, waits for it, and frees all. */
void ivp_child_finish(struct ivp_child *child);

#endif
