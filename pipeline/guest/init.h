/* SPDX-License-Identifier: MIT */
/*
 * pipeline-stage as the only program of a guest: what the first process of a machine has to do
 * before and after its real work. One thread, at the start and at the end of the program.
 */
#ifndef IVP_GUEST_INIT_H
#define IVP_GUEST_INIT_H

#include <stdbool.h>

#include <ivpipe/frame.h>

/* Is this process the init of a machine that runs from its initial root file system? It is not
 * in a container, whose first process also has the number 1. */
bool ivp_guest_is_init(void);

/* Mounts /proc, /sys and /dev. Returns 0 or -errno with the reason. */
int ivp_guest_setup(struct ivp_why *why);

/* Loads the kernel modules that the initial root file system brought along. Returns how many
 * could not be loaded, with the reason of the first. */
unsigned ivp_guest_load_modules(struct ivp_why *why);

/* Makes kernel warnings visible on the console: the line that tells of a crash must come through.
 * After the modules, or a module that is not Debian's would be a warning. */
void ivp_guest_show_warnings(void);

/* The path of the configuration of this guest's stage: /etc/ivpipe/stage.conf, or what the
 * kernel command line names by ivpipe_conf=PATH. */
const char *ivp_guest_conf(void);

/* Prints the line "ivpipe-stage exit N" for the supervisor, which sees nothing else of how this
 * process ended, and switches the machine off. Standard output must have been flushed. */
_Noreturn void ivp_guest_power_off(int exit_code);

#endif
