/* SPDX-License-Identifier: MIT */
/* Giving up privileges, for good. Async-signal-safe; each concerns the calling thread and those
 * that it starts later. */
#ifndef IVP_BASE_CONFINE_H
#define IVP_BASE_CONFINE_H

#include <stdint.h>

/* Empties the bounding set of capabilities(7), as far as this process may. */
void ivp_confine_bound(void);

/*
 * Keeps those capabilities of keep (bit n for number n) that are there, drops all others, and sets
 * no_new_privs: no program that is started from here has more. Returns 0, or -1 with errno.
 */
int ivp_confine(uint64_t keep);

/*
 * For a program that works on files of this machine and parses what strangers made: keeps what
 * root needs to read and write anybody's files, if it runs as root. Returns 0, or -1 with errno.
 */
int ivp_confine_to_files(void);

#endif
