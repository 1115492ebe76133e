/* SPDX-License-Identifier: MIT */
/*
 * What happens between two reads of memory that somebody else writes. Built by clang with
 * -fsanitize-coverage=trace-loads, each load of the code under test calls hooks.c first; so a
 * peer can strike between the load that a check is made on and the load that would be used.
 * Other builds have no such calls.
 */
#ifndef IVP_TESTS_FUZZ_HOOKS_H
#define IVP_TESTS_FUZZ_HOOKS_H

#include <stddef.h>

/* Every few loads from this memory, a byte of it changes. NULL: no more. */
void hooks_flip(void *memory, size_t bytes);

/* strike is called before each load from this memory. NULL: no more. */
void hooks_watch(const void *memory, size_t bytes, void (*strike)(const void *address));

#endif
